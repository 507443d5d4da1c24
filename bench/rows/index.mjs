// The rows of the bench, in the order in which they are run and shown.
import * as adbench from "./adbench.mjs";
import * as bundle from "./bundle.mjs";
import * as elementwise from "./elementwise.mjs";
import * as firstCall from "./first-call.mjs";
import * as gradientCost from "./gradient-cost.mjs";
import * as linearAlgebra from "./linear-algebra.mjs";
import * as loops from "./loops.mjs";
import * as masks from "./masks.mjs";
import * as memory from "./memory.mjs";
import * as networks from "./networks.mjs";
import * as plain from "./plain.mjs";
import * as products from "./products.mjs";
import * as small from "./small.mjs";
import * as sums from "./sums.mjs";

/** @type {{ group: string, rows: import("../measure.mjs").Row[] }[]} */
export const groups = [
  products,
  linearAlgebra,
  networks,
  elementwise,
  masks,
  small,
  gradientCost,
  loops,
  plain,
  adbench,
  firstCall,
  memory,
  sums,
  bundle,
].map(({ group, rows }) => ({ group, rows }));

export const rows = groups.flatMap((one) => one.rows);

/** The row of a name. */
export function findRow(name) {
  const row = rows.find((one) => one.name === name);
  if (row === undefined) throw new Error(`no row is called ${name}`);
  return row;
}

// Lengths said by parameters: a transpose lacks those that are linear, and tells how long its cotangents are.
import { must } from "../../util/assert-never.ts";
import type { Region, RegionExpr, RegionStmt } from "./region.ts";
import { mapBlocksOf, mapExpr, mapExpressionsOf, walkExpressions } from "./walk.ts";

/** The region with lengths of linear parameters, which the transpose does not have, said by other parameters. */
export function withLengths(region: Region, linear: readonly boolean[]): Region {
  const lengths = new Map<string, readonly RegionExpr[] | undefined>();
  region.params.forEach((param, i) => {
    if (linear[i] === true && param.kind === "array") lengths.set(param.name, param.lengths);
  });
  const said = (expr: RegionExpr): RegionExpr =>
    mapExpr(expr, (x) =>
      x.kind === "length" && lengths.has(x.array)
        ? must(lengths.get(x.array)?.[x.axis], `the length of ${x.array}`)
        : x,
    );
  let isConcerned = false;
  walkExpressions(region.body, (expr) => {
    if (expr.kind === "length" && lengths.has(expr.array)) isConcerned = true;
  });
  if (!isConcerned) return region;
  const block = (stmts: readonly RegionStmt[]): readonly RegionStmt[] =>
    stmts.map((stmt) => mapBlocksOf(mapExpressionsOf(stmt, said), block));
  return { ...region, body: block(region.body) };
}

/** A whole number of a flat region said by its parameters; `undefined` where it is not made of them. */
export function saidByParams(
  expr: RegionExpr,
  region: Region,
  mutable: ReadonlySet<string>,
): RegionExpr | undefined {
  if (expr.kind === "const" || expr.kind === "length") return expr;
  if (expr.kind === "local") {
    if (region.params.some((param) => param.name === expr.name)) return expr;
    const stmt = region.body.find((one) => one.kind === "let" && one.name === expr.name);
    return stmt?.kind === "let" && !mutable.has(expr.name)
      ? saidByParams(stmt.value, region, mutable)
      : undefined;
  }
  if (expr.kind !== "apply") return undefined;
  const args = expr.args.map((x) => saidByParams(x, region, mutable));
  return args.every((x) => x !== undefined) ? { ...expr, args } : undefined;
}

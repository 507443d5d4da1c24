import { expect, test } from "vitest";
import * as k from "../../kernel/build.ts";
import type { SizeExpr } from "../../kernel/scalar.ts";
import type { Region } from "../form/region.ts";
import { recordRoutine } from "./record.ts";

const base: Region = { name: "f", params: [], body: [], results: [], positions: [] };

test("a record contains each size once, however often it is used", () => {
  const doublings = 10;
  const n = k.local("i32", "n");
  let size: SizeExpr = n;
  for (let i = 0; i < doublings; i++) size = k.binary("add", size, size);
  const temps = ["a", "b"].map((name, i) => ({ name, type: "f64" as const, size, offset: 8 * i }));
  const routine = {
    name: "f",
    inputs: [{ kind: "scalar" as const, name: "n", type: "i32" as const }],
    outputs: [],
    temps,
    arenaBytes: size,
    body: [],
  };
  const lowered = { routine, results: [], capacities: [], failure: undefined, sites: [] };
  const { sizes } = recordRoutine(lowered, base);
  expect(sizes).toHaveLength(doublings + 3); // the doublings, n, and the two offsets
  expect(new Set(sizes.map((one) => JSON.stringify(one))).size).toBe(sizes.length);
});

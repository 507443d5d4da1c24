import { describe, expect, test } from "vitest";
import type { Dim } from "../../kernel/scalar.ts";
import type { ContractPlan } from "./plan.ts";
import type { ContractTarget } from "./target.ts";
import { isWholeTable, planContract } from "./plan.ts";
import { checkContractPlan } from "./check.ts";
import { printContractPlan } from "./print.ts";

const modes: Readonly<Record<string, ContractTarget>> = {
  plain: { relaxed: false, manyRegisters: false, wide: false, partProducts: Infinity },
  relaxed: { relaxed: true, manyRegisters: true, wide: false, partProducts: Infinity },
  wide: { relaxed: true, manyRegisters: true, wide: true, partProducts: 1 << 20 },
};

function plan(mode: keyof typeof modes, m: number, n: number, sums: number): ContractPlan {
  const dims: Dim<number>[] = [
    { role: "row", size: m, out: n, left: sums, right: 0 },
    { role: "column", size: n, out: 1, left: 0, right: 1 },
    { role: "sum", size: sums, out: 0, left: 1, right: n },
  ];
  const found = modes[mode];
  if (!found) throw new Error(`no mode ${mode}`);
  return planContract({ type: "f32", dims }, found);
}

test("large products have the largest tile that each engine keeps in registers", () => {
  const tileOf = (mode: string): number[] => {
    const { tileRows, tileColumns } = plan(mode, 512, 512, 512);
    return [tileRows, tileColumns];
  };
  expect(tileOf("plain")).toEqual([4, 8]);
  expect(tileOf("relaxed")).toEqual([6, 8]);
  expect(tileOf("wide")).toEqual([6, 16]);
});

test.each([
  ["plain", 512, 4, [7, 4]],
  ["plain", 512, 12, [2, 12]],
  ["plain", 2, 512, [2, 12]],
  ["plain", 1, 512, [1, 32]],
  ["relaxed", 512, 12, [3, 12]],
  ["relaxed", 5, 512, [5, 8]],
  ["relaxed", 2, 512, [2, 16]],
  ["wide", 512, 24, [3, 24]],
  ["wide", 2, 512, [2, 32]],
] as const)(
  "tiles of few rows are wide, and those of few columns are high: %s, %i×%i",
  (mode, m, n, tile) => {
    const { tileRows, tileColumns } = plan(mode, m, n, 512);
    expect([tileRows, tileColumns]).toEqual(tile);
  },
);

test("tiles, edges and tails cover all rows and columns, for any sizes", () => {
  for (const mode of Object.keys(modes))
    for (let m = 1; m < 40; m++)
      for (const n of [1, 2, 3, 5, 8, 13, 16, 17, 31, 64, 100]) {
        const { tileRows, tiles, edges, tileColumns, panels, tail } = plan(mode, m, n, 300);
        const rows = tileRows * tiles + edges.reduce((sum, height) => sum + height, 0);
        const covered = [rows, tileColumns * panels + tail].toSorted((x, y) => x - y);
        expect(covered).toEqual([m, n].toSorted((x, y) => x - y)); // rows and columns may have been swapped
      }
});

test("a whole tile and a low one become two about equal ones", () => {
  const { tiles, edges } = plan("relaxed", 512, 512, 512);
  expect([tiles, edges]).toEqual([84, [4, 4]]);
});

test("parts have about as many products as they should, and at least a row of tiles; alone a strip is one", () => {
  for (const n of [100, 512, 1000]) {
    const { tileRows, tileColumns, stripPanels, partTiles, tiles } = plan("wide", n, n, 512);
    const products = partTiles * tileRows * tileColumns * stripPanels * 512;
    if (partTiles > 1) expect(products).toBeLessThan(1.5 * (1 << 20));
    if (partTiles < tiles) expect(products).toBeGreaterThan(0.5 * (1 << 20));
    const alone = plan("relaxed", n, n, 512);
    expect(alone.partTiles).toBe(alone.tiles);
  }
});

test("of few rows, strips are the parts: enough of them for threads to finish at about the same time", () => {
  for (const [m, n, sums] of [
    [1024, 1, 1024],
    [8, 2048, 512],
    [1, 4096, 300],
  ] as const) {
    const { tiles, panels, stripPanels } = plan("wide", m, n, sums);
    expect(tiles).toBeLessThanOrEqual(2);
    expect(panels / stripPanels).toBeGreaterThanOrEqual(16);
  }
});

test("a strip of packed columns is kept for the next part if it is small", () => {
  expect(plan("wide", 512, 512, 512).keepsStrip).toBe(true);
  const long = plan("wide", 512, 512, 8192);
  expect(long.keepsStrip).toBe(false);
  expect(long.partTiles).toBeGreaterThanOrEqual(long.blockTiles);
  expect(plan("relaxed", 512, 512, 512).keepsStrip).toBe(false);
});

test("operands with a suitable layout are read in place, others are packed", () => {
  const large = plan("plain", 512, 512, 512);
  expect([large.left.packed, large.right.packed]).toEqual([false, true]);
  const small = plan("plain", 16, 16, 16);
  expect([small.left.packed, small.right.packed]).toEqual([false, false]);
});

describe("a plan prints", () => {
  test("as tiles, operands, and the division of its work", () => {
    expect(printContractPlan(plan("relaxed", 512, 510, 512))).toMatchInlineSnapshot(`
      "contract f32 512×510×512 · fused
        tile 6×8: 84 of rows + 4 + 4, 63 of columns + 6
        left in place: next summand 4 B, next line 2048 B, side by side
        right packed: next summand 2040 B, next line 4 B
        blocks: 2 strips of 32 panels, 1 parts of 84 tiles, 2 of summands, 16 tiles per block
        2 units, 270336 B of work memory"
    `);
  });
  test("with parts shared by threads, on an engine that pairs vectors", () => {
    expect(printContractPlan(plan("wide", 513, 512, 8192))).toMatchInlineSnapshot(`
      "contract f32 513×512×8192 · fused · pairs
        tile 6×16: 84 of rows + 5 + 4, 32 of columns
        left in place: next summand 4 B, next line 32768 B, side by side
        right packed: next summand 2048 B, next line 4 B
        blocks: 2 strips of 16 panels, 6 parts of 16 tiles, 32 of summands, 16 tiles per block
        12 units, 266624 B of work memory"
    `);
  });
  test("as a row that streams a matrix", () => {
    expect(printContractPlan(plan("plain", 1, 1003, 300))).toMatchInlineSnapshot(`
      "contract f32 1×1003×300
        tile 1×32: 1 of rows, 31 of columns + 11
        left in place: next summand 4 B, next line 0 B, side by side
        right in place: next summand 4012 B, next line 4 B
        stream: 4 rows at a time, 125 pairs in 8 parts + 3 columns
        8 units, 16384 B of work memory"
    `);
  });
  test("as tiny products in groups", () => {
    const dims: Dim<number>[] = [
      { role: "batch", size: 1000, out: 9, left: 9, right: 9 },
      { role: "row", size: 3, out: 3, left: 3, right: 0 },
      { role: "column", size: 3, out: 1, left: 0, right: 1 },
      { role: "sum", size: 3, out: 0, left: 1, right: 3 },
    ];
    expect(printContractPlan(planContract({ type: "f64", dims }, modes["plain"]!))).toMatchInlineSnapshot(`
      "contract f64 3×3×3 · 1000 groups [1000]
        tile 3×4: 1 of rows, 0 of columns + 3
        left in place: next summand 8 B, next line 24 B, side by side
        right in place: next summand 24 B, next line 8 B
        tiny: a loop over groups
        1000 units, 0 B of work memory"
    `);
  });
});

describe("checkContractPlan", () => {
  const sizes = [1, 3, 8, 31, 257, 1000];
  test("finds every element computed once, for any sizes, layout and target", () => {
    for (const target of Object.values(modes))
      for (const type of ["f32", "f64", "i32"] as const)
        for (const m of sizes)
          for (const n of sizes)
            for (const sums of [0, 1, 16, 300, 40_000])
              for (const isTransposed of [false, true]) {
                const dims: Dim<number>[] = [
                  { role: "batch", size: 3, out: m * n, left: m * sums, right: n * sums },
                  { role: "row", size: m, out: n, left: isTransposed ? 1 : sums, right: 0 },
                  { role: "column", size: n, out: 1, left: 0, right: isTransposed ? sums : 1 },
                  {
                    role: "sum",
                    size: sums,
                    out: 0,
                    left: isTransposed ? m : 1,
                    right: isTransposed ? 1 : n,
                  },
                ];
                checkContractPlan(planContract({ type, dims }, target));
              }
  });
  test.each<[string, (made: ContractPlan) => ContractPlan]>([
    ["tiles do not cover the rows", (made) => ({ ...made, tiles: made.tiles - 1 })],
    ["panels do not cover the columns", (made) => ({ ...made, tail: made.tail + 1 })],
    ["units and parts differ in number", (made) => ({ ...made, units: made.units + 1 })],
    ["work memory has the wrong size", (made) => ({ ...made, workBytes: made.workBytes - 64 })],
    [
      "work memory overlaps",
      (made) =>
        made.method.kind === "blocks"
          ? { ...made, method: { ...made.method, work: { ...made.method.work, left: 0 } } }
          : made,
    ],
  ])("reports a plan whose %s", (what, spoil) => {
    const made = plan("wide", 512, 510, 512);
    checkContractPlan(made);
    expect(() => checkContractPlan(spoil(made))).toThrow(what);
  });
});

test("a table of distances has up to 32,768 summands, or a block of them", () => {
  expect([32_768, 32_769].map((sums) => isWholeTable({ sums }))).toEqual([true, false]);
});

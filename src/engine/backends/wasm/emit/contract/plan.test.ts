import { expect, test } from "vitest";
import type { Dim } from "../../../../kernel/scalar.ts";
import type { ContractMode, Plan } from "./plan.ts";
import { planContract } from "./plan.ts";

const modes: Readonly<Record<string, ContractMode>> = {
  plain: { relaxed: false, manyRegisters: false, wide: false, partProducts: Infinity },
  relaxed: { relaxed: true, manyRegisters: true, wide: false, partProducts: Infinity },
  wide: { relaxed: true, manyRegisters: true, wide: true, partProducts: 1 << 20 },
};

function plan(mode: keyof typeof modes, m: number, n: number, sums: number): Plan {
  const dims: Dim<number>[] = [
    { role: "row", size: m, out: n, left: sums, right: 0 },
    { role: "column", size: n, out: 1, left: 0, right: 1 },
    { role: "sum", size: sums, out: 0, left: 1, right: n },
  ];
  const found = modes[mode];
  if (!found) throw new Error(`no mode ${mode}`);
  return planContract({ type: "f32", dims }, found);
}

test("large products have the largest tile that each engine holds in registers", () => {
  const tileOf = (mode: string): number[] => {
    const { tileRows, tileColumns } = plan(mode, 512, 512, 512);
    return [tileRows, tileColumns];
  };
  expect(tileOf("plain")).toEqual([4, 8]);
  expect(tileOf("relaxed")).toEqual([6, 8]);
  expect(tileOf("wide")).toEqual([6, 16]);
});

test("tiles, edges and tails cover all rows and columns, whatever their number", () => {
  for (const mode of Object.keys(modes))
    for (let m = 1; m < 40; m++)
      for (const n of [1, 2, 3, 5, 8, 13, 16, 17, 31, 64, 100]) {
        const { tileRows, tiles, edges, tileColumns, panels, tail } = plan(mode, m, n, 300);
        const rows = tileRows * tiles + edges.reduce((sum, height) => sum + height, 0);
        const covered = [rows, tileColumns * panels + tail].toSorted((x, y) => x - y);
        expect(covered).toEqual([m, n].toSorted((x, y) => x - y)); // rows and columns may have changed places
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

test("of few rows, strips are the parts: enough of them for threads to end at about the same time", () => {
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

test("a strip of packed columns is kept for the next part where its memory stays small", () => {
  expect(plan("wide", 512, 512, 512).keepsStrip).toBe(true);
  const long = plan("wide", 512, 512, 8192);
  expect(long.keepsStrip).toBe(false);
  expect(long.partTiles).toBeGreaterThanOrEqual(long.blockTiles);
  expect(plan("relaxed", 512, 512, 512).keepsStrip).toBe(false);
});

test("operands that lie well are read where they are, others are packed", () => {
  const large = plan("plain", 512, 512, 512);
  expect([large.left.packed, large.right.packed]).toEqual([false, true]);
  const small = plan("plain", 16, 16, 16);
  expect([small.left.packed, small.right.packed]).toEqual([false, false]);
});

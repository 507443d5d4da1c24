import { afterAll, beforeAll, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";
import { runOnGpu } from "../../../../test/support/gpu-routine.ts";
import type { TiledCase } from "../../../../test/support/gpu-tiles.ts";
import { interpreted, matrix, tiledInputs, tiledRoutine } from "../../../../test/support/gpu-tiles.ts";
import { gpuOfNode, openMachine, testOnGpu } from "../../../../test/support/webgpu.ts";
import { kernelsIn } from "../../codegen/dispatch/kernels.ts";
import { planDispatches } from "../../codegen/dispatch/plan.ts";
import * as k from "../../kernel/build.ts";
import { checkRoutine } from "../../kernel/check.ts";
import type { Expr } from "../../kernel/scalar.ts";
import type { GpuMachine } from "./index.ts";

let machine: GpuMachine;
let shortMachine: GpuMachine; // without barriers
beforeAll(async () => {
  if (gpuOfNode === undefined) return;
  machine = await openMachine();
  shortMachine = await openMachine({ isExact: false });
});
afterAll(() => {
  machine?.close();
  shortMachine?.close();
});

const relu = (x: Expr, at: Expr): Expr =>
  k.select(k.lt(x, k.f32(0)), k.f32(0), k.add(x, k.convert("f32", at)));

const cases: Readonly<Record<string, TiledCase>> = {
  "whole tiles, with a function of the result": { ...matrix([64, 64, 72]), after: relu },
  "edges on all sides, and a sum longer than a block": { ...matrix([37, 28, 273]), after: relu },
  "the old result before a long sum": { ...matrix([17, 64, 259]), accumulate: true, offset: 5 },
  "the old result after a short sum, transposed": { ...matrix([44, 90, 67], [true, true]), accumulate: true },
  "large tiles, whose last chunk is short": matrix([256, 256, 19], [true, false]),
  "batches of transposed results, with the sums of a convolution": {
    dims: [
      { role: "batch", size: 3, out: 2000, left: 1000, right: 700 },
      { role: "row", size: 40, out: 1, left: 9, right: 0 },
      { role: "column", size: 6, out: 200, left: 0, right: 20 },
      { role: "column", size: 5, out: 40, left: 0, right: 1 },
      { role: "sum", size: 25, out: 0, left: 1, right: 7 },
      { role: "sum", size: 3, out: 0, left: 30, right: 1 },
      { role: "sum", size: 3, out: 0, left: 200, right: 100 },
    ],
    sizes: [6000, 4000, 3000],
  },
};

const names = Object.keys(cases);

test("products of these sizes have tiles", () => {
  const tiles = names.map((name) =>
    kernelsIn(planDispatches(tiledRoutine(cases[name]!)).steps).flatMap(({ sections }) =>
      sections.flatMap(({ tile }) => tile?.width ?? []),
    ),
  );
  expect(tiles).toEqual([[16], [16], [16], [16], [32], [16]]);
});

testOnGpu.each(extent(0, 1, 1) === 1 ? names : names.slice(1, 4))(
  "tiles have the interpreter's bits: %s",
  async (name) => {
    const routine = tiledRoutine(cases[name]!);
    checkRoutine(routine);
    const inputs = tiledInputs(routine);
    const expected = interpreted(routine, inputs);
    const [got] = await runOnGpu(machine, routine, inputs);
    expect(differing(got as Float32Array, expected), `of ${expected.length}`).toBe(0);
  },
);

/** Number of elements with other bits. */
function differing(got: Float32Array, expected: Float32Array): number {
  return [...expected].filter((x, i) => !Object.is(x, got[i])).length;
}

const [narrow, wide, block] = [16, 32, 256];
const around = (n: number): readonly number[] => [n - 1, n, n + 1];
/** Number of products from which on a product has tiles. */
const large = 2 ** 18;
const both = [false, true];
const transposes = both.flatMap((left) => both.map((right) => [left, right] as const));

/** Shapes of products around the sizes of tiles, of chunks, and of blocks of the sum: rows, columns, terms, batches. */
const shapes: readonly (readonly [number, number, number, number])[] = [
  ...around(narrow).flatMap((rows) =>
    around(narrow).flatMap((columns) =>
      [...around(74 * narrow), 5 * block].map((terms) => [rows, columns, terms, 1] as const),
    ),
  ),
  ...[1, ...around(narrow), ...around(wide)].flatMap((terms) =>
    around(narrow).flatMap((short) => {
      const long = Math.ceil(large / (short * terms)) + 1;
      return [[short, long, terms, 1] as const, [long, short, terms, 1] as const];
    }),
  ),
  ...around(wide).flatMap((rows) =>
    around(wide).flatMap((columns) =>
      around(block + narrow).map((terms) => [rows, columns, terms, 64] as const),
    ),
  ),
  ...around(block).map((terms) => [wide + 1, wide + 1, terms, 17] as const),
  // without tiles
  [1, 1, large + 1, 1],
  [1, 300, 900, 1],
  [300, 1, 900, 1],
  [1, large + 1, 1, 1],
  [7, 9, 4200, 2],
];

/** The case of a shape. Its number selects the order of the operands, and the work before and after. */
function shapedCase([rows, columns, terms, batches]: (typeof shapes)[number], i: number): TiledCase {
  const plain = matrix([rows, columns, terms], transposes[i % 4]);
  const [n, left, right] = plain.sizes;
  const batch = { role: "batch", size: batches, out: n, left, right } as const;
  return {
    dims: batches === 1 ? plain.dims : [batch, ...plain.dims],
    sizes: [n * batches, left * batches, right * batches],
    accumulate: i % 5 === 1,
    hasPrologue: i % 3 === 1,
    ...(i % 2 === 0 ? { after: relu } : {}),
  };
}

const chosen = shapes.flatMap((shape, i) => (i % extent(19, 1, 8) === 0 ? [[shape, i] as const] : []));

testOnGpu("products that are all −0 sum to 0", async () => {
  const tiled = [1, 15, 300].map((terms) => [16, Math.ceil(large / (16 * terms)) + 1, terms] as const);
  for (const shape of [...tiled, [3, 4, 1], [3, 4, 9], [1, 7, 600]] as const) {
    const routine = tiledRoutine(matrix(shape));
    const inputs = tiledInputs(routine).map((array, i) => array.fill(i === 0 ? -0 : 1));
    const [got] = await runOnGpu(machine, routine, inputs);
    expect(differing(got as Float32Array, interpreted(routine, inputs))).toBe(0);
    expect((got as Float32Array).every((x) => Object.is(x, 0))).toBe(true);
  }
});

testOnGpu.each(chosen)("a product of %j, in order %i, has the interpreter's bits", async (shape, i) => {
  for (const shift of extent(0, 1) === 1 ? [0, 1, 2, 3] : [0]) {
    const routine = tiledRoutine(shapedCase(shape, i + shift));
    const inputs = tiledInputs(routine);
    const [got] = await runOnGpu(machine, routine, inputs);
    expect(differing(got as Float32Array, interpreted(routine, inputs))).toBe(0);
  }
});

testOnGpu.each(chosen)("a product of %j, in order %i, is close without barriers", async (shape, i) => {
  const { dims, sizes, accumulate, hasPrologue } = shapedCase(shape, i); // not `after`, whose steps enlarge errors
  const routine = tiledRoutine({ dims, sizes, accumulate: accumulate!, hasPrologue: hasPrologue! });
  const inputs = tiledInputs(routine);
  const [got] = await runOnGpu(shortMachine, routine, inputs);
  const expected = interpreted(routine, inputs);
  const magnitudes = interpreted(
    routine,
    inputs.map((array) => array.map((x) => Math.abs(x) + 1)), // the prologue subtracts up to 0.5
  );
  const terms = shape[2];
  const worst = expected.reduce(
    (most, x, j) => Math.max(most, Math.abs((got as Float32Array)[j]! - x) / magnitudes[j]!),
    0,
  );
  expect(worst).toBeLessThan((Math.min(terms, block) + 4) * 2 ** -24);
});

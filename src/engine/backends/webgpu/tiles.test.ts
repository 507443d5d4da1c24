import { afterAll, beforeAll, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";
import { runOnGpu } from "../../../../test/support/gpu-routine.ts";
import { gpuOfNode, openMachine, testOnGpu } from "../../../../test/support/webgpu.ts";
import { kernelsIn } from "../../codegen/dispatch/kernels.ts";
import { planDispatches } from "../../codegen/dispatch/plan.ts";
import * as k from "../../kernel/build.ts";
import { checkRoutine } from "../../kernel/check.ts";
import type { KernelValue } from "../../kernel/executable.ts";
import type { Dim, Expr, Routine } from "../../kernel/scalar.ts";
import { interpBackend } from "../interp/index.ts";
import type { GpuMachine } from "./index.ts";

let machine: GpuMachine;
beforeAll(async () => {
  if (gpuOfNode !== undefined) machine = await openMachine();
});
afterAll(() => machine?.close());

/** A product with an element-by-element function of its result, and the sizes of its operands. */
interface TiledCase {
  readonly dims: readonly Dim<number>[];
  readonly sizes: readonly [out: number, left: number, right: number];
  readonly accumulate?: boolean;
  readonly offset?: number;
  /** Function of an element of the result, its index, and the old value of a second result. */
  readonly after?: (x: Expr, at: Expr) => Expr;
}

const matrix = (
  [rows, columns, sum]: readonly [number, number, number],
  [isLeftTransposed, isRightTransposed]: readonly [boolean, boolean] = [false, false],
): TiledCase => ({
  dims: [
    { role: "row", size: rows, out: columns, left: isLeftTransposed ? 1 : sum, right: 0 },
    { role: "column", size: columns, out: 1, left: 0, right: isRightTransposed ? sum : 1 },
    {
      role: "sum",
      size: sum,
      out: 0,
      left: isLeftTransposed ? rows : 1,
      right: isRightTransposed ? 1 : columns,
    },
  ],
  sizes: [rows * columns, rows * sum, sum * columns],
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

function routineOf({ dims, sizes, accumulate = false, offset = 0, after }: TiledCase): Routine {
  const block = k.makeBlock();
  const [n] = sizes;
  const pointer = (buffer: string, from: number) => ({ buffer, offset: k.i32(from) });
  if (accumulate)
    block.forEach("i", k.i32(0), k.i32(n + offset), (loop, i) =>
      loop.store("out", i, k.load("f32", "old", i)),
    );
  block.contract({
    name: "product",
    type: "f32",
    out: pointer("out", offset),
    left: pointer("left", 0),
    right: pointer("right", 0),
    dims,
    accumulate,
  });
  if (after !== undefined)
    block.forEach("e", k.i32(0), k.i32(n), (loop, e) =>
      loop.store("out", e, after(k.load("f32", "out", e), e)),
    );
  const port = (name: string, size: number) =>
    ({ kind: "buffer", buffer: { name, type: "f32", size } }) as const;
  return {
    name: "tiled",
    inputs: [port("left", sizes[1]), port("right", sizes[2]), port("old", n + offset)],
    outputs: [port("out", n + offset)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

const numbers = (n: number, seed: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(seed + i * 1.7) * 2 ** ((i % 13) - 6));

const names = Object.keys(cases);

test("products of these sizes have tiles", () => {
  const tiles = names.map((name) =>
    kernelsIn(planDispatches(routineOf(cases[name]!)).steps).flatMap(({ sections }) =>
      sections.flatMap(({ tile }) => tile?.width ?? []),
    ),
  );
  expect(tiles).toEqual([[16], [16], [16], [16], [32], [16]]);
});

testOnGpu.each(extent(0, 1, 1) === 1 ? names : names.slice(1, 4))(
  "tiles have the interpreter's bits: %s",
  async (name) => {
    const routine = routineOf(cases[name]!);
    checkRoutine(routine);
    const inputs = routine.inputs.map((port, i) =>
      numbers(port.kind === "buffer" ? (port.buffer.size as number) : 0, i),
    );
    const expected = new Float32Array((routine.outputs[0] as { buffer: { size: number } }).buffer.size);
    const outputs: KernelValue[] = [{ array: expected, offset: 0 }];
    interpBackend.compile(routine)(
      inputs.map((array) => ({ array, offset: 0 })),
      outputs,
    );
    const [got] = await runOnGpu(machine, routine, inputs);
    const differing = [...expected].filter((x, i) => !Object.is(x, (got as Float32Array)[i]));
    expect(differing.length, `of ${expected.length}`).toBe(0);
  },
);

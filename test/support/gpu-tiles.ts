// Routines with a product that workgroups compute in tiles.
import * as k from "../../src/engine/kernel/build.ts";
import type { KernelValue } from "../../src/engine/kernel/executable.ts";
import { interpBackend } from "../../src/engine/backends/interp/index.ts";
import type { Dim, Expr, Routine } from "../../src/engine/kernel/scalar.ts";

/** A product with an element-by-element function of its result, and the sizes of its operands. */
export interface TiledCase {
  readonly dims: readonly Dim<number>[];
  readonly sizes: readonly [out: number, left: number, right: number];
  readonly accumulate?: boolean;
  readonly offset?: number;
  /** True if the left operand is a function of the input, which the routine computes first. */
  readonly hasPrologue?: boolean;
  /** Function of an element of the result, its index, and the old value of a second result. */
  readonly after?: (x: Expr, at: Expr) => Expr;
}

export const matrix = (
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

export function tiledRoutine({
  dims,
  sizes,
  accumulate = false,
  offset = 0,
  hasPrologue = false,
  after,
}: TiledCase): Routine {
  const block = k.makeBlock();
  const [n] = sizes;
  const pointer = (buffer: string, from: number) => ({ buffer, offset: k.i32(from) });
  if (accumulate)
    block.forEach("i", k.i32(0), k.i32(n + offset), (loop, i) =>
      loop.store("out", i, k.load("f32", "old", i)),
    );
  if (hasPrologue)
    block.forEach("j", k.i32(0), k.i32(sizes[1]), (loop, j) =>
      loop.store("scaled", j, k.sub(k.mul(k.load("f32", "left", j), k.f32(1.25)), k.f32(0.5))),
    );
  block.contract({
    name: "product",
    type: "f32",
    out: pointer("out", offset),
    left: pointer(hasPrologue ? "scaled" : "left", 0),
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
    outputs: [port("out", n + offset), ...(hasPrologue ? [port("scaled", sizes[1])] : [])],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

/** Numbers of different signs and magnitudes. */
const numbers = (n: number, seed: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(seed + i * 1.7) * 2 ** ((i % 13) - 6));

const sizeOfPort = (port: Routine["inputs"][number]): number =>
  port.kind === "buffer" ? (port.buffer.size as number) : 0;

/** Inputs of a routine with such a product. */
export function tiledInputs(routine: Routine): readonly Float32Array<ArrayBuffer>[] {
  return routine.inputs.map((port, i) => numbers(sizeOfPort(port), i));
}

/** First result of a routine by the interpreter. */
export function interpreted(routine: Routine, inputs: readonly Float32Array[]): Float32Array {
  const arrays = routine.outputs.map(
    (port) => new Float32Array((port as { buffer: { size: number } }).buffer.size),
  );
  const outputs = arrays.map((array): KernelValue => ({ array, offset: 0 }));
  interpBackend.compile(routine)(
    inputs.map((array) => ({ array, offset: 0 })),
    outputs,
  );
  return arrays[0]!;
}

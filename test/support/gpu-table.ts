// The table of all operations of a GPU, compared with the interpreter. Runs in Node and in pages.
import type { GpuMachine } from "../../src/engine/backends/webgpu/index.ts";
import * as k from "../../src/engine/kernel/build.ts";
import { checkRoutine } from "../../src/engine/kernel/check.ts";
import type { KernelValue, TypedArray } from "../../src/engine/kernel/executable.ts";
import { makeArray } from "../../src/engine/kernel/executable.ts";
import {
  binaryOperations,
  hasBinary,
  hasUnary,
  unaryOperations,
} from "../../src/engine/kernel/operations.ts";
import type { BinaryOp, Expr, Routine, ScalarType, UnaryOp } from "../../src/engine/kernel/scalar.ts";
import { interpBackend } from "../../src/engine/backends/interp/index.ts";
import { runOnGpu } from "./gpu-routine.ts";
import { scalarSpecials } from "./scalar-specials.ts";

/** Element types of the table. */
export const tableTypes: readonly ScalarType[] = ["f64", "f32", "i32", "u32", "bool"];
const unaryOps = Object.keys(unaryOperations) as UnaryOp[];
const binaryOps = Object.keys(binaryOperations) as BinaryOp[];

/** Comparison of one type's operations with the interpreter. */
export interface TableResult {
  /** Number of results compared. */
  readonly count: number;
  /** Results whose bits differ, as text. */
  readonly differing: readonly string[];
  /** Number of differing results with a subnormal operand or result, if the device flushes these. Not in `differing`. */
  readonly flushed: number;
}

/** One column of results: an expression of `x` and `y`. */
interface Column {
  readonly name: string;
  readonly value: (x: Expr, y: Expr) => Expr;
}

/** Compares every operation and conversion of a type for all pairs of special numbers, NaN without its payload. */
export async function compareTable(
  machine: GpuMachine,
  type: ScalarType,
  flushes: boolean,
): Promise<TableResult> {
  const specials = scalarSpecials[type];
  const pairs = specials.flatMap((x) => specials.map((y) => [x, y] as const));
  const columns = columnsOf(type);
  const routine = tableRoutine(type, columns, pairs.length);
  checkRoutine(routine);
  const operands = [0, 1].map((side) => {
    const array = makeArray(type, pairs.length);
    array.set(pairs.map((pair) => pair[side]!));
    return array;
  });
  const outputs = routine.outputs.map((port): KernelValue => ({
    array: makeArray((port as { buffer: { type: ScalarType } }).buffer.type, pairs.length),
    offset: 0,
  }));
  interpBackend.compile(routine)(
    operands.map((array) => ({ array, offset: 0 })),
    outputs,
  );
  const got = await runOnGpu(machine, routine, operands);
  const differing: string[] = [];
  let flushed = 0;
  for (const [c, { name }] of columns.entries()) {
    const expected = (outputs[c] as { array: TypedArray }).array;
    const actual = got[c] as TypedArray;
    for (const [i, pair] of pairs.entries()) {
      if (/Word|bitsOf/.test(name) && Number.isNaN(pair[0])) continue; // the bits of a NaN do not count
      if (Object.is(actual[i], expected[i])) continue;
      if (flushes && type === "f32" && [...pair, expected[i]!].some(isSubnormal)) flushed++;
      else differing.push(`${name}(${pair.join(", ")}) of ${type}: ${actual[i]} instead of ${expected[i]}`);
    }
  }
  return { count: columns.length * pairs.length, differing, flushed };
}

const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < 2 ** -126;

/** Routine that computes all columns for all pairs of operands of a type. */
function tableRoutine(type: ScalarType, columns: readonly Column[], n: number): Routine {
  const block = k.makeBlock();
  block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
    const [x, y] = [loop.let("x", k.load(type, "xs", i)), loop.let("y", k.load(type, "ys", i))];
    columns.forEach(({ value }, c) => loop.store(`out${c}`, i, value(x, y)));
  });
  const buffer = (
    name: string,
    of: ScalarType,
  ): { kind: "buffer"; buffer: { name: string; type: ScalarType; size: number } } => ({
    kind: "buffer",
    buffer: { name, type: of, size: n },
  });
  const [x, y] = [k.local(type, "x"), k.local(type, "y")];
  return {
    name: `all of ${type}`,
    inputs: [buffer("xs", type), buffer("ys", type)],
    outputs: columns.map(({ value }, c) => buffer(`out${c}`, value(x, y).type)),
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

function columnsOf(type: ScalarType): Column[] {
  return [
    ...unaryOps
      .filter((op) => hasUnary(op, type))
      .map((op): Column => ({ name: op, value: (x) => k.unary(op, x) })),
    ...binaryOps
      .filter((op) => hasBinary(op, type))
      .map((op): Column => ({ name: op, value: (x, y) => k.binary(op, x, y) })),
    ...tableTypes
      .filter((to) => to !== type)
      .map((to): Column => ({ name: `to ${to}`, value: (x) => k.convert(to, x) })),
    ...(type === "f32" || type === "f64"
      ? [{ name: "mulAdd", value: (x: Expr, y: Expr) => k.mulAdd(x, y, k.neg(y)) }]
      : []),
  ];
}

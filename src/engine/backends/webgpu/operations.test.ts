import { afterAll, beforeAll, expect } from "vitest";
import type { GpuMachine } from "./index.ts";
import * as k from "../../kernel/build.ts";
import { checkRoutine } from "../../kernel/check.ts";
import type { KernelValue, TypedArray } from "../../kernel/executable.ts";
import { makeArray } from "../../kernel/executable.ts";
import { binaryOperations, hasBinary, hasUnary, unaryOperations } from "../../kernel/operations.ts";
import type { BinaryOp, Expr, Routine, ScalarType, UnaryOp } from "../../kernel/scalar.ts";
import { interpBackend } from "../interp/index.ts";
import { gpuOfNode, openMachine, runOnGpu, testOnGpu } from "../../../../test/support/webgpu.ts";
import { extent } from "../../../../test/support/extent.ts";
import { scalarSpecials } from "../../../../test/support/scalar-specials.ts";

const types: readonly ScalarType[] = ["f64", "f32", "i32", "u32", "bool"];
const unaryOps = Object.keys(unaryOperations) as UnaryOp[];
const binaryOps = Object.keys(binaryOperations) as BinaryOp[];

let machine: GpuMachine;
beforeAll(async () => {
  if (gpuOfNode !== undefined) machine = await openMachine();
});
afterAll(() => machine?.close());

/** One column of results: an expression of `x` and `y`. */
interface Column {
  readonly name: string;
  readonly value: (x: Expr, y: Expr) => Expr;
}

const quietNaN = (array: TypedArray): string[] =>
  Array.from(array, (x) => (Object.is(x, -0) ? "-0" : String(x)));

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
    ...types
      .filter((to) => to !== type)
      .map((to): Column => ({ name: `to ${to}`, value: (x) => k.convert(to, x) })),
    ...(type === "f32" || type === "f64"
      ? [{ name: "mulAdd", value: (x: Expr, y: Expr) => k.mulAdd(x, y, k.neg(y)) }]
      : []),
  ];
}

testOnGpu.each(types.slice(extent(1, 0, 0)))(
  "every operation and conversion of %s has the interpreter's bits",
  async (type) => {
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
    columns.forEach(({ name }, c) => {
      const expected = quietNaN((outputs[c] as { array: TypedArray }).array);
      const actual = quietNaN(got[c] as TypedArray);
      pairs.forEach((pair, i) => {
        if (/Word|bitsOf/.test(name) && Number.isNaN(pair[0])) return; // the bits of a NaN do not count
        expect(actual[i], `${name}(${pair.join(", ")}) of ${type}`).toBe(expected[i]);
      });
    });
  },
);

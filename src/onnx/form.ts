import type { ArrayType } from "../ir/types.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { elementTypeOf } from "./graph-builder.ts";
import type { ElementType } from "./model.ts";
import { elementTypes } from "./model.ts";

/** What an equation is written from: the names of its operands, and all types. */
export interface Operands {
  readonly g: GraphBuilder;
  readonly ins: readonly string[];
  readonly types: readonly ArrayType[];
  readonly outs: readonly ArrayType[];
}

/** Writes an equation as operators, and names its results. */
export type Form = (operands: Operands, params: never) => string | readonly string[];

/** A value by its name, or a plain number. */
export type Value = string | number;

/** Arithmetic on values of one kind of elements; numbers become constants of that kind. */
export interface Arithmetic {
  readonly type: ElementType;
  readonly of: (x: Value) => string;
  readonly op: (name: string, ...xs: readonly Value[]) => string;
  readonly add: (x: Value, y: Value) => string;
  readonly sub: (x: Value, y: Value) => string;
  readonly mul: (x: Value, y: Value) => string;
  readonly div: (x: Value, y: Value) => string;
  readonly less: (x: Value, y: Value) => string;
  readonly where: (condition: string, x: Value, y: Value) => string;
  /** c₀ + c₁ x + c₂ x² + … */
  readonly polynomial: (coefficients: readonly number[], x: string) => string;
}

export function arithmeticOf(g: GraphBuilder, type: ElementType): Arithmetic {
  const of = (x: Value): string => (typeof x === "number" ? g.scalar(type, x) : x);
  const op = (name: string, ...xs: readonly Value[]): string => g.node(name, xs.map(of));
  const add = (x: Value, y: Value): string => op("Add", x, y);
  const mul = (x: Value, y: Value): string => op("Mul", x, y);
  return {
    type,
    of,
    op,
    add,
    mul,
    sub: (x, y) => op("Sub", x, y),
    div: (x, y) => op("Div", x, y),
    less: (x, y) => op("Less", x, y),
    where: (condition, x, y) => g.node("Where", [condition, of(x), of(y)]),
    polynomial: (coefficients, x) =>
      coefficients.slice(0, -1).reduceRight((sum, c) => add(mul(sum, x), c), of(coefficients.at(-1)!)),
  };
}

/** Arithmetic on the elements of the first operand. */
export function arithmetic({ g, types }: Operands): Arithmetic {
  return arithmeticOf(g, elementTypeOf(types[0]!.dtype));
}

/** A value with elements of another kind. */
export function cast(g: GraphBuilder, x: string, type: ElementType): string {
  return g.node("Cast", [x], { to: elementTypes[type] });
}

/** An integer in 0 … 2³² − 1 that agrees with x modulo 2³², of int64. */
export function wrapped(g: GraphBuilder, x: string): string {
  return g.node("Mod", [x, g.scalar("int64", 2 ** 32)]);
}

/** A value in another shape of as many elements. */
export function reshaped(g: GraphBuilder, x: string, shape: readonly number[]): string {
  // without allowzero a size of 0 would mean that of the operand
  return g.node("Reshape", [x, g.ints(shape)], shape.includes(0) ? { allowzero: 1 } : {});
}

/** A value of sizes 1 and those of `shape` repeated to `shape`. */
export function expanded(g: GraphBuilder, x: string, shape: readonly number[]): string {
  return g.node("Expand", [x, g.ints(shape)]);
}

/** A value with its axes in another order: axis `axes[i]` becomes axis i. */
export function transposed(g: GraphBuilder, x: string, axes: readonly number[]): string {
  return axes.every((axis, i) => axis === i) ? x : g.node("Transpose", [x], { perm: axes });
}

/** Every `steps[i]`-th element from `starts[i]` to before `ends[i]` along each axis i. */
export function sliced(
  g: GraphBuilder,
  x: string,
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[] = starts.map(() => 1),
): string {
  const axes = starts.map((_, i) => i);
  return g.node("Slice", [x, g.ints(starts), g.ints(ends), g.ints(axes), g.ints(steps)]);
}

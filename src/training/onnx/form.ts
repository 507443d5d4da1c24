import type { ArrayType } from "../../engine/ir/types.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { ElementType } from "./model.ts";
import { elementTypes } from "./model.ts";

/**
 * Arguments of an `EquationWriter`: names of the operands in the graph, types of the operands, and types of the
 * results.
 */
export interface EquationOperands {
  readonly g: GraphBuilder;
  readonly ins: readonly string[];
  readonly types: readonly ArrayType[];
  readonly outs: readonly ArrayType[];
}

/** Writes an equation as operators. Returns the names of its results. */
export type EquationWriter = (operands: EquationOperands, params: never) => string | readonly string[];

/** Writes the conversion of a value to another element type. Returns the name of the result. */
export function cast(g: GraphBuilder, x: string, type: ElementType): string {
  return g.node("Cast", [x], { to: elementTypes[type] });
}

/** Writes operators that reduce an int64 x modulo 2³², to 0 … 2³² − 1. */
export function wrapped(g: GraphBuilder, x: string): string {
  return g.node("Mod", [x, g.scalar("int64", 2 ** 32)]);
}

/** Writes an operator that reshapes a value. Returns the name of the result. */
export function reshaped(g: GraphBuilder, x: string, shape: readonly number[]): string {
  // Without allowzero a size of 0 would mean that of the operand.
  return g.node("Reshape", [x, g.ints(shape)], shape.includes(0) ? { allowzero: 1 } : {});
}

/** Writes an operator that broadcasts a value to `shape`. Returns the name of the result. */
export function expanded(g: GraphBuilder, x: string, shape: readonly number[]): string {
  return g.node("Expand", [x, g.ints(shape)]);
}

/** Permutes the axes of a value: axis `axes[i]` becomes axis i. */
export function transposed(g: GraphBuilder, x: string, axes: readonly number[]): string {
  return axes.every((axis, i) => axis === i) ? x : g.node("Transpose", [x], { perm: axes });
}

/**
 * Writes an operator that selects every `steps[i]`-th element from `starts[i]` to before `ends[i]` along each axis i.
 */
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

/** Writes an operator whose result is 0, 1, … n − 1 as int64. */
export function counted(g: GraphBuilder, n: number): string {
  return g.node(
    "Range",
    [0, n, 1].map((x) => g.scalar("int64", x)),
  );
}

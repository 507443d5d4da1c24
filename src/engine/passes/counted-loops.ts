import type { LoopParts } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import type { ArrayType } from "../ir/types.ts";
import { withShape } from "../ir/types.ts";

/**
 * Loop with a known number of iterations. Its operands are exactly the inputs of its body: constants, carries, arrays.
 */
export interface CountedLoop extends LoopParts {
  readonly before: 0;
  readonly length: number;
}

/** True if a program contains a loop at its top level, not inside other equations. */
export function hasLoop(program: Program): boolean {
  return program.eqns.some(({ prim }) => prim.loop?.parts !== undefined);
}

/** Parts of an equation that is a counted loop; `undefined` for other equations. */
export function countedLoop({ prim, params }: Equation): CountedLoop | undefined {
  const parts = prim.loop?.parts?.(params);
  if (parts === undefined) return undefined;
  const { before, length } = parts;
  return before === 0 && length !== undefined ? { ...parts, before, length } : undefined;
}

/** Returns a copy of the equation of a loop with the given parts, operands and results. */
export function withParts(
  eqn: Equation,
  parts: LoopParts,
  ins: readonly Var[],
  outs: readonly Var[],
): Equation {
  return { ...eqn, params: eqn.prim.loop!.rebuild!(eqn.params, parts), ins, outs };
}

/** Type of an array that stacks one value of type `type` per iteration. */
export function stacked(type: ArrayType, length: number): ArrayType {
  return withShape(type, [length, ...type.shape]);
}

import type { LoopParts } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import type { ArrayType } from "../ir/types.ts";
import { withShape } from "../ir/types.ts";

/** A loop whose number of iterations is known, and whose operands are those of its body: constants, carries, arrays. */
export interface CountedLoop extends LoopParts {
  readonly before: 0;
  readonly length: number;
}

/** Whether there is a loop in a program, not counting what is inside of its equations. */
export function hasLoop(program: Program): boolean {
  return program.eqns.some(({ prim }) => prim.loop?.parts !== undefined);
}

/** The parts of an equation that is a counted loop. */
export function countedLoop({ prim, params }: Equation): CountedLoop | undefined {
  const parts = prim.loop?.parts?.(params);
  if (parts === undefined) return undefined;
  const { before, length } = parts;
  return before === 0 && length !== undefined ? { ...parts, before, length } : undefined;
}

/** The same loop with other parts, operands and results. */
export function withParts(
  eqn: Equation,
  parts: LoopParts,
  ins: readonly Var[],
  outs: readonly Var[],
): Equation {
  return { ...eqn, params: eqn.prim.loop!.rebuild!(eqn.params, parts), ins, outs };
}

/** The type of an array that holds a value of this type for each iteration. */
export function stacked(type: ArrayType, length: number): ArrayType {
  return withShape(type, [length, ...type.shape]);
}

// What the gradient of a long loop keeps and computes again, read off the program that the library records for it.
import { grad, makeProgram, scan, sin } from "downhill";
import type { Tensor } from "downhill";
import { type Program, subPrograms } from "../../../src/engine/ir/program.ts";
import { sizeOf } from "../../../src/engine/util/shape.ts";

/** Counts of one gradient. */
export interface LoopCost {
  /** Numbers that are kept at once for the way back. */
  readonly stored: number;
  /** Steps of the loop that are computed a second time. */
  readonly repeated: number;
}

/** The loop: `y = y + sin(y)`, so many times. With a number of steps a segment, the way back computes each segment again. */
export function loopOf(steps: number, segment: number | undefined): (x: Tensor) => Tensor {
  return (x) => {
    const options = { length: steps, checkpoint: segment ?? false };
    const [last] = scan((y: Tensor) => [y.add(sin(y)), null], x, null, options);
    return last;
  };
}

/** What the gradient of the loop costs; without a segment every step is kept. */
export function costOfLoop(steps: number, segment?: number): LoopCost {
  const f = loopOf(steps, segment);
  const program = makeProgram((x: Tensor) => grad(f)(x))(0.3);
  return { stored: storedIn(program), repeated: executed(program, "sin") - steps };
}

/** How often a primitive is computed. */
function executed(program: Program, name: string): number {
  return program.eqns.reduce((sum, { prim, params }) => {
    const inner = subPrograms(params).reduce((total, body) => total + executed(body, name), 0);
    return sum + (prim.name === name ? 1 : 0) + lengthOf(params) * inner;
  }, 0);
}

/** Numbers that loops write step by step, of loops inside of others those of one step. */
function storedIn(program: Program): number {
  let own = 0;
  let inside = 0;
  for (const { params, outs } of program.eqns) {
    const bodies = subPrograms(params);
    if (bodies.length === 0) continue;
    const [body] = bodies;
    outs.forEach(({ type }, i) => {
      const step = body!.outs[i]!.type;
      if (type.shape.length > step.shape.length) own += sizeOf(type.shape);
    });
    inside = Math.max(inside, ...bodies.map(storedIn));
  }
  return own + inside;
}

function lengthOf(params: unknown): number {
  const { length } = params as { readonly length?: unknown };
  return typeof length === "number" ? length : 1;
}

// Saved and recomputed values of the gradient of a long loop, counted in the traced program.
import { grad, makeProgram, scan, sin } from "downhill";
import type { Tensor } from "downhill";
import { type Program, subPrograms } from "../../../src/engine/ir/program.ts";
import { sizeOf } from "../../../src/engine/util/shape.ts";

/** Counts for one gradient. */
export interface LoopCost {
  /** Maximum number of simultaneously saved values. */
  readonly stored: number;
  /** Number of recomputed loop steps. */
  readonly repeated: number;
}

/**
 * The loop: `y = y + sin(y)`, repeated `steps` times. With a segment length, the backward pass recomputes each segment.
 */
export function loopOf(steps: number, segment: number | undefined): (x: Tensor) => Tensor {
  return (x) => {
    const options = { length: steps, checkpoint: segment ?? false };
    const [last] = scan((y: Tensor) => [y.add(sin(y)), null], x, null, options);
    return last;
  };
}

/** Cost of the gradient of the loop. Without segments, every step is saved. */
export function costOfLoop(steps: number, segment?: number): LoopCost {
  const f = loopOf(steps, segment);
  const program = makeProgram((x: Tensor) => grad(f)(x))(0.3);
  return { stored: storedIn(program), repeated: executed(program, "sin") - steps };
}

/** Number of evaluations of a primitive. */
function executed(program: Program, name: string): number {
  return program.eqns.reduce((sum, { prim, params }) => {
    const inner = subPrograms(params).reduce((total, body) => total + executed(body, name), 0);
    return sum + (prim.name === name ? 1 : 0) + lengthOf(params) * inner;
  }, 0);
}

/** Number of values that loops save, counting nested loops for one step of the outer loop. */
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

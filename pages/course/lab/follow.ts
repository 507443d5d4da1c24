// Compares an optimiser written by a learner with the library's, step by step on one parameter.
import type { Tensor } from "downhill";
import { applyUpdates, type Optimizer } from "downhill/optim";
import { expectNear, f64, short } from "./judge.ts";

/** Gradients of one parameter, of very different sizes and with a zero. */
const gradients: readonly number[] = [2, -0.5, 0.003, 0, 40, -40, 1, 1, 1, 0.2];

/**
 * Checks the changes of a learner's optimiser against those of the library.
 *
 * @param optimizer optimiser of the library
 * @param update returns the change for the gradient of step `t`, from 1, at the parameter `x`
 */
export function expectSameSteps<S>(
  optimizer: Optimizer<Tensor, S>,
  update: (gradient: number, t: number, x: number) => unknown,
): void {
  let x = f64(1);
  let state = optimizer.init(x);
  for (const [i, gradient] of gradients.entries()) {
    const { updates, state: next } = optimizer.update(f64(gradient), state, x);
    const got = update(gradient, i + 1, x.item());
    expectNear(
      got,
      updates.item(),
      `The change of step ${i + 1}, for the gradient ${short(gradient)},`,
      1e-7,
    );
    [x, state] = [applyUpdates(x, updates), next];
  }
}

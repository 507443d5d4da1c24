import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { penalised } from "../formulas.ts";
import { checkNumber } from "../options.ts";
import type { GeneralOptimizer } from "../optimizer.ts";
import { stateless } from "./stateless.ts";

/**
 * Adds λθ to each gradient: the gradient of a penalty `λ/2 · Σ θ²`. Before an optimiser in a chain, this equals the
 * `weightDecay` of that optimiser, except for `adamw`, `lion`, `lamb`, `muon` and `adafactor`, whose weight decay is
 * decoupled from the gradient. To exclude biases: `masked(addDecayedWeights(0.01), (path) => !path.endsWith("b"))`.
 *
 * @throws DownhillError `range` if λ is negative.
 */
export function addDecayedWeights(weightDecay: number): GeneralOptimizer<null> {
  if (arguments.length > 1) refuseExtra("addDecayedWeights", arguments, 1);
  checkNumber("addDecayedWeights", "weightDecay", weightDecay, { from: 0 });
  return stateless("addDecayedWeights", (gradients, { tensors }) =>
    gradients.map((g, i) => penalised(g, tensors[i]!, weightDecay)),
  );
}

import { tensor } from "../../numeric/array/create.ts";
import { type Landscape, zoo } from "../../pictures/landscapes/index.ts";
import type { GeneralOptimizer } from "../../numeric/optim/index.ts";
import { hessian } from "../../engine/transforms/index.ts";
import { splitAtCommas } from "../shared/call-text.ts";
import { makeOptimizer, readOptimizer } from "../shared/optimizers.ts";

/** Reads comma-separated optimisers and returns each by its text. A repeated text gets a number: `adam`, `adam (2)`. */
export function readRacers(text: string, steps: number): Record<string, GeneralOptimizer<unknown>> {
  const racers: Record<string, GeneralOptimizer<unknown>> = {};
  for (const part of splitAtCommas(text)) {
    const choice = readOptimizer(part, { what: "--optimizers", steps });
    let name = part.trim();
    for (let n = 2; Object.hasOwn(racers, name); n++) name = `${part.trim()} (${n})`;
    racers[name] = makeOptimizer(choice);
  }
  return racers;
}

/** Returns the names of four optimisers with rates suited to a landscape, in command-line syntax. */
export function usualRacers(landscape: Landscape): string {
  const known = zoo[landscape.name];
  // a user's function may have the name of one of the built-in landscapes
  const rates = known?.formula === landscape.formula ? known.rates : guessedRates(landscape);
  return [
    `sgd(lr=${rates.sgd})`,
    `sgd(lr=${rates.momentum}, momentum=0.9)`,
    `rmsprop(lr=${rates.rmsprop})`,
    `adam(lr=${rates.adam})`,
  ].join(",");
}

/**
 * Returns rates for an unknown landscape. With λ as the norm of the Hessian at the start, gradient descent gets 0.5/λ,
 * or 0.2/λ with momentum. Rmsprop and Adam, whose steps have about the length of the rate, get 1/100 and 1/30 of the
 * widest side of the drawn domain (4 if unknown).
 */
function guessedRates({
  value,
  start,
  domain,
}: Landscape): Record<"sgd" | "momentum" | "rmsprop" | "adam", number> {
  const curvatures = (hessian(value)(tensor([...start])).tolist() as number[][]).flat();
  const size = Math.hypot(...curvatures);
  const base = Number.isFinite(size) && size > 0 ? 1 / size : 0.1;
  const span = domain === undefined ? 4 : Math.max(...domain.map(([from, to]) => to - from));
  return {
    sgd: oneDigit(base / 2),
    momentum: oneDigit(base / 5),
    rmsprop: oneDigit(span / 100),
    adam: oneDigit(span / 30),
  };
}

function oneDigit(value: number): number {
  return Number(value.toPrecision(1));
}

// Runs of L-BFGS, loaded when the page is prepared: its line search needs loops of the compiler that no other figure uses.
import { type Tensor, valueAndGrad } from "downhill";
import { lbfgs } from "downhill/optim";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { type CurvatureRun, f64, repeat } from "./methods.ts";

/** Compiles runs of L-BFGS, one iteration per step, on a function of two numbers. */
export function lbfgsOn(f: (point: Tensor) => Tensor): (start: Point) => CurvatureRun {
  const both = jit(valueAndGrad(f));
  const { init, update } = lbfgs({ lineSearch: "strong-wolfe", maxIterations: 1 });
  return (start) => {
    let state = init(f64(start));
    return repeat(
      (at) => both(f64(at))[0].item(),
      (at) => {
        const x = f64(at);
        const [value, gradient] = both(x);
        const step = update(gradient, state, x, { value, valueAndGrad: both });
        state = step.state;
        return step.updates.tolist() as number[];
      },
      start,
    );
  };
}

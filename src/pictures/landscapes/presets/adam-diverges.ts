import { tensor } from "../../../numeric/array/create.ts";
import { add, div, mul, sqrt, square, where } from "../../../numeric/array/elementwise.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { scan } from "../../../engine/transforms/structured.ts";
import { adam, applyUpdates, chain, lambda, projectBox } from "../../../numeric/optim/index.ts";
import { showNumber } from "../../viz/show-number.ts";
import { meanOf } from "../numbers.ts";
import { definePreset, type Preset } from "./preset.ts";

const steps = 3000;

/** Result of one run of `onRareLosses`. */
export interface RareRun {
  /** Value of x before each step. */
  readonly points: readonly number[];
  readonly end: number;
  /** Mean excess of the loss per step over the loss at x = −1. If it stays above 0, the method does not learn. */
  readonly regret: number;
}

/**
 * Runs Adam or AMSGrad from x = 1 on the losses Cx, −x, −x, Cx, −x, −x, … on [−1, 1]. For C > 2 their sum is minimal at
 * x = −1. Uses β₁ = 0, β₂ = 1/(1 + C²), the rate ½/√t, and projection onto the interval. Compiled once for all C.
 *
 * @see Reddi, Kale, Kumar, On the convergence of Adam and beyond, ICLR 2018, section 3 and theorem 1.
 */
export function onRareLosses(amsgrad: boolean, length: number = steps): (C: number) => RareRun {
  const isRare = tensor(Array.from({ length }, (_, t) => t % 3 === 0));
  const run = jit((C: Tensor, rare: Tensor) => {
    const optimizer = chain(
      adam({
        learningRate: lambda((step) => div(0.5, sqrt(add(step, 1)))),
        beta1: 0,
        beta2: div(1, add(1, square(C))),
        eps: 0,
        amsgrad,
      }),
      projectBox({ low: -1, high: 1 }),
    );
    const start = { x: tensor(1) };
    return scan(
      ({ params, state }, isLarge: Tensor) => {
        const slope = where(isLarge, C, -1);
        const { updates, state: next } = optimizer.update({ x: slope }, state, params);
        const regret = mul(add(params.x, 1), slope);
        return [{ params: applyUpdates(params, updates), state: next }, [params.x, regret] as const] as const;
      },
      { params: start, state: optimizer.init(start) },
      rare,
    );
  });
  return (C) => {
    const [{ params }, [points, regrets]] = run(tensor(C), isRare);
    return {
      points: points.tolist() as number[],
      end: params.x.item(),
      regret: meanOf(regrets.tolist() as number[]),
    };
  };
}

/** Study: Adam moves in the wrong direction if rare gradients are large. */
export const adamDiverges: Preset = /* @__PURE__ */ definePreset(
  {
    name: "adam-diverges",
    title: "Where Adam goes the wrong way",
    claim:
      "The losses 3x, −x, −x, over and over, are least at x = −1 together. Adam divides the rare large gradient by its own size, and has forgotten that size when the small ones come: it ends at x = 1, the worst point. AMSGrad divides by the largest mean square so far, and ends at −1.",
  },
  () => {
    const runs = ([false, true] as const).map((amsgrad) => ({
      name: amsgrad ? "AMSGrad" : "Adam",
      ...onRareLosses(amsgrad)(3),
    }));
    const at = Array.from({ length: steps }, (_, t) => t);
    return {
      findings: runs.map(
        ({ name, end, regret }) =>
          `${name}: ends at x = ${end.toFixed(3)}, on average ${showNumber(regret, 3)} a step worse than x = −1.`,
      ),
      figures: [
        {
          kind: "lines",
          title: "x by step",
          x: { label: "step" },
          y: { label: "x" },
          series: runs.map(({ name, points }) => ({ name, x: at, y: points, style: "line" })),
        },
      ],
    };
  },
);

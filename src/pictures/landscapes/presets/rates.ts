import { linspace, tensor } from "../../../numeric/array/create.ts";
import { norm } from "../../../numeric/array/reduce.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { applyUpdates, sgd } from "../../../numeric/optim/index.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { grad, vmap } from "../../../engine/transforms/index.ts";
import { scan } from "../../../engine/transforms/structured.ts";
import { showNumber } from "../../viz/show-number.ts";
import { defineLandscape, type Landscape } from "../landscape.ts";
import { race } from "../race.ts";
import { definePreset, type Preset } from "./preset.ts";

const steepest = 10; // λmax
const steps = 100;

/** Defines the landscape ½(x² + 10y²), a bowl whose curvatures are 1 and 10. */
function bowlOfTen(): Landscape {
  return defineLandscape(`(x^2 + ${steepest}*y^2)/2`, {
    name: "bowl",
    formula: "½(x² + 10y²)",
    about: "Eigenvalues 1 and 10: the limit of the rate is 2/10.",
    start: [-3, 1],
    domain: [
      [-3.6, 2.4],
      [-2.1, 2.1],
    ],
    minima: [[0, 0]],
    lowest: 0,
  });
}

/**
 * Returns the distances from the minimum at 0 after `length` steps of gradient descent at each rate. Computes all runs
 * at once by `vmap` over the rate.
 */
export function sweepRates(rates: Tensor, { value, start }: Landscape, length: number): Tensor {
  const distanceAt = (learningRate: Tensor): Tensor => {
    const optimizer = sgd({ learningRate });
    const from = tensor([...start]);
    const [{ x }] = scan(
      ({ x, state }: { x: Tensor; state: ReturnType<typeof optimizer.init> }) => {
        const { updates, state: next } = optimizer.update(grad(value)(x), state, x);
        return [{ x: applyUpdates(x, updates), state: next }, null] as const;
      },
      { x: from, state: optimizer.init(from) },
      null,
      { length },
    );
    return norm(x);
  };
  return jit(vmap(distanceAt))(rates);
}

/** Study: gradient descent on a quadratic converges below the rate 2/λmax and diverges above it. */
export const rateSweep: Preset = /* @__PURE__ */ definePreset(
  {
    name: "rates",
    title: "How large a learning rate may be",
    claim:
      "On a quadratic, a step of gradient descent multiplies the error along an eigenvector of curvature λ by 1 − ηλ. Above η = 2/λmax that is below −1 along the steepest: the run swings further out with each step.",
  },
  () => {
    const bowl = bowlOfTen();
    const limit = 2 / steepest;
    const racers = [0.2, 0.9, 0.98, 1.05].map(
      (part) =>
        [`η = ${showNumber(part * limit)} (${part} · 2/λmax)`, sgd({ learningRate: part * limit })] as const,
    );
    const rates = linspace(0.02 * limit, 1.2 * limit, 119);
    const distances = sweepRates(rates, bowl, steps).tolist() as number[];
    const etas = rates.tolist() as number[];
    const begin = Math.hypot(...bowl.start);
    const grown = etas.filter((_, i) => distances[i]! > begin);
    const best = etas[distances.indexOf(Math.min(...distances))]!;
    return {
      findings: [
        `Of ${etas.length} rates, the lowest at which the run ends further out than it began is ${showNumber(Math.min(...grown), 4)}; 2/λmax is ${showNumber(limit, 4)}.`,
        `The best rate after ${steps} steps is ${showNumber(best, 4)}: 2/(λmin + λmax) = ${showNumber(2 / (1 + steepest), 4)} by theory, just below the limit.`,
      ],
      figures: [
        {
          kind: "race",
          title: "Four rates",
          race: race(bowl, Object.fromEntries(racers), { steps }),
          note: "Just below the limit the run swings from wall to wall and still arrives; just above, it leaves.",
        },
        {
          kind: "lines",
          title: `Distance from the minimum after ${steps} steps`,
          x: { label: "learning rate η" },
          y: { label: "distance", log: true },
          series: [{ name: "gradient descent", x: etas, y: distances, style: "line" }],
          marks: [{ x: limit, text: "2/λmax" }],
        },
      ],
    };
  },
);

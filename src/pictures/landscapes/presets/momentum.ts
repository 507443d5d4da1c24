import { sgd, type SgdOptions } from "../../../numeric/optim/index.ts";
import { showNumber } from "../../viz/show-number.ts";
import { defineLandscape, type Landscape } from "../landscape.ts";
import { type Race, race } from "../race.ts";
import type { PlotSeries } from "../study.ts";
import { findLandscape } from "../zoo.ts";
import { definePreset, type Preset } from "./preset.ts";

const condition = 100;
const steps = 250;
const drawn = 120; // steps shown in the chart
const root = /* @__PURE__ */ Math.sqrt(condition);

/** A method: an optimiser with its settings and its theoretical convergence rate. */
export interface MomentumMethod {
  readonly name: string;
  readonly options: SgdOptions & { readonly learningRate: number };
  /** Asymptotic factor by which one step multiplies the error. */
  readonly factor: number;
  readonly formula: string;
}

/** The three methods with their optimal settings for eigenvalues from 1 to κ. */
export const methods: readonly MomentumMethod[] = [
  {
    name: "gradient descent",
    options: { learningRate: 2 / (1 + condition) },
    factor: (condition - 1) / (condition + 1),
    formula: "(κ − 1)/(κ + 1)",
  },
  {
    name: "Nesterov",
    options: { learningRate: 1 / condition, momentum: (root - 1) / (root + 1), nesterov: true },
    factor: 1 - 1 / root,
    formula: "1 − 1/√κ",
  },
  {
    name: "momentum",
    options: { learningRate: (2 / (1 + root)) ** 2, momentum: ((root - 1) / (root + 1)) ** 2 },
    factor: (root - 1) / (root + 1),
    formula: "(√κ − 1)/(√κ + 1)",
  },
];

/**
 * Returns the theoretical error after t steps along an eigenvector of curvature λ, starting from 1. With momentum β,
 * `e₍t+1₎ = (1 + β − ηλ)·e₍t₎ − β·e₍t−1₎`; with Nesterov's, `(1 + β)(1 − ηλ)·e₍t₎ − β(1 − ηλ)·e₍t−1₎`. For a double
 * root r of the recurrence, which the optimal settings have, `e₍t₎ = (1 + ct)·rᵗ`.
 */
export function predictedError({ options }: MomentumMethod, lambda: number, t: number): number {
  const { learningRate: eta, nesterov = false } = options;
  const beta = Number(options.momentum ?? 0);
  const shrink = 1 - eta * lambda;
  if (beta === 0) return shrink ** t;
  const first = nesterov ? 1 - eta * lambda * (1 + beta) : shrink;
  const half = (nesterov ? (1 + beta) * shrink : beta + shrink) / 2;
  const product = nesterov ? beta * shrink : beta;
  const square = half * half - product;
  if (Math.abs(product) < 1e-12) return t === 0 ? 1 : first * (2 * half) ** (t - 1);
  if (Math.abs(square) < 1e-12) return (1 + (first / half - 1) * t) * half ** t;
  if (square > 0) {
    const [r, s] = [half + Math.sqrt(square), half - Math.sqrt(square)];
    const a = (first - s) / (r - s);
    return a * r ** t + (1 - a) * s ** t;
  }
  const [size, angle] = [Math.sqrt(product), Math.atan2(Math.sqrt(-square), half)];
  const b = (first - half) / Math.sqrt(-square);
  return size ** t * (Math.cos(angle * t) + b * Math.sin(angle * t));
}

/** Returns the theoretical distance from the minimum after t steps from (−10, 10). */
export function predictedDistance(method: MomentumMethod, t: number): number {
  return 10 * Math.hypot(predictedError(method, 1, t), predictedError(method, condition, t));
}

/** Runs gradient descent, momentum and Nesterov momentum from (−10, 10), where the error is equal along both axes. */
export function raceFromCorner(): Race {
  const bowl = defineLandscape("(x^2 + 100*y^2)/2", { start: [-10, 10], minima: [[0, 0]], lowest: 0 });
  return race(bowl, Object.fromEntries(methods.map(({ name, options }) => [name, sgd(options)])), { steps });
}

/** Returns the mean factor per step by which the distance changed between two steps. */
function factorBetween(distance: (t: number) => number, from: number, to: number): number {
  return (distance(to) / distance(from)) ** (1 / (to - from));
}

/** Study: momentum needs √κ steps where gradient descent needs κ. */
export const momentumTheory: Preset = /* @__PURE__ */ definePreset(
  {
    name: "momentum",
    title: "Momentum against theory",
    claim:
      "On a bowl of condition κ = 100, each with its best settings, a step of gradient descent shrinks the error by (κ − 1)/(κ + 1) = 0.980, one of Nesterov's momentum by 1 − 1/√κ = 0.9, and one of Polyak's by (√κ − 1)/(√κ + 1) = 0.818.",
  },
  () => {
    const bowl: Landscape = {
      ...findLandscape("narrow-bowl"),
      domain: [
        [-11.5, 4],
        [-4.2, 4.2],
      ],
    };
    const racers = Object.fromEntries(methods.map(({ name, options }) => [name, sgd(options)]));
    const shown = race(bowl, racers, { steps });
    const { runs } = raceFromCorner();
    const at = Array.from({ length: drawn + 1 }, (_, t) => t);
    const curves = methods.flatMap((method, i): PlotSeries[] => [
      {
        name: method.name,
        x: at,
        y: at.map((t) => Math.hypot(...runs[i]!.points[t]!)),
        style: "line",
        colour: i,
      },
      { name: "theory", x: at, y: at.map((t) => predictedDistance(method, t)), style: "dashes", colour: i },
    ]);
    const [from, to] = [120, 240];
    return {
      findings: methods.map((method, i) => {
        const measured = factorBetween((t) => Math.hypot(...runs[i]!.points[t]!), from, to);
        const predicted = factorBetween((t) => predictedDistance(method, t), from, to);
        return `${method.name}: ${showNumber(measured, 4)} a step between steps ${from} and ${to}, by theory ${showNumber(predicted, 4)}; in the long run ${method.formula} = ${showNumber(method.factor, 4)}.`;
      }),
      figures: [
        {
          kind: "race",
          title: "The bowl ½(x² + 100y²)",
          race: shown,
          note: "Gradient descent zigzags between the walls; momentum averages the zigzag away and adds up what stays.",
        },
        {
          kind: "lines",
          title: "Distance from the minimum, from (−10, 10)",
          x: { label: "step" },
          y: { label: "distance", log: true },
          series: curves,
          note: "Lines: measured. Dots over them: theory. Momentum bends at first, since its two roots are one and the error goes as t·ρᵗ.",
        },
      ],
    };
  },
);

import { tensor } from "../../array/create.ts";
import { sub } from "../../array/elementwise.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { type LeastSquaresResult, leastSquares } from "../minimize/least-squares.ts";
import type { RobustLoss } from "../minimize/robust.ts";
import { findStarts, givenStarts } from "./find-start.ts";
import { type CurveModel, numbers, takeRows } from "./model.ts";
import type { ruleNames, Choices, Data, FitCurveOptions } from "./options.ts";

/** A fit to be made. */
export interface Task extends Data {
  readonly curve: CurveModel;
  readonly walls: { readonly low: Float64Array; readonly high: Float64Array };
  readonly given: Float64Array;
  readonly choices: Choices;
  readonly rules: Pick<FitCurveOptions, (typeof ruleNames)[number]>;
}

/** A fit that was made. */
export interface Found {
  readonly result: LeastSquaresResult<Tensor>;
  readonly start: Float64Array;
  readonly lossScale: number | null;
  readonly followed: number;
  readonly agreed: number;
  readonly iterations: number;
  readonly evaluations: number;
}

const mostRows = 1000; // that starts are followed on

/** Follows the starts, and from the best of them fits all rows. */
export function search(task: Task): Found {
  const { curve, rows, y, weights, walls, given, choices, rules } = task;
  const isRobust = choices.loss !== "squares";
  const isGiven = given.every((p) => !Number.isNaN(p));
  const roots = weights.map(Math.sqrt);
  const looking = { model: curve, rows, y, roots, ...walls, given, isRobust, count: choices.starts };
  const found = isGiven ? undefined : findStarts(looking);
  const starts = found?.starts ?? givenStarts(looking);
  if (starts.length === 0) throw notFinite();
  const scaleAt = (theta: Float64Array): number => {
    const fitted = curve.values(theta, rows);
    return medianSize(y.map((yi, r) => (yi - fitted[r]!) * roots[r]!).filter((_, r) => weights[r]! > 0));
  };
  // in units of the data's own size, so that tolerances mean the same for all
  const [total, power] = [
    weights.reduce((sum, w) => sum + w, 0),
    weights.reduce((sum, w, r) => sum + w * y[r]! * y[r]!, 0),
  ];
  const unit = power > 0 ? total / power : 1;
  const follow = (
    theta: Float64Array,
    part: Pick<Task, "rows" | "y" | "weights">,
    loss: RobustLoss,
    lossScale: number,
    limits: Task["rules"],
  ): LeastSquaresResult<Tensor> =>
    leastSquares((p: Tensor) => sub(curve.curve(p, part.rows), tensor(part.y)), tensor(theta), {
      low: tensor(walls.low),
      high: tensor(walls.high),
      loss,
      lossScale: lossScale * Math.sqrt(unit),
      weights: tensor(part.weights.map((w) => w * unit)),
      jit: choices.jit,
      ...defined(limits),
    });

  let counts = { iterations: 0, evaluations: 0 };
  const add = (result: LeastSquaresResult<Tensor>): LeastSquaresResult<Tensor> => {
    counts = {
      iterations: counts.iterations + result.iterations,
      evaluations: counts.evaluations + result.evaluations,
    };
    return result;
  };
  let scale = choices.lossScale ?? (isRobust ? scaleAt(starts[0]!) : 1);
  let best = { theta: starts[0]!, start: starts[0]! };
  let agreed = 1;
  if (starts.length > 1) {
    const part = everyFew(task);
    // soft-l1 pulls from everywhere, where cauchy and arctan are flat far from the data
    const ends = starts.map((start) => {
      const limits = { ...rules, maxIterations: Math.min(100, rules.maxIterations ?? 100) };
      const { params, sumOfSquares } = add(
        follow(start, part, isRobust ? "soft-l1" : "squares", scale, limits),
      );
      return { theta: numbers(params), start, sum: sumOfSquares };
    });
    const finite = ends.filter(({ sum }) => Number.isFinite(sum)).sort((a, b) => a.sum - b.sum);
    if (finite.length === 0) throw notFinite();
    const least = finite[0]!;
    best = least;
    const rounding = 1e-20 * power * unit;
    agreed = finite.filter(({ sum }) => sum <= least.sum * (1 + 1e-6) + rounding).length;
  }
  // what has bounds or was given stays on its side
  const isKept = (i: number): boolean =>
    walls.low[i]! > -Infinity || walls.high[i]! < Infinity || !Number.isNaN(given[i]!);
  const from = found === undefined ? best.theta : found.plainest(best.theta, isKept);
  let result = add(follow(from, task, choices.loss, scale, rules));
  // the scale belongs to the fit that it leads to
  const rounds = isRobust && choices.lossScale === undefined ? 5 : 0;
  for (let round = 0; round < rounds; round++) {
    const next = scaleAt(numbers(result.params));
    if (Math.abs(next - scale) <= 0.01 * scale) break;
    scale = next;
    result = add(follow(numbers(result.params), task, choices.loss, scale, rules));
  }
  if (result.reason === "not-finite") throw notFinite();
  const { start } = best;
  result = { ...result, sumOfSquares: result.sumOfSquares / unit };
  return { result, start, lossScale: isRobust ? scale : null, followed: starts.length, agreed, ...counts };
}

function notFinite(): DownhillError {
  return new DownhillError(
    "data",
    "fitCurve: the model is not finite at all rows for any start that was tried. Give start values, or bounds that keep " +
      "it finite.",
  );
}

/** Evenly spread rows, where there are very many. */
function everyFew({ rows, y, weights }: Task): Pick<Task, "rows" | "y" | "weights"> {
  if (rows.count <= mostRows) return { rows, y, weights };
  const chosen = Array.from({ length: mostRows }, (_, i) => Math.floor((i * rows.count) / mostRows));
  return {
    rows: takeRows(rows, chosen),
    y: Float64Array.from(chosen, (r) => y[r]!),
    weights: Float64Array.from(chosen, (r) => weights[r]!),
  };
}

/** 1.4826 times the median of the sizes: the standard deviation of normal numbers. */
function medianSize(r: Float64Array): number {
  const sizes = r.map(Math.abs).sort();
  const median = (sizes[(sizes.length - 1) >> 1]! + sizes[sizes.length >> 1]!) / 2;
  return 1.4826 * median || sizes.at(-1)! || 1;
}

function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

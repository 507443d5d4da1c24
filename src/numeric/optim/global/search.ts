import { stack, reshape } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { bound } from "../../../engine/transforms/plain.ts";
import { vmap } from "../../../engine/transforms/index.ts";
import type { Constraint, ConstrainedSolvers } from "../constrained/constraint.ts";
import { type ConstrainedResult, type MinimizeResult, solver } from "../minimize/minimize.ts";
import { type FlatParameters, onNumbers, requireResult } from "../minimize/problem.ts";
import { explanationOf, type StopReason } from "../minimize/stop.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import { readParameters } from "../parameters.ts";
import { differentialEvolution } from "./differential-evolution.ts";
import type {
  GlobalChoices,
  GlobalIteration,
  GlobalMinimizeOptions,
  GlobalResult,
} from "./global-minimize.ts";
import { isBetter, type Member, randomSource, spreadPoints } from "./population.ts";

/** A global search: its function within bounds, and checked options. */
export interface GlobalTask extends GlobalChoices {
  readonly operation: string;
  readonly f: (...given: never[]) => Tensor | number;
  readonly args: readonly unknown[];
  readonly flat: FlatParameters;
  readonly box: BoxBounds;
  readonly solvers: ConstrainedSolvers | undefined;
  readonly constraints: readonly Constraint<never>[];
  readonly constraintTolerance: number | undefined;
  readonly callback: GlobalMinimizeOptions<never, readonly unknown[]>["callback"];
}

/** Minima whose parameters differ by less than this share of the bounds are one. */
const samePoint = 1e-4;

/** State that both methods share: counts, history and the best point. */
class GlobalRun {
  readonly history: GlobalIteration[] = [];
  readonly minima: (Member & { count: number })[] = [];
  evaluations = 0;
  best: Member | undefined;
  readonly #task: GlobalTask;
  readonly #evaluate: (points: readonly Float64Array[]) => readonly Member[];
  readonly #local: (x0: unknown, ...args: unknown[]) => MinimizeResult<unknown> | ConstrainedResult<unknown>;

  constructor(task: GlobalTask) {
    this.#task = task;
    this.#evaluate = evaluator(task);
    const { f, flat, box, constraints, constraintTolerance, jit, rules } = task;
    const limits = { jit, ...(rules.signal === undefined ? {} : { signal: rules.signal }) };
    const within = { low: flat.fromVector(box.low), high: flat.fromVector(box.high) };
    const constrained =
      constraintTolerance === undefined ? { constraints } : { constraints, constraintTolerance };
    this.#local = solver(
      f as never,
      { ...limits, ...within, ...(constraints.length > 0 ? constrained : {}) } as never,
    ) as never;
  }

  evaluate(points: readonly Float64Array[]): readonly Member[] {
    this.evaluations += points.length;
    return this.#evaluate(points);
  }

  /**
   * Runs a local search, and returns its result. Adds the minimum to `minima`, or counts it there if it is known
   * already.
   */
  polish(from: Member): MinimizeResult<unknown> | ConstrainedResult<unknown> {
    const { operation, flat, args, box } = this.#task;
    const found = this.#local(flat.fromVector(from.x), ...args);
    this.evaluations += found.evaluations;
    const x = Float64Array.from(
      readParameters(operation, found.params).tensors.flatMap((t) => [...t.data()]),
    );
    const violation = "violation" in found ? found.violation : 0;
    const end: Member = { x, value: found.value, violation };
    if (!Number.isFinite(end.value)) return found;
    const known = this.minima.find((at) =>
      at.x.every((xi, i) => Math.abs(xi - x[i]!) <= samePoint * (box.high[i]! - box.low[i]!)),
    );
    if (known === undefined) this.minima.push({ ...end, count: 1 });
    else {
      known.count++;
      if (isBetter(end, known, 0)) Object.assign(known, end);
    }
    this.minima.sort((a, b) =>
      isBetter(a, b, this.tolerance) ? -1 : isBetter(b, a, this.tolerance) ? 1 : 0,
    );
    return found;
  }

  get tolerance(): number {
    return this.#task.constraintTolerance ?? 1e-8;
  }

  /** Records a generation, and returns the reason to stop, if there is one. */
  record(best: Member, spread: number | undefined): StopReason | undefined {
    const { rules, callback, flat } = this.#task;
    this.best = best;
    const iteration: GlobalIteration = {
      iteration: this.history.length,
      value: best.value,
      violation: best.violation,
      spread,
    };
    this.history.push(iteration);
    if (callback?.({ ...iteration, params: flat.fromVector(best.x) as never }) === true) return "callback";
    if (rules.signal?.aborted === true) return "aborted";
    if (iteration.iteration >= rules.maxIterations) return "iterations";
    return this.evaluations >= rules.maxEvaluations ? "evaluations" : undefined;
  }
}

/** Runs a global search: evaluates points spread over the box, then applies the method of the task to them. */
export function* globalSearch(task: GlobalTask): Generator<void, GlobalResult<unknown>, void> {
  const run = new GlobalRun(task);
  const first = run.evaluate(spreadPoints(task.population, task.box, randomSource(task.seed, 0)));
  const reason = !first.some(({ value }) => value < Infinity)
    ? "not-finite"
    : task.method === "multistart"
      ? yield* multistart(task, run, first)
      : yield* evolution(task, run, first);
  const { flat, method } = task;
  const best = bestOf(
    [...(run.minima.length > 0 ? [run.minima[0]!] : []), run.best ?? first[0]!],
    run.tolerance,
  );
  return {
    params: flat.fromVector(best.x),
    value: best.value,
    violation: best.violation,
    reason,
    converged: reason === "value" && best.violation <= run.tolerance,
    message: reason === "not-finite" ? notFinite : messageOf(reason, run),
    iterations: Math.max(0, run.history.length - 1),
    evaluations: run.evaluations,
    minima: run.minima.map(({ x, value, count }) => ({ params: flat.fromVector(x), value, count })),
    history: run.history,
    method,
  };
}

const notFinite = "The function is not finite at any point of the first population: change the bounds.";

function messageOf(reason: GlobalResult<unknown>["reason"], run: GlobalRun): string {
  if (reason === "value")
    return `No better point was found for long. Local searches found ${run.minima.length} distinct minima.`;
  return reason === "infeasible" ||
    reason === "acceptable" ||
    reason === "numerical" ||
    reason === "unbounded" ||
    reason === "solved"
    ? `The local search from the best point ended with ${reason}: no point that satisfies the constraints was found.`
    : explanationOf(reason);
}

function* evolution(
  task: GlobalTask,
  run: GlobalRun,
  first: readonly Member[],
): Generator<void, GlobalResult<unknown>["reason"], void> {
  const random = randomSource(task.seed, 1);
  const scale = spreadScale(first);
  let reason: GlobalResult<unknown>["reason"] | undefined;
  for (const members of differentialEvolution(first, task.box, (points) => run.evaluate(points), random)) {
    const { mean, deviation } = statistics(members);
    reason = run.record(bestOf(members, run.tolerance), deviation);
    const isFeasible = members.every(({ violation }) => violation <= Math.max(run.tolerance, nearly));
    const limit = task.rules.valueTolerance * Math.max(Math.abs(mean), scale);
    if (reason === undefined && isFeasible && deviation <= limit) reason = "value";
    if (reason !== undefined) break;
    yield;
  }
  if (reason === "aborted" || !task.polish) return reason!;
  const end = run.polish(run.best!);
  const isSolved = "violation" in end ? end.converged : true;
  return isSolved || reason !== "value" ? reason! : end.reason;
}

/**
 * Differential evolution may end when no point of the population violates the constraints by more than this. The local
 * search then removes the violation.
 */
const nearly = 1e-3;

function* multistart(
  task: GlobalTask,
  run: GlobalRun,
  first: readonly Member[],
): Generator<void, GlobalResult<unknown>["reason"], void> {
  const starts = [...first]
    .filter(({ value }) => value < Infinity)
    .sort((a, b) => (isBetter(a, b, 0) ? -1 : isBetter(b, a, 0) ? 1 : 0))
    .slice(0, task.starts);
  let stopped = run.record(starts[0]!, undefined);
  for (const start of starts) {
    if (stopped !== undefined) return stopped;
    run.polish(start);
    const best = run.minima[0] ?? run.best!;
    stopped = run.record(bestOf([best, run.best!], run.tolerance), undefined);
    yield;
  }
  const isFound = run.minima.some(({ violation }) => violation <= run.tolerance);
  return isFound ? "value" : "infeasible";
}

/**
 * Returns a function that evaluates value and violation at several points in one call. Both are Infinity where one of
 * them is NaN.
 */
function evaluator(task: GlobalTask): (points: readonly Float64Array[]) => readonly Member[] {
  const { operation, f, args, flat, jit, solvers, constraints } = task;
  const cost = bound(f, args);
  const limits = solvers?.violation(operation, constraints, args);
  const own = cost.operands.length;
  const n = flat.start.length;
  const at = (x: Tensor, given: readonly Tensor[]): Tensor => {
    const params = flat.toTree(x);
    const value = requireResult(operation, cost.call(params, given.slice(0, own)), 0);
    return limits === undefined ? stack([value]) : stack([value, limits.violation(params, given.slice(own))]);
  };
  const run = onNumbers((all: Tensor, ...given: Tensor[]) => {
    const points = reshape(all, [all.shape[0]! / n, n]);
    return [reshape(vmap((x: Tensor) => at(x, given))(points), [-1])];
  }, jit);
  const operands = [...cost.operands, ...(limits?.operands ?? [])];
  const width = limits === undefined ? 1 : 2;
  return (points) => {
    const all = new Float64Array(points.length * n);
    points.forEach((point, i) => all.set(point, i * n));
    const found = run([all], operands)[0]!;
    return points.map((x, i) => {
      const [value, violation] = [found[width * i]!, width === 1 ? 0 : found[width * i + 1]!];
      const isKnown = !Number.isNaN(value) && !Number.isNaN(violation);
      return { x, value: isKnown ? value : Infinity, violation: isKnown ? violation : Infinity };
    });
  };
}

function bestOf(members: readonly Member[], tolerance: number): Member {
  return members.reduce((best, member) => (isBetter(member, best, tolerance) ? member : best));
}

function statistics(members: readonly Member[]): { readonly mean: number; readonly deviation: number } {
  const n = members.length;
  const mean = members.reduce((sum, { value }) => sum + value / n, 0);
  const square = members.reduce((sum, { value }) => sum + (value - mean) ** 2 / n, 0);
  return { mean, deviation: Number.isFinite(mean) ? Math.sqrt(square) : Infinity };
}

/** Distance of the median of the finite values from the best one. */
function spreadScale(members: readonly Member[]): number {
  const values = members
    .map(({ value }) => value)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  return values[values.length >> 1]! - values[0]!;
}

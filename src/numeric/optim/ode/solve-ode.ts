import { astype, greater, mul, stopGradient, sub } from "../../array/elementwise.ts";
import { all } from "../../array/reduce.ts";
import { tensor } from "../../array/create.ts";
import { at } from "../../array/at.ts";
import { broadcastTo, concatenate, ravel, reshape, stack } from "../../array/shape.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { checkFlag, checkOptions } from "../../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { isFloating } from "../../../engine/ir/types.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { isStaging } from "../../../engine/trace/index.ts";
import { requireFunction } from "../../../engine/transforms/arguments.ts";
import type { Like, LikeAll } from "../../../engine/tree/index.ts";
import { flatten, leafPaths, matchLeaves } from "../../../engine/tree/index.ts";
import { sameShape, sizeOf } from "../../../engine/util/shape.ts";
import { type ClosedFunction, closed } from "../implicit/closed.ts";
import { flatStart, type FlatVector } from "../implicit/vector.ts";
import { readArgs } from "../minimize/problem.ts";
import { finish, finishSoon } from "../minimize/stop.ts";
import { count, fixed, oneOf, type OptionSpec, readOptions } from "../options.ts";
import { type CompiledOde, compiledOde, type OdeData } from "./compiled.ts";
import { tracedValues } from "./differentiate.ts";
import { drive, type EventRule, type OdeOutcome, type OdeReason, type OdeRun, type OdeStats, type OdeEnd } from "./drive.ts"; // prettier-ignore
import { consistentStart, readMass } from "./mass.ts";
import { solveOdeMethod, type SolveOdeMethodName, solveOdeMethodNames } from "./solve-methods.ts";
import { withSparseStages } from "./sparse/sparse-steps.ts";
import type { OdeAdjoint } from "./repeat.ts";
import { once, recordedValues, type SolutionValues, timeAt } from "./solution.ts";

/**
 * An event of `solveOde`: a zero of a function along the solution. Several events may happen at the time of a stop or
 * reset. They happen in the order of the list, each with the result of the resets before it.
 */
export interface OdeEvent<P = unknown, A extends readonly unknown[] = readonly unknown[]> {
  /**
   * Function whose sign changes are the events. Returns a floating scalar. It and its derivative along the solution are
   * evaluated at five points of each step. Two crossings between two points are found too, unless the function has
   * several extrema there. A zero at the last time is an event, also if rounding moves it beyond; a zero at the first
   * time is not.
   */
  readonly when: (y: P, t: Tensor, ...args: A) => Tensor;
  /**
   * 1: only changes from negative to positive `when`, in the direction of the integration. −1: only changes from
   * positive to negative. Default 0: both, and points where `when` only touches 0, up to rounding.
   */
  readonly direction?: -1 | 0 | 1;
  /** True to end the integration at the event. Default false. */
  readonly stop?: boolean;
  /** Returns the solution right after the event, given the solution right before it. Default: no change. */
  readonly reset?: (y: P, t: Tensor, ...args: A) => Like<P>;
}

/** Argument of the callback, describing the state after an accepted step. */
export interface OdeProgress<P> {
  /** Number of accepted steps. */
  readonly step: number;
  readonly t: number;
  /** Proposed length of the next step. */
  readonly h: number;
  readonly y: P;
  /** Fraction of the time span that has passed, from 0 to 1. */
  readonly fraction: number;
}

/** Options of `solveOde`. */
export interface SolveOdeOptions<P = unknown, A extends readonly unknown[] = []> {
  /** Further arguments of the function after y and t, and of the functions of events. Default: none. */
  readonly args?: LikeAll<A>;
  /**
   * `"dopri5"` and `"tsit5"` are explicit pairs of order 5. `"rosenbrock"` (Rodas5P) and `"radau"` (Radau IIA), both of
   * order 5, are for stiff equations. Their cost per step grows with the cube of the number of elements of y, except
   * for sparse Jacobians of 50 elements or more. `"bdf"` (variable order 1 to 5) needs fewer evaluations per step; its
   * derivatives are those of `"radau"` on its steps. `"taylor"` (Taylor series of order 5 to 22, by `rtol`) is
   * for smooth equations at tight tolerances. `"auto"` starts with `dopri5`. It changes to `rosenbrock` (above 20
   * elements to `radau`) when the equation becomes stiff, and
   * back when it no longer is. Default `"auto"`.
   */
  readonly method?: SolveOdeMethodName | "auto";
  /** Relative tolerance: the error of a step may be `atol + rtol·|y|` per element. Above 0. Default 1e-6. */
  readonly rtol?: number;
  /** Absolute tolerance: a number, or a tree like y with a number or array per leaf. Above 0. Default 1e-9. */
  readonly atol?: number | Like<P>;
  /**
   * Times at which to return the solution, in the order of the integration. Times after an early end are omitted.
   * Default: the ends of all steps.
   */
  readonly saveAt?: readonly number[];
  readonly events?: readonly OdeEvent<P, A>[];
  /**
   * Times at which f or one of its derivatives jumps. Steps end exactly there. Before and after a break, f is only
   * evaluated at times of that side.
   */
  readonly breaks?: readonly number[];
  /**
   * Constant mass matrix M of `M dy/dt = f(y, t)`, with one row per element of y in the order of the tree. Only for
   * implicit methods, which `auto` then uses throughout. Rows of zeros are algebraic equations: a
   * differential-algebraic system of index 1. Components with columns of zeros are algebraic; their values at the start
   * are solved for. Default: the identity.
   */
  readonly mass?: TensorLike;
  /** Maximum number of attempted steps, 1 or more. Default 100,000. */
  readonly maxSteps?: number;
  /**
   * Reverse mode (`grad`, `vjp`, `jacrev`):
   *
   * - `"discrete"`: exact derivatives of the steps that were taken.
   * - `"continuous"`: solves the adjoint differential equation backward, on the same steps. Its error is that of the
   *   tolerances if the equations are not stiff. In stiff equations the adjoint changes fast where the solution does not,
   *   and the long steps miss it: sensitivities of Robertson's problem are wrong by 20 % and more.
   * - `"forward"`: forward mode, once per element of y and of the data, which stores no states. For few elements.
   *
   * Default `"discrete"`.
   */
  readonly adjoint?: OdeAdjoint;
  /**
   * Maximum number of states that reverse mode stores at the same time, 1 or more. Others are recomputed: with the default of
   * 64, at most 3 times each up to 47,000 steps, and 5 times up to 10 million. Values at many times take memory for the
   * dense output of all steps; so does `y` without `saveAt`.
   */
  readonly checkpoints?: number;
  /** Aborts the integration. The result is then the solution so far. */
  readonly signal?: AbortSignal;
  /** Called after each accepted step; returns true to stop. */
  readonly callback?: (progress: OdeProgress<P>) => boolean | void;
}

/** An event that happened, in an `OdeSolution`. */
export interface OdeEventRecord<P> {
  /** Index of the event in the option `events`. */
  readonly index: number;
  readonly t: Tensor;
  /** Solution right before the event. */
  readonly y: P;
  /** Solution right after the event; equals `y` without `reset`. */
  readonly after: P;
}

/** Result of `solveOde`. */
export interface OdeSolution<P> {
  /**
   * Times of `y`. With `saveAt`, the times in it that were reached. Otherwise the start, the ends of all steps, and
   * events that stop or reset; the time of a reset appears twice.
   */
  readonly t: Tensor;
  /** Solution at the times `t`, with a leading time axis. */
  readonly y: P;
  /**
   * Evaluates the solution at a time, or at each time of a vector, by the dense output of the method. At a reset, it is
   * the solution after it.
   */
  readonly at: (t: TensorLike) => P;
  /** Events in the order of the integration. */
  readonly events: readonly OdeEventRecord<P>[];
  readonly reason: OdeReason;
  /** True if the integration reached the last time, or an event stopped it. */
  readonly converged: boolean;
  /** Explanation of the reason in words. */
  readonly message: string;
  readonly stats: OdeStats;
}

/**
 * Solves `dy/dt = f(y, t, ...args)` with `y = y0` at `t0`, from `t0` to `t1`, with adaptive steps. Returns an object: the
 * solution with dense output, events, statistics and the reason of the end. `t1` may be before `t0`. Computes in float64.
 *
 * An integration that fails returns the solution up to there.
 *
 * `grad` and `jvp` differentiate all values of the result in `y0`, the times `t0` and `t1`, `args`, and values that the functions
 * capture, to any order. They repeat the steps that were taken. Times of events move with the data, and the solution after them does
 * too (the saltation matrix). Inside `jit` and `vmap`, use `odeint`.
 *
 * @throws DownhillError `option` and `range` for options and times. `tree` and `shape` for results of functions. `trace`
 * inside compiled functions. `derivative` for an event at which its function does not cross 0 with a slope. `diverged` for
 * algebraic equations without a solution at the start.
 * @see Hairer, Nørsett, Wanner, Solving ordinary differential equations I and II, 2nd edition.
 * @example
 * const ball = (s) => ({ x: s.v, v: -9.81 });
 * const bounce = { when: (s) => s.x, direction: -1, reset: (s) => ({ x: 0, v: mul(-0.8, s.v) }) };
 * const s = solveOde(ball, { x: 1, v: 0 }, [0, 1.5], { events: [bounce] });
 * s.events.map(({ t }) => t.item().toFixed(6)); // ["0.451524", "1.173961"]
 * s.at(1).x.item().toFixed(6); // "0.468004"
 */
export function solveOde(
  f: (y: Tensor, t: Tensor, ...args: Tensor[]) => TensorLike,
  y0: TensorLike,
  span: readonly [t0: TensorLike, t1: TensorLike],
  options?: SolveOdeOptions<Tensor, Tensor[]>,
): OdeSolution<Tensor>;
export function solveOde<P, A extends readonly unknown[] = []>(
  f: (y: P, t: Tensor, ...args: A) => Like<NoInfer<P>>,
  y0: Like<NoInfer<P>>,
  span: readonly [t0: TensorLike, t1: TensorLike],
  options?: SolveOdeOptions<NoInfer<P>, A>,
): OdeSolution<P>;
export function solveOde(
  f: (...given: never[]) => unknown,
  y0: unknown,
  span: readonly [TensorLike, TensorLike],
  options: object = {},
): OdeSolution<never> {
  if (arguments.length > 4) refuseExtra("solveOde", arguments, 4);
  const { run, report } = prepare("solveOde", f, y0, span, options);
  return report(finish(drive(run)));
}

/**
 * Asynchronous `solveOde`: it yields to other tasks of the page or server, and a signal can abort it at any time.
 *
 * @throws DownhillError as `solveOde`, as a rejection of the promise.
 * @example
 * const { reason } = await solveOdeAsync((y) => neg(y), 1, [0, 5], { signal: AbortSignal.timeout(60_000) });
 * reason; // "end"
 */
export async function solveOdeAsync(
  f: (y: Tensor, t: Tensor, ...args: Tensor[]) => TensorLike,
  y0: TensorLike,
  span: readonly [t0: TensorLike, t1: TensorLike],
  options?: SolveOdeOptions<Tensor, Tensor[]>,
): Promise<OdeSolution<Tensor>>;
export async function solveOdeAsync<P, A extends readonly unknown[] = []>(
  f: (y: P, t: Tensor, ...args: A) => Like<NoInfer<P>>,
  y0: Like<NoInfer<P>>,
  span: readonly [t0: TensorLike, t1: TensorLike],
  options?: SolveOdeOptions<NoInfer<P>, A>,
): Promise<OdeSolution<P>>;
export async function solveOdeAsync(
  f: (...given: never[]) => unknown,
  y0: unknown,
  span: readonly [TensorLike, TensorLike],
  options: object = {},
): Promise<OdeSolution<never>> {
  if (arguments.length > 4) refuseExtra("solveOdeAsync", arguments, 4);
  const { run, report } = prepare("solveOdeAsync", f, y0, span, options);
  return report(await finishSoon(drive(run)));
}

/**
 * Maximum number of elements of y for which `auto` uses `rosenbrock`, which needs a Jacobian in every step. Above it,
 * `auto` uses `radau`.
 */
const mostForRosenbrock = 20;

/** Integration that is ready to run, and the conversion of its outcome to a result. */
interface PreparedOde {
  readonly run: OdeRun;
  readonly report: (outcome: OdeOutcome) => OdeSolution<never>;
}

type AnySolveOptions = SolveOdeOptions<never, readonly unknown[]>;

function prepare(
  operation: string,
  f: (...given: never[]) => unknown,
  y0: unknown,
  span: readonly [TensorLike, TensorLike],
  options: AnySolveOptions,
): PreparedOde {
  requireFunction(operation, f, `${operation}((y, t) => …, y0, [t0, t1])`);
  const settings = readSettings(operation, options);
  const ends = readSpan(operation, span);
  const [t0, t1] = ends.map((t) => stopGradient(t).item()) as [number, number];
  const flat = flatStart(operation, y0);
  const { vector, toTree, fromTree } = flat;
  const traceOf = (g: (y: Tensor, t: Tensor, own: readonly unknown[]) => Tensor): ClosedFunction =>
    closed(operation, [vector, tensor(t0)], settings.args, ([y, t], own) => g(y!, t!, own));
  const call = (g: (...given: never[]) => unknown, y: Tensor, t: Tensor, own: readonly unknown[]): unknown =>
    g(...([toTree(y), t, ...own] as never[]));
  const slope = traceOf((y, t, own) => fromTree(call(f, y, t, own), "the result of the function"));
  const events = readEvents(operation, settings.events);
  const values =
    events.length === 0
      ? undefined
      : traceOf((y, t, own) => stack(events.map(({ when }, i) => eventValue(operation, call(when, y, t, own), i)))); // prettier-ignore
  const rules = events.map(({ direction = 0, stop = false, reset }): EventRule => {
    if (reset === undefined) return { direction, stop, reset };
    return { direction, stop, reset: traceOf((y, t, own) => fromTree(call(reset, y, t, own), "the result of reset")) }; // prettier-ignore
  });
  const mass = settings.mass === null ? undefined : readMass(operation, settings.mass, vector.shape[0]!);
  const matrices = mass === undefined ? [] : [mass.matrix];
  const data: OdeData = { slope: slope.data, events: values?.data ?? [], mass: matrices };
  const given = [vector, ...data.slope, ...data.events, ...rules.flatMap(({ reset }) => reset?.data ?? [])];
  const isTraced = [...given, ...ends].some((x) => x.tracer !== undefined);
  requireNumbers(operation, given);
  const direction = t1 < t0 ? -1 : 1;
  const elapsedEnds = ends.map((t) => (t.tracer === undefined ? direction * (t.item() - t0) : mul(direction, sub(t, t0)))) as [Tensor | number, Tensor | number]; // prettier-ignore
  const { callback } = settings;
  const functions = { slope, events: values };
  const n = vector.shape[0]!;
  const stiffMethod = n <= mostForRosenbrock ? "rosenbrock" : "radau";
  const isAuto = settings.method === "auto" && mass === undefined;
  const method = settings.method !== "auto" ? settings.method : isAuto ? "dopri5" : stiffMethod;
  if (mass !== undefined && solveOdeMethod(method, settings.rtol).isExplicit)
    throw new DownhillError(
      "option",
      `${operation}: ${method} does not support mass. Use method: "radau", "rosenbrock" or "bdf".`,
    );
  const start = mass === undefined ? vector : consistentStart(operation, mass, slope, vector, ends[0]);
  const codeOf = (name: SolveOdeMethodName): CompiledOde =>
    withSparseStages(compiledOde(functions, solveOdeMethod(name, settings.rtol), n), functions, name, n);
  const run: OdeRun = {
    code: codeOf(method),
    stiffCode: isAuto ? () => codeOf(stiffMethod) : undefined,
    data: { slope: data.slope.map(stopGradient), events: data.events.map(stopGradient), mass: matrices },
    env: {
      origin: t0,
      direction,
      low: -Infinity,
      high: Infinity,
      rtol: settings.rtol,
      atol: stopGradient(readTolerance(operation, settings.atol, flat)),
      maxSteps: settings.maxSteps,
      short: 1e-9 * Math.abs(t1 - t0),
    },
    y0: stopGradient(start),
    keepsDense: !isTraced,
    end: Math.abs(t1 - t0),
    breaks: readBreaks(operation, settings.breaks, t0, t1),
    events: rules,
    signal: settings.signal ?? undefined,
    watch:
      callback === null
        ? undefined
        : ({ t, h, steps, y }) =>
            callback({
              step: steps,
              t: t0 + direction * t,
              h,
              y: toTree(y) as never,
              fraction: t / Math.abs(t1 - t0),
            }) === true,
  };
  const report = (outcome: OdeOutcome): OdeSolution<never> => {
    const found = isTraced
      ? tracedValues({ operation, run, functions, data, y0: start, span: elapsedEnds, adjoint: settings.adjoint, checkpoints: settings.checkpoints }, outcome) // prettier-ignore
      : recordedValues(run.code.method.along, outcome);
    return resultOf(operation, flat, [t0, t1], settings.saveAt, outcome, found);
  };
  return { run, report };
}

/** Converts the outcome of an integration to a result. */
function resultOf(
  operation: string,
  { vector, toTree }: FlatVector,
  [t0, t1]: readonly [number, number],
  saveAt: readonly number[] | null,
  { times, events, end, stats }: OdeOutcome,
  found: SolutionValues,
): OdeSolution<never> {
  const direction = t1 < t0 ? -1 : 1;
  const last = times.at(-1)!;
  const lastTime = last === Math.abs(t1 - t0) ? t1 : t0 + direction * last;
  const inside = (t: number): boolean => direction * (t - t0) >= 0 && direction * (lastTime - t) >= 0;
  const valuesAt = (t: Tensor): Tensor => {
    const known = Array.from(stopGradient(t).data(), (time) => Math.min(direction * (time - t0), last));
    return found.at(mul(direction, sub(t, t0)), known);
  };
  const solution = (t: TensorLike): unknown => {
    const asked = astype(asTensor(t, `${operation}: at`), "float64");
    if (asked.ndim > 1)
      throw new DownhillError("shape", `at: takes a time or a vector of times, got ${showType(asked.type)}.`);
    requireNumbers("at", [asked]);
    const odd = [...stopGradient(asked).data()].find((time) => !inside(time));
    if (odd !== undefined)
      throw new DownhillError(
        "range",
        `at: the solution is known from ${t0} to ${lastTime}, but ${odd} is outside.`,
      );
    const values = valuesAt(reshape(asked, [sizeOf(asked.shape)]));
    return toTree(asked.ndim === 0 ? at(values, 0) : values);
  };
  const timeOf = (elapsed: Tensor): Tensor => timeAt(t0, direction, elapsed);
  const exact = times.map((t) => (t === Math.abs(t1 - t0) ? t1 : t0 + direction * t));
  const saved = saveAt === null ? undefined : tensor(readSaveAt(operation, saveAt, t0, t1).filter(inside));
  // computed when they are read, because derivatives of all steps take memory for all steps
  const points = once(() => found.points());
  const savedTimes = once((): Tensor => {
    if (saved !== undefined) return saved;
    const { times: elapsed } = points();
    return elapsed.tracer === undefined ? tensor(exact) : timeOf(elapsed);
  });
  const savedValues = once(() => toTree(saved === undefined ? points().points : valuesAt(saved)) as object);
  const happened = once(() =>
    found.events().map(({ t, before, after }, i) => ({
      index: events[i]!.index,
      t: timeOf(t),
      y: toTree(before) as never,
      after: toTree(after) as never,
    })),
  );
  return {
    get t() {
      return savedTimes();
    },
    get y() {
      return savedValues() as never;
    },
    at: solution as never,
    get events() {
      return happened();
    },
    reason: end.reason,
    converged: end.reason === "end" || end.reason === "event",
    message: explainEnd(end, lastTime, stopGradient(vector), toTree),
    stats,
  };
}

function explainEnd(
  { reason, event, odd, accumulates }: OdeEnd,
  t: number,
  vector: Tensor,
  toTree: (x: Tensor) => unknown,
): string {
  switch (reason) {
    case "end":
      return "The last time was reached.";
    case "event":
      return `Event ${event} stopped the integration at t = ${t}.`;
    case "maxSteps":
      return `The maximum number of steps was reached at t = ${t}. Increase maxSteps; for stiff equations use method: "radau".`;
    case "stepSize":
      return accumulates === true
        ? `Events with resets accumulate at t = ${t}, so that time does not advance.`
        : `The step became too short at t = ${t}: the tolerances cannot be met there, or derivatives of the right-hand side are not finite. Increase rtol or atol, or give discontinuities as breaks.`;
    case "nan":
      return `The right-hand side is ${odd!.value} in ${elementName(odd!.element, vector, toTree)} at t = ${odd!.t}.`;
    case "explosion":
      return `The solution grows without bound near t = ${t}.`;
    case "singular":
      return `The matrix of the stage equations is singular at t = ${t}.`;
    case "callback":
      return "The callback returned true.";
    case "aborted":
      return "The signal was aborted.";
  }
}

/** Name of element `index` of the flat vector, such as `y.x[2]`. */
function elementName(index: number, vector: Tensor, toTree: (x: Tensor) => unknown): string {
  const { leaves, def } = flatten(toTree(vector), "solveOde");
  const paths = leafPaths(def, "y");
  let rest = index;
  for (const [i, leaf] of leaves.entries()) {
    const { shape } = leaf as Tensor;
    const size = sizeOf(shape);
    if (rest >= size) {
      rest -= size;
      continue;
    }
    const places = shape.map((m, axis) => Math.floor(rest / sizeOf(shape.slice(axis + 1))) % m);
    return `component ${paths[i]!}${places.length === 0 ? "" : `[${places.join(", ")}]`}`;
  }
  return `component ${index}`;
}

/** Options of `solveOde` with defaults filled in. */
type OdeSettings = Required<Omit<AnySolveOptions, "saveAt" | "signal" | "callback" | "mass">> & {
  readonly mass: TensorLike | null;
  readonly saveAt: readonly number[] | null;
  readonly signal: AbortSignal | null;
  readonly callback: ((progress: OdeProgress<never>) => boolean | void) | null;
};

function readSettings(operation: string, options: AnySolveOptions): OdeSettings {
  const anything: OptionSpec<never>["check"] = () => undefined;
  const list =
    (what: string): OptionSpec<never>["check"] =>
    (name, option, value) => {
      if (Array.isArray(value)) return;
      throw new DownhillError("option", `${name}: ${option} must be a list of ${what}, got ${typeof value}.`);
    };
  return readOptions<OdeSettings>(operation, options as OdeSettings, {
    args: { initial: [], check: (name, _, value) => void readArgs(name, value) },
    method: oneOf("auto", ["auto", ...solveOdeMethodNames]),
    rtol: fixed(1e-6, { from: 0, above: true }),
    atol: { initial: 1e-9, check: anything },
    saveAt: { initial: null, check: list("times") },
    events: { initial: [], check: list("events") },
    breaks: { initial: [], check: list("times") },
    mass: { initial: null, check: anything },
    maxSteps: count(100_000, { from: 1 }),
    adjoint: oneOf("discrete", ["discrete", "continuous", "forward"]),
    checkpoints: count(64, { from: 1 }),
    signal: {
      initial: null,
      check(name, _, value) {
        if (value instanceof AbortSignal) return;
        throw new DownhillError(
          "option",
          `${name}: signal must be an AbortSignal, as of an AbortController.`,
        );
      },
    },
    callback: {
      initial: null,
      check: (name, _, value) => requireFunction(name, value, `${name}(…, { callback: ({ t }) => … })`),
    },
  });
}

function readSpan(operation: string, span: readonly [TensorLike, TensorLike]): readonly [Tensor, Tensor] {
  if (Array.isArray(span) && span.length === 2) {
    const [first, last] = span.map((t) => mul(1, asTensor(t, operation))) as [Tensor, Tensor];
    const isScalar = first.ndim === 0 && last.ndim === 0;
    if (isScalar) requireNumbers(operation, [first, last]);
    if (isScalar && [first, last].every((t) => Number.isFinite(stopGradient(t).item())))
      return [astype(first, "float64"), astype(last, "float64")];
  }
  throw new DownhillError(
    "range",
    `${operation}: the time span must be a list of two finite numbers, the first and the last time, as in [0, 10].`,
  );
}

/** Elapsed times of the breaks strictly within the time span, ascending and without repetitions. */
function readBreaks(operation: string, breaks: readonly number[], t0: number, t1: number): readonly number[] {
  const odd = breaks.find((t) => !Number.isFinite(t));
  if (odd !== undefined)
    throw new DownhillError("range", `${operation}: breaks must be finite times, got ${String(odd)}.`);
  const [end, direction] = [Math.abs(t1 - t0), t1 < t0 ? -1 : 1];
  const elapsed = breaks.map((t) => direction * (t - t0)).filter((t) => t > 0 && t < end);
  return [...new Set(elapsed)].sort((a, b) => a - b);
}

function readSaveAt(operation: string, saveAt: readonly number[], t0: number, t1: number): readonly number[] {
  const direction = t1 < t0 ? -1 : 1;
  const odd = saveAt.find(
    (t, i) => !(direction * (t - (i === 0 ? t0 : saveAt[i - 1]!)) >= 0 && direction * (t1 - t) >= 0),
  );
  if (odd === undefined) return saveAt;
  throw new DownhillError(
    "range",
    `${operation}: the times of saveAt must be within ${t0} to ${t1} and in that order; ${String(odd)} is not.`,
  );
}

/** Absolute tolerance as a scalar, or as a vector with one element per element of y. */
function readTolerance(operation: string, atol: unknown, { vector, toTree }: FlatVector): Tensor {
  const { leaves, def } = flatten(toTree(vector), operation);
  const parts =
    typeof atol === "number"
      ? [atol]
      : matchLeaves(operation, def, atol, "atol").map((leaf, i) => {
          const x = astype(asTensor(leaf, operation), "float64");
          const { shape } = leaves[i] as Tensor;
          if (x.ndim === 0 || sameShape(x.shape, shape)) return ravel(broadcastTo(x, shape));
          throw new DownhillError(
            "shape",
            `${operation}: atol is ${showType(x.type)} where y0 has shape [${shape.join(", ")}]. Give a number or the same shape.`,
          );
        });
  const tolerance = typeof atol === "number" ? tensor(atol) : concatenate(parts);
  if (tolerance.tracer !== undefined || all(greater(tolerance, 0)).item()) return tolerance;
  throw new DownhillError("range", `${operation}: atol must be above 0.`);
}

function readEvents(
  operation: string,
  events: AnySolveOptions["events"] & object,
): readonly OdeEvent<never>[] {
  for (const [i, event] of events.entries()) {
    const name = `${operation}: events[${i}]`;
    checkOptions(name, event, ["when", "direction", "stop", "reset"]);
    requireFunction(name, event.when, "{ when: (y, t) => … }");
    if (event.reset !== undefined) requireFunction(name, event.reset, "{ when, reset: (y, t) => … }");
    if (event.stop !== undefined) checkFlag(name, "stop", event.stop);
    if (event.direction === undefined || [-1, 0, 1].includes(event.direction)) continue;
    throw new DownhillError(
      "option",
      `${name}: direction must be -1, 0 or 1, got ${String(event.direction)}.`,
    );
  }
  return events;
}

function eventValue(operation: string, value: unknown, index: number): Tensor {
  const x = asTensor(value, operation);
  if (sizeOf(x.shape) === 1 && isFloating(x.dtype)) return astype(reshape(x, []), "float64");
  throw new DownhillError(
    "shape",
    `${operation}: events[${index}].when must return a floating scalar, got ${showType(x.type)}.`,
  );
}

/** Refuses tensors whose values are unknown, because they are traced by a compiled function or are batched. */
function requireNumbers(operation: string, data: readonly Tensor[]): void {
  if (!isStaging() && data.every((x) => stopGradient(x).tracer === undefined)) return;
  throw new DownhillError(
    "trace",
    `${operation}: chooses its steps by values, so it does not run inside jit, vmap and other compiled functions. Use odeint there.`,
  );
}

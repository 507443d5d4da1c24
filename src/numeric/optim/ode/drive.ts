import { stopGradient } from "../../array/elementwise.ts";
import { tensor } from "../../array/create.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import type { ClosedFunction } from "../implicit/closed.ts";
import { floats } from "./solution.ts";
import type { CompiledOde, OdeData, OdeEnvironment, StepStatus } from "./compiled.ts";
import { samples, statusOf } from "./compiled.ts";
import type { IntegrationState } from "./integrate.ts";

/**
 * Reason why an integration ended:
 * - `end`: the last time was reached.
 * - `event`: an event with `stop` happened.
 * - `maxSteps`: the maximum number of steps was attempted.
 * - `stepSize`: the step became too short for the tolerances.
 * - `nan`: the right-hand side is NaN or infinite.
 * - `explosion`: the solution grows without bound in finite time.
 * - `singular`: the matrix of the stage equations is singular.
 * - `callback`: the callback returned true.
 * - `aborted`: by the signal.
 */
export type OdeReason =
  "end" | "event" | "maxSteps" | "stepSize" | "nan" | "explosion" | "singular" | "callback" | "aborted";

/** Counts of an integration. */
export interface OdeStats {
  /** Accepted steps, and rejected attempts. */
  readonly steps: number;
  readonly rejections: number;
  /** Evaluations of the right-hand side, except for those of Jacobians. */
  readonly evaluations: number;
  readonly jacobians: number;
  readonly factorisations: number;
  /** Changes between an explicit and an implicit method, for `method: "auto"`. */
  readonly switches: number;
}

/** An event function's direction and action. */
export interface EventRule {
  readonly direction: -1 | 0 | 1;
  readonly stop: boolean;
  /** Solution after the event, from the solution before and further arguments; `undefined` for no change. */
  readonly reset: ClosedFunction | undefined;
}

/** A part of the solution on which one polynomial holds. */
export interface SolutionPiece {
  /** Elapsed times of its ends; the polynomial belongs to `from` to `from + length`. */
  readonly from: number;
  readonly end: number;
  readonly length: number;
  readonly coefficients: Float64Array;
}

/** An event that happened. */
export interface EventRecord {
  readonly index: number;
  readonly t: number;
  readonly before: Float64Array;
  readonly after: Float64Array | undefined;
  /** Index of its piece, and the fraction of the step of that piece. */
  readonly piece: number;
  readonly part: number;
  /** Size of the slope of the event function at the event times the length of the step, and its largest value in the step. */
  readonly change: number;
  readonly size: number;
}

/** Pieces between two starts of the integration. */
export interface SolutionSegment {
  /** Index of its first piece, and the elapsed time up to which it was to run. */
  readonly first: number;
  readonly limit: number;
  readonly env: OdeEnvironment;
  /** Code of the method. */
  readonly code: CompiledOde;
}

/** Progress of an integration, in elapsed time. */
export interface DriveProgress {
  readonly t: number;
  readonly h: number;
  readonly steps: number;
  readonly y: Tensor;
}

/** Input of one integration. */
export interface OdeRun {
  readonly code: CompiledOde;
  /** Code of an implicit method to use while the equation is stiff; `undefined` to never switch. */
  readonly stiffCode: (() => CompiledOde) | undefined;
  readonly data: OdeData;
  readonly env: OdeEnvironment;
  readonly y0: Tensor;
  /** Elapsed time of the end, and elapsed times of breaks in between, in order. */
  readonly end: number;
  readonly breaks: readonly number[];
  readonly events: readonly EventRule[];
  readonly signal: AbortSignal | undefined;
  /** Called after each accepted step; returns true to stop. */
  readonly watch: ((progress: DriveProgress) => boolean) | undefined;
}

/** Outcome of an integration. */
export interface OdeOutcome {
  readonly pieces: readonly SolutionPiece[];
  /** Points of the solution: the start, the ends of steps, and both sides of resets. Elapsed times. */
  readonly times: readonly number[];
  readonly points: readonly Float64Array[];
  readonly events: readonly EventRecord[];
  readonly segments: readonly SolutionSegment[];
  readonly end: OdeEnd;
  readonly stats: OdeStats;
}

/** Mutable record of a run. */
interface OdeTrail {
  readonly pieces: SolutionPiece[];
  readonly times: number[];
  readonly points: Float64Array[];
  readonly events: EventRecord[];
  readonly segments: SolutionSegment[];
  steps: number;
  attempts: number;
  evaluations: number;
  jacobians: number;
  factorisations: number;
  switches: number;
}

/** End of a run. */
export interface OdeEnd {
  readonly reason: OdeReason;
  /** Index of the event, for `event`. */
  readonly event?: number;
  /** The value of the right-hand side that is not finite, for `nan`. */
  readonly odd?: OddValue;
  /** True if events with resets accumulate, for `stepSize`. */
  readonly accumulates?: boolean;
}

/** An element of the right-hand side that is not finite, and its time. */
export interface OddValue {
  readonly element: number;
  readonly value: number;
  readonly t: number;
}

/** Point at which the integration starts again. */
interface Restart {
  readonly t: number;
  readonly y: Tensor;
  /** Signs of the event functions. */
  readonly signs: number[];
  /** True to change to the other kind of method. */
  readonly isSwitch?: boolean;
}

/** Runs an integration. Yields after every step, so that a caller can let other work run. */
export function* drive(run: OdeRun): Generator<void, OdeOutcome, void> {
  const trail: OdeTrail = {
    pieces: [],
    times: [0],
    points: [floats(run.y0)],
    events: [],
    segments: [],
    steps: 0,
    attempts: 0,
    evaluations: 0,
    jacobians: 0,
    factorisations: 0,
    switches: 0,
  };
  let now: Restart = { t: 0, y: run.y0, signs: signsAt(run, run.y0, 0) };
  const limits = [...run.breaks, run.end];
  for (;;) {
    const limit = limits.find((t) => t > now.t);
    if (limit === undefined) return outcome(trail, { reason: "end" });
    const env = { ...run.env, ...clipped(run, now.t, limit) };
    if (now.isSwitch === true) trail.switches++;
    const isStiff = trail.switches % 2 === 1;
    const code = isStiff ? run.stiffCode!() : run.code;
    trail.segments.push({ first: trail.pieces.length, limit, env, code });
    const watch = run.stiffCode === undefined ? undefined : switchRule(isStiff, trail.switches);
    const next = yield* segment({ ...run, env, code }, trail, now, limit, watch);
    if ("reason" in next) return outcome(trail, next);
    now = next;
  }
}

/** Decides after each step whether to change to the other kind of method. */
type SwitchRule = (state: IntegrationState, status: StepStatus) => boolean;

/** Bound of the stability region of the explicit pairs on the negative real axis. */
const stable = 3.25;

/**
 * An explicit method is left after 15 steps at the border of its stability region that are not interrupted by 6 steps
 * within it (Hairer and Wanner). An implicit method is left after 20 steps that are so short that an explicit one would
 * be stable; the number doubles with each change back.
 */
function switchRule(isStiff: boolean, switches: number): SwitchRule {
  let [unstable, calm] = [0, 0];
  if (!isStiff)
    return (_, { stiffness }) => {
      calm = stiffness > stable ? 0 : calm + 1;
      unstable = stiffness > stable ? unstable + 1 : calm >= 6 ? 0 : unstable;
      return unstable >= 15;
    };
  const needed = 20 * 2 ** Math.min(10, (switches - 1) / 2);
  return ({ memory, y }, { h }) => {
    calm = h * largestEigenvalue(memory["jacobian"]!.data(), y.shape[0]!) < 1 ? calm + 1 : 0;
    return calm >= needed;
  };
}

/** Upper bound of the absolute eigenvalues of a matrix: the smaller one of its largest row and column sums. */
function largestEigenvalue(matrix: ArrayLike<number>, n: number): number {
  const [rows, columns] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const size = Math.abs(matrix[i * n + j]!);
      rows[i]! += size;
      columns[j]! += size;
    }
  return Math.min(Math.max(...rows), Math.max(...columns));
}

/** Range of times for f between two limits: it excludes breaks, at which f has one value for both sides. */
function clipped(
  { env: { origin, direction }, breaks }: OdeRun,
  from: number,
  to: number,
): Pick<OdeEnvironment, "low" | "high"> {
  const time = (elapsed: number): number => origin + direction * elapsed;
  const inner = (elapsed: number, toward: number): number =>
    breaks.includes(elapsed) ? adjacent(time(elapsed), toward * direction) : -toward * direction * Infinity;
  const [first, last] = [inner(from, 1), inner(to, -1)];
  return direction > 0 ? { low: first, high: last } : { low: last, high: first };
}

/** The next float64 above (`toward` > 0) or below x. */
function adjacent(x: number, toward: number): number {
  if (x === 0) return toward > 0 ? Number.MIN_VALUE : -Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(x).buffer);
  bits[0] = bits[0]! + (x > 0 === toward > 0 ? 1n : -1n);
  return new Float64Array(bits.buffer)[0]!;
}

function outcome(trail: OdeTrail, end: OdeEnd): OdeOutcome {
  const { steps, attempts, evaluations, jacobians, factorisations, switches } = trail;
  const rejections = attempts - steps;
  const stats = { steps, rejections, evaluations, jacobians, factorisations, switches };
  const { pieces, times, points, events, segments } = trail;
  return { pieces, times, points, events, segments, end, stats };
}

function signsAt({ code, env, data, events }: OdeRun, y: Tensor, t: number): number[] {
  return events.length === 0 ? [] : [...code.signs(y, t, env, data).data()];
}

/** Integrates from a point up to `limit`, or to the next reset or end. */
function* segment(
  run: OdeRun,
  trail: OdeTrail,
  start: Restart,
  limit: number,
  isTime: SwitchRule | undefined,
): Generator<void, OdeEnd | Restart, void> {
  const { code, env, data, signal } = run;
  const odd = oddValue(run, start.y, start.t);
  if (odd !== undefined) return { reason: "nan", odd };
  let state = code.begin(start.y, start.t, limit - start.t, env, data);
  trail.evaluations += 2;
  const { signs } = start;
  const before = trail.attempts;
  for (;;) {
    if (signal?.aborted === true) return { reason: "aborted" };
    const step = code.step(state, limit, { ...env, maxSteps: env.maxSteps - before }, data);
    state = step.state;
    const status = statusOf(step.status);
    trail.attempts = before + status.tried;
    trail.evaluations += status.evaluations;
    trail.jacobians += status.jacobians;
    trail.factorisations += status.factorisations;
    if (!status.isTaken) return lossOf(run, state, status);
    trail.steps++;
    const coefficients = floats(state.coefficients);
    const events = run.events.length === 0 ? undefined : step.events.data();
    const stop = happenings(
      run,
      trail,
      { status, polynomial: state.coefficients, coefficients, events },
      signs,
    );
    if (stop !== undefined) return stop;
    trail.pieces.push({ from: status.from, end: status.t, length: status.length, coefficients });
    trail.times.push(status.t);
    trail.points.push(floats(state.y));
    if (run.watch?.({ t: status.t, h: status.h, steps: trail.steps, y: state.y }) === true)
      return { reason: "callback" };
    if (status.t >= limit) return { t: limit, y: state.y, signs };
    if (isTime?.(state, status) === true) return { t: status.t, y: state.y, signs, isSwitch: true };
    yield;
  }
}

/** A step with its event values. */
interface StepEvents {
  readonly status: StepStatus;
  readonly polynomial: Tensor;
  readonly coefficients: Float64Array;
  /** Values at `samples`, one row per sample. */
  readonly events: ArrayLike<number> | undefined;
}

/** Crossing of an event function within a step. */
interface Crossing {
  readonly index: number;
  readonly part: number;
  readonly y: Tensor;
}

/**
 * Records the events of a step in the order of time, up to the first that stops or resets the solution. `signs` holds
 * the signs before the step and receives those after it.
 */
function happenings(
  run: OdeRun,
  trail: OdeTrail,
  step: StepEvents,
  signs: number[],
): OdeEnd | Restart | undefined {
  if (step.events === undefined) return undefined;
  const { status, coefficients } = step;
  for (const { index, part, y } of crossings(run, step, signs)) {
    const { stop, reset } = run.events[index]!;
    const t = part === 1 ? status.t : status.from + part * status.length;
    const before = floats(y);
    const time = tensor(run.env.origin + run.env.direction * t);
    const after = reset?.call([y, time], reset.data.map(stopGradient));
    const trend = run.code.trends(y, t, run.env, run.data).data()[index]!;
    const values = samples.map((_, row) => Math.abs(step.events![row * run.events.length + index]!));
    trail.events.push({
      index,
      t,
      before,
      after: after && floats(after),
      piece: trail.pieces.length,
      part,
      change: Math.abs(trend) * status.length,
      size: Math.max(...values),
    });
    if (!stop && after === undefined) continue;
    trail.pieces.push({ from: status.from, end: t, length: status.length, coefficients });
    trail.times.push(t);
    trail.points.push(before);
    if (after !== undefined) {
      trail.times.push(t);
      trail.points.push(floats(after));
    }
    if (stop) return { reason: "event", event: index };
    if (isAccumulating(trail.events)) return { reason: "stepSize", accumulates: true };
    return { t, y: after!, signs: signsAfter(run, index, after!, t) };
  }
  return undefined;
}

/** True if the last events with resets are so close together that time does not advance. */
function isAccumulating(events: readonly EventRecord[]): boolean {
  const resets = events.filter(({ after }) => after !== undefined).slice(-8);
  const [first, last] = [resets[0]!.t, resets.at(-1)!.t];
  return resets.length === 8 && last - first <= 64 * Number.EPSILON * Math.abs(last);
}

/** Signs of the event functions after event `index` has reset the solution. Its own value is 0 up to rounding. */
function signsAfter(run: OdeRun, index: number, y: Tensor, t: number): number[] {
  const signs = signsAt(run, y, t);
  const trends = run.code.trends(y, t, run.env, run.data).data();
  signs[index] = Math.sign(trends[index]!);
  return signs;
}

/** Crossings of all event functions within a step, in the order of time. */
function crossings(run: OdeRun, { status, polynomial, events }: StepEvents, signs: number[]): Crossing[] {
  const { code, env, data } = run;
  const found: Crossing[] = [];
  const count = run.events.length;
  for (let index = 0; index < count; index++) {
    const { direction } = run.events[index]!;
    let low = 0;
    samples.forEach((high, row) => {
      const after = Math.sign(events![row * count + index]!);
      const before = signs[index]!;
      if (after === 0 || Number.isNaN(after)) return;
      if (before !== 0 && after !== before && (direction === 0 || direction === after)) {
        const search = { index, from: status.from, length: status.length, low, high, before };
        const { part, y } = code.locate(search, polynomial, env, data);
        found.push({ index, part: part.item(), y });
      }
      signs[index] = after;
      low = high;
    });
  }
  return found.sort((a, b) => a.part - b.part);
}

/** The first element of the right-hand side that is not finite at a point, if there is one. */
function oddValue({ code, env, data }: OdeRun, y: Tensor, t: number): OddValue | undefined {
  const values = code.slope(y, t, env, data).data();
  const element = values.findIndex((value) => !Number.isFinite(value));
  if (element < 0) return undefined;
  return { element, value: values[element]!, t: env.origin + env.direction * t };
}

/** Part of the elapsed time within which a solution that explodes doubles when the steps become too short. */
const explosion = 1e-8;

/** The reason why an integration is lost at a state. */
function lossOf(run: OdeRun, state: IntegrationState, status: StepStatus): OdeEnd {
  if (!status.isLost) return { reason: "maxSteps" };
  const { code, env, data } = run;
  const y = floats(state.y);
  const slope = floats(code.slope(state.y, status.t, env, data));
  const explodes = y.some((yi, i) => yi * slope[i]! > 0 && Math.abs(yi) < explosion * status.t * Math.abs(slope[i]!)); // prettier-ignore
  if (explodes) return { reason: "explosion" };
  if (!Number.isNaN(status.ratio)) return { reason: "stepSize" };
  // looks ahead along the slope for the point at which f is not finite
  for (let h = 16 * Number.EPSILON * Math.max(status.t, 1e-300); h < run.end; h *= 2) {
    const ahead = tensor(Float64Array.from(y, (yi, i) => yi + h * slope[i]!));
    const odd = oddValue(run, ahead, status.t + h);
    if (odd !== undefined) return { reason: "nan", odd };
  }
  return { reason: "singular" };
}

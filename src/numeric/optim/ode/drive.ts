import { stopGradient } from "../../array/elementwise.ts";
import { tensor } from "../../array/create.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import type { ClosedFunction } from "../implicit/closed.ts";
import { floats } from "./solution.ts";
import type {
  CompiledOde,
  EventSearch,
  OdeData,
  OdeEnvironment,
  SingleStepResult,
  StepResult,
  StepStatus,
  TakenStep,
} from "./compiled.ts";
import { samples, statusOf } from "./compiled.ts";
import { stable } from "./method.ts";

/**
 * Reason why an integration ended:
 * - `end`: the last time was reached.
 * - `event`: an event with `stop` happened.
 * - `maxSteps`: the maximum number of steps was attempted.
 * - `stepSize`: the step became too short for the tolerances, or events with resets accumulate.
 * - `nan`: the right-hand side is NaN or infinite.
 * - `explosion`: the solution grows without bound in finite time.
 * - `singular`: the matrix of the stage equations is singular.
 * - `callback`: the callback returned true.
 * - `aborted`: the signal was aborted.
 */
export type OdeReason =
  "end" | "event" | "maxSteps" | "stepSize" | "nan" | "explosion" | "singular" | "callback" | "aborted";

/** Numbers of operations of an integration. */
export interface OdeStats {
  /** Number of accepted steps, and of rejected attempts (`rejections`). */
  readonly steps: number;
  readonly rejections: number;
  /** Number of evaluations of the right-hand side, without those for Jacobians. */
  readonly evaluations: number;
  readonly jacobians: number;
  readonly factorisations: number;
  /** Number of changes between an explicit and an implicit method by `method: "auto"`. */
  readonly switches: number;
}

/** Direction and effect of an event. */
export interface EventRule {
  readonly direction: -1 | 0 | 1;
  readonly stop: boolean;
  /**
   * Function that maps the solution before the event and further arguments to the solution after it; `undefined` if the
   * solution does not change.
   */
  readonly reset: ClosedFunction | undefined;
}

/** Part of the solution that one polynomial describes. */
export interface SolutionPiece {
  /**
   * Elapsed times at which the piece begins and ends. The polynomial describes the whole step from `from` to `from +
   * length`; an event can end the piece earlier.
   */
  readonly from: number;
  readonly end: number;
  readonly length: number;
  /** Empty in runs without dense output. */
  readonly coefficients: Float64Array;
}

/** An event that occurred at time `t`, with the state before it, and the state after it if it changed the state. */
export interface EventRecord {
  readonly index: number;
  readonly t: number;
  readonly before: Float64Array;
  readonly after: Float64Array | undefined;
  /** Index of the piece in which the event happened, and the fraction `part` of its step. */
  readonly piece: number;
  readonly part: number;
  /**
   * Derivative of the event function times the length of the step, in absolute value, and its largest absolute value
   * within the step (`size`).
   */
  readonly change: number;
  readonly size: number;
}

/**
 * Pieces of the solution from one start of the integration to the next. It starts again after a reset, a break or a
 * change of method.
 */
export interface SolutionSegment {
  /** Index of the first piece, and the elapsed time up to which the segment was to run. */
  readonly first: number;
  readonly limit: number;
  readonly env: OdeEnvironment;
  /** Compiled code of the method of this segment. */
  readonly code: CompiledOde;
}

/** Progress of an integration after a step. Times are elapsed times. */
export interface DriveProgress {
  readonly t: number;
  readonly h: number;
  readonly steps: number;
  readonly y: Tensor;
}

/** Input of one integration. */
export interface OdeRun {
  readonly code: CompiledOde;
  /**
   * Returns the code of an implicit method for use while the equation is stiff; `undefined` to never change the method.
   */
  readonly stiffCode: (() => CompiledOde) | undefined;
  readonly data: OdeData;
  readonly env: OdeEnvironment;
  readonly y0: Tensor;
  /**
   * False to record only starts and lengths of steps. Coefficients of the dense output and points are then recomputed by
   * the caller.
   */
  readonly keepsDense: boolean;
  /** Elapsed time of the end, and elapsed times of the breaks before it, ascending. */
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
  /**
   * Elapsed times and values of recorded points: the start, the ends of steps, and both sides of each reset. Without
   * dense output, only the last of the values.
   */
  readonly times: readonly number[];
  readonly points: readonly Float64Array[];
  readonly events: readonly EventRecord[];
  readonly segments: readonly SolutionSegment[];
  readonly end: OdeEnd;
  readonly stats: OdeStats;
}

/** Everything recorded so far of a run. */
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

/** Reason why a run ended, with details. */
export interface OdeEnd {
  readonly reason: OdeReason;
  /** Index of the event, for reason `event`. */
  readonly event?: number;
  /** Element of the right-hand side that is not finite, for reason `nan`. */
  readonly odd?: OddValue;
  /** True for reason `stepSize` if events with resets accumulate. */
  readonly accumulates?: boolean;
}

/** An element of the right-hand side that is not finite, with its index and time t. */
export interface OddValue {
  readonly element: number;
  readonly value: number;
  readonly t: number;
}

/** Point at which the integration continues with a new segment. Times are elapsed times. */
interface Restart {
  readonly t: number;
  readonly y: Tensor;
  /** Signs of the event functions at the point. */
  readonly signs: number[];
  /** True to change between the explicit and the implicit method. */
  readonly isSwitch?: boolean;
}

/** Runs an integration. Yields between steps, so that the caller can run other tasks. */
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

/** Decides after each step whether to change between the explicit and the implicit method. */
type SwitchRule = (status: StepStatus) => boolean;

/**
 * Creates the rule for the method in use (Hairer and Wanner). The explicit method is left after 15 steps at the border
 * of its stability region, unless 6 consecutive steps within it come between. The implicit method is left after 20
 * consecutive steps that are so short that an explicit one would be stable. That number doubles with each change back.
 */
function switchRule(isStiff: boolean, switches: number): SwitchRule {
  let [unstable, calm] = [0, 0];
  if (!isStiff)
    return ({ stiffness }) => {
      calm = stiffness > stable ? 0 : calm + 1;
      unstable = stiffness > stable ? unstable + 1 : calm >= 6 ? 0 : unstable;
      return unstable >= 15;
    };
  const needed = 20 * 2 ** Math.min(10, (switches - 1) / 2);
  return ({ h, length, stiffness }) => {
    calm = (h / length) * stiffness < 1 ? calm + 1 : 0;
    return calm >= needed;
  };
}

/**
 * Range of t for f between two elapsed times. If one of them is a break, the range excludes it, because f has only one
 * value there for both sides.
 */
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

/** The next float64 above x (`toward` > 0) or below it. */
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

/**
 * Integrates from a point until `limit`, a reset, a change of the method or the end of the run. Records all steps in
 * `trail`.
 */
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
  const isMany = run.events.length === 0 && run.watch === undefined && signal === undefined;
  const loop = { ...env, maxSteps: env.maxSteps - before };
  for (;;) {
    if (signal?.aborted === true) return { reason: "aborted" };
    const steps = code.step(state, limit, loop, data, isMany);
    state = steps.state;
    for (const step of stepsOf(steps)) {
      const next = recordStep(run, trail, step, before, signs, limit);
      if (next !== undefined) return next;
      if (isTime?.(step.status) === true)
        return { t: step.status.t, y: tensor(trail.points.at(-1)!), signs, isSwitch: true };
    }
    yield;
  }
}

/** The steps of a result, in order. */
function* stepsOf(result: StepResult | SingleStepResult): Generator<TakenStep, void> {
  if ("step" in result) {
    yield result.step;
    return;
  }
  const [statuses, all, points] = [result.status, result.coefficients, result.points].map(floats);
  const events = result.events.data();
  const [count, rows, n] = result.coefficients.shape as [number, number, number];
  const eventNumbers = events.length / count;
  const part = (x: Float64Array, k: number, size: number): Float64Array =>
    count === 1 ? x : x.slice(k * size, (k + 1) * size);
  for (let k = 0; k < count; k++)
    yield {
      status: statusOf(statuses!, k),
      coefficients: part(all!, k, rows * n),
      y: part(points!, k, n),
      events: Array.from({ length: eventNumbers }, (_, i) => events[k * eventNumbers + i]!),
    };
}

/**
 * Records an accepted step in `trail`. Returns the end or restart if the segment ends here: at `limit`, at an event,
 * because `watch` stopped it, or because the step failed, which records only its counts.
 */
function recordStep(
  run: OdeRun,
  trail: OdeTrail,
  step: TakenStep,
  attemptsBefore: number,
  signs: number[],
  limit: number,
): OdeEnd | Restart | undefined {
  const { status, coefficients, y } = step;
  trail.attempts = attemptsBefore + status.tried;
  trail.evaluations += status.evaluations;
  trail.jacobians += status.jacobians;
  trail.factorisations += status.factorisations;
  if (!status.isTaken) return lossOf(run, trail.points.at(-1)!, status);
  trail.steps++;
  const stop = run.events.length === 0 ? undefined : happenings(run, trail, step, signs);
  if (stop !== undefined) return stop;
  recordPiece(run, trail, { from: status.from, end: status.t, length: status.length, coefficients }, y);
  if (run.watch?.({ t: status.t, h: status.h, steps: trail.steps, y: tensor(y) }) === true)
    return { reason: "callback" };
  return status.t >= limit ? { t: limit, y: tensor(y), signs } : undefined;
}

/** Records a piece with the solution at its end. */
function recordPiece(run: OdeRun, trail: OdeTrail, piece: SolutionPiece, end: Float64Array): void {
  trail.pieces.push(run.keepsDense ? piece : { ...piece, coefficients: noCoefficients });
  recordPoint(run, trail, piece.end, end);
}

const noCoefficients = /* @__PURE__ */ new Float64Array(0);

function recordPoint({ keepsDense }: OdeRun, trail: OdeTrail, t: number, y: Float64Array): void {
  trail.times.push(t);
  if (keepsDense) trail.points.push(y);
  else trail.points[0] = y;
}

/** A sign change of event function `index`, at the fraction `part` of a step. */
interface Crossing {
  readonly index: number;
  readonly part: number;
  readonly y: Tensor;
}

/**
 * Records the events of a step in order of time, up to the first one that stops the integration or resets the solution.
 * `signs` are the signs before the step, and are replaced by those after it. `undefined` if no event stops or resets
 * it.
 */
function happenings(
  run: OdeRun,
  trail: OdeTrail,
  step: TakenStep,
  signs: number[],
): OdeEnd | Restart | undefined {
  const { status, coefficients } = step;
  const { from, length } = status;
  const found = crossings(run, step, signs);
  const timeAtPart = (part: number): number => (part === 1 ? status.t : from + part * length);
  const sizeOf = (index: number): number =>
    Math.max(...samples.map((_, row) => Math.abs(step.events[row * run.events.length + index]!)));
  const record = (index: number, { part, y }: Crossing, before: Tensor): Tensor | undefined => {
    const t = timeAtPart(part);
    const { reset } = run.events[index]!;
    const time = tensor(run.env.origin + run.env.direction * t);
    const after = reset?.call([before, time], reset.data.map(stopGradient));
    const trend = run.code.trends(y, t, run.env, run.data).data()[index]!;
    trail.events.push({
      index,
      t,
      before: floats(before),
      after: after && floats(after),
      piece: trail.pieces.length,
      part,
      change: Math.abs(trend) * length,
      size: sizeOf(index),
    });
    return after;
  };
  const first = found.findIndex(
    ({ index }) => run.events[index]!.stop || run.events[index]!.reset !== undefined,
  );
  const cut = found[first];
  const gap = (16 * Number.EPSILON * Math.max(status.t, length)) / length;
  // events at the time of the cut happen too, in the order of the list
  const isWithCut = ({ part }: Crossing): boolean => cut !== undefined && Math.abs(part - cut.part) <= gap;
  for (const [i, crossing] of found.entries())
    if ((cut === undefined || i < first) && !isWithCut(crossing))
      record(crossing.index, crossing, crossing.y);
  if (cut === undefined) return undefined;
  let { y } = cut;
  const indices = found
    .filter(isWithCut)
    .map(({ index }) => index)
    .sort((a, b) => a - b);
  for (const index of indices) y = record(index, cut, y) ?? y;
  const t = timeAtPart(cut.part);
  recordPiece(run, trail, { from, end: t, length, coefficients }, floats(cut.y));
  if (y !== cut.y) recordPoint(run, trail, t, floats(y));
  const stopping = indices.find((index) => run.events[index]!.stop);
  if (stopping !== undefined) return { reason: "event", event: stopping };
  if (isAccumulating(trail.events)) return { reason: "stepSize", accumulates: true };
  return { t, y, signs: signsAfter(run, indices.map((index) => ({ index, size: sizeOf(index) })), y, t) }; // prettier-ignore
}

/** True if the last eight cuts by events with resets are so close together that time does not advance. */
function isAccumulating(events: readonly EventRecord[]): boolean {
  const times = [...new Map(events.slice(-64).flatMap(({ piece, t, after }) => (after === undefined ? [] : [[piece, t]]))).values()].slice(-8); // prettier-ignore
  const [first, last] = [times[0]!, times.at(-1)!];
  return times.length === 8 && last - first <= 64 * Number.EPSILON * Math.abs(last);
}

/** Smallest value of an event function after its reset, relative to its size before, that is not a rounding error of 0. */
const nonzero = 1e-9;

/**
 * Signs of the event functions after events have reset the solution. If the value of one of their functions is still 0 up
 * to rounding, its sign is that of its derivative. `size` is its largest absolute value within the step before.
 */
function signsAfter(
  run: OdeRun,
  happened: readonly { readonly index: number; readonly size: number }[],
  y: Tensor,
  t: number,
): number[] {
  const signs = signsAt(run, y, t);
  const { code, env, data } = run;
  const values = code.values(y, t, env, data).data();
  const zeros = happened.filter(({ index, size }) => !(Math.abs(values[index]!) > nonzero * size));
  if (zeros.length === 0) return signs;
  const trends = code.trends(y, t, env, data).data();
  for (const { index } of zeros) signs[index] = Math.sign(trends[index]!);
  return signs;
}

/**
 * Returns the crossings of all event functions within a step, in the order of time. Updates `signs` to the signs at the
 * end of the step.
 */
function crossings(run: OdeRun, step: TakenStep, signs: number[]): Crossing[] {
  const found = run.events.flatMap((_, index) => crossingsOf(run, step, signs, index));
  return found.sort((a, b) => a.part - b.part);
}

/**
 * Returns the crossings of one event function within a step, and updates its sign. Between two samples with the same
 * sign, it looks for crossings on both sides of a minimum of the absolute value. A minimum of 0 up to rounding counts as
 * a crossing. The last time does, by `isZeroAt`. The start of the step does if value and derivative are 0 there, and the
 * function leaves 0 in the direction of the event.
 */
function crossingsOf(run: OdeRun, step: TakenStep, signs: number[], index: number): Crossing[] {
  const { code, env, data } = run;
  const { status, coefficients, events, y: end } = step;
  const { direction } = run.events[index]!;
  const [count, n] = [run.events.length, run.y0.shape[0]!];
  const valueAt = (row: number): number => events[row * count + index]!;
  const changeAt = (row: number): number => valueAt(samples.length + row);
  const zero = nonzero * Math.max(...samples.map((_, row) => Math.abs(valueAt(row))));
  const polynomial = tensor(coefficients, { shape: [coefficients.length / n, n] });
  const searchIn = (low: number, high: number, before: number): EventSearch => ({ index, from: status.from, length: status.length, low, high, before }); // prettier-ignore
  const found: Crossing[] = [];
  const cross = (low: number, high: number, before: number): void => {
    if (direction !== 0 && direction === before) return;
    const { part, y } = code.locate(searchIn(low, high, before), polynomial, env, data);
    found.push({ index, part: part.item(), y });
  };
  let last = 0; // sample before, except those with a value of 0
  samples.forEach((high, row) => {
    const low = samples[last]!;
    const before = signs[index]!;
    const value = valueAt(row);
    const after = Math.sign(value);
    const isLast = high === 1 && status.t === run.end;
    if (
      isLast &&
      after !== -before &&
      before !== 0 &&
      direction !== before &&
      isZeroAt(status, value, changeAt(row))
    )
      found.push({ index, part: 1, y: tensor(end) });
    if (row === 0 || after === 0 || Number.isNaN(after)) return;
    if (before === 0) {
      if (after === direction) cross(low, low, -after);
    } else if (after !== before) cross(low, high, before);
    else if (changeAt(last) * before < 0 && changeAt(row) * before > 0) {
      const { part, y, values } = code.turn(searchIn(low, high, -before), polynomial, env, data);
      const [middle, least] = [part.item(), values.data()[index]! * before];
      if (Math.abs(least) <= zero) {
        if (direction === 0) found.push({ index, part: middle, y });
      } else if (least < 0) {
        cross(low, middle, before);
        cross(middle, high, -before);
      }
    }
    signs[index] = after;
    last = row;
  });
  return found;
}

/** True if an event function is 0 at the end of a step, or moves toward a zero that is later only by rounding errors. */
function isZeroAt({ t, length }: StepStatus, value: number, change: number): boolean {
  if (value === 0) return true;
  return value * change < 0 && Math.abs(value) * length <= 256 * Number.EPSILON * t * Math.abs(change);
}

/** The first element of the right-hand side that is not finite at a point; `undefined` if all are finite. */
function oddValue({ code, env, data }: OdeRun, y: Tensor, t: number): OddValue | undefined {
  const values = code.slope(y, t, env, data).data();
  const element = values.findIndex((value) => !Number.isFinite(value));
  if (element < 0) return undefined;
  return { element, value: values[element]!, t: env.origin + env.direction * t };
}

/**
 * A solution has exploded if it would double within this fraction of the elapsed time when the steps become too short.
 */
const explosion = 1e-8;

/** The reason why an integration is lost at a state. */
function lossOf(run: OdeRun, y: Float64Array, status: StepStatus): OdeEnd {
  if (!status.isLost) return { reason: "maxSteps" };
  const { code, env, data } = run;
  const slope = floats(code.slope(tensor(y), status.t, env, data));
  const explodes = y.some((yi, i) => yi * slope[i]! > 0 && Math.abs(yi) < explosion * status.t * Math.abs(slope[i]!)); // prettier-ignore
  if (explodes) return { reason: "explosion" };
  if (!Number.isNaN(status.ratio)) return { reason: "stepSize" };
  // looks ahead along the slope for the point at which f is not finite
  for (let h = 16 * Number.EPSILON * Math.max(status.t, 1e-300); h < run.end; h *= 2) {
    const ahead = tensor(Float64Array.from(y, (yi, i) => yi + h * slope[i]!));
    const odd = oddValue(run, ahead, status.t + h);
    if (odd !== undefined) return { reason: "nan", odd };
  }
  return { reason: code.method.isExplicit ? "stepSize" : "singular" };
}

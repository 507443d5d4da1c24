import { arange, full } from "../../array/create.ts";
import {
  abs,
  add,
  astype,
  div,
  equal,
  greater,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  maximum,
  minimum,
  mul,
  sub,
  where,
} from "../../array/elementwise.ts";
import { sum } from "../../array/reduce.ts";
import { at } from "../../array/at.ts";
import { expandDims, stack, take, transpose } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { checkpoint, cond, scan, whileLoop } from "../../../engine/transforms/structured.ts";
import type { AnyOdeMethod, OdeSystem, RepeatedStep } from "./method.ts";
import { alongStep, firstLength } from "./method.ts";
import { nanUnless } from "../../array/nan-unless.ts";

/** Limits of an integration. */
export interface StepControl {
  /** Maximum number of steps, including rejected ones. */
  readonly maxSteps: number;
}

/** State of an integration. Its time increases from 0. */
export interface IntegrationState {
  readonly t: Tensor;
  readonly y: Tensor;
  /** Values that the method keeps between steps. */
  readonly memory: Readonly<Record<string, Tensor>>;
  /** Length of the next step to try. */
  readonly h: Tensor;
  /** Start, length and polynomial of the last accepted step. */
  readonly from: Tensor;
  readonly length: Tensor;
  readonly coefficients: Tensor;
  /** Number of steps tried, and number of steps accepted. */
  readonly tried: Tensor;
  readonly taken: Tensor;
  /** True if the last step was accepted. */
  readonly isTaken: Tensor;
  readonly isLost: Tensor;
}

const none = (): Tensor => full([], 0, { dtype: "int32" });
const no = (): Tensor => full([], 0, { dtype: "bool" });

/** State at the start, at time 0 by default. The first step has at most the length `most`. */
export function begin(
  system: OdeSystem,
  method: AnyOdeMethod,
  y: Tensor,
  most: Tensor,
  start: Tensor = full([], 0),
): IntegrationState {
  const slope = system.slope(y, start);
  return {
    t: start,
    y,
    memory: method.begin(system, y, start, slope),
    h: minimum(firstLength(system, y, slope, start, method.exponent), most),
    from: start,
    length: full([], 0),
    coefficients: restingAt(y, method),
    tried: none(),
    taken: none(),
    isTaken: no(),
    isLost: no(),
  };
}

/** Coefficients of a polynomial that is constant. */
function restingAt(y: Tensor, { rows }: AnyOdeMethod): Tensor {
  return stack([y, ...Array.from({ length: rows - 1 }, () => mul(0, y))]);
}

/** One attempted step, and its counts. */
export interface Advance {
  readonly next: IntegrationState;
  /** Evaluations of f and of its Jacobian, factorisations. */
  readonly counts: Tensor;
  /** Error of the step in units of the tolerance. */
  readonly ratio: Tensor;
  /** Estimate of the step length times the largest eigenvalue of the Jacobian. */
  readonly stiffness: Tensor;
}

/** Tries a step, which ends at `limit` at the latest. If its error is too large or NaN, the next one is shorter. */
export function advance(
  system: OdeSystem,
  method: AnyOdeMethod,
  state: IntegrationState,
  limit: Tensor | undefined,
): Advance {
  const { t, y, memory, tried, taken } = state;
  const rest = limit === undefined ? undefined : sub(limit, t);
  const h = rest === undefined ? state.h : minimum(state.h, rest);
  const attempt = method.attempt(system, { t, y, memory }, h);
  const isTaken = lessEqual(attempt.ratio, 1); // false for NaN
  const choose = (a: Tensor, b: Tensor): Tensor => where(isTaken, a, b);
  const after = add(t, h);
  const end = limit === undefined ? after : where(equal(h, rest!), limit, after); // exactly at the limit
  const isTiny = lessEqual(h, mul(16 * Number.EPSILON, abs(t)));
  const next: IntegrationState = {
    t: choose(end, t),
    y: choose(attempt.y, y),
    memory: Object.fromEntries(
      Object.keys(memory).map((name) => [name, choose(attempt.accepted[name]!, attempt.rejected[name]!)]),
    ),
    h: mul(h, attempt.factor),
    from: choose(t, state.from),
    length: choose(h, state.length),
    coefficients: choose(attempt.coefficients, state.coefficients),
    tried: add(tried, 1),
    taken: add(taken, astype(isTaken, "int32")),
    isTaken,
    isLost: logicalAnd(logicalNot(isTaken), isTiny),
  };
  const { counts, ratio, stiffness } = attempt;
  return { next, counts, ratio, stiffness };
}

export function mayGoOn({ tried, isLost }: IntegrationState, { maxSteps }: StepControl): Tensor {
  return logicalAnd(less(tried, maxSteps), logicalNot(isLost));
}

/** The solution at `times`, which increase from 0: `[m, n]`; NaN from the time on at which the solution is lost. */
export function integrate(
  system: OdeSystem,
  method: AnyOdeMethod,
  y: Tensor,
  times: Tensor,
  rules: StepControl,
): Tensor {
  const end = lastOf(times);
  const limit = method.endsAtLimit ? end : undefined;
  const [, outs] = scan(
    (state: IntegrationState, time: Tensor): [IntegrationState, Tensor] => {
      const reached = whileLoop(
        (now: IntegrationState) => logicalAnd(less(now.t, time), mayGoOn(now, rules)),
        (now: IntegrationState): IntegrationState => advance(system, method, now, limit).next,
        state as never,
      );
      const { from, length, coefficients, t } = reached;
      const isReached = logicalAnd(lessEqual(time, t), lessEqual(from, time));
      const value = alongStep(coefficients, partOf(time, from, length));
      return [reached, nanUnless(isReached, value)];
    },
    begin(system, method, y, end) as never,
    times as never,
  );
  return outs;
}

/** The steps of an integration: their starts, their lengths, and their number. Unused entries have length 0. */
export interface Mesh {
  readonly starts: Tensor;
  readonly lengths: Tensor;
  readonly count: Tensor;
  /** True if the integration has reached the last of the requested times. */
  readonly isWhole: Tensor;
}

/** Takes the steps of `integrate` up to the last of the times, and returns the accepted ones. */
export function recordSteps(
  system: OdeSystem,
  method: AnyOdeMethod,
  y: Tensor,
  times: Tensor,
  rules: StepControl,
): Mesh {
  const end = lastOf(times);
  const limit = method.endsAtLimit ? end : undefined;
  interface Recording {
    readonly state: IntegrationState;
    readonly starts: Tensor;
    readonly lengths: Tensor;
  }
  const places = arange(0, rules.maxSteps, 1, { dtype: "int32" });
  const { state, starts, lengths } = whileLoop(
    (now: Recording) => logicalAnd(less(now.state.t, end), mayGoOn(now.state, rules)),
    (now: Recording): Recording => {
      const { next } = advance(system, method, now.state, limit);
      // a rejected step is overwritten by the next one
      const isHere = logicalAnd(next.isTaken, equal(places, now.state.taken));
      return {
        state: next,
        starts: where(isHere, next.from, now.starts),
        lengths: where(isHere, next.length, now.lengths),
      };
    },
    {
      state: begin(system, method, y, end),
      starts: full([rules.maxSteps], Infinity),
      lengths: full([rules.maxSteps], 0),
    } as never,
  );
  return { starts, lengths, count: state.taken, isWhole: lessEqual(end, state.t) };
}

/**
 * Repeats recorded steps from y in a form that is differentiable in both modes and to any order. Returns the polynomial
 * of each step: `[k, rows, n]`. Steps of length 0 are skipped.
 */
export function repeatSteps(
  system: OdeSystem,
  method: AnyOdeMethod,
  y: Tensor,
  starts: Tensor,
  lengths: Tensor,
): Tensor {
  type Repeated = Pick<RepeatedStep, "y" | "memory">;
  // the stages of a step are recomputed from its start, so that reverse mode saves only the starts
  const move = checkpoint((from: Repeated, t: Tensor, h: Tensor): [Repeated, Tensor] => {
    const { y: end, memory, coefficients } = method.repeat(system, { ...from, t }, h);
    return [{ y: end, memory }, coefficients];
  });
  const stay = restingAt(y, method);
  const [, coefficients] = scan(
    (from: Repeated, [t, h]: readonly [Tensor, Tensor]): [Repeated, Tensor] =>
      cond(
        greater(h, 0),
        () => move(from, t, h),
        (): [Repeated, Tensor] => [from, stay],
      ),
    { y, memory: method.beginRepeat(system, y, at(starts, 0)) } as never,
    [starts, lengths] as never,
  );
  return coefficients;
}

/**
 * Computes the solution of `integrate` along the recorded steps of a mesh, which are constants. Differentiable in both
 * modes and to any order. NaN if the mesh does not reach the last of the times.
 */
export function alongMesh(
  system: OdeSystem,
  method: AnyOdeMethod,
  y: Tensor,
  times: Tensor,
  { starts, lengths, count, isWhole }: Mesh,
): Tensor {
  const coefficients = repeatSteps(system, method, y, starts, lengths);
  const places = arange(0, starts.shape[0], 1, { dtype: "int32" });
  const ends = where(less(places, count), add(starts, lengths), Infinity);
  const before = sum(astype(less(expandDims(ends, 0), expandDims(times, 1)), "int32"), { axis: 1 });
  const chosen = minimum(before, maximum(sub(count, 1), 0));
  const from = where(greater(count, 0), take(starts, chosen), 0);
  const values = alongStep(
    transpose(take(coefficients, chosen), [1, 0, 2]),
    expandDims(partOf(times, from, take(lengths, chosen)), 1),
  );
  return nanUnless(isWhole, values);
}

/** Fraction of a step (its start `from` and its length) that has passed at a time; 0 if the length is 0. */
function partOf(time: Tensor, from: Tensor, length: Tensor): Tensor {
  const isStep = greater(length, 0);
  return where(isStep, div(sub(time, from), where(isStep, length, 1)), 0);
}

function lastOf(times: Tensor): Tensor {
  return at(times, -1);
}

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
import { expandDims, scatterAdd, stack, take, transpose } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { checkpoint, cond, scan } from "../../../engine/transforms/structured.ts";
import type { AnyOdeMethod, OdeSystem, RepeatedStep } from "./method.ts";
import { alongStep, firstLength } from "./method.ts";
import type { StepLoop } from "./step-loop.ts";
import { nanUnless } from "../../array/nan-unless.ts";

/** Limits of an integration. */
export interface StepControl {
  /** Maximum number of attempted steps, including rejected ones. */
  readonly maxSteps: number;
}

/** State of an integration. Its time always increases. */
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
  /** Number of attempted steps (`tried`), and of accepted ones (`taken`). */
  readonly tried: Tensor;
  readonly taken: Tensor;
  /**
   * True if the last attempted step was accepted. `isLost` is true if it was rejected although it was as short as
   * rounding allows.
   */
  readonly isTaken: Tensor;
  readonly isLost: Tensor;
}

const none = (): Tensor => full([], 0, { dtype: "int32" });
const no = (): Tensor => full([], 0, { dtype: "bool" });

/** State at the start, by default at time 0. The first step has at most the length `most`. */
export function begin(
  system: OdeSystem,
  method: AnyOdeMethod,
  y: Tensor,
  most: Tensor,
  start: Tensor = full([], 0),
): IntegrationState {
  const slope = system.slope(y, start);
  const memory = method.begin(system, y, start, slope);
  const first =
    method.firstLength?.(system, y, memory) ?? firstLength(system, y, slope, start, method.exponent);
  return {
    t: start,
    y,
    memory,
    h: minimum(first, most),
    from: start,
    length: full([], 0),
    coefficients: restingAt(y, method),
    tried: none(),
    taken: none(),
    isTaken: no(),
    isLost: no(),
  };
}

/** Coefficients for `alongStep` of the constant polynomial y. */
function restingAt(y: Tensor, { rows }: { readonly rows: number }): Tensor {
  return stack([y, ...Array.from({ length: rows - 1 }, () => mul(0, y))]);
}

/** Result of one attempted step. */
export interface Advance {
  readonly next: IntegrationState;
  /** Numbers of evaluations of f, evaluations of its Jacobian, and factorisations: float64 `[3]`. */
  readonly counts: Tensor;
  /** Error of the step, relative to the tolerance. */
  readonly ratio: Tensor;
  /** Estimate of the step length times the largest eigenvalue of the Jacobian. */
  readonly stiffness: Tensor;
}

/**
 * Attempts a step, which ends at `limit` at the latest. If its error is too large or NaN, the state stays and the next
 * step is shorter.
 */
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

/**
 * Integrates from time 0. Returns the solution at `times`, which increase from 0: `[m, n]`. NaN at times that were not
 * reached.
 */
export function integrate(
  system: OdeSystem,
  loop: StepLoop,
  y: Tensor,
  times: Tensor,
  rules: StepControl,
): { readonly values: Tensor; readonly isStiff: Tensor } {
  const end = lastOf(times);
  const [last, values] = scan(
    (state: IntegrationState, time: Tensor): [IntegrationState, Tensor] => {
      const goesOn = (now: IntegrationState): Tensor => logicalAnd(less(now.t, time), mayGoOn(now, rules));
      const { state: reached } = loop.run(system, { state, record: [] }, end, goesOn, () => []);
      const { from, length, coefficients, t } = reached;
      const isReached = logicalAnd(lessEqual(time, t), lessEqual(from, time));
      const value = alongStep(coefficients, partOf(time, from, length));
      return [reached, nanUnless(isReached, value)];
    },
    loop.begin(system, y, end) as never,
    times as never,
  );
  return { values, isStiff: loop.hasStopped(last) };
}

/** Accepted steps of an integration: their starts, lengths and number. Unused entries have length 0. */
export interface Mesh {
  readonly starts: Tensor;
  readonly lengths: Tensor;
  readonly count: Tensor;
  /** 1 for steps of the implicit method of `automatic`, 0 for all others. */
  readonly kinds: Tensor;
  /** True if the integration reached the last of the requested times. */
  readonly isWhole: Tensor;
  /** True if it stopped before because the equation became stiff. */
  readonly isStiff: Tensor;
}

/** Integrates like `integrate` up to the last of the times, and returns the accepted steps. */
export function recordSteps(
  system: OdeSystem,
  loop: StepLoop,
  y: Tensor,
  times: Tensor,
  rules: StepControl,
): Mesh {
  const end = lastOf(times);
  type StepList = Pick<Mesh, "starts" | "lengths" | "kinds">;
  const nothing = full([rules.maxSteps], 0);
  const { state, record } = loop.run<StepList>(
    system,
    { state: loop.begin(system, y, end), record: { starts: nothing, lengths: nothing, kinds: nothing } },
    end,
    (now) => logicalAnd(less(now.t, end), mayGoOn(now, rules)),
    ({ starts, lengths, kinds }, before, next, isStiff) => {
      const place = expandDims(minimum(before.taken, rules.maxSteps - 1), 0);
      // written in place, because a selection over all entries would cost maxSteps operations per step
      const write = (list: Tensor, value: Tensor | number): Tensor =>
        scatterAdd(list, place, expandDims(where(next.isTaken, value, 0), 0));
      return {
        starts: write(starts, next.from),
        lengths: write(lengths, next.length),
        kinds: isStiff ? write(kinds, 1) : kinds,
      };
    },
  );
  return { ...record, count: state.taken, isWhole: lessEqual(end, state.t), isStiff: loop.hasStopped(state) };
}

/**
 * Recomputes steps with the given starts and lengths from y, in a form that is differentiable in both modes and to any
 * order. Returns the polynomial of each step: `[k, rows, n]`. Steps of length 0 are skipped.
 */
function repeatSteps(
  system: OdeSystem,
  loop: StepLoop,
  y: Tensor,
  starts: Tensor,
  lengths: Tensor,
  kinds: Tensor = lengths,
): Tensor {
  type Repeated = Pick<RepeatedStep, "y" | "memory">;
  // the stages of a step are recomputed from its start, so that reverse mode saves only the starts
  const move = checkpoint((from: Repeated, t: Tensor, h: Tensor, kind: Tensor): [Repeated, Tensor] => {
    const { y: end, memory, coefficients } = loop.repeat(system, { ...from, t }, h, kind);
    return [{ y: end, memory }, coefficients];
  });
  const stay = restingAt(y, loop);
  const [, coefficients] = scan(
    (from: Repeated, [t, h, kind]: readonly [Tensor, Tensor, Tensor]): [Repeated, Tensor] =>
      cond(
        greater(h, 0),
        () => move(from, t, h, kind),
        (): [Repeated, Tensor] => [from, stay],
      ),
    { y, memory: loop.beginRepeat(system, y, at(starts, 0)) } as never,
    [starts, lengths, kinds] as never,
  );
  return coefficients;
}

/**
 * Computes the result of `integrate` along recorded steps, which count as constants. Differentiable in both modes and
 * to any order. NaN if the mesh does not reach the last of the times.
 */
export function alongMesh(
  system: OdeSystem,
  loop: StepLoop,
  y: Tensor,
  times: Tensor,
  { starts, lengths, kinds, count, isWhole }: Mesh,
): Tensor {
  const coefficients = repeatSteps(system, loop, y, starts, lengths, kinds);
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

/** Fraction of a step that has passed at a time, given its start `from` and its length; 0 if the length is 0. */
function partOf(time: Tensor, from: Tensor, length: Tensor): Tensor {
  const isStep = greater(length, 0);
  return where(isStep, div(sub(time, from), where(isStep, length, 1)), 0);
}

function lastOf(times: Tensor): Tensor {
  return at(times, -1);
}

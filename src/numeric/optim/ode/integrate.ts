import { arange, full } from "../../array/create.ts";
import {
  abs,
  add,
  astype,
  div,
  equal,
  greater,
  isFinite,
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
import type { OdeFunction, Tolerances } from "./dormand-prince.ts";
import { alongStep, errorRatio, firstLength, growth, polynomial, step } from "./dormand-prince.ts";
import { nanUnless } from "../../array/nan-unless.ts";

/** Tolerances and limits of an integration. */
export interface StepControl extends Tolerances {
  /** Maximum number of steps, including rejected ones. */
  readonly maxSteps: number;
}

/** State of an integration. Its time increases from 0. */
interface IntegrationState {
  readonly t: Tensor;
  readonly y: Tensor;
  readonly slope: Tensor;
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

function begin(f: OdeFunction, y: Tensor, end: Tensor, rules: StepControl): IntegrationState {
  const zero = full([], 0);
  const slope = f(y, zero);
  return {
    t: zero,
    y,
    slope,
    h: minimum(firstLength(f, y, slope, zero, rules), end),
    from: zero,
    length: zero,
    coefficients: stack([y, mul(0, y), mul(0, y), mul(0, y), mul(0, y)]),
    tried: none(),
    taken: none(),
    isTaken: no(),
    isLost: no(),
  };
}

/** Tries a step. If its error is too large or NaN, the next one is shorter. */
function advance(f: OdeFunction, state: IntegrationState, rules: StepControl): IntegrationState {
  const { t, y, slope, h, tried, taken } = state;
  const tried1 = step(f, y, slope, t, h);
  const ratio = errorRatio(tried1.error, y, tried1.y, rules);
  const isTaken = lessEqual(ratio, 1); // false for NaN
  const factor = where(isTaken, growth(ratio), where(isFinite(ratio), minimum(growth(ratio), 1), 0.2));
  const next = mul(h, factor);
  const choose = (a: Tensor, b: Tensor): Tensor => where(isTaken, a, b);
  const end = add(t, h);
  const isTiny = lessEqual(h, mul(16 * Number.EPSILON, abs(t)));
  return {
    t: choose(end, t),
    y: choose(tried1.y, y),
    slope: choose(tried1.slope, slope),
    h: next,
    from: choose(t, state.from),
    length: choose(h, state.length),
    coefficients: choose(polynomial(y, h, tried1), state.coefficients),
    tried: add(tried, 1),
    taken: add(taken, astype(isTaken, "int32")),
    isTaken,
    isLost: logicalAnd(logicalNot(isTaken), isTiny),
  };
}

function mayGoOn({ tried, isLost }: IntegrationState, { maxSteps }: StepControl): Tensor {
  return logicalAnd(less(tried, maxSteps), logicalNot(isLost));
}

/** The solution at `times`, which increase from 0: `[m, n]`; NaN from the time on at which the solution is lost. */
export function integrate(f: OdeFunction, y: Tensor, times: Tensor, rules: StepControl): Tensor {
  const [, outs] = scan(
    (state: IntegrationState, time: Tensor): [IntegrationState, Tensor] => {
      const reached = whileLoop(
        (now: IntegrationState) => logicalAnd(less(now.t, time), mayGoOn(now, rules)),
        (now: IntegrationState): IntegrationState => advance(f, now, rules),
        state as never,
      );
      const { from, length, coefficients, t } = reached;
      const isReached = logicalAnd(lessEqual(time, t), lessEqual(from, time));
      const value = alongStep(coefficients, partOf(time, from, length));
      return [reached, nanUnless(isReached, value)];
    },
    begin(f, y, lastOf(times), rules) as never,
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

/** Takes the steps of `integrate` up to the last of the times, and returns those that were accepted. */
export function recordSteps(f: OdeFunction, y: Tensor, times: Tensor, rules: StepControl): Mesh {
  const end = lastOf(times);
  interface Recording {
    readonly state: IntegrationState;
    readonly starts: Tensor;
    readonly lengths: Tensor;
  }
  const places = arange(0, rules.maxSteps, 1, { dtype: "int32" });
  const { state, starts, lengths } = whileLoop(
    (now: Recording) => logicalAnd(less(now.state.t, end), mayGoOn(now.state, rules)),
    (now: Recording): Recording => {
      const next = advance(f, now.state, rules);
      // a rejected step is overwritten by the next one
      const isHere = logicalAnd(next.isTaken, equal(places, now.state.taken));
      return {
        state: next,
        starts: where(isHere, next.from, now.starts),
        lengths: where(isHere, next.length, now.lengths),
      };
    },
    {
      state: begin(f, y, end, rules),
      starts: full([rules.maxSteps], Infinity),
      lengths: full([rules.maxSteps], 0),
    } as never,
  );
  return { starts, lengths, count: state.taken, isWhole: lessEqual(end, state.t) };
}

/**
 * Computes the solution of `integrate` along the recorded steps of a mesh, which are constants. Differentiable in both
 * modes and to any order. NaN if the mesh does not reach the last of the times.
 */
export function alongMesh(
  f: OdeFunction,
  y: Tensor,
  times: Tensor,
  { starts, lengths, count, isWhole }: Mesh,
): Tensor {
  interface Place {
    readonly y: Tensor;
    readonly slope: Tensor;
  }
  // the stages of a step are recomputed from its start, so that reverse mode saves only the starts
  const move = checkpoint((from: Place, t: Tensor, h: Tensor): [Place, Tensor] => {
    const taken = step(f, from.y, from.slope, t, h);
    return [{ y: taken.y, slope: taken.slope }, polynomial(from.y, h, taken)];
  });
  const stay = stack([y, mul(0, y), mul(0, y), mul(0, y), mul(0, y)]);
  const [, coefficients] = scan(
    (from: Place, [t, h]: readonly [Tensor, Tensor]): [Place, Tensor] =>
      cond(
        greater(h, 0),
        () => move(from, t, h),
        (): [Place, Tensor] => [from, stay],
      ),
    { y, slope: f(y, full([], 0)) } as never,
    [starts, lengths] as never,
  );
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

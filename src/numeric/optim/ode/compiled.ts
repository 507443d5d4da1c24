import {
  add,
  astype,
  clip,
  div,
  greater,
  less,
  logicalAnd,
  logicalNot,
  mul,
  notEqual,
  sign,
  stopGradient,
  sub,
  where,
} from "../../array/elementwise.ts";
import { full } from "../../array/create.ts";
import { expandDims, stack, take } from "../../array/shape.ts";
import type { Program } from "../../../engine/ir/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { jvp } from "../../../engine/transforms/index.ts";
import { cond, scan, whileLoop } from "../../../engine/transforms/structured.ts";
import { makeLru } from "../../../engine/util/lru.ts";
import type { ClosedFunction } from "../implicit/closed.ts";
import { advance, begin, type IntegrationState, mayGoOn } from "./integrate.ts";
import type { AnyOdeMethod, OdeFunction, OdeSystem } from "./method.ts";
import { type OdeAdjoint, type RepeatedOde, repeatedOde } from "./repeat.ts";
import { denseAlgebra } from "./stage-algebra.ts";

/**
 * Numbers of a run that its compiled functions receive as arguments. Elapsed time is the time since the start of the
 * run; it increases even if t decreases.
 */
export interface OdeEnvironment {
  /** Time t at the start, and the sign of the change of t: `t = origin + direction · elapsed`. */
  readonly origin: number;
  readonly direction: number;
  /** Range of t within which f is evaluated, so that it is not evaluated beyond a break. */
  readonly low: number;
  readonly high: number;
  readonly rtol: number;
  /** Absolute tolerance: a scalar, or a vector with one per element of y. */
  readonly atol: Tensor;
  readonly maxSteps: number;
  /** A step length that is short compared with the whole time span. */
  readonly short: number;
}

/** Traced functions of a run: the right-hand side and the event functions. */
export interface OdeFunctions {
  readonly slope: ClosedFunction;
  /** Function that returns the values of all event functions as one vector; `undefined` without events. */
  readonly events: ClosedFunction | undefined;
}

/** Values that the traced functions of a run capture, or receive as further arguments. */
export interface OdeData {
  readonly slope: readonly Tensor[];
  readonly events: readonly Tensor[];
  /** The mass matrix, as a list of one tensor; empty without one. */
  readonly mass: readonly Tensor[];
}

/** State between steps, which only the functions that create it read. */
export type SteppingState = object;

/** Result of `CompiledOde.step`: k steps. The last one may have failed. */
export interface StepResult {
  readonly state: SteppingState;
  /** Numbers of each step, which `statusOf` reads: `[k, 13]`. Rows after the end of the integration are unused. */
  readonly status: Tensor;
  /** Solution at the ends of the steps: `[k, n]`. */
  readonly points: Tensor;
  /** Dense output of the steps: `[k, rows, n]`. */
  readonly coefficients: Tensor;
  /** Values and changes of the event functions at the fractions `samples` of the steps: `[k, 2, samples, events]`. */
  readonly events: Tensor;
}

/** A step, accepted or failed, with the values of the event functions in it. */
export interface TakenStep {
  readonly status: StepStatus;
  readonly coefficients: Float64Array;
  /** Solution at its end. */
  readonly y: Float64Array;
  /** Values of the event functions at `samples`, one row per sample, then as many rows of their changes. */
  readonly events: ArrayLike<number>;
}

/** Result of `CompiledOde.step` that was computed in JavaScript: one step. */
export interface SingleStepResult {
  readonly state: SteppingState;
  readonly step: TakenStep;
}

/** Fractions of a step at which event functions are evaluated. */
export const samples: readonly number[] = [0, 0.25, 0.5, 0.75, 1];

/**
 * Compiled code of an integration, shared by runs with equal functions, method and types. All its times are elapsed
 * times.
 */
export interface CompiledOde {
  readonly method: AnyOdeMethod;
  readonly begin: (y: Tensor, t: number, most: number, env: OdeEnvironment, data: OdeData) => SteppingState;
  /**
   * Takes one step, or several steps with `isMany`. It attempts each step until the step is accepted, the integration is
   * lost, or `maxSteps` attempts were made.
   */
  readonly step: (
    state: SteppingState,
    limit: number,
    env: OdeEnvironment,
    data: OdeData,
    isMany: boolean,
  ) => StepResult | SingleStepResult;
  /** Functions that recompute steps in a differentiable form. */
  readonly repeated: (adjoint: OdeAdjoint) => RepeatedOde;
  /**
   * Values of the event functions at the fractions `samples` of a step from t, and their derivatives with respect to the
   * fraction: `[2, samples, events]`.
   */
  readonly eventsOf: (
    coefficients: Tensor,
    t: number,
    length: number,
    env: OdeEnvironment,
    data: OdeData,
  ) => Tensor;
  /** The right-hand side with respect to elapsed time. */
  readonly slope: (y: Tensor, t: number, env: OdeEnvironment, data: OdeData) => Tensor;
  /**
   * Signs of the event functions at a point; for a function whose value is 0, the sign of its derivative along the
   * solution.
   */
  readonly signs: (y: Tensor, t: number, env: OdeEnvironment, data: OdeData) => Tensor;
  /** Values of the event functions at a point. */
  readonly values: (y: Tensor, t: number, env: OdeEnvironment, data: OdeData) => Tensor;
  /** Derivatives of the event functions with respect to elapsed time along the solution. */
  readonly trends: (y: Tensor, t: number, env: OdeEnvironment, data: OdeData) => Tensor;
  /**
   * Finds by bisection where in a step the sign of event `index` first differs from `before`. Returns that fraction of
   * the step, and the solution there.
   */
  readonly locate: (
    search: EventSearch,
    coefficients: Tensor,
    env: OdeEnvironment,
    data: OdeData,
  ) => FoundPart;
  /** Finds by bisection where in a step the derivative of event function `index` is 0. `before` is its sign at `low`. */
  readonly turn: (search: EventSearch, coefficients: Tensor, env: OdeEnvironment, data: OdeData) => FoundPart;
}

/** A fraction of a step, with the solution and the values of the event functions there. */
export interface FoundPart {
  readonly part: Tensor;
  readonly y: Tensor;
  readonly values: Tensor;
}

/** A sign change of an event function, or of its derivative, between the fractions `low` and `high` of a step. */
export interface EventSearch {
  readonly index: number;
  readonly from: number;
  readonly length: number;
  readonly low: number;
  readonly high: number;
  /** Sign at `low`. */
  readonly before: number;
}

/** The numbers of `StepResult.status` by name. Times are elapsed times. */
export interface StepStatus {
  readonly t: number;
  readonly from: number;
  readonly length: number;
  readonly h: number;
  readonly isTaken: boolean;
  readonly isLost: boolean;
  readonly tried: number;
  readonly taken: number;
  /** Error of the last attempt, relative to the tolerance. */
  readonly ratio: number;
  /** Estimate or bound of the step length times the largest eigenvalue of the Jacobian. */
  readonly stiffness: number;
  readonly evaluations: number;
  readonly jacobians: number;
  readonly factorisations: number;
}

const statusNumbers = 13;

/** Reads row k of `StepResult.status`. */
export function statusOf(status: ArrayLike<number>, k: number): StepStatus {
  const x = Array.from({ length: statusNumbers }, (_, i) => status[k * statusNumbers + i]!);
  return {
    t: x[0]!,
    from: x[1]!,
    length: x[2]!,
    h: x[3]!,
    isTaken: x[4] === 1,
    isLost: x[5] === 1,
    tried: x[6]!,
    taken: x[7]!,
    ratio: x[8]!,
    stiffness: x[9]!,
    evaluations: x[10]!,
    jacobians: x[11]!,
    factorisations: x[12]!,
  };
}

const compiled = /* @__PURE__ */ new WeakMap<Program, ReturnType<typeof makeLru<string, CompiledOde>>>();
const ids = /* @__PURE__ */ new WeakMap<Program, number>();
let lastId = 0;

function idOf(program: Program | undefined): number {
  if (program === undefined) return 0;
  let id = ids.get(program);
  if (id === undefined) ids.set(program, (id = ++lastId));
  return id;
}

/**
 * Compiles traced functions for a method. Returns cached code if the same functions were compiled for the same method.
 */
export function compiledOde(functions: OdeFunctions, method: AnyOdeMethod, n: number): CompiledOde {
  const { program } = functions.slope;
  let known = compiled.get(program);
  if (known === undefined) compiled.set(program, (known = makeLru(16)));
  const key = `${method.name} ${idOf(functions.events?.program)}`;
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = compileOde(functions, method, n)));
  return found;
}

/** Time t for an elapsed time. */
function timeOf({ origin, direction }: OdeEnvironment, elapsed: Tensor): Tensor {
  return add(origin, mul(direction, elapsed));
}

/**
 * The differential equation with elapsed time as its variable. The user's function receives its own time, clipped to
 * `env.low` … `env.high`.
 */
export function elapsedSystem(
  slope: ClosedFunction,
  n: number,
  env: OdeEnvironment,
  data: OdeData,
): OdeSystem {
  const f: OdeFunction = (y, t) => {
    const time = timeOf(env, t);
    // the derivative in time is that of the formula, also at the ends of the range
    const clipped = add(time, stopGradient(sub(clip(time, env.low, env.high), time)));
    return mul(env.direction, slope.call([y, clipped], data.slope));
  };
  return { slope: f, rules: { rtol: env.rtol, atol: env.atol }, algebra: denseAlgebra(n, data.mass[0]) };
}

function compileOde({ slope, events }: OdeFunctions, method: AnyOdeMethod, n: number): CompiledOde {
  const systemOf = (env: OdeEnvironment, data: OdeData): OdeSystem => elapsedSystem(slope, n, env, data);
  const eventsAt = (y: Tensor, t: Tensor, env: OdeEnvironment, data: OdeData): Tensor =>
    events === undefined ? full([0], 0) : events.call([y, timeOf(env, t)], data.events);
  const trendsAt = (y: Tensor, t: Tensor, env: OdeEnvironment, data: OdeData): Tensor => {
    const f = derivativeAt(systemOf(env, data), y, t, env, data);
    const [, change] = jvp((z: Tensor, time: Tensor) => eventsAt(z, time, env, data), [y, t], [f, 1]);
    return change;
  };
  const repeats = new Map<OdeAdjoint, RepeatedOde>();
  type Steps = (state: SteppingState, limit: number, env: OdeEnvironment, data: OdeData) => StepResult;
  const steps = (count: number): Steps =>
    jit((state: IntegrationState, limit: Tensor, env: OdeEnvironment, data: OdeData) =>
      acceptedSteps(
        count,
        events === undefined ? 0 : events.program.outs[0]!.type.shape[0]!,
        (now) =>
          acceptedStep(systemOf(env, data), method, now, limit, env, (y, t) => eventsAt(y, t, env, data)),
        limit,
        state,
      ),
    ) as never;
  const [one, many] = [steps(1), steps(stepsAtOnce(method.rows * n))];
  return {
    method,
    begin: jit((y: Tensor, t: Tensor, most: Tensor, env: OdeEnvironment, data: OdeData) =>
      begin(systemOf(env, data), method, y, most, t),
    ) as never,
    step: (state, limit, env, data, isMany) => (isMany ? many : one)(state, limit, env, data),
    repeated(adjoint) {
      let known = repeats.get(adjoint);
      if (known === undefined) repeats.set(adjoint, (known = repeatedOde(systemOf, method, adjoint)));
      return known;
    },
    eventsOf: jit((coefficients: Tensor, t: Tensor, length: Tensor, env: OdeEnvironment, data: OdeData) =>
      eventsAlong(method, coefficients, t, length, (y, time) => eventsAt(y, time, env, data)),
    ) as never,
    slope: jit((y: Tensor, t: Tensor, env: OdeEnvironment, data: OdeData) =>
      systemOf(env, data).slope(y, t),
    ) as never,
    signs: jit((y: Tensor, t: Tensor, env: OdeEnvironment, data: OdeData) => {
      const values = eventsAt(y, t, env, data);
      return sign(where(notEqual(values, 0), values, trendsAt(y, t, env, data)));
    }) as never,
    values: jit(eventsAt) as never,
    trends: jit(trendsAt) as never,
    locate: jit(
      (search: Record<keyof EventSearch, Tensor>, coefficients: Tensor, env: OdeEnvironment, data: OdeData) =>
        locate(method, search, coefficients, (y, t) => eventsAt(y, t, env, data), false),
    ) as never,
    turn: jit(
      (search: Record<keyof EventSearch, Tensor>, coefficients: Tensor, env: OdeEnvironment, data: OdeData) =>
        locate(method, search, coefficients, (y, t) => eventsAt(y, t, env, data), true),
    ) as never,
  };
}

/**
 * dy/dt with respect to elapsed time. With a mass matrix, it is the slope of a short step of the implicit Euler method.
 */
function derivativeAt(
  { slope, algebra }: OdeSystem,
  y: Tensor,
  t: Tensor,
  { short }: OdeEnvironment,
  { mass }: OdeData,
): Tensor {
  if (mass.length === 0) return slope(y, t);
  const factors = algebra.factor(algebra.matrix(algebra.jacobian(slope, y, t), div(1, short)));
  return div(algebra.solve(factors, slope(y, t)), short);
}

/** Number of steps that are taken at once if each has `size` coefficients. */
function stepsAtOnce(size: number): number {
  return Math.max(1, Math.min(64, Math.floor(8192 / size)));
}

/** One accepted step. */
interface RecordedStep {
  readonly state: IntegrationState;
  readonly status: Tensor;
  readonly events: Tensor;
}

/** Takes `count` steps, or fewer if the integration ends before: its rows are then followed by unused ones. */
function acceptedSteps(
  count: number,
  eventCount: number,
  step: (now: IntegrationState) => RecordedStep,
  limit: Tensor,
  start: IntegrationState,
): StepResult {
  const rowsOf = ({ state, status, events }: RecordedStep): Omit<StepResult, "state"> => ({
    status,
    points: state.y,
    coefficients: state.coefficients,
    events,
  });
  if (count === 1) {
    const only = step(start);
    const { status, points, coefficients, events } = rowsOf(only);
    const [first, y, polynomial, values] = [status, points, coefficients, events].map((x) =>
      expandDims(x, 0),
    );
    return { state: only.state, status: first!, points: y!, coefficients: polynomial!, events: values! };
  }
  const unused = { status: full([statusNumbers], 0), events: full([2, samples.length, eventCount], 0) };
  const [state, rows] = scan(
    (now: IntegrationState): [IntegrationState, Omit<StepResult, "state">] => {
      const next = cond(
        logicalAnd(now.isTaken, less(now.t, limit)),
        () => step(now),
        (): RecordedStep => ({ state: now, ...unused }),
      );
      return [next.state, rowsOf(next)];
    },
    { ...start, isTaken: full([], 1, { dtype: "bool" }) } as never,
    null as never,
    { length: count },
  );
  return { state, ...rows };
}

/** Attempts steps until one is accepted, the integration is lost, or `maxSteps` attempts were made. */
function acceptedStep(
  system: OdeSystem,
  method: AnyOdeMethod,
  start: IntegrationState,
  limit: Tensor,
  { maxSteps }: OdeEnvironment,
  eventsAt: (y: Tensor, t: Tensor) => Tensor,
): RecordedStep {
  interface Attempts {
    readonly state: IntegrationState;
    readonly counts: Tensor;
    readonly ratio: Tensor;
    readonly stiffness: Tensor;
  }
  const { state, counts, ratio, stiffness } = whileLoop(
    (now: Attempts) => logicalAnd(logicalNot(now.state.isTaken), mayGoOn(now.state, { maxSteps })),
    (now: Attempts): Attempts => {
      const { next, counts: more, ...rest } = advance(system, method, now.state, limit);
      return { state: next, counts: add(now.counts, more), ratio: rest.ratio, stiffness: rest.stiffness };
    },
    {
      state: { ...start, isTaken: full([], 0, { dtype: "bool" }) },
      counts: full([3], 0),
      ratio: full([], 0),
      stiffness: full([], 0),
    } as never,
  );
  const { t, from, length, h, isTaken, isLost, tried, taken, coefficients } = state;
  const numbers = [t, from, length, h, isTaken, isLost, tried, taken, ratio, stiffness];
  const [evaluations, jacobians, factorisations] = [0, 1, 2].map((i) => take(counts, i));
  return {
    state,
    status: stack([...numbers.map((x) => astype(x, "float64")), evaluations!, jacobians!, factorisations!]),
    events: eventsAlong(method, coefficients, from, length, eventsAt),
  };
}

/** The event functions as a function of the fraction of a step. */
function eventsWithin(
  { along }: AnyOdeMethod,
  coefficients: Tensor,
  from: Tensor,
  length: Tensor,
  eventsAt: (y: Tensor, t: Tensor) => Tensor,
): (part: Tensor) => Tensor {
  return (part) => eventsAt(along(coefficients, part), add(from, mul(part, length)));
}

/** Values and changes of the event functions at `samples` of a step, one row per sample. */
function eventsAlong(
  method: AnyOdeMethod,
  coefficients: Tensor,
  from: Tensor,
  length: Tensor,
  eventsAt: (y: Tensor, t: Tensor) => Tensor,
): Tensor {
  const valuesAt = eventsWithin(method, coefficients, from, length, eventsAt);
  const rows = samples.map((part) => jvp(valuesAt, [full([], part)], [full([], 1)]));
  return stack([stack(rows.map(([values]) => values)), stack(rows.map(([, changes]) => changes))]);
}

/** Finds by bisection where an event function, or its derivative if `isTurn`, first differs in sign from `before`. */
function locate(
  method: AnyOdeMethod,
  { index, from, length, low, high, before }: Record<keyof EventSearch, Tensor>,
  coefficients: Tensor,
  eventsAt: (y: Tensor, t: Tensor) => Tensor,
  isTurn: boolean,
): FoundPart {
  interface Bracket {
    readonly low: Tensor;
    readonly high: Tensor;
  }
  const valuesAt = eventsWithin(method, coefficients, from, length, eventsAt);
  const sought = (part: Tensor): Tensor =>
    isTurn ? jvp(valuesAt, [part], [full([], 1)])[1] : valuesAt(part);
  const middle = (now: Bracket): Tensor => mul(0.5, add(now.low, now.high));
  const { high: part } = whileLoop(
    (now: Bracket) => logicalAnd(less(now.low, middle(now)), less(middle(now), now.high)),
    (now: Bracket): Bracket => {
      const half = middle(now);
      const value = take(sought(half), astype(index, "int32"));
      const isBefore = greater(mul(sign(value), before), 0);
      return { low: where(isBefore, half, now.low), high: where(isBefore, now.high, half) };
    },
    { low: add(0, low), high: add(0, high) } as never,
  );
  return { part, y: method.along(coefficients, part), values: valuesAt(part) };
}

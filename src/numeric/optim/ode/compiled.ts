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
  where,
} from "../../array/elementwise.ts";
import { full } from "../../array/create.ts";
import { stack, take } from "../../array/shape.ts";
import type { Program } from "../../../engine/ir/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { jvp } from "../../../engine/transforms/index.ts";
import { whileLoop } from "../../../engine/transforms/structured.ts";
import { makeLru } from "../../../engine/util/lru.ts";
import type { ClosedFunction } from "../implicit/closed.ts";
import { advance, begin, type IntegrationState, mayGoOn, repeatSteps } from "./integrate.ts";
import { alongStep, type AnyOdeMethod, type OdeFunction, type OdeSystem } from "./method.ts";
import { denseAlgebra } from "./stage-algebra.ts";

/** Values of a run that its compiled functions take as arguments. */
export interface OdeEnvironment {
  /** Time of the start, and the sign of the change of time. Steps count the time that has elapsed since the start. */
  readonly origin: number;
  readonly direction: number;
  /** Range of times at which f is evaluated, on one side of each break. */
  readonly low: number;
  readonly high: number;
  readonly rtol: number;
  /** Absolute tolerance of each element of y, or of all. */
  readonly atol: Tensor;
  readonly maxSteps: number;
  /** A step that is short compared with the whole time span. */
  readonly short: number;
}

/** The functions of one run, traced. */
export interface OdeFunctions {
  readonly slope: ClosedFunction;
  /** Values of all event functions as one vector; `undefined` without events. */
  readonly events: ClosedFunction | undefined;
}

/** Data of the functions of one run. */
export interface OdeData {
  readonly slope: readonly Tensor[];
  readonly events: readonly Tensor[];
  /** The mass matrix, if there is one. */
  readonly mass: readonly Tensor[];
}

/** Result of `CompiledOde.step`. */
export interface StepResult {
  readonly state: IntegrationState;
  /** Numbers in the order of `statusOf`. */
  readonly status: Tensor;
  /** Values of the event functions at `samples` of the step: one row per sample. */
  readonly events: Tensor;
}

/** Fractions of a step at which event functions are evaluated. */
export const samples: readonly number[] = [0.25, 0.5, 0.75, 1];

/** Compiled functions of runs that share their functions, method and types. Times are elapsed times. */
export interface CompiledOde {
  readonly begin: (
    y: Tensor,
    t: number,
    most: number,
    env: OdeEnvironment,
    data: OdeData,
  ) => IntegrationState;
  /** Attempts steps until one is accepted, the integration is lost, or there were `maxSteps` attempts. */
  readonly step: (state: IntegrationState, limit: number, env: OdeEnvironment, data: OdeData) => StepResult;
  /** Polynomials of recorded steps, one per start and length: `[k, rows, n]`. Differentiable. */
  readonly repeat: (y: Tensor, starts: Tensor, lengths: Tensor, env: OdeEnvironment, data: OdeData) => Tensor;
  /** The slope at a time. */
  readonly slope: (y: Tensor, t: number, env: OdeEnvironment, data: OdeData) => Tensor;
  /** Signs of the event functions at a point; where a value is 0, the sign of its change. */
  readonly signs: (y: Tensor, t: number, env: OdeEnvironment, data: OdeData) => Tensor;
  /** Slopes of the event functions along the solution. */
  readonly trends: (y: Tensor, t: number, env: OdeEnvironment, data: OdeData) => Tensor;
  /** Fraction of a step at which the sign of event `index` is first not `before`, by bisection, and the solution there. */
  readonly locate: (
    search: EventSearch,
    coefficients: Tensor,
    env: OdeEnvironment,
    data: OdeData,
  ) => { readonly part: Tensor; readonly y: Tensor };
}

/** A crossing within the fractions `low` to `high` of a step. */
export interface EventSearch {
  readonly index: number;
  readonly from: number;
  readonly length: number;
  readonly low: number;
  readonly high: number;
  /** Sign at `low`. */
  readonly before: number;
}

/** Numbers of `StepResult.status`. */
export interface StepStatus {
  readonly t: number;
  readonly from: number;
  readonly length: number;
  readonly h: number;
  readonly isTaken: boolean;
  readonly isLost: boolean;
  readonly tried: number;
  readonly taken: number;
  /** Error of the last attempt in units of the tolerance. */
  readonly ratio: number;
  /** Estimate of the step length times the largest eigenvalue of the Jacobian; 0 for implicit methods. */
  readonly stiffness: number;
  readonly evaluations: number;
  readonly jacobians: number;
  readonly factorisations: number;
}

/** Reads `StepResult.status`. */
export function statusOf(status: Tensor): StepStatus {
  const x = status.data();
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

/** Compiled functions for traced ones, from a cache if equal functions were used before with the same method. */
export function compiledOde(functions: OdeFunctions, method: AnyOdeMethod, n: number): CompiledOde {
  const { program } = functions.slope;
  let known = compiled.get(program);
  if (known === undefined) compiled.set(program, (known = makeLru(16)));
  const key = `${method.name} ${idOf(functions.events?.program)}`;
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = compileOde(functions, method, n)));
  return found;
}

/** The time of the equation for an elapsed time. */
function timeOf({ origin, direction }: OdeEnvironment, elapsed: Tensor): Tensor {
  return add(origin, mul(direction, elapsed));
}

/** The equation in terms of elapsed time. */
function elapsedSystem(slope: ClosedFunction, n: number, env: OdeEnvironment, data: OdeData): OdeSystem {
  const f: OdeFunction = (y, t) =>
    mul(env.direction, slope.call([y, clip(timeOf(env, t), env.low, env.high)], data.slope));
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
  return {
    begin: jit((y: Tensor, t: Tensor, most: Tensor, env: OdeEnvironment, data: OdeData) =>
      begin(systemOf(env, data), method, y, most, t),
    ) as never,
    step: jit((state: IntegrationState, limit: Tensor, env: OdeEnvironment, data: OdeData) =>
      acceptedStep(systemOf(env, data), method, state, limit, env, (y, t) => eventsAt(y, t, env, data)),
    ) as never,
    repeat: jit((y: Tensor, starts: Tensor, lengths: Tensor, env: OdeEnvironment, data: OdeData) =>
      repeatSteps(systemOf(env, data), method, y, starts, lengths),
    ) as never,
    slope: jit((y: Tensor, t: Tensor, env: OdeEnvironment, data: OdeData) =>
      systemOf(env, data).slope(y, t),
    ) as never,
    signs: jit((y: Tensor, t: Tensor, env: OdeEnvironment, data: OdeData) => {
      const values = eventsAt(y, t, env, data);
      return sign(where(notEqual(values, 0), values, trendsAt(y, t, env, data)));
    }) as never,
    trends: jit(trendsAt) as never,
    locate: jit(
      (search: Record<keyof EventSearch, Tensor>, coefficients: Tensor, env: OdeEnvironment, data: OdeData) =>
        locate(search, coefficients, (y, t) => eventsAt(y, t, env, data)),
    ) as never,
  };
}

/** The derivative of y, with a mass matrix from a short step of the implicit Euler method. */
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

/** Attempts steps until one is accepted. */
function acceptedStep(
  system: OdeSystem,
  method: AnyOdeMethod,
  start: IntegrationState,
  limit: Tensor,
  { maxSteps }: OdeEnvironment,
  eventsAt: (y: Tensor, t: Tensor) => Tensor,
): StepResult {
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
    events: stack(
      samples.map((part) => eventsAt(alongStep(coefficients, full([], part)), add(from, mul(part, length)))),
    ),
  };
}

function locate(
  { index, from, length, low, high, before }: Record<keyof EventSearch, Tensor>,
  coefficients: Tensor,
  eventsAt: (y: Tensor, t: Tensor) => Tensor,
): { readonly part: Tensor; readonly y: Tensor } {
  interface Bracket {
    readonly low: Tensor;
    readonly high: Tensor;
  }
  const middle = (now: Bracket): Tensor => mul(0.5, add(now.low, now.high));
  const bracket = whileLoop(
    (now: Bracket) => logicalAnd(less(now.low, middle(now)), less(middle(now), now.high)),
    (now: Bracket): Bracket => {
      const part = middle(now);
      const values = eventsAt(alongStep(coefficients, part), add(from, mul(part, length)));
      const value = take(values, astype(index, "int32"));
      const isBefore = greater(mul(sign(value), before), 0);
      return { low: where(isBefore, part, now.low), high: where(isBefore, now.high, part) };
    },
    { low: add(0, low), high: add(0, high) } as never,
  );
  return { part: bracket.high, y: alongStep(coefficients, bracket.high) };
}

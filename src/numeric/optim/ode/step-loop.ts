import {
  add,
  astype,
  div,
  greater,
  greaterEqual,
  less,
  logicalAnd,
  logicalNot,
  minimum,
  mul,
  pow,
  where,
} from "../../array/elementwise.ts";
import { full } from "../../array/create.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { cond, whileLoop } from "../../../engine/transforms/structured.ts";
import { dopri5 } from "./explicit.ts";
import { advance, begin, type IntegrationState } from "./integrate.ts";
import {
  type AnyOdeMethod,
  asAnyMethod,
  type OdeSystem,
  type RepeatedStep,
  stable,
  type StepStart,
} from "./method.ts";
import { rosenbrock } from "./rosenbrock.ts";

/** Integration, and values that are recorded along it. */
export interface RecordedState<R> {
  readonly state: IntegrationState;
  readonly record: R;
}

/** Records an attempted step. */
export type StepRecorder<R> = (
  record: R,
  before: IntegrationState,
  next: IntegrationState,
  isStiff: boolean,
) => R;

/** Loop over attempted steps: of one method, or of an explicit and an implicit one by turns. */
export interface StepLoop {
  /** Number of rows of the dense output. */
  readonly rows: number;
  readonly begin: (system: OdeSystem, y: Tensor, end: Tensor) => IntegrationState;
  /** Attempts steps while `goesOn` is true. `end` is the last time of the integration. */
  readonly run: <R>(
    system: OdeSystem,
    start: RecordedState<R>,
    end: Tensor,
    goesOn: (state: IntegrationState) => Tensor,
    record: StepRecorder<R>,
  ) => RecordedState<R>;
  /** True if the loop has stopped because the equation became stiff. */
  readonly hasStopped: (state: IntegrationState) => Tensor;
  readonly beginRepeat: (system: OdeSystem, y: Tensor, t: Tensor) => RepeatedStep["memory"];
  /** Repeats a step. `isStiff` is 1 for a step of the implicit method. */
  readonly repeat: (
    system: OdeSystem,
    from: StepStart<RepeatedStep["memory"]>,
    h: Tensor,
    isStiff: Tensor,
  ) => RepeatedStep;
}

/** Creates the step loop of a single method, which never stops for stiffness. */
export function loopOf(method: AnyOdeMethod): StepLoop {
  return {
    rows: method.rows,
    begin: (system, y, end) => begin(system, method, y, end),
    run(system, start, end, goesOn, record) {
      const limit = method.endsAtLimit ? end : undefined;
      type Running = typeof start;
      return whileLoop(
        ({ state }: Running) => goesOn(state),
        ({ state, record: known }: Running): Running => {
          const { next } = advance(system, method, state, limit);
          return { state: next, record: record(known, state, next, false) };
        },
        start as never,
      );
    },
    hasStopped: no,
    beginRepeat: method.beginRepeat,
    repeat: method.repeat,
  };
}

const explicit = /* @__PURE__ */ asAnyMethod(dopri5);
const implicit = /* @__PURE__ */ asAnyMethod(rosenbrock);

/** Values that `automatic` keeps between steps. */
interface AutomaticMemory extends Readonly<Record<string, Tensor>> {
  /** Slope at the start of the next step. */
  readonly slope: Tensor;
  /** Error and length of the step before, for the implicit method. The length is 0 after an explicit step. */
  readonly previousRatio: Tensor;
  readonly previousLength: Tensor;
  /** True while the implicit method is used. */
  readonly isStiff: Tensor;
  /** Numbers of steps at the border of the stability region, and of successive steps within it. */
  readonly unstable: Tensor;
  readonly calm: Tensor;
  /** Number of returns to the explicit method. */
  readonly returns: Tensor;
}

const zero = (): Tensor => full([], 0);
const no = (): Tensor => full([], 0, { dtype: "bool" });

/** Attempts an explicit step, and decides whether the equation has become stiff; the rule is that of `drive`. */
function explicitStep(system: OdeSystem, state: IntegrationState): IntegrationState {
  const { slope, previousRatio, unstable, calm, ...rest } = state.memory as AutomaticMemory;
  const { next, stiffness } = advance(
    system,
    explicit,
    { ...state, memory: { slope, previousRatio } },
    undefined,
  );
  const isOver = greater(stiffness, stable);
  const quiet = where(isOver, 0, add(calm, 1));
  const restless = where(isOver, add(unstable, 1), where(greaterEqual(quiet, 6), 0, unstable));
  const isStiff = logicalAnd(next.isTaken, greaterEqual(restless, 15));
  const memory: AutomaticMemory = {
    ...rest,
    slope: next.memory["slope"]!,
    previousRatio: next.memory["previousRatio"]!,
    previousLength: zero(),
    isStiff,
    unstable: where(isStiff, 0, where(next.isTaken, restless, unstable)),
    calm: where(isStiff, 0, where(next.isTaken, quiet, calm)),
  };
  return { ...next, memory };
}

/** Counters of the implicit phase. */
interface ImplicitPhase<R> extends RecordedState<R> {
  readonly calm: Tensor;
}

/** Attempts implicit steps while the equation is stiff; the rule is that of `drive`. */
function implicitSteps<R>(
  system: OdeSystem,
  { state: start, record: known }: RecordedState<R>,
  end: Tensor,
  goesOn: (state: IntegrationState) => Tensor,
  record: StepRecorder<R>,
): RecordedState<R> {
  const { slope, previousRatio, previousLength, isStiff, calm, unstable, returns } =
    start.memory as AutomaticMemory;
  const needed = mul(20, pow(2, minimum(10, returns)));
  const memory = { ...implicit.begin(system, start.y, start.t, slope), previousRatio, previousLength };
  const last = whileLoop(
    (now: ImplicitPhase<R>) => logicalAnd(logicalAnd(isStiff, less(now.calm, needed)), goesOn(now.state)),
    (now: ImplicitPhase<R>): ImplicitPhase<R> => {
      const { next, stiffness } = advance(system, implicit, now.state, end);
      const isShort = less(mul(div(next.h, next.length), stiffness), 1);
      return {
        state: next,
        record: record(now.record, now.state, next, true),
        calm: where(next.isTaken, where(isShort, add(now.calm, 1), 0), now.calm),
      };
    },
    { state: { ...start, memory }, record: known, calm } as never,
  );
  const { memory: now } = last.state;
  const isLeft = logicalAnd(isStiff, greaterEqual(last.calm, needed));
  const after: AutomaticMemory = {
    slope: now["slope"]!,
    previousRatio: now["previousRatio"]!,
    previousLength: now["previousLength"]!,
    isStiff: logicalAnd(isStiff, logicalNot(isLeft)),
    unstable,
    calm: where(isLeft, 0, last.calm),
    returns: add(returns, astype(isLeft, "float64")),
  };
  return { state: { ...last.state, memory: after }, record: last.record };
}

/**
 * Steps of `dopri5`, and of `rosenbrock` while the equation is stiff. Two loops by turns, so that in batches the
 * implicit method costs nothing where no item is stiff. With `isWatch`, the loop stops when the equation becomes stiff.
 */
export function automatic(isWatch: boolean): StepLoop {
  return {
    rows: explicit.rows,
    begin(system, y, end) {
      const state = begin(system, explicit, y, end);
      const memory: AutomaticMemory = {
        slope: state.memory["slope"]!,
        previousRatio: state.memory["previousRatio"]!,
        previousLength: zero(),
        isStiff: no(),
        unstable: zero(),
        calm: zero(),
        returns: zero(),
      };
      return { ...state, memory };
    },
    run(system, start, end, goesOn, record) {
      type Running = typeof start;
      const explicitSteps = (from: Running): Running =>
        whileLoop(
          ({ state }: Running) => logicalAnd(logicalNot(state.memory["isStiff"]!), goesOn(state)),
          ({ state, record: known }: Running): Running => {
            const next = explicitStep(system, state);
            return { state: next, record: record(known, state, next, false) };
          },
          from as never,
        );
      if (isWatch) return explicitSteps(start);
      return whileLoop(
        ({ state }: Running) => goesOn(state),
        (now: Running): Running => implicitSteps(system, explicitSteps(now), end, goesOn, record),
        start as never,
      );
    },
    hasStopped: ({ memory }) => (isWatch ? memory["isStiff"]! : no()),
    beginRepeat: explicit.beginRepeat,
    repeat(system, from, h, isStiff) {
      if (isWatch) return explicit.repeat(system, from, h);
      return cond(
        greater(isStiff, 0),
        (): RepeatedStep => {
          const step = implicit.repeat(system, from, h);
          return { ...step, memory: { slope: system.slope(step.y, add(from.t, h)) } };
        },
        () => explicit.repeat(system, from, h),
      );
    },
  };
}

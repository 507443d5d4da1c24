import { add, mul, sub } from "../../array/elementwise.ts";
import { tensor } from "../../array/create.ts";
import { at } from "../../array/at.ts";
import { pad } from "../../array/pad.ts";
import { concatenate, expandDims, reshape, slice, stack, take, transpose } from "../../array/shape.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { implicitSolution } from "../implicit/implicit.ts";
import { binomialTable } from "./binomial-scan.ts";
import type { OdeData, OdeFunctions } from "./compiled.ts";
import type { EventRecord, OdeOutcome, OdeRun, SolutionPiece, SolutionSegment } from "./drive.ts";
import type { OdeAdjoint, RepeatedState, StepSequence, TracedSteps } from "./repeat.ts";
import {
  type EventValues,
  once,
  pieceAt,
  type SolutionPoints,
  type SolutionValues,
  timeAt,
  valuesAlong,
} from "./solution.ts";

/** Start of a segment, in elapsed time. After an event its time is a traced tensor. */
interface SegmentStart {
  readonly t: Tensor | number;
  readonly y: Tensor;
}

/** An integration whose values are differentiated, with traced data and a traced start. */
export interface TracedOde {
  readonly operation: string;
  readonly run: OdeRun;
  readonly functions: OdeFunctions;
  readonly data: OdeData;
  readonly y0: Tensor;
  /** Elapsed times of the start and of the end; tensors if they are differentiated. */
  readonly span: readonly [start: Tensor | number, end: Tensor | number];
  readonly adjoint: OdeAdjoint;
  /** Maximum number of states to store in reverse mode. */
  readonly checkpoints: number;
}

/**
 * The dense output of all steps of a segment is computed if at least one of this number of steps is used. Otherwise,
 * single steps are.
 */
const sparsest = 16;

/** Steps of one segment, recomputed when their values are needed. */
class RepeatedSegment {
  readonly starts: Tensor;
  readonly lengths: Tensor;
  readonly #own: readonly SolutionPiece[];
  readonly #ode: TracedOde;
  readonly #segment: SolutionSegment;
  readonly #start: SegmentStart;
  /** True if the length of the last step is traced. */
  readonly #isLastTraced: boolean;
  /** States before steps, by the index of the step. */
  readonly #states: Map<number, RepeatedState> = new Map<number, RepeatedState>();
  readonly #steps: Map<number, Tensor> = new Map<number, Tensor>();
  #all: Tensor | undefined;

  constructor(
    ode: TracedOde,
    segment: SolutionSegment,
    own: readonly SolutionPiece[],
    start: SegmentStart,
    limit: Tensor | number | undefined,
  ) {
    this.#ode = ode;
    this.#segment = segment;
    this.#own = own;
    this.#start = start;
    this.#isLastTraced = limit !== undefined && !(typeof start.t === "number" && typeof limit === "number");
    ({ starts: this.starts, lengths: this.lengths } = stepsOf(own, start, limit));
  }

  /** State before step k. Recomputed from the nearest known state before it. */
  #stateAt(k: number): RepeatedState {
    const { data, adjoint } = this.#ode;
    const { code, env } = this.#segment;
    const nearest = Math.max(-1, ...[...this.#states.keys()].filter((i) => i <= k));
    let state = this.#states.get(nearest);
    if (state === undefined) {
      state = code.repeated(adjoint).begin(this.#start.y, at(this.starts, 0), env, data);
      this.#states.set(0, state);
    }
    const first = Math.max(nearest, 0);
    if (first < k) state = code.repeated(adjoint).move(state, this.#sequence(first, k), env, data);
    this.#states.set(k, state);
    return state;
  }

  /** The steps from `first` on before `last`, whose lengths are constants. */
  #sequence(first: number, last: number): StepSequence {
    const { t } = this.#start;
    const { adjoint, checkpoints } = this.#ode;
    const length = 2 ** Math.ceil(Math.log2(this.#own.length)); // few different lengths are compiled
    const offset = typeof t === "number" ? 0 : this.#own[0]!.from;
    const [starts, lengths] = [new Float64Array(length), new Float64Array(length)];
    for (let i = first; i < last; i++) {
      starts[i - first] = this.#own[i]!.from - offset;
      lengths[i - first] = this.#own[i]!.length;
    }
    return {
      starts: tensor(starts),
      lengths: tensor(lengths),
      shift: typeof t === "number" ? tensor(0) : t,
      count: tensor(last - first, { dtype: "int32" }),
      table: binomialTable(adjoint === "forward" ? 1 : Math.min(checkpoints, length), length),
    };
  }

  /** Polynomial of step k: `[rows, n]`. */
  step(k: number): Tensor {
    if (this.#all !== undefined) return at(this.#all, k);
    let known = this.#steps.get(k);
    if (known === undefined) {
      const { data, adjoint } = this.#ode;
      const { code, env } = this.#segment;
      const { state, coefficients }: TracedSteps = code
        .repeated(adjoint)
        .step(this.#stateAt(k), at(this.starts, k), at(this.lengths, k), env, data);
      if (k + 1 < this.#own.length) this.#states.set(k + 1, state);
      this.#steps.set(k, (known = coefficients));
    }
    return known;
  }

  /** Polynomials of all steps: `[k, rows, n]`. */
  all(): Tensor {
    if (this.#all !== undefined) return this.#all;
    const { data, adjoint } = this.#ode;
    const { code, env } = this.#segment;
    const constant = this.#own.length - Number(this.#isLastTraced);
    const parts: Tensor[] = [];
    if (constant > 0) {
      const { state, coefficients } = code
        .repeated(adjoint)
        .trace(this.#stateAt(0), this.#sequence(0, constant), env, data);
      parts.push(slice(coefficients, [0, constant]));
      this.#states.set(constant, state);
    }
    if (this.#isLastTraced) parts.push(expandDims(this.step(constant), 0));
    return (this.#all = parts.length === 1 ? parts[0]! : concatenate(parts));
  }

  /** Polynomials of the given steps. */
  some(steps: readonly number[]): Tensor {
    const isDense = steps.length * sparsest >= this.#own.length;
    if (isDense) return take(this.all(), tensor(Int32Array.from(steps)));
    return stack(steps.map((k) => this.step(k)));
  }
}

/**
 * Smallest change of an event function over a step, as a fraction of its largest value within the step, for which the
 * time of the event has derivatives.
 */
const steepEnough = 1e-6;

/** A segment with its events, and how it ends. */
interface SegmentPlan {
  readonly first: number;
  readonly own: readonly SolutionPiece[];
  readonly happened: readonly EventRecord[];
  /** True if an event ends it. */
  readonly isCut: boolean;
  readonly steps: () => RepeatedSegment;
  readonly events: () => readonly (EventValues & { readonly part: Tensor })[];
  /** Start of the next segment. */
  readonly end: () => SegmentStart;
}

/**
 * Values of an outcome for traced data and a traced start. Steps are recomputed when a value needs them.
 *
 * The lengths of steps are constants. Only the last step before a fixed time has a traced length if its start is
 * traced, that is, after an event. Times of events are zeros of the event functions along the dense output. The
 * implicit function theorem gives their derivatives, and the following steps start at these times.
 *
 * @throws DownhillError `derivative` for a grazing event.
 */
export function tracedValues(ode: TracedOde, { pieces, events, segments }: OdeOutcome): SolutionValues {
  const { operation, run, y0, span } = ode;
  const { along } = run.code.method;
  for (const event of events) refuseGrazing(operation, run, event);
  const plans: SegmentPlan[] = [];
  segments.forEach((segment, s) => {
    const { first, limit } = segment;
    const last = segments[s + 1]?.first ?? pieces.length;
    if (last === first) return;
    const own = pieces.slice(first, last);
    const happened = events.filter(({ piece }) => piece >= first && piece < last);
    const isCut = happened.some(({ after, index }) => after !== undefined || run.events[index]!.stop);
    const endsAtLimit = !isCut && own.at(-1)!.end === limit;
    const end = limit === run.end ? span[1] : limit;
    const start = plans.at(-1)?.end ?? ((): SegmentStart => ({ t: span[0], y: y0 }));
    const steps = once(() => new RepeatedSegment(ode, segment, own, start(), endsAtLimit ? end : undefined));
    const found = once(() => {
      const values: (EventValues & { readonly part: Tensor })[] = [];
      happened.forEach((event, i) => {
        const k = event.piece - first;
        const { starts, lengths } = steps();
        const step = { coefficients: steps().step(k), start: at(starts, k), length: at(lengths, k) };
        // a reset at the same time happened before
        const known = i > 0 && isReset(happened, i - 1) ? values[i - 1] : undefined;
        values.push(eventValues(ode, event, step, known));
      });
      return values;
    });
    const next = once((): SegmentStart => {
      const cut = isCut ? found().at(-1)! : undefined;
      if (cut !== undefined) return { t: cut.t, y: cut.after };
      const { starts, lengths } = steps();
      const isTraced = typeof start().t !== "number";
      const t = endsAtLimit ? end : isTraced ? add(at(starts, -1), at(lengths, -1)) : own.at(-1)!.end;
      return { t, y: along(steps().step(own.length - 1), tensor(1)) };
    });
    plans.push({ first, own, happened, isCut, steps, events: found, end: next });
  });
  return {
    points: () => {
      const parts = plans.map((plan) => pointsOf(plan, along));
      return {
        points: concatenate([expandDims(y0, 0), ...parts.map(({ points }) => points)]),
        times: concatenate([
          typeof span[0] === "number" ? tensor([span[0]]) : reshape(span[0], [1]),
          ...parts.map(({ times }) => times),
        ]),
      };
    },
    at(times, known) {
      if (plans.length === 0) return stack(known.map(() => y0));
      const chosen = known.map((t) => pieceAt(pieces, t));
      const used = [...new Set(chosen)].sort((a, b) => a - b);
      const parts = plans.flatMap(({ first, own, steps }) => {
        const local = used.filter((k) => k >= first && k < first + own.length).map((k) => k - first);
        if (local.length === 0) return [];
        const places = tensor(Int32Array.from(local));
        const { starts, lengths } = steps();
        return [{ coefficients: steps().some(local), starts: take(starts, places), lengths: take(lengths, places) }]; // prettier-ignore
      });
      // methods may differ in the rows of their dense output; the missing ones are zeros
      const rows = Math.max(...parts.map(({ coefficients }) => coefficients.shape[1]!));
      const widened = (c: Tensor): Tensor => pad(c, [[0, 0], [0, rows - c.shape[1]!], [0, 0]]); // prettier-ignore
      const polynomials = {
        along,
        coefficients: concatenate(parts.map(({ coefficients }) => widened(coefficients))),
        starts: concatenate(parts.map(({ starts }) => starts)),
        lengths: concatenate(parts.map(({ lengths }) => lengths)),
      };
      const indexOf = new Map(used.map((k, i) => [k, i]));
      return valuesAlong(
        polynomials,
        chosen.map((k) => indexOf.get(k)!),
        times,
      );
    },
    events: () => plans.flatMap((plan) => plan.events()),
  };
}

/** Ends of the steps of a segment, and both sides of the reset after it. */
function pointsOf(
  { own, happened, isCut, steps, events }: SegmentPlan,
  along: OdeRun["code"]["method"]["along"],
): SolutionPoints {
  const coefficients = steps().all();
  const { starts, lengths } = steps();
  const cut = isCut ? events().at(-1)! : undefined;
  // an event cuts the last step short
  const ones = tensor(new Float64Array(own.length - 1).fill(1));
  const parts = concatenate([ones, cut === undefined ? tensor([1]) : reshape(cut.part, [1])]);
  const points = [along(transpose(coefficients, [1, 0, 2]), expandDims(parts, 1))];
  const times = [add(starts, mul(parts, lengths))];
  if (cut !== undefined && isReset(happened, happened.length - 1)) {
    points.push(expandDims(cut.after, 0));
    times.push(reshape(cut.t, [1]));
  }
  return { points: concatenate(points), times: concatenate(times) };
}

/**
 * Starts and lengths of the steps of a segment. `limit` is the elapsed time at which the segment ends; `undefined` if
 * its length is not fixed.
 */
function stepsOf(
  own: readonly SolutionPiece[],
  { t }: SegmentStart,
  limit: Tensor | number | undefined,
): { readonly starts: Tensor; readonly lengths: Tensor } {
  const offsets = tensor(Float64Array.from(own, ({ from }) => from - own[0]!.from));
  const starts = typeof t === "number" ? tensor(Float64Array.from(own, ({ from }) => from)) : add(t, offsets);
  const lengths = tensor(Float64Array.from(own, ({ length }) => length));
  if (limit === undefined || (typeof t === "number" && typeof limit === "number")) return { starts, lengths };
  const last = sub(limit, slice(starts, [own.length - 1]));
  return { starts, lengths: concatenate([slice(lengths, [0, own.length - 1]), last]) };
}

/** Step in which an event happened. */
interface EventStep {
  readonly coefficients: Tensor;
  readonly start: Tensor;
  readonly length: Tensor;
}

/** True if event i, or an event before it at the same time, has reset the solution. Resets end pieces. */
function isReset(events: readonly EventRecord[], i: number): boolean {
  const { piece, part } = events[i]!;
  return events.slice(0, i + 1).some((event) => event.piece === piece && event.part === part && event.after !== undefined); // prettier-ignore
}

/**
 * Computes the values of an event as differentiable functions of its step and of the data. `earlier` are those of an event
 * at the same time that has reset the solution before.
 */
function eventValues(
  { run, functions: { events }, data }: TracedOde,
  event: EventRecord,
  { coefficients, start, length }: EventStep,
  earlier: (EventValues & { readonly part: Tensor }) | undefined,
): EventValues & { readonly part: Tensor } {
  const { origin, direction } = run.env;
  const { along } = run.code.method;
  const found = implicitSolution(
    (x, [c, from, h, ...own]) => {
      const part = reshape(x, []);
      const time = timeAt(origin, direction, add(from!, mul(part, h!)));
      return slice(events!.call([along(c!, part), time], own), [event.index, event.index + 1]);
    },
    (known) => known,
    tensor([event.part]),
    [coefficients, start, length, ...data.events],
  );
  const part = earlier?.part ?? reshape(found, []);
  const t = earlier?.t ?? add(start, mul(part, length));
  const before = earlier?.after ?? along(coefficients, part);
  const { reset } = run.events[event.index]!;
  const after = reset?.call([before, timeAt(origin, direction, t)], reset.data) ?? before;
  return { part, t, before, after };
}

/** Refuses an event whose function touches 0 without crossing it. */
function refuseGrazing(operation: string, run: OdeRun, { index, t, change, size }: EventRecord): void {
  if (change > steepEnough * size) return;
  throw new DownhillError(
    "derivative",
    `${operation}: events[${index}] has no derivative at t = ${run.env.origin + run.env.direction * t}: the solution grazes ` +
      "the event, so that its time does not depend smoothly on the data.",
  );
}

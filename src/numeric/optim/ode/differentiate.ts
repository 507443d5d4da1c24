import { add, mul, sub } from "../../array/elementwise.ts";
import { tensor } from "../../array/create.ts";
import { at } from "../../array/at.ts";
import { concatenate, expandDims, reshape, slice, transpose } from "../../array/shape.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { implicitSolution } from "../implicit/implicit.ts";
import type { OdeData, OdeFunctions } from "./compiled.ts";
import type { EventRecord, OdeOutcome, OdeRun, SolutionPiece } from "./drive.ts";
import { alongStep } from "./method.ts";
import { type EventValues, type SolutionValues, timeAt } from "./solution.ts";

/** Start of a segment. Its time is traced after an event. */
interface SegmentStart {
  readonly t: Tensor | number;
  readonly y: Tensor;
}

/** Tensors of one segment. */
interface SegmentValues {
  readonly coefficients: Tensor;
  readonly starts: Tensor;
  readonly lengths: Tensor;
  /** Fractions of the steps at which the pieces end: 1, except at an event. */
  readonly parts: Tensor;
}

/**
 * Smallest change of an event function over a step, relative to its largest value within the step, for which the event
 * has a derivative.
 */
const steepEnough = 1e-6;

/**
 * Repeats the recorded steps of an outcome for traced data and a traced start. The lengths of steps are constants, except
 * that of the last step before a fixed time, which starts at a traced time after an event. Times of events are zeros of
 * the event functions along the dense output, so the implicit function theorem gives their derivatives; the steps after
 * them start at these times.
 *
 * @throws DownhillError `derivative` for a grazing event.
 */
export function tracedValues(
  operation: string,
  run: OdeRun,
  functions: OdeFunctions,
  data: OdeData,
  y0: Tensor,
  { pieces, events, segments }: OdeOutcome,
): SolutionValues {
  const all: SegmentValues[] = [];
  const points: Tensor[] = [expandDims(y0, 0)];
  const times: Tensor[] = [tensor([0])];
  const values: EventValues[] = [];
  let start: SegmentStart = { t: 0, y: y0 };
  segments.forEach(({ first, limit, env, code }, s) => {
    const last = segments[s + 1]?.first ?? pieces.length;
    if (last === first) return;
    const own = pieces.slice(first, last);
    const happened = events.filter(({ piece }) => piece >= first && piece < last);
    const isCut = happened.some(({ after, index }) => after !== undefined || run.events[index]!.stop);
    const endsAtLimit = !isCut && own.at(-1)!.end === limit;
    const { starts, lengths } = stepsOf(own, start, endsAtLimit ? limit : undefined);
    const length = 2 ** Math.ceil(Math.log2(own.length)); // few different lengths are compiled
    const padded = (x: Tensor): Tensor => concatenate([x, tensor(new Float64Array(length - own.length))]);
    const repeated = code.repeat(start.y, padded(starts), padded(lengths), env, data);
    const coefficients = slice(repeated, [0, own.length]);
    const found = happened.map((event) => {
      const k = event.piece - first;
      const step = { coefficients: at(coefficients, k), start: at(starts, k), length: at(lengths, k) };
      return eventValues(operation, run, functions, data, event, step);
    });
    values.push(...found);
    const cut = isCut ? found.at(-1)! : undefined;
    const ones = tensor(new Float64Array(own.length - 1).fill(1));
    const parts = concatenate([ones, cut === undefined ? tensor([1]) : reshape(cut.part, [1])]);
    all.push({ coefficients, starts, lengths, parts });
    const ends = alongStep(transpose(coefficients, [1, 0, 2]), expandDims(parts, 1));
    points.push(ends);
    times.push(add(starts, mul(parts, lengths)));
    if (cut !== undefined && happened.at(-1)!.after !== undefined) {
      points.push(expandDims(cut.after, 0));
      times.push(reshape(cut.t, [1]));
    }
    const { end } = own.at(-1)!;
    const t = endsAtLimit ? limit : typeof start.t === "number" ? end : add(at(starts, -1), at(lengths, -1));
    start = cut === undefined ? { t, y: at(ends, -1) } : { t: cut.t, y: cut.after };
  });
  if (all.length === 0) {
    const none = tensor([]);
    return {
      coefficients: none,
      starts: none,
      lengths: none,
      points: points[0]!,
      times: times[0]!,
      events: [],
    };
  }
  const join = (part: (segment: SegmentValues) => Tensor): Tensor => concatenate(all.map(part));
  return {
    coefficients: join((segment) => segment.coefficients),
    starts: join((segment) => segment.starts),
    lengths: join((segment) => segment.lengths),
    points: concatenate(points),
    times: concatenate(times),
    events: values,
  };
}

/** Starts and lengths of the steps of a segment. `limit` is the fixed time of its end, if it has one. */
function stepsOf(
  own: readonly SolutionPiece[],
  { t }: SegmentStart,
  limit: number | undefined,
): { readonly starts: Tensor; readonly lengths: Tensor } {
  const offsets = tensor(Float64Array.from(own, ({ from }) => from - own[0]!.from));
  const starts = typeof t === "number" ? tensor(Float64Array.from(own, ({ from }) => from)) : add(t, offsets);
  const lengths = tensor(Float64Array.from(own, ({ length }) => length));
  if (limit === undefined || typeof t === "number") return { starts, lengths };
  const last = sub(limit, slice(starts, [own.length - 1]));
  return { starts, lengths: concatenate([slice(lengths, [0, own.length - 1]), last]) };
}

/** Step in which an event happened. */
interface EventStep {
  readonly coefficients: Tensor;
  readonly start: Tensor;
  readonly length: Tensor;
}

/** Differentiable values of an event. */
function eventValues(
  operation: string,
  run: OdeRun,
  { events }: OdeFunctions,
  data: OdeData,
  event: EventRecord,
  { coefficients, start, length }: EventStep,
): EventValues & { readonly part: Tensor } {
  const { origin, direction } = run.env;
  refuseGrazing(operation, run, event);
  const found = implicitSolution(
    (x, [c, from, h, ...own]) => {
      const part = reshape(x, []);
      const time = timeAt(origin, direction, add(from!, mul(part, h!)));
      return slice(events!.call([alongStep(c!, part), time], own), [event.index, event.index + 1]);
    },
    (known) => known,
    tensor([event.part]),
    [coefficients, start, length, ...data.events],
  );
  const part = reshape(found, []);
  const t = add(start, mul(part, length));
  const before = alongStep(coefficients, part);
  const { reset } = run.events[event.index]!;
  const after = reset?.call([before, timeAt(origin, direction, t)], reset.data) ?? before;
  return { part, t, before, after };
}

/** Refuses an event at which its function does not cross 0, but touches it. */
function refuseGrazing(operation: string, run: OdeRun, { index, t, change, size }: EventRecord): void {
  if (change > steepEnough * size) return;
  throw new DownhillError(
    "derivative",
    `${operation}: events[${index}] has no derivative at t = ${run.env.origin + run.env.direction * t}: the solution grazes ` +
      "the event, so that its time does not depend smoothly on the data.",
  );
}

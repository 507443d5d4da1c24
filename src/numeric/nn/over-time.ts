import { less, tanh, where } from "../array/elementwise.ts";
import { zeros } from "../array/create.ts";
import { asFloating, asPlaces } from "../array/promote.ts";
import { concatenate, expandDims } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { iota, moveAxis } from "../../engine/prims/index-ops.ts";
import { scan } from "../../engine/transforms/structured.ts";
import { sameShape } from "../../engine/util/shape.ts";
import { checkTensors } from "./parameters.ts";
import {
  gruCell,
  type GruParams,
  lstmCell,
  type LstmState,
  type RecurrentParams,
  rnnCell,
} from "./recurrent.ts";

/** Options of recurrent layers. */
export interface OverTimeOptions<S> {
  /** The state before the first step, `[…, hidden]`. Default zeros. */
  readonly initial?: S;
  /** Number of steps of each sequence, integers in the shape of x without its last two axes. Default all. */
  readonly lengths?: TensorLike;
  /** True to run from the last step to the first; outputs stay in the order of x. Default false. */
  readonly reverse?: boolean;
}

/** Result of a recurrent layer. */
export interface OverTime<S> {
  /** The hidden state after each step, `[…, time, hidden]`; 0 after the end of a sequence. */
  readonly outputs: Tensor;
  /** The state after the last step of each sequence; with `reverse`, after its first step, which is computed last. */
  readonly last: S;
}

/**
 * Operations of a recurrent layer on its state: creating it, advancing it by one step, selecting between two states,
 * and reading its output.
 */
interface Recurrence<S> {
  readonly hidden: number;
  start(shape: readonly number[], dtype: Tensor["dtype"]): S;
  step(x: Tensor, state: S): S;
  outputOf(state: S): Tensor;
  /** Selects between two states; the condition has the shape of a state with a last axis of size 1. */
  choose(condition: Tensor, state: S, other: S): S;
}

function overTime<S>(
  operation: string,
  x: TensorLike,
  options: OverTimeOptions<S>,
  recurrence: Recurrence<S>,
): OverTime<S> {
  checkOptions(operation, options, ["initial", "lengths", "reverse"]);
  checkFlags(operation, options, ["reverse"]);
  const t = asFloating(x, operation);
  if (t.ndim < 2) {
    throw new DownhillError(
      "shape",
      `${operation}: x is ${showType(t.type)}; it must have shape […, time, inputs].`,
    );
  }
  const lead = t.shape.slice(0, -2);
  const time = t.shape.at(-2)!;
  const { initial, lengths, reverse = false } = options;
  const start = initial ?? recurrence.start([...lead, recurrence.hidden], t.dtype);
  const steps = moveAxis(t, t.ndim - 2, 0);
  const ends = lengths === undefined ? undefined : asLengths(operation, lengths, lead, t);
  const [last, outputs] = scan(
    (state: S, [row, place]: readonly [Tensor, Tensor]) => {
      const next = recurrence.step(row, state);
      if (ends === undefined) return [next, recurrence.outputOf(next)] as const;
      const isThere = expandDims(less(place, ends), -1);
      const out = recurrence.outputOf(next);
      return [recurrence.choose(isThere, next, state), where(isThere, out, 0)] as const;
    },
    start as never,
    [steps, iota("int32", [time], 0)] as const,
    { reverse },
  );
  return { outputs: moveAxis(outputs, 0, t.ndim - 2), last };
}

function asLengths(operation: string, lengths: TensorLike, lead: readonly number[], x: Tensor): Tensor {
  const given = asPlaces(operation, lengths);
  if (sameShape(given.shape, lead)) return given;
  throw new DownhillError(
    "shape",
    `${operation}: lengths are ${showType(given.type)}; for x ${showType(x.type)} they must have shape ${showShape(lead)}.`,
  );
}

/** The operations of a recurrent layer whose state is a single array of `hidden` elements, advanced by `step`. */
function ofOne(hidden: number, step: Recurrence<Tensor>["step"]): Recurrence<Tensor> {
  return {
    hidden,
    start: (shape, dtype) => zeros(shape, { dtype }),
    step,
    outputOf: (h) => h,
    choose: (condition, h, other) => where(condition, h, other),
  };
}

/**
 * A simple recurrent network over the steps of x, shape `[…, time, inputs]`: applies `rnnCell` at each step.
 *
 * @throws DownhillError `shape` if x, the state or the lengths do not fit.
 * @example
 * const { outputs, last } = rnn(rnnInit(key(0), 3, 4), ones([2, 10, 3]));
 * [outputs.shape, last.shape]; // [[2, 10, 4], [2, 4]]
 */
export function rnn(
  params: RecurrentParams,
  x: TensorLike,
  options: OverTimeOptions<Tensor> & { readonly activation?: (x: Tensor) => Tensor } = {},
): OverTime<Tensor> {
  if (arguments.length > 3) refuseExtra("rnn", arguments, 3);
  checkOptions("rnn", options, ["initial", "lengths", "reverse", "activation"]);
  checkTensors("rnn", "the parameters", params, ["input", "hidden", "bias"], "rnnInit");
  const { activation = tanh, ...rest } = options;
  const step = (row: Tensor, h: Tensor): Tensor => rnnCell(params, row, h, { activation });
  return overTime("rnn", x, rest, ofOne(params.hidden.shape[0]!, step));
}

/**
 * An LSTM over the steps of x, shape `[…, time, inputs]`: applies `lstmCell` at each step. With `lengths` the sequences
 * end independently: the last state of each is that of its own last step, and outputs after it are 0, like PyTorch's
 * packed sequences.
 *
 * @throws DownhillError `shape` if x, the state or the lengths do not fit.
 * @example
 * const { outputs, last } = lstm(lstmInit(key(0), 3, 4), ones([2, 10, 3]), { lengths: [10, 7] });
 * [outputs.shape, last.h.shape]; // [[2, 10, 4], [2, 4]]
 */
export function lstm(
  params: RecurrentParams,
  x: TensorLike,
  options: OverTimeOptions<LstmState> = {},
): OverTime<LstmState> {
  if (arguments.length > 3) refuseExtra("lstm", arguments, 3);
  checkOptions("lstm", options, ["initial", "lengths", "reverse"]);
  checkTensors("lstm", "the parameters", params, ["input", "hidden", "bias"], "lstmInit");
  return overTime("lstm", x, options, {
    hidden: params.hidden.shape[0]!,
    start: (shape, dtype) => ({ h: zeros(shape, { dtype }), c: zeros(shape, { dtype }) }),
    step: (row, state) => lstmCell(params, row, state),
    outputOf: ({ h }) => h,
    choose: (condition, state, other) => ({
      h: where(condition, state.h, other.h),
      c: where(condition, state.c, other.c),
    }),
  });
}

/**
 * A GRU over the steps of x, shape `[…, time, inputs]`: applies `gruCell` at each step; see `lstm`.
 *
 * @throws DownhillError `shape` if x, the state or the lengths do not fit.
 * @example
 * gru(gruInit(key(0), 3, 4), ones([10, 3])).outputs.shape; // [10, 4]
 */
export function gru(
  params: GruParams,
  x: TensorLike,
  options: OverTimeOptions<Tensor> = {},
): OverTime<Tensor> {
  if (arguments.length > 3) refuseExtra("gru", arguments, 3);
  checkOptions("gru", options, ["initial", "lengths", "reverse"]);
  checkTensors("gru", "the parameters", params, ["input", "hidden", "bias", "hiddenBias"], "gruInit");
  return overTime(
    "gru",
    x,
    options,
    ofOne(params.hidden.shape[0]!, (row, h) => gruCell(params, row, h)),
  );
}

/** One value for each direction of a bidirectional layer. */
export interface Directions<T> {
  readonly forward: T;
  readonly backward: T;
}

/**
 * Runs a recurrent layer over the steps of x in both directions, each with its own parameters. The outputs are
 * concatenated along the last axis, forward ones first, as in PyTorch.
 *
 * @throws DownhillError as the layer.
 * @example
 * const params = { forward: lstmInit(key(0), 3, 4), backward: lstmInit(key(1), 3, 4) };
 * bidirectional(lstm, params, ones([10, 3])).outputs.shape; // [10, 8]
 */
export function bidirectional<P, S>(
  layer: (params: P, x: TensorLike, options: OverTimeOptions<S>) => OverTime<S>,
  params: Directions<P>,
  x: TensorLike,
  options: { readonly initial?: Directions<S>; readonly lengths?: TensorLike } = {},
): OverTime<Directions<S>> {
  if (arguments.length > 4) refuseExtra("bidirectional", arguments, 4);
  checkOptions("bidirectional", options, ["initial", "lengths"]);
  const { initial, lengths } = options;
  const each = (way: keyof Directions<S>): OverTime<S> =>
    layer(params[way], x, {
      ...(initial && { initial: initial[way] }),
      ...(lengths !== undefined && { lengths }),
      reverse: way === "backward",
    });
  const [forward, backward] = [each("forward"), each("backward")];
  return {
    outputs: concatenate([forward.outputs, backward.outputs], { axis: -1 }),
    last: { forward: forward.last, backward: backward.last },
  };
}

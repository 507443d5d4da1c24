import { add, mul, sigmoid, sub, tanh } from "../array/elementwise.ts";
import { matmul } from "../array/shape.ts";
import { asFloating } from "../array/promote.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { part } from "../../engine/prims/index-ops.ts";
import type { Key } from "../random/index.ts";
import { split } from "../random/index.ts";
import { fanInUniform, type Initialiser } from "./initialise.ts";
import { checkTensors } from "./parameters.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";

/**
 * Parameters of a recurrent cell. The `parts` of its gates are concatenated along the last axis: 1 in `rnnCell`, 4 in
 * `lstmCell`, 3 in `gruCell`.
 */
export interface RecurrentParams {
  /** Shape `[inputs, parts · hidden]`. */
  readonly input: Tensor;
  /** Shape `[hidden, parts · hidden]`. */
  readonly hidden: Tensor;
  /** Shape `[parts · hidden]`. */
  readonly bias: Tensor;
}

/**
 * Parameters of a GRU. Its reset gate multiplies the hidden part of the candidate including a bias, which is therefore
 * separate.
 */
export interface GruParams extends RecurrentParams {
  /** Bias of the hidden part of the candidate, shape `[hidden]`. */
  readonly hiddenBias: Tensor;
}

/** Options of the initialisers of recurrent cells. */
export interface RecurrentOptions {
  /** Initialiser of weights and biases. Default `fanInUniform` over `±1/√hidden`, as in PyTorch. */
  readonly init?: Initialiser;
  /** Dtype of the parameters. Default float32. */
  readonly dtype?: "float64" | "float32";
}

/** State of an LSTM between steps: hidden state and cell state, each `[…, hidden]`. */
export interface LstmState {
  readonly h: Tensor;
  readonly c: Tensor;
}

function recurrentInit(
  operation: string,
  key: Key,
  inputs: number,
  hidden: number,
  parts: number,
  options: RecurrentOptions,
): GruParams {
  checkOptions(operation, options, ["init", "dtype"]);
  for (const [what, n] of [
    ["inputs", inputs],
    ["hidden", hidden],
  ] as const)
    checkInteger(operation, what, n, { from: 1 });
  const { init = fanInUniform, dtype = "float32" } = options;
  const width = parts * hidden;
  const [a, b, c, d] = split(key, 4);
  const fans = { dtype, fanIn: hidden, fanOut: width };
  return {
    input: init(a, [inputs, width], fans),
    hidden: init(b, [hidden, width], fans),
    bias: init(c, [width], fans),
    hiddenBias: init(d, [hidden], fans),
  };
}

function requireInputs(operation: string, x: Tensor, h: Tensor, { input, hidden }: RecurrentParams): void {
  if (x.shape.at(-1) === input.shape[0] && h.shape.at(-1) === hidden.shape[0]) return;
  throw new DownhillError(
    "shape",
    `${operation}: x is ${showType(x.type)} and the state ${showType(h.type)}, but the cell takes ${input.shape[0]!} inputs and ${hidden.shape[0]!} hidden numbers along the last axis.`,
  );
}

/** Splits `count` gates that are concatenated along the last axis. */
function partsOf(gates: Tensor, count: number): Tensor[] {
  const size = gates.shape.at(-1)! / count;
  return Array.from({ length: count }, (_, i) => part(gates, gates.ndim - 1, i * size, (i + 1) * size));
}

/**
 * Initial parameters of a recurrent cell with the given numbers of inputs and hidden units.
 *
 * @throws DownhillError `range` if a size is not a positive integer.
 * @example
 * rnnInit(key(0), 3, 4).input.shape; // [3, 4]
 */
export function rnnInit(
  key: Key,
  inputs: number,
  hidden: number,
  options: RecurrentOptions = {},
): RecurrentParams {
  if (arguments.length > 4) refuseExtra("rnnInit", arguments, 4);
  const { input, hidden: recurrent, bias } = recurrentInit("rnnInit", key, inputs, hidden, 1, options);
  return { input, hidden: recurrent, bias };
}

/**
 * One step of a simple recurrent network, `activation(x · input + h · hidden + bias)`: the next state.
 *
 * @throws DownhillError `shape` if x or h do not fit.
 * @example
 * const p = rnnInit(key(0), 3, 4);
 * const [last] = scan((h: Tensor, x: Tensor) => [rnnCell(p, x, h), null], zeros([4]), ones([10, 3]));
 * last.shape; // [4]
 */
export function rnnCell(
  params: RecurrentParams,
  x: TensorLike,
  h: TensorLike,
  options: { readonly activation?: (x: Tensor) => Tensor } = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("rnnCell", arguments, 4);
  checkOptions("rnnCell", options, ["activation"]);
  checkTensors("rnnCell", "the parameters", params, ["input", "hidden", "bias"], "rnnInit");
  const { activation = tanh } = options;
  const [input, state] = [asFloating(x, "rnnCell"), asFloating(h, "rnnCell")];
  requireInputs("rnnCell", input, state, params);
  return activation(add(add(matmul(input, params.input), matmul(state, params.hidden)), params.bias));
}

/**
 * Initial parameters of an LSTM with the given numbers of inputs and hidden units.
 *
 * @throws DownhillError `range` if a size is not a positive integer.
 * @example
 * lstmInit(key(0), 3, 4).input.shape; // [3, 16]
 */
export function lstmInit(
  key: Key,
  inputs: number,
  hidden: number,
  options: RecurrentOptions = {},
): RecurrentParams {
  if (arguments.length > 4) refuseExtra("lstmInit", arguments, 4);
  const { input, hidden: recurrent, bias } = recurrentInit("lstmInit", key, inputs, hidden, 4, options);
  return { input, hidden: recurrent, bias };
}

/**
 * One step of an LSTM. With i, f, g, o the parts of `x · input + h · hidden + bias` in PyTorch's order: `c' = σ(f) · c
 * + σ(i) · tanh(g)`, `h' = σ(o) · tanh(c')`. (PyTorch has two biases, and only their sum matters.)
 *
 * @throws DownhillError `shape` if x or the state do not fit.
 * @see Hochreiter, Schmidhuber, Long short-term memory, Neural Computation 9, 1997; with the forget gate of Gers et al.
 * @example
 * const p = lstmInit(key(0), 3, 4);
 * const start = { h: zeros([4]), c: zeros([4]) };
 * const [last, hs] = scan(
 *   (s: LstmState, x: Tensor) => { const next = lstmCell(p, x, s); return [next, next.h]; }, start, ones([10, 3]));
 * hs.shape; // [10, 4]
 */
export function lstmCell(params: RecurrentParams, x: TensorLike, state: LstmState): LstmState {
  if (arguments.length > 3) refuseExtra("lstmCell", arguments, 3);
  checkTensors("lstmCell", "the parameters", params, ["input", "hidden", "bias"], "lstmInit");
  checkTensors("lstmCell", "the state", state, ["h", "c"], "the last step");
  const { h, c } = state;
  const input = asFloating(x, "lstmCell");
  requireInputs("lstmCell", input, h, params);
  const gates = add(add(matmul(input, params.input), matmul(h, params.hidden)), params.bias);
  const [i, f, g, o] = partsOf(gates, 4);
  const next = add(mul(sigmoid(f!), c), mul(sigmoid(i!), tanh(g!)));
  return { h: mul(sigmoid(o!), tanh(next)), c: next };
}

/**
 * Initial parameters of a GRU with the given numbers of inputs and hidden units.
 *
 * @throws DownhillError `range` if a size is not a positive integer.
 * @example
 * gruInit(key(0), 3, 4).hidden.shape; // [4, 12]
 */
export function gruInit(key: Key, inputs: number, hidden: number, options: RecurrentOptions = {}): GruParams {
  if (arguments.length > 4) refuseExtra("gruInit", arguments, 4);
  return recurrentInit("gruInit", key, inputs, hidden, 3, options);
}

/**
 * One step of a GRU. With r, z, n the parts of `x · input + bias` and of `h · hidden` in PyTorch's order:
 * `n = tanh(nₓ + σ(rₓ + rₕ) · (nₕ + hiddenBias))`, `h' = (1 − σ(zₓ + zₕ)) · n + σ(zₓ + zₕ) · h`.
 *
 * The reset gate multiplies the product of the state and its weights, as in PyTorch, and not the state itself, as in
 * the paper.
 *
 * @throws DownhillError `shape` if x or h do not fit.
 * @see Cho et al., Learning phrase representations using RNN encoder–decoder, EMNLP 2014.
 * @example
 * const p = gruInit(key(0), 3, 4);
 * gruCell(p, ones([2, 3]), zeros([2, 4])).shape; // [2, 4]
 */
export function gruCell(params: GruParams, x: TensorLike, h: TensorLike): Tensor {
  if (arguments.length > 3) refuseExtra("gruCell", arguments, 3);
  checkTensors("gruCell", "the parameters", params, ["input", "hidden", "bias", "hiddenBias"], "gruInit");
  const [input, state] = [asFloating(x, "gruCell"), asFloating(h, "gruCell")];
  requireInputs("gruCell", input, state, params);
  const [rx, zx, nx] = partsOf(add(matmul(input, params.input), params.bias), 3);
  const [rh, zh, nh] = partsOf(matmul(state, params.hidden), 3);
  const reset = sigmoid(add(rx!, rh!));
  const keep = sigmoid(add(zx!, zh!));
  const candidate = tanh(add(nx!, mul(reset, add(nh!, params.hiddenBias))));
  return add(candidate, mul(keep, sub(state, candidate)));
}

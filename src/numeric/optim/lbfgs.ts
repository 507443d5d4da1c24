import { full } from "../array/create.ts";
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
  minimum,
  mul,
  sub,
  where,
} from "../array/elementwise.ts";
import { max, sum } from "../array/reduce.ts";
import { concatenate, dot, ravel, reshape, slice } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { cond, whileLoop } from "../../engine/transforms/structured.ts";
import { directionOf, emptyState, type LbfgsState, readState, remember } from "./lbfgs-memory.ts";
import { beginSearch, continueSearch } from "./line-search.ts";
import { count, fixed, oneOf, optional, type Rate, rate, readOptions } from "./options.ts";
import { checkInit, checkUpdate, type Update, type UpdateExtra } from "./optimizer.ts";
import { matchParameters, type Parameters, readParameters, rebuild } from "./parameters.ts";
import { stepOf } from "./state.ts";
import { rateAt, type Schedule, scaledRate } from "./schedule.ts";
import { ofTensors } from "./search-arithmetic.ts";

/** Options of `lbfgs`. */
export interface LbfgsOptions {
  /**
   * η, the step length, or the first one that a line search tries; 0 or more, or a schedule. Default 1. In the first
   * iteration it is multiplied by `min(1, 1/Σ|g|)`.
   */
  readonly learningRate?: Rate;
  /** Maximum number of iterations per update, 1 or more. Default 20. */
  readonly maxIterations?: number;
  /**
   * Maximum number of evaluations of the loss per update, 1 or more; `null` for 5/4 of the iterations. Default `null`.
   */
  readonly maxEvaluations?: number | null;
  /** An update ends when no partial derivative exceeds this in absolute value; 0 or more. Default 1e-7. */
  readonly toleranceGrad?: number;
  /**
   * An update ends when the loss changes by less than this, no parameter changes by more than this, or the slope along
   * the direction is above its negative. 0 or more. Default 1e-9.
   */
  readonly toleranceChange?: number;
  /** Number of steps in the history, 1 or more. Default 100. */
  readonly historySize?: number;
  /** Choice of the step length: fixed (`none`), or by a line search for the strong Wolfe conditions. Default `none`. */
  readonly lineSearch?: "none" | "strong-wolfe";
}

/** Result of `lbfgs`: an optimiser for parameters of any structure. */
export interface Lbfgs {
  init(params: unknown): LbfgsState;
  update<P>(grads: P, state: LbfgsState, params: P, extra?: UpdateExtra<P>): Update<P, LbfgsState>;
  readonly learningRate?: number | Schedule;
  readonly searches: true;
}

/**
 * L-BFGS: a quasi-Newton method that approximates the inverse Hessian from the most recent steps. For losses without
 * noise: full batches, or the same batch within an update.
 *
 * An update makes up to `maxIterations` iterations and evaluates the loss in each. It therefore needs
 * `extra.valueAndGrad`, which is traced once, and takes `extra.value`, the loss at `params`, if it is known. The
 * iterations and the line search are loops of one program, so that an update can run inside `jit` and `scan`, which
 * avoid tracing it each time. Forward mode works, but reverse mode does not, because the loops are `whileLoop`s.
 *
 * Rule and defaults are PyTorch's, step for step, with `line_search_fn="strong_wolfe"` as `lineSearch: "strong-wolfe"`;
 * the search makes at most 25 evaluations, like PyTorch up to 2.6. optax's `lbfgs` makes one iteration per update, with
 * a zoom line search and a history of 10.
 *
 * The history takes `2 · historySize` float64 numbers per parameter.
 *
 * @throws DownhillError `option` for an unknown option or without `valueAndGrad`, `range` for a number out of range.
 * @see Nocedal, Updating quasi-Newton matrices with limited storage, Mathematics of Computation 35, 1980; Nocedal,
 * Wright, Numerical optimization, 2nd edition, section 7.2.
 * @example
 * const loss = (p) => add(square(sub(p.x, 3)), mul(10, square(p.y)));
 * const { init, update } = lbfgs({ lineSearch: "strong-wolfe" });
 * const params = { x: tensor(0), y: tensor(1) };
 * const [value, grads] = valueAndGrad(loss)(params);
 * const { updates } = update(grads, init(params), params, { value, valueAndGrad: valueAndGrad(loss) });
 * applyUpdates(params, updates).x.item().toFixed(6); // "3.000000"
 */
export function lbfgs(options: LbfgsOptions = {}): Lbfgs {
  if (arguments.length > 1) refuseExtra("lbfgs", arguments, 1);
  const read = readOptions<LbfgsOptions>("lbfgs", options, {
    learningRate: rate(1),
    maxIterations: count(20, { from: 1 }),
    maxEvaluations: optional(count(1, { from: 1 })),
    toleranceGrad: fixed(1e-7, { from: 0 }),
    toleranceChange: fixed(1e-9, { from: 0 }),
    historySize: count(100, { from: 1 }),
    lineSearch: oneOf("none", ["none", "strong-wolfe"]),
  });
  const { learningRate } = read;
  return {
    ...(learningRate instanceof Tensor ? {} : { learningRate }),
    searches: true,
    init(params) {
      checkInit("lbfgs", arguments);
      return emptyState(vectorOf(readParameters("lbfgs", params).tensors).shape[0]!, read.historySize);
    },
    update<P>(grads: P, state: LbfgsState, params: P, extra?: UpdateExtra<P>): Update<P, LbfgsState> {
      checkUpdate("lbfgs", arguments);
      const parameters = readParameters("lbfgs", params);
      const evaluate = extra?.valueAndGrad;
      if (typeof evaluate !== "function") {
        throw new DownhillError(
          "option",
          "lbfgs: update needs the loss at other parameters: update(grads, state, params, { valueAndGrad: valueAndGrad(loss) }).",
        );
      }
      const f = (x: Tensor): LossEvaluation => {
        const found: unknown = evaluate(treeOf(parameters, x) as P);
        if (!Array.isArray(found) || found.length !== 2) {
          throw new DownhillError(
            "option",
            "lbfgs: extra.valueAndGrad must return [value, grads], as valueAndGrad(loss) does.",
          );
        }
        const [value, gradient] = found as readonly unknown[];
        return {
          value: scalarOf(value),
          gradient: vectorOf(matchParameters(parameters, "grads", gradient)),
        };
      };
      const step = stepOf("lbfgs", state);
      const gradient = vectorOf(matchParameters(parameters, "grads", grads));
      const x = vectorOf(parameters.tensors);
      const memory = readState(state, x.shape[0]!, read.historySize);
      const value = extra?.value === undefined ? f(x).value : scalarOf(extra.value);
      const eta = scaledRate(
        "lbfgs",
        rateAt("lbfgs", learningRate, step, "float64"),
        extra?.rateScale,
        "float64",
      );
      const end = iterate(read, astype(eta, "float64"), f, { x, value, gradient, memory });
      return {
        updates: treeOf(parameters, sub(end.x, x)) as P,
        state: { ...end.memory, step: add(step, 1) },
      };
    },
  };
}

/** The loss and its gradient at a point, in float64. */
interface LossEvaluation {
  readonly value: Tensor;
  readonly gradient: Tensor;
}

/** State of an update between two iterations. */
interface LbfgsIterate extends LossEvaluation {
  readonly x: Tensor;
  readonly memory: LbfgsState;
}

type LossWithGradient = (x: Tensor) => LossEvaluation;

/** Runs the iterations of one update. */
function iterate(
  o: Required<LbfgsOptions>,
  eta: Tensor,
  f: LossWithGradient,
  start: LbfgsIterate,
): LbfgsIterate {
  const maxEvaluations = o.maxEvaluations ?? Math.floor((o.maxIterations * 5) / 4);
  const one = full([], 1, { dtype: "int32" });
  const isSteep = (gradient: Tensor): Tensor => greater(largest(gradient), o.toleranceGrad);
  const { at: end, evaluations } = whileLoop(
    ({ goesOn }) => goesOn,
    ({ at, k, evaluations }) => {
      const memory = recall(at, eta);
      const { direction, length: first } = memory;
      const slope = dot(at.gradient, direction);
      const descends = logicalNot(greater(slope, -o.toleranceChange));
      const from = { ...at, slope, descends, direction, first };
      const found =
        o.lineSearch === "strong-wolfe" ? alongLine(f, from) : oneStep(f, from, less(k, o.maxIterations)); // after the last iteration no gradient is computed, because the next update gets it as an argument
      const made = add(evaluations, found.evaluations);
      const length = where(descends, found.length, first);
      const isFar = logicalNot(lessEqual(mul(abs(length), largest(direction)), o.toleranceChange));
      const isChanged = logicalNot(less(abs(sub(found.value, at.value)), o.toleranceChange));
      const isWithin = logicalAnd(less(k, o.maxIterations), less(made, maxEvaluations));
      return {
        at: {
          x: where(descends, add(at.x, mul(length, direction)), at.x),
          value: found.value,
          gradient: found.gradient,
          memory: { ...memory, length },
        },
        k: add(k, 1),
        evaluations: made,
        goesOn: [descends, isWithin, isFar, isChanged, isSteep(found.gradient)].reduce(logicalAnd),
      };
    },
    { at: start, k: one, evaluations: one, goesOn: isSteep(start.gradient) },
  );
  const { memory } = end;
  return { ...end, memory: { ...memory, evaluations: add(memory.evaluations, evaluations) } };
}

/**
 * Appends the step that led to this point to the history if its curvature yᵀs is above 1e-10, and computes the next
 * direction and the first length to try.
 */
function recall({ gradient, memory }: LbfgsIterate, eta: Tensor): LbfgsState {
  const s = mul(memory.length, memory.direction);
  const y = sub(gradient, memory.gradient);
  const history = remember(memory, s, y, greater(dot(y, s), 1e-10));
  const isFirst = equal(memory.iterations, 0);
  return {
    ...memory,
    ...history,
    iterations: add(memory.iterations, 1),
    direction: directionOf(history, gradient),
    length: where(isFirst, mul(minimum(1, div(1, sum(abs(gradient)))), eta), eta),
    gradient,
  };
}

/** A point from which a line search starts, with its direction. */
interface LineStart extends LossEvaluation {
  readonly x: Tensor;
  readonly direction: Tensor;
  /** Slope of the loss along the direction. */
  readonly slope: Tensor;
  /** True if the loss decreases along the direction; otherwise no step is taken. */
  readonly descends: Tensor;
  /** Step length to try first. */
  readonly first: Tensor;
}

/** The length of a step, the loss and gradient at its end, and the number of evaluations. */
interface LineSearchStep extends LossEvaluation {
  readonly length: Tensor;
  readonly evaluations: Tensor;
}

/**
 * Takes a step of the first length. Evaluates the loss at its end only if `isNeeded` and `from.descends`; otherwise the
 * result has the loss and gradient of the start.
 */
function oneStep(f: LossWithGradient, from: LineStart, isNeeded: Tensor): LineSearchStep {
  const { x, direction, descends, first, value, gradient } = from;
  const isEvaluated = logicalAnd(descends, isNeeded);
  const found = cond(
    isEvaluated,
    () => f(add(x, mul(first, direction))),
    () => ({ value, gradient }),
  );
  return { ...found, length: first, evaluations: astype(isEvaluated, "int32") };
}

/**
 * Searches for a step whose length satisfies the strong Wolfe conditions. The length is 0 if the loss does not decrease
 * along the direction.
 */
function alongLine(f: LossWithGradient, from: LineStart): LineSearchStep {
  const { x, direction, slope, descends, first, value, gradient } = from;
  const start = { t: full([], 0), value, gradient, slope };
  const line = { start, width: largest(direction) };
  const none = full([], 0, { dtype: "int32" });
  const { low, evaluations } = whileLoop(
    ({ isDone }) => logicalNot(isDone),
    (search) => {
      const there = f(add(x, mul(search.t, direction)));
      const point = { ...there, t: search.t, slope: dot(there.gradient, direction) };
      return continueSearch(ofTensors, line, search, point);
    },
    { ...beginSearch(start, first, none, full([], 0, { dtype: "bool" })), isDone: logicalNot(descends) },
  );
  return { value: low.value, gradient: low.gradient, length: low.t, evaluations };
}

/** `max |xᵢ|`; 0 for an empty vector, NaN if an element is NaN. */
function largest(x: Tensor): Tensor {
  return x.shape[0] === 0 ? full([], 0) : max(abs(x));
}

function scalarOf(value: unknown): Tensor {
  const isTensor = value instanceof Tensor;
  if (typeof value === "number" || (isTensor && value.ndim === 0)) return astype(value, "float64");
  const what = isTensor ? showType(value.type) : value === null ? "null" : `a value of type ${typeof value}`;
  throw new DownhillError("shape", `lbfgs: the loss must be a scalar, got ${what}.`);
}

/** All elements of a list of tensors as one float64 vector. */
function vectorOf(tensors: readonly Tensor[]): Tensor {
  return concatenate(tensors.map((x) => astype(ravel(x), "float64")));
}

function treeOf(parameters: Parameters, x: Tensor): unknown {
  let next = 0;
  return rebuild(
    parameters,
    parameters.tensors.map(({ shape, dtype }) => {
      const n = shape.reduce((product, size) => product * size, 1);
      return astype(reshape(slice(x, [next, (next += n)]), shape), dtype);
    }),
  );
}

import { tensor } from "../array/create.ts";
import { DownhillError } from "../errors/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { quasiNewtonDirection, remember } from "./curvature.ts";
import { emptyMemory, type LbfgsState, type Memory, readState, writeState } from "./lbfgs-memory.ts";
import { strongWolfe } from "./line-search.ts";
import { checkRate, count, fixed, oneOf, optional, type Option, readOptions } from "./options.ts";
import type { Update, UpdateExtra } from "./optimizer.ts";
import { matchParameters, type Parameters, readParameters, rebuild } from "./parameters.ts";
import { stepOf } from "./rule.ts";
import { rateAt, type Schedule, scaledRate } from "./schedule.ts";
import { addScaled, dot, largest, scaled, subtract, sumOfSizes } from "./vector.ts";

/** Options of `lbfgs`. */
export interface LbfgsOptions {
  /** η, the first length tried of each step, 0 or more, or a schedule. Default 1. */
  readonly learningRate?: number | Schedule;
  /** Iterations within an update, 1 or more. Default 20. */
  readonly maxIterations?: number;
  /** Evaluations of the loss within an update, 1 or more; `null` for 5/4 of the iterations. Default `null`. */
  readonly maxEvaluations?: number | null;
  /** An update ends where no partial derivative is larger, 0 or more. Default 1e-7. */
  readonly toleranceGrad?: number;
  /** An update ends where loss or parameters change by less, 0 or more. Default 1e-9. */
  readonly toleranceChange?: number;
  /** Number of steps that are remembered, 1 or more. Default 100. */
  readonly historySize?: number;
  /** How the length of a step is found: as it is, or by the strong Wolfe conditions. Default `none`. */
  readonly lineSearch?: "none" | "strong-wolfe";
}

/** `lbfgs`, for parameters of any structure. */
export interface Lbfgs {
  init(params: unknown): LbfgsState;
  update<P>(grads: P, state: LbfgsState, params: P, extra?: UpdateExtra<P>): Update<P, LbfgsState>;
  readonly learningRate: number | Schedule;
  readonly eager: true;
}

/**
 * L-BFGS: Newton's method with an inverse Hessian that is guessed from the last steps. For losses without noise: full
 * batches, or the same batch within an update.
 *
 * An update makes up to `maxIterations` iterations and evaluates the loss as it goes, so it needs `extra.valueAndGrad`
 * (and `extra.value`, the loss at `params`, where it is known). It decides by the values that it meets and therefore
 * runs eagerly only, not inside `jit`, `scan` or `grad`; give it a `valueAndGrad` that is compiled.
 *
 * PyTorch's rule and defaults, step for step, with `line_search_fn="strong_wolfe"` as `lineSearch: "strong-wolfe"`;
 * the search has 25 evaluations at most, as there up to 2.6. optax's `lbfgs` makes one iteration an update, with a zoom
 * line search and a history of 10.
 *
 * @throws DownhillError `option` for an unknown option or without `valueAndGrad`, `range` for a number out of range,
 * `trace` inside a transformation.
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
  const read = readOptions<LbfgsOptions>("lbfgs", options, {
    learningRate: firstLength,
    maxIterations: count(20, { from: 1 }),
    maxEvaluations: optional(count(1, { from: 1 })),
    toleranceGrad: fixed(1e-7, { from: 0 }),
    toleranceChange: fixed(1e-9, { from: 0 }),
    historySize: count(100, { from: 1 }),
    lineSearch: oneOf("none", ["none", "strong-wolfe"]),
  });
  const { learningRate } = read;
  return {
    learningRate,
    eager: true,
    init(params) {
      const n = vectorOf(readParameters("lbfgs", params).tensors).length;
      return writeState(0, emptyMemory(n));
    },
    update<P>(grads: P, state: LbfgsState, params: P, extra?: UpdateExtra<P>): Update<P, LbfgsState> {
      const parameters = readParameters("lbfgs", params);
      const evaluate = extra?.valueAndGrad;
      if (evaluate === undefined) {
        throw new DownhillError(
          "option",
          "lbfgs: update needs the loss at other parameters: update(grads, state, params, { valueAndGrad: valueAndGrad(loss) }).",
        );
      }
      const start = vectorOf(parameters.tensors);
      const memory = readState(state, start.length);
      const f = (x: Float64Array): Evaluation => {
        const [value, gradient] = evaluate(treeOf(parameters, x) as P);
        return { value: value.item(), gradient: vectorOf(matchParameters(parameters, "grads", gradient)) };
      };
      const step = stepOf("lbfgs", state);
      const gradient = vectorOf(matchParameters(parameters, "grads", grads));
      const value = extra?.value?.item() ?? f(start).value;
      const eta = scaledRate(rateAt("lbfgs", learningRate, step, "float64"), extra?.rateScale, "float64");
      const rate = typeof eta === "number" ? eta : eta.item();
      const end = iterate(read, rate, f, start, { value, gradient }, memory);
      return {
        updates: treeOf(parameters, subtract(end.x, start)) as P,
        state: writeState(step.item() + 1, end.memory),
      };
    },
  };
}

const firstLength: Option<number | Schedule> = {
  initial: 1,
  check: (operation, _, value) => checkRate(operation, value),
};

interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** The iterations of one update, from x with the value and gradient there. */
function iterate(
  o: Required<LbfgsOptions>,
  rate: number,
  f: (x: Float64Array) => Evaluation,
  x: Float64Array,
  { value, gradient }: Evaluation,
  memory: Memory,
): { readonly x: Float64Array; readonly memory: Memory } {
  let { iterations, direction, length, gradient: before, history } = memory;
  const maxEvaluations = o.maxEvaluations ?? Math.floor((o.maxIterations * 5) / 4);
  let evaluations = 1;
  for (let k = 1; k <= o.maxIterations && largest(gradient) > o.toleranceGrad; k++) {
    if (++iterations === 1) {
      direction = scaled(-1, gradient);
      length = Math.min(1, 1 / sumOfSizes(gradient)) * rate;
    } else {
      const [y, s] = [subtract(gradient, before), scaled(length, direction)];
      if (dot(y, s) > 1e-10) history = remember(history, s, y, o.historySize);
      direction = quasiNewtonDirection(history, gradient);
      length = rate;
    }
    before = gradient;
    const last = value;
    const slope = dot(gradient, direction);
    if (slope > -o.toleranceChange) break;
    if (o.lineSearch === "strong-wolfe") {
      const [from, along] = [x, direction];
      const start = { t: 0, value, gradient, slope };
      const found = strongWolfe((t) => f(addScaled(from, t, along)), start, direction, length);
      ({ value, gradient, t: length } = found.point);
      evaluations += found.evaluations;
      x = addScaled(x, length, direction);
    } else {
      x = addScaled(x, length, direction);
      if (k === o.maxIterations) break; // the next update brings the gradient there
      ({ value, gradient } = f(x));
      evaluations++;
    }
    if (evaluations >= maxEvaluations) break;
    if (Math.abs(length) * largest(direction) <= o.toleranceChange) break;
    if (Math.abs(value - last) < o.toleranceChange) break;
  }
  evaluations += memory.evaluations;
  return { x, memory: { iterations, evaluations, direction, length, gradient: before, history } };
}

/** All numbers of a list of tensors as one vector. */
function vectorOf(tensors: readonly Tensor[]): Float64Array {
  if (tensors.some(({ tracer }) => tracer !== undefined)) {
    throw new DownhillError(
      "trace",
      "lbfgs: it decides by values and so cannot run inside jit, scan or grad. Call update outside, with a jitted valueAndGrad.",
    );
  }
  return Float64Array.from(tensors.flatMap((x) => [...x.data()]));
}

function treeOf(parameters: Parameters, x: Float64Array): unknown {
  let next = 0;
  return rebuild(
    parameters,
    parameters.tensors.map(({ shape, dtype }) => {
      const n = shape.reduce((product, size) => product * size, 1);
      return tensor(x.subarray(next, (next += n)), { shape, dtype });
    }),
  );
}

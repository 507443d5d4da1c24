import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { stopGradient } from "../../../engine/prims/linear.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { requireFunction } from "../../../engine/transforms/arguments.ts";
import { vmap } from "../../../engine/transforms/index.ts";
import { whileLoop } from "../../../engine/transforms/structured.ts";
import type { LikeAll } from "../../../engine/tree/index.ts";
import { arange, zeros } from "../../array/create.ts";
import { abs, astype, equal, isFinite, less, logicalAnd, maximum, where } from "../../array/elementwise.ts";
import { argmax, sum } from "../../array/reduce.ts";
import { expandDims, matmul, ravel, reshape } from "../../array/shape.ts";
import { readArgs } from "../minimize/problem.ts";
import { count, fixed, readOptions } from "../options.ts";
import { closed } from "./closed.ts";

/** Options of `quad`. */
export interface QuadOptions<A extends readonly unknown[] = []> {
  /** Further arguments of the function after x. Default: none. */
  readonly args?: LikeAll<A>;
  /** Largest estimated error as a fraction of the integral, at least 0. Default 1.49e-8. */
  readonly rtol?: number;
  /** Largest absolute estimated error, at least 0. Default 1.49e-8. */
  readonly atol?: number;
  /** Largest number of subintervals, 1 or more. Default 50. Derivatives evaluate 21 points of each. */
  readonly maxIntervals?: number;
}

/** Nodes x ≥ 0 of the rule of Kronrod with 21 points, and its weights; every second node has a weight of Gauss's rule. */
const kronrod: readonly (readonly [node: number, weight: number, gauss: number])[] = [
  [0.9956571630258081, 0.011694638867371874, 0],
  [0.9739065285171717, 0.032558162307964725, 0.06667134430868814],
  [0.9301574913557082, 0.054755896574351995, 0],
  [0.8650633666889845, 0.07503967481091996, 0.1494513491505806],
  [0.7808177265864169, 0.0931254545836976, 0],
  [0.6794095682990244, 0.10938715880229764, 0.21908636251598204],
  [0.5627571346686047, 0.12349197626206584, 0],
  [0.4333953941292472, 0.13470921731147334, 0.26926671930999635],
  [0.2943928627014602, 0.14277593857706009, 0],
  [0.14887433898163122, 0.14773910490133849, 0.29552422471475287],
  [0, 0.1494455540029169, 0],
];
/** All 21 nodes and weights, from −1 to 1. */
const rule = /* @__PURE__ */ (() => [...kronrod.map(([x, w, g]) => [-x, w, g]), ...kronrod.slice(0, -1).reverse()] as readonly (readonly [number, number, number])[])(); // prettier-ignore

/**
 * Integrates `f(x, ...args)` over x from `low` to `high`, which may be infinite, by adaptive
 * Gauss–Kronrod quadrature with 21 points (QUADPACK's QAG). The subinterval of the largest error is halved until the estimate
 * meets a tolerance. Returns the integral and the estimate of its error, as SciPy's `quad`. The estimate
 * exceeds the tolerances if `maxIntervals` did not suffice. Computes in float64.
 *
 * The integral is differentiable in `args`, in values that f captures and in finite limits. Derivatives of both modes and of
 * any order use the same rule on the subintervals that were found. It works inside `jit`, `vmap`, `scan` and `grad`.
 *
 * @throws DownhillError `shape` if f or a limit is not a scalar, `option` and `range` for options.
 * @see Piessens et al., QUADPACK, 1983.
 * @example
 * quad((x) => exp(neg(square(x))), 0, Infinity)[0];                                // 0.886226925453
 * grad((a) => quad((x, own) => sin(x.mul(own)), 0, 1, { args: [a] })[0])(2); // 0.100612004276…
 */
export function quad<A extends readonly unknown[] = Tensor[]>(
  f: (x: Tensor, ...args: A) => Tensor,
  low: TensorLike,
  high: TensorLike,
  options: QuadOptions<A> = {},
): [value: Tensor, error: Tensor] {
  if (arguments.length > 4) refuseExtra("quad", arguments, 4);
  requireFunction("quad", f);
  const { args, ...rules } = readOptions<Required<QuadOptions<readonly unknown[]>>>(
    "quad",
    options as never,
    {
      args: { initial: [], check: (operation, _, value) => void readArgs(operation, value) },
      rtol: fixed(1.49e-8, { from: 0 }),
      atol: fixed(1.49e-8, { from: 0 }),
      maxIntervals: count(50, { from: 1 }),
    },
  );
  const ends = [readLimit("low", low), readLimit("high", high)] as const;
  const { data, call } = closed("quad", [ends[0]], args, ([x], own) => {
    const value = asTensor(f(x!, ...(own as unknown as A)), "quad");
    if (value.ndim > 0)
      throw new DownhillError("shape", `quad: f must return a scalar, got ${showType(value.type)}.`);
    return astype(value, "float64");
  });
  const onUnit = (u: Tensor, from: Tensor, to: Tensor, own: readonly Tensor[]): Tensor =>
    overUnitInterval((x) => call([x], own), u, from, to);
  const search = jit((from: Tensor, to: Tensor, ...own: Tensor[]) =>
    subdivide((us) => vmap((u: Tensor) => onUnit(u, from, to, own))(us), rules),
  );
  const constants = [...ends, ...data].map((x) => stopGradient(x)) as [Tensor, Tensor, ...Tensor[]];
  const [edges, error] = search(...constants);
  const nodes = ravel(nodesOf(edges));
  const values = vmap((u: Tensor) => onUnit(u, ends[0], ends[1], data))(nodes);
  return [sum(integrals(reshape(values, [rules.maxIntervals, rule.length]), edges, 1)), error];
}

function readLimit(name: string, end: TensorLike): Tensor {
  const x = asTensor(end, "quad");
  if (x.ndim === 0) return astype(x, "float64");
  throw new DownhillError("shape", `quad: ${name} must be a scalar, got ${showType(x.type)}.`);
}

/**
 * Integrand over u from 0 to 1. The substitution is linear for finite limits and x = end ± (1 − u) / u for one infinite limit.
 * For two infinite limits it is x = v / (1 − v²) with v = 2u − 1.
 */
function overUnitInterval(f: (x: Tensor) => Tensor, u: Tensor, low: Tensor, high: Tensor): Tensor {
  const [lowFinite, highFinite] = [isFinite(low), isFinite(high)];
  const [from, to] = [where(lowFinite, low, 0), where(highFinite, high, 0)];
  const isFiniteRange = logicalAnd(lowFinite, highFinite);
  // signs of infinite limits; a reversed range has a negative integral
  const [signLow, signHigh] = [where(less(low, 0), -1, 1), where(less(high, 0), -1, 1)];
  const v = u.mul(2).sub(1);
  const rest = v.mul(v).neg().add(1);
  const whole = v.div(rest).mul(signHigh);
  const half = u.neg().add(1).div(u);
  const x = where(
    isFiniteRange,
    from.add(to.sub(from).mul(u)),
    where(lowFinite, from.add(half.mul(signHigh)), where(highFinite, to.add(half.mul(signLow)), whole)),
  );
  const perHalf = half.add(1).div(u); // 1 / u²
  const perWhole = v.mul(v).add(1).div(rest.mul(rest)).mul(2).mul(signHigh);
  const isEmpty = equal(low, high); // also for two equal infinities
  const slope = where(
    isFiniteRange,
    to.sub(from),
    where(
      lowFinite,
      perHalf.mul(signHigh),
      where(highFinite, perHalf.mul(signLow).neg(), where(isEmpty, 0, perWhole)),
    ),
  );
  return f(x).mul(slope);
}

const numbersOf = (column: 0 | 1 | 2): number[] => rule.map((row) => row[column]);

/**
 * Nodes of the quadrature in n intervals, shape `[n, 21]`. `edges`, of shape `[2, n]`, contains the left edges and the
 * right edges.
 */
function nodesOf(edges: Tensor): Tensor {
  const [left, right] = [expandDims(edges.at(0), 1), expandDims(edges.at(1), 1)];
  return left.add(
    right
      .sub(left)
      .mul(0.5)
      .mul(asTensor(numbersOf(0), "quad").add(1)),
  );
}

/** Integrals over the intervals from values `[n, 21]` at their nodes, by the weights of a column of the rule. */
function integrals(values: Tensor, edges: Tensor, column: 1 | 2): Tensor {
  const width = edges.at(1).sub(edges.at(0));
  // an empty interval at the end of the table has no integral, whatever the values there
  const known = where(expandDims(equal(width, 0), 1), 0, values);
  return matmul(known, asTensor(numbersOf(column), "quad"))
    .mul(width)
    .mul(0.5);
}

/** State of the search: edges `[2, n]`, integrals and errors of the intervals, and the number of intervals. */
type Subdivision = [edges: Tensor, values: Tensor, errors: Tensor, used: Tensor];

/** Edges of the subintervals of [0, 1] on which the rule meets the tolerance, and the estimate of the error. */
function subdivide(
  f: (us: Tensor) => Tensor,
  {
    rtol,
    atol,
    maxIntervals: n,
  }: { readonly rtol: number; readonly atol: number; readonly maxIntervals: number },
): [Tensor, Tensor] {
  const places = arange(0, n, 1, { dtype: "int32" });
  /** Integrals over two intervals, and estimates of their errors. */
  const measure = (edges: Tensor): readonly [Tensor, Tensor] => {
    const values = reshape(f(ravel(nodesOf(edges))), [edges.shape[1]!, rule.length]);
    const found = integrals(values, edges, 1);
    return [found, abs(found.sub(integrals(values, edges, 2)))];
  };
  const isFirst = equal(places, 0);
  const start = where(isFirst, 1, zeros([n]));
  const edges = asTensor([[0], [1]], "quad")
    .astype("float64")
    .mul(expandDims(start, 0));
  const [value, error] = measure(asTensor([[0], [1]], "quad").astype("float64"));
  const end = whileLoop(
    ([, values, errors, used]: Subdivision) =>
      logicalAnd(less(used, n), less(maximum(abs(sum(values)).mul(rtol), atol), sum(errors))),
    ([all, values, errors, used]: Subdivision): Subdivision => {
      const worst = argmax(errors, { axis: 0 });
      const isWorst = equal(places, astype(worst, "int32"));
      const [left, right] = [sum(where(isWorst, all.at(0), 0)), sum(where(isWorst, all.at(1), 0))];
      const middle = left.add(right).mul(0.5);
      const halves = asTensor([[1, 0], [0, 0]], "quad").mul(left).add(asTensor([[0, 1], [1, 0]], "quad").mul(middle)).add(asTensor([[0, 0], [0, 1]], "quad").mul(right)); // prettier-ignore
      const [found, rest] = measure(halves);
      const isNew = equal(places, used);
      const put = (row: Tensor, first: Tensor, second: Tensor): Tensor =>
        where(isWorst, first, where(isNew, second, row));
      const next = [put(all.at(0), left, middle), put(all.at(1), middle, right)].map((row) => expandDims(row, 0)); // prettier-ignore
      const isTop = equal(asTensor([[0], [1]], "quad"), 0);
      return [
        where(isTop, next[0]!, next[1]!),
        put(values, found.at(0), found.at(1)),
        put(errors, rest.at(0), rest.at(1)),
        used.add(1),
      ];
    },
    [edges, where(isFirst, value.at(0), zeros([n])), where(isFirst, error.at(0), zeros([n])), zeros([], { dtype: "int32" }).add(1)] as Subdivision, // prettier-ignore
  );
  return [end[0], sum(end[2])];
}

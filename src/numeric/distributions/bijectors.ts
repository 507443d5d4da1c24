// Invertible functions, from which `transformed` builds distributions.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import type { treeOfInstance } from "../../engine/tree/index.ts";
import { fullLike } from "../array/create.ts";
import { cumsum } from "../array/cumulative.ts";
import {
  abs,
  add,
  atanh,
  div,
  exp,
  expm1,
  less,
  log,
  log1p,
  maximum,
  mul,
  neg,
  sigmoid as logistic,
  softplus as softened,
  sub,
  tanh as tangent,
} from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { sum } from "../array/reduce.ts";
import { concatenate } from "../array/shape.ts";
import { at } from "../array/at.ts";
import { makerOf } from "./distribution.ts";

/** An invertible function as a record of functions of its parameters. */
export interface BijectorRecord {
  readonly name: string;
  /**
   * Number of last axes that one function value depends on: 0 for elementwise functions, 1 for functions of vectors.
   */
  readonly axes: 0 | 1;
  forward(p: BijectorParams, x: Tensor): Tensor;
  inverse(p: BijectorParams, y: Tensor): Tensor;
  /** ln |det ∂forward/∂x| at x, per element or per vector. */
  logDet(p: BijectorParams, x: Tensor): Tensor;
  /** Number of elements by which the result is longer than the argument. Default 0. */
  readonly growth?: number;
  /** True if the function is decreasing. Default: increasing. */
  isFalling?(p: BijectorParams): Tensor;
}

export type BijectorParams = Readonly<Record<string, Tensor>>;

/** Declares the parameters as the children of this tree node. */
export interface Bijector {
  readonly [treeOfInstance]?: BijectorParams;
}

/**
 * An invertible function, such as `affine` and `tanhTransform` return. It is a tree node whose children are its
 * parameters.
 */
export abstract class Bijector {
  readonly params: BijectorParams;

  /** For internal use; call the functions of this module instead. */
  constructor(params: BijectorParams) {
    this.params = params;
  }

  /** The functions of this bijector, as a record. */
  protected abstract get record(): BijectorRecord;

  /** Returns the record of a bijector. */
  static recordOf(bijector: Bijector): BijectorRecord {
    return bijector.record;
  }

  /** Computes y = f(x), where f is the function of this bijector. */
  forward(x: TensorLike): Tensor {
    if (arguments.length > 1) refuseExtra(`${this.record.name}.forward`, arguments, 1);
    return this.record.forward(this.params, this.#read("forward", x));
  }

  /** Computes the x with f(x) = y, where f is the function of this bijector. */
  inverse(y: TensorLike): Tensor {
    if (arguments.length > 1) refuseExtra(`${this.record.name}.inverse`, arguments, 1);
    return this.record.inverse(this.params, this.#read("inverse", y));
  }

  /** The logarithm of |det ∂y/∂x| at x: per element, or per vector for functions of vectors. */
  logDet(x: TensorLike): Tensor {
    if (arguments.length > 1) refuseExtra(`${this.record.name}.logDet`, arguments, 1);
    return this.record.logDet(this.params, this.#read("logDet", x));
  }

  #read(what: string, x: TensorLike): Tensor {
    const { name, axes } = this.record;
    const given = asFloating(x, `${name}.${what}`);
    if (given.ndim >= axes) return given;
    throw new DownhillError("shape", `${name}.${what}: takes vectors, got ${showType(given.type)}.`);
  }
}

/**
 * Builds a class of bijectors and returns its factory function. The class becomes a tree node type when the first
 * instance is created.
 */
function makeBijector(record: BijectorRecord): (params: BijectorParams) => Bijector {
  class Member extends Bijector {
    protected get record(): BijectorRecord {
      return record;
    }
  }
  return makerOf(record.name, Member);
}

/** Builds an elementwise bijector without parameters. */
function elementwise(
  record: Pick<BijectorRecord, "name"> & {
    readonly forward: (x: Tensor) => Tensor;
    readonly inverse: (y: Tensor) => Tensor;
    readonly logDet: (x: Tensor) => Tensor;
  },
): () => Bijector {
  const make = makeBijector({
    name: record.name,
    axes: 0,
    forward: (_, x) => record.forward(x),
    inverse: (_, y) => record.inverse(y),
    logDet: (_, x) => record.logDet(x),
  });
  return function () {
    if (arguments.length > 0) refuseExtra(record.name, arguments, 0);
    return make({});
  };
}

const makeAffine: (params: BijectorParams) => Bijector = /* @__PURE__ */ makeBijector({
  name: "affine",
  axes: 0,
  forward: ({ loc, scale }, x) => add(loc!, mul(scale!, x)),
  inverse: ({ loc, scale }, y) => div(sub(y, loc!), scale!),
  logDet: ({ scale }, x) => mul(log(abs(scale!)), fullLike(x, 1)),
  isFalling: ({ scale }) => less(scale!, 0),
});

/**
 * The bijector `loc + scale · x`.
 *
 * @example
 * affine({ loc: 1, scale: 2 }).inverse(5); // 2
 */
export function affine(params: { readonly loc: TensorLike; readonly scale: TensorLike }): Bijector {
  if (arguments.length > 1) refuseExtra("affine", arguments, 1);
  checkOptions("affine", params, ["loc", "scale"]);
  const { loc, scale } = params;
  return makeAffine({
    loc: asFloating(loc, "affine"),
    scale: asFloating(asTensor(scale, "affine"), "affine"),
  });
}

/** The bijector `eˣ`, onto (0, ∞). */
export const expTransform: () => Bijector = /* @__PURE__ */ elementwise({
  name: "expTransform",
  forward: (x) => exp(x),
  inverse: (y) => log(y),
  logDet: (x) => x,
});

/** The bijector `1 / (1 + e⁻ˣ)`, onto (0, 1). */
export const sigmoidTransform: () => Bijector = /* @__PURE__ */ elementwise({
  name: "sigmoidTransform",
  forward: (x) => logistic(x),
  inverse: (y) => sub(log(y), log1p(neg(y))),
  logDet: (x) => neg(add(softened(x), softened(neg(x)))),
});

/** The bijector `tanh x`, onto (−1, 1). */
export const tanhTransform: () => Bijector = /* @__PURE__ */ elementwise({
  name: "tanhTransform",
  forward: (x) => tangent(x),
  inverse: (y) => atanh(y),
  // ln (1 − tanh² x) without cancellation
  logDet: (x) => mul(2, sub(sub(Math.LN2, x), softened(mul(-2, x)))),
});

/** The bijector `ln (1 + eˣ)`, onto (0, ∞). */
export const softplusTransform: () => Bijector = /* @__PURE__ */ elementwise({
  name: "softplusTransform",
  forward: (x) => softened(x),
  inverse: (y) => add(y, log(neg(expm1(neg(y))))),
  logDet: (x) => neg(softened(neg(x))),
});

/** x without the first element along the last axis. `withoutLast` drops the last one. */
const withoutFirst = (x: Tensor): Tensor => at(x, "...", { start: 1 });
const withoutLast = (x: Tensor): Tensor => at(x, "...", { end: x.shape.at(-1)! - 1 });
const joined = (...xs: Tensor[]): Tensor => concatenate(xs, { axis: -1 });
const firstOf = (x: Tensor): Tensor => at(x, "...", { end: 1 });

/**
 * Logits of the fraction that each element breaks off the rest of the stick, shifted so that an x of zeros gives equal
 * parts.
 */
function shares(x: Tensor): Tensor {
  const n = x.shape.at(-1)!;
  const left = Array.from({ length: n }, (_, i) => Math.log(n - i));
  return sub(x, left);
}

/** Logarithms of all parts of a broken stick of length 1 except the last, and of the rest after each part. */
function broken(x: Tensor): { readonly parts: Tensor; readonly rests: Tensor; readonly logits: Tensor } {
  const logits = shares(x);
  const rests = cumsum(neg(softened(logits)), { axis: -1 });
  const before = joined(mul(0, firstOf(rests)), withoutLast(rests));
  return { parts: sub(before, softened(neg(logits))), rests, logits };
}

const makeStickBreaking: (params: BijectorParams) => Bijector = /* @__PURE__ */ makeBijector({
  name: "stickBreaking",
  axes: 1,
  growth: 1,
  forward(_, x) {
    const { parts, rests } = broken(x);
    return exp(joined(parts, at(rests, "...", { start: x.shape.at(-1)! - 1 })));
  },
  inverse(_, y) {
    const parts = withoutLast(y);
    const n = parts.shape.at(-1)!;
    const rests = maximum(sub(1, cumsum(parts, { axis: -1 })), Number.MIN_VALUE);
    const left = Array.from({ length: n }, (_unused, i) => Math.log(n - i));
    return add(sub(log(parts), log(rests)), left);
  },
  logDet(_, x) {
    const { parts, logits } = broken(x);
    return sum(sub(parts, softened(logits)), { axis: -1 });
  },
});

/**
 * Stick breaking: maps vectors of n elements onto positive vectors of n + 1 elements with sum 1. Each element breaks
 * off a part of the rest; zeros give equal parts.
 */
export function stickBreaking(): Bijector {
  if (arguments.length > 0) refuseExtra("stickBreaking", arguments, 0);
  return makeStickBreaking({});
}

const makeOrdered: (params: BijectorParams) => Bijector = /* @__PURE__ */ makeBijector({
  name: "ordered",
  axes: 1,
  forward: (_, x) => cumsum(joined(firstOf(x), exp(withoutFirst(x))), { axis: -1 }),
  inverse: (_, y) => joined(firstOf(y), log(sub(withoutFirst(y), withoutLast(y)))),
  logDet: (_, x) => sum(withoutFirst(x), { axis: -1 }),
});

/**
 * Maps vectors onto vectors with ascending elements: the first element is kept, and each later element x becomes the
 * previous element of the result plus eˣ.
 */
export function ordered(): Bijector {
  if (arguments.length > 0) refuseExtra("ordered", arguments, 0);
  return makeOrdered({});
}

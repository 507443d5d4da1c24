// Invertible functions, by which `transformed` makes distributions of others.
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

/** An invertible function as a record, of its parameters. */
export interface BijectorRecord {
  readonly name: string;
  /** How many of the last axes it takes together: 0 for a function of each element. */
  readonly axes: 0 | 1;
  forward(p: BijectorParams, x: Tensor): Tensor;
  inverse(p: BijectorParams, y: Tensor): Tensor;
  /** ln |det ∂forward/∂x| at x; of each element, or of each vector. */
  logDet(p: BijectorParams, x: Tensor): Tensor;
  /** By how much a vector grows; default 0. */
  readonly growth?: number;
  /** Whether larger numbers have smaller results; default that they have larger ones. */
  isFalling?(p: BijectorParams): Tensor;
}

export type BijectorParams = Readonly<Record<string, Tensor>>;

/** Its leaves are its parameters. */
export interface Bijector {
  readonly [treeOfInstance]?: BijectorParams;
}

/** An invertible function: what `affine`, `tanh` and the others of this module are, and a node of trees by its parameters. */
export abstract class Bijector {
  readonly params: BijectorParams;

  /** Use the functions of this module, or their results. */
  constructor(params: BijectorParams) {
    this.params = params;
  }

  /** What it computes, as a record. */
  protected abstract get record(): BijectorRecord;

  /** The record of a bijector. */
  static recordOf(bijector: Bijector): BijectorRecord {
    return bijector.record;
  }

  /** y of x. */
  forward(x: TensorLike): Tensor {
    if (arguments.length > 1) refuseExtra(`${this.record.name}.forward`, arguments, 1);
    return this.record.forward(this.params, this.#read("forward", x));
  }

  /** x of y. */
  inverse(y: TensorLike): Tensor {
    if (arguments.length > 1) refuseExtra(`${this.record.name}.inverse`, arguments, 1);
    return this.record.inverse(this.params, this.#read("inverse", y));
  }

  /** The logarithm of |det ∂y/∂x| at x: of each element, or of each vector for functions of vectors. */
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

/** A class of bijectors, which becomes a node of trees when the first one is made. */
function makeBijector(record: BijectorRecord): (params: BijectorParams) => Bijector {
  class Member extends Bijector {
    protected get record(): BijectorRecord {
      return record;
    }
  }
  return makerOf(record.name, Member);
}

/** A function of each element without parameters. */
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
 * `loc + scale · x`.
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

/** `eˣ`, onto (0, ∞). */
export const expTransform: () => Bijector = /* @__PURE__ */ elementwise({
  name: "expTransform",
  forward: (x) => exp(x),
  inverse: (y) => log(y),
  logDet: (x) => x,
});

/** `1 / (1 + e⁻ˣ)`, onto (0, 1). */
export const sigmoidTransform: () => Bijector = /* @__PURE__ */ elementwise({
  name: "sigmoidTransform",
  forward: (x) => logistic(x),
  inverse: (y) => sub(log(y), log1p(neg(y))),
  logDet: (x) => neg(add(softened(x), softened(neg(x)))),
});

/** `tanh x`, onto (−1, 1). */
export const tanhTransform: () => Bijector = /* @__PURE__ */ elementwise({
  name: "tanhTransform",
  forward: (x) => tangent(x),
  inverse: (y) => atanh(y),
  // ln (1 − tanh² x) without a difference that cancels
  logDet: (x) => mul(2, sub(sub(Math.LN2, x), softened(mul(-2, x)))),
});

/** `ln (1 + eˣ)`, onto (0, ∞). */
export const softplusTransform: () => Bijector = /* @__PURE__ */ elementwise({
  name: "softplusTransform",
  forward: (x) => softened(x),
  inverse: (y) => add(y, log(neg(expm1(neg(y))))),
  logDet: (x) => neg(softened(neg(x))),
});

/** The last axis without its first or its last element. */
const withoutFirst = (x: Tensor): Tensor => at(x, "...", { start: 1 });
const withoutLast = (x: Tensor): Tensor => at(x, "...", { end: x.shape.at(-1)! - 1 });
const joined = (...xs: Tensor[]): Tensor => concatenate(xs, { axis: -1 });
const firstOf = (x: Tensor): Tensor => at(x, "...", { end: 1 });

/** Logits of the share of what is left that each element takes, moved so that zeros give even shares. */
function shares(x: Tensor): Tensor {
  const n = x.shape.at(-1)!;
  const left = Array.from({ length: n }, (_, i) => Math.log(n - i));
  return sub(x, left);
}

/** Logarithms of the parts of 1 that vectors break off, but of the last one; and what is left behind each. */
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

/** Vectors of n elements onto those of n + 1 that are positive and of sum 1: each element breaks off a part of what is left; zeros give equal parts. */
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

/** Vectors onto those whose elements rise: the first element as it is, each other the exponential of a step. */
export function ordered(): Bijector {
  if (arguments.length > 0) refuseExtra("ordered", arguments, 0);
  return makeOrdered({});
}

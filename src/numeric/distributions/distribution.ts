import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { Tensor, type TensorLike } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { convert } from "../../engine/prims/linear.ts";
import type { treeOfInstance } from "../../engine/tree/index.ts";
import { addNodeType } from "../../engine/tree/index.ts";
import { broadcastShapes } from "../../engine/util/shape.ts";
import { logicalAnd, stopGradient } from "../array/elementwise.ts";
import { nanUnless } from "../array/nan-unless.ts";
import { all, sum } from "../array/reduce.ts";
import { broadcastTo } from "../array/shape.ts";
import { type DrawShape, readParameter, readShape } from "../random/arguments.ts";
import { type Key, readKey } from "../random/key.ts";
import type { Domain } from "./domains.ts";
import type { FloatDType } from "../random/real.ts";

/** A parameter of a family of distributions: its allowed values and its axes. */
export interface ParameterRecord {
  readonly domain: Domain;
  /** Number of its last axes that belong to one event. Default 0. */
  readonly axes?: number;
}

/** Arguments of a draw besides the parameters. */
export interface SampleSpec {
  readonly key: Tensor;
  /** Shape of the result, without the axes of an event. */
  readonly shape: readonly number[];
  readonly dtype: FloatDType;
}

/**
 * A family of distributions as a record. Its functions get the parameters as tensors of one floating dtype, and must
 * broadcast them. Quantities without a closed form are omitted.
 */
export interface Family<P, G = unknown> {
  readonly name: string;
  /** Converts the given parameters before they are checked. Default: unchanged. */
  prepare?(given: G): G;
  readonly parameters: Readonly<Record<string, ParameterRecord>>;
  /** Parameters of which exactly one must be given. Default: all parameters are required. */
  readonly oneOf?: readonly string[];
  /** Shape of an event. Default []. */
  eventShape?(p: P): readonly number[];
  /** Shape of the batch. Default: the shape that the parameters broadcast to, without the axes of an event. */
  batchShape?(p: P): readonly number[];
  /** Refuses parameters that do not fit together, as far as this is known. */
  check?(p: P): void;
  /** True if samples have derivatives in the parameters. */
  reparameterised(p: P): boolean;
  sample(p: P, draw: SampleSpec): Tensor;
  /** Logarithm of the density, or of the probability, of an event; −∞ outside the support. */
  logProb(p: P, x: Tensor): Tensor;
  mean?(p: P): Tensor;
  variance?(p: P): Tensor;
  entropy?(p: P): Tensor;
  cdf?(p: P, x: Tensor): Tensor;
  icdf?(p: P, q: Tensor): Tensor;
}

/** Quantities without arguments that may have no closed form. */
type Moment = "mean" | "variance" | "entropy";

/** Declares, for types only, that a distribution is a tree node whose children are its parameters. */
export interface Distribution<P> {
  readonly [treeOfInstance]?: P;
}

/**
 * A distribution, as the functions of this module return. It is a tree node whose leaves are its parameters, so it
 * passes through `jit`, `vmap`, `scan`, `grad` and optimisers and keeps its family.
 *
 * With parameters of several elements it is a batch of distributions; `batchShape` is the shape that the parameters
 * broadcast to. `eventShape` is the shape of one event: [] for scalars, [n] for vectors.
 */
export abstract class Distribution<P = Readonly<Record<string, unknown>>> {
  /** The parameters, as tensors of one floating dtype. */
  readonly params: P;

  /** For internal use; call the function of a family, which checks the parameters. */
  constructor(params: P) {
    this.params = params;
  }

  /** The record of its family. */
  protected abstract get family(): Family<P>;

  get name(): string {
    return this.family.name;
  }

  get batchShape(): readonly number[] {
    const { family, params } = this;
    return family.batchShape?.(params) ?? batchShapeOf(family, params);
  }

  get eventShape(): readonly number[] {
    return this.family.eventShape?.(this.params) ?? [];
  }

  /** True if samples have derivatives in the parameters. */
  get reparameterised(): boolean {
    return this.family.reparameterised(this.params);
  }

  /** Draws events of shape `[...shape, ...batchShape, ...eventShape]`; a number n means `[n]`. */
  sample(key: Key, shape: DrawShape = []): Tensor {
    if (arguments.length > 2) refuseExtra(`${this.name}.sample`, arguments, 2);
    const operation = `${this.name}.sample`;
    const words = readKey(operation, key);
    const sizes = [...readShape(operation, shape), ...this.batchShape];
    const drawn = this.family.sample(this.params, { key: words, shape: sizes, dtype: dtypeOf(this.params) });
    // a derivative without part of the parameters would be wrong
    return this.#ifValid(this.reparameterised ? drawn : stopGradient(drawn), this.eventShape.length);
  }

  /**
   * The logarithm of the density or probability of events of shape `[..., ...eventShape]`, which broadcast to the
   * batch; −∞ outside the support. In compiled functions it is NaN for parameters out of range.
   * @throws DownhillError `shape` for arguments that are not events or do not broadcast.
   */
  logProb(x: TensorLike): Tensor {
    if (arguments.length > 1) refuseExtra(`${this.name}.logProb`, arguments, 1);
    return this.#ifValid(this.family.logProb(this.params, this.#read("logProb", x)));
  }

  /**
   * The expectation of an event.
   *
   * @throws DownhillError `option` for a family without one in closed form.
   */
  mean(): Tensor {
    return this.#moment("mean", arguments, this.eventShape.length);
  }

  /**
   * The variance of each element of an event.
   *
   * @throws DownhillError `option` for a family without one in closed form.
   */
  variance(): Tensor {
    return this.#moment("variance", arguments, this.eventShape.length);
  }

  /**
   * The entropy, the expectation of −logProb.
   *
   * @throws DownhillError `option` for a family without one in closed form.
   */
  entropy(): Tensor {
    return this.#moment("entropy", arguments, 0);
  }

  /**
   * The cumulative distribution function: the probability of events up to `x`.
   *
   * @throws DownhillError `option` for a family without one in closed form, `shape` for an `x` that does not fit.
   */
  cdf(x: TensorLike): Tensor {
    if (arguments.length > 1) refuseExtra(`${this.name}.cdf`, arguments, 1);
    const { cdf } = this.family;
    if (cdf === undefined) throw this.#noForm("cdf");
    return this.#ifValid(cdf(this.params, this.#read("cdf", x)));
  }

  /**
   * The quantile function, the inverse of `cdf`.
   *
   * @throws DownhillError `option` for a family without one in closed form, `shape` for a `q` that does not fit.
   */
  icdf(q: TensorLike): Tensor {
    if (arguments.length > 1) refuseExtra(`${this.name}.icdf`, arguments, 1);
    const { icdf } = this.family;
    if (icdf === undefined) throw this.#noForm("icdf");
    return this.#ifValid(icdf(this.params, this.#read("icdf", q)));
  }

  #moment(which: Moment, given: ArrayLike<unknown>, axes: number): Tensor {
    if (given.length > 0) refuseExtra(`${this.name}.${which}`, given, 0);
    const compute = this.family[which];
    if (compute === undefined) throw this.#noForm(which);
    const shape = [...this.batchShape, ...this.eventShape.slice(0, axes)];
    return this.#ifValid(broadcastTo(compute(this.params), shape), axes);
  }

  #noForm(what: string): DownhillError {
    return new DownhillError(
      "option",
      `${this.name}: ${what} does not exist or has no closed form. Estimate it from samples.`,
    );
  }

  #read(what: string, x: TensorLike): Tensor {
    const operation = `${this.name}.${what}`;
    const given = asTensor(x, operation);
    const event = this.eventShape;
    const [batch, own] = [this.batchShape, given.shape.slice(0, given.ndim - event.length)];
    const isEvent = event.every((n, i) => given.shape[own.length + i] === n);
    if (given.ndim < event.length || !isEvent || broadcastShapes(batch, own) === undefined)
      throw new DownhillError(
        "shape",
        `${operation}: ${showType(given.type)} is not an event of a batch ${showShape(batch)} of events ${showShape(event)}.`,
      );
    return isFloating(given.dtype) ? given : convert(given, dtypeOf(this.params));
  }

  /**
   * Returns x, with NaN values and NaN derivatives where a traced parameter is out of its range. The last `axes` axes
   * of x belong to one event. An x of integers or booleans is unchanged.
   */
  #ifValid(x: Tensor, axes = 0): Tensor {
    if (!isFloating(x.dtype)) return x;
    const traced = Object.entries(this.params as Readonly<Record<string, unknown>>).flatMap(
      ([name, value]) =>
        value instanceof Tensor && value.tracer !== undefined
          ? [{ value, record: this.family.parameters[name]! }]
          : [],
    );
    if (traced.length === 0) return x;
    const tests = traced.map(({ value, record }) =>
      joinLast(all, record.domain.test(value), record.axes ?? 0, axes),
    );
    const totals = traced.map(({ value, record }) => joinLast(sum, value, record.axes ?? 0, axes));
    return nanUnless(
      tests.reduce((both, next) => logicalAnd(both, next)),
      x,
      [x, ...totals],
    );
  }
}

/** Reduces the last `axes` axes of x by `op`, and appends one axis of size 1 per event axis. */
function joinLast(
  op: (x: Tensor, options: { readonly axis: readonly number[] }) => Tensor,
  x: Tensor,
  axes: number,
  eventAxes: number,
): Tensor {
  const over = Array.from({ length: axes }, (_, i) => x.ndim - 1 - i);
  const joined = axes === 0 ? x : op(x, { axis: over });
  return joined.reshape([...joined.shape, ...new Array<number>(eventAxes).fill(1)]);
}

function batchShapeOf<P>({ parameters, name }: Family<P>, params: P): readonly number[] {
  const shapes = Object.entries(params as Readonly<Record<string, unknown>>).map(([key, value]) => {
    const axes = parameters[key]?.axes ?? 0;
    if (value instanceof Distribution) return value.batchShape.slice(0, value.batchShape.length - axes);
    const { shape } = value as Tensor;
    return shape.slice(0, shape.length - axes);
  });
  const batch = broadcastShapes(...shapes);
  if (batch !== undefined) return batch;
  const given = Object.keys(params as object).map((key, i) => `${key} ${showShape(shapes[i]!)}`);
  throw new DownhillError("shape", `${name}: ${given.join(" and ")} do not broadcast to one batch.`);
}

/** The common dtype of the parameters. */
function dtypeOf(params: unknown): FloatDType {
  for (const value of Object.values(params as Readonly<Record<string, unknown>>)) {
    if (value instanceof Tensor) return value.dtype === "float32" ? "float32" : "float64";
    if (value instanceof Distribution) return dtypeOf(value.params);
  }
  return "float64";
}

/** Parameters as passed by a caller. */
export type ParameterInputs<K extends string> = Readonly<Record<K, TensorLike>>;
/** Parameters as stored in a distribution. */
export type ParameterTensors<K extends string> = Readonly<Record<K, Tensor>>;

/** Builds the public function of a family with tensor parameters. */
export function makeFamily<P extends object, G>(record: Family<P, G>): (params: G) => Distribution<P> {
  const { name, parameters, oneOf = [], check } = record;
  const make = makeClass(record);
  const names = Object.keys(parameters);
  return function (params) {
    if (arguments.length > 1) refuseExtra(name, arguments, 1);
    if (typeof params !== "object" || params === null)
      throw new DownhillError(
        "option",
        `${name}: takes its parameters by name, as in ${name}({ ${names[0]}: … }).`,
      );
    checkOptions(name, params, names);
    const given = (record.prepare?.(params) ?? params) as Readonly<Record<string, TensorLike | undefined>>;
    const found = oneOf.filter((key) => given[key] !== undefined);
    if (oneOf.length > 0 && found.length !== 1)
      throw new DownhillError(
        "option",
        `${name}: takes one of ${oneOf.join(", ")}; got ${found.length === 0 ? "none" : found.join(" and ")}.`,
      );
    const wanted = names.filter((key) => !oneOf.includes(key) || key === found[0]);
    const read = wanted.map((key) => {
      const value = given[key];
      if (value === undefined) throw new DownhillError("option", `${name}: needs ${key}.`);
      const { domain, axes = 0 } = parameters[key]!;
      const x = readParameter(name, { name: key, value, range: domain.range, holds: (v) => domain.holds(v) });
      if (x.ndim >= axes) return x;
      throw new DownhillError(
        "shape",
        `${name}: ${key} must have at least ${axes} axes, got ${showType(x.type)}.`,
      );
    });
    const dtype = commonDtype(read);
    const p = Object.fromEntries(wanted.map((key, i) => [key, convert(read[i]!, dtype)])) as unknown as P;
    check?.(p);
    const made = make(p);
    void made.batchShape; // checks that the parameters broadcast
    return made;
  };
}

/** float32 if it is the only floating dtype that is not weak, else float64. */
function commonDtype(xs: readonly Tensor[]): FloatDType {
  const strong = xs.filter(({ type }) => !type.weak && isFloating(type.dtype));
  return strong.length > 0 && strong.every(({ dtype }) => dtype === "float32") ? "float32" : "float64";
}

/**
 * Builds a class of distributions and returns its factory function. The class becomes a tree node type when the first
 * instance is created.
 */
export function makeClass<P>(record: Family<P>): (params: P) => Distribution<P> {
  class Member extends Distribution<P> {
    protected get family(): Family<P> {
      return record;
    }
  }
  return makerOf(record.name, Member);
}

/**
 * Returns a factory function for a class, and gives the class a name. The class becomes a tree node type at the first
 * call, because modules must not do work when they are loaded.
 */
export function makerOf<P, M extends { readonly params: P }>(
  name: string,
  Member: new (params: P) => M,
): (params: P) => M {
  let isNode = false;
  return (params) => {
    if (!isNode) {
      Object.defineProperty(Member, "name", { value: name });
      addNodeType(
        name,
        Member,
        (member: M) => member.params,
        (p: P) => new Member(p),
      );
      isNode = true;
    }
    return new Member(params);
  };
}

import { tensor } from "../../array/create.ts";
import { astype } from "../../array/elementwise.ts";
import { reshape, slice } from "../../array/shape.ts";
import { DownhillError, markHint, showType } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { asGiven, type BoundFunction } from "../../../engine/transforms/plain.ts";
import { asyncFunction } from "../../../engine/trace/index.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import { flattenArguments, unflattenArguments } from "../../../engine/transforms/arguments.ts";
import { treeKey } from "../../../engine/tree/index.ts";
import { typeKey } from "../../../engine/ir/types.ts";
import { makeLru } from "../../../engine/util/lru.ts";
import { type Parameters, readParameters, rebuild } from "../parameters.ts";

/** Parameters as one vector of float64. */
export interface FlatParameters {
  readonly parameters: Parameters;
  readonly start: Float64Array;
  /** Converts a vector, traced or not, to the parameters. */
  readonly toTree: (x: Tensor) => unknown;
  /**
   * Converts a vector to results in the structure of the parameters: tensors, or plain numbers if the function computes
   * with these.
   */
  readonly fromVector: (x: Float64Array) => unknown;
}

/** Flattens nested parameters of a function into one vector. `name` is the argument in messages. */
export function flatParameters(
  operation: string,
  params: unknown,
  f: unknown,
  name: string = "x0",
): FlatParameters {
  const parameters = readParameters(operation, params, name);
  const start = Float64Array.from(parameters.tensors.flatMap((x) => [...x.data()]));
  const toTree = (x: Tensor): unknown => {
    let from = 0;
    const tensors = parameters.tensors.map(({ shape, dtype }) => {
      const part = slice(x, [from, (from += sizeOf(shape))]);
      return astype(reshape(part, shape), dtype);
    });
    return rebuild(parameters, tensors);
  };
  return { parameters, start, toTree, fromVector: (x) => asGiven(f, params, toTree(tensor(x))) };
}

/** A function of a vector with the derivatives that a method may need. */
export interface Objective {
  readonly value: (x: Float64Array) => number;
  readonly valueAndGradient: (x: Float64Array) => { readonly value: number; readonly gradient: Float64Array };
  /** The product of the Hessian at x with v. */
  readonly hessianTimes: (x: Float64Array, v: Float64Array) => Float64Array;
}

/** A function that maps float64 vectors, and further data, to vectors. */
export type NumericVectorFunction = (
  vectors: readonly Float64Array[],
  data: readonly unknown[],
) => readonly Float64Array[];

/**
 * Prepares a function of float64 vectors and further data to be called with plain typed arrays and to return such. If
 * compiled, it is traced once per combination of types; the data are passed as arguments.
 */
export function onNumbers(
  f: (...given: never[]) => readonly Tensor[],
  compiled: boolean,
): NumericVectorFunction {
  const g = f as unknown as (...given: unknown[]) => readonly Tensor[];
  if (!compiled)
    return (vectors, data) => {
      const { leaves, defs } = flattenArguments([...vectors, ...data], "minimize");
      return g(...unflattenArguments(defs, leaves)).map((y) => y.data() as Float64Array);
    };
  const run = jit(g as (...x: Tensor[]) => Tensor[]);
  return (vectors, data) =>
    run(...vectors, ...(data as readonly Tensor[])).map((y) => y.data({ donate: true }) as Float64Array); // its results have no other users
}

/** Number of parameter structures for which functions are cached; the least recently used is evicted. */
const structuresKept = 16;

/** Caches the result of `make` per structure of the parameters, their types, and sizes that the data determine. */
export function oncePerStructure<T>(
  make: (flat: FlatParameters, data: BoundFunction) => T,
): (flat: FlatParameters, data: BoundFunction) => T {
  const made = makeLru<string, T>(structuresKept);
  return (flat, data) => {
    const { def, tensors } = flat.parameters;
    const key = `${treeKey(def)} ${tensors.map((x) => typeKey(x.type)).join(" ")} ${data.sizes}`;
    let known = made.get(key);
    if (known === undefined) made.set(key, (known = make(flat, data)));
    return known;
  };
}

/**
 * Reads the option `args`: the arguments of a function after its parameters.
 * @throws DownhillError `option` if it is not a list.
 */
export function readArgs(operation: string, args: unknown): readonly unknown[] {
  if (args === undefined) return [];
  if (Array.isArray(args)) return args;
  throw new DownhillError(
    "option",
    `${operation}: args must be a list of the arguments after the parameters, as in args: [xs, ys].`,
  );
}

/** Checks the result of the user's function: a tensor with this number of axes. */
export function requireResult(operation: string, out: unknown, axes: 0 | 1): Tensor {
  if (out instanceof Tensor && out.ndim === axes) return astype(out, "float64");
  if (typeof out === "number" && axes === 0) {
    throw new DownhillError(
      "derivative",
      `${operation}: the function returned a plain number, which has no derivative. Compute with downhill's functions throughout.${markHint}`,
    );
  }
  if (out instanceof Promise) throw asyncFunction(operation, out);
  const what = out instanceof Tensor ? showType(out.type) : typeof out;
  const repair =
    axes === 0 ? "Return a scalar, as in sum(…)." : "Return the residuals as a vector, as in ravel(…).";
  throw new DownhillError("shape", `${operation}: the function returned ${what}. ${repair}`);
}

/** The options with these names. */
export function pick<O extends object, K extends keyof O>(options: O, names: readonly K[]): Pick<O, K> {
  return Object.fromEntries(names.map((name) => [name, options[name]])) as Pick<O, K>;
}

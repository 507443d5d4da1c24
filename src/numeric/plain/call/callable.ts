import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType, type DType } from "../../../engine/ir/types.ts";
import { fromArray } from "../../../engine/prims/lift.ts";
import type { DerivedRegion } from "../../../engine/region/index.ts";
import type { RegionType } from "../../../engine/region/form/region.ts";
import { callRegion } from "../../../engine/runtime/regions.ts";
import type { PlainSource } from "../../../engine/runtime/index.ts";
import { withoutStaging } from "../../../engine/trace/index.ts";
import type { AnyFunction, PlainFunction } from "../../../engine/transforms/plain.ts";
import { plainKey } from "../../../engine/transforms/plain.ts";
import type { PlainType } from "../form/form.ts";
import { type LeadingAxes, type ValueLeaf, putTogether, type Template, typesIn } from "./values.ts";

/** The numbers, booleans and arrays in an argument or a result, each as a tensor. */
export type OperandTensors = readonly Tensor[];

/** The arguments of a plain function, split into leaves. */
export interface PreparedArguments {
  /** Leaves of each argument. */
  readonly leaves: readonly (readonly ValueLeaf[])[];
  readonly templates: readonly Template[];
  /** Template by which the result is assembled. */
  readonly result: Template;
}

/** A function of plain values as transforms see it: a compiled plain function, or a transform of one. */
export interface PlainCallable {
  readonly name: string;
  readonly params: readonly PlainType[];
  /**
   * For each argument, the number of axes of each operand that `run` expects. In a batch, absent values have one axis
   * less.
   */
  readonly ranks: readonly (readonly number[])[];
  /** Names of the arguments, for messages. */
  readonly names: readonly string[];
  /**
   * Splits arguments into leaves. The leaves of argument i have `leads[i]` more leading axes than the function expects,
   * which are those of batches. In directions (`isTangent`), 0 may be given for a boolean.
   * @throws DownhillError as `takeApart`.
   */
  prepare(
    title: string,
    args: readonly unknown[],
    leads: readonly LeadingAxes[],
    isTangent?: boolean,
  ): PreparedArguments;
  /** Computes the operands of the result, in the order of its template, from the operands of each argument. */
  run(...args: readonly OperandTensors[]): OperandTensors;
  /** True if the function reads values from outside, which may be tensors. */
  readonly readsOutside: boolean;
  /** True if the arguments contain a tensor, so that the call computes with tensors. */
  takesTensors(args: ArrayLike<unknown>): boolean;
  /** The function to call instead if the arguments contain tensors. */
  readonly overTensors: AnyFunction;
  /** Returns the function with all arguments except the first fixed; `undefined` if the callable is a derivative. */
  readonly bind: PlainFunction["bind"];
  /**
   * Returns the same function, except that its derivatives process long loops in segments, with the given number of
   * snapshots; `undefined` if the callable is a derivative.
   */
  readonly checkpointed: ((snapshots?: number) => PlainCallable) | undefined;
  /**
   * Returns the region that computes the function with numbers instead of tensors; `undefined` if there is no such
   * region.
   */
  readonly body: (() => RegionClosure) | undefined;
  /**
   * Computes the leaves of the result by several calls of regions, without tensors; returns `undefined` if tensors are
   * faster.
   */
  readonly direct?: ((prepared: PreparedArguments) => ValueLeaf[] | undefined) | undefined;
}

/**
 * A region with its operands: the leaves of the arguments, the values of `outside`, and for derivatives the tangents or
 * cotangents. The base of the region takes only the first two.
 */
export interface RegionClosure {
  readonly region: DerivedRegion;
  readonly outside: () => readonly ValueLeaf[];
  /** The JavaScript function from which the region's base was created, if there is one. */
  readonly source?: PlainSource | undefined;
}

/** Runs a region with these leaves, the values from outside and the operands `behind` them. Returns its results. */
export function runBody(
  { region, outside, source }: RegionClosure,
  leaves: readonly ValueLeaf[],
  behind: readonly ValueLeaf[] = [],
): ValueLeaf[] {
  const args = [...leaves, ...outside(), ...behind].map(({ data, dims }) =>
    typeof data === "number" ? data : { data, dims },
  );
  return callRegion(region, args, undefined, source).map((x) =>
    typeof x === "number" ? { data: x, dims: [] } : (x as ValueLeaf),
  );
}

/**
 * Splits the arguments of a call into leaves. Throws if there are too many or too few; optional ones at the end may be
 * missing. `title` is the name in messages.
 */
export function prepareCall(
  { name, params, prepare }: PlainCallable,
  args: readonly unknown[],
  title: string = name,
): PreparedArguments {
  const arity = params.length;
  if (args.length > arity) refuseExtra(title, args, arity);
  if (args.length < arity && params.slice(args.length).some(({ kind }) => kind !== "optional")) {
    throw new DownhillError(
      "tree",
      `${title}: takes ${arity} argument${arity === 1 ? "" : "s"}, and ${args.length} ${args.length === 1 ? "is" : "are"} given.`,
    );
  }
  return prepare(title, args, new Array<number>(arity).fill(0));
}

const dtypes = { f64: "float64", f32: "float32", i32: "int32", bool: "bool" } as const;

/** The dtype of the tensor for an operand. */
export function dtypeOf(type: RegionType): DType {
  return dtypes[type];
}

/**
 * Copies operands to tensors. Elements are copied because a pullback keeps its values, which must not change with the
 * caller's arrays.
 */
export function tensorsOf(leaves: readonly ValueLeaf[], types: readonly RegionType[]): Tensor[] {
  return leaves.map(({ data, dims }, i) => {
    const type = arrayType(dtypeOf(types[i]!), dims);
    if (typeof data === "number") return new Tensor(type, data, undefined);
    return fromArray(type, types[i] === "bool" ? Uint8Array.from(data) : data.slice());
  });
}

/** Returns the elements of tensors whose values are known, as leaves. */
export function leavesFrom(tensors: OperandTensors): ValueLeaf[] {
  return tensors.map((x) => {
    if (x.shape.length === 0) return { data: x.item(), dims: [] };
    const data = x.data();
    const isBytes = data instanceof Uint8Array || data instanceof Uint32Array;
    return { data: isBytes ? Int32Array.from(data) : data, dims: x.shape };
  });
}

/**
 * Computes with operands as tensors and returns a plain value. The computation runs at once, even while a function is
 * being traced.
 */
export function compute(
  { leaves, templates, result }: PreparedArguments,
  f: (...args: readonly OperandTensors[]) => OperandTensors,
): unknown {
  return withoutStaging(() => {
    const args = leaves.map((own, i) => tensorsOf(own, typesIn(templates[i]!)));
    return putTogether(result, leavesFrom(f(...args)));
  });
}

/** Attaches the properties that transforms need to a function. */
export function attach<F extends AnyFunction>(f: F, plain: PlainFunction): F {
  Object.defineProperty(f, plainKey, { value: plain, configurable: true });
  return f;
}

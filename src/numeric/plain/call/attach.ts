import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, internalError, showType } from "../../../engine/errors/index.ts";
import { isAtHand, readElements } from "../../../engine/ir/elements.ts";
import { Tensor, type TensorLike } from "../../../engine/ir/tensor.ts";
import { arrayType, isFloating } from "../../../engine/ir/types.ts";
import { asTensor, fromArray } from "../../../engine/prims/lift.ts";
import { convert } from "../../../engine/prims/linear.ts";
import { applyRegion } from "../../../engine/prims/region.ts";
import { provideErrors, wrapRegion } from "../../../engine/region/index.ts";
import type { RegionType } from "../../../engine/region/form/region.ts";
import {
  type AnyFunction,
  type PlainFunction,
  plainOf,
  requireCompiled,
} from "../../../engine/transforms/plain.ts";
import type { AsTensors, OnlyPlain, OverTensors } from "../../../engine/tree/index.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import { at } from "../../array/at.ts";
import { reshape, stack } from "../../array/shape.ts";
import type { PlainForm, PlainType } from "../form/form.ts";
import { attach, dtypeOf, type OperandTensors, type PlainCallable, tensorsOf } from "./callable.ts";
import { resultTypes } from "./regions.ts";
import { asFunction, plainFunction } from "./transforms.ts";
import { countLeaves, isAbsent, type ValueLeaf, leafRanks, takeApart, templateOf } from "./values.ts";

/** Handle with which a plain function checks its arguments for tensors before it computes. */
export interface FormHandle {
  /**
   * True if the arguments, or the values that the function reads from outside, include a tensor. The function must then
   * use `call`.
   */
  takesTensors(args: ArrayLike<unknown>): boolean;
  call(args: ArrayLike<unknown>): unknown;
}

/**
 * Returns the values that a function reads from outside, current at each call: those named in `PlainForm.captured`,
 * then the classes named in `PlainForm.errors`.
 */
type CapturedValues = () => readonly unknown[];

/**
 * Registers the form that a build step created from the text of `f`, so that transforms accept `f`. `f` itself remains
 * the function that computes with numbers.
 */
export function attachForm(f: AnyFunction, form: PlainForm, captured: CapturedValues): FormHandle {
  const own = new AttachedForm(f.name === "" ? form.region.name : f.name, form, captured, f);
  attach(f, own);
  return own;
}

/**
 * Like `attachForm`, for a function that does not check its arguments for tensors. Returns a function that does. `name`
 * is used for a function expression without a name.
 */
export function wrapForm<F extends AnyFunction>(
  f: F,
  form: PlainForm,
  captured: CapturedValues,
  name: string = f.name,
): F {
  const own = new AttachedForm(name === "" ? form.region.name : name, form, captured, f);
  const wrapper = function (this: unknown, ...args: never[]): unknown {
    return own.takesTensors(args) ? own.call(args) : f.apply(this, args);
  };
  Object.defineProperty(wrapper, "name", { value: name, configurable: true });
  Object.defineProperty(wrapper, "length", { value: f.length, configurable: true });
  return attach(wrapper, own) as F;
}

/**
 * Creates a function from a form alone, for programs that do not contain the JavaScript from which the form was
 * created.
 */
export function functionOf(
  form: PlainForm,
  captured: CapturedValues,
  name: string = form.region.name,
): AnyFunction {
  const f = asFunction(callableOf(name, form, captured));
  Object.defineProperty(f, "name", { value: name, configurable: true });
  Object.defineProperty(f, "length", { value: form.params.length, configurable: true });
  return f;
}

/**
 * Properties that mark a function as plain. Created for each closure; the parts that only transforms use are created on
 * demand.
 */
class AttachedForm implements PlainFunction, FormHandle {
  readonly #name: string;
  readonly #form: PlainForm;
  readonly #captured: CapturedValues;
  readonly #f: AnyFunction;
  #made: { readonly callable: PlainCallable; readonly plain: PlainFunction } | undefined;

  constructor(name: string, form: PlainForm, captured: CapturedValues, f: AnyFunction) {
    this.#name = name;
    this.#form = form;
    this.#captured = captured;
    this.#f = f;
  }

  #own(): { readonly callable: PlainCallable; readonly plain: PlainFunction } {
    if (this.#made === undefined) {
      const callable = callableOf(this.#name, this.#form, this.#captured, this.#f);
      this.#made = { callable, plain: plainFunction(callable) };
    }
    return this.#made;
  }

  get overTensors(): AnyFunction {
    return this.#own().callable.overTensors;
  }

  readonly transform: PlainFunction["transform"] = (operation, apply, options) =>
    this.#own().plain.transform(operation, apply, options);

  readonly restore: PlainFunction["restore"] = (given, found) => this.#own().plain.restore(given, found);

  get bind(): PlainFunction["bind"] {
    return this.#own().callable.bind;
  }

  takesTensors(args: ArrayLike<unknown>): boolean {
    return takesTensors(this.#form, args, this.#captured);
  }

  call(args: ArrayLike<unknown>): unknown {
    return this.overTensors(...(Array.from(args) as never[]));
  }
}

function takesTensors(
  { params, captured }: PlainForm,
  args: ArrayLike<unknown>,
  read: CapturedValues,
): boolean {
  for (let i = 0; i < params.length; i++) if (holdsTensor(params[i]!.type, args[i])) return true;
  return captured.length > 0 && read().some((value, i) => holdsTensor(captured[i]!.type, value));
}

/** Maximum number of items of an array that is searched for tensors. Longer arrays are assumed to be data. */
const mostItems = 64;

function isTensor(x: unknown): x is Tensor {
  return typeof x === "object" && x instanceof Tensor;
}

/** True if a value contains a tensor where the function expects a number or array. */
function holdsTensor(type: PlainType, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Tensor) return true;
  switch (type.kind) {
    case "number":
    case "boolean":
    case "matrix":
      return false;
    case "array":
      return Array.isArray(value) && value.length <= mostItems && value.some(isTensor);
    case "list":
      return Array.isArray(value) && value.some((item) => holdsTensor(type.item, item));
    case "record":
      return type.fields.some((field) =>
        holdsTensor(field.type, (value as Readonly<Record<string, unknown>>)[field.name]),
      );
    case "tuple":
      return type.items.some((item, i) => holdsTensor(item, (value as readonly unknown[])[i]));
    case "optional":
      return holdsTensor(type.type, value);
    default:
      return assertNever(type, "holdsTensor");
  }
}

const none: readonly ValueLeaf[] = [];

/**
 * Wraps a compiled plain function in the form that transforms use. `f` is the JavaScript function from which it was
 * created, if the program contains it.
 */
export function callableOf(
  name: string,
  form: PlainForm,
  captured: CapturedValues,
  f?: AnyFunction,
): PlainCallable {
  const { region, errors = [] } = form;
  if (errors.length > 0)
    provideErrors(region, () => {
      const classes = captured().slice(form.captured.length);
      return Object.fromEntries(errors.map((one, i) => [one, classes[i]]));
    });
  const params = form.params.map(({ type }) => type);
  const counts = params.map(countLeaves);
  const types = region.params.map(({ type }) => type);
  const results = resultTypes(region);
  /** Returns an iterator over the types of the operands of argument number i. */
  const typesOf = (i: number): Iterator<RegionType> => {
    const start = counts.slice(0, i).reduce((sum, n) => sum + n, 0);
    return types.slice(start, start + counts[i]!).values();
  };
  const outsideTypes = types.slice(counts.reduce((sum, n) => sum + n, 0));
  const outside = (): Tensor[] => {
    const values = captured();
    const own = outsideTypes.values();
    return form.captured.flatMap((one, i) => operandsOf(one.type, values[i], own, `${name}: ${one.name}`));
  };
  const outsideLeaves = (): readonly ValueLeaf[] => {
    if (form.captured.length === 0) return none;
    const values = captured();
    const own = outsideTypes.values();
    const leaves: ValueLeaf[] = [];
    form.captured.forEach((one, i) => {
      takeApart(one.type, values[i], own, { path: `${name}: ${one.name}`, lead: 0 }, leaves);
    });
    return leaves;
  };
  const run = (...args: readonly OperandTensors[]): OperandTensors =>
    applyRegion(
      region,
      [...args.flat(), ...outside()].map((x, i) => (types[i] === "i32" && isKnownNumber(x) ? x.item() : x)),
    );
  const operandsOfArgument = (i: number, value: unknown): Tensor[] =>
    operandsOf(params[i]!, value, typesOf(i), `${name}: ${form.params[i]!.name}`);
  const body = { region: wrapRegion(region, form.records), outside: outsideLeaves, source: f && { f, form } };
  // cached, because derived regions are looked up by the region
  const segmented = new Map<number | true, PlainCallable>();
  return {
    name,
    params,
    ranks: params.map(leafRanks),
    names: form.params.map((param) => param.name),
    prepare(title, args, leads, isTangent = false) {
      const leaves = params.map((): ValueLeaf[] => []);
      const templates = params.map((type, i) => {
        const place = { path: `${title}: ${form.params[i]!.name}`, lead: leads[i]!, isTangent };
        return takeApart(type, args[i], typesOf(i), place, leaves[i]!);
      });
      return { leaves, templates, result: templateOf(form.result, results.values()) };
    },
    run,
    readsOutside: form.captured.length > 0,
    takesTensors: (args) => takesTensors(form, args, captured),
    overTensors(...args: readonly unknown[]): unknown {
      if (args.length > params.length) refuseExtra(name, args, params.length);
      const operands = params.map((_, i) => operandsOfArgument(i, args[i]));
      return resultOf(form.result, run(...operands).values());
    },
    bind(behind) {
      if (behind.length >= params.length) refuseExtra(name, [undefined, ...behind], params.length);
      const all = params.slice(1).flatMap((_, i) => operandsOfArgument(i + 1, behind[i]));
      const setsSize = all.map((x, i) => types[counts[0]! + i] === "i32" && isKnownNumber(x));
      return {
        sizes: all
          .filter((_, i) => setsSize[i])
          .map((x) => x.item())
          .join(),
        operands: all.filter((_, i) => !setsSize[i]),
        call(first, operands) {
          const given = operands.values();
          const behindFirst = all.map((x, i) => (setsSize[i]! ? x : given.next().value!));
          return resultOf(form.result, run(operandsOfArgument(0, first), behindFirst).values());
        },
      };
    },
    body: () => body,
    checkpointed(snapshots) {
      const checkpoint = snapshots ?? true;
      const known = segmented.get(checkpoint);
      if (known !== undefined) return known;
      const made = callableOf(name, { ...form, region: { ...region, checkpoint } }, captured, f);
      segmented.set(checkpoint, made);
      return made;
    },
  };
}

/** True if a tensor is a scalar with a known value, as needed for numbers that determine sizes. */
function isKnownNumber(x: Tensor): boolean {
  return x.slot !== undefined && x.shape.length === 0;
}

/**
 * Operands of an argument that may contain tensors where the type has numbers, arrays, or lists and tuples of them.
 * `axes` is the number of enclosing lists; a tensor has that many leading axes for them.
 */
function operandsOf(
  type: PlainType,
  value: unknown,
  types: Iterator<RegionType>,
  path: string,
  axes = 0,
): Tensor[] {
  switch (type.kind) {
    case "number":
    case "boolean":
      return [operandOf(value, axes, types.next().value as RegionType, path)];
    case "array":
      return [operandOf(value, axes + 1, types.next().value as RegionType, path)];
    case "matrix":
      return [operandOf(value, axes + 2, types.next().value as RegionType, path)];
    case "list": {
      const isEmpty = isTensor(value) && sizeOf(value.shape) === 0;
      const items = isEmpty ? emptyNest(value.shape) : value;
      if (isTensor(items)) return operandsOf(type.item, items, types, path, axes + 1);
      if (!Array.isArray(items)) throw notThis(path, "an array of items", value);
      const elements = Array.from({ length: countLeaves(type.item) }, () => types.next().value as RegionType);
      if (items.length === 0) {
        const leaves: ValueLeaf[] = [];
        takeApart(type, items, elements.values(), { path, lead: 0 }, leaves);
        return tensorsOf(leaves, elements);
      }
      const parts = items.map((item: unknown, i) =>
        operandsOf(type.item, item, elements.values(), `${path}[${i}]`),
      );
      return elements.map((_, k) => stack(parts.map((part) => part[k]!)));
    }
    case "record":
      if (typeof value !== "object" || value === null || isTensor(value))
        throw notThis(path, `an object with ${type.fields.map((field) => field.name).join(", ")}`, value);
      return type.fields.flatMap((field) => {
        const member = (value as Readonly<Record<string, unknown>>)[field.name];
        return operandsOf(field.type, member, types, `${path}.${field.name}`);
      });
    case "tuple": {
      const { length } = type.items;
      const given = isTensor(value) ? value.shape[axes] : Array.isArray(value) ? value.length : undefined;
      if (given !== length) throw notThis(path, `an array of ${length}`, value);
      const around = new Array<null>(axes).fill(null);
      return type.items.flatMap((item, i) => {
        const part = isTensor(value) ? at(value, ...around, i) : (value as unknown[])[i];
        return operandsOf(item, part, types, `${path}[${i}]`, axes);
      });
    }
    case "optional": {
      if (value === undefined && type.absence === "null")
        throw notThis(path, "given: a value, or null", value);
      const isThere = !isAbsent(type, value);
      const flag = fromArray(arrayType("bool", []), Uint8Array.of(isThere ? 1 : 0));
      if (types.next().done === true) throw internalError("the type of a boolean");
      if (isThere) return [flag, ...operandsOf(type.type, value, types, path, axes)];
      const own = Array.from({ length: countLeaves(type.type) }, () => types.next().value as RegionType);
      const leaves: ValueLeaf[] = [];
      takeApart(type, value, ["bool" as const, ...own].values(), { path, lead: 0 }, leaves);
      return [flag, ...tensorsOf(leaves.slice(1), own)];
    }
    default:
      return assertNever(type, "operandsOf");
  }
}

/** Nested empty arrays with the sizes of a tensor without elements. */
function emptyNest([n = 0, ...rest]: readonly number[]): unknown[] {
  return Array.from({ length: n }, () => emptyNest(rest));
}

function notThis(path: string, what: string, value: unknown): DownhillError {
  const got = value instanceof Tensor ? showType(value.type) : value === null ? "null" : typeof value;
  return new DownhillError("tree", `${path} must be ${what}, got ${got}.`);
}

const nouns = ["one number", "an array of numbers", "a matrix"];

function operandOf(value: unknown, rank: number, element: RegionType, path: string): Tensor {
  // a plain number is known even if the surrounding function is traced
  if (rank === 0 && element === "i32" && typeof value === "number")
    return fromArray(arrayType("int32", []), wholeNumbers([value], path));
  const isList = rank === 1 && Array.isArray(value) && value.some(isTensor);
  const given = isList ? stack(value as TensorLike[]) : asTensor(value, path);
  const missing = rank - given.shape.length;
  // [] is an array without elements, of any rank
  const isEmpty = missing > 0 && given.shape.at(-1) === 0;
  const x = isEmpty ? reshape(given, [...given.shape, ...new Array<number>(missing).fill(0)]) : given;
  if (x.shape.length !== rank) {
    const noun = nouns[rank] ?? `an array of ${rank} axes`;
    const repair = x.shape.length > rank ? " For a batch of them use vmap." : "";
    throw new DownhillError("shape", `${path} is ${noun}, got ${showType(x.type)}.${repair}`);
  }
  const dtype = dtypeOf(element);
  if (x.dtype === dtype) return x.type.weak ? convert(x, dtype) : x;
  if (isFloating(dtype) || !isFloating(x.dtype)) return convert(x, dtype);
  if (isAtHand(given)) {
    if (dtype !== "int32") return convert(x, dtype);
    return fromArray(arrayType(dtype, x.shape), wholeNumbers(readElements(given, path), path));
  }
  throw new DownhillError(
    "dtype",
    `${path} sets a size, a bound or an index, so it must be an integer, got ${showType(x.type)}. ` +
      `Give a plain number (named in staticArgnums of jit), or a tensor of int32.`,
  );
}

/**
 * Converts float64 numbers to integers.
 * @throws DownhillError `range` for a number that has decimals or does not fit into int32.
 */
function wholeNumbers(elements: ArrayLike<number>, path: string): Int32Array {
  const whole = Int32Array.from(elements);
  whole.forEach((n, i) => {
    if (n === elements[i]) return;
    throw new DownhillError(
      "range",
      `${path} sets a size, a bound or an index, so it must be an integer, got ${elements[i]}.`,
    );
  });
  return whole;
}

/** Returns the result as tensors, in the structure of its type. */
function resultOf(type: PlainType, leaves: Iterator<Tensor>): unknown {
  switch (type.kind) {
    case "number":
    case "boolean":
    case "array":
    case "matrix":
      return leaves.next().value;
    case "list": {
      const own = Array.from({ length: countLeaves(type.item) }, () => leaves.next().value as Tensor);
      return Array.from({ length: own[0]?.shape[0] ?? 0 }, (_, i) =>
        resultOf(type.item, own.map((leaf) => at(leaf, i)).values()),
      );
    }
    case "record":
      return Object.fromEntries(type.fields.map((field) => [field.name, resultOf(field.type, leaves)]));
    case "tuple":
      return type.items.map((item) => resultOf(item, leaves));
    case "optional":
      throw internalError("a result that may be absent is refused");
    default:
      return assertNever(type, "resultOf");
  }
}

/**
 * Gives a plain function the types that it has for tensors, for calls inside a function that is transformed or
 * compiled. Returns the same function; its declared types accept only numbers.
 *
 * @throws DownhillError `trace` if the function was not compiled.
 */
export function overTensors<A extends unknown[], T>(
  f: ((...args: A) => T) & OnlyPlain<[A, T]>,
): (...args: { [K in keyof A]: OverTensors<A[K]> }) => AsTensors<T> {
  requireCompiled("overTensors", f);
  const plain = plainOf(f);
  if (plain === undefined)
    throw new DownhillError("trace", `overTensors: ${f.name || "the function"} is not marked "use ad".`);
  return plain.overTensors as never;
}

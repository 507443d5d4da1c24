import { type NamedValues, namedEntries } from "../../engine/util/by-name.ts";
import { isShapedArray, type ShapedArray, tensorOfShaped } from "../io/shaped.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Program } from "../../engine/ir/index.ts";
import { isProgram } from "../../engine/ir/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import type { ArrayType } from "../../engine/ir/types.ts";
import {
  eliminateCommonSubexpressions,
  eliminateDeadCode,
  foldConstants,
  simplify,
} from "../../engine/passes/index.ts";
import { asTensor, convert } from "../../engine/prims/index.ts";
import { flattenArguments, flattenResult, unflattenArguments } from "../../engine/transforms/arguments.ts";
import { parameterNames } from "../../engine/transforms/make-program.ts";
import "../../engine/transforms/program-tools.ts";
import { capturingSources, traceProgram } from "../../engine/trace/index.ts";
import { countLeaves, leafPaths } from "../../engine/tree/index.ts";
import type { LikeAll } from "../../engine/tree/index.ts";
import { sameShape } from "../../engine/util/shape.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { version } from "../../engine/util/version.ts";
import type { AnyBatch, BuiltGraph } from "./any-batch.ts";
import { cast } from "./form.ts";
import { makeGraphBuilder } from "./graph-builder.ts";
import type { InitializerData, ValueInfo } from "./model.ts";
import { elementTypes, encodeModel } from "./model.ts";
import { writeProgram } from "./write-program.ts";

/** Options of `toOnnx`. */
export interface OnnxOptions {
  /**
   * Tensors to store in the model instead of inputs, by name of the input; a record or a Map: `{ "params.w": w }`.
   * Tensors that the function captures are stored without being named here.
   */
  readonly values?: NamedValues<TensorLike | ShapedArray>;
  /**
   * Names of the inputs, one per leaf of the arguments. Default: the parameters of the function and the paths in them,
   * such as `params.w`.
   */
  readonly inputs?: readonly string[];
  /**
   * Names of the outputs, one per leaf of the result. Default: the paths in the result, beginning with `out`: `out`,
   * `out.loss`.
   */
  readonly outputs?: readonly string[];
  /**
   * Inputs whose first axis is the batch, as in `anyBatch("x", "y")`: the model accepts batches of any size, regardless
   * of their size in `args`. Default: none, so that all sizes are those of `args`.
   */
  readonly batch?: AnyBatch;
  /**
   * Metadata to store in the model. The entry `made_by` names the version of the library and `toOnnx`, unless it is
   * given here.
   */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Exports a function as an ONNX model: a prediction, a loss, a gradient, or a whole training step with its optimiser.
 * Engines such as ONNX Runtime run it on other devices.
 *
 * `args` are example arguments. Only their structure and types matter, and their leaves become inputs. Tensors that the
 * function captures are stored in the model. Operators are those of opset 18. The engine does the arithmetic, so last
 * digits differ, and so may maxima of NaN. Loops and branches (`scan`, `whileLoop`, `cond`) become `Scan`, `Loop` and
 * `If`. uint32 inputs and outputs are int64 inside the model.
 *
 * @throws DownhillError `onnx` for an operation without an ONNX form, `option` for invalid names or arguments. `range`
 * for a model of 2 GiB or more, `shape` for a function without a model for batches of any size.
 * @example
 * const w = tensor([[1], [2]]);
 * const model = toOnnx((x) => x.matmul(w), [[[1, 1]]], { inputs: ["x"], outputs: ["y"] });
 * model.length > 100; // true
 */
export function toOnnx<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  args: LikeAll<A>,
  options?: OnnxOptions,
): Uint8Array<ArrayBuffer>;
/** Exports a program (`makeProgram`) as an ONNX model. Its captured values become the first inputs. */
export function toOnnx(program: Program, options?: OnnxOptions): Uint8Array<ArrayBuffer>;
export function toOnnx(
  what: Program | ((...args: never[]) => unknown),
  second: unknown,
  third?: OnnxOptions,
): Uint8Array<ArrayBuffer> {
  if (arguments.length > 3) refuseExtra("toOnnx", arguments, 3);
  const options = ((isProgram(what) ? second : third) ?? {}) as OnnxOptions;
  checkOptions("toOnnx", options, ["values", "inputs", "outputs", "batch", "metadata"]);
  const { batch, metadata } = options;
  const named = isProgram(what) ? opened(what) : traced(what, second);
  let { graph } = graphOf(named, options);
  if (batch !== undefined) {
    if (typeof batch.graph !== "function")
      throw new DownhillError("option", `toOnnx: batch must be the result of anyBatch, as in anyBatch("x").`);
    const names = options.inputs ?? freeInputs(named);
    const sizedBy = (n: number) => (leaf: number) => (batch.names.includes(names[leaf]!) ? n : undefined);
    graph = batch.graph(
      graph,
      isProgram(what) ? undefined : (n) => graphOf(traced(what, second, sizedBy(n)), options),
    );
  }
  return encodeModel(graph, version, { made_by: `downhill ${version}, toOnnx`, ...metadata });
}

type ExportableFunction = (...args: never[]) => unknown;

/**
 * A program with the names of its inputs and outputs, and by name the values of the inputs that the function captured.
 */
interface NamedProgram {
  readonly program: Program;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly held: ReadonlyMap<string, Tensor>;
}

function opened(program: Program): NamedProgram {
  return {
    program,
    inputs: distinct(program.ins.map((v, i) => v.name ?? `in${i}`)),
    outputs: distinct(program.outs.map((_, i) => (program.outs.length === 1 ? "out" : `out${i}`))),
    held: new Map(),
  };
}

/**
 * Traces a function. For some leaves of its arguments, `sizeAt` returns a size that replaces the size of the first
 * axis.
 */
function traced(
  f: ExportableFunction,
  args: unknown,
  sizeAt: (leaf: number) => number | undefined = () => undefined,
): NamedProgram {
  if (typeof f !== "function" || !Array.isArray(args)) {
    throw new DownhillError(
      "option",
      `toOnnx: expected a function and a list of its arguments, as in toOnnx((x) => x.mul(2), [[1, 2, 3]]), or a program.`,
    );
  }
  const { leaves, defs } = flattenArguments(args, "toOnnx");
  const parameters = parameterNames(f);
  const names = defs.flatMap((def, i) => leafPaths(def, parameters[i] ?? `x${i}`).slice(0, countLeaves(def)));
  let outputs: readonly string[] = [];
  const { program, captured } = capturingSources(() =>
    traceProgram(
      f.name === "" ? "f" : f.name,
      leaves.map(({ type }, i) => strong(type, sizeAt(i))),
      (...inputs) => {
        const result = flattenResult(f(...(unflattenArguments(defs, inputs) as never[])), "toOnnx");
        outputs = leafPaths(result.def, "out");
        return result.leaves;
      },
      names,
    ),
  );
  const first = captured.map((_, i) => `captured${i}`);
  const inputs = distinct([...first, ...names]);
  return {
    program,
    inputs,
    outputs: distinct(outputs),
    held: new Map(captured.map((x, i) => [inputs[i]!, x])),
  };
}

/**
 * Returns the type of an input: the type of the argument, but with the first size `first`, if given, and never weak.
 */
function strong({ dtype, shape }: ArrayType, first: number | undefined): ArrayType {
  return { dtype, shape: first === undefined ? shape : shape.with(0, first), weak: false };
}

function freeInputs({ inputs, held }: NamedProgram): readonly string[] {
  return inputs.filter((name) => !held.has(name));
}

/** Makes names unique by appending a number to repeated ones. */
function distinct(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.map((name) => {
    let given = name;
    for (let i = 2; seen.has(given); i++) given = `${name}_${i}`;
    seen.add(given);
    return given;
  });
}

function graphOf(named: NamedProgram, options: OnnxOptions): BuiltGraph {
  const free = freeInputs(named);
  const chosen = namesOf("inputs", options.inputs, free);
  const inputs = named.inputs.map((name) => (named.held.has(name) ? name : chosen[free.indexOf(name)]!));
  const outputs = namesOf("outputs", options.outputs, named.outputs);
  const values = new Map([...named.held, ...givenValues(options.values ?? {}, inputs)]);
  const program = [foldConstants, simplify, eliminateCommonSubexpressions, eliminateDeadCode].reduce(
    (p, pass) => pass(p),
    eliminateDeadCode(named.program),
  );
  const g = makeGraphBuilder([...inputs, ...outputs]);
  const open: ValueInfo[] = [];
  const operands = program.ins.map(({ type }, i) => {
    const name = inputs[i]!;
    const info = { name, type: type.dtype, shape: type.shape };
    const value = values.get(name);
    if (value === undefined) open.push(info);
    else g.hold({ ...info, data: fitted(name, value, type) });
    return type.dtype === "uint32" ? cast(g, name, "int64") : name;
  });
  const results = writeProgram(g, program, operands);
  const given = program.outs.map(({ type }, i): ValueInfo => {
    const name = outputs[i]!;
    if (type.dtype === "uint32") g.result("Cast", [results[i]!], name, { to: elementTypes.uint32 });
    else g.result("Identity", [results[i]!], name);
    return { name, type: type.dtype, shape: type.shape };
  });
  return { graph: g.graph(program.name, open, given), g };
}

/**
 * Returns the names chosen by the user, or `names` if `chosen` is `undefined`.
 *
 * @throws DownhillError `option` if the chosen names are not distinct non-empty strings, one for each of `names`.
 */
function namesOf(
  what: "inputs" | "outputs",
  chosen: readonly string[] | undefined,
  names: readonly string[],
): readonly string[] {
  if (chosen === undefined) return names;
  const list: unknown = chosen;
  const isFitting =
    Array.isArray(list) &&
    chosen.length === names.length &&
    chosen.every((name) => typeof name === "string" && name !== "") &&
    new Set(chosen).size === chosen.length;
  if (isFitting) return chosen;
  throw new DownhillError(
    "option",
    `toOnnx: ${what} must be ${names.length} distinct names, one for each of ${names.join(", ")}; got ${JSON.stringify(chosen)}.`,
  );
}

function givenValues(
  values: NamedValues<TensorLike | ShapedArray>,
  inputs: readonly string[],
): (readonly [string, Tensor])[] {
  return namedEntries(values).map(([name, value]) => {
    if (inputs.includes(name))
      return [
        name,
        isShapedArray(value) ? tensorOfShaped(value, `toOnnx: ${name}`) : asTensor(value, "toOnnx"),
      ] as const;
    throw new DownhillError(
      "option",
      `toOnnx: values has ${JSON.stringify(name)}, which is not an input; the inputs are ${inputs.join(", ")}.${didYouMean(name, inputs)}`,
    );
  });
}

/**
 * Returns the elements, of the dtype of `type`, of a value that the model stores instead of an input.
 *
 * @throws DownhillError `shape` if the value does not have the shape of the input.
 */
function fitted(name: string, value: Tensor, type: ArrayType): InitializerData {
  if (!sameShape(value.shape, type.shape)) {
    throw new DownhillError(
      "shape",
      `toOnnx: the value of ${name} is ${showType(value.type)}, but the function takes ${showType(type)}.`,
    );
  }
  return convert(value, type.dtype).data();
}

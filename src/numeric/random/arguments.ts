// Shapes, dtypes and parameters, as all sampling functions read them.
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import type { DType } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { convert } from "../../engine/prims/linear.ts";
import { broadcastShapes, sameShape } from "../../engine/util/shape.ts";
import { checkShape, expandTo } from "../array/promote.ts";

/** Shape of a draw; a number n means a vector of length n. */
export type DrawShape = number | readonly number[];

/** Options of draws of real numbers. */
export interface RealOptions {
  /** Dtype of the numbers. Default `"float64"`. */
  readonly dtype?: "float64" | "float32";
}

/** Options of draws of integers. */
export interface WholeOptions {
  /** Dtype of the numbers: int32 (default), uint32, float64 or float32. */
  readonly dtype?: DType;
}

/** Returns a shape as a list of sizes. */
export function readShape(operation: string, shape: DrawShape): readonly number[] {
  const sizes = typeof shape === "number" ? [shape] : shape;
  checkShape(operation, sizes);
  return [...sizes];
}

export function readReal(operation: string, options: RealOptions): "float64" | "float32" {
  checkOptions(operation, options, ["dtype"]);
  const { dtype = "float64" } = options;
  checkChoice(operation, "dtype", dtype, ["float64", "float32"]);
  return dtype;
}

export function readWhole(operation: string, { dtype = "int32" }: WholeOptions): DType {
  checkChoice(operation, "dtype", dtype, ["int32", "uint32", "float64", "float32"]);
  return dtype;
}

/** A parameter of a distribution, with its valid range. */
export interface SamplingParameter {
  readonly name: string;
  readonly value: TensorLike;
  /** The valid range in words, and a test for it. Elements are checked if they are known. */
  readonly range: string;
  holds(x: number): boolean;
}

export const positive = { range: "above 0", holds: (x: number): boolean => x > 0 };
export const probability = { range: "between 0 and 1", holds: (x: number): boolean => x >= 0 && x <= 1 };
export const atLeastZero = { range: "at least 0", holds: (x: number): boolean => x >= 0 };

/**
 * Reads parameters as tensors of one dtype and of the shape of the draw: `shape`, or by default the shape that the
 * parameters broadcast to.
 * @throws DownhillError `range`, naming the parameter, its first value out of range, and the range; `shape` if they do
 * not broadcast to the shape.
 */
export function readParameters(
  operation: string,
  dtype: DType,
  shape: DrawShape | undefined,
  parameters: readonly SamplingParameter[],
): Tensor[] {
  const tensors = parameters.map((parameter) => convert(readParameter(operation, parameter), dtype));
  const shapes = tensors.map((x) => x.shape);
  const own = broadcastShapes(...shapes);
  const sizes = shape === undefined ? own : readShape(operation, shape);
  if (sizes === undefined || own === undefined || !isPartOf(own, sizes)) {
    const given = parameters.map(({ name }, i) => `${name} ${showType(tensors[i]!.type)}`).join(" and ");
    const wanted = sizes === undefined ? "one shape" : `shape ${showShape(sizes)}`;
    throw new DownhillError("shape", `${operation}: ${given} cannot be broadcast to ${wanted}.`);
  }
  return tensors.map((x) => expandTo(x, sizes));
}

function isPartOf(shape: readonly number[], sizes: readonly number[]): boolean {
  const all = broadcastShapes(shape, sizes);
  return all !== undefined && sameShape(all, sizes);
}

/**
 * Reads a parameter as a tensor.
 * @throws DownhillError `range` for the first invalid element, if elements are known.
 */
export function readParameter(operation: string, { name, value, range, holds }: SamplingParameter): Tensor {
  const x = asTensor(value, operation);
  const known = typeof value === "number" ? [value] : x.tracer === undefined ? x.data() : [];
  const odd = known.find((element) => !holds(element));
  if (odd === undefined) return x;
  throw new DownhillError("range", `${operation}: ${name} must be ${range}, got ${odd}.`);
}

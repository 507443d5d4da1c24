import { zeros } from "../../array/create.ts";
import { astype, mul, sqrt } from "../../array/elementwise.ts";
import { transpose } from "../../array/shape.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import type { BoundFunction } from "../../../engine/transforms/plain.ts";
import { jacfwd, jvp } from "../../../engine/transforms/index.ts";
import {
  type FlatParameters,
  oncePerStructure,
  type NumericVectorFunction,
  onNumbers,
  requireResult,
} from "../minimize/problem.ts";
import { robustBlocks, type RobustLoss } from "../minimize/robust.ts";
import { type ManifoldMaps, type ManifoldOption, readManifolds } from "./manifolds.ts";
import { moveTraced } from "./step-space.ts";

/** Options that determine the functions of residuals. */
export interface ResidualSettings {
  readonly loss: RobustLoss;
  readonly lossScale: number;
  readonly lossBlock: number;
  readonly jit: boolean;
  readonly manifolds: ManifoldOption | undefined;
  readonly weights: ResidualWeights | undefined;
}

/** Functions of residuals for one structure of the parameters. Each takes vectors and the further arguments. */
export interface ResidualFunctions {
  readonly maps: readonly (ManifoldMaps | undefined)[];
  /** The residuals as the function returns them. */
  readonly plain: NumericVectorFunction;
  /** The residuals with weights and robust loss applied, over tensors; `values` computes them over numbers. */
  readonly counted: (x: Tensor, ...data: Tensor[]) => Tensor;
  readonly values: NumericVectorFunction;
  /** Transposed Jacobian of `values` with respect to the parameters. */
  readonly derivatives: NumericVectorFunction;
  /** Second derivative of `values` along a padded step (see `StepSpace`). */
  readonly curvature: NumericVectorFunction;
}

/**
 * Returns a function that prepares the residuals and their derivatives as functions of a flat vector. They are cached
 * per structure of the parameters.
 */
export function residualFunctions(
  operation: string,
  settings: ResidualSettings,
): (flat: FlatParameters, data: BoundFunction) => ResidualFunctions {
  const { loss, lossBlock, jit, weights } = settings;
  const counting = countedResiduals(operation, settings);
  return oncePerStructure((flat, { call }): ResidualFunctions => {
    const { toTree } = flat;
    const maps = readManifolds(flat, settings.manifolds, jit);
    const onVector = (x: Tensor, data: readonly Tensor[]): Tensor =>
      requireResult(operation, call(toTree(x), data), 1);
    const counted = (x: Tensor, ...data: Tensor[]): Tensor => counting(onVector(x, data));
    const plain = onNumbers((x: Tensor, ...data: Tensor[]) => [onVector(x, data)], jit);
    const move = moveTraced(flat, maps);
    const hasManifolds = maps.some((of) => of !== undefined);
    return {
      maps,
      plain,
      counted,
      values:
        loss === "squares" && lossBlock === 1 && weights === undefined
          ? plain
          : onNumbers((x: Tensor, ...data: Tensor[]) => [counted(x, ...data)], jit),
      derivatives: onNumbers(
        (x: Tensor, ...data: Tensor[]) => [transpose(jacfwd((p: Tensor) => counted(p, ...data))(x))],
        jit,
      ),
      curvature: onNumbers((x: Tensor, v: Tensor, ...data: Tensor[]) => {
        const f = (q: Tensor): Tensor => counted(hasManifolds ? move(x, q) : q, ...data);
        const along = (p: Tensor): Tensor => jvp(f, [p], [v])[1];
        return [jvp(along, [hasManifolds ? zeros(v.shape, { dtype: "float64" }) : x], [v])[1]];
      }, jit),
    };
  });
}

/** Applies weights and the loss to residuals. */
export function countedResiduals(
  operation: string,
  { loss, lossScale, lossBlock, weights }: ResidualSettings,
): (r: Tensor) => Tensor {
  return (r) => {
    const scaled = weights === undefined ? r : weighted(operation, r, weights);
    return robustBlocks(operation, loss, scaled, lossScale, lossBlock);
  };
}

/**
 * Returns the result of `compute`, or `count()` zeros for residuals that have only first derivatives. Zeros disable the
 * geodesic acceleration.
 */
export function curvatureOrZeros(compute: () => Float64Array, count: () => number): Float64Array {
  try {
    return compute();
  } catch (error) {
    if (error instanceof DownhillError && error.code === "derivative") return new Float64Array(count());
    throw error;
  }
}

/** Weights of residuals. */
export interface ResidualWeights {
  readonly roots: Tensor;
  /** Number of weights that are 0. */
  readonly ignored: number;
}

/**
 * Reads the option `weights`; `undefined` if it is not given.
 *
 * @throws DownhillError `shape` if they are no vector, `range` for a weight that is negative or not finite.
 */
export function readWeights(operation: string, given: TensorLike | undefined): ResidualWeights | undefined {
  if (given === undefined) return undefined;
  const weights = astype(asTensor(given, operation), "float64");
  if (weights.ndim !== 1) {
    throw new DownhillError(
      "shape",
      `${operation}: weights must be a vector with one number per residual, got ${showType(weights.type)}.`,
    );
  }
  const numbers = Array.from(weights.data());
  const wrong = numbers.findIndex((w) => !(w >= 0 && w < Infinity));
  if (wrong >= 0) {
    throw new DownhillError(
      "range",
      `${operation}: weights must be finite numbers of 0 or more, got ${numbers[wrong]!} for residual ${wrong}.`,
    );
  }
  return { roots: sqrt(weights), ignored: numbers.filter((w) => w === 0).length };
}

/** `√w r` */
function weighted(operation: string, r: Tensor, { roots }: ResidualWeights): Tensor {
  if (r.shape[0] === roots.shape[0]) return mul(roots, r);
  throw new DownhillError(
    "shape",
    `${operation}: there are ${roots.shape[0]!} weights for ${r.shape[0]!} residuals. Give one for each.`,
  );
}

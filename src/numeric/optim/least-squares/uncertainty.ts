import { DownhillError } from "../../../engine/errors/index.ts";
import { runSteps } from "../../sparse/factor/ldl.ts";
import { inverseDiagonal } from "../../sparse/factor/selected-inverse.ts";
import { covarianceAmong, type ColumnMatrix } from "../minimize/qr.ts";
import type { SearchSpace } from "../minimize/search-space.ts";
import type { SparseProblem } from "./sparse-problem.ts";

/** Covariances of the coordinates at the result of a fit, without the factor s². NaN for those at a bound. */
export interface Uncertainty {
  /** False if the data do not determine all free coordinates. */
  readonly isDetermined: boolean;
  /** Diagonal of the covariance. */
  readonly variances: () => Float64Array;
  /** Covariances among some coordinates, by rows. */
  readonly among: (chosen: readonly number[]) => Float64Array<ArrayBuffer>;
}

/** Coordinates that are not at a bound. */
export function interiorCoordinates(space: SearchSpace, x: Float64Array): readonly number[] {
  const { low, high } = space.walls;
  const positions = space.positions(x);
  return Array.from(positions.keys()).filter((i) => positions[i] !== low[i] && positions[i] !== high[i]);
}

/** Uncertainty by the QR factorisation of the columns of a dense Jacobian. */
export function denseUncertainty(jacobian: ColumnMatrix, free: readonly number[], size: number): Uncertainty {
  const columns = free.map((i) => jacobian[i]!);
  const all = covarianceAmong(free, columns, size, 1);
  return {
    isDetermined: free.every((i) => !Number.isNaN(all[i * size + i])),
    variances: () => Float64Array.from({ length: size }, (_, i) => all[i * size + i]!),
    among: (chosen) => Float64Array.from(chosen.flatMap((i) => chosen.map((j) => all[i * size + j]!))),
  };
}

/**
 * Squared sine of the angle between a column of J and the columns before it, below which they count as dependent. JᵀJ has
 * rounding errors of about 1e-15.
 */
const leastPivot = 1e-11;

/** Uncertainty by factors of JᵀJ, whose rows and columns are divided by the norms of the columns of J. */
export function sparseUncertainty(
  operation: string,
  problem: SparseProblem,
  x: Float64Array,
  free: readonly number[],
  size: number,
): Uncertainty {
  const { values, structure } = problem.evaluate(x);
  const { normal } = structure;
  const products = normal.evaluate(values);
  const isFree = new Float64Array(size);
  for (const i of free) isFree[i] = 1;
  const norms = normal.columnSizes(products);
  const hasEffect = free.every((i) => norms[i]! > 0 && norms[i]! < Infinity);
  normal.divide(products, norms);
  const steps = normal.factoriseInSteps(products, isFree, undefined, {});
  const factor = hasEffect ? runSteps(steps) : undefined;
  const isDetermined =
    factor !== undefined && factor.zeroPivots === 0 && factor.factors.diagonal.every((d) => d > leastPivot);
  if (!isDetermined) {
    const none = (count: number): Float64Array<ArrayBuffer> => new Float64Array(count).fill(Number.NaN);
    return { isDetermined, variances: () => none(size), among: (chosen) => none(chosen.length ** 2) };
  }
  return {
    isDetermined,
    variances: () =>
      inverseDiagonal(factor.factors).map((v, i) => (isFree[i] === 1 ? v / norms[i]! ** 2 : Number.NaN)),
    among(chosen) {
      if (chosen.length > mostColumns)
        throw new DownhillError(
          "range",
          `${operation}: the covariance of ${chosen.length} parameters would have ${chosen.length ** 2} elements; covarianceOf takes paths of at most ${mostColumns}.`,
        );
      const out = new Float64Array(chosen.length ** 2);
      const unit = new Float64Array(size);
      chosen.forEach((i, a) => {
        unit[i] = 1;
        const column = factor.solve(unit);
        unit[i] = 0;
        chosen.forEach((j, b) => {
          const isKnown = isFree[i] === 1 && isFree[j] === 1;
          out[b * chosen.length + a] = isKnown ? column[j]! / (norms[i]! * norms[j]!) : Number.NaN;
        });
      });
      return out;
    },
  };
}

/** Largest number of parameters whose covariance is computed as a dense matrix. */
export const mostColumns = 2000;

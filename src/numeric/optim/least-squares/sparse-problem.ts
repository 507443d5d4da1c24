import { now } from "../../../engine/util/now.ts";
import { readElements } from "../../../engine/ir/elements.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { NormalEquations, type NormalMemory } from "../../sparse/factor/normal-equations.ts";
import { multiplyColumns, multiplyRows } from "../../sparse/matrix/products.ts";
import type { SparseDerivative } from "../../sparse/derivative/sparse-derivative.ts";
import type { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import { withoutReports } from "../minimize/search-space.ts";
import { dot } from "../vector.ts";
import type { DerivativeFault } from "../minimize/stop.ts";
import { type LargeProblem, type Linearisation, overflowIn, type SolverSeconds } from "./linearisation.ts";
import type { StepSpace } from "./step-space.ts";
import { tangentJacobian, type TangentJacobian } from "./tangent-jacobian.ts";

/** Everything about the normal equations that the pattern of the Jacobian determines. */
export interface NormalStructure {
  readonly jacobian: TangentJacobian;
  readonly normal: NormalEquations;
}

/** Structures by the pattern of the Jacobian by the parameters. */
export type NormalStructures = WeakMap<SparsePattern, NormalStructure>;

/**
 * Returns the number of products that the lower triangle of JᵀJ adds: all pairs of entries in one row of J, each entry
 * with itself included.
 */
export function countProducts({ rowPointers, shape }: SparsePattern): number {
  let count = 0;
  for (let i = 0; i < shape[0]; i++) {
    const width = rowPointers[i + 1]! - rowPointers[i]!;
    count += (width * (width + 1)) / 2;
  }
  return count;
}

/**
 * Returns the structure of the normal equations for a pattern of the Jacobian. It is prepared at the first use of the
 * pattern, and then cached.
 */
function structureFor(
  operation: string,
  known: NormalStructures,
  pattern: SparsePattern,
  space: StepSpace,
  seconds: SolverSeconds,
): NormalStructure {
  const before = known.get(pattern);
  if (before !== undefined) return before;
  const jacobian = tangentJacobian(pattern, space.charts, space.size);
  const normal = new NormalEquations(operation, jacobian.pattern);
  seconds.normal += normal.productSeconds;
  seconds.ordering += normal.seconds.ordering;
  seconds.analysis += normal.seconds.analysis;
  const structure = { jacobian, normal };
  known.set(pattern, structure);
  return structure;
}

/** The normal equations (JᵀJ + shift) δ = −Jᵀr with a sparse Jacobian. */
export class SparseProblem implements LargeProblem {
  readonly values: (x: Float64Array) => Float64Array;
  readonly #operation: string;
  readonly #derivative: SparseDerivative;
  readonly #operands: readonly unknown[];
  readonly #space: StepSpace;
  readonly #structures: NormalStructures;
  readonly #seconds: SolverSeconds;
  /** Number of changes of the pattern in earlier fits with this derivative. */
  readonly #changesBefore: number;
  /** Called before each evaluation of the Jacobian. */
  readonly #count: () => void;
  /** Memory that the next linearisation reuses: the lower triangle of JᵀJ, and its factors. */
  #memory: NormalMemory & { products?: Float64Array } = {};
  /** Structure of the latest Jacobian. */
  structure: NormalStructure | undefined;

  constructor(task: {
    readonly operation: string;
    readonly values: (x: Float64Array) => Float64Array;
    readonly derivative: SparseDerivative;
    readonly operands: readonly unknown[];
    readonly space: StepSpace;
    readonly structures: NormalStructures;
    readonly seconds: SolverSeconds;
    readonly count: () => void;
  }) {
    this.values = task.values;
    this.#operation = task.operation;
    this.#derivative = task.derivative;
    this.#changesBefore = task.derivative.changes;
    this.#operands = task.operands;
    this.#space = task.space;
    this.#structures = task.structures;
    this.#seconds = task.seconds;
    this.#count = task.count;
  }

  /** Pattern of the Jacobian by the parameters. */
  get pattern(): SparsePattern {
    return this.#derivative.pattern;
  }

  /** Number of evaluations at which the pattern changed. */
  get patternChanges(): number {
    return this.#derivative.changes - this.#changesBefore;
  }

  /** Number of derivative passes per Jacobian. */
  get colours(): number {
    const { forward, reverse } = this.#derivative.passes;
    return forward + reverse;
  }

  /** Returns the structure for the present pattern of the Jacobian, and stores it in `structure`. */
  prepare(): NormalStructure {
    const { pattern } = this.#derivative;
    this.structure = structureFor(this.#operation, this.#structures, pattern, this.#space, this.#seconds);
    return this.structure;
  }

  /** Residuals and the values of the Jacobian by the coordinates. */
  evaluate(x: Float64Array): {
    readonly residuals: Float64Array;
    readonly values: Float64Array;
    readonly structure: NormalStructure;
  } {
    this.#count();
    const begin = now();
    const { outs, matrix } = this.#derivative.evaluate(x, this.#operands);
    const residuals = numbersOf(outs[0]!);
    const ambient = numbersOf(matrix.values);
    this.#seconds.jacobian += (now() - begin) / 1000;
    const structure = this.prepare();
    const middle = now();
    const values = structure.jacobian.evaluate(ambient, x);
    this.#seconds.jacobian += (now() - middle) / 1000;
    return { residuals, values, structure };
  }

  /** Frees the memory of the latest linearisation. */
  release(): void {
    this.#memory = {};
  }

  linearise(x: Float64Array): Linearisation {
    const seconds = this.#seconds;
    const { residuals, values, structure } = this.evaluate(x);
    const { jacobian, normal } = structure;
    const memory = this.#memory;
    const { rowPointers, columns, shape } = jacobian.pattern;
    const begin = now();
    const products = normal.evaluate(values, memory.products);
    memory.products = products;
    const gradient = new Float64Array(shape[1]);
    multiplyColumns(rowPointers, columns, values, residuals, gradient);
    seconds.normal += (now() - begin) / 1000;
    const columnSizes = normal.columnSizes(products);
    const changeBy = (step: Float64Array): Float64Array => {
      const change = new Float64Array(shape[0]);
      multiplyRows(rowPointers, columns, values, step, change);
      return change;
    };
    const gradientAfter = (step: Float64Array): Float64Array => {
      const out = gradient.slice();
      multiplyColumns(rowPointers, columns, values, changeBy(step), out);
      return out;
    };
    return {
      residuals,
      gradient,
      columnSizes,
      fault: () => faultIn(jacobian.pattern, values) ?? overflowIn(columnSizes),
      squaredChange(step) {
        const change = changeBy(step);
        return dot(change, change);
      },
      gradientAfter,
      *solve(free, shift, held) {
        const start = now();
        const factor = yield* withoutReports(normal.factoriseInSteps(products, free, shift, memory));
        const middle = now();
        seconds.factorisation += (middle - start) / 1000;
        if (factor.zeroPivots > 0) return undefined;
        const slopes = held.some((d) => d !== 0) ? gradientAfter(held) : gradient;
        const step = factor.solve(slopes.map((g, j) => (free[j] === 0 ? held[j]! : -g)));
        seconds.solve += (now() - middle) / 1000;
        return step;
      },
    };
  }
}

/** The first entry of a Jacobian that is not finite. */
function faultIn({ rowPointers, columns }: SparsePattern, values: Float64Array): DerivativeFault | undefined {
  const p = values.findIndex((value) => !Number.isFinite(value));
  if (p < 0) return undefined;
  const residual = rowPointers.findIndex((end) => end > p) - 1;
  return { residual, coordinate: columns[p]!, value: values[p]! };
}

/** Elements of a tensor that has no other users, without a copy if they have an array of their own. */
function numbersOf(x: Tensor): Float64Array {
  const elements = readElements(x, "leastSquares") as Float64Array;
  const isOwn = elements.buffer instanceof ArrayBuffer && elements.byteLength === elements.buffer.byteLength;
  return isOwn ? elements : (x.data({ donate: true }) as Float64Array);
}

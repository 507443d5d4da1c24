import { DownhillError } from "../../../engine/errors/index.ts";
import { countProducts, type SparseProblem } from "./sparse-problem.ts";

/** Solver of the linear least-squares problems of a fit. */
export type LinearSolver = "dense" | "sparse" | "lsmr";

/** Names of the choices. */
export const linearSolvers = ["auto", "dense", "sparse", "lsmr"] as const;

/** A choice and its reason. */
export interface SolverChoice {
  readonly solver: LinearSolver;
  readonly reason: string;
}

/**
 * Number of unknowns below which `auto` chooses dense matrices. Below 20 they take less time, up to 39 at most 4 times
 * that of sparse ones, and they do not square the condition number.
 */
const fewUnknowns = 40;
/**
 * `auto` chooses sparse matrices only if dense ones need more than this multiple of their operations. Sparse operations
 * are slower, and JᵀJ squares the condition number.
 */
const neededSaving = 8;
/** Number of elements above which a Jacobian is not stored as a dense matrix. */
const mostDenseElements = 1e8;
/**
 * Largest number of products in JᵀJ for which `auto` uses sparse matrices, because the position of each product is
 * stored.
 */
const mostProducts = 4e8;

/**
 * Decides how to solve the linear problems. For `auto`: dense for few unknowns or without a sparse pattern, otherwise
 * by the number of operations and the size of the matrix.
 */
export function chooseSolver(
  asked: (typeof linearSolvers)[number],
  unknowns: number,
  isCompiled: boolean,
  makeSparse: () => SparseProblem,
): SolverChoice {
  if (asked !== "auto") return { solver: asked, reason: "as the option linearSolver says" };
  if (unknowns < fewUnknowns) return { solver: "dense", reason: `fewer than ${fewUnknowns} unknowns` };
  if (!isCompiled)
    return { solver: "dense", reason: "jit is false, and patterns are found in compiled functions" };
  let problem: SparseProblem;
  try {
    problem = makeSparse();
  } catch (error) {
    if (!(error instanceof DownhillError) || !["range", "option", "derivative"].includes(error.code))
      throw error;
    return { solver: "dense", reason: `no sparse pattern was found: ${error.message}` };
  }
  const { pattern } = problem;
  const rows = pattern.shape[0];
  const isTooLarge = rows * unknowns > mostDenseElements;
  const products = countProducts(pattern);
  if (products > mostProducts)
    return {
      solver: isTooLarge ? "lsmr" : "dense",
      reason: `JᵀJ consists of ${products.toExponential(1)} products`,
    };
  const analysed = operationsOf(problem);
  if (typeof analysed === "string") return { solver: isTooLarge ? "lsmr" : "dense", reason: analysed };
  const sparseWork = 2 * products + analysed;
  const denseWork = 2 * rows * unknowns ** 2 + 4 * unknowns ** 3;
  const counts = `${sparseWork.toExponential(1)} operations per iteration with sparse matrices, ${denseWork.toExponential(1)} with dense ones`;
  const isSparse = isTooLarge || neededSaving * sparseWork < denseWork;
  return { solver: isSparse ? "sparse" : "dense", reason: counts };
}

/** Number of operations of a factorisation of JᵀJ, or the message of the error if its factor does not fit into memory. */
function operationsOf(problem: SparseProblem): number | string {
  try {
    return problem.prepare().normal.operations;
  } catch (error) {
    if (error instanceof DownhillError && error.code === "range") return error.message;
    throw error;
  }
}

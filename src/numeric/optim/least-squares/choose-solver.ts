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

/** Number of unknowns below which a dense factorisation takes less time than finding a pattern. */
const fewUnknowns = 100;
/** Factor by which a dense Jacobian must be more work, since sparse operations are slower and square the condition number. */
const neededSaving = 8;
/** Elements of a Jacobian that is too large to be stored as a dense matrix. */
const mostDenseElements = 1e8;
/** Products of JᵀJ whose positions are not stored. */
const mostProducts = 4e8;

/** Decides how to solve the linear problems: `asked`, or for `auto` by the number of operations. */
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
  const sparseWork = 2 * products + problem.prepare().analysis.operations;
  const denseWork = 2 * rows * unknowns ** 2 + 4 * unknowns ** 3;
  const counts = `${sparseWork.toExponential(1)} operations per iteration with sparse matrices, ${denseWork.toExponential(1)} with dense ones`;
  const isSparse = isTooLarge || neededSaving * sparseWork < denseWork;
  return { solver: isSparse ? "sparse" : "dense", reason: counts };
}

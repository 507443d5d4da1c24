import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export { det, slogdet } from "./determinant.ts";
export {
  cholesky,
  choleskySolve,
  inv,
  lu,
  luSolve,
  solve,
  solveTriangular,
  type SolveTriangularOptions,
} from "./solve.ts";

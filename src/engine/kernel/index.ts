export { callSizes } from "./call-sizes.ts";
export { copyExpr } from "./copy.ts";
export { expandRoutine } from "./expand.ts";
export { knownIterations } from "./iterations.ts";
export { printRoutine } from "./print.ts";
export { isFloat } from "./scalar.ts";
export type {
  BinaryOp,
  Contract,
  Expr,
  Procedure,
  Reduce,
  Routine,
  ScalarType,
  SizeExpr,
  Stmt,
} from "./scalar.ts";
export { constantSize, isConstant, sizeExpr } from "./sizes.ts";

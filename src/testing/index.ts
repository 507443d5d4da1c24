export { checkGrads, type CheckGradsOptions, type GradReport, type Mode } from "./check-grads.ts";
export {
  checkPrimitive,
  type CheckPrimitiveOptions,
  type Operation,
  type PrimitiveReport,
  type Sample,
} from "./check-primitive.ts";

import "./verify/install.ts";

export { checkGrads, type CheckGradsOptions, type GradReport, type Mode } from "./check-grads.ts";
export {
  checkPrimitive,
  type CheckPrimitiveOptions,
  type Operation,
  type PrimitiveReport,
  type Sample,
} from "./check-primitive.ts";
export { repeatVerification, type RepeatVerificationOptions } from "./verify/repeat.ts";
export type { VerificationReport } from "./verify/report.ts";
export { verifyStats, type VerifyStats } from "./verify/verifier.ts";

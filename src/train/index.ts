import "../array/methods.ts";
import "../runtime/install.ts";

export type { FitData } from "./batches.ts";
export { type Evaluation, evaluator, type EvaluatorOptions } from "./evaluate.ts";
export { fit, type Fit, type FitOptions, type FitResult } from "./fit.ts";
export type { EpochRecord } from "./history.ts";
export type { EpochEvent, FitEvent, StepEvent } from "./loop.ts";
export type { Loss, LossContext, LossResult, Reduction } from "./loss.ts";
export type * from "./report/figures.ts";
export { trainingReport } from "./report/report.ts";

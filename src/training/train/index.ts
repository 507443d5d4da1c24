import "../../numeric/array/methods.ts";
import "../../engine/runtime/install.ts";

export type { FitData } from "./batches.ts";
export { checkpointFolder, type CheckpointFolderOptions } from "./checkpoint/folder.ts";
export { checkpointModelState, checkpointParams, type CheckpointParamsOptions } from "./checkpoint/params.ts";
export {
  type Checkpoint,
  checkpointMemory,
  type FitCheckpointOptions,
  type CheckpointStore,
  type LoadedCheckpoint,
} from "./checkpoint/store.ts";
export { type Evaluate, evaluator, type EvaluatorOptions } from "./evaluate.ts";
export { fit, type Fit, type FitOptions, type FitResult } from "./fit.ts";
export type { DivergenceRule } from "./divergence.ts";
export type { EpochRecord, Evaluation } from "./history.ts";
export {
  type CheckpointEntry,
  type EndEntry,
  jsonLines,
  type JsonLinesOptions,
  type LogEntry,
  type LogSink,
  type StartEntry,
  type StepEntry,
  type WarningEntry,
} from "./log.ts";
export type { EpochEvent, FitEvent, HookResult, Hooks, StepEvent } from "./loop.ts";
export type { FitStopReason } from "./stopped.ts";
export type { Loss, LossContext, LossResult, Reduction } from "./loss.ts";
export type { ReduceMode } from "./parallel/sharding.ts";
export type { RunSnapshot, RunTime } from "./progress.ts";
export type { Stretch } from "./stretches.ts";
export { tensorBoard, type TensorBoardOptions } from "./tensorboard.ts";
export type { Best, EarlyStopping, Monitor, Plateau } from "./watch.ts";
export type * from "./report/figures.ts";
export { rateDrops, type RatedEpoch } from "./report/rate-drops.ts";
export { trainingReport } from "./report/report.ts";
export type { ReducibleArray, ReduceOperation, World } from "./world.ts";
export { tune, type TuneOptions, type TuneResult, type TuneRound } from "./tune.ts";
export type { Hyperparameters, HyperparameterSpace } from "./hyperparameters.ts";
export { lrRangeTest, type LrRange, type LrRangeTestOptions, type RateSuggestion } from "./lr-range-test.ts";

/**
 * Why a run ended: all epochs done, the signal, its loop was left, no more progress (`earlyStopping`), or a hook said so.
 * A run that diverges or fails ends with an error instead.
 */
export type FitStopReason = "finished" | "aborted" | "left" | "early-stopping" | "hook";

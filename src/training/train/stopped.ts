/**
 * Reason why a run ended: all epochs are done, the signal was raised, the consumer left its loop, the loss no longer
 * improved (`earlyStopping`), or a hook returned `"stop"`. A run that diverges or fails ends with an error instead.
 */
export type FitStopReason = "finished" | "aborted" | "left" | "early-stopping" | "hook";

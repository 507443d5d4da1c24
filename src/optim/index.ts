import "../array/methods.ts";
import "../runtime/install.ts";

export { adam } from "./adam.ts";
export type { Adam, AdamOptions, AdamState } from "./adam.ts";
export { applyUpdates } from "./optimizer.ts";
export type { Optimizer, Update, UpdateExtra } from "./optimizer.ts";
export type { Schedule } from "./schedule.ts";
export { sgd } from "./sgd.ts";
export type { Sgd, SgdOptions, SgdState } from "./sgd.ts";

// Modules with import-time effects (`jit`, `configure`, `turbo`) are not exported here, so that a bundle contains only
// the effects of the functions that it uses.
export { compileAlone } from "./alone.ts";
export { compileRoutine, isRelaxed, isTurbo, limitThreads, reproducibly } from "./choices.ts";
export type { RuntimeOptions } from "./choices.ts";
export { currentDevice } from "./cpu.ts";
export { debug } from "./debug.ts";
export type { DebugOptions } from "./debug.ts";
export type { Device } from "./device.ts";
export { engine, installedGenerator, installVerifier } from "./engine.ts";
export { evaluate } from "./evaluate.ts";
export { compileProgram } from "./executable.ts";
export type { Recipe } from "./executable.ts";
export type { LoweredText } from "./inspect.ts";
export { giveAway, giveUp } from "./pool/give-back.ts";
export { isWorthGiving } from "./pool/placement.ts";
export type { Executable } from "./run.ts";
export type { DeviceChoice, JitStats } from "./stats.ts";
export { deviceStorageOf, toHost } from "./transfer.ts";
export { currentVerifier } from "./verify.ts";
export type { PlainSource, Verification, Verifier, WatchedProgram, WatchedRegion } from "./verify.ts";

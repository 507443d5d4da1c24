// Functions whose primitives contain programs: loops, branches, checkpoints, custom derivatives.
export { associativeScan } from "./associative-scan.ts";
export type { AssociativeScanOptions } from "./associative-scan.ts";
export { checkpoint } from "./checkpoint.ts";
export type { CheckpointOptions, CheckpointPolicy } from "./checkpoint.ts";
export { cond } from "./cond.ts";
export { customJvp, customVjp } from "./custom.ts";
export { linearCall } from "./linear-call.ts";
export { map } from "./map.ts";
export type { MapOptions } from "./map.ts";
export { scan } from "./scan.ts";
export type { ScanOptions } from "./scan.ts";
export { switchCase } from "./switch-case.ts";
export { foriLoop, whileLoop } from "./while-loop.ts";
export type { ForiLoopOptions } from "./while-loop.ts";

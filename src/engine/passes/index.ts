export { foldConstants } from "./constant-folding.ts";
export { eliminateCommonSubexpressions } from "./cse.ts";
export { lowerProgram } from "./lower.ts";
export { eliminateDeadCode, mapPrograms, optimize } from "./pipeline.ts";
export { simplify } from "./simplify.ts";

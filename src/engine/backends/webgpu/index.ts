export { makeGpuCode } from "./host/code.ts";
export { elementsOfWords, wordsOfElements } from "./host/elements.ts";
export { makeMachine } from "./host/machine.ts";
export type { GpuMachine } from "./host/machine.ts";
export type { WgslDialect } from "./wgsl/expression.ts";

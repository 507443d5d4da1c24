export { makeGpuCode } from "./host/code.ts";
export { elementsOfWords, wordsOfElements } from "./host/elements.ts";
export { makeMachine } from "./host/machine.ts";
export type { GpuCounts, GpuMachine } from "./host/machine.ts";
export { probeGpu } from "./host/probe.ts";
export type { GpuProbe } from "./host/probe.ts";
export type { WgslDialect } from "./wgsl/expression.ts";
export { planText } from "./wgsl/plan-text.ts";

export * from "./convolution.ts";
export * from "./create.ts";
export * from "./einsum.ts";
export * from "./elementwise.ts";
export * from "./gather.ts";
export * from "./pool.ts";
export * from "./reduce.ts";
export * from "./shape.ts";
export type { PerAxis } from "./spatial.ts";

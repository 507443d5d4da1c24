export * from "./cse.ts";
export * from "./lower.ts";
export * from "./pipeline.ts";
export * from "./simplify.ts";

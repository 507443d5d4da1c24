export * from "./bind.ts";
export * from "./debug.ts";
export * from "./source.ts";
export * from "./staging.ts";

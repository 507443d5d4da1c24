export * from "./bind.ts";
export * from "./capture.ts";
export * from "./debug.ts";
export * from "./intern.ts";
export * from "./source.ts";
export * from "./staging.ts";

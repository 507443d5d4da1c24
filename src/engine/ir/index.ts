export * from "./check.ts";
export * from "./dce.ts";
export * from "./hash.ts";
export * from "./primitive.ts";
export * from "./print.ts";
export * from "./program.ts";
export * from "./tensor.ts";
export * from "./types.ts";

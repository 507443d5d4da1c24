export * from "./nesting.ts";
export * from "./node-types.ts";
export type * from "./plain-types.ts";
export * from "./static-value.ts";
export * from "./tree.ts";
export type * from "./types.ts";

export * from "./tree.ts";
export type * from "./types.ts";

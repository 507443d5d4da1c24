export { taylor } from "./taylor.ts";
export type { TaylorOptions } from "./taylor.ts";

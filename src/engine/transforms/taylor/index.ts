export { flowSeries } from "./flow.ts";
export { taylor } from "./taylor.ts";
export type { TaylorOptions } from "./taylor.ts";

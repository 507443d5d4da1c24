// `downhill` for pages where every kilobyte counts: all of its functions and those of `downhill/optim`, without what stands
// in every bundle for the sake of comfort and speed. Tensors have no methods but those that read them (write `mul(x, y)`,
// not `x.mul(y)`), and what is computed outside of `jit` is interpreted.
import "../array/missing-methods.ts";
import "../array/readers.ts";
import "../../engine/runtime/install-evaluator.ts";

export * from "../optim/functions.ts";
export * from "./functions.ts";
export { makeJitted as jit } from "../../engine/runtime/jitted.ts";

// The minimal variant of `downhill` for small pages: all of its functions and those of `downhill/optim`, without the
// parts that every bundle of `downhill` contains for convenience and speed. Tensors have only the methods that read
// them (write `mul(x, y)`, not `x.mul(y)`), and operations outside of `jit` are interpreted.
import "../array/missing-methods.ts";
import "../array/readers.ts";
import "../../engine/runtime/install-evaluator.ts";

export * from "../optim/functions.ts";
export * from "./functions.ts";
export { makeJitted as jit } from "../../engine/runtime/jitted.ts";

import "./numeric/array/methods.ts";
import "./engine/runtime/install.ts";

export * from "./numeric/core/functions.ts";
export { jit } from "./engine/runtime/jit.ts";

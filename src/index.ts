import "./array/methods.ts";
import "./runtime/install.ts";

export * from "./core/functions.ts";
export { jit } from "./runtime/jit.ts";

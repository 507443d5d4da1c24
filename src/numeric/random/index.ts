import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export { bernoulli } from "./bernoulli.ts";
export { foldIn, split } from "./keys.ts";
export { normal, type NormalOptions } from "./normal.ts";
export { permutation } from "./permutation.ts";
export { bits, key, type Key } from "./threefry.ts";
export { uniform, type UniformOptions } from "./uniform.ts";

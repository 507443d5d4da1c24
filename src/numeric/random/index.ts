import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export { bernoulli } from "./bernoulli.ts";
export { key, type Key } from "./key.ts";
export { foldIn, split } from "./keys.ts";
export { normal, type NormalOptions } from "./normal.ts";
export { permutation } from "./permutation.ts";
export { bits } from "./threefry.ts";
export { uniform, type UniformOptions } from "./uniform.ts";

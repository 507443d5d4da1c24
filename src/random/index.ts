export { bernoulli } from "./bernoulli.ts";
export { normal, type NormalOptions } from "./normal.ts";
export { permutation } from "./permutation.ts";
export { bits, foldIn, key, type Key, split } from "./threefry.ts";
export { uniform, type UniformOptions } from "./uniform.ts";

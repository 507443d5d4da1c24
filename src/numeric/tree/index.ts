import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export {
  all,
  flatten,
  leaves,
  map,
  mapWithPath,
  ravel,
  reduce,
  register,
  type Structure,
  structure,
  unflatten,
} from "./tree.ts";
export type { Leaf, Mapped } from "./types.ts";

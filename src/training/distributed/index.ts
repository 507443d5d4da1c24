import "../../numeric/array/methods.ts";
import "../../engine/runtime/install.ts";

export { allGather, pmean, psum, replicated } from "./collectives.ts";
export { openMpi, type OpenMpiOptions } from "./open-mpi.ts";
export type { ReducibleArray, ReduceOperation, World } from "../train/world.ts";

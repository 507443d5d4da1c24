import { interpBackend, sizedInterp } from "../backends/interp/index.ts";
import { makeJsBackend } from "../backends/js/index.ts";
import { callSizes } from "../kernel/call-sizes.ts";
import type { Backend } from "../kernel/executable.ts";
import type { Routine } from "../kernel/scalar.ts";
import { backendFor } from "./choices.ts";

/** Chooses the backend of a routine whose calls compute array sizes. */
export function sizedBackendFor(routine: Routine): Backend {
  const backend = backendFor(routine);
  if (backend.usesKernelMemory === true) return backend;
  return backend === interpBackend ? sizedInterp : jsForRegions();
}

/** Returns the JavaScript backend for routines whose calls compute array sizes. */
export function jsForRegions(): Backend {
  return makeJsBackend(undefined, callSizes);
}

// Backends whose code goes through a record, as JSON, before it runs.
import { loadJs, recordJs } from "../../src/engine/backends/js/record.ts";
import { wasmBackend } from "../../src/engine/backends/wasm/index.ts";
import { loadWasm, ownTarget, recordWasm } from "../../src/engine/backends/wasm/record.ts";
import type { Backend } from "../../src/engine/kernel/executable.ts";
import type { Routine } from "../../src/engine/kernel/scalar.ts";
import { readRoutine, recordRoutine } from "../../src/engine/region/lower/record.ts";
import type { Region } from "../../src/engine/region/form/region.ts";
import { must } from "../../src/engine/util/assert-never.ts";
import { makeJsBackend } from "../../src/engine/backends/js/index.ts";

const nowhere: Region = { name: "nowhere", params: [], body: [], results: [], positions: [] };

const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** The part of a routine that a record keeps: everything but its statements. */
function keptOf(routine: Routine): Routine {
  const lowered = { routine, results: [], capacities: [], failure: undefined, sites: [] };
  return readRoutine(throughJson(recordRoutine(lowered, nowhere)), routine.name).routine;
}

/** Backend whose WebAssembly is compiled without a memory address, and relocated to one. */
export const wasmByRecord: Backend = {
  ...wasmBackend,
  name: "WebAssembly by a record",
  compile(routine) {
    const record = must(recordWasm(routine, ownTarget({})), "a record");
    return must(loadWasm(keptOf(routine), throughJson(record), {}), "what fits to this engine");
  },
};

export const jsByRecord: Backend = {
  ...makeJsBackend(),
  name: "JavaScript by a record",
  compile: (routine) => loadJs(keptOf(routine), throughJson(recordJs(routine))),
};

// What regions were compiled to, kept from one run of a program to the next, or put into it when it was built: the lowered region
// without its statements (`region/lower/record`), and code that a backend can load (`backends/js/record`, `backends/wasm/record`). A record
// is found by what the region was made of (`region/derived`), so that who finds one neither derives nor lowers. What another build, or
// another kind of engine, wrote is passed over.
import type { JsRecord } from "../backends/js/record.ts";
import { loadJs, recordJs } from "../backends/js/record.ts";
import type { WasmRecord, WasmTarget } from "../backends/wasm/record.ts";
import { loadWasm, ownTarget, recordWasm } from "../backends/wasm/record.ts";
import type { Backend, CompiledRoutine } from "../kernel/executable.ts";
import { scalarFunctions } from "../prims/scalar-functions.ts";
import type { DerivedRegion } from "../region/lower/derived.ts";
import { regionKey } from "../region/form/key.ts";
import type { RegionRecord } from "../region/lower/record.ts";
import { readRoutine, recordRoutine } from "../region/lower/record.ts";
import type { LoweredRegion } from "../region/lower/routine.ts";
import { lowerRegion } from "../region/lower/routine.ts";
import type { Region } from "../region/form/region.ts";
import { buildId } from "../util/version.ts";
import { wasmBackend, wasmChoices } from "./choices.ts";
import { engine, installedGenerator } from "./engine.ts";
import { jsForRegions, sizedBackendFor } from "./sized-backend.ts";

/** A compiled region as data of JSON. */
export type CompiledRecord = RegionRecord<CodeRecord>;

type CodeRecord =
  | { readonly backend: "js"; readonly record: JsRecord }
  | { readonly backend: "wasm"; readonly record: WasmRecord };

/** Where records are kept between runs of a program. Keys are long texts. */
export interface RecordStore {
  /** What was put under a key, as it was put; `undefined` for what is not there or was spoilt. */
  readonly get: (key: string) => CompiledRecord | undefined;
  readonly put: (key: string, record: CompiledRecord) => void;
}

/** A region that runs by a record. */
export interface RecordedRegion {
  /** Name and parameters, for what the region was made of. */
  readonly signatureOf: (base: Region) => Pick<Region, "name" | "params">;
  /** Its sites count the positions of the base in their order. */
  readonly lowered: LoweredRegion;
  readonly compiled: CompiledRoutine;
  /** Compiles other routines by the same backend. */
  readonly compile: Backend["compile"];
}

/** What finds records. Programs that have none, and keep none, do without the code of this file. */
export interface RegionRecords {
  /** A region by the record that came with it or is kept; `undefined` where there is none that fits. */
  readonly find: (region: DerivedRegion) => RecordedRegion | undefined;
  /** What keeps records; `null` where the program has said that nothing does. */
  readonly keeper: RecordKeeper | null | undefined;
}

/** A region by the record that is kept, or else by a new one, which is then kept; `undefined` where none is made. */
type RecordKeeper = (region: DerivedRegion) => RecordedRegion | undefined;

/** What finds records that came with regions, and those of a keeper, if there is one. */
export function makeRecords(keeper?: RecordKeeper | null): RegionRecords {
  return {
    keeper,
    find(region) {
      for (const record of region.records) {
        const isOf = record.steps === region.steps;
        const loaded = isOf ? load(record as CompiledRecord, region.base) : undefined;
        if (loaded !== undefined) return loaded;
      }
      return keeper?.(region);
    },
  };
}

/** Keeps records in a store. */
export function keeperOf(store: RecordStore): RecordKeeper {
  return (region) => keptIn(store, region);
}

function keptIn(store: RecordStore, region: DerivedRegion): RecordedRegion | undefined {
  const key = keyOf(region);
  const kept = store.get(key);
  const loaded = kept && load(kept, region.base);
  if (loaded !== undefined) return loaded;
  const made = recordOf(region);
  if (made === undefined) return undefined;
  store.put(key, made);
  return load(made, region.base);
}

/** What records are found by: all that they depend on but the engine, which `load` asks for. */
function keyOf({ base, steps }: DerivedRegion): string {
  const { backend = "auto", reproducible = false } = engine.options;
  const generates = installedGenerator() !== undefined;
  return JSON.stringify([buildId, backend, reproducible, generates, steps]) + regionKey(base);
}

/**
 * Compiles a region to a record, whose WebAssembly is for a target, by default what runs us; `undefined` where it is interpreted, or
 * takes too much memory for one.
 */
export function recordOf(region: DerivedRegion, target?: WasmTarget): CompiledRecord | undefined {
  const { base, steps } = region;
  const made = region.region();
  engine.compilations++;
  const lowered = lowerRegion(made, scalarFunctions, { failedChecks: "end" });
  const { name, usesKernelMemory } = sizedBackendFor(lowered.routine);
  if (!made.name.endsWith(base.name)) return undefined;
  const code = codeOf(usesKernelMemory === true ? "wasm" : name, lowered, target);
  return (
    code && {
      build: buildId,
      steps,
      prefix: made.name.slice(0, made.name.length - base.name.length),
      params: made.params.map((param) => (param.kind === "array" ? { ...param, lengths: undefined } : param)),
      routine: recordRoutine(lowered, base),
      code,
    }
  );
}

function codeOf(backend: string, { routine }: LoweredRegion, target?: WasmTarget): CodeRecord | undefined {
  if (backend === "js") return { backend, record: recordJs(routine) };
  if (backend !== "wasm") return undefined;
  const record = recordWasm(routine, target ?? ownTarget(wasmChoices()));
  return record && { backend, record };
}

/** What runs by a record; `undefined` where it was made by another build of the library, for another engine or for other options. */
function load(
  { build, prefix, params, routine, code }: CompiledRecord,
  base: Region,
): RecordedRegion | undefined {
  if (build !== buildId || !isAllowed(code)) return undefined;
  const lowered = readRoutine(routine, prefix + base.name);
  const compiled =
    code.backend === "js"
      ? loadJs(lowered.routine, code.record)
      : loadWasm(lowered.routine, code.record, wasmChoices());
  if (compiled === undefined) return undefined;
  return {
    signatureOf: ({ name, params: own }) => ({
      name: prefix + name,
      params: [...own, ...params.slice(own.length)],
    }),
    lowered,
    compiled,
    compile: code.backend === "js" ? jsForRegions().compile : wasmBackend().compile,
  };
}

/** Whether the options let a region run by code of this kind. */
function isAllowed({ backend }: CodeRecord): boolean {
  const { backend: chosen = "auto" } = engine.options;
  if (chosen !== "auto" && chosen !== backend) return false;
  return backend === "wasm" || installedGenerator() !== undefined;
}

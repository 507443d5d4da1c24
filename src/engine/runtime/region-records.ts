// Saved compiled regions. A program keeps them from one run to the next, or a build step embeds them. A record consists
// of the lowered region without its statements (`region/lower/record`) and of code that a backend can load
// (`backends/js/record`, `backends/wasm/record`). Its key is the base region and the derivation steps
// (`region/derived`), so that a hit avoids both derivation and lowering. Records of another build or another kind of
// engine are ignored.
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

/** A compiled region as JSON data. */
export type CompiledRecord = RegionRecord<CodeRecord>;

type CodeRecord =
  | { readonly backend: "js"; readonly record: JsRecord }
  | { readonly backend: "wasm"; readonly record: WasmRecord };

/** Storage for records between runs of a program. Keys are long strings. */
export interface RecordStore {
  /** Returns the record stored under a key, unchanged. Undefined if it is missing or corrupt. */
  readonly get: (key: string) => CompiledRecord | undefined;
  readonly put: (key: string, record: CompiledRecord) => void;
}

/** A region that runs from a record. */
export interface RecordedRegion {
  /** Returns the name and parameters of the derived region, given its base. */
  readonly signatureOf: (base: Region) => Pick<Region, "name" | "params">;
  /** The lowered region. Its error sites are indices into the positions of the base, in order of appearance. */
  readonly lowered: LoweredRegion;
  readonly compiled: CompiledRoutine;
  /** Compiles other routines by the same backend. */
  readonly compile: Backend["compile"];
}

/**
 * Lookup of records. It is installed separately, so that programs without records do not include the code of this file.
 */
export interface RegionRecords {
  /** Returns a region from an embedded or saved record; undefined if none fits. */
  readonly find: (region: DerivedRegion) => RecordedRegion | undefined;
  /** Keeper that saves new records; `null` if the program has disabled saving. */
  readonly keeper: RecordKeeper | null | undefined;
}

/** Returns a region from its saved record, or creates and saves one. Undefined if the region can have no record. */
type RecordKeeper = (region: DerivedRegion) => RecordedRegion | undefined;

/** Creates the lookup of records that are embedded in regions, followed by those of a keeper. */
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

/** Creates a keeper that saves records in a store. */
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

/** Key of a record: everything that the compiled code depends on, except the engine, which `load` checks. */
function keyOf({ base, steps }: DerivedRegion): string {
  const { backend = "auto", reproducible = false } = engine.options;
  const generates = installedGenerator() !== undefined;
  return JSON.stringify([buildId, backend, reproducible, generates, steps]) + regionKey(base);
}

/**
 * Compiles a region to a record. WebAssembly is compiled for `target`, by default the current engine. Undefined if the
 * region is interpreted, or needs too much memory for a record.
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

/**
 * Loads a record. Undefined if it was made by another build of the library, for another engine, or under other options.
 */
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

/** True if the current options allow code of this backend. */
function isAllowed({ backend }: CodeRecord): boolean {
  const { backend: chosen = "auto" } = engine.options;
  if (chosen !== "auto" && chosen !== backend) return false;
  return backend === "wasm" || installedGenerator() !== undefined;
}

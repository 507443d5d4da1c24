import type { Program } from "../ir/program.ts";
import type { ConcreteValue, DeviceMemory, TensorStorage } from "../ir/storage.ts";
import type { Backend } from "../kernel/executable.ts";
import type { ReclaimState } from "../kernel/reclaim.ts";
import { reclaiming } from "../kernel/reclaim.ts";
import type { Routine } from "../kernel/scalar.ts";
import type { Lru } from "../util/lru.ts";
import type { DeviceChooser } from "./auto-device.ts";
import type { RuntimeOptions } from "./choices.ts";
import type { Device, Placement } from "./device.ts";
import type { EagerKernel } from "./evaluate.ts";
import type { ProgramCache } from "./executable.ts";
import type { RegionRecords } from "./region-records.ts";
import type { RegionCache } from "./regions.ts";
import type { ResultPool } from "./pool/result-pool.ts";
import type { Executable } from "./run.ts";
import type { MakeVerifier, Verifier } from "./verify.ts";

/**
 * The whole state of the runtime. There is one instance, `engine`. Lower layers keep their own state (open traces,
 * kernel memory), which `test/module-state.test.ts` lists.
 */
export interface Engine {
  /** Options passed to `configure`, together with values that replace the documented defaults of omitted options. */
  options: RuntimeOptions;
  defaults: RuntimeOptions;
  /** Active switches of the JavaScript engine, and the result of `enableTurbo`. */
  switches: Switches | undefined;
  turbo: { readonly enabled: boolean; readonly reason: string } | undefined;
  /** Number that increases whenever compilation settings change. Code compiled under a lower number is out of date. */
  generation: number;
  /** The device that computes; undefined for the processor. */
  device: Device | undefined;
  /** Chooses between the device that was opened last and the processor, for `device: "auto"`. */
  chooser: DeviceChooser | undefined;
  compiler: Compiler | undefined;
  generator: Generator | undefined;
  /** WebAssembly backend for the current options and switches. */
  wasm: Backend | undefined;
  /** Pool of large results in kernel memory. */
  pool: ResultPool | undefined;
  /**
   * Copies of storages in the memory of another device, keyed by the original storage. Undefined until another device
   * is chosen.
   */
  copies: WeakMap<TensorStorage, TensorStorage> | undefined;
  /** Cache of compiled programs. */
  programs: ProgramCache | undefined;
  /** Cache of compiled regions (plain functions of numbers and arrays). */
  regions: RegionCache | undefined;
  /** Lookup of compiled regions that an earlier run of the program or a build step has saved. */
  records: RegionRecords | undefined;
  /** Creates the verifier that compares executables with an oracle; installed by `downhill/testing`. */
  makeVerifier?: MakeVerifier | undefined;
  /** Verifier for the current options; undefined until first needed. */
  verifier?: Partial<Verifier> | undefined;
  /** Cache of kernels for single eager operations. */
  kernels: Lru<string, EagerKernel> | undefined;
  /** State of the component that frees memory when an allocation fails, so that the allocation can be repeated. */
  readonly reclaiming: ReclaimState;
  /** Number of programs compiled so far. */
  compilations: number;
  /** Whether the warning about missing WebAssembly was printed. */
  hasWarned: boolean;
}

/** Settings of the JavaScript engine that turbo mode has switched on. */
export interface Switches {
  /** True if the engine uses 256-bit vectors. */
  readonly wide: boolean;
  /** True if the engine may use fused multiply-add. */
  readonly relaxed: boolean;
}

/** The compiler of whole programs, which a bundle may include or omit. */
export interface Compiler {
  /** Returns the executable of a program. Programs of equal structure share one compilation. */
  readonly executableOf: (program: Program, donated: readonly boolean[]) => Executable;
  /** Chooses the processor's backend for a routine. */
  readonly backendFor: (routine: Routine) => Backend;
  /** Creates the memory placement for operands and results of a routine. */
  readonly placementOf: (routine: Routine, given: readonly boolean[]) => Placement;
  /** Copies operands into the memory of a device; see `bring` in `transfer.ts`. */
  readonly bring: (
    memory: DeviceMemory,
    routine: Pick<Routine, "name" | "inputs">,
    operands: readonly ConcreteValue[],
    captured: number,
  ) => { readonly operands: readonly ConcreteValue[]; readonly passing: readonly TensorStorage[] };
  /** True if compiled code rounds a product and its addition once (fused multiply-add). */
  readonly isRelaxed: () => boolean;
}

/** A backend that generates code, and a check whether code generation is allowed. */
export interface Generator {
  readonly backend: Backend;
  readonly isAllowed: () => boolean;
}

/** The engine of this process. */
export const engine: Engine = {
  options: {},
  defaults: {},
  switches: undefined,
  turbo: undefined,
  generation: 0,
  device: undefined,
  chooser: undefined,
  compiler: undefined,
  generator: undefined,
  wasm: undefined,
  pool: undefined,
  copies: undefined,
  programs: undefined,
  regions: undefined,
  records: undefined,
  kernels: undefined,
  reclaiming,
  compilations: 0,
  hasWarned: false,
};

/**
 * Installs the compiler; from then on, single operations on arrays are compiled like whole programs. Bundles without it
 * run each operation as a separate JavaScript loop.
 */
export function installCompiler(given: Compiler): void {
  engine.compiler = given;
  startGeneration();
}

/** Installs the code generator; from then on, single operations run as generated code instead of being interpreted. */
export function installGenerator(given: Generator): void {
  engine.generator = given;
}

/** Installs the verifiers that compare executables when `verify` is on. */
export function installVerifier(make: MakeVerifier): void {
  engine.makeVerifier = make;
  engine.verifier = undefined;
  startGeneration();
}

/** Returns the code-generating backend if one is installed and code generation is allowed, otherwise `undefined`. */
export function installedGenerator(): Backend | undefined {
  return engine.generator?.isAllowed() === true ? engine.generator.backend : undefined;
}

/** Starts a new generation after a change of settings: drops all compiled code. */
export function startGeneration(): void {
  engine.generation++;
  engine.wasm = undefined;
  engine.kernels = undefined;
  engine.programs?.clear();
  engine.regions?.clear();
}

import type { Program } from "../ir/program.ts";
import type { ConcreteValue, DeviceMemory, TensorStorage } from "../ir/storage.ts";
import type { Backend } from "../kernel/executable.ts";
import type { ReclaimState } from "../kernel/reclaim.ts";
import { reclaiming } from "../kernel/reclaim.ts";
import type { Routine } from "../kernel/scalar.ts";
import type { Lru } from "../util/lru.ts";
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
 * All that the runtime knows and keeps. There is one, `engine`. What the layers below keep for themselves (open traces, the memory of
 * kernels) lies there; `test/module-state.test.ts` lists it.
 */
export interface Engine {
  /** What `configure` was told, and what holds instead of its documented defaults where it was told nothing. */
  options: RuntimeOptions;
  defaults: RuntimeOptions;
  /** Which switches of the JavaScript engine are on, and what came of `enableTurbo`. */
  switches: Switches | undefined;
  turbo: { readonly enabled: boolean; readonly reason: string } | undefined;
  /** Counts the changes of how things are compiled: what was compiled under another number is out of date. */
  generation: number;
  /** What computes, where that is not the processor. */
  device: Device | undefined;
  compiler: Compiler | undefined;
  generator: Generator | undefined;
  /** The WebAssembly backend by these options and switches. */
  wasm: Backend | undefined;
  /** Where large results rest. */
  pool: ResultPool | undefined;
  /** What was copied to the memory of a device, by what it was copied from; `undefined` while there was no other device yet. */
  copies: WeakMap<TensorStorage, TensorStorage> | undefined;
  /** Compiled programs. */
  programs: ProgramCache | undefined;
  /** Compiled regions: functions of numbers. */
  regions: RegionCache | undefined;
  /** Finds what regions were compiled to before: in an earlier run of the program, or when it was built. */
  records: RegionRecords | undefined;
  /** Makes what compares executables with an oracle; `downhill/testing` installs it. */
  makeVerifier?: MakeVerifier | undefined;
  /** The verifier by these options; `undefined` as long as nothing asked for it. */
  verifier?: Partial<Verifier> | undefined;
  /** Operations that ran on their own. */
  kernels: Lru<string, EagerKernel> | undefined;
  /** Who gives memory back where an allocation finds no room. */
  readonly reclaiming: ReclaimState;
  /** How many programs were compiled. */
  compilations: number;
  /** Whether somebody was told that there is no WebAssembly. */
  hasWarned: boolean;
}

/** What the JavaScript engine was told to do beyond its defaults. */
export interface Switches {
  /** Vectors of 256 bits. */
  readonly wide: boolean;
  /** Products that are added in one step. */
  readonly relaxed: boolean;
}

/** What compiles whole programs. */
export interface Compiler {
  /** The executable of a program: compiled once for all programs of the same structure. */
  readonly executableOf: (program: Program, donated: readonly boolean[]) => Executable;
  /** What a routine becomes on the processor. */
  readonly backendFor: (routine: Routine) => Backend;
  /** Where operands and results of a routine lie. */
  readonly placementOf: (routine: Routine, given: readonly boolean[]) => Placement;
  /** Operands in the memory of a device. */
  readonly bring: (
    memory: DeviceMemory,
    routine: Pick<Routine, "name" | "inputs">,
    operands: readonly ConcreteValue[],
  ) => ConcreteValue[];
  /** Whether products that are added are rounded once. */
  readonly isRelaxed: () => boolean;
}

/** A backend that generates code, where that is allowed. */
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
 * Has single operations on arrays compiled like whole programs from now on. Bundles that compile nothing do without: there
 * each operation is a loop of its own in JavaScript.
 */
export function installCompiler(given: Compiler): void {
  engine.compiler = given;
  startGeneration();
}

/** Has single operations run as generated code from now on, and not interpreted. */
export function installGenerator(given: Generator): void {
  engine.generator = given;
}

/** Has executables compared by these verifiers from now on, where `verify` is on. */
export function installVerifier(make: MakeVerifier): void {
  engine.makeVerifier = make;
  engine.verifier = undefined;
  startGeneration();
}

/** The backend that generates code, if the program holds one and it may. */
export function installedGenerator(): Backend | undefined {
  return engine.generator?.isAllowed() === true ? engine.generator.backend : undefined;
}

/** Notes that compiled code would look different from now on: what there is goes. */
export function startGeneration(): void {
  engine.generation++;
  engine.wasm = undefined;
  engine.kernels = undefined;
  engine.programs?.clear();
  engine.regions?.clear();
}

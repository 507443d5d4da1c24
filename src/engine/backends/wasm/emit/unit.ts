import type { RoutinePlan } from "../../../codegen/plan.ts";
import type { RepeatedStatements } from "../../../codegen/repeats.ts";
import { bytesPerElement } from "../../../kernel/executable.ts";
import { internalError } from "../../../errors/index.ts";
import type { Procedure, ScalarType } from "../../../kernel/scalar.ts";
import { must } from "../../../util/assert-never.ts";
import type { FunctionBody, Callable } from "../encode/body.ts";
import type { ContractCache } from "./contract/index.ts";
import { makeModule } from "../encode/module.ts";
import type { ModuleBuilder } from "../encode/module.ts";
import type { ValueType } from "../encode/opcodes.ts";
import type { Peepholes } from "../engines/peepholes.ts";
import type { CodeMemory } from "./memory.ts";
import type { WorkSharing } from "./threads/share.ts";
import { openSharing } from "./threads/share.ts";

/** Settings of code generation. Only `relaxed` changes bits of results. */
export interface EmitSettings {
  /**
   * Weight (see `weightOf`) above which a block is split into functions, because engines optimise large functions
   * slowly or not at all.
   */
  readonly limit: number;
  /** True if 128-bit vectors are used. */
  readonly simd: boolean;
  /** True if `mulAdd` and contractions may round once, by instructions that not every engine has. */
  readonly relaxed: boolean;
  /** True if the engine keeps 16 vectors in registers, as newer V8 does. */
  readonly manyRegisters: boolean;
  /** True if the engine merges pairs of vectors into 256-bit operations (V8's revectorizer, if it is enabled). */
  readonly wide: boolean;
  /** Engine-specific workarounds. */
  readonly peepholes: Peepholes;
  /** Number of threads that share long kernels. */
  readonly threads: number;
  /**
   * Maximum number of arguments, results and temporaries of a routine, and of locals that a part receives from other
   * parts, that are locals of a function. Beyond the maximum they stay in memory and are accessed there.
   */
  readonly mostIncoming: number;
  /** Maximum number of parameters of a function; further values are passed in memory. */
  readonly mostParams: number;
  /**
   * Target run time, in units of weight (see `weightOf`), of one call of a kernel. Engines replace a function by
   * optimised code only between calls.
   */
  readonly chunkWork: number;
  /** True if the module contains the names of locals, for its text. */
  readonly namesLocals: boolean;
}

/** Module being generated and its memory, shared by all its functions. */
export interface ModuleContext {
  readonly module: ModuleBuilder;
  readonly settings: EmitSettings;
  /** Plans for the code of loops, folds and products. */
  readonly plan: RoutinePlan;
  /** Statements of the routine that share functions. */
  readonly repeats: RepeatedStatements;
  /** Functions that contractions share. */
  readonly contracts: ContractCache;
  readonly memory: CodeMemory;
  /** The function `memory.reserve`. */
  readonly reserve: CodeMemory["reserve"];
  /** Address of a constant in memory, repeated to fill two vectors (32 bytes). */
  readonly constant: (type: ScalarType, value: number) => number;
  /** The function `memory.table`. */
  readonly table: CodeMemory["table"];
  /**
   * Returns the address of work memory of at least the given bytes for the duration of a call. All modules share it.
   */
  readonly workMemory: (bytes: number) => number;
  /** Largest work memory requested so far, in bytes. */
  readonly workBytes: () => number;
  /**
   * Slot where a local (or the given number of bytes) is stored between functions, unique per owner and name. The
   * address is relative to the base that `pushSpillBase` pushes, because each thread has its own slots.
   */
  readonly spillSlot: (owner: object, name: string, bytes?: number) => number;
  readonly pushSpillBase: (body: FunctionBody) => void;
  /** Bytes of all slots. Each thread has its own copy of them. */
  readonly spillBytes: () => number;
  /** Functions for sharing work among threads, if the module may share any. */
  readonly sharing: WorkSharing | undefined;
  /**
   * Returns the function for a key and a variant. `make` creates it on the first request, and declares it before
   * writing its body.
   */
  readonly once: (key: object, variant: string, make: () => Callable) => Callable;
  /** Returns the function of a procedure, which is created on first use. */
  readonly procedure: (procedure: Procedure) => Callable;
  /** Returns the function that computes the remainder of floats, for which WebAssembly has no instruction. */
  readonly remainder: () => Callable;
  /** Counts a loop that became a function; `kernels` returns the number of these loops. */
  readonly noteKernel: () => void;
  readonly kernels: () => number;
  /** Unique name for a function. */
  readonly fresh: (hint: string) => string;
}

/**
 * Opens a module. `needsRemainder` is true if `x % y` of floats occurs, `mayShare` if threads may share some of its
 * work. Both must be known beforehand because imports come first.
 */
export function openUnit(
  name: string,
  memory: CodeMemory,
  settings: EmitSettings,
  plan: RoutinePlan,
  { needsRemainder, mayShare }: { readonly needsRemainder: boolean; readonly mayShare: boolean },
  procedure: (procedure: Procedure, unit: ModuleContext) => Callable,
  repeats: RepeatedStatements = new Map(),
): ModuleContext {
  const { reserve, table } = memory;
  const module = makeModule(name);
  module.importMemory("env", "memory", {
    initial: 1,
    maximum: 65536,
    shared: memory.isShared,
  });
  const f64: ValueType = "f64";
  const remainder = needsRemainder ? module.importFunction("env", "remainder", [f64, f64], [f64]) : undefined;
  const constants = new Map<string, number>();
  const slots = new Map<object, Map<string, number>>();
  const made = new Map<object, Map<string, Callable>>();
  const names = new Map<string, number>();
  let kernels = 0;

  const sharing = mayShare ? openSharing(module, reserve) : undefined;
  let spilled = 0;
  let mostWork = 0;
  const reserveSpill = (bytes: number, align: number): number => {
    if (sharing === undefined) return reserve(bytes, align);
    const address = Math.ceil(spilled / align) * align;
    spilled = address + bytes;
    return address;
  };

  const unit: ModuleContext = {
    module,
    sharing,
    settings,
    plan,
    repeats,
    contracts: new Map(),
    memory,
    reserve,
    constant(type, value) {
      const isFloat = type === "f64" || type === "f32";
      const number = isFloat ? value : value + 0;
      const key = `${isFloat ? type : "i32"} ${Object.is(number, -0) ? "-0" : isFloat ? number : number | 0}`;
      let address = constants.get(key);
      if (address === undefined) {
        address = reserve(32, 32);
        memory.view(type, address, 32 / bytesPerElement[type]).fill(value);
        constants.set(key, address);
      }
      return address;
    },
    table,
    workBytes: () => mostWork,
    workMemory(bytes) {
      if (bytes === 0) return 0;
      mostWork = Math.max(mostWork, bytes);
      return memory.shared("work", bytes);
    },
    spillSlot(owner, label, bytes = 8) {
      let own = slots.get(owner);
      if (own === undefined) slots.set(owner, (own = new Map<string, number>()));
      let slot = own.get(label);
      if (slot === undefined) own.set(label, (slot = reserveSpill(bytes, Math.min(32, bytes))));
      return slot;
    },
    pushSpillBase(body) {
      if (sharing === undefined) body.i32Const(0);
      else body.globalGet(sharing.own);
    },
    spillBytes: () => spilled,
    once(key, variant, make) {
      let variants = made.get(key);
      if (variants === undefined) made.set(key, (variants = new Map<string, Callable>()));
      let callable = variants.get(variant);
      if (callable === undefined) variants.set(variant, (callable = make()));
      return callable;
    },
    procedure: (one) => procedure(one, unit),
    remainder: () => must(remainder, "the remainder"),
    noteKernel: () => void kernels++,
    kernels: () => kernels,
    fresh(hint) {
      const n = (names.get(hint) ?? 0) + 1;
      names.set(hint, n);
      return n === 1 ? hint : `${hint}.${n}`;
    },
  };
  return unit;
}

/** WebAssembly type that holds a scalar; a bool is an i32 of 0 or 1. */
export function valueTypeOf(type: ScalarType): "f64" | "f32" | "i32" {
  return type === "f64" || type === "f32" ? type : "i32";
}

/** Throws if a procedure calls itself. Procedures are compiled callees first, so none may be recursive. */
export function refuseRecursion(open: ReadonlySet<Procedure>, procedure: Procedure): void {
  if (open.has(procedure)) throw internalError(`procedure ${JSON.stringify(procedure.name)} calls itself`);
}

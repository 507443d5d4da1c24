import type { RoutinePlan } from "../../../codegen/plan.ts";
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

/** How code is generated. Nothing here but `relaxed` changes a bit of any result. */
export interface EmitSettings {
  /** Weight (see `weightOf`) at which a block is cut into functions: engines optimise large functions slowly or not at all. */
  readonly limit: number;
  /** Whether vectors of 128 bits are used. */
  readonly simd: boolean;
  /** Whether `mulAdd` and contractions may round once, by instructions that not every engine has. */
  readonly relaxed: boolean;
  /** Whether the engine keeps 16 vectors in registers, as newer V8 does. */
  readonly manyRegisters: boolean;
  /** Whether the engine makes operations of 256 bits of pairs of vectors (V8's revectorizer, where it was switched on). */
  readonly wide: boolean;
  /** What is written otherwise for the engine's sake. */
  readonly peepholes: Peepholes;
  /** How many threads share long kernels. */
  readonly threads: number;
  /** Work, in weight, that one call of a kernel does: engines replace a function by a better one only between calls. */
  readonly chunkWork: number;
  /** Whether the module has the names of locals, for those who read its text. */
  readonly namesLocals: boolean;
}

/** A module in the making with the memory that belongs to it, shared by all of its functions. */
export interface ModuleContext {
  readonly module: ModuleBuilder;
  readonly settings: EmitSettings;
  /** How loops, folds and products are written. */
  readonly plan: RoutinePlan;
  /** Functions that contractions share. */
  readonly contracts: ContractCache;
  readonly memory: CodeMemory;
  /** The same as `memory.reserve`. */
  readonly reserve: CodeMemory["reserve"];
  /** Where a constant lies in memory, again and again for two vectors: 32 bytes. */
  readonly constant: (type: ScalarType, value: number) => number;
  /** The same as `memory.table`. */
  readonly table: CodeMemory["table"];
  /** Memory of at least so many bytes for the length of a call, the same for all modules. */
  readonly workMemory: (bytes: number) => number;
  /** The most bytes of work memory that were asked for. */
  readonly workBytes: () => number;
  /**
   * A place where a local, or as many bytes, wait between functions; one for each function and name. Its address counts from
   * what `pushSpillBase` puts on the stack: each thread has places of its own.
   */
  readonly spillSlot: (owner: object, name: string, bytes?: number) => number;
  readonly pushSpillBase: (body: FunctionBody) => void;
  /** How many bytes the places take that each thread has of its own. */
  readonly spillBytes: () => number;
  /** What is needed to share work among threads, if there may be any in this module. */
  readonly sharing: WorkSharing | undefined;
  /** A function made once, under a key; `make` declares it before it writes its body. */
  readonly once: (key: object, variant: string, make: () => Callable) => Callable;
  /** The function that a procedure becomes, made where it is needed first. */
  readonly procedure: (procedure: Procedure) => Callable;
  /** The remainder of floats, which WebAssembly lacks. */
  readonly remainder: () => Callable;
  /** Counts a loop that became a function, and tells how many did. */
  readonly noteKernel: () => void;
  readonly kernels: () => number;
  /** A name for a function that no other has. */
  readonly fresh: (hint: string) => string;
}

/**
 * Opens a module. `needsRemainder` says whether `x % y` of floats occurs, `mayShare` whether threads may share some of its
 * work: imports come first.
 */
export function openUnit(
  name: string,
  memory: CodeMemory,
  settings: EmitSettings,
  plan: RoutinePlan,
  { needsRemainder, mayShare }: { readonly needsRemainder: boolean; readonly mayShare: boolean },
  procedure: (procedure: Procedure, unit: ModuleContext) => Callable,
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

/** The WebAssembly type that holds a scalar; a bool is an i32 of 0 or 1. */
export function valueTypeOf(type: ScalarType): "f64" | "f32" | "i32" {
  return type === "f64" || type === "f32" ? type : "i32";
}

/** The functions among procedures are declared callees first, so none can call itself. */
export function refuseRecursion(open: ReadonlySet<Procedure>, procedure: Procedure): void {
  if (open.has(procedure)) throw internalError(`procedure ${JSON.stringify(procedure.name)} calls itself`);
}

import { DownhillError } from "../../errors/index.ts";
import { bytesPerElement, viewOf } from "../../kernel/executable.ts";
import type { Routine } from "../../kernel/scalar.ts";
import type { CodeMemory } from "./emit/memory.ts";
import type { RoutineModule } from "./emit/routine.ts";
import { compileRoutine } from "./emit/routine.ts";
import { functionLimits } from "./emit/tuning.ts";
import type { EmitSettings } from "./emit/unit.ts";
import { peepholesFor } from "./engines/peepholes.ts";
import { chunkWork, partLimit } from "./host/tuning.ts";

export { pageTarget } from "./record.ts";

/** Modules that need no library and share one memory. */
export interface StandaloneModules {
  /** Compiles a routine; its results have the bits of the library's results. */
  add(routine: Routine): RoutineModule;
  /** Returns the initial contents of the memory, from address 0 to the last address that was written. */
  image(): Uint8Array;
  /** Returns the first address that no module uses. */
  end(): number;
}

/**
 * Maximum bytes of constants, tables and spilled locals of modules, which are a few KB each. Large temporaries are
 * placed after them.
 */
const mostWritten = 2 ** 20;
/** First address that modules may use, because address 0 must stay unused. */
const firstAddress = 64;

/** Settings that suit every engine with vectors, so that equal source yields equal bytes wherever it is compiled. */
export function standardSettings(): EmitSettings {
  return {
    limit: partLimit,
    ...functionLimits,
    simd: true,
    relaxed: false,
    manyRegisters: true,
    wide: false,
    threads: 1,
    chunkWork,
    namesLocals: false,
    peepholes: peepholesFor({ isRecent: true, wide: false, mayWiden: true }),
  };
}

/** Compiles routines for an initially empty memory that only they use. */
export function standaloneModules(): StandaloneModules {
  const block = new ArrayBuffer(mostWritten);
  const tables = new Map<string, number>();
  const shared = new Map<string, { readonly address: number; readonly bytes: number }>();
  let at = firstAddress;
  let top = mostWritten;
  const reserve = (bytes: number, align = 8): number => {
    const address = Math.ceil(at / align) * align;
    at = address + bytes;
    if (at > mostWritten)
      throw new DownhillError("oom", `the constants of a module take more than ${mostWritten} bytes.`);
    return address;
  };
  const memory: CodeMemory = {
    isShared: false,
    reserve,
    shared(purpose, bytes) {
      const known = shared.get(purpose);
      if (known !== undefined && known.bytes >= bytes) return known.address;
      const address = top;
      top += Math.ceil(bytes / firstAddress) * firstAddress;
      shared.set(purpose, { address, bytes });
      return address;
    },
    table({ type, values }) {
      const key = `${type}:${values.map((x) => (Object.is(x, -0) ? "-0" : x)).join()}`;
      let address = tables.get(key);
      if (address === undefined) {
        address = reserve(values.length * bytesPerElement[type], firstAddress);
        viewOf(type, block, address, values.length).set(values);
        tables.set(key, address);
      }
      return address;
    },
    view: (type, address, length) => viewOf(type, block, address, length),
  };
  return {
    add: (routine) => compileRoutine(routine, memory, standardSettings()),
    image() {
      const bytes = new Uint8Array(block);
      const last = bytes.findLastIndex((byte) => byte !== 0);
      return bytes.slice(0, last + 1);
    },
    end: () => (top > mostWritten ? top : at),
  };
}

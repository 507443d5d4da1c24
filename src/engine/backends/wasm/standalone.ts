import { bytesPerElement, viewOf } from "../../kernel/executable.ts";
import type { Routine } from "../../kernel/scalar.ts";
import type { CodeMemory } from "./emit/memory.ts";
import type { Program } from "./emit/routine.ts";
import { compileRoutine } from "./emit/routine.ts";
import type { Settings } from "./emit/unit.ts";
import { peepholesFor } from "./engines/peepholes.ts";
import { chunkWork, partLimit } from "./host/tuning.ts";

/** Modules that need no library, over one memory of their own. */
export interface StandaloneModules {
  /** Compiles a routine; its bits are those that the library gives. */
  add(routine: Routine): Program;
  /** What the memory holds from its beginning before the first call; what is beyond was never written. */
  image(): Uint8Array;
  /** The first address that no module uses. */
  end(): number;
}

/** Bytes that can be written while modules are compiled: tables and constants are a few KB, and spilled locals beside them. */
const mostWritten = 2 ** 22;
/** No address is 0. */
const firstAddress = 64;

/** Settings that hold for every engine with vectors, so that the same source gives the same bytes wherever it is compiled. */
function settings(): Settings {
  return {
    limit: partLimit,
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

/** Compiles routines for a memory that begins empty and that belongs to them alone. */
export function standaloneModules(): StandaloneModules {
  const block = new ArrayBuffer(mostWritten);
  const tables = new Map<string, number>();
  const shared = new Map<string, { readonly address: number; readonly bytes: number }>();
  let at = firstAddress;
  const reserve = (bytes: number, align = 8): number => {
    const address = Math.ceil(at / align) * align;
    at = address + bytes;
    return address;
  };
  const memory: CodeMemory = {
    isShared: false,
    reserve,
    shared(purpose, bytes) {
      const known = shared.get(purpose);
      if (known !== undefined && known.bytes >= bytes) return known.address;
      const address = reserve(bytes, firstAddress);
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
    add: (routine) => compileRoutine(routine, memory, settings()),
    image() {
      const bytes = new Uint8Array(block);
      const last = bytes.findLastIndex((byte) => byte !== 0);
      return bytes.slice(0, last + 1);
    },
    end: () => at,
  };
}

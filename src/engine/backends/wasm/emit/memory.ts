import type { TypedArray } from "../../../kernel/executable.ts";
import type { ScalarType, ConstantTable } from "../../../kernel/scalar.ts";

/**
 * Memory that a module is compiled for. Code contains addresses in it, and constants are stored there. Addresses are in
 * bytes.
 */
export interface CodeMemory {
  /** True if several threads share the memory. */
  readonly isShared: boolean;
  /** Allocates memory for the lifetime of the module; the address is a multiple of `align`. */
  readonly reserve: (bytes: number, align?: number) => number;
  /**
   * Returns the address of memory for the duration of a call, shared with other modules. Different purposes have
   * different memory.
   */
  readonly shared: (purpose: "temporaries" | "work", bytes: number) => number;
  /** Returns the address of the values of a table, which all modules share. */
  readonly table: (table: ConstantTable) => number;
  /** Creates an array over `length` elements from an address on. */
  readonly view: (type: ScalarType, address: number, length: number) => TypedArray;
}

import type { TypedArray } from "../../../kernel/executable.ts";
import type { ScalarType, ConstantTable } from "../../../kernel/scalar.ts";

/** The memory that a module is written for: code has its addresses in it, and constants are put there. Addresses are in bytes. */
export interface CodeMemory {
  /** Whether several threads have it. */
  readonly isShared: boolean;
  /** Memory that lives as long as the module; an address at a multiple of `align`. */
  readonly reserve: (bytes: number, align?: number) => number;
  /** Memory for the length of a call, which other modules have too; two purposes never get the same. */
  readonly shared: (purpose: "temporaries" | "work", bytes: number) => number;
  /** Where the values of a table lie, the same for all modules. */
  readonly table: (table: ConstantTable) => number;
  /** A new array over `length` elements from an address on. */
  readonly view: (type: ScalarType, address: number, length: number) => TypedArray;
}

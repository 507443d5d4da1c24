import { internalError } from "../../errors/index.ts";
import type { ScalarType } from "../../kernel/scalar.ts";

/** Capabilities of the machine that runs a contraction, and the division of the work. */
export interface ContractTarget {
  /**
   * True if a product may be added with a single rounding. This needs a fused instruction, and changes the last bits.
   */
  readonly relaxed: boolean;
  /** True if 16 vectors stay in registers (V8 from Node 24 on) rather than about 14. */
  readonly manyRegisters: boolean;
  /** True if the engine merges pairs of vectors into 256-bit operations (V8's revectorizer). */
  readonly wide: boolean;
  /** Target number of products per part, for threads to share; `Infinity` for a single thread. */
  readonly partProducts: number;
}

/** Vectors used to compute a contraction of one scalar type. */
export interface VectorShape {
  readonly type: ScalarType;
  /** Number of scalars per vector. */
  readonly count: number;
  /** Bytes per scalar. */
  readonly bytes: number;
  /** True if a product and its addition are rounded once. */
  readonly fused: boolean;
}

/** Bytes of a vector register. */
export const vectorBytes = 16;

/**
 * Vector shape of a type. With `relaxed`, float products are added with a single rounding where the machine supports
 * it.
 */
export function vectorShape(type: ScalarType, relaxed: boolean): VectorShape {
  if (type === "bool") throw internalError("a contraction of booleans");
  const bytes = type === "f64" ? 8 : 4;
  return { type, count: vectorBytes / bytes, bytes, fused: relaxed && (type === "f64" || type === "f32") };
}

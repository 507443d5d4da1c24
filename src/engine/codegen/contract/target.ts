import { internalError } from "../../errors/index.ts";
import type { ScalarType } from "../../kernel/scalar.ts";

/** What the machine that runs a contraction is good at, and what it is for. */
export interface ContractTarget {
  /** Products may be added with one rounding: needs an instruction for it, gives other last bits. */
  readonly relaxed: boolean;
  /** Whether 16 vectors stay in registers (V8 from Node 24 on), and not only some 14. */
  readonly manyRegisters: boolean;
  /** Whether the engine makes 256-bit operations of pairs of vectors (V8's revectorizer). */
  readonly wide: boolean;
  /** How many products a part of the work should have, for threads to share; `Infinity` where one does everything. */
  readonly partProducts: number;
}

/** The vectors that a contraction of one scalar type is computed in. */
export interface VectorShape {
  readonly type: ScalarType;
  /** Scalars in a vector. */
  readonly count: number;
  /** Bytes of a scalar. */
  readonly bytes: number;
  /** Whether a product and a sum are rounded once. */
  readonly fused: boolean;
}

/** Bytes of a vector register. */
export const vectorBytes = 16;

/** The vectors of a type; with `relaxed`, products of floats are added with one rounding where the machine can. */
export function vectorShape(type: ScalarType, relaxed: boolean): VectorShape {
  if (type === "bool") throw internalError("a contraction of booleans");
  const bytes = type === "f64" ? 8 : 4;
  return { type, count: vectorBytes / bytes, bytes, fused: relaxed && (type === "f64" || type === "f32") };
}

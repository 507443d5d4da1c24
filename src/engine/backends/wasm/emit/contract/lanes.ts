import type { VectorShape } from "../../../../codegen/contract/target.ts";
import type { FunctionBody } from "../../encode/body.ts";
import type { OpcodeName } from "../../encode/opcodes.ts";

/** Instructions for vectors of one scalar type. */
export interface VectorInstructions extends VectorShape {
  /** Loads one scalar into all lanes. */
  readonly splat: OpcodeName;
  readonly add: OpcodeName;
  /**
   * Writes the first part of x · y + z, for x and y on the stack: replaces them by x · y, or leaves them on the stack
   * if `addProduct` multiplies.
   */
  readonly product: (body: FunctionBody) => void;
  /** Writes the second part: replaces the result of `product`, followed by z on the stack, by x · y + z. */
  readonly addProduct: (body: FunctionBody) => void;
}

/** Instructions for vectors of a shape. */
export function lanesOf(vector: VectorShape): VectorInstructions {
  const { type, fused } = vector;
  const shape = type === "f64" ? "f64x2" : type === "f32" ? "f32x4" : "i32x4";
  return {
    ...vector,
    splat: vector.count === 2 ? "v128.load64_splat" : "v128.load32_splat",
    add: `${shape}.add`,
    product(body) {
      if (!fused) body.op(`${shape}.mul`);
    },
    addProduct(body) {
      if (!fused || shape === "i32x4") return body.op(`${shape}.add`);
      return body.op(`${shape}.relaxed_madd`);
    },
  };
}

/**
 * Location of a vector in memory: address on the stack, byte offset, number of valid lanes, and bytes between lanes.
 */
export interface VectorAddress {
  readonly address: () => void;
  readonly offset: number;
  readonly valid: number;
  readonly stride: number;
}

/** Loads the valid lanes, each byte once and no other byte; the remaining lanes are zero. */
export function loadVector(
  body: FunctionBody,
  lanes: VectorInstructions,
  { address, offset, valid, stride }: VectorAddress,
): void {
  const isPacked = stride === lanes.bytes;
  address();
  if (isPacked && valid === lanes.count) return body.memory("v128.load", offset);
  if (lanes.count === 2) {
    if (valid === 1) return body.memory("v128.load64_zero", offset);
    address();
    body.memory("v128.load64_zero", offset);
    return body.memoryLane("v128.load64_lane", 1, offset + stride);
  }
  // The addresses of later lanes are below those of earlier ones on the stack.
  const first = isPacked && valid >= 2 ? 2 : 1;
  for (let lane = first; lane < valid; lane++) address();
  body.memory(first === 2 ? "v128.load64_zero" : "v128.load32_zero", offset);
  for (let lane = first; lane < valid; lane++)
    body.memoryLane("v128.load32_lane", lane, offset + lane * stride);
}

/** Stores the valid lanes of the vector that `value` pushes on the stack. */
export function storeVector(
  body: FunctionBody,
  lanes: VectorInstructions,
  { address, offset, valid, stride }: VectorAddress,
  value: () => void,
): void {
  const isPacked = stride === lanes.bytes;
  const lane = (name: OpcodeName, index: number, at: number): void => {
    address();
    value();
    body.memoryLane(name, index, at);
  };
  if (isPacked && valid === lanes.count) {
    address();
    value();
    return body.memory("v128.store", offset);
  }
  if (lanes.count === 2) {
    for (let i = 0; i < valid; i++) lane("v128.store64_lane", i, offset + i * stride);
    return undefined;
  }
  const isPair = isPacked && valid >= 2;
  if (isPair) lane("v128.store64_lane", 0, offset);
  for (let i = isPair ? 2 : 0; i < valid; i++) lane("v128.store32_lane", i, offset + i * stride);
  return undefined;
}

/** Address and offset of vector number `index` in a row of `width` scalars, and the number of its valid lanes. */
export function vectorPlace(
  lanes: VectorInstructions,
  address: () => void,
  offset: number,
  index: number,
  width: number,
  stride: number,
): VectorAddress {
  const first = index * lanes.count;
  return { address, offset: offset + first * stride, valid: Math.min(lanes.count, width - first), stride };
}

/** Shuffle that interleaves the scalars of `bytes` bytes from the low or high halves of two vectors. */
function zipLanes(bytes: number, half: "low" | "high"): number[] {
  const start = half === "low" ? 0 : 8;
  return Array.from({ length: 16 }, (_, i) => {
    const scalar = Math.floor(i / bytes);
    return start + Math.floor(scalar / 2) * bytes + (i % bytes) + (scalar % 2 === 0 ? 0 : 16);
  });
}

/**
 * Transposes a square of vectors in locals: afterwards local i holds lane i of all the vectors. `spare` is a list of
 * temporary locals of the same length.
 */
export function transpose(
  body: FunctionBody,
  lanes: VectorInstructions,
  rows: readonly number[],
  spare: readonly number[],
): void {
  const zip = (x: number, y: number, bytes: number, half: "low" | "high", to: number): void => {
    body.localGet(x);
    body.localGet(y);
    body.shuffle(zipLanes(bytes, half));
    body.localSet(to);
  };
  const [a = 0, b = 0, c = 0, d = 0] = rows;
  const [e = 0, f = 0, g = 0, h = 0] = spare;
  if (lanes.count === 2) {
    zip(a, b, 8, "low", e);
    zip(a, b, 8, "high", b);
    body.localGet(e);
    body.localSet(a);
    return;
  }
  zip(a, b, 4, "low", e); // a0 b0 a1 b1
  zip(a, b, 4, "high", f); // a2 b2 a3 b3
  zip(c, d, 4, "low", g);
  zip(c, d, 4, "high", h);
  zip(e, g, 8, "low", a);
  zip(e, g, 8, "high", b);
  zip(f, h, 8, "low", c);
  zip(f, h, 8, "high", d);
}

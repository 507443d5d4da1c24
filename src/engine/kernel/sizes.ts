import * as k from "./build.ts";
import { bytesPerElement } from "./executable.ts";
import { sameExpr } from "./same-expr.ts";
import type { Buffer, Dim, Expr, Routine, SizeExpr } from "./scalar.ts";

/** Value of a size that is known before any call; `undefined` if each call computes it. */
export function constantSize(size: SizeExpr): number | undefined {
  if (typeof size === "number") return size;
  return size.kind === "const" ? size.value : undefined;
}

/** True if a size is known before any call. */
export function isConstant(size: SizeExpr): boolean {
  return constantSize(size) !== undefined;
}

/** Size as an expression. */
export function sizeExpr(size: SizeExpr): Expr {
  return typeof size === "number" ? k.i32(size) : size;
}

/** True if two sizes are the same number or the same expression. */
export function sameSize(a: SizeExpr, b: SizeExpr): boolean {
  const [x, y] = [constantSize(a), constantSize(b)];
  if (x !== undefined || y !== undefined) return x === y;
  return sameExpr(sizeExpr(a), sizeExpr(b));
}

export function addSizes(a: SizeExpr, b: SizeExpr): SizeExpr {
  const [x, y] = [constantSize(a), constantSize(b)];
  if (x !== undefined && y !== undefined) return x + y;
  if (x === 0) return b;
  return y === 0 ? a : k.add(sizeExpr(a), sizeExpr(b));
}

export function multiplySizes(a: SizeExpr, b: SizeExpr): SizeExpr {
  const [x, y] = [constantSize(a), constantSize(b)];
  if (x !== undefined && y !== undefined) return x * y;
  if (x === 0 || y === 0) return 0;
  if (x === 1) return b;
  return y === 1 ? a : k.mul(sizeExpr(a), sizeExpr(b));
}

/** Dim with numeric sizes; `undefined` if the size or a stride is computed by each call. */
export function constantDim({ role, size, out, left, right }: Dim): Dim<number> | undefined {
  const numbers = [size, out, left, right].map(constantSize);
  const [n, o, l, r] = numbers;
  if (n === undefined || o === undefined || l === undefined || r === undefined) return undefined;
  return { role, size: n, out: o, left: l, right: r };
}

/** Dims with numeric sizes; `undefined` if calls compute any of them. */
export function constantDims(dims: readonly Dim[]): Dim<number>[] | undefined {
  const made = dims.map(constantDim);
  return made.every((dim) => dim !== undefined) ? made : undefined;
}

/** Alignment of temporaries in bytes, so that a 256-bit vector stays within one cache line. */
export const tempAlignment = 32;

/** Lays out buffers one after the other in one arena. */
export function layOut(
  buffers: readonly Buffer<number>[],
): Pick<Routine, "temps"> & { readonly arenaBytes: number } {
  let arenaBytes = 0;
  const temps = buffers.map((buffer) => {
    const offset = arenaBytes;
    const bytes = buffer.size * bytesPerElement[buffer.type];
    arenaBytes += Math.ceil(bytes / tempAlignment) * tempAlignment;
    return { ...buffer, offset };
  });
  return { temps, arenaBytes };
}

/** Lays out buffers whose sizes may be computed by calls. */
export function layOutAtCall(buffers: readonly Buffer[]): Pick<Routine, "temps" | "arenaBytes"> {
  let arenaBytes: SizeExpr = 0;
  const temps = buffers.map((buffer) => {
    const temp = { ...buffer, offset: arenaBytes };
    arenaBytes = addSizes(arenaBytes, aligned(bytesOf(buffer)));
    return temp;
  });
  return { temps, arenaBytes };
}

/** Rounds up to a multiple of the alignment. */
function aligned(bytes: SizeExpr): SizeExpr {
  const known = constantSize(bytes);
  if (known !== undefined) return Math.ceil(known / tempAlignment) * tempAlignment;
  const bits = k.i32(Math.log2(tempAlignment));
  return k.shl(k.shr(k.add(sizeExpr(bytes), k.i32(tempAlignment - 1)), bits), bits);
}

/** Bytes of a buffer. */
export function bytesOf({ type, size }: Buffer): SizeExpr {
  return multiplySizes(size, bytesPerElement[type]);
}

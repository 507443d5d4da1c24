import * as k from "./build.ts";
import { bytesPerElement } from "./executable.ts";
import { sameExpr } from "./same-expr.ts";
import type { Buffer, Dim, Expr, Routine, SizeExpr } from "./scalar.ts";

/** A size that is known before any call; `undefined` where each call computes it. */
export function constantSize(size: SizeExpr): number | undefined {
  if (typeof size === "number") return size;
  return size.kind === "const" ? size.value : undefined;
}

/** Whether a size is known before any call. */
export function isConstant(size: SizeExpr): boolean {
  return constantSize(size) !== undefined;
}

/** A size as an expression. */
export function sizeExpr(size: SizeExpr): Expr {
  return typeof size === "number" ? k.i32(size) : size;
}

/** Whether two sizes are the same number, or the same expression. */
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

/** A dim in numbers, where all of it is known before any call. */
export function constantDim({ role, size, out, left, right }: Dim): Dim<number> | undefined {
  const numbers = [size, out, left, right].map(constantSize);
  const [n, o, l, r] = numbers;
  if (n === undefined || o === undefined || l === undefined || r === undefined) return undefined;
  return { role, size: n, out: o, left: l, right: r };
}

/** Dims in numbers; `undefined` where one of them is computed by each call. */
export function constantDims(dims: readonly Dim[]): Dim<number>[] | undefined {
  const made = dims.map(constantDim);
  return made.every((dim) => dim !== undefined) ? made : undefined;
}

/** Temporaries begin at multiples of so many bytes: vectors of 256 bits lie within one cache line there. */
export const tempAlignment = 32;

/** Buffers one after the other in one arena. */
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

/** The same of buffers whose sizes may be computed by calls. */
export function layOutAtCall(buffers: readonly Buffer[]): Pick<Routine, "temps" | "arenaBytes"> {
  let arenaBytes: SizeExpr = 0;
  const temps = buffers.map((buffer) => {
    const temp = { ...buffer, offset: arenaBytes };
    arenaBytes = addSizes(arenaBytes, aligned(bytesOf(buffer)));
    return temp;
  });
  return { temps, arenaBytes };
}

/** The next multiple of the alignment. */
function aligned(bytes: SizeExpr): SizeExpr {
  const known = constantSize(bytes);
  if (known !== undefined) return Math.ceil(known / tempAlignment) * tempAlignment;
  const bits = k.i32(Math.log2(tempAlignment));
  return k.shl(k.shr(k.add(sizeExpr(bytes), k.i32(tempAlignment - 1)), bits), bits);
}

/** Bytes of a buffer's elements. */
export function bytesOf({ type, size }: Buffer): SizeExpr {
  return multiplySizes(size, bytesPerElement[type]);
}

import { internalError } from "../errors/index.ts";
import type { ReadView, WriteView } from "../ir/primitive.ts";
import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { sameExpr } from "../kernel/same-expr.ts";
import type { Buffer, Expr, Port } from "../kernel/scalar.ts";
import { plus } from "../prims/reduce-loops.ts";
import { must } from "../util/assert-never.ts";
import { sizeOf } from "../util/shape.ts";

/** View of a routine input: a local for a scalar, otherwise its own buffer. */
export function inputView(type: ArrayType, name: string): WriteView {
  return type.shape.length === 0 ? localTarget(type, name) : bufferView(type, name);
}

/** Buffer of a view that covers all of the buffer's elements. */
export function bufferOf({ type, buffer }: WriteView): Buffer<number> {
  return {
    name: must(buffer, "a buffer"),
    type: scalarTypeOf(type.dtype),
    size: sizeOf(type.shape),
  };
}

/** Declares an input of a routine for a view. */
export function portOf(view: WriteView): Port {
  const { local, type } = view;
  return local === undefined
    ? { kind: "buffer", buffer: bufferOf(view) }
    : { kind: "scalar", name: local, type: scalarTypeOf(type.dtype) };
}

/** View of a read-only scalar expression: a constant or a local. */
export function valueView(type: ArrayType, value: Expr): WriteView {
  return {
    type,
    local: value.kind === "local" ? value.name : undefined,
    read: () => value,
    write() {
      throw internalError("the view of a value is read-only");
    },
  };
}

/** View of a scalar in a mutable local. */
export function localTarget(type: ArrayType, name: string): WriteView {
  const place = k.local(scalarTypeOf(type.dtype), name);
  return { type, local: name, read: () => place, write: (block, _, value) => block.set(place, value) };
}

/** View of the elements of a buffer from `offset` on. */
export function bufferView(type: ArrayType, buffer: string, offset: Expr = k.i32(0)): WriteView {
  const scalar = scalarTypeOf(type.dtype);
  const place = (index: Expr): Expr => plus(offset, index);
  return {
    type,
    buffer,
    offset,
    read: (index) => k.load(scalar, buffer, place(index)),
    write: (block, index, value) => block.store(buffer, place(index), value),
  };
}

/** View of a part of another view: an array of type `type` that begins at the flat index `start`. */
export function partOf(view: ReadView, type: ArrayType, start: Expr): WriteView {
  const { buffer, offset } = view as WriteView;
  if (buffer !== undefined) return bufferView(type, buffer, plus(offset ?? k.i32(0), start));
  return { ...(view as WriteView), type, read: (index) => view.read(plus(start, index)) };
}

/** True if two views are the same memory or the same local. */
function sameView(a: ReadView, b: ReadView): boolean {
  if (a === b) return true;
  const [x, y] = [a as WriteView, b as WriteView];
  if (x.local !== undefined) return x.local === y.local;
  return x.buffer !== undefined && x.buffer === y.buffer && sameOffset(x.offset, y.offset);
}

function sameOffset(a: Expr | undefined, b: Expr | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameExpr(a, b);
}

/** Copies all elements, unless both views are the same memory. */
export function copyView(
  block: Block,
  target: WriteView,
  view: ReadView,
  fresh: (hint: string) => string,
): void {
  if (sameView(target, view)) return;
  const n = sizeOf(target.type.shape);
  if (target.type.shape.length === 0) return target.write(block, k.i32(0), view.read(k.i32(0)));
  if (n === 1) return target.write(block, k.i32(0), view.read(k.i32(0)));
  block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) => target.write(loop, i, view.read(i)));
}

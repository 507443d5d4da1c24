import { internalError } from "../errors/index.ts";
import type { ReadView, WriteView } from "../ir/primitive.ts";
import type { Equation, Var } from "../ir/program.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr, Stmt } from "../kernel/scalar.ts";
import { cutLoops } from "../kernel/segments.ts";
import { walkExpr } from "../kernel/walk.ts";
import { flatIndex, loopEach } from "../prims/reduce-loops.ts";
import { must } from "../util/assert-never.ts";
import { sizeOf, stridesOf } from "../util/shape.ts";
import type { ValueViews } from "./elements.ts";
import { elementAt, elementOf } from "./elements.ts";
import type { ElementLoop } from "./fuse.ts";
import { append } from "../util/append.ts";

/** Access to the values that an element loop reads, and to the memory of the values that it stores. */
export interface LoopViews extends ValueViews {
  /** For each result of the loop's equations that must be stored, a view of its memory. */
  readonly places: ReadonlyMap<Var, WriteView>;
  fresh(hint: string): string;
}

/** Writes a loop over the elements: a flat one, or one loop per axis if the index along each axis is needed. */
export function writeLoop(block: Block, loop: ElementLoop, views: LoopViews): void {
  const { shape } = loop;
  const { fresh } = views;
  if (sizeOf(shape) === 0) return;
  const names = shape.filter((n) => n !== 1).map((_, axis) => fresh("ijklmn"[axis] ?? "i"));
  const flatName = fresh("e");
  const flat = k.local("i32", flatName);
  let named = 0;
  const index = shape.map((n): Expr => (n === 1 ? k.i32(0) : k.local("i32", names[named++]!)));
  const body = k.makeBlock();
  writeElements(body, loop, index, flat, views);
  if (!mentions(body.statements, new Set(names))) {
    block.forEach(flatName, k.i32(0), k.i32(sizeOf(shape)), (inner) =>
      append(inner.statements, body.statements),
    );
    return;
  }
  let next = 0;
  const loops = k.makeBlock();
  loopEach(
    loops,
    shape,
    () => names[next++]!,
    (inner) => {
      inner.let(flatName, flatIndex(index, stridesOf(shape)));
      append(inner.statements, body.statements);
    },
  );
  append(block.statements, cutLoops(loops.statements));
}

/**
 * View of the array that the reduction of the loop reads. When it reads an element, the code computes this element of
 * all members and stores it for members with memory.
 */
export function whileRead(loop: ElementLoop, views: LoopViews): ReadView {
  const v = must(loop.reader?.ins[0], "the operand of a reader");
  return {
    type: v.type,
    read() {
      throw internalError("reading a fused operand needs a block");
    },
    element: (block, flat, place) => writeElements(block, loop, place ?? [], flat, views).get(v)!,
  };
}

/**
 * Writes code that computes one element of the result of each equation of the loop, and stores it if the result has
 * memory. Returns the elements by variable.
 */
function writeElements(
  block: Block,
  { members }: ElementLoop,
  index: readonly Expr[],
  flat: Expr,
  views: LoopViews,
): ReadonlyMap<Var, Expr> {
  const { viewOf, fresh, deferred, places } = views;
  const elements = new Map<Var, Expr>();
  const named = (hint: string, value: Expr): Expr =>
    value.kind === "const" || value.kind === "local" ? value : block.let(fresh(hint), value);
  const here = (v: Var): Expr => {
    let x = elements.get(v);
    if (x === undefined) {
      x = named(v.name ?? "x", deferred.has(v) ? elementAt(v, index, views) : viewOf(v).read(flat));
      elements.set(v, x);
    }
    return x;
  };
  const valueOf = (eqn: Equation): Expr =>
    elementOf(
      eqn,
      (operand) => here(eqn.ins[operand]!),
      (operand, place) => elementAt(eqn.ins[operand]!, place, views),
      index,
    );
  const own = new Set(members.map(({ outs }) => outs[0]!));
  const operands = new Map<string | undefined, Var[]>(); // by the buffer that holds them
  for (const { prim, ins } of places.size > 0 ? members : []) {
    if (prim.lowering.kind !== "elementwise") continue;
    for (const v of ins) {
      if (own.has(v) || deferred.has(v)) continue;
      const { buffer } = viewOf(v) as WriteView;
      const others = operands.get(buffer);
      if (others === undefined) operands.set(buffer, [v]);
      else others.push(v);
    }
  }
  for (const eqn of members) {
    const v = eqn.outs[0]!;
    const x = named(v.name ?? "v", valueOf(eqn));
    elements.set(v, x);
    const place = places.get(v);
    if (place === undefined) continue;
    // operands in the same buffer are read before this store overwrites them
    operands.get(place.buffer)?.forEach(here);
    place.write(block, flat, x);
  }
  return elements;
}

/** True if an expression in these statements reads one of these locals. */
function mentions(statements: readonly Stmt[], names: ReadonlySet<string>): boolean {
  let found = false;
  for (const stmt of statements) {
    if (!("value" in stmt)) continue;
    walkExpr(stmt.value, (x) => {
      if (x.kind === "local" && names.has(x.name)) found = true;
    });
  }
  return found;
}

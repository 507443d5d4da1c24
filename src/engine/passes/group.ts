import { internalError } from "../errors/index.ts";
import type { ReadView, WriteView } from "../ir/primitive.ts";
import type { Equation, Var } from "../ir/program.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { cutLoops } from "../kernel/segments.ts";
import { flatIndex, loopEach } from "../prims/reduce-loops.ts";
import type { Shape } from "../util/shape.ts";
import { sameShape, sizeOf, stridesOf } from "../util/shape.ts";
import { fitsInto, needsIndex } from "./deferred.ts";

/** Equations whose results have one shape and that are computed in one loop, element by element. */
export interface Group {
  readonly shape: Shape;
  /** Position of its first equation. */
  readonly first: number;
  readonly members: Map<Var, Equation>;
}

export function openGroup(shape: Shape, first: number): Group {
  return { shape, first, members: new Map() };
}

/**
 * Whether an equation can be computed in the group's loop: its result has the shape, and it reads what the group computes
 * at the same place only.
 */
export function joins(group: Group, eqn: Equation, deferred: ReadonlyMap<Var, Equation>): boolean {
  return sameShape(eqn.outs[0]!.type.shape, group.shape) && fitsInto(eqn, group.members, deferred);
}

/** What the lowering around a group provides. */
export interface Surroundings {
  viewOf(v: Var): ReadView;
  fresh(hint: string): string;
  allocate(v: Var): WriteView;
  isNeededOutside(v: Var): boolean;
  /** Values that have no memory: they are computed where they are read. */
  readonly deferred: ReadonlyMap<Var, Equation>;
}

/** Emits the loop of a group and returns where the results are that others need. */
export function emitGroup(block: Block, group: Group, surroundings: Surroundings): Map<Var, WriteView> {
  const { fresh } = surroundings;
  const places = placesOf(group, surroundings);
  if (sizeOf(group.shape) === 0) return places;
  const names = group.shape.filter((n) => n !== 1).map((_, axis) => fresh("ijklmn"[axis] ?? "i"));
  const flatName = fresh("e");
  const flat = k.local("i32", flatName);
  let named = 0;
  const index = group.shape.map((n): Expr => (n === 1 ? k.i32(0) : k.local("i32", names[named++]!)));
  const body = k.makeBlock();
  emitElements(body, group, index, flat, surroundings, places);

  const usesIndex = body.statements.some((s) => "value" in s && mentions(s.value, new Set(names)));
  if (!usesIndex) {
    block.statements.push({
      kind: "for",
      index: flatName,
      from: k.i32(0),
      to: k.i32(sizeOf(group.shape)),
      reverse: false,
      independent: true,
      body: body.statements,
    });
    return places;
  }
  let next = 0;
  const loops = k.makeBlock();
  loopEach(
    loops,
    group.shape,
    () => names[next++]!,
    (inner) => {
      inner.let(flatName, flatIndex(index, stridesOf(group.shape)));
      inner.statements.push(...body.statements);
    },
  );
  block.statements.push(...cutLoops(loops.statements));
  return places;
}

/** Memory for those members that others need. */
function placesOf(group: Group, { allocate, isNeededOutside }: Surroundings): Map<Var, WriteView> {
  const places = new Map<Var, WriteView>();
  for (const v of group.members.keys()) if (isNeededOutside(v)) places.set(v, allocate(v));
  return places;
}

/**
 * A member of a group as an operand that is computed while it is read: with each of its elements, those of the other
 * members are computed, and stored where others need them.
 */
export function memberWhileRead(
  group: Group,
  member: Var,
  surroundings: Surroundings,
): { readonly view: ReadView; readonly places: Map<Var, WriteView> } {
  const places = placesOf(group, surroundings);
  const view: ReadView = {
    type: member.type,
    read() {
      throw internalError("an element that is computed while it is read needs a block");
    },
    element: (block, flat, place) =>
      emitElements(block, group, place ?? [], flat, surroundings, places).get(member)!,
  };
  return { view, places };
}

/** Whether a loop over the group must know the place along each axis. */
export function groupNeedsIndex(group: Group, deferred: ReadonlyMap<Var, Equation>): boolean {
  return [...group.members.values()].some((eqn) => needsIndex(eqn, deferred));
}

/** Writes what computes one element of each member. */
function emitElements(
  body: Block,
  group: Group,
  index: readonly Expr[],
  flat: Expr,
  { viewOf, fresh, deferred }: Surroundings,
  places: ReadonlyMap<Var, WriteView>,
): ReadonlyMap<Var, Expr> {
  const elements = new Map<Var, Expr>();
  const named = (hint: string, value: Expr): Expr =>
    value.kind === "const" || value.kind === "local" ? value : body.let(fresh(hint), value);
  const here = (v: Var): Expr => {
    let x = elements.get(v);
    if (x === undefined) {
      const eqn = deferred.get(v);
      x = named(v.name ?? "x", eqn === undefined ? viewOf(v).read(flat) : elementOf(eqn, index));
      elements.set(v, x);
    }
    return x;
  };
  const elementOf = (eqn: Equation, at: readonly Expr[]): Expr => {
    const { lowering } = eqn.prim;
    const types = eqn.ins.map((v) => v.type);
    if (lowering.kind === "elementwise") return lowering.scalar(eqn.ins.map(here), eqn.params, types);
    if (lowering.kind !== "map") throw internalError(`${eqn.prim.name} does not belong in a group`);
    return lowering.element(
      (operand, place) => {
        const v = eqn.ins[operand]!;
        const inner = deferred.get(v);
        return inner === undefined ? readElement(viewOf(v), place) : elementOf(inner, place);
      },
      at,
      eqn.params,
      types,
      eqn.outs[0]!.type,
    );
  };
  const operands = [...group.members.values()].flatMap(({ prim, ins }) =>
    prim.lowering.kind === "elementwise" ? ins.filter((v) => !group.members.has(v) && !deferred.has(v)) : [],
  );
  for (const [v, eqn] of group.members) {
    const x = named(v.name ?? "v", elementOf(eqn, index));
    elements.set(v, x);
    const place = places.get(v);
    if (place === undefined) continue;
    // what this overwrites is read first
    for (const old of operands) if ((viewOf(old) as WriteView).buffer === place.buffer) here(old);
    place.write(body, flat, x);
  }
  return elements;
}

/** The element of a view at an index. */
export function readElement(view: ReadView, index: readonly Expr[]): Expr {
  return view.read(flatIndex(index, stridesOf(view.type.shape)));
}

/** Whether an expression reads one of these locals. */
function mentions(expr: Expr, names: ReadonlySet<string>): boolean {
  switch (expr.kind) {
    case "local":
      return names.has(expr.name);
    case "const":
      return false;
    case "load":
    case "table":
      return mentions(expr.index, names);
    case "unary":
    case "convert":
      return mentions(expr.x, names);
    case "binary":
      return mentions(expr.x, names) || mentions(expr.y, names);
    case "select":
      return mentions(expr.condition, names) || mentions(expr.x, names) || mentions(expr.y, names);
    case "mulAdd":
      return mentions(expr.x, names) || mentions(expr.y, names) || mentions(expr.z, names);
    case "call":
      return expr.args.some((arg) => mentions(arg, names));
  }
}

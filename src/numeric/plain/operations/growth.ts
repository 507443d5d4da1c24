// `push`: an array grows while one statement of its block runs, and has a fixed length before and after it. Its storage
// has room for the largest number of items, which the bounds of the loops around each `push` determine.
import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { apply, arithmetic, number, someExpr } from "../draft/draft.ts";
import { isUnshared, refuseAliases } from "../entities/aliases.ts";
import type { ArrayEntity, Entity, NameBinding } from "../entities/entity.ts";
import type { GrowingArray, Env, InsertionPoint, LoopTrip } from "../entities/env.ts";
import { at, inOrder, keep, letLocal, placeHere, refuse, textOf } from "../entities/env.ts";
import { knownAt } from "../entities/lengths.ts";
import type { ValuePlan } from "../entities/plan.ts";
import { planAt } from "../entities/plan-at.ts";
import {
  arrayLength,
  copyInto,
  eachPlace,
  itemAt,
  makeArray,
  planOf,
  storeScalar,
} from "../entities/plan.ts";
import { allRoots, borrow, isBorrowed, partsNow, readAll } from "../entities/sharing.ts";
import type { Node } from "../syntax/ast.ts";
import { eachUse, mayLeave, usedNames } from "../syntax/walk.ts";
import type { CallArgument } from "./arrays.ts";
import { rowPlan } from "./arrays.ts";

/** Prepares an array of the current block for the items that a statement appends to it. */
export function beginGrowth(env: Env, name: string, statement: Node): void {
  const binding = env.scope.own(name)!;
  const before = binding.entity;
  if (before.kind !== "array" && before.kind !== "tuple") return;
  if (binding.reassigned)
    refuse(
      env,
      statement,
      `${name} is filled by push, and replaced by an assignment elsewhere: give the other array a name of its own.`,
    );
  refuseAliases(env, before, statement, name);
  const length = before.kind === "array" ? arrayLength(before) : number(before.items.length);
  const growth: GrowingArray = {
    name,
    before,
    statement,
    count: letLocal(env, `${name}_length`, length, { mutable: true }),
    capacity: env.unit.names.fresh(`${name}_capacity`),
    trips: env.trips.length,
    blocks: env.blocks.length,
    place: undefined,
    room: undefined,
    array: undefined,
    terms: [],
    isExact: !mayLeave(statement),
  };
  env.unit.growths.set(before.root, growth);
  const isLoop = statement.type === "ForStatement" || statement.type === "ForOfStatement";
  if (!isLoop || headNames(statement).has(name)) place(env, growth);
}

/** Names that the head of a loop uses. */
function headNames(statement: Node): ReadonlySet<string> {
  const names = new Set<string>();
  for (const key of ["init", "test", "update", "right"] as const) {
    const part = (statement as Node & Readonly<Partial<Record<typeof key, Node | null>>>)[key];
    if (part) for (const name of usedNames(part)) names.add(name);
  }
  return names;
}

/** Inserts the storage of the arrays that a loop fills before the loop, where its bounds have been computed. */
export function placeGrowth(env: Env, loop: Node): void {
  for (const growth of new Set(env.unit.growths.values()))
    if (growth.statement === loop && growth.place === undefined) place(env, growth);
}

function place(env: Env, growth: GrowingArray): void {
  growth.room = env.out.reserve();
  growth.place = placeHere(env);
  const { before } = growth;
  if (before.kind === "tuple" && before.items.length === 0) return;
  const first = before.kind === "array" ? before : before.items[0]!;
  const plan = planOf(env, growth.statement, first);
  store(
    env,
    growth,
    growth.statement,
    plan.kind === "array" && before.kind === "array" ? plan.item : rowPlan(plan),
  );
}

/** Declares the storage of an array that grows, and copies the items that it has before. */
function store(env: Env, growth: GrowingArray, node: Node, item: ValuePlan): ArrayEntity {
  const { name, before, capacity, count, place: point } = growth;
  const { out, blocks } = point!;
  const start: Env = { ...env, out: out.reserve(), blocks: point!.blocks, hint: undefined };
  const length: RegionExpr = { kind: "local", type: "f64", name: capacity };
  const plan = { kind: "array", of: "number[]", length, item: planAt(env, node, item, point!) } as const;
  const made = makeArray({ ...start, blocks }, node, plan, name);
  const array: ArrayEntity = { ...made, fresh: false, count: count.value };
  growth.array = array;
  env.unit.growths.set(array.root, growth);
  if (isBorrowed(env, before)) borrow(env, [...allRoots(before), array.root], node);
  if (before.kind === "array")
    eachPlace(start, arrayLength(before), "k", (inner, k) =>
      copyInto(inner, node, itemAt(array, k), itemAt(before, k)),
    );
  else
    for (const [k, value] of before.items.entries())
      copyInto(start, node, itemAt(array, number(k)), readAll(start, value));
  bindTo(env, growth, array);
  return array;
}

/** Lets the name of the array refer to an entity from now on. */
function bindTo(env: Env, { name, statement }: GrowingArray, entity: Entity): void {
  let { scope } = env;
  while (scope.own(name) === undefined || !isAround(scope.node, statement)) scope = scope.parent!;
  const binding: NameBinding = { ...scope.own(name)!, entity };
  scope.set(name, binding);
  env.unit.aliases.push({ name, binding });
}

function isAround(block: Node, node: Node): boolean {
  return block.start <= node.start && node.end <= block.end;
}

const where =
  "push fills an array that a statement of the same block declares, as const ys: number[] = []. Make other arrays with their length, as " +
  "new Float64Array(n), and write ys[i] = v.";

const uncounted =
  "push: how often it runs is not known before the loops around it. Make the array with its largest length, as new Float64Array(n), " +
  "count with a variable, ys[count++] = v, and take ys.slice(0, count) in the end.";

/** Evaluates `ys.push(a, b, …zs)`. Returns the new length. */
export function push(env: Env, node: Node, object: Entity, args: readonly CallArgument[]): Entity {
  const growth =
    object.kind === "array" || object.kind === "tuple" ? env.unit.growths.get(object.root) : undefined;
  if (growth === undefined) return refuse(env, node, where);
  if (growth.place === undefined) return refuse(env, node, uncounted);
  refuseIterated(env, node, growth);
  const given = inOrder(env, args, (inner, arg) =>
    arg.type === "SpreadElement"
      ? partsNow(inner, inner.unit.elaborate.evaluate(inner, arg.argument))
      : inner.unit.elaborate.evaluate(inner, arg),
  );
  // all arguments are evaluated before the first is appended
  const values = given.length > 1 ? given.map((value) => readAll(env, value)) : given;
  for (const [i, value] of values.entries()) {
    const arg = args[i]!;
    if (arg.type !== "SpreadElement") append(env, node, growth, arg, value);
    else if (value.kind === "tuple") for (const item of value.items) append(env, node, growth, arg, item);
    else if (value.kind === "array") appendAll(env, node, growth, arg, value);
    else refuse(env, arg, `${textOf(env, arg)}: only arrays can be spread here.`);
  }
  return growth.count;
}

/** Refuses to append to an array over which a `for … of` iterates, because the loop would see the new items. */
function refuseIterated(env: Env, node: Node, { array, name }: GrowingArray): void {
  const isIterated = env.unit.aliases.some(
    (alias) =>
      alias.name === "for … of" && array !== undefined && allRoots(alias.binding.entity).includes(array.root),
  );
  if (isIterated)
    refuse(
      env,
      node,
      `push: the loop iterates over the array that it fills: iterate over a copy, for (const item of ${name}.slice()).`,
    );
}

function append(env: Env, node: Node, growth: GrowingArray, arg: Node, value: Entity): void {
  const array = growth.array ?? firstStore(env, growth, node, rowPlan(planOf(env, arg, value)));
  noteTerm(env, node, growth, number(1));
  if (!isUnshared(env, value, node)) borrow(env, [...allRoots(value), array.root], arg);
  appendItem(env, arg, growth, array, value);
}

function appendAll(env: Env, node: Node, growth: GrowingArray, arg: Node, value: ArrayEntity): void {
  const plan = planOf(env, arg, value) as ValuePlan & { readonly kind: "array" };
  const array = growth.array ?? firstStore(env, growth, node, plan.item);
  if (value.root === array.root)
    refuse(env, arg, "push: the array is spread into itself: copy it first, ys.slice().");
  noteTerm(env, node, growth, plan.length);
  if (plan.item.kind !== "element") borrow(env, [...allRoots(value), array.root], arg);
  eachPlace(env, arrayLength(value), "k", (inner, k) =>
    appendItem(inner, arg, growth, array, itemAt(value, k)),
  );
}

function appendItem(env: Env, node: Node, growth: GrowingArray, array: ArrayEntity, value: Entity): void {
  const { count } = growth;
  copyInto(env, node, itemAt(array, count.value, at(env, node)), readAll(env, value));
  storeScalar(env, node, count, arithmetic("add", count.value, number(1)));
}

/** Declares the storage for the first item. Refuses code before it that has used the empty array. */
function firstStore(env: Env, growth: GrowingArray, node: Node, item: ValuePlan): ArrayEntity {
  const { name, statement } = growth;
  eachUse(statement, (use, around) => {
    const isPush = around.at(-1)?.type === "MemberExpression" && around.at(-2)?.type === "CallExpression";
    if (use.name === name && use.start < node.start && !isPush)
      refuse(
        env,
        use,
        `${name} is used before its first push, where its items are not known: give it a type, as const ${name}: number[] = [].`,
      );
  });
  return store(
    env,
    growth,
    node,
    item.kind === "element" && item.type !== "bool" ? { ...item, type: "f64" } : item,
  );
}

/**
 * Adds an upper bound of the number of items that a `push` appends: `each` items in each iteration of the loops around
 * it. Notes if the number may be smaller.
 */
function noteTerm(env: Env, node: Node, growth: GrowingArray, each: RegionExpr): void {
  const trips = env.trips.slice(growth.trips);
  const point = growth.place!;
  const isAlways = env.blocks.length - growth.blocks === trips.length;
  let term = boundOf(env, each, point, trips, "high");
  if (knownAt(env, each, point) === undefined) growth.isExact = false;
  if (!isAlways || trips.some(({ mayEnd }) => mayEnd)) growth.isExact = false;
  for (const trip of trips) {
    const times = tripBound(env, trip, point, trips);
    if (times === undefined || term === undefined) return refuse(env, node, uncounted);
    if (!isCounted(env, trip, point)) growth.isExact = false;
    term = arithmetic("mul", term, times);
  }
  growth.terms.push(term!);
}

/** True if the number of iterations is an integer that is known at the insertion point. */
function isCounted(env: Env, { from, to }: LoopTrip, point: InsertionPoint): boolean {
  const isWhole = from.kind === "const" && Number.isInteger(from.value);
  return isWhole && knownAt(env, to, point) !== undefined;
}

/** Upper bound of the number of iterations of a loop; `undefined` if it is not known at the insertion point. */
function tripBound(
  env: Env,
  { index, from, to, step }: LoopTrip,
  point: InsertionPoint,
  trips: readonly LoopTrip[],
): RegionExpr | undefined {
  if (index === undefined) return undefined;
  const [first, end] = step > 0 ? [from, to] : [to, from];
  const low = boundOf(env, first, point, trips, "low");
  const high = boundOf(env, end, point, trips, "high");
  if (low === undefined || high === undefined) return undefined;
  const span = apply("maximum", "f64", arithmetic("sub", high, low), number(0));
  const size = Math.abs(step);
  return size === 1 ? span : arithmetic("ceil", arithmetic("div", span, number(size)));
}

/**
 * Lower or upper bound of an expression inside loops, expressed by values at an insertion point before the loops;
 * `undefined` if there is no such bound. Loop indices are replaced by their first or last values.
 */
function boundOf(
  env: Env,
  expr: RegionExpr,
  point: InsertionPoint,
  trips: readonly LoopTrip[],
  side: "low" | "high",
): RegionExpr | undefined {
  const isHigh = side === "high";
  const bound = (part: RegionExpr | undefined, of: "low" | "high" = side): RegionExpr | undefined =>
    part && boundOf(env, part, point, trips, of);
  const both = (x: RegionExpr | undefined, y: RegionExpr | undefined, name: string): RegionExpr | undefined =>
    x && y && apply(name, "f64", x, y);
  if (expr.kind === "local") {
    const trip = trips.find(({ index }) => index === expr.name);
    if (trip !== undefined) {
      const isFirst = isHigh === trip.step < 0;
      const end = bound(isFirst ? trip.from : trip.to);
      return end && (isFirst ? end : arithmetic("sub", end, number(Math.sign(trip.step))));
    }
  }
  const known = usesIndex(expr, trips) ? undefined : knownAt(env, expr, point);
  if (known !== undefined) return known;
  if (expr.kind === "local") return bound(env.unit.definitions.get(expr.name)?.value);
  if (expr.kind === "select") return both(bound(expr.x), bound(expr.y), isHigh ? "maximum" : "minimum");
  if (expr.kind !== "apply") return undefined;
  const [x, y] = expr.args;
  switch (expr.function) {
    case "add":
      return both(bound(x), bound(y), "add");
    case "sub":
      return both(bound(x), bound(y, isHigh ? "low" : "high"), "sub");
    case "neg": {
      const inner = bound(x, isHigh ? "low" : "high");
      return inner && arithmetic("neg", inner);
    }
    case "ceil":
    case "floor":
    case "trunc": {
      const inner = bound(x);
      return inner && arithmetic(expr.function, inner);
    }
    case "minimum":
    case "maximum": {
      const [first, second] = [bound(x), bound(y)];
      // one operand alone bounds a minimum from above
      if ((expr.function === "minimum") === isHigh && (first === undefined || second === undefined))
        return first ?? second;
      return both(first, second, expr.function);
    }
    default:
      return undefined;
  }
}

/** True if an expression depends on the index of a loop, directly or through immutable locals. */
function usesIndex(expr: RegionExpr, trips: readonly LoopTrip[]): boolean {
  return someExpr(expr, (part) => part.kind === "local" && trips.some(({ index }) => index === part.name));
}

/** Ends the growth of an array after its statement. The name then refers to an array of fixed length. */
export function endGrowth(env: Env, name: string, statement: Node): void {
  const growths = [...env.unit.growths].filter(
    ([, growth]) => growth.name === name && growth.statement === statement,
  );
  for (const [root] of growths) env.unit.growths.delete(root);
  const growth = growths[0]?.[1];
  if (growth?.array === undefined) return;
  const { array, terms, before, place: point } = growth;
  const length = before.kind === "array" ? arrayLength(before) : number(before.items.length);
  const total = terms.reduce((sum, term) => arithmetic("add", sum, term), length);
  letCapacity(env, growth, total, point!);
  const whole: ArrayEntity = { ...array, count: undefined };
  if (growth.isExact) return bindTo(env, growth, whole);
  const kept = planOf(env, statement, array) as ValuePlan & { readonly kind: "array" };
  const count = keep(env, growth.count.value, `${name}_length`);
  const copy = makeArray(env, statement, { ...kept, length: count }, name);
  if (isBorrowed(env, whole)) borrow(env, [whole.root, copy.root], statement);
  eachPlace(env, count, "k", (inner, k) => copyInto(inner, statement, itemAt(copy, k), itemAt(whole, k)));
  bindTo(env, growth, { ...copy, fresh: false });
}

function letCapacity(
  env: Env,
  { capacity, room }: GrowingArray,
  value: RegionExpr,
  point: InsertionPoint,
): void {
  const { definitions } = env.unit;
  room!.push({ kind: "let", name: capacity, value });
  definitions.set(capacity, { value, blocks: point.blocks, serial: definitions.size });
}

import { refuseAliases } from "../entities/aliases.ts";
import type { ArrayEntity, Entity } from "../entities/entity.ts";
import { describe, scalar, storagesOf } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { at, letLocal, refuse, textOf } from "../entities/env.ts";
import {
  arrayLength,
  eachPlace,
  guardLengths,
  itemAt,
  planOf,
  refuseReadOnly,
  samePlan,
  storeScalar,
} from "../entities/plan.ts";
import { allRoots, noteWrite } from "../entities/sharing.ts";
import type { Expression, Identifier, Node, Pattern, Statement } from "../syntax/ast.ts";
import { eachUse, rootOf, unwrap, walk } from "../syntax/walk.ts";

// Exchanges of arrays, rows and objects. JavaScript exchanges references; this code exchanges elements, which is
// equivalent if each object has one name.

/**
 * Elaborates `[x, y] = [y, x]`, `[x, y, z] = [y, z, x]` and so on for arrays, rows or objects, if both sides consist of
 * the same expressions. Returns false if it is not such a permutation. Numbers need no special treatment.
 */
export function permutation(
  env: Env,
  targets: readonly (Pattern | null)[],
  values: readonly (Node | null)[],
  node: Node,
): boolean {
  const n = targets.length;
  if (n < 2 || values.length !== n) return false;
  // target k gets the old value of target source[k]
  const source = values.map((value) =>
    targets.findIndex((target) => value !== null && target !== null && isSame(env, target, value)),
  );
  if (source.includes(-1) || new Set(source).size !== n) return false;
  const sides = targets.map((target) => unwrap(target!) as Expression);
  if (n > 2 && sides.some((side) => isNumber(env, side))) return false;
  for (let i = 0; i < n; i++) {
    // an earlier exchange may have moved it
    let k = source[i]!;
    while (k < i) k = source[k]!;
    if (k !== i && !exchange(env, sides[i]!, sides[k]!, node)) return false;
  }
  return true;
}

function isNumber(env: Env, side: Expression): boolean {
  return env.unit.elaborate.evaluate(env, side).kind === "scalar";
}

/** True if two expressions without side effects have the same text, and thus denote the same variable or element. */
function isSame(env: Env, a: Node, b: Node): boolean {
  const [x, y] = [unwrap(a), unwrap(b)];
  if (x.type !== y.type || (x.type !== "Identifier" && x.type !== "MemberExpression")) return false;
  let isPlain = true;
  walk(x, ({ type }) => {
    if (type === "CallExpression" || type === "AssignmentExpression" || type === "UpdateExpression")
      isPlain = false;
  });
  return isPlain && textOf(env, x).replace(/[\s!]/g, "") === textOf(env, y).replace(/[\s!]/g, "");
}

/**
 * Elaborates `const t = x; x = y; y = t;` for arrays, rows or objects, starting at statement `k`; longer cycles are
 * accepted too. Returns the number of statements, or 0 if the pattern does not match.
 */
export function exchangeByThird(env: Env, body: readonly Statement[], k: number): number {
  const first = body[k];
  if (first?.type !== "VariableDeclaration" || first.declarations.length !== 1) return 0;
  const { id, init } = first.declarations[0]!;
  if (id.type !== "Identifier" || !init) return 0;
  const sides: Expression[] = [unwrap(init)];
  let end = k + 1;
  for (let isOpen = true; isOpen; end++) {
    const next = plainAssignment(body[end]);
    if (next === undefined || !isSame(env, sides.at(-1)!, next.target)) return 0;
    isOpen = next.value.type !== "Identifier" || (next.value as Identifier).name !== id.name;
    if (isOpen) sides.push(next.value as Expression);
  }
  let isUsedLater = false;
  for (const stmt of body.slice(end))
    eachUse(stmt, ({ name }) => {
      isUsedLater ||= name === id.name;
    });
  if (isUsedLater || sides.length < 2) return 0;
  const others = sides.slice(1);
  if (others.length > 1 && others.some((side) => isNumber(env, side))) return 0;
  return others.every((side, i) => exchange(env, sides[i]!, side, body[end - 1]!)) ? end - k : 0;
}

/** Returns both sides of a statement `x = y;`, or `undefined`. */
function plainAssignment(
  stmt: Statement | undefined,
): { readonly target: Node; readonly value: Node } | undefined {
  if (stmt?.type !== "ExpressionStatement") return undefined;
  const node = unwrap(stmt.expression);
  if (node.type !== "AssignmentExpression" || node.operator !== "=") return undefined;
  return { target: unwrap(node.left), value: unwrap(node.right) };
}

/** Advice about how to copy a read-only value, by its kind, for error messages. */
const copyOf: Partial<Record<Entity["kind"], "spread" | "items">> = { record: "spread", tuple: "items" };

/** Exchanges the values of two expressions. Returns false for numbers, which ordinary assignments handle. */
function exchange(env: Env, first: Expression, second: Expression, node: Node): boolean {
  const [x, y] = [first, second].map((side) => env.unit.elaborate.evaluate(env, side));
  if (x === undefined || y === undefined || x.kind === "scalar" || y.kind === "scalar") return false;
  const [nameX, nameY] = [textOf(env, first), textOf(env, second)];
  if (x.kind !== y.kind || x.kind === "function" || x.kind === "global" || x.kind === "nothing")
    return refuse(
      env,
      node,
      `${nameX} is ${describe(x)} and ${nameY} ${describe(y)}: these cannot be exchanged.`,
    );
  for (const side of [x, y]) {
    const root = allRoots(side).find(({ readOnly }) => readOnly);
    if (root !== undefined) return refuseReadOnly(env, node, root, copyOf[side.kind] ?? "rows");
  }
  refuseAliases(env, x, node, rootOf(first));
  refuseAliases(env, y, node, rootOf(second));
  for (const [entity, side] of [
    [x, first],
    [y, second],
  ] as const)
    if (side.type === "MemberExpression") for (const root of allRoots(entity)) root.written = true;
  exchangeValues(env, x, y, node, `${nameX} and ${nameY}`);
  return true;
}

function exchangeValues(env: Env, x: Entity, y: Entity, node: Node, what: string): void {
  if (x.kind === "scalar" && y.kind === "scalar") {
    const old = letLocal(env, "t", x.value);
    noteWrite(x);
    noteWrite(y);
    storeScalar(env, node, x, y.value);
    storeScalar(env, node, y, scalar(old.value).value);
  } else if (x.kind === "record" && y.kind === "record" && x.fields.size === y.fields.size) {
    for (const [name, field] of x.fields) exchangeValues(env, field, y.fields.get(name) ?? field, node, what);
  } else if (x.kind === "tuple" && y.kind === "tuple" && x.items.length === y.items.length) {
    for (const [i, item] of x.items.entries()) exchangeValues(env, item, y.items[i]!, node, what);
  } else if (x.kind === "array" && y.kind === "array") {
    exchangeArrays(env, x, y, node, what);
  } else {
    refuse(env, node, `${what} differ in kind: these cannot be exchanged.`);
  }
}

function exchangeArrays(env: Env, x: ArrayEntity, y: ArrayEntity, node: Node, what: string): void {
  const isAlike = samePlan(planOf(env, node, x), planOf(env, node, y));
  const isWhole = x.places.length + y.places.length === 0;
  if (isWhole && isAlike && x.root !== y.root) {
    swapArrays(env, x, y, node);
    return;
  }
  if (isWhole || x.layout.item.kind !== y.layout.item.kind)
    return refuse(
      env,
      node,
      `${what} can be exchanged only where both are arrays of this function, made with the same length (as in ` +
        `new Float64Array(n) for both).`,
    );
  if (!isAlike)
    guardLengths(env, node, arrayLength(x), arrayLength(y), "Exchange arrays of equal length only.");
  eachPlace(
    env,
    arrayLength(x),
    "k",
    (inner, k) => exchangeValues(inner, itemAt(x, k, at(env, node)), itemAt(y, k, at(env, node)), node, what),
    at(env, node),
  );
}

/** Swaps all elements of two arrays with the same lengths. */
export function swapArrays(env: Env, x: ArrayEntity, y: ArrayEntity, node: Node): void {
  const others = storagesOf(y.layout);
  for (const [i, { name }] of storagesOf(x.layout).entries())
    env.out.push({ kind: "swap", x: name, y: others[i]!.name, at: at(env, node) });
}

import type { RegionExpr, RegionStmt } from "../../../engine/region/form/region.ts";
import { and, apply, isTrue, local, number, someExpr, truth } from "../draft/draft.ts";
import type { ArrayEntity, Entity } from "../entities/entity.ts";
import { scalar } from "../entities/entity.ts";
import type { Env, Jump, LoopTrip } from "../entities/env.ts";
import {
  at,
  isReassigned,
  keep,
  letLocal,
  nested,
  nestedLoop,
  newRoot,
  numberValue,
  refuse,
  withScope,
} from "../entities/env.ts";
import { arrayLength, itemAt } from "../entities/plan.ts";
import { declare } from "../names/declare.ts";
import { asArray } from "../operations/arrays.ts";
import { placeGrowth } from "../operations/growth.ts";
import { condition } from "../operations/operators.ts";
import { refuseListing } from "../operations/fields.ts";
import type {
  BinaryExpression,
  CallExpression,
  DoWhileStatement,
  Expression,
  ForOfStatement,
  ForStatement,
  Identifier,
  LoopStatement,
  Node,
  Statement,
  VariableDeclaration,
  WhileStatement,
} from "../syntax/ast.ts";
import {
  assignedNames,
  isFunction,
  mayLeave,
  rootOf,
  unwrap,
  usedNames,
  walk,
  writtenNames,
} from "../syntax/walk.ts";
import { exitsOf } from "./jumps.ts";

/** Functions that elaborate the parts of a loop, passed as arguments because they depend on this file. */
export interface LoopHandlers {
  readonly execute: (env: Env, stmt: Statement) => void;
  readonly declareIn: (env: Env, stmt: VariableDeclaration) => void;
  readonly notTaken: (exits: readonly Jump[]) => RegionExpr;
}

/**
 * Elaborates a loop: as a counted loop if the number of iterations is known before the first one, else with a
 * condition.
 */
export function loopStatement(
  env: Env,
  stmt: LoopStatement,
  labels: readonly string[],
  parts: LoopHandlers,
): void {
  withScope(env, stmt, (inner) => {
    switch (stmt.type) {
      case "ForStatement":
        return forStatement(inner, stmt, labels, parts);
      case "ForOfStatement":
        return forOf(inner, stmt, labels, parts);
      case "WhileStatement":
        return whileStatement(inner, stmt, labels, parts);
      case "DoWhileStatement":
        return doWhile(inner, stmt, labels, parts);
    }
  });
}

interface LoopBody {
  readonly body: RegionStmt[];
  /** Condition that is true at run time as long as no jump has left the loop. */
  readonly goesOn: RegionExpr;
}

interface LoopBodyOptions {
  /** Bounds of the loop. Default: the number of iterations is not known before the loop. */
  readonly trip?: LoopTrip;
  /** Code that runs after an iteration. */
  readonly after?: ((inner: Env) => void) | undefined;
}

const unknownTrip = /* @__PURE__ */ ((): LoopTrip => ({
  index: undefined,
  from: number(0),
  to: number(0),
  step: 1,
  mayEnd: true,
}))();

/** Elaborates the body of a loop in a block of its own. `after` runs if no jump leaves the loop. */
function repeated(
  env: Env,
  stmt: LoopStatement,
  labels: readonly string[],
  parts: LoopHandlers,
  body: (inner: Env) => void,
  { trip = unknownTrip, after }: LoopBodyOptions = {},
): LoopBody {
  const leave: Jump = { flag: undefined, declarations: env.out.reserve() };
  const outer = nestedLoop(env, trip);
  const next: Jump = { flag: undefined, declarations: outer.out.reserve() };
  const inner: Env = {
    ...outer,
    frames: [...env.frames, { kind: "loop", labels, break: leave, continue: next }],
    loops: [...env.loops, stmt],
    tail: new Set([next]),
  };
  body(inner);
  const exits = [leave, ...exitsOf(env, stmt)];
  const goesOn = parts.notTaken(exits);
  if (after !== undefined) {
    const behind = isTrue(goesOn) ? inner : nested(inner);
    after({ ...behind, tail: new Set() });
    if (behind !== inner) {
      const then = behind.out.statements();
      if (then.length > 0) inner.out.push({ kind: "if", condition: goesOn, then, otherwise: [] });
    }
  }
  return { body: inner.out.statements(), goesOn };
}

function runBody(parts: LoopHandlers, stmt: LoopStatement): (env: Env) => void {
  return (env) => withScope(env, stmt.body, (inner) => parts.execute(inner, stmt.body));
}

/** Source position of a loop, which is the position of its head. */
function headOf(env: Env, stmt: LoopStatement): number {
  return at(env, stmt, Math.max(stmt.body.start, stmt.start + 1));
}

function whileStatement(
  env: Env,
  stmt: WhileStatement,
  labels: readonly string[],
  parts: LoopHandlers,
): void {
  repeatWhile(env, stmt, stmt.test, labels, parts);
}

/** Repeats the body and `after` while the condition holds. */
function repeatWhile(
  env: Env,
  stmt: WhileStatement | ForStatement,
  test: Expression | undefined,
  labels: readonly string[],
  parts: LoopHandlers,
  after?: (inner: Env) => void,
): void {
  const position = headOf(env, stmt);
  const trial = nested(env, new Set());
  const plain = test === undefined ? truth(true) : condition(trial, test);
  if (trial.out.size === 0) {
    const { body, goesOn } = repeated(env, stmt, labels, parts, runBody(parts, stmt), { after });
    env.out.push({ kind: "while", condition: and(goesOn, plain), body, at: position });
    return;
  }
  // the condition has statements of its own, which run at the head of each iteration
  const again = letLocal(env, "again", truth(true), { mutable: true });
  const name = again.value.kind === "local" ? again.value.name : "";
  const { body, goesOn } = repeated(
    env,
    stmt,
    labels,
    parts,
    (inner) => {
      const holds = condition(inner, test!);
      const then = nested(inner);
      runBody(parts, stmt)(then);
      const stop: RegionStmt = { kind: "set", name, value: truth(false), at: position };
      inner.out.push({
        kind: "if",
        condition: holds,
        then: then.out.statements(),
        otherwise: [stop],
        at: position,
      });
    },
    { after },
  );
  env.out.push({ kind: "while", condition: and(again.value, goesOn), body, at: position });
}

function doWhile(env: Env, stmt: DoWhileStatement, labels: readonly string[], parts: LoopHandlers): void {
  const again = letLocal(env, "again", truth(true), { mutable: true });
  const name = again.value.kind === "local" ? again.value.name : "";
  const after = (inner: Env): void => {
    const holds = condition(inner, stmt.test);
    inner.out.push({ kind: "set", name, value: holds, at: at(inner, stmt.test) });
  };
  const { body, goesOn } = repeated(env, stmt, labels, parts, runBody(parts, stmt), { after });
  env.out.push({
    kind: "while",
    condition: and(again.value, goesOn),
    body,
    at: at(env, stmt, stmt.start + 2),
  });
}

function forStatement(env: Env, stmt: ForStatement, labels: readonly string[], parts: LoopHandlers): void {
  const { init, update } = stmt;
  const counted = countedLoop(env, stmt, parts);
  if (counted !== undefined && !asksWithStatements(env, stmt, counted, parts))
    return countedFor(env, stmt, counted, labels, parts);
  if (init?.type === "VariableDeclaration") parts.declareIn(env, init);
  else if (init) env.unit.elaborate.effect(env, init);
  const after = update ? (inner: Env): void => inner.unit.elaborate.effect(inner, update) : undefined;
  repeatWhile(env, stmt, stmt.test ?? undefined, labels, parts, after);
}

interface CountedForLoop {
  readonly id: Identifier;
  readonly first: Expression;
  readonly operator: "<" | "<=" | ">" | ">=";
  readonly bound: Expression;
  /**
   * Integer offset of the index in the comparison: 1 for `i + 1 < n`, which is equivalent to `i < n - 1` for integers.
   */
  readonly ahead: number;
  /** The expression `more` in a condition `i < n && more`; `undefined` for other conditions. */
  readonly more: Expression | undefined;
  readonly step: number;
}

const turned = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

/**
 * Recognises `for (let i = a; i < b; i += c)` with a constant step, an unchanging bound, and no other assignment to
 * `i`. `undefined` for other loops.
 */
function countedLoop(env: Env, stmt: ForStatement, parts: LoopHandlers): CountedForLoop | undefined {
  const { init, test, update, body } = stmt;
  if (init?.type !== "VariableDeclaration" || init.kind === "const" || !test || !update) return undefined;
  const whole = unwrap(test);
  const isBoth = whole.type === "LogicalExpression" && whole.operator === "&&";
  const comparison = unwrap(isBoth ? whole.left : whole);
  if (comparison.type !== "BinaryExpression" || !Object.hasOwn(turned, comparison.operator)) return undefined;
  const sides = sidesOf(env, comparison, init);
  const declared =
    sides && init.declarations.find(({ id }) => id.type === "Identifier" && id.name === sides.name);
  const step = sides && stepOf(env, unwrap(update), sides.name);
  if (sides === undefined || declared?.id.type !== "Identifier" || !declared.init || step === undefined)
    return undefined;
  const isUp = sides.operator.startsWith("<");
  if (step === 0 || isUp !== step > 0) return undefined;
  const more = isBoth ? whole.right : undefined;
  const isSet = assignedNames(body).has(sides.name) || (more !== undefined && assignedNames(more).size > 0);
  const isUsedEarly = init.declarations.some(({ init: other }) => other && usedNames(other).has(sides.name));
  if (isSet || isUsedEarly || !isFixed(env, sides, stmt, parts)) return undefined;
  if (sides.ahead !== 0 && constant(env, declared.init) === undefined) return undefined; // the index may be fractional
  return { ...sides, id: declared.id, first: declared.init, more, step };
}

type LoopComparison = Pick<CountedForLoop, "operator" | "bound" | "ahead"> & { readonly name: string };

function sidesOf(
  env: Env,
  { left, right, operator }: BinaryExpression,
  { declarations }: VariableDeclaration,
): LoopComparison | undefined {
  const names = declarations.map(({ id }) => (id.type === "Identifier" ? id.name : ""));
  const given = operator as CountedForLoop["operator"];
  const x = indexIn(env, unwrap(left), names);
  if (x !== undefined) return { ...x, bound: right, operator: given };
  const y = indexIn(env, unwrap(right), names);
  return y && { ...y, bound: left, operator: turned[given] };
}

/** Recognises an index expression: one of the names, optionally plus a constant integer. */
function indexIn(
  env: Env,
  node: Node,
  names: readonly string[],
): { readonly name: string; readonly ahead: number } | undefined {
  if (node.type === "Identifier") {
    const { name } = node as Identifier;
    return names.includes(name) ? { name, ahead: 0 } : undefined;
  }
  if (node.type !== "BinaryExpression") return undefined;
  const { left, right, operator } = node as BinaryExpression;
  if (operator !== "+" && operator !== "-") return undefined;
  const [x, y] = [unwrap(left), unwrap(right)];
  const isLeft = x.type === "Identifier" && names.includes(x.name);
  const [index, added] = isLeft ? [x, y] : [y, x];
  if (index.type !== "Identifier" || !names.includes(index.name) || (!isLeft && operator === "-"))
    return undefined;
  const ahead = signed(operator === "+", constant(env, added));
  return ahead === undefined ? undefined : { name: index.name, ahead };
}

/** Declares the variables of a loop head other than its index. */
function declareOthers(env: Env, stmt: ForStatement, index: string, parts: LoopHandlers): void {
  const init = stmt.init as VariableDeclaration;
  const declarations = init.declarations.filter(({ id }) => id.type !== "Identifier" || id.name !== index);
  if (declarations.length > 0) parts.declareIn(env, { ...init, declarations });
}

/**
 * True if evaluating the further condition `more` of a loop emits statements. Such a loop is not elaborated as a
 * counted loop.
 */
function asksWithStatements(
  env: Env,
  stmt: ForStatement,
  { id, more }: CountedForLoop,
  parts: LoopHandlers,
): boolean {
  if (more === undefined) return false;
  const entity = scalar(local(env.unit.names.fresh(id.name), "f64"));
  const trial = nested(env, new Set());
  return withScope(trial, stmt, (scoped) => {
    declareOthers(scoped, stmt, id.name, parts);
    scoped.scope.set(id.name, { entity, block: stmt, reassigned: false, isConst: true });
    const before = scoped.out.size;
    condition(scoped, more);
    return scoped.out.size > before;
  });
}

/** Returns the constant that an update adds to a variable; `undefined` for other updates. */
function stepOf(env: Env, update: Expression, name: string): number | undefined {
  const isIt = (node: Node): boolean => node.type === "Identifier" && (node as Identifier).name === name;
  if (update.type === "UpdateExpression" && isIt(unwrap(update.argument)))
    return update.operator === "++" ? 1 : -1;
  if (update.type !== "AssignmentExpression" || !isIt(unwrap(update.left))) return undefined;
  const { operator, right } = update;
  if (operator === "+=" || operator === "-=") return signed(operator === "+=", constant(env, right));
  const sum = unwrap(right);
  if (operator !== "=" || sum.type !== "BinaryExpression" || (sum.operator !== "+" && sum.operator !== "-"))
    return undefined;
  if (isIt(unwrap(sum.left))) return signed(sum.operator === "+", constant(env, sum.right));
  return sum.operator === "+" && isIt(unwrap(sum.right)) ? constant(env, sum.left) : undefined;
}

function signed(isPlus: boolean, value: number | undefined): number | undefined {
  return value === undefined || isPlus ? value : -value;
}

/** Value of an integer literal or a name of an integer constant; `undefined` for other expressions. */
function constant(env: Env, node: Expression): number | undefined {
  const inner = unwrap(node);
  if (inner.type !== "Literal" && inner.type !== "Identifier") return undefined;
  const entity = env.unit.elaborate.evaluate(env, inner);
  if (entity.kind !== "scalar" || entity.value.kind !== "const") return undefined;
  const { value } = entity.value;
  return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : undefined;
}

/** True if the bound of a loop is the same in each iteration. */
function isFixed(
  env: Env,
  { name, bound }: LoopComparison,
  stmt: ForStatement,
  parts: LoopHandlers,
): boolean {
  let isPlain = true;
  walk(bound, (node) => {
    if (node.type === "AssignmentExpression" || node.type === "UpdateExpression" || isFunction(node))
      isPlain = false;
    if (node.type === "CallExpression" && rootOf((node as Node & { callee: Node }).callee) !== "Math")
      isPlain = false;
  });
  if (!isPlain || usesOwnNames(bound, stmt)) return false;
  const value = withScope(nested(env, new Set()), stmt, (trial) => {
    declareOthers(trial, stmt, name, parts);
    return numberEntity(trial, bound).value;
  });
  const isSteady = !someExpr(value, (part) => {
    if (part.kind === "local") return env.unit.mutable.has(part.name);
    return part.kind === "load" && env.unit.dims.has(part.array);
  });
  if (isSteady) return true;
  // a value is unchanged if the loop neither writes to it nor calls a function that could
  let calls = false;
  walk(stmt, (node) => {
    if (node.type !== "CallExpression") return;
    const callee = unwrap((node as CallExpression).callee);
    // push writes only to its array, which `writtenNames` contains
    const isPush = callee.type === "MemberExpression" && (callee.property as Identifier).name === "push";
    if (!isPush && rootOf(callee) !== "Math") calls = true;
  });
  const names = usedNames(bound);
  const changed = [...assignedNames(stmt), ...writtenNames(stmt)];
  const isAliased = someExpr(value, (part) => part.kind === "load" && env.unit.dims.has(part.array));
  return !calls && !isAliased && !changed.some((one) => names.has(one)) && !usesFields(bound);
}

function usesFields(bound: Expression): boolean {
  let uses = false;
  walk(bound, (node) => {
    if (node.type === "MemberExpression") uses = true;
  });
  return uses;
}

/** True if a bound uses variables that the head of the loop declares and reassigns. */
function usesOwnNames(bound: Expression, { init }: ForStatement): boolean {
  const names = usedNames(bound);
  return init?.type === "VariableDeclaration"
    ? init.declarations.some(
        ({ id }) => id.type === "Identifier" && names.has(id.name) && isReassigned(init, id.name),
      )
    : false;
}

function numberEntity(env: Env, node: Expression): { readonly value: RegionExpr } {
  const entity = env.unit.elaborate.evaluate(env, node);
  return { value: numberValue(env, node, entity) };
}

function countedFor(
  env: Env,
  stmt: ForStatement,
  { id, first, operator, bound, ahead, more, step }: CountedForLoop,
  labels: readonly string[],
  parts: LoopHandlers,
): void {
  const from = keep(env, numberEntity(env, first).value, "from");
  declareOthers(env, stmt, id.name, parts);
  const limit = keep(env, numberEntity(env, bound).value, "to");
  const index = env.unit.names.fresh(id.name);
  const entity = scalar(local(index, "f64"));
  env.scope.set(id.name, { entity, block: stmt, reassigned: false, isConst: true });
  const trial = nested(env, new Set());
  const also = more === undefined ? truth(true) : condition(trial, more);
  const end = endOf(limit, operator);
  const to = ahead === 0 ? end : apply("sub", "f64", end, number(ahead));
  const trip = { index, from, to, step, mayEnd: more !== undefined || mayLeave(stmt) };
  placeGrowth(env, stmt);
  const { body, goesOn } = repeated(env, stmt, labels, parts, runBody(parts, stmt), { trip });
  const live = and(goesOn, also);
  const head = {
    kind: "for",
    index,
    from,
    to,
    step,
    body,
    at: headOf(env, stmt),
  } as const;
  env.out.push(isTrue(live) ? head : { ...head, live });
}

/**
 * First integer that the index does not reach. If the index turns out not to be an integer, `integers.ts` undoes this
 * rounding.
 */
function endOf(limit: RegionExpr, operator: CountedForLoop["operator"]): RegionExpr {
  switch (operator) {
    case "<":
      return apply("ceil", "f64", limit);
    case "<=":
      return apply("add", "f64", apply("floor", "f64", limit), number(1));
    case ">":
      return apply("floor", "f64", limit);
    case ">=":
      return apply("sub", "f64", apply("ceil", "f64", limit), number(1));
  }
}

/** Elaborates `for (const x of xs)`, also over `xs.entries()` and `xs.keys()`. */
function forOf(env: Env, stmt: ForOfStatement, labels: readonly string[], parts: LoopHandlers): void {
  const { left, right } = stmt;
  if (stmt.await === true)
    return refuse(env, stmt, "await waits for something outside; await before the call.");
  if (left.type !== "VariableDeclaration")
    return refuse(env, left, "declare the variable in the head of the loop: for (const x of xs).");
  const { array, kind } = iterated(env, right);
  const pattern = left.declarations[0]!.id;
  const index = env.unit.names.fresh("i");
  const place = local(index, "f64");
  // the contents of the array must not be replaced during the loop
  const binding = { entity: array, block: env.unit.module.program, reassigned: false, isConst: true };
  env.unit.aliases.push({ name: "for … of", binding });
  const bounds = { index, from: number(0), to: arrayLength(array), step: 1 } as const;
  placeGrowth(env, stmt);
  const run = (inner: Env): void =>
    withScope(inner, stmt, (scoped) => {
      const item = itemAt(array, place);
      const pair = [scalar(place), item];
      const value: Entity =
        kind === "entries"
          ? { kind: "tuple", items: pair, root: newRoot(scoped, "[…]"), fresh: true }
          : kind === "keys"
            ? scalar(place)
            : item;
      declare(scoped, pattern, value, left, { isConst: left.kind === "const" });
      runBody(parts, stmt)(scoped);
    });
  const trip = { ...bounds, mayEnd: mayLeave(stmt) };
  const { body, goesOn } = repeated(env, stmt, labels, parts, run, { trip });
  const head = { kind: "for", ...bounds, body, at: headOf(env, stmt) } as const;
  env.out.push(isTrue(goesOn) ? head : { ...head, live: goesOn });
}

function iterated(
  env: Env,
  node: Expression,
): { readonly array: ArrayEntity; readonly kind: "values" | "entries" | "keys" } {
  const given = unwrap(node);
  const callee = given.type === "CallExpression" ? unwrap(given.callee) : undefined;
  if (callee?.type === "MemberExpression" && !callee.computed && callee.property.type === "Identifier") {
    const { name } = callee.property;
    if (name === "entries" || name === "keys" || name === "values") {
      const object = env.unit.elaborate.evaluate(env, callee.object);
      if (object.kind === "global") refuseListing(env, given as CallExpression, `${object.name}.${name}`);
      return { array: asArray(env, callee.object, object), kind: name };
    }
  }
  return { array: asArray(env, node, env.unit.elaborate.evaluate(env, node)), kind: "values" };
}

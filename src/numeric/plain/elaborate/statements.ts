import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { and, not, truth } from "../draft/draft.ts";
import type { Entity } from "../entities/entity.ts";
import { absenceOf, nothing, optional, scalar } from "../entities/entity.ts";
import type { Env, Jump } from "../entities/env.ts";
import { assuming, at, flagExpr, isReassigned, nested, refuse, textOf, withScope } from "../entities/env.ts";
import { simplified } from "../entities/facts.ts";
import { declare, mayBeAssigned } from "../names/declare.ts";
import { emptyArray, isUnknown, unknownStorage, unset } from "../names/unset.ts";
import { exchangeByThird } from "../names/exchange.ts";
import type { PlainType } from "../form/form.ts";
import { refuseForIn } from "../operations/fields.ts";
import { beginGrowth, endGrowth } from "../operations/growth.ts";
import { condition, isPart, withDefault } from "../operations/operators.ts";
import type {
  Expression,
  IfStatement,
  Node,
  Pattern,
  Statement,
  TypeNode,
  VariableDeclaration,
} from "../syntax/ast.ts";
import type { DefaultStatement } from "../syntax/defaults.ts";
import { defaultStatements } from "../syntax/defaults.ts";
import { PlainError } from "../syntax/refuse.ts";
import { hasOpenFields, typeOf } from "../syntax/types.ts";
import { eachUse, isFunction, neverCompletes, pushedNames, unwrap, usedNames } from "../syntax/walk.ts";
import { BranchChain } from "./branches.ts";
import { effect, evaluate } from "./expressions.ts";
import { exitsOf, jumpOf, takeJump } from "./jumps.ts";
import { loopStatement } from "./loops.ts";
import { switchStatement } from "./switch.ts";
import { throwStatement } from "./throws.ts";

/** Elaborates the statements of a block in a new scope. */
export function block(env: Env, node: Node, body: readonly Statement[]): void {
  withScope(env, node, (inner) => sequence(inner, body));
}

/** Elaborates statements in order. Statements after one that may jump away run only if the jump was not taken. */
function sequence(env: Env, body: readonly Statement[]): void {
  for (const stmt of body) if (stmt.type === "FunctionDeclaration" && stmt.id) declareFunction(env, stmt);
  run(env, body, 0);
}

function declareFunction(env: Env, node: Statement & { readonly type: "FunctionDeclaration" }): void {
  const entity: Entity = { kind: "function", node, module: env.module, scope: env.scope, around: env.around };
  env.scope.set(node.id!.name, { entity, block: env.scope.node, reassigned: false, isConst: true });
}

function run(env: Env, body: readonly Statement[], from: number): void {
  const midway: Env = { ...env, tail: new Set() };
  for (let k = from; k < body.length; k++) {
    const stmt = body[k]!;
    const isLast = k === body.length - 1;
    const exchanged = exchangeByThird(env, body, k);
    if (exchanged > 0) {
      k += exchanged - 1;
      continue;
    }
    const grown = grownNames(env, stmt);
    for (const name of grown) beginGrowth(env, name, stmt);
    const end = (inner: Env): void => {
      for (const name of grown) endGrowth(inner, name, stmt);
    };
    const exits = exitsOf(env, stmt);
    if (isLast || exits.length === 0) {
      attempt(isLast ? env : midway, stmt);
      end(env);
      if (neverCompletes(stmt)) return;
      continue;
    }
    if (stmt.type === "IfStatement" && continuesInBranch(env, stmt)) {
      ifStatement(env, stmt, (inner) => {
        end(inner);
        run(inner, body, k + 1);
      });
      return;
    }
    attempt(midway, stmt);
    const rest = nested(env);
    end(rest);
    if (neverCompletes(stmt)) return;
    run(rest, body, k + 1);
    const statements = rest.out.statements();
    if (statements.length > 0)
      env.out.push({ kind: "if", condition: notTaken(exits), then: statements, otherwise: [] });
    return;
  }
}

/**
 * Elaborates a statement. While the storage of a variable is not known, an error in its uses does not end the
 * elaboration, because an assignment further down may determine the storage.
 */
function attempt(env: Env, stmt: Statement): void {
  const { unit } = env;
  try {
    execute(env, stmt);
  } catch (error) {
    const isOpen = unit.unknown.some(({ key }) => !unit.learned.has(key));
    if (!(error instanceof PlainError) || !isOpen) throw error;
    unit.deferred ??= error;
  }
}

/** Names of the arrays of the current block that a statement appends to, directly or by calling a function inside. */
function grownNames(env: Env, stmt: Statement): string[] {
  if (!env.module.text.includes("push") || stmt.type === "FunctionDeclaration") return [];
  if (
    stmt.type === "VariableDeclaration" &&
    stmt.declarations.every(({ init }) => init && isFunction(unwrap(init)))
  )
    return [];
  const names = new Set(pushedNames(stmt));
  for (const name of usedNames(stmt)) {
    const entity = env.scope.get(name)?.entity;
    if (entity?.kind === "function" && entity.scope !== undefined)
      for (const pushed of pushedNames(entity.node)) names.add(pushed);
  }
  return [...names].filter((name) => env.scope.own(name) !== undefined);
}

/** Condition that is true if none of the jumps was taken. */
function notTaken(exits: readonly Jump[]): RegionExpr {
  return exits
    .map((jump) => flagExpr(jump))
    .reduce<RegionExpr>((all, flag) => (flag === undefined ? all : and(all, not(flag))), truth(true));
}

/**
 * True if one branch never completes and the other never jumps, so that the following statements can be moved into the
 * other branch.
 */
function continuesInBranch(env: Env, { consequent, alternate }: IfStatement): boolean {
  const jumps = (stmt: Statement | null | undefined): boolean => !!stmt && exitsOf(env, stmt).length > 0;
  const ends = (stmt: Statement | null | undefined): boolean => !!stmt && neverCompletes(stmt);
  return (ends(consequent) && !jumps(alternate)) || (ends(alternate) && !jumps(consequent));
}

const otherStatements: Readonly<Record<string, string>> = {
  TryStatement:
    "try and catch are outside of what can be differentiated: test beforehand with if, and throw if the test fails.",
  ClassDeclaration:
    "classes are outside of what can be differentiated: use functions and objects of numbers.",
  WithStatement: "with is outside of what can be differentiated.",
  TSEnumDeclaration: "declare the enum at the head of the module.",
};

/** Elaborates one statement. `labels` are its labels. */
function execute(env: Env, stmt: Statement, labels: readonly string[] = []): void {
  const given = defaultStatements(env.calls.at(-1)!.node).get(stmt);
  if (given !== undefined) return defaultStatement(env, stmt, given);
  switch (stmt.type) {
    case "VariableDeclaration":
      return declaration(env, stmt);
    case "BlockStatement":
      return block(env, stmt, stmt.body);
    case "ExpressionStatement":
      if (typeof stmt.directive !== "string") expressionStatement(env, stmt.expression);
      return;
    case "IfStatement":
      return ifStatement(env, stmt);
    case "ForStatement":
    case "ForOfStatement":
    case "WhileStatement":
    case "DoWhileStatement":
      return loopStatement(env, stmt, labels, { execute, notTaken, declareIn: declaration });
    case "SwitchStatement":
      return switchStatement(env, stmt, labels, { sequence, notTaken });
    case "LabeledStatement":
      return labeled(env, stmt, labels);
    case "BreakStatement":
    case "ContinueStatement":
      return takeJump(
        env,
        jumpOf(env, stmt),
        stmt.type === "BreakStatement" ? "stop" : "skip",
        at(env, stmt),
      );
    case "ReturnStatement": {
      const { returns } = env;
      if (returns === undefined) return refuse(env, stmt, "return stands outside of a function.");
      const value = stmt.argument ? evaluate(env, stmt.argument) : nothing;
      returns.give(env, stmt, value);
      return takeJump(env, returns.jump, "done", at(env, stmt));
    }
    case "ThrowStatement":
      return throwStatement(env, stmt);
    case "FunctionDeclaration":
    case "EmptyStatement":
    case "DebuggerStatement":
    case "TSDeclareFunction":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return;
    case "TSEnumDeclaration":
    default:
      return refuseOther(env, stmt);
  }
}

/** Elaborates a statement that assigns a parameter its default. The name then refers to the resulting value. */
function defaultStatement(env: Env, stmt: Statement, { target, value }: DefaultStatement): void {
  const given = withDefault(env, stmt, evaluate(env, target), value);
  declare(env, target, given, stmt, { isConst: false, isParameter: true });
}

function refuseOther(env: Env, node: Node): never {
  if (node.type === "ForInStatement")
    return refuseForIn(env, node, (node as Node & { readonly right: Expression }).right);
  return refuse(
    env,
    node,
    otherStatements[node.type] ?? `${textOf(env, node)} is outside of what can be differentiated.`,
  );
}

function labeled(
  env: Env,
  stmt: Statement & { readonly type: "LabeledStatement" },
  labels: readonly string[],
): void {
  const own = [...labels, stmt.label.name];
  const { body } = stmt;
  if (body.type !== "BlockStatement" && body.type !== "IfStatement") return execute(env, body, own);
  const jump: Jump = { flag: undefined, declarations: env.out.reserve() };
  const frames = [...env.frames, { kind: "block", labels: own, break: jump } as const];
  return execute({ ...env, frames, tail: new Set([...env.tail, jump]) }, body);
}

/**
 * Elaborates an `if` with all its `else if` without recursion. `rest`, the statements after it, is emitted into each
 * side that completes.
 */
function ifStatement(env: Env, first: IfStatement, rest?: (inner: Env) => void): void {
  const side = (inner: Env, body: Statement | null | undefined): void => {
    if (body) withScope(inner, body, (scoped) => execute(scoped, body));
    if (rest !== undefined && !(body && neverCompletes(body))) rest(inner);
  };
  const chain = new BranchChain(env);
  for (let stmt = first; ;) {
    chain.begin();
    const test = simplified(chain.inner.facts, condition(chain.inner, stmt.test));
    let after: Statement | null | undefined = stmt.alternate;
    if (test.kind !== "const") side(chain.branch(test, at(env, stmt, stmt.test.end + 1)), stmt.consequent);
    else if (test.value !== 0) after = stmt.consequent;
    if (after?.type !== "IfStatement" || rest !== undefined) {
      side(chain.inner, after);
      break;
    }
    stmt = after;
  }
  chain.close();
}

/**
 * Elaborates an expression statement: `c && f()`, `c || f()` and `c ? f() : g()` as branches, others only for their
 * side effects.
 */
function expressionStatement(env: Env, given: Expression): void {
  const node = unwrap(given);
  if (node.type !== "ConditionalExpression" && (node.type !== "LogicalExpression" || node.operator === "??"))
    return effect(env, given);
  const test = condition(env, node.type === "ConditionalExpression" ? node.test : node.left);
  const [then, otherwise] = [true, false].map((value) => nested(assuming(env, test, value), new Set())) as [
    Env,
    Env,
  ];
  if (node.type === "ConditionalExpression") {
    expressionStatement(then, node.consequent);
    expressionStatement(otherwise, node.alternate);
  } else expressionStatement(node.operator === "&&" ? then : otherwise, node.right);
  env.out.push({
    kind: "if",
    condition: test,
    then: then.out.statements(),
    otherwise: otherwise.out.statements(),
    at: at(env, node),
  });
}

function declaration(env: Env, { declarations, kind }: VariableDeclaration): void {
  if (kind === "using") return;
  for (const declarator of declarations) {
    const { id, init } = declarator;
    const annotation = id.type === "Identifier" ? id.typeAnnotation?.typeAnnotation : undefined;
    if (annotation?.type === "TSAnyKeyword" || annotation?.type === "TSStringKeyword")
      typeOf(annotation, env.module);
    const hint = id.type === "Identifier" ? id.name : undefined;
    const named = { ...env, hint };
    const value = init
      ? initialValue(named, declarator, init, annotation)
      : withoutValue(named, declarator, id, annotation);
    const typed = asDeclared(named, declarator, value, annotation);
    const held = kind === "const" ? typed : orUndefined(named, declarator, typed, annotation);
    declare(env, id, held, declarator, { isConst: kind === "const" });
  }
}

/** Value of an initialiser. An empty array literal that `push` fills gets the item type of the annotation. */
function initialValue(env: Env, node: Node, init: Expression, annotation: TypeNode | undefined): Entity {
  const value = evaluate(env, init);
  const isEmpty = value.kind === "tuple" && value.fresh && value.items.length === 0;
  if (!isEmpty || env.hint === undefined || !pushedNames(env.scope.node).has(env.hint)) return value;
  const type = annotation ?? (init.type === "TSAsExpression" ? init.typeAnnotation : undefined);
  return (type && emptyArray(env, node, typeOf(type, env.module))) ?? value;
}

/** Value of a variable that is declared without one. */
function withoutValue(env: Env, node: Node, id: Pattern, annotation: TypeNode | undefined): Entity {
  const type = annotation && typeOf(annotation, env.module);
  const isOptional = type?.kind === "optional" && isUnknown(type);
  const isAsked = type === undefined && id.type === "Identifier" && mayAskForValue(env.scope.node, id.name);
  return isOptional || isAsked ? unknownStorage(env, node, undefined) : unset(env, node, type);
}

/** True if code asks if a variable without a type is absent: `x === undefined`, `x == null`, `x ?? y`, `!x`, `x?.y`. */
function mayAskForValue(scope: Node, name: string): boolean {
  let isAsked = false;
  eachUse(scope, (use, around) => {
    const parent: (Node & { operator?: string; optional?: boolean }) | undefined = around.at(-1);
    if (use.name !== name || parent === undefined) return;
    const { operator = "" } = parent;
    isAsked ||= operator.includes("==") || operator.startsWith("!") || operator.startsWith("??");
    isAsked ||= parent.type === "LogicalExpression" || parent.type === "ConditionalExpression";
    isAsked ||= parent.type === "IfStatement" || parent.optional === true;
  });
  return isAsked;
}

/**
 * Gives the fields of a new object that its declared type lets be absent storage for a value, if the function assigns
 * them later.
 */
function asDeclared(env: Env, node: Node, value: Entity, annotation: TypeNode | undefined): Entity {
  if (
    value.kind !== "record" ||
    !value.fresh ||
    annotation === undefined ||
    hasOpenFields(annotation, env.module)
  )
    return value;
  const { hint } = env;
  const isReplaced = hint !== undefined && isReassigned(env.scope.node, hint);
  const typed = (entity: Entity, type: PlainType, name: string): Entity => {
    if (entity.kind === "record" && entity.fresh && type.kind === "record") {
      const fields = new Map(entity.fields);
      for (const field of type.fields) {
        const given = typed(fields.get(field.name) ?? nothing, field.type, field.name);
        if (given.kind !== "nothing") fields.set(field.name, given);
      }
      return { ...entity, fields };
    }
    if (type.kind !== "optional" || isUnknown(type.type) || entity.kind === "optional") return entity;
    if (!isReplaced && !mayBeAssigned(env, name)) return entity;
    if (entity.kind === "nothing") return unset(env, node, type);
    return isPart(entity) ? optional(scalar(truth(true)), entity, type) : entity;
  };
  return typed(value, typeOf(annotation, env.module), "");
}

/** Initial value of a variable whose declared type includes `undefined` or `null`, or that has no type and no value. */
function orUndefined(env: Env, node: Node, value: Entity, annotation: TypeNode | undefined): Entity {
  if (annotation === undefined && value.kind === "nothing" && value.unknown === undefined)
    return unknownStorage(env, node, absenceOf(value) === "null" ? "null" : undefined);
  if (annotation?.type !== "TSUnionType") return value;
  const type = typeOf(annotation, env.module);
  if (type.kind !== "optional") return value;
  if (value.kind === "nothing")
    return value.unknown !== undefined
      ? value
      : isUnknown(type)
        ? unknownStorage(env, node, absenceOf(value) === "null" ? "null" : type.absence)
        : unset(env, node, type);
  if (value.kind === "optional") return { ...value, absence: type.absence ?? value.absence };
  return value.kind === "function" || value.kind === "global"
    ? value
    : optional(scalar(truth(true)), value, type);
}

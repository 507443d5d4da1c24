import type { RegionExpr, ThrownFormat, ThrownPart } from "../../../engine/region/form/region.ts";
import type { Entity } from "../entities/entity.ts";
import { describe, showAbsence } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { assuming, at, isPresent, nested, numberValue, refuse, textOf } from "../entities/env.ts";
import { simplified } from "../entities/facts.ts";
import { condition } from "../operations/operators.ts";
import type { CallExpression, Expression, Node, ThrowStatement } from "../syntax/ast.ts";
import { lookUp } from "../syntax/module.ts";
import { unwrap } from "../syntax/walk.ts";

/** Part of an error message: text, or a value with its format. */
type MessagePart = string | { readonly value: RegionExpr; readonly by: ThrownFormat | undefined };

/**
 * Elaborates `throw new RangeError(…)`. The message may be a template or a concatenation, with numbers and booleans in
 * it.
 */
export function throwStatement(env: Env, stmt: ThrowStatement): void {
  const thrown = unwrap(stmt.argument);
  const isCreated = thrown.type === "NewExpression" || thrown.type === "CallExpression";
  const callee = isCreated ? unwrap(thrown.callee) : undefined;
  if (!isCreated || callee?.type !== "Identifier" || !/(?:Error|Exception)$/.test(callee.name))
    return refuse(env, stmt.argument, 'only errors with a text can be thrown: throw new Error("…").');
  const [text] = thrown.arguments;
  if (text?.type === "SpreadElement")
    return refuse(env, text, "the text of an error is one argument: throw new Error(`… ${x}`).");
  const { name } = callee;
  noteClass(env, name);
  writeThrow(env, stmt, name, text === undefined ? [] : [text], text === undefined ? [name] : []);
}

/**
 * Registers an error class of the program, so that a call can construct its errors. It must be visible at the marked
 * function.
 */
function noteClass({ unit, module, around, scope }: Env, name: string): void {
  if (scope.get(name) !== undefined) return;
  const [used, seen] = [lookUp(name, module, around), lookUp(name, unit.module, unit.around)];
  const isSame =
    (used?.kind === "unreadable" && seen?.kind === "unreadable" && used.declaration === seen.declaration) ||
    (used?.kind === "class" && seen?.kind === "class" && used.node === seen.node);
  if (isSame) unit.errors.add(name);
}

/**
 * Emits the throw statement after all parts of the message are resolved. If a condition chooses between texts, each
 * branch throws separately.
 */
function writeThrow(
  env: Env,
  stmt: ThrowStatement,
  name: string,
  [next, ...rest]: readonly (Expression | string)[],
  parts: readonly MessagePart[],
): void {
  const goOn = (
    inner: Env,
    more: readonly (Expression | string)[],
    found: readonly MessagePart[] = [],
  ): void => writeThrow(inner, stmt, name, [...more, ...rest], [...parts, ...found]);
  if (next === undefined) return env.out.push(statementOf(env, stmt, name, parts));
  if (typeof next === "string") return goOn(env, [], [next]);
  const node = unwrap(next);
  const pieces = piecesOf(env, node);
  if (pieces !== undefined) return goOn(env, pieces);
  if (node.type === "ConditionalExpression" && (isText(env, node.consequent) || isText(env, node.alternate)))
    return choice(env, stmt, condition(env, node.test), (inner, value) =>
      goOn(inner, [value ? node.consequent : node.alternate]),
    );
  const { value: shown, by } = formatted(env, node);
  const entity = env.unit.elaborate.evaluate(env, shown);
  return choice(env, stmt, isPresent(env, entity), (inner, isThere) =>
    isThere
      ? goOn(inner, [], [valueOf(inner, shown, entity, by)])
      : goOn(inner, [], [absentText(inner, shown, entity)]),
  );
}

/** Text of an absent value in a message. */
function absentText(env: Env, node: Node, entity: Entity): string {
  const text = showAbsence(entity);
  if (text !== "null or undefined") return text;
  return refuse(
    env,
    node,
    `${textOf(env, node)} may be null or undefined: use one of them for a missing value.`,
  );
}

function choice(env: Env, stmt: Node, given: RegionExpr, write: (inner: Env, value: boolean) => void): void {
  const test = simplified(env.facts, given);
  if (test.kind === "const") return write(env, test.value !== 0);
  const [then, otherwise] = [true, false].map((value) => {
    const inner = nested(assuming(env, test, value), new Set());
    write(inner, value);
    return inner.out.statements();
  }) as [ReturnType<Env["out"]["statements"]>, ReturnType<Env["out"]["statements"]>];
  env.out.push({ kind: "if", condition: test, then, otherwise, at: at(env, stmt) });
}

function statementOf(env: Env, stmt: Node, name: string, parts: readonly MessagePart[]) {
  let message = "";
  const more: ThrownPart[] = [];
  for (const part of parts) {
    if (typeof part !== "string") more.push({ value: part.value, ...(part.by && { by: part.by }), text: "" });
    else if (more.length === 0) message += part;
    else more.push({ ...more.at(-1)!, text: more.pop()!.text + part });
  }
  return {
    kind: "throw",
    message,
    ...(more.length > 0 && { more }),
    ...(name !== "Error" && { error: name }),
    at: at(env, stmt),
  } as const;
}

/** Splits the text of a message into its parts in order; `undefined` if the expression is a value, not a text. */
function piecesOf(env: Env, node: Expression): (Expression | string)[] | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? [node.value] : undefined;
  if (node.type === "TemplateLiteral")
    return node.quasis.flatMap(({ value }, i) => {
      const expression = node.expressions[i];
      return expression === undefined ? [value.cooked ?? ""] : [value.cooked ?? "", expression];
    });
  if (node.type === "BinaryExpression") return isText(env, node) ? [node.left, node.right] : undefined;
  if (node.type === "CallExpression") {
    const [only] = node.arguments;
    const isString = node.callee.type === "Identifier" && node.callee.name === "String";
    return isString && only !== undefined && only.type !== "SpreadElement" ? [only] : undefined;
  }
  const text = node.type === "Identifier" ? constantText(env, node.name) : undefined;
  return text === undefined ? undefined : [text];
}

/** True if an expression is a string, so that `+` concatenates. */
function isText(env: Env, given: Expression): boolean {
  const node = unwrap(given);
  if (node.type === "BinaryExpression")
    return node.operator === "+" && (isText(env, node.left) || isText(env, node.right));
  if (node.type === "ConditionalExpression")
    return isText(env, node.consequent) || isText(env, node.alternate);
  if (piecesOf(env, node) !== undefined) return true;
  return node.type === "CallExpression" && formatOf(node) !== undefined;
}

/** Value of a string constant outside of the function, such as `const unit = "metres"`; `undefined` for other names. */
function constantText(env: Env, name: string): string | undefined {
  if (env.scope.get(name) !== undefined) return undefined;
  const found = lookUp(name, env.module, env.around);
  if (found?.kind !== "variable" || !found.fixed || !found.init) return undefined;
  const init = unwrap(found.init);
  return init.type === "Literal" && typeof init.value === "string" ? init.value : undefined;
}

const methods: ReadonlySet<string> = new Set(["toFixed", "toPrecision", "toExponential"]);

/**
 * Returns the formatting method of a call such as `x.toFixed(2)` with its constant argument; `undefined` for
 * `x.toString()` and other calls.
 */
function formatOf({ callee, arguments: args }: CallExpression): ThrownFormat | undefined {
  if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier")
    return undefined;
  const { name } = callee.property;
  if (name === "toString" && args.length === 0) return undefined;
  if (!methods.has(name)) return undefined;
  const [digits] = args;
  if (digits === undefined) return [name as ThrownFormat[0]];
  return digits.type === "Literal" && typeof digits.value === "number"
    ? [name as ThrownFormat[0], digits.value]
    : undefined;
}

/**
 * For an expression in an error message, returns the value to print and its format: for `x.toFixed(2)` the value `x`
 * with two decimals.
 */
function formatted(
  env: Env,
  node: Expression,
): { readonly value: Expression; readonly by: ThrownFormat | undefined } {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression")
    return { value: node, by: undefined };
  const by = formatOf(node);
  const { object, property } = node.callee;
  const isString =
    property.type === "Identifier" && property.name === "toString" && node.arguments.length === 0;
  if (by === undefined && !isString) return { value: node, by };
  const [, digits] = by ?? [];
  if (digits !== undefined && !(Number.isInteger(digits) && digits >= 0 && digits <= 100))
    return refuse(env, node, `${textOf(env, node)}: the number of digits is an integer from 0 to 100.`);
  return { value: object, by };
}

function valueOf(env: Env, node: Expression, entity: Entity, by: ThrownFormat | undefined): MessagePart {
  const value = entity.kind === "optional" ? entity.value : entity;
  if (value.kind !== "scalar")
    return refuse(
      env,
      node,
      `the text of an error holds texts, numbers and booleans, and ${textOf(env, node)} is ${describe(value)}: write its numbers, as in \`\${x[0]}\`.`,
    );
  return { value: by === undefined ? value.value : numberValue(env, node, value), by };
}

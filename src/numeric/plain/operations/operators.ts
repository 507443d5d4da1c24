import type { RegionExpr } from "../../../engine/region/form/region.ts";
import {
  and,
  apply,
  arithmetic,
  compare,
  convert,
  not,
  number,
  or,
  select,
  someExpr,
  truth,
} from "../draft/draft.ts";
import type { Entity, OptionalEntity, PresentEntity, ScalarEntity, TextEntity } from "../entities/entity.ts";
import { absenceOf, jointAbsence, nothing, optional, scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import {
  assuming,
  at,
  atom,
  codeOf,
  inOrder,
  isPresent,
  keep,
  letLocal,
  nested,
  newRoot,
  numberValue,
  placeHere,
  refuse,
  scalarValue,
  shallow,
  textOf,
} from "../entities/env.ts";
import { simplified } from "../entities/facts.ts";
import type { ValuePlan } from "../entities/plan.ts";
import { jointPlan } from "../entities/joint-plan.ts";
import { copyInto, makeRoom, optionalPlan, planOf } from "../entities/plan.ts";
import { allRoots, isFresh, noteCopy, readAll } from "../entities/sharing.ts";
import type { NullAbsence } from "../form/form.ts";
import type {
  BinaryExpression,
  ConditionalExpression,
  Expression,
  Literal,
  LogicalExpression,
  Node,
  UnaryExpression,
} from "../syntax/ast.ts";
import { unwrap } from "../syntax/walk.ts";
import { refuseLeftOut } from "./left-out.ts";
import { bitwise, isBitOperator } from "./bits.ts";

const unaryNames = { "-": "minus", "+": "plus", "!": "not", "~": "not of bits" } as const;

export function unary(env: Env, node: UnaryExpression): Entity {
  const operand = (): Entity => env.unit.elaborate.evaluate(env, node.argument);
  switch (node.operator) {
    case "-":
      return scalar(arithmetic("neg", numberValue(env, node.argument, operand())));
    case "+":
      return scalar(convert("f64", scalarValue(env, node.argument, operand())));
    case "!":
      return scalar(not(condition(env, node.argument)));
    case "~":
      return scalar(bitwise(env, "^", numberValue(env, node.argument, operand()), number(-1)));
    default:
      return refuse(
        env,
        node,
        `${node.operator} is outside of what can be differentiated; of one value there are ${Object.keys(unaryNames).join(" ")}.`,
      );
  }
}

const arithmeticOperators: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "%": "rem",
};
const comparisons: Readonly<Record<string, (x: RegionExpr, y: RegionExpr) => RegionExpr>> = {
  "<": (x, y) => compare("less", x, y),
  "<=": (x, y) => compare("lessEqual", x, y),
  ">": (x, y) => compare("less", y, x),
  ">=": (x, y) => compare("lessEqual", y, x),
  "===": (x, y) => compare("equal", x, y),
  "==": (x, y) => compare("equal", x, y),
  "!==": (x, y) => compare("notEqual", x, y),
  "!=": (x, y) => compare("notEqual", x, y),
};

const chained: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%", "**", "|", "&", "^"]);

/**
 * Evaluates a binary expression such as `x + y`. A chain `x + y + z + …` is evaluated in a loop, because generated code
 * contains sums of 10,000 terms.
 */
export function binary(env: Env, node: BinaryExpression): Entity {
  if (!chained.has(node.operator)) return binaryOf(env, node);
  const chain = [node];
  for (
    let left = leftOf(node);
    left.type === "BinaryExpression" && chained.has(left.operator);
    left = leftOf(left)
  )
    chain.push(left);
  let value = env.unit.elaborate.evaluate(env, chain.at(-1)!.left);
  for (const one of chain.toReversed()) {
    value = binaryOf(env, one, value);
    if (value.kind === "scalar") value = { ...value, value: shallow(env, value.value) };
  }
  return value;
}

/** Left operand, without parentheses. */
function leftOf({ left }: BinaryExpression | LogicalExpression): Expression {
  let inner = left;
  while (inner.type === "ParenthesizedExpression") inner = inner.expression;
  return inner;
}

/** Evaluates one binary operator. `given` is the value of its left operand if it is already evaluated. */
function binaryOf(env: Env, node: BinaryExpression, given?: Entity): Entity {
  const { operator, left, right } = node;
  if (operator === "in") return scalar(hasField(env, node));
  const isEquality = operator.endsWith("==") || operator.startsWith("!");
  const isDenied = operator.startsWith("!");
  const typed = isEquality ? typeTest(env, node) : undefined;
  if (typed !== undefined) return scalar(isDenied ? not(typed) : typed);
  const [first, second] = inOrder(env, [left, right], (inner, side) => {
    if (side === left && given !== undefined) return given;
    const isTested = isEquality && isNothing(side === left ? right : left);
    return inner.unit.elaborate.evaluate(isTested ? { ...inner, maybeAbsent: unwrap(side) } : inner, side);
  });
  const equal = isEquality ? equality(env, node, first!, second!) : undefined;
  if (equal !== undefined) return scalar(isDenied ? not(equal) : equal);
  const comparison = comparisons[operator];
  if (comparison !== undefined) {
    const texts = isEquality ? sameText(first!, second!) : undefined;
    if (texts !== undefined) return scalar(isDenied ? not(texts) : texts);
    const [x, y] = [scalarValue(env, left, first!), scalarValue(env, right, second!)];
    if (x.type !== y.type || (x.type === "bool" && !isEquality))
      return refuse(env, node, `${textOf(env, node)} compares a boolean with a number: compare numbers.`);
    return scalar(comparison(x, y));
  }
  const [x, y] = [numberValue(env, left, first!), numberValue(env, right, second!)];
  if (operator === "**") return scalar(power(env, x, y));
  if (isBitOperator(operator)) return scalar(bitwise(env, operator, x, y));
  const name = arithmeticOperators[operator];
  if (name === undefined) return refuse(env, node, `${operator} is outside of what can be differentiated.`);
  return scalar(arithmetic(name, x, y));
}

/** True for `undefined` and `null`. */
function isNothing(given: Expression): boolean {
  const node = unwrap(given);
  return node.type === "Identifier"
    ? node.name === "undefined"
    : node.type === "Literal" && node.raw === "null";
}

/** Condition that two strings are equal; `undefined` if one of the values is not a string. */
export function sameText(x: Entity, y: Entity): RegionExpr | undefined {
  if (x.kind !== "text" || y.kind !== "text") return undefined;
  const [a, b] = [x.code.value, y.code.value];
  return a.kind === "const" && b.kind === "const" ? truth(a.value === b.value) : compare("equal", a, b);
}

/**
 * Evaluates `name in object`, if the type of the object decides it, or the member of a union that the object is. A name
 * that is only known at run time may be that of an optional field.
 */
function hasField(env: Env, node: BinaryExpression): RegionExpr {
  const key = unwrap(node.left);
  const name = key.type === "Literal" && typeof key.value === "string" ? key.value : undefined;
  if (name === undefined) return hasFieldNamed(env, node, env.unit.elaborate.evaluate(env, node.left));
  const object = env.unit.elaborate.evaluate(env, node.right);
  if (object.kind !== "record") return refuse(env, node, `in ${inAdvice(env, node)}`);
  const field = object.fields.get(name);
  if (field === undefined && env.module.leftOut.has(name)) return refuseLeftOut(env, node, name);
  if (field === undefined || field.kind === "nothing") return truth(false);
  if (field.kind !== "optional") return truth(true);
  return field.isMember === true ? isPresent(env, field) : refuse(env, node, `in ${inAdvice(env, node)}`);
}

/** Evaluates `key in object` for a key that is only known at run time. All fields must be present. */
function hasFieldNamed(env: Env, node: BinaryExpression, key: Entity): RegionExpr {
  const object = env.unit.elaborate.evaluate(env, node.right);
  if (key.kind !== "text" || object.kind !== "record") return refuse(env, node, `in ${inAdvice(env, node)}`);
  const code = atom(env, key.code.value, "key");
  const names = [...object.fields.keys(), ...env.module.leftOut];
  return names.reduce<RegionExpr>((found, name) => {
    const known = codeOf(env.unit, name);
    if (key.cases?.includes(known) === false) return found;
    const field = object.fields.get(name);
    if (field === undefined) return refuseLeftOut(env, node, name);
    if (field.kind === "optional" && field.isMember !== true)
      return refuse(
        env,
        node,
        `in tests for a name, and ${name} may be absent. Test ${textOf(env, node.right)}[${textOf(env, node.left)}] !== undefined.`,
      );
    const isIt = compare("equal", code, number(known));
    return or(found, field.kind === "optional" ? and(isIt, isPresent(env, field)) : isIt);
  }, truth(false));
}

/** Advice for messages: how to test for a field without `"a" in p`. */
function inAdvice(env: Env, { left, right }: BinaryExpression): string {
  const key = unwrap(left);
  const object = textOf(env, right);
  const field = key.type === "Literal" && typeof key.value === "string" ? `${object}.${key.value}` : "p.a";
  return `tests for a name, which is a string. Make the field optional in the type, and test ${field} !== undefined.`;
}

/**
 * Expression of `x ** y` with JavaScript's semantics: 1 to the power of NaN is NaN, and so is ±1 to the power of an
 * infinity. Squares and cubes are computed as products.
 */
export function power(env: Env, x: RegionExpr, y: RegionExpr): RegionExpr {
  if (y.kind === "const") {
    if (y.value === 1) return x;
    if (y.value === 2 || y.value === 3) {
      const base = atom(env, x);
      const square = arithmetic("mul", base, base);
      return y.value === 2 ? square : arithmetic("mul", square, base);
    }
    if (y.value === -1) return arithmetic("div", number(1), x);
    if (Number.isFinite(y.value)) return apply("pow", "f64", x, y);
  }
  const [base, exponent] = [atom(env, x), atom(env, y)];
  const isFinite = compare("equal", arithmetic("sub", exponent, exponent), number(0));
  const isDefined = or(isFinite, compare("notEqual", apply("abs", "f64", base), number(1)));
  return select(isDefined, apply("pow", "f64", base, exponent), number(NaN));
}

/** Condition that JavaScript derives from a number: true except for 0 and NaN. */
export function truthOf(value: RegionExpr): RegionExpr {
  if (value.type === "bool") return value;
  return compare("less", number(0), apply("abs", "f64", value));
}

/** Evaluates an expression as a condition. Arrays, objects and functions are true, `undefined` is false. */
export function condition(env: Env, given: Expression): RegionExpr {
  const node = unwrap(given);
  if (node.type === "LogicalExpression" && node.operator !== "??")
    return scalarValue(env, node, logical(env, node, condition));
  const value = env.unit.elaborate.evaluate(env, given);
  const inner = value.kind === "optional" ? value.value : value;
  if (inner.kind === "scalar") return truthOf(scalarValue(env, given, value));
  if (inner.kind === "global") return scalarValue(env, given, value);
  return isPresent(env, value);
}

const numberOrBoolean = (env: Env, node: Expression): RegionExpr =>
  scalarValue(env, node, env.unit.elaborate.evaluate(env, node));

type OperandReader = (env: Env, node: Expression) => RegionExpr;

/**
 * Evaluates `&&`, `||` and `??`, with short-circuit evaluation. A chain `x && y && …` is evaluated in a loop. `read`
 * evaluates an operand as a value or as a condition.
 */
export function logical(env: Env, node: LogicalExpression, read: OperandReader = numberOrBoolean): Entity {
  if (node.operator === "??") {
    const given = env.unit.elaborate.evaluate({ ...env, maybeAbsent: unwrap(node.left) }, node.left);
    return orElse(env, node, given, node.right);
  }
  const chain = [node];
  for (
    let left = leftOf(node);
    left.type === "LogicalExpression" && left.operator !== "??";
    left = leftOf(left)
  )
    chain.push(left);
  let value = scalar(read(env, chain.at(-1)!.left));
  for (const one of chain.toReversed()) {
    value = logicalOf(env, one, value.value, read);
    if (value.target === undefined) value = scalar(shallow(env, value.value));
  }
  return value;
}

function logicalOf(env: Env, node: LogicalExpression, left: RegionExpr, read: OperandReader): ScalarEntity {
  const isAnd = node.operator === "&&";
  if (left.kind === "const" && left.type === "bool" && (left.value === 0) === isAnd) return scalar(left);
  const place = env.out.reserve();
  const inner = nested(assuming(env, left, isAnd), new Set());
  const right = read(inner, node.right);
  if (left.type !== right.type) {
    return refuse(
      env,
      node,
      `${textOf(env, node)} is sometimes a number and sometimes a boolean: compare the number with 0.`,
    );
  }
  if (inner.out.size === 0) {
    if (left.type === "bool") return scalar(isAnd ? and(left, right) : or(left, right));
    const x = atom(env, left);
    return scalar(isAnd ? select(truthOf(x), right, x) : select(truthOf(x), x, right));
  }
  const result = letLocal(env, isAnd ? "both" : "either", left, { mutable: true, out: place });
  inner.out.push({ kind: "set", name: nameOf(result), value: right });
  const goesOn = isAnd ? truthOf(result.value) : not(truthOf(result.value));
  env.out.push({
    kind: "if",
    condition: goesOn,
    then: inner.out.statements(),
    otherwise: [],
    at: at(env, node),
  });
  return result;
}

function nameOf({ value }: ScalarEntity): string {
  return value.kind === "local" ? value.name : "";
}

/** Evaluates `c ? x : y`; only the selected side runs. */
export function conditional(env: Env, node: ConditionalExpression): Entity {
  const test = simplified(env.facts, condition(env, node.test));
  const side = (of: Expression) => (inner: Env) => inner.unit.elaborate.evaluate(inner, of);
  const sides = [node.consequent, node.alternate] as const;
  return choose(env, { node, sides, test, then: side(node.consequent), otherwise: side(node.alternate) });
}

/** Value of a parameter or variable with a default, which applies to `undefined` only. */
export function withDefault(env: Env, node: Node, value: Entity, fallback: Expression): Entity {
  const absence = absenceOf(value);
  if (absence === "null") return value;
  const isNull = unwrap(fallback).type === "Literal" && (unwrap(fallback) as Literal).raw === "null";
  if (absence !== "either") return orElse(env, node, value, fallback);
  if (isNull && value.kind === "optional") return { ...value, absence: "null" };
  return refuse(
    env,
    node,
    `${textOf(env, node)}: the default applies to undefined, and the value may also be null: leave null out of the type, or use ?? for both.`,
  );
}

/** Evaluates `value ?? fallback`; `fallback` runs only if the value is `undefined` or `null`. */
function orElse(env: Env, node: Node, value: Entity, fallback: Expression): Entity {
  const otherwise = (inner: Env): Entity => inner.unit.elaborate.evaluate(inner, fallback);
  const sides = [node, fallback] as const;
  const present = (): Entity => (value.kind === "optional" ? value.value : value);
  return choose(env, { node, sides, test: isPresent(env, value), then: present, otherwise });
}

/** A choice between two values by a condition. */
interface ConditionalChoice {
  readonly node: Node;
  /** Source nodes of the two sides, for messages. */
  readonly sides: readonly [then: Node, otherwise: Node];
  readonly test: RegionExpr;
  readonly then: (inner: Env) => Entity;
  readonly otherwise: (inner: Env) => Entity;
}

/** Evaluates one of two values, depending on `test`. The result is optional if either side is `undefined`. */
export function choose(env: Env, { node, sides, test, then, otherwise }: ConditionalChoice): Entity {
  if (test.kind === "const") return test.value === 0 ? otherwise(env) : then(env);
  const place = placeHere(env);
  const first = nested(assuming(env, test, true), new Set());
  const second = nested(assuming(env, test, false), new Set());
  const [x, y] = [then(first), otherwise(second)];
  const isPlain = first.out.size === 0 && second.out.size === 0;
  const merged = isPlain ? merge(env, test, x, y) : undefined;
  if (merged !== undefined) return merged.kind === "scalar" ? merged : withFlags(env, readAll(env, merged));
  if (isPlain && x.kind === "scalar" && y.kind === "scalar")
    return refuse(env, node, `${textOf(env, node)} is sometimes a number and sometimes a boolean.`);
  const { out } = place;
  const lengths = (a: RegionExpr, b: RegionExpr): RegionExpr => select(keep(env, test, "isFirst", out), a, b);
  const plan = planOfEither(env, sides, x, y, lengths);
  if (plan === undefined)
    return refuse(env, node, `both sides of ? : must be of one kind: write if with a variable for each.`);
  // the test may have been stored in a local at the insertion point since it was reserved
  const room = makeRoom(env, node, plan, "chosen", { ...place, serial: env.unit.definitions.size });
  for (const [inner, side, value] of [
    [first, sides[0], x],
    [second, sides[1], y],
  ] as const) {
    noteCopy(env, value, room, side);
    copyInto(inner, side, room, readAll(inner, value));
  }
  env.out.push({
    kind: "if",
    condition: test,
    then: first.out.statements(),
    otherwise: second.out.statements(),
    at: at(env, node),
  });
  return room;
}

/**
 * Returns the value with its presence in a local. Conditions on that local then determine in later code whether the
 * value is present.
 */
function withFlags(env: Env, entity: Entity): Entity {
  if (entity.kind === "optional") {
    const { value } = entity.present;
    const isKnown = !someExpr(
      value,
      (part) => part.kind !== "local" && part.kind !== "const" && !isJunction(part),
    );
    return isKnown ? entity : { ...entity, present: scalar(atom(env, value, "isPresent")) };
  }
  if (entity.kind !== "record") return entity;
  const fields = [...entity.fields].map(([name, field]) => [name, withFlags(env, field)] as const);
  return { ...entity, fields: new Map(fields) };
}

function isJunction(expr: RegionExpr): boolean {
  return (
    expr.kind === "apply" &&
    (expr.function === "bitwiseAnd" || expr.function === "bitwiseOr" || expr.function === "equal") &&
    expr.args.every(({ type }) => type === "bool")
  );
}

/** Plan of storage that fits either of two values, one of which may be `undefined`. */
function planOfEither(
  env: Env,
  [first, second]: ConditionalChoice["sides"],
  x: Entity,
  y: Entity,
  lengths: (a: RegionExpr, b: RegionExpr) => RegionExpr,
): ValuePlan | undefined {
  const isAbsent = [x, y].map(({ kind }) => kind === "nothing");
  if (isAbsent[0] !== isAbsent[1]) {
    const plan = isAbsent[0] === true ? planOf(env, second, y) : planOf(env, first, x);
    return optionalPlan(plan, jointAbsence(absenceOf(x), absenceOf(y)));
  }
  return jointPlan(planOf(env, first, x), planOf(env, second, y), lengths);
}

/**
 * Selects one of two values by an expression, if that needs no statements: numbers, optional values, and objects of
 * them. The parts of the result are not copied. `undefined` for other values.
 */
function merge(env: Env, test: RegionExpr, x: Entity, y: Entity): Entity | undefined {
  if (x.kind === "scalar" && y.kind === "scalar")
    return x.value.type === y.value.type ? scalar(select(test, x.value, y.value)) : undefined;
  if (x.kind === "text" && y.kind === "text")
    return {
      kind: "text",
      code: scalar(select(test, x.code.value, y.code.value)),
      cases: casesOfEither(x, y),
    };
  const absence = jointAbsence(absenceOf(x), absenceOf(y));
  if (x.kind === "nothing" && y.kind === "nothing") return absence === "either" ? undefined : x;
  if (!isSteady(x) || !isSteady(y)) return undefined;
  if (y.kind === "nothing" && isPart(x)) return absent(scalar(test), readWhere(test, x), absence);
  if (x.kind === "nothing" && isPart(y)) return absent(scalar(not(test)), readWhere(not(test), y), absence);
  if (x.kind === "optional" || y.kind === "optional") {
    const [first, second] = [x, y].map((side) => (side.kind === "optional" ? side.value : side));
    const value = merge(env, test, first!, second!);
    if (value === undefined || !isPart(value)) return undefined;
    const isMember = [x, y].every((side) => side.kind !== "optional" || side.isMember === true);
    const merged = absent(scalar(select(test, isPresent(env, x), isPresent(env, y))), value, absence);
    return { ...merged, isMember: isMember ? true : undefined };
  }
  if (x.kind !== "record" || y.kind !== "record") return undefined;
  if (!x.root.readOnly && !y.root.readOnly) return undefined; // the result may be written to
  const names = [...new Set([...x.fields.keys(), ...y.fields.keys()])];
  const fields = new Map<string, Entity>();
  for (const name of names) {
    const [field, other] = [x.fields.get(name), y.fields.get(name)];
    if ((field === undefined || other === undefined) && env.module.leftOut.has(name)) continue;
    // a field of only one of the two types is dropped unless it is optional
    if (
      (field === undefined && other?.kind !== "optional") ||
      (other === undefined && field?.kind !== "optional")
    )
      return undefined;
    const value = merge(env, test, field ?? nothing, other ?? nothing);
    if (value === undefined) return undefined;
    fields.set(name, value);
  }
  return { kind: "record", fields, root: newRoot(env, x.root.label, true), fresh: false };
}

/** Codes of all strings that either of two strings may be; `undefined` if they are not known. */
function casesOfEither(...texts: readonly TextEntity[]): readonly number[] | undefined {
  const all = texts.map(({ code, cases }) => (code.value.kind === "const" ? [code.value.value] : cases));
  return all.every((cases) => cases !== undefined) ? [...new Set(all.flat())] : undefined;
}

/** Builds an optional value whose absence is known, also if `value` is optional itself. */
function absent(
  present: ScalarEntity,
  value: PresentEntity | OptionalEntity,
  absence: NullAbsence | undefined,
): OptionalEntity {
  return { ...optional(present, value), absence };
}

/** True if no write through another name can change the value later. */
function isSteady(value: Entity): boolean {
  return isFresh(value) || allRoots(value).every(({ readOnly }) => readOnly);
}

/** Returns the value such that its array elements are loaded only if the condition holds. */
function readWhere<E extends Entity>(test: RegionExpr, entity: E): E {
  switch (entity.kind) {
    case "scalar": {
      const { value } = entity;
      const isRead = someExpr(value, ({ kind }) => kind === "load");
      const other = value.type === "bool" ? truth(false) : number(NaN);
      return isRead ? (scalar(select(test, value, other)) as Entity as E) : entity;
    }
    case "optional":
      return { ...entity, present: readWhere(test, entity.present), value: readWhere(test, entity.value) };
    case "record": {
      const fields = [...entity.fields].map(([name, field]) => [name, readWhere(test, field)] as const);
      return { ...entity, fields: new Map(fields) };
    }
    case "tuple":
      return { ...entity, items: entity.items.map((item) => readWhere(test, item)) };
    case "text":
      return { ...entity, code: readWhere(test, entity.code) };
    case "array":
    case "function":
    case "global":
    case "nothing":
      return entity;
    default:
      return entity;
  }
}

export function isPart(entity: Entity): entity is PresentEntity | OptionalEntity {
  return entity.kind !== "nothing" && entity.kind !== "function" && entity.kind !== "global";
}

/** Evaluates `x === y` if one of the values may be `undefined`. Returns `undefined` if both are always present. */
function equality(env: Env, node: BinaryExpression, x: Entity, y: Entity): RegionExpr | undefined {
  const mayLack = ({ kind }: Entity): boolean => kind === "nothing" || kind === "optional";
  if (!mayLack(x) && !mayLack(y)) return undefined;
  const [isX, isY] = [isPresent(env, x), isPresent(env, y)];
  const areAlike = node.operator.length === 2 || haveSameAbsence(env, node, x, y);
  if (x.kind === "nothing" || y.kind === "nothing")
    return areAlike ? not(x.kind === "nothing" ? isY : isX) : truth(false);
  const bothAbsent = areAlike ? and(not(isX), not(isY)) : truth(false);
  const [a, b] = [x, y].map((side) => (side.kind === "optional" ? side.value : side));
  const texts = a && b && sameText(a, b);
  if (texts !== undefined) return or(bothAbsent, and(and(isX, isY), texts));
  if (a?.kind !== "scalar" || b?.kind !== "scalar" || a.value.type !== b.value.type)
    return refuse(
      env,
      node,
      `${textOf(env, node)} compares more than two numbers or two booleans: compare with undefined, or compare their parts.`,
    );
  const same = and(and(isX, isY), compare("equal", a.value, b.value));
  return or(bothAbsent, same);
}

/** True if two absent values are the same value in JavaScript. Refuses comparisons that the type does not decide. */
function haveSameAbsence(env: Env, node: Node, x: Entity, y: Entity): boolean {
  const [of, other] = [absenceOf(x), absenceOf(y)];
  if (of === undefined || other === undefined) return false;
  if (of !== "either" && other !== "either") return of === other;
  return refuse(
    env,
    node,
    `${textOf(env, node)}: this value may be null or undefined, and only == null asks for both: use one of them for a missing value.`,
  );
}

/** Evaluates `typeof x === "undefined"` and similar tests; `undefined` for other expressions. */
function typeTest(env: Env, { left, right }: BinaryExpression): RegionExpr | undefined {
  const sides = [unwrap(left), unwrap(right)];
  const asked = sides.find((side) => side.type === "UnaryExpression" && side.operator === "typeof");
  const name = sides.find((side) => side.type === "Literal" && typeof side.value === "string");
  if (asked?.type !== "UnaryExpression" || name?.type !== "Literal") return undefined;
  const value = env.unit.elaborate.evaluate(env, asked.argument);
  const present = isPresent(env, value);
  const absence = absenceOf(value);
  if (absence === "either" && (name.value === "undefined" || name.value === "object"))
    return refuse(
      env,
      asked,
      `${textOf(env, asked)}: this value may be null or undefined: compare it with == null.`,
    );
  if (name.value === "undefined") return absence === "null" ? truth(false) : not(present);
  const isIt =
    value.kind !== "nothing" && typeName(value.kind === "optional" ? value.value : value) === name.value;
  if (absence !== "null" || name.value !== "object") return isIt ? present : truth(false);
  return isIt ? truth(true) : not(present); // typeof null is "object"
}

function typeName(entity: Entity): string {
  if (entity.kind === "scalar") return entity.value.type === "bool" ? "boolean" : "number";
  if (entity.kind === "text") return "string";
  return entity.kind === "function" || entity.kind === "global" ? "function" : "object";
}

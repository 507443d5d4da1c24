import type { RegionExpr } from "../../../engine/region/region.ts";
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
  toInt32,
} from "../draft/draft.ts";
import type { Entity, ScalarEntity } from "../entities/entity.ts";
import { scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import {
  at,
  atom,
  inOrder,
  keep,
  letLocal,
  nested,
  numberValue,
  placeHere,
  refuse,
  scalarValue,
  textOf,
} from "../entities/env.ts";
import { copyInto, jointPlan, makeRoom, planOf } from "../entities/plan.ts";
import { allRoots, borrow, isFresh, readAll } from "../entities/sharing.ts";
import type {
  BinaryExpression,
  ConditionalExpression,
  Expression,
  LogicalExpression,
  UnaryExpression,
} from "../syntax/ast.ts";
import { unwrap } from "../syntax/walk.ts";

const unaryNames = { "-": "minus", "+": "plus", "!": "not" } as const;

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
      return refuse(env, node, bits(node.operator));
    default:
      return refuse(
        env,
        node,
        `${node.operator} is outside of what can be differentiated; of one value there are ${Object.keys(unaryNames).join(" ")}.`,
      );
  }
}

function bits(operator: string): string {
  return (
    `${operator} works on bits, which have no derivative: only | 0, which cuts off decimals, is taken. Write * 2 ** k, ` +
    `Math.floor(x / 2 ** k) or % in its place.`
  );
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

export function binary(env: Env, node: BinaryExpression): Entity {
  const { operator, left, right } = node;
  if (operator === "|" && isZero(right)) {
    return scalar(wrapped(env, numberValue(env, left, env.unit.elaborate.evaluate(env, left))));
  }
  if (["|", "&", "^", "<<", ">>", ">>>"].includes(operator)) return refuse(env, node, bits(operator));
  const [first, second] = inOrder(env, [left, right], (inner, side) =>
    inner.unit.elaborate.evaluate(inner, side),
  );
  const comparison = comparisons[operator];
  if (comparison !== undefined) {
    const [x, y] = [scalarValue(env, left, first!), scalarValue(env, right, second!)];
    const isEquality = operator.endsWith("==") || operator.startsWith("!");
    if (x.type !== y.type || (x.type === "bool" && !isEquality))
      return refuse(env, node, `${textOf(env, node)} compares a boolean with a number: compare numbers.`);
    return scalar(comparison(x, y));
  }
  const [x, y] = [numberValue(env, left, first!), numberValue(env, right, second!)];
  if (operator === "**") return scalar(power(env, x, y));
  const name = arithmeticOperators[operator];
  if (name === undefined) return refuse(env, node, `${operator} is outside of what can be differentiated.`);
  return scalar(arithmetic(name, x, y));
}

/** Whether an expression is written as 0. */
export function isZero(node: Expression): boolean {
  const value = unwrap(node);
  return value.type === "Literal" && value.value === 0;
}

/** `x | 0`. */
export function wrapped(env: Env, x: RegionExpr): RegionExpr {
  return apply(toInt32, "f64", atom(env, x));
}

/**
 * `x ** y` as JavaScript means it: 1 to the power of NaN is NaN, and that of ±1 to the power of an infinity is NaN too. Squares and
 * cubes are products.
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

/** What JavaScript takes for true: numbers but 0 and NaN. */
function truthOf(value: RegionExpr): RegionExpr {
  if (value.type === "bool") return value;
  return compare("less", number(0), apply("abs", "f64", value));
}

/** An expression as a condition. */
export function condition(env: Env, node: Expression): RegionExpr {
  return truthOf(scalarValue(env, node, env.unit.elaborate.evaluate(env, node)));
}

/** `&&` and `||`: the right side is evaluated only where it counts. */
export function logical(env: Env, node: LogicalExpression): Entity {
  if (node.operator === "??") {
    // nothing is missing but arguments that a call left out, which the text shows
    const given = env.unit.elaborate.evaluate(env, node.left);
    return given.kind === "nothing" ? env.unit.elaborate.evaluate(env, node.right) : given;
  }
  const isAnd = node.operator === "&&";
  const left = scalarValue(env, node.left, env.unit.elaborate.evaluate(env, node.left));
  const place = env.out.reserve();
  const inner = nested(env, new Set());
  const right = scalarValue(inner, node.right, env.unit.elaborate.evaluate(inner, node.right));
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

/** `c ? x : y`: only the side that counts is evaluated. */
export function conditional(env: Env, node: ConditionalExpression): Entity {
  const test = condition(env, node.test);
  if (test.kind === "const")
    return env.unit.elaborate.evaluate(env, test.value === 0 ? node.alternate : node.consequent);
  const place = placeHere(env);
  const [then, otherwise] = [nested(env, new Set()), nested(env, new Set())];
  const x = env.unit.elaborate.evaluate(then, node.consequent);
  const y = env.unit.elaborate.evaluate(otherwise, node.alternate);
  const isPlain = then.out.size === 0 && otherwise.out.size === 0;
  if (isPlain && x.kind === "scalar" && y.kind === "scalar") {
    if (x.value.type !== y.value.type)
      return refuse(env, node, `${textOf(env, node)} is sometimes a number and sometimes a boolean.`);
    return scalar(select(test, x.value, y.value));
  }
  const { out } = place;
  const lengths = (a: RegionExpr, b: RegionExpr): RegionExpr => select(keep(env, test, "isFirst", out), a, b);
  const plan = jointPlan(planOf(env, node.consequent, x), planOf(env, node.alternate, y), lengths);
  if (plan === undefined)
    return refuse(env, node, `both sides of ? : must be of one kind: write if with a variable for each.`);
  // the test may have been kept at the place since it was reserved
  const room = makeRoom(env, node, plan, "chosen", { ...place, serial: env.unit.definitions.size });
  for (const [inner, side, value] of [
    [then, node.consequent, x],
    [otherwise, node.alternate, y],
  ] as const) {
    if (!isFresh(value)) borrow(env, [...allRoots(value), ...allRoots(room)], side);
    copyInto(inner, side, room, readAll(inner, value));
  }
  env.out.push({
    kind: "if",
    condition: test,
    then: then.out.statements(),
    otherwise: otherwise.out.statements(),
    at: at(env, node),
  });
  return room;
}

import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { apply, arithmetic, compare, convert, not, number, or, select } from "../draft/draft.ts";
import type { Entity } from "../entities/entity.ts";
import { scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { atom, numberValue, refuse, shallow } from "../entities/env.ts";
import type { Node } from "../syntax/ast.ts";
import { power } from "./operators.ts";

type CallBuilder = (env: Env, xs: readonly RegionExpr[]) => RegionExpr;

const direct =
  "abs acos acosh asin asinh atan atanh cbrt ceil cos cosh exp expm1 floor log log10 log1p log2 sign sin sinh sqrt tan tanh trunc";

const functions: Readonly<Record<string, readonly [arity: number, build: CallBuilder]>> =
  /* @__PURE__ */ (() => ({
    ...Object.fromEntries(
      direct
        .split(" ")
        .map((name): [string, [number, CallBuilder]] => [
          `Math.${name}`,
          [1, (_, [x]) => arithmetic(name, x!)],
        ]),
    ),
    "Math.atan2": [2, (_, [y, x]) => apply("atan2", "f64", y!, x!)],
    "Math.pow": [2, (env, [x, y]) => power(env, x!, y!)],
    "Math.round": [1, (env, [x]) => round(env, x!)],
    "Math.fround": [1, (_, [x]) => convert("f64", convert("f32", x!))],
    "Math.min": [Infinity, (env, xs) => fold(env, "minimum", Infinity, xs)],
    "Math.max": [Infinity, (env, xs) => fold(env, "maximum", -Infinity, xs)],
    "Math.hypot": [Infinity, hypot],
    "Number.isNaN": [1, (env, [x]) => isNotANumber(env, x!)],
    isNaN: [1, (env, [x]) => isNotANumber(env, x!)],
    "Number.isFinite": [1, (env, [x]) => isFiniteNumber(env, x!)],
    isFinite: [1, (env, [x]) => isFiniteNumber(env, x!)],
    "Number.isInteger": [1, (env, [x]) => isInteger(env, x!)],
  }))();

/** Dotted names of the supported functions of numbers. */
export const mathFunctions: readonly string[] = /* @__PURE__ */ (() => Object.keys(functions))();

const refused: Readonly<Record<string, string>> = {
  "Math.random":
    "a random number makes another function of each call, which has no derivative: pass numbers in, or make them with downhill/random.",
  "Date.now": "the time makes another function of each call: pass it in as a number.",
  "performance.now": "the time makes another function of each call: pass it in as a number.",
};

/** True if a dotted name is a built-in function of numbers, supported or refused with a specific reason. */
export function isMathFunction(name: string): boolean {
  return name.startsWith("Math.") || Object.hasOwn(functions, name) || Object.hasOwn(refused, name);
}

/** Number of parameters of a built-in function of numbers; infinite for `Math.max` and the like. */
export function arityOf(name: string): number {
  return Object.hasOwn(functions, name) ? functions[name]![0] : Infinity;
}

/** Calls a built-in function of numbers with JavaScript's semantics. */
export function mathCall(
  env: Env,
  node: Node,
  name: string,
  args: readonly Entity[],
  nodes: readonly Node[],
): Entity {
  if (Object.hasOwn(refused, name)) return refuse(env, node, `${name}: ${refused[name]}`);
  if (!Object.hasOwn(functions, name))
    return refuse(env, node, `${name} has no derivative here, nor a meaning for numbers.`);
  const [arity, build] = functions[name]!;
  if (arity !== Infinity && args.length !== arity)
    return refuse(
      env,
      node,
      `${name} takes ${arity === 1 ? "one number" : "two numbers"}, and ${args.length} are given.`,
    );
  return scalar(
    build(
      env,
      args.map((arg, i) => numberValue(env, nodes[i] ?? node, arg)),
    ),
  );
}

/** Expression of the minimum or maximum of any number of values; `ofNone` if there are none. */
function fold(env: Env, name: "minimum" | "maximum", ofNone: number, xs: readonly RegionExpr[]): RegionExpr {
  const [first, ...rest] = xs;
  if (first === undefined) return number(ofNone);
  return rest.reduce((best, x) => shallow(env, apply(name, "f64", best, x)), first);
}

/**
 * Expression of `Math.round`: the nearest integer, halves up. `floor(x + 0.5)` would be wrong just below 0.5 and for
 * large numbers.
 */
function round(env: Env, value: RegionExpr): RegionExpr {
  const x = atom(env, value);
  const below = apply("floor", "f64", x);
  return select(compare("less", arithmetic("sub", x, below), number(0.5)), below, apply("ceil", "f64", x));
}

function isNotANumber(env: Env, value: RegionExpr): RegionExpr {
  const x = atom(env, value);
  return compare("notEqual", x, x);
}

function isFiniteNumber(env: Env, value: RegionExpr): RegionExpr {
  const x = atom(env, value);
  return compare("equal", arithmetic("sub", x, x), number(0));
}

function isInteger(env: Env, value: RegionExpr): RegionExpr {
  const x = atom(env, value);
  return compare("equal", arithmetic("sub", x, apply("trunc", "f64", x)), number(0));
}

/**
 * √(x² + y² + …). If squares would overflow or underflow, all numbers are scaled by a power of two, which is exact and
 * has no derivative. The result is infinite if any number is, even together with NaN. The derivative is 0 if all
 * numbers are 0.
 */
function hypot(env: Env, values: readonly RegionExpr[]): RegionExpr {
  if (values.length === 0) return number(0);
  const sizes = values.map((x) => atom(env, apply("abs", "f64", atom(env, x)), "size"));
  const largest = atom(env, fold(env, "maximum", 0, sizes), "largest");
  const unit = hypotScale(env, largest);
  const squares = sizes.map((size) => {
    const part = atom(env, arithmetic("mul", size, unit), "part");
    return arithmetic("mul", part, part);
  });
  const sum = squares.reduce((total, square) => shallow(env, arithmetic("add", total, square)));
  const isInfinite = sizes
    .map((size) => compare("equal", size, number(Infinity)))
    .reduce((any, one) => shallow(env, or(any, one)));
  return hypotValue({ sum, unit, largest, isInfinite });
}

/** Power of two by which numbers are scaled so that their squares neither overflow nor lose digits to underflow. */
export function hypotScale(env: Env, largest: RegionExpr): RegionExpr {
  const [tiny, huge] = [2 ** -500, 2 ** 500];
  const isHuge = compare("less", number(huge), largest);
  const isTiny = compare("less", largest, number(tiny));
  const scale = select(isHuge, number(2 ** -600), select(isTiny, number(2 ** 600), number(1)));
  return atom(env, scale, "unit");
}

/**
 * Returns the result of `Math.hypot`: the root of `sum`, the sum of the squares of the numbers times `unit`, divided by
 * `unit`. It is infinite if `isInfinite` is true, and 0 if `largest` is 0.
 */
export function hypotValue({
  sum,
  unit,
  largest,
  isInfinite,
}: {
  readonly sum: RegionExpr;
  readonly unit: RegionExpr;
  readonly largest: RegionExpr;
  readonly isInfinite: RegionExpr;
}): RegionExpr {
  const isZero = compare("equal", largest, number(0));
  const length = arithmetic("div", arithmetic("sqrt", sum), unit);
  return select(isInfinite, number(Infinity), select(not(isZero), length, number(0)));
}

// Operators on the bits of int32 numbers. They convert their operands as JavaScript does, and have no derivative.
import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { apply, arithmetic, compare, number, select, toInt32 } from "../draft/draft.ts";
import type { Env } from "../entities/env.ts";
import { atom } from "../entities/env.ts";

export type BitOperator = "&" | "|" | "^" | "<<" | ">>" | ">>>";

/** Value of each bitwise operator for known numbers. */
const ofNumbers: Readonly<Record<BitOperator, (x: number, y: number) => number>> = {
  "&": (x, y) => x & y,
  "|": (x, y) => x | y,
  "^": (x, y) => x ^ y,
  "<<": (x, y) => x << y,
  ">>": (x, y) => x >> y,
  ">>>": (x, y) => x >>> y,
};

const functions: Partial<Record<BitOperator, string>> = {
  "&": "bitwiseAnd",
  "|": "bitwiseOr",
  "^": "bitwiseXor",
};

export function isBitOperator(operator: string): operator is BitOperator {
  return Object.hasOwn(ofNumbers, operator);
}

/** Result of an operator on the bits of constants. */
export function bitsOfNumbers(operator: BitOperator, x: number, y: number): number {
  return ofNumbers[operator](x, y);
}

/** Expression of `x & y`, `x << y` and so on. The result is an integer. */
export function bitwise(env: Env, operator: BitOperator, x: RegionExpr, y: RegionExpr): RegionExpr {
  if (x.kind === "const" && y.kind === "const") return number(ofNumbers[operator](x.value, y.value));
  if (operator === "|" && y.kind === "const" && y.value === 0) return int32(env, x);
  const name = functions[operator];
  if (name !== undefined) return apply(name, "f64", int32(env, x), int32(env, y));
  const power = powerOfTwo(env, y);
  if (operator === "<<") return int32(env, arithmetic("mul", int32(env, x), power)); // exact: a power of two
  return arithmetic("floor", arithmetic("div", operator === ">>" ? int32(env, x) : uint32(env, x), power));
}

/** Expression of `x | 0`, the conversion to int32. */
function int32(env: Env, x: RegionExpr): RegionExpr {
  return x.kind === "const" ? number(x.value | 0) : apply(toInt32, "f64", atom(env, x));
}

function uint32(env: Env, value: RegionExpr): RegionExpr {
  const x = atom(env, int32(env, value));
  return select(compare("less", x, number(0)), arithmetic("add", x, number(2 ** 32)), x);
}

/** Power 2ⁿ, where n is the lowest five bits of a number, as in shifts. */
function powerOfTwo(env: Env, value: RegionExpr): RegionExpr {
  if (value.kind === "const") return number(2 ** (value.value & 31));
  const count = atom(env, int32(env, value), "count");
  return [1, 2, 4, 8, 16].reduce<RegionExpr>((power, bit) => {
    const isSet = compare("notEqual", apply("bitwiseAnd", "f64", count, number(bit)), number(0));
    const factor = select(isSet, number(2 ** bit), number(1));
    return arithmetic("mul", power, factor);
  }, number(1));
}

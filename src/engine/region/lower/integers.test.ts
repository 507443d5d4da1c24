import { describe, expect, test } from "vitest";
import * as k from "../../kernel/build.ts";
import type { IntegerInterval } from "../../kernel/range.ts";
import type { Expr } from "../../kernel/scalar.ts";
import { boundValue, exactValue, isExact, rangeOf } from "./integers.ts";
import type { RegionScope } from "./scope.ts";

const least = -(2 ** 31);
const x = k.local("i32", "x");
const scopeOf = (x: IntegerInterval, exact: readonly [string, Expr][] = []): RegionScope =>
  ({ ranges: new Map([["x", x]]), exact: new Map(exact) }) as unknown as RegionScope;
const any = scopeOf({ low: least, high: -least - 1 });

test("an unknown integer has the range of int32, and a float any range", () => {
  const range = (expr: Expr): IntegerInterval => rangeOf(any, expr);
  expect(range(k.local("i32", "y"))).toEqual({ low: least, high: -least - 1 });
  expect(range(k.local("f64", "y"))).toEqual({ low: -Infinity, high: Infinity });
  expect(range(k.add(x, k.i32(1)))).toEqual({ low: least + 1, high: -least });
  expect(range(k.select(k.bool(true), k.i32(3), k.i32(-2)))).toEqual({ low: -2, high: 3 });
});

describe("an integer expression is exact", () => {
  test("up to the limits of int32", () => {
    const [low, high] = [scopeOf({ low: least, high: 0 }), scopeOf({ low: 0, high: -least - 1 })];
    expect(isExact(high, k.add(x, k.i32(0)))).toBe(true);
    expect(isExact(high, k.add(x, k.i32(1)))).toBe(false);
    expect(isExact(low, k.sub(x, k.i32(0)))).toBe(true);
    expect(isExact(low, k.sub(x, k.i32(1)))).toBe(false);
  });

  test("if all parts are", () => {
    const wraps = k.add(x, k.i32(1));
    expect(isExact(any, k.min(wraps, k.i32(5)))).toBe(false);
    expect(isExact(any, k.select(k.bool(true), k.i32(0), k.sub(wraps, k.i32(1))))).toBe(false);
    expect(isExact(scopeOf({ low: 0, high: 1 }, [["x", k.f64(0)]]), x)).toBe(false);
  });
});

test("products within ±2⁵³ are not checked, and larger ones may be NaN", () => {
  const kind = (factor: number): string => exactValue(any, k.mul(x, k.i32(factor))).kind;
  expect(kind(2 ** 22)).toBe("binary"); // from −2⁵³ to 2⁵³ − 2²²
  expect(kind(-(2 ** 22))).toBe("binary"); // up to 2⁵³
  expect(kind(2 ** 22 + 1)).toBe("select");
  expect(kind(-(2 ** 22) - 1)).toBe("select");
});

test("a bound that may wrap is computed in float64", () => {
  expect(boundValue(any, x)).toBe(x);
  expect(boundValue(any, k.add(x, k.i32(1)))).toEqual(k.convert("i32", k.add(k.convert("f64", x), k.f64(1))));
});

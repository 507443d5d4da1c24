import { describe, expect, test } from "vitest";
import { shrink, choicesOf } from "../../../test/support/draw-region.ts";
import type { RegionValue } from "../../../test/support/evaluate-region.ts";
import { evaluateOver, evaluateRegion, isArray } from "../../../test/support/evaluate-region.ts";
import { extent } from "../../../test/support/extent.ts";
import type { HyperDual } from "../../../test/support/hyper-dual.ts";
import { hyperDuals } from "../../../test/support/hyper-dual.ts";
import { Choices } from "../../../test/support/random-choices.ts";
import type { RandomRegion } from "../../../test/support/random-regions.ts";
import { randomRegion } from "../../../test/support/random-regions.ts";
import { engineScalarValues } from "../../../test/support/scalar-values.ts";
import { scalarFunctions } from "../prims/scalar-functions.ts";
import { isFloating } from "./build.ts";
import { tangent, typeOfResult } from "./tangent.ts";
import type { TransposeOptions } from "./transpose.ts";
import { transpose } from "./transpose.ts";
import type { Region } from "./region.ts";

const values = engineScalarValues(scalarFunctions);
const duals = hyperDuals(values);

/** Whether a parameter of a random region moves: the number that steep functions are of stays. */
function isActive({ name, type }: RandomRegion["region"]["params"][number]): boolean {
  return isFloating(type) && name !== "zero";
}

/** How far element j of parameter i moves along direction `a` or `b`. */
function along(direction: "a" | "b", i: number, j: number): number {
  return direction === "a" ? Math.cos(i + 2 * j) : Math.sin(2 * i - j + 0.5);
}

function mapValue<S extends number | object, T>(
  value: RegionValue<S>,
  f: (x: S, j: number) => T,
): T | { readonly data: readonly T[]; readonly dims: readonly number[] } {
  return isArray(value) ? { data: Array.from(value.data, f), dims: value.dims } : f(value, 0);
}

function numbersOf<S extends number | object>(value: RegionValue<S>): readonly S[] {
  return isArray(value) ? Array.from(value.data) : [value];
}

/** Arguments and, for each active parameter, how far it moves. */
function moves({ region, args }: RandomRegion, direction: "a" | "b"): RegionValue[] {
  return region.params.flatMap((param, i) =>
    isActive(param)
      ? [mapValue(args[i]!, (_, j) => rounded(along(direction, i, j), param.type)) as RegionValue]
      : [],
  );
}

const rounded = (x: number, type: string): number => (type === "f32" ? Math.fround(x) : x);

/** Results with exact derivatives along both directions. */
function exact({ region, args }: RandomRegion): readonly (readonly HyperDual[])[] {
  const moved = args.map((arg, i) => {
    const param = region.params[i]!;
    return mapValue(arg, (x, j): HyperDual => {
      if (!isActive(param)) return { x, a: 0, b: 0, ab: 0 };
      return { x, a: rounded(along("a", i, j), param.type), b: rounded(along("b", i, j), param.type), ab: 0 };
    }) as RegionValue<HyperDual>;
  });
  return evaluateOver(duals, region, moved).results.map(numbersOf);
}

/** Says how two lists of numbers differ, relative to the largest; values are rounded to float32 in places. */
function difference(
  what: string,
  got: readonly number[],
  want: readonly number[],
  isFine: boolean,
): string | undefined {
  if (got.length !== want.length) return `${what}: ${got.length} numbers, not ${want.length}`;
  const size = Math.max(1, ...want.map(Math.abs));
  const tolerance = isFine ? 1e-9 : 1e-3;
  const at = got.findIndex((x, i) => !(Math.abs(x - want[i]!) <= tolerance * size));
  return at < 0 ? undefined : `${what}[${at}]: ${got[at]}, not ${want[at]}`;
}

/** What is wrong with the derivatives of a region, if anything is. */
function faultOf(
  drawn: RandomRegion,
  check: (drawn: RandomRegion) => string | undefined,
): string | undefined {
  try {
    return check(drawn);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** The smallest random region that fails a check, if one of them does. */
function firstFault(
  first: number,
  count: number,
  check: (drawn: RandomRegion) => string | undefined,
): string | undefined {
  for (let seed = first; seed < first + count; seed++) {
    const choices = choicesOf(seed);
    if (faultOf(randomRegion(new Choices(choices)), check) === undefined) continue;
    const small = shrink(choices, (some) => faultOf(randomRegion(new Choices(some)), check) !== undefined);
    const drawn = randomRegion(new Choices(small));
    return `seed ${seed}: ${faultOf(drawn, check)}\n${JSON.stringify(drawn.region.body, null, 1)}`;
  }
  return undefined;
}

function checkTangent(drawn: RandomRegion): string | undefined {
  const { region, args, isFine } = drawn;
  const forward = tangent(region, region.params.map(isActive), scalarFunctions, { primal: true });
  const { results } = evaluateRegion(forward, [...args, ...moves(drawn, "a")], { values });
  const want = exact(drawn);
  let next = region.results.length;
  for (const [i, numbers] of want.entries()) {
    const value = difference(
      `value ${i}`,
      numbersOf(results[i]!),
      numbers.map(({ x }) => x),
      isFine,
    );
    if (value !== undefined) return value;
    const result = region.results[i]!;
    if (result.kind === "scalar" && !isFloating(result.value.type)) continue;
    const derivative = difference(
      `tangent ${i}`,
      numbersOf(results[next++]!),
      numbers.map(({ a }) => a),
      isFine,
    );
    if (derivative !== undefined) return derivative;
  }
  return undefined;
}

/** Random numbers in the place of the floating results. */
function cotangentsOf(region: Region, results: readonly RegionValue[]): RegionValue[] {
  return results.flatMap((value, i) => {
    const result = region.results[i]!;
    const type = typeOfResult(result, region.body);
    if (!isFloating(type)) return [];
    return [mapValue(value, (_, j) => rounded(Math.sin(3 * i + j + 1), type)) as RegionValue];
  });
}

const dot = (xs: readonly RegionValue[], ys: readonly RegionValue[]): number => {
  const [x, y] = [xs.flatMap(numbersOf), ys.flatMap(numbersOf)];
  return x.length === y.length ? x.reduce((sum, one, i) => sum + one * y[i]!, 0) : NaN;
};

/** The region of values and cotangents: the parameters, then a cotangent for each floating result. */
function gradientOf(region: Region, options?: TransposeOptions): Region {
  const forward = tangent(region, region.params.map(isActive), scalarFunctions, { primal: true });
  return transpose(
    forward,
    forward.params.map((_, i) => i >= region.params.length),
    forward.results.map((_, i) => i >= region.results.length),
    scalarFunctions,
    options,
  );
}

const checkTranspose =
  (options?: TransposeOptions) =>
  (drawn: RandomRegion): string | undefined => {
    const { region, args, isFine } = drawn;
    const want = exact(drawn);
    const values0 = evaluateRegion(region, args, { values }).results;
    const cts = cotangentsOf(region, values0);
    const { results } = evaluateRegion(gradientOf(region, options), [...args, ...cts], { values });
    for (const [i, numbers] of want.entries()) {
      const value = difference(
        `value ${i}`,
        numbersOf(results[i]!),
        numbers.map(({ x }) => x),
        isFine,
      );
      if (value !== undefined) return value;
    }
    const gradient = results.slice(region.results.length);
    const tangents = want.filter((_, i) => isFloating(typeOfResult(region.results[i]!, region.body)));
    const forward = dot(
      tangents.map((one) => ({ data: one.map(({ a }) => a), dims: [one.length] })),
      cts,
    );
    return difference("<ct, J v>", [dot(gradient, moves(drawn, "a"))], [forward], isFine);
  };

/** The derivative of the gradient along one direction, times another: forwards or backwards over the gradient. */
const checkSecond =
  (way: "forward" | "reverse") =>
  (drawn: RandomRegion): string | undefined => {
    const { region, args, isFine } = drawn;
    const cts = cotangentsOf(region, evaluateRegion(region, args, { values }).results);
    const gradient = gradientOf(region);
    const isMoved = gradient.params.map((param, i) => i < region.params.length && isActive(param));
    const forward = tangent(gradient, isMoved, scalarFunctions, { primal: false });
    const isGradient = forward.results.map(
      (_, i) => i >= forward.results.length - isMoved.filter(Boolean).length,
    );
    let got: number;
    if (way === "forward") {
      const { results } = evaluateRegion(forward, [...args, ...cts, ...moves(drawn, "a")], { values });
      got = dot(
        results.filter((_, i) => isGradient[i]),
        moves(drawn, "b"),
      );
    } else {
      const reverse = transpose(
        forward,
        forward.params.map((_, i) => i >= gradient.params.length),
        forward.results.map(() => true),
        scalarFunctions,
      );
      const none = cts.map((ct) => mapValue(ct, () => 0) as RegionValue);
      const { results } = evaluateRegion(reverse, [...args, ...cts, ...none, ...moves(drawn, "b")], {
        values,
      });
      got = dot(results, moves(drawn, "a"));
    }
    const tangents = exact(drawn).filter((_, i) => isFloating(typeOfResult(region.results[i]!, region.body)));
    const want = dot(
      tangents.map((one) => ({ data: one.map(({ ab }) => ab), dims: [one.length] })),
      cts,
    );
    return difference(`second derivative, ${way}`, [got], [want], isFine);
  };

describe("random regions", () => {
  test.each(["forward", "reverse"] as const)("have second derivatives, %s over reverse", (way) => {
    expect(firstFault(3000, extent(20, 15_000), checkSecond(way))).toBeUndefined();
  });

  test("have transposes that agree with their tangents", () => {
    expect(firstFault(1000, extent(150, 30_000), checkTranspose())).toBeUndefined();
  });

  test("have transposes without anything computed again", () => {
    expect(firstFault(2000, extent(50, 10_000), checkTranspose({ recompute: false }))).toBeUndefined();
  });

  test("have the tangents that numbers with derivatives give", () => {
    expect(firstFault(1, extent(150, 30_000), checkTangent)).toBeUndefined();
  });
});

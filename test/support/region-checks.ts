// Checks of the derivatives of random regions: tangents and their transposes, of first and second order, against numbers that carry
// derivatives.
import { shrink, choicesOf } from "./draw-region.ts";
import type { RegionValue } from "./evaluate-region.ts";
import { evaluateOver, evaluateRegion, isArray } from "./evaluate-region.ts";
import type { HyperDual } from "./hyper-dual.ts";
import { hyperDuals } from "./hyper-dual.ts";
import { Choices } from "./random-choices.ts";
import type { RandomRegion } from "./random-regions.ts";
import { randomRegion } from "./random-regions.ts";
import { engineScalarValues } from "./scalar-values.ts";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { isFloating } from "../../src/engine/region/form/build.ts";
import { checkRegion } from "../../src/engine/region/form/check.ts";
import { cotangents } from "../../src/engine/region/derive/gradient.ts";
import { tangent, typeOfResult } from "../../src/engine/region/derive/tangent.ts";
import type { TransposeOptions } from "../../src/engine/region/derive/transpose.ts";
import { transpose } from "../../src/engine/region/derive/transpose.ts";
import type { Region } from "../../src/engine/region/form/region.ts";

const values = engineScalarValues(scalarFunctions);
const duals = hyperDuals(values);

/** True if a parameter of a random region is differentiated. The argument of steep functions is not. */
function isActive({ name, type }: RandomRegion["region"]["params"][number]): boolean {
  return isFloating(type) && name !== "zero";
}

/** Component of the direction `a` or `b` for element j of parameter i. */
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

/** Checks a derived region, and runs it. */
function run(region: Region, args: readonly RegionValue[]): ReturnType<typeof evaluateRegion> {
  checkRegion(region, scalarFunctions);
  return evaluateRegion(region, args, { values });
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

/** Describes an error in the derivatives of a region; `undefined` if there is none. */
function faultOf(
  drawn: RandomRegion,
  check: (drawn: RandomRegion) => string | undefined,
): string | undefined {
  const isTame = exact(drawn).every((numbers) =>
    numbers.every(({ x, a, b, ab }) => [x, a, b, ab].every((part) => Math.abs(part) < 1e9)),
  );
  if (!isTame) return undefined; // what runs away has no digits left to compare
  try {
    return check(drawn);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** The smallest random region that fails a check, if one of them does. */
export function firstFault(
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

export function checkTangent(drawn: RandomRegion): string | undefined {
  const { region, args, isFine } = drawn;
  const forward = tangent(region, region.params.map(isActive), scalarFunctions, { primal: true });
  const { results } = run(forward, [...args, ...moves(drawn, "a")]);
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

/** Random cotangents of the floating results. */
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

export const checkTranspose =
  (options?: TransposeOptions) =>
  (drawn: RandomRegion): string | undefined => {
    const { region, args, isFine } = drawn;
    const want = exact(drawn);
    const values0 = evaluateRegion(region, args, { values }).results;
    const cts = cotangentsOf(region, values0);
    const { results } = run(cotangents(region, region.params.map(isActive), scalarFunctions, options), [
      ...args,
      ...cts,
    ]);
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
export const checkSecond =
  (way: "forward" | "reverse", options?: TransposeOptions) =>
  (drawn: RandomRegion): string | undefined => {
    const { region, args, isFine } = drawn;
    const cts = cotangentsOf(region, evaluateRegion(region, args, { values }).results);
    const gradient = cotangents(region, region.params.map(isActive), scalarFunctions, options);
    const isMoved = gradient.params.map((param, i) => i < region.params.length && isActive(param));
    const forward = tangent(gradient, isMoved, scalarFunctions, { primal: false });
    const isGradient = forward.results.map(
      (_, i) => i >= forward.results.length - isMoved.filter(Boolean).length,
    );
    let got: number;
    if (way === "forward") {
      const { results } = run(forward, [...args, ...cts, ...moves(drawn, "a")]);
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
        options,
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

// Forty-four functions as regions: values, gradients and second derivatives by all available ways.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { valueAndGrad } from "downhill";
import { compile } from "downhill/plain";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { cotangents } from "../../src/engine/region/derive/gradient.ts";
import { evaluateRegion } from "../support/evaluate-region.ts";
import { extent } from "../support/extent.ts";
import { faultOfPlain } from "../support/plain-faults.ts";
import { differences, numbersIn } from "../support/plain-differences.ts";
import { formOfText, regionArguments } from "../support/plain-region.ts";
import { numbersOf, realParams } from "../support/region-derivatives.ts";
import type { PlainCase } from "./cases.ts";
import { byHand, fromFields, fromMethods } from "./cases.ts";

/** Argument types are unknown here. */
const differentiate = valueAndGrad as unknown as (
  f: (...args: unknown[]) => unknown,
  options: { readonly argnums: readonly number[] },
) => (...args: readonly unknown[]) => readonly [value: number, gradient: unknown];

const textOf = (file: string): string => readFileSync(new URL(`${file}.ts`, import.meta.url), "utf8");
const texts = { functions: textOf("functions"), fields: textOf("fields"), methods: textOf("methods") };
type Compiled = Promise<Readonly<Record<string, (...args: unknown[]) => number>>>;
const compiledOnce = new Map<keyof typeof texts, Compiled>();

/** All functions of a file, compiled once. */
function compiledFrom(file: keyof typeof texts): Compiled {
  const known = compiledOnce.get(file) ?? compile(texts[file], { file: `${file}.ts` });
  compiledOnce.set(file, known);
  return known;
}

/**
 * True to run each function through all backends and second derivatives, instead of every other function through
 * either.
 */
const isThorough = extent(0, 1, 1) === 1;

/** Cotangents of the differentiated arguments, from the region's own gradient. */
function gradientOf(text: string, { name, args, wrt }: PlainCase): number[] {
  const form = formOfText(text, name);
  const { values, owners } = regionArguments(form, args);
  const isActive = realParams(form.region).map((isReal, i) => isReal && wrt.includes(owners[i]!));
  const region = cotangents(form.region, isActive, scalarFunctions);
  const weights = form.region.results.map((_, i) => i + 1);
  const { results } = evaluateRegion(region, [...values, ...weights]);
  return results.slice(form.region.results.length).flatMap(numbersOf);
}

/** Numbers of the arguments in the order of the parameters. Lists of records are stored field by field. */
function inOrderOfParams(
  text: string,
  { name, args, wrt }: PlainCase,
  gradient: readonly number[],
): number[] {
  const form = formOfText(text, name);
  let next = 0;
  const numbered = args.map((arg, i) => (wrt.includes(i) ? mapNumbers(arg, () => next++) : arg));
  const { values, owners } = regionArguments(form, numbered);
  return values.flatMap((value, i) =>
    wrt.includes(owners[i]!) ? numbersOf(value).map((k) => gradient[k]!) : [],
  );
}

function mapNumbers(value: unknown, f: () => number): unknown {
  if (typeof value === "number") return f();
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, f);
  if (Array.isArray(value)) return value.map((item) => mapNumbers(item, f));
  return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, mapNumbers(item, f)]));
}

describe.each([
  ["functions", byHand],
  ["fields", fromFields],
  ["methods", fromMethods],
] as const)("plain %s", (file, cases) => {
  test.each(cases)("$name has the gradient that differences show", (one) => {
    const total = (...xs: never[]): number =>
      numbersIn(one.f(...xs)).reduce((sum, x, i) => sum + x * (i + 1), 0);
    const expected = inOrderOfParams(texts[file], one, differences(total, one.args, one.wrt, 2e-4));
    const got = gradientOf(texts[file], one);
    expect(got).toHaveLength(expected.length);
    got.forEach((d, i) => {
      expect(Math.abs(d - expected[i]!), `${one.name} [${i}]`).toBeLessThan(1e-6 * Math.max(1, Math.abs(d)));
    });
  });

  test.each(cases)("$name has that gradient by the transforms too", async (one) => {
    const { name, f, args, wrt } = one;
    const compiled = (await compiledFrom(file))[name]!;
    const value = f(...(args as never[]));
    const isNumber = typeof value === "number";
    if (!isNumber) return expect(numbersIn(compiled(...args))).toEqual(numbersIn(value));
    const got = differentiate(compiled, { argnums: [...wrt] })(...args);
    expect(Math.abs(got[0] - value)).toBeLessThan(1e-10 * Math.max(1, Math.abs(value)));
    const expected = differences(f as (...xs: never[]) => number, args, wrt, 2e-4);
    numbersIn(got[1]).forEach((d, i) => {
      expect(Math.abs(d - expected[i]!), `${name} [${i}]`).toBeLessThan(1e-6 * Math.max(1, Math.abs(d)));
    });
    expect(numbersIn(got[1])).toHaveLength(expected.length);
  });

  test.each(cases)("$name is the same by every way", ({ name, f, args, wrt }) => {
    const form = formOfText(texts[file], name);
    const throughBackends = isThorough || name.length % 2 === 0;
    const secondOrder = isThorough || name.length % 2 === 1;
    const ways = { secondOrder, throughBackends, throughTensors: name.length % 3 === 0 };
    expect(faultOfPlain({ form, f, args, wrt, beside: 1e-3, ...ways })).toBeUndefined();
  });
});

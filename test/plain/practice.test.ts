// Twenty-four functions of finance, robotics, inference, graphics and dynamic programming in the style of each field.
// Values, gradients, Jacobians and Hessian-vector products are compared with PyTorch
// (`test/testdata/practice/practice.py`).
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { grad, jacfwd, jacrev, jvp, valueAndGrad } from "downhill";
import { compile } from "downhill/plain";
import { extent } from "../support/extent.ts";
import { numbersIn } from "../support/plain-differences.ts";

/**
 * Output of `test/testdata/practice/practice.py` for a function. Derivatives have the structure of the arguments `wrt`.
 */
interface Reference {
  readonly args: readonly unknown[];
  readonly wrt: readonly number[];
  readonly value: readonly number[];
  readonly gradient: readonly unknown[];
  readonly direction: readonly unknown[];
  readonly product: readonly unknown[];
  /** One row per number of the result, if there are several. */
  readonly jacobian?: readonly (readonly unknown[])[];
}

type AnyFunction = (...args: readonly unknown[]) => unknown;
type Transform = (f: AnyFunction, options: { readonly argnums: unknown }) => AnyFunction;
/** Argument types are unknown here. */
const gradient = grad as unknown as Transform;
const valueAndGradient = valueAndGrad as unknown as Transform;
const jacobians = [jacfwd, jacrev] as unknown as readonly Transform[];
const push = jvp as unknown as (
  f: AnyFunction,
  xs: readonly unknown[],
  dxs: readonly unknown[],
) => [unknown, unknown];

const folder = new URL("practice/", import.meta.url);
const files = readdirSync(folder).map((name) => new URL(name, folder));
type Functions = Readonly<Record<string, AnyFunction>>;
const modules = await Promise.all(files.map(({ href }) => import(href) as Promise<Functions>));
const practice = Object.assign({}, ...modules) as Functions;
const file = new URL("../testdata/practice/practice.json", import.meta.url);
const references = JSON.parse(readFileSync(file, "utf8"), (_, value: unknown) => {
  const { Float64Array: floats, Int32Array: integers } = (value ?? {}) as Readonly<Record<string, number[]>>;
  return floats ? Float64Array.from(floats) : integers ? Int32Array.from(integers) : value;
}) as Readonly<Record<string, Reference>>;
const compiled = Promise.all(files.map((url) => compile<Functions>(readFileSync(url, "utf8")))).then(
  (parts) => Object.assign({}, ...parts) as Functions,
);

/** Compares numbers up to the rounding errors of a long computation, relative to the largest. */
function expectClose(got: unknown, want: unknown): void {
  const [xs, ys] = [numbersIn(got), numbersIn(want)];
  expect(xs).toHaveLength(ys.length);
  const size = Math.max(1e-3, ...ys.map(Math.abs));
  xs.forEach((x, i) => {
    expect(Math.abs(x - ys[i]!) / size, `[${i}] is ${x}, expected ${ys[i]}`).toBeLessThan(1e-9);
  });
}

/** Tangents of all arguments, 0 for undifferentiated ones. */
function tangentsOf({ args, wrt, direction }: Reference): unknown[] {
  const still = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) return (value as Float64Array).map(() => 0);
    if (Array.isArray(value)) return value.map(still);
    if (typeof value !== "object" || value === null) return 0;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, still(one)]));
  };
  return args.map((arg, i) => (wrt.includes(i) ? direction[wrt.indexOf(i)] : still(arg)));
}

/** Inner product of the numbers of two values of equal structure. */
const inner = (x: unknown, y: unknown): number => {
  const ys = numbersIn(y);
  return numbersIn(x).reduce((sum, one, i) => sum + one * ys[i]!, 0);
};

test("there are twenty-four functions, each with PyTorch's values", () => {
  expect(Object.keys(references).sort()).toEqual(Object.keys(practice).sort());
  expect(Object.keys(practice)).toHaveLength(24);
});

const all = Object.entries(references);

describe("functions of several trades", () => {
  test.each(all)(
    "%s has the value that PyTorch has, compiled and as it stands",
    async (name, { args, value }) => {
      const plain = practice[name]!;
      expectClose(plain(...args), value);
      expectClose((await compiled)[name]!(...args), value);
    },
  );

  const scalars = all.filter(([, { jacobian }]) => jacobian === undefined);
  test.each(scalars)("%s has its gradient", async (name, one) => {
    const f = (await compiled)[name]!;
    const [y, dx] = valueAndGradient(f, { argnums: one.wrt })(...one.args) as [number, unknown];
    expectClose([y], one.value);
    expectClose(dx, one.gradient);
  });

  // each compiles some thousand lines of WebAssembly
  const drawn = scalars.filter((_, i) => i % extent(4, 1, 1) === 0);
  test.each(drawn)("%s has its Hessian's product with a vector", async (name, one) => {
    const f = (await compiled)[name]!;
    const [dx, product] = push(gradient(f, { argnums: one.wrt }), one.args, tangentsOf(one));
    expectClose(dx, one.gradient);
    expectClose(product, one.product);
  });

  const several = all.filter(([, { jacobian }]) => jacobian !== undefined);
  test.each(several)("%s has its Jacobian, forwards and backwards", async (name, one) => {
    const f = (await compiled)[name]!;
    for (const [k, place] of one.wrt.entries()) {
      const rows = one.jacobian!.map((row) => row[k]);
      for (const jacobian of jacobians) expectClose(jacobian(f, { argnums: place })(...one.args), rows);
    }
    const [y, dy] = push(f, one.args, tangentsOf(one));
    expectClose(y, one.value);
    expectClose(
      dy,
      one.jacobian!.map((row) => inner(row, one.direction)),
    );
  });
});

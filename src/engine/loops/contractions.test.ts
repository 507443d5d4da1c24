import { describe, expect, test } from "vitest";
import { formOfText, regionArguments } from "../../../test/support/plain-region.ts";
import { sizedInterp } from "../backends/interp/index.ts";
import { makeWasmBackend } from "../backends/wasm/index.ts";
import { checkRoutine } from "../kernel/check.ts";
import { printHead } from "../kernel/print.ts";
import type { Routine } from "../kernel/scalar.ts";
import { walkBlock } from "../kernel/walk.ts";
import { scalarFunctions } from "../prims/scalar-functions.ts";
import { callOf, compileRegion } from "../runtime/regions.ts";
import { gradient } from "../region/derive/gradient.ts";
import type { Region } from "../region/form/region.ts";
import type { LowerOptions } from "../region/lower/options.ts";
import { lowerRegion } from "../region/lower/routine.ts";

const signature = "export function f(a: Float64Array, b: Float64Array, n: number, m: number, k: number) {";
const regionOf = (body: string): Region => formOfText(`${signature} "use ad"; ${body} }`).region;
const gradientOf = (region: Region): Region =>
  gradient(
    region,
    region.params.map(({ type }) => type === "f64"),
    scalarFunctions,
    { wanted: "values gradient" },
  );

/** Contractions of a routine, without generated names. */
function contractionsOf({ body }: Routine): readonly string[] {
  const found: string[] = [];
  walkBlock(body, { stmt: (stmt) => void (stmt.kind === "contract" && found.push(printHead(stmt))) });
  return found;
}

const routineOf = (region: Region, options?: LowerOptions): Routine =>
  lowerRegion(region, scalarFunctions, options).routine;

/** A nest of loops followed by a weighted sum of all elements that it filled. */
const into = (fill: string): string =>
  `const c = new Float64Array(700); ${fill} let s = 0; for (let i = 0; i < c.length; i++) s += c[i]! * c[i]! * i; return s;`;
const plainProduct = into(`
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let q = 0; q < k; q++) sum += a[i * k + q]! * b[q * m + j]!;
      c[i * m + j] = sum;
    }`);
const tanhOfProduct = into(`
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      let sum = j * 0.1;
      for (let q = 0; q < k; q++) sum += a[i * k + q]! * b[j * k + q]!;
      c[i * m + j] = Math.tanh(sum);
    }`);
const storedAndRead = into(`
  let t = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let q = 0; q < k; q++) sum += a[i * k + q]! * b[q * m + j]!;
      c[i * m + j] = sum;
      t += sum;
    }
  c[699] = t;`);
const summedTwice = into(`
  let t = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++)
      for (let q = 0; q < k; q++) {
        const p = a[i * k + q]! * b[q * m + j]!;
        c[i * m + j] += p;
        t += p;
      }
  c[699] = t;`);
const withinLoop = (second: string): string =>
  into(`
  const d = new Float64Array(700);
  for (let o = 0; o < n; o++) {
    for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) for (let q = 0; q < k; q++) c[i * m + j] += a[i * k + q + o]! * b[q * m + j]!;
    for (let i = 0; i < k; i++) for (let j = 0; j < m; j++) ${second};
  }
  for (let i = 0; i < c.length; i++) c[i] += 0.3 * d[i]!;`);

describe("sums of products in nests of loops", () => {
  test("that fill an array are one contraction, and in the gradient two more", () => {
    const product = regionOf(plainProduct);
    expect(contractionsOf(routineOf(product))).toEqual([
      "contract c[0] = a[0] · b[0] over row n (c m, a k), column m (c 1, b 1), sum k (a 1, b m)",
    ]);
    expect(contractionsOf(routineOf(gradientOf(product)))).toEqual([
      "contract c[0] = a[0] · b[0] over row n (c m, a k), column m (c 1, b 1), sum k (a 1, b m)",
      "contract b_bar[0] += c_bar[0] · a[0] over sum n (c_bar m, a k), row m (b_bar 1, c_bar 1), column k (b_bar m, a 1)",
      "contract a_bar[0] += c_bar[0] · factor[0] over row n (a_bar k, c_bar m), sum m (c_bar 1, factor k), column k (a_bar 1, factor 1)",
    ]);
  });

  test("that are used further are contractions of 64 rows, and a later loop reads the sums", () => {
    const routine = routineOf(regionOf(tanhOfProduct));
    expect(contractionsOf(routine)).toHaveLength(1);
    const sizes = routine.temps.map(({ name, size }) => [name, size] as const);
    expect(sizes.map(([name]) => name)).toEqual(["c", "sum_2", "factor"]);
    const text = JSON.stringify(sizes[1]![1]);
    expect(text).toContain('"value":64');
    expect(text).not.toContain('"n"'); // 64 · m elements, for any number of rows
    expect(contractionsOf(routineOf(gradientOf(regionOf(tanhOfProduct))))).toHaveLength(3);
  });

  test.each([
    ["rows before sums before columns", "i q j", "c[i * m + j] += a[i * k + q]! * b[q * m + j]!"],
    ["sums outermost", "q i j", "c[i * m + j] += a[q * n + i]! * b[q * m + j]!"],
    ["a product that is subtracted", "i j q", "c[i * m + j] -= a[i * k + q]! * b[j * k + q]!"],
    ["elements with an offset", "i j q", "c[i * m + j + 2] += a[i * k + q + 3]! * b[q * m + j]!"],
    ["columns outermost", "j q i", "c[i * m + j] += b[q * m + j]! * a[i * k + q]!"],
    ["a factor that is computed", "i j q", "c[i * m + j] += Math.exp(a[i * k + q]!) * b[q * m + j]!"],
  ])("are found: %s", (_, order, statement) => {
    const loops = order
      .replaceAll(/\w/g, "for (let $& = 1; $& < end$&; $&++)")
      .replaceAll("endi", "n")
      .replaceAll("endj", "m")
      .replaceAll("endq", "k");
    expect(contractionsOf(routineOf(regionOf(into(`${loops} ${statement};`))))).toHaveLength(1);
  });

  test.each([
    ["elements that overlap", "c[i + j] += a[i * k + q]! * b[q * m + j]!"],
    ["a branch around it", "if (a[q]! > 0) c[i * m + j] += a[i * k + q]! * b[q * m + j]!"],
    ["an operand that the nest writes", "c[i * m + j] += c[i * m + q]! * b[q * m + j]!"],
    ["a factor of all three indices", "c[i * m + j] += a[i * k + q + j]! * b[q * m + j]!"],
    ["another function of the sum", "c[i * m + j] = 0.5 * c[i * m + j]! + a[i * k + q]! * b[q * m + j]!"],
    ["a product of a matrix and a vector", "c[i] += a[i * k + q]! * b[q]!"],
    ["elements that another statement reads", "c[i * m + j] += a[i * k + q]! * b[q * m + j]!; t += c[i * m + j]!"],
    ["elements that another statement writes", "c[i * m + j] += a[i * k + q]! * b[q * m + j]!; c[0] = 2"],
  ])("stay loops: %s", (_, statement) => {
    const loops = "for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) for (let q = 0; q < k; q++)";
    const body = into(`let t = 0; ${loops} { ${statement}; } c[699] = t;`);
    expect(contractionsOf(routineOf(regionOf(body)))).toEqual([]);
  }); // prettier-ignore

  test("stay loops if they are read before they are complete, or sizes are known to be small", () => {
    const read = into(`
      let t = 0;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < m; j++) {
          let sum = 0;
          for (let q = 0; q < k; q++) { sum += a[i * k + q]! * b[q * m + j]!; t += sum; }
          c[i * m + j] = sum + t;
        }`);
    expect(contractionsOf(routineOf(regionOf(read)))).toEqual([]);
    const small = plainProduct.replace("j < m", "j < 3").replace("q < k", "q < 3");
    expect(contractionsOf(routineOf(regionOf(small)))).toEqual([]);
  });

  test("stay loops if the sum is also set by another statement", () => {
    const twice = into(`
      for (let i = 0; i < n; i++)
        for (let j = 0; j < m; j++) {
          let sum = 0;
          for (let q = 0; q < k; q++) {
            sum += a[i * k + q]! * b[q * m + j]!;
            sum *= 0.5;
          }
          c[i * m + j] = sum;
        }`);
    expect(contractionsOf(routineOf(regionOf(twice)))).toEqual([]);
  });

  test("stay loops if `products` or `sums` is off", () => {
    for (const options of [{ products: false }, { sums: false }])
      expect(contractionsOf(routineOf(gradientOf(regionOf(plainProduct)), options))).toEqual([]);
  });

  test.each([
    ["that fill an array", plainProduct],
    ["that go on", tanhOfProduct],
    ["that are stored and read", storedAndRead],
    ["of a product that is also summed separately", summedTwice],
    ["next to a sum over the loop around it", withinLoop("d[i * m + j] += a[o * k + i]! * b[o * m + j]!")],
  ])("have the values of the loops, in strips and without rows too: %s", (_, body) => {
    const region = gradientOf(regionOf(body));
    const form = formOfText(`${signature} "use ad"; ${body} }`);
    for (const [n, m, k] of [
      [5, 7, 9],
      [64, 3, 2],
      [130, 5, 4],
      [0, 3, 3],
      [3, 0, 3],
      [3, 3, 0],
      [-2, 3, 3],
    ] as const) {
      const numbers = (salt: number): Float64Array =>
        Float64Array.from({ length: 1200 }, (_x, i) => Math.sin(1 + i + salt) / 8);
      const { values } = regionArguments(form, [numbers(0), numbers(7), n, m, k]);
      const outcome = (options: LowerOptions, backend = sizedInterp): readonly number[] => {
        const code = compileRegion(region, backend, options);
        const results = callOf(
          code,
          region,
        )(values as never).flatMap((x) => (typeof x === "number" ? [x] : Array.from(x.data)));
        code.drop();
        return results;
      };
      const want = outcome({ products: false });
      for (const backend of [sizedInterp, makeWasmBackend()]) {
        const got = outcome({}, backend);
        expect(got).toHaveLength(want.length);
        got.forEach((x, i) =>
          expect(Math.abs(x - want[i]!)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(want[i]!)) * 100),
        );
      }
    }
  });

  test("contain no loop around another contraction that uses their arrays", () => {
    const counts = ["d", "c"].map((out) => {
      const second = withinLoop(`${out}[i * m + j] += a[o * k + i]! * b[o * m + j]!`);
      return contractionsOf(routineOf(regionOf(second))).length;
    });
    expect(counts).toEqual([2, 1]);
  });

  test("are valid statements of the vocabulary", () => {
    for (const body of [plainProduct, tanhOfProduct]) {
      checkRoutine(routineOf(regionOf(body)));
      checkRoutine(routineOf(gradientOf(regionOf(body))));
    }
  });
});

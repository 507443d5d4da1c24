// Defaults, optional parameters and optional fields of plain functions, against JavaScript.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Choices } from "../../../test/support/random-choices.ts";
import { optionalArguments, randomOptional } from "../../../test/support/random-optional.ts";
import { exportsOf, moduleFrom } from "../../../test/support/plain-agreement.ts";
import {
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  tensor,
  type Tensor,
  valueAndGrad,
  vjp,
  vmap,
} from "../../index.ts";
import { functionOf, overTensors } from "./call/attach.ts";
import { elaborate } from "./elaborate/elaborate.ts";
import { PlainError } from "./syntax/refuse.ts";

type F = (...args: unknown[]) => number;

/** Compiles the function `f` of a source text. */
function compiled(text: string): F {
  return functionOf(elaborate(moduleFrom(text), "f"), () => []) as F;
}

/** Result of a call, or class and first line of the error that it throws. */
function outcome(f: F, args: readonly unknown[]): unknown {
  try {
    return f(...args);
  } catch (error) {
    return `${(error as Error).constructor.name}: ${(error as Error).message.split("\n")[0]}`;
  }
}

/** Parameters of a function, its body, and argument lists. */
type Row = readonly [params: string, body: string, calls: readonly (readonly unknown[])[]];

const rows: Readonly<Record<string, Row>> = {
  "a default": ["x: number, k = 2", "return x ** 2 * k;", [[3], [3, 4], [3, undefined], [3, NaN], [3, 0]]],
  "a default of earlier parameters": [
    "x: number, k: number = 2 * x, m: number = k + x",
    "return x * k * m;",
    [[3], [3, 4], [3, undefined, 5], [3, 4, 5]],
  ],
  "an optional parameter asked for": [
    "x: number, k?: number",
    "if (k === undefined) return x ** 2; return x * k;",
    [[3], [3, 4], [3, undefined], [3, NaN]],
  ],
  "the other ways to ask": [
    "x: number, k?: number",
    "return (k !== undefined ? 1 : 0) + (k == null ? 2 : 0) + (undefined !== k ? 4 : 0) + (typeof k === 'number' ? 8 : 0) + (typeof k === 'undefined' ? 16 : 0) * x;",
    [[3], [3, 4], [3, NaN]],
  ],
  "an absent number in arithmetic": [
    "x: number, k?: number",
    "return (k! > 0 ? 1 : 2) + (k ? 4 : 8) + (k! * 0 === 0 ? 16 : 32) + (Number.isNaN(k! + x) ? 64 : 0);",
    [[3], [3, 4], [3, -4], [3, 0]],
  ],
  "??": ["x: number, k?: number", "return x * (k ?? 2) + (k ?? x);", [[3], [3, 0], [3, 5]]],
  "?? that computes": [
    "x: number, k?: number",
    "let n = 0; const g = () => { n++; return 7; }; const y = k ?? g(); return x * y + 100 * n;",
    [[3], [3, 5]],
  ],
  "|| and &&": [
    "x: number, k?: number, b?: boolean",
    "return x * (k || 2) + (b && k ? 1 : 0) + (!k ? 8 : 0) + (b ? 16 : 32);",
    [[3], [3, 0], [3, 5], [3, 5, true], [3, undefined, false]],
  ],
  "equality of what may be absent": [
    "a?: number, b?: number, c?: boolean",
    "return (a === b ? 1 : 0) + (a !== b ? 2 : 0) + (c === false ? 4 : 0) + (c !== true ? 8 : 0);",
    [[], [1], [1, 1], [1, 2], [undefined, 1], [NaN, NaN], [1, 1, false], [1, 1, true]],
  ],
  "an optional field": [
    "p: { rate?: number; steps?: number; w: number[] }",
    "let s = p.w[0]!; for (let i = 0; i < (p.steps ?? 3); i++) s += (p.rate ?? 0.1) * s; return s;",
    [[{ w: [2] }], [{ w: [2], rate: 0.5 }], [{ w: [2], steps: 5 }], [{ w: [2], steps: 0, rate: 1 }]],
  ],
  "an object of options with a default": [
    "x: number, o: { rate?: number; steps?: number } = {}",
    "const { rate = 0.1, steps = 3 } = o; let s = x; for (let i = 0; i < steps; i++) s += rate * s; return s;",
    [[2], [2, {}], [2, { rate: 1 }], [2, { steps: 7 }], [2, undefined], [2, { rate: undefined, steps: 1 }]],
  ],
  "a default of an object with its fields": [
    "x: number, o: { a: number; b?: number } = { a: x }",
    "return o.a * x + (o.b ?? 5);",
    [[2], [2, { a: 3 }], [2, { a: 3, b: 1 }]],
  ],
  "a destructured parameter": [
    "{ a = 2, b = a * 3, c }: { a?: number; b?: number; c?: number } = {}, x: number = a + b",
    "return a * b * x + (c ?? 1);",
    [[], [{}], [{ a: 3 }], [{ b: 3 }, 4], [{ c: 9 }]],
  ],
  "a destructured array": [
    "[a = 1, b = 2]: number[] = [], x: number = a",
    "return a * 10 + b * x;",
    [[], [[3]], [[3, 4]], [[3, 4, 5], 6]],
  ],
  "an array with a default": [
    "w: number[] = [1, 2, 3], x = 1",
    "let s = 0; for (const a of w) s += a * a * x; return s + w.length;",
    [[], [[4, 5]], [[], 2], [undefined, 3]],
  ],
  "an optional array": [
    "x: number, w?: Float64Array",
    "if (w === undefined) return x; let s = 0; for (let i = 0; i < w.length; i++) s += w[i]! * x; return s;",
    [[2], [2, Float64Array.of(3, 4)]],
  ],
  "an optional matrix": [
    "x: number, m?: number[][]",
    "let s = x; if (m) for (const row of m) for (const v of row) s += v * v; return s;",
    [
      [2],
      [
        2,
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ],
  ],
  "a chain": [
    "p: { q?: { r: number; t?: number[]; u?: { v?: number } } }",
    "return (p.q?.r ?? 5) + (p.q?.t?.[1] ?? 7) + (p.q?.u?.v ?? 11) + (p.q?.t?.length ?? 13);",
    [[{}], [{ q: { r: 1 } }], [{ q: { r: 1, t: [1, 2], u: {} } }], [{ q: { r: 1, u: { v: 3 } } }]],
  ],
  "a method in a chain": [
    "xs?: number[]",
    "return xs?.reduce((s, x) => s + x, 0) ?? -1;",
    [[], [[1, 2, 3]], [[]]],
  ],
  "a member of what is absent": ["p: { q?: { r: number } }", "return p.q!.r;", [[{}], [{ q: { r: 2 } }]]],
  "an element of what is absent": ["xs?: number[]", "return xs![0]!;", [[], [[3]]]],
  "arrays of objects with optional fields": [
    "ps: { x: number; w?: number }[]",
    "let s = 0; for (const p of ps) s += p.x * (p.w ?? 2); return s;",
    [[[{ x: 1 }]], [[{ x: 1 }, { x: 2, w: 5 }]], [[{ x: 1, w: 3 }, { x: 2 }]], [[]]],
  ],
  "a parameter that is assigned": [
    "x: number, k?: number",
    "k ??= 3; if (x > 2) k = k + 1; return x * k;",
    [[2], [3], [2, 5], [3, 5]],
  ],
  "an if that sets it": [
    "x: number, n?: number",
    "if (n === undefined) n = 4; let s = 0; for (let i = 0; i < n; i++) s += x; return s;",
    [[2], [2, 3]],
  ],
  "an if that sets an array": [
    "x: number, w?: number[], k?: number",
    "if (w === undefined) w = [1, 2, 3]; if (x < 0) return -1; k ??= w.length; let s = 0; for (const a of w) s += a * x; return s * k;",
    [[2], [2, [5]], [-1], [2, undefined, 7], [2, [5, 6], 0]],
  ],
  "a default in a block of its own": [
    "x: number, k?: number",
    "if (x > 0) { k ??= 5; } return x * (k ?? 3);",
    [[2], [-2], [2, 7], [-2, 7]],
  ],
  "a local that may be undefined": [
    "x: number",
    "let best: number | undefined; for (let i = 0; i < 5; i++) if (best === undefined || i * x > best) best = i * x; return best ?? -1;",
    [[2], [-2], [NaN]],
  ],
  "a choice with undefined": [
    "x: number",
    "const y = x > 0 ? x * x : undefined; return y === undefined ? 7 : y;",
    [[2], [-2]],
  ],
  "an optional argument that is handed on": [
    "x: number, k?: number, o?: { rate?: number }",
    "const g = (y: number, m = 3, r?: number) => y * m + (r ?? 0.5); return g(x, k, o?.rate);",
    [[2], [2, 4], [2, 4, {}], [2, undefined, { rate: 9 }]],
  ],
  "a helper that gives undefined at times": [
    "x: number, k?: number",
    "const g = (y?: number) => { if (y === undefined) return undefined; return y * x; }; return g(k) ?? 100;",
    [[2], [2, 4]],
  ],
  "Partial and undefined in a union": [
    "x: number, o: Partial<{ a: number; b: number }>, k: number | undefined",
    "return x * (o.a ?? 2) * (o.b ?? 3) * (k ?? 4);",
    [
      [1, {}, undefined],
      [1, { b: 5 }, 6],
    ],
  ],
  "an object that is spread": [
    "x: number, o: { a?: number; b?: number } = {}",
    "const all = { a: 2, b: 3, ...o }; return x * (all.a ?? 10) + (all.b ?? 20);",
    [[1], [1, { a: 5 }], [1, { b: 7 }]],
  ],
};

describe.each(Object.entries(rows))("%s", (_, [params, body, calls]) => {
  const text = `export function f(${params}): number { "use ad"; ${body} }`;

  test("computes the results of JavaScript", () => {
    const [f, expected] = [compiled(text), exportsOf(text)["f"]! as F];
    for (const args of calls) {
      expect(outcome(f, args), JSON.stringify(args)).toEqual(outcome(expected, args));
      expect(outcome(jit(f as never) as unknown as F, args), JSON.stringify(args)).toEqual(
        outcome(expected, args),
      );
    }
    // repeated, so that the second call takes the fast path
    for (const args of calls) expect(outcome(f, args)).toEqual(outcome(expected, args));
  });
});

test("a spread of optional fields copies their absence, as JavaScript does for undefined", () => {
  const f = compiled(
    'export function f(o: { a?: number }): number { "use ad"; const p = { ...o }; return p.a ?? 3; }',
  );
  expect([f({}), f({ a: 4 })]).toEqual([3, 4]);
});

type Fitted = (x: number, k?: number, o?: { rate?: number; steps?: number }) => number;
type Model = (p: { w: number[]; b?: number }, xs?: number[]) => number;

const fitted: Fitted =
  compiled(`export function f(x: number, k = 2, o: { rate?: number; steps?: number } = {}): number {
  "use ad";
  let s = x;
  for (let i = 0; i < (o.steps ?? 3); i++) s += (o.rate ?? 0.1) * k * s;
  return s;
}`);
const model: Model = compiled(`export function f(p: { w: number[]; b?: number }, xs?: number[]): number {
  "use ad";
  let s = p.b ?? 1;
  for (let i = 0; i < p.w.length; i++) s += p.w[i]! ** 2 * (xs?.[i] ?? 3);
  return s * s;
}`);
const growth = 1.2 ** 3;

describe("derivatives", () => {
  test("are those of the present arguments", () => {
    expect(grad(fitted)(1.5)).toBeCloseTo(growth, 12);
    expect(grad(fitted)(1.5, 2)).toBeCloseTo(growth, 12);
    expect(grad(fitted, { argnums: 1 })(1.5, 2)).toBeCloseTo(1.5 * 3 * 1.2 ** 2 * 0.1, 12);
    expect(valueAndGrad(fitted)(1.5, undefined, { steps: 0 })).toEqual([1.5, 1]);
    expect(grad(fitted, { argnums: [0, 1] })(1.5, 2, { rate: 0 })).toEqual([1, 0]);
  });

  test("have the present fields", () => {
    expect(grad(model)({ w: [1, 2] })).toEqual({ w: [192, 384] });
    expect(grad(model)({ w: [1, 2], b: 2 })).toEqual({ w: [204, 408], b: 34 });
    expect(grad(model, { argnums: [0, 1] })({ w: [1, 2] }, [3, 3])).toEqual([{ w: [192, 384] }, [32, 128]]);
    expect(hessian(model)({ w: [1] })).toEqual({ w: { w: [[120]] } });
    expect(jacfwd(model)({ w: [1] })).toEqual({ w: [48] });
    expect(jacrev(model)({ w: [1], b: 0 })).toEqual({ w: [36], b: 6 });
    expect(hvp(model, { w: [1] }, { w: [2] })).toEqual({ w: [240] });
  });

  test("pass through computed defaults", () => {
    const f: (x: number, k?: number) => number = compiled(
      'export function f(x: number, k: number = x * x): number { "use ad"; return x * k; }',
    );
    expect([grad(f)(3), grad(f)(3, 9), hessian(f)(3)]).toEqual([27, 9, 18]);
  });

  test("accept directions with the same fields present as the arguments", () => {
    expect(jvp(fitted, [1.5], [2])[1]).toBeCloseTo(2 * growth, 12);
    expect(jvp(model, [{ w: [1], b: 2 }], [{ w: [0], b: 1 }])).toEqual([25, 10]);
    expect(() => jvp(model, [{ w: [1], b: 2 }], [{ w: [0] }])).toThrow(
      /the tangent of p\.b is undefined\. Give it: 0 where p\.b does not change/,
    );
    expect(() => jvp(model, [{ w: [1] }], [{ w: [0], b: 1 }])).toThrow(/p\.b is undefined, so its tangent/);
    expect(vjp(model, { w: [1] })[1](1)).toEqual([{ w: [48] }, undefined]);
    expect(linearize(model, { w: [1] })[1]({ w: [1] })).toBe(48);
  });

  test("in an omitted argument are refused", () => {
    expect(() => grad(fitted, { argnums: 1 })(1.5)).toThrow(
      "grad(f): argument 1 is undefined, and there is no derivative in a default. Give it a value, or leave it out of argnums.",
    );
    expect(() => jacrev(model, { argnums: 1 })({ w: [1] })).toThrow(/argument 1 is undefined/);
  });
});

test("batches share omitted arguments", () => {
  expect(vmap(fitted)([1, 2])).toEqual([fitted(1), fitted(2)]);
  expect(vmap(fitted, { inAxes: [0, 0] })([1, 2], [3, 4])).toEqual([fitted(1, 3), fitted(2, 4)]);
  expect(vmap(fitted, { inAxes: [0, null] })([1, 2], 3)).toEqual([fitted(1, 3), fitted(2, 3)]);
  expect(vmap(grad(fitted))([1, 2])).toEqual([grad(fitted)(1), grad(fitted)(2)]);
  expect(vmap(model)({ w: [[1], [2]], b: [0, 1] })).toEqual([9, 169]);
  expect(vmap(vmap(fitted))([[1, 2]])).toEqual([[fitted(1), fitted(2)]]);
  expect(vmap(grad(model))({ w: [[1], [2]] })).toEqual({ w: [[48], [312]] });
});

test("over tensors", () => {
  const over = (x: Tensor): Tensor => overTensors(fitted)(x);
  expect(over(tensor(1.5)).item()).toBe(fitted(1.5));
  expect(grad(over)(tensor(1.5)).item()).toBeCloseTo(growth, 12);
  expect(jit(over)(tensor(1.5)).item()).toBe(fitted(1.5));
  const ofModel = grad((w: Tensor): Tensor => overTensors(model)({ w }));
  expect(ofModel(tensor([1, 2])).tolist()).toEqual([192, 384]);
  const p = grad((q: { w: Tensor; b: Tensor }): Tensor => overTensors(model)(q));
  expect(p({ w: tensor([1, 2]), b: tensor(2) }).b.item()).toBe(34);
});

test("a required argument is still required", () => {
  const anyway = fitted as F;
  expect(() => anyway()).toThrow(/takes 3 arguments, and 0 are given/);
  expect(() => (model as F)({ b: 1 })).toThrow(/p\.w must be an array of numbers, got undefined/);
  expect(() => anyway(1, null)).toThrow(
    /k must be a number, or undefined, got null|must be a number, got null/,
  );
});

test.each([
  ["k = x, x = 2", "x has no value yet: a default may use the parameters before it. Move x to the front."],
  ["k = k", "k has no value yet"],
  ["x: number, k?", "k needs a type"],
])("refused: %s", (params, message) => {
  const text = `export function f(${params}): number { "use ad"; return 1; }`;
  expect(() => compiled(text)).toThrow(PlainError);
  expect(() => compiled(text)).toThrow(message);
});

test("JSDoc marks optional parameters", () => {
  const text = (type: string, name: string): string =>
    `/**\n * @param {number} x\n * @param {${type}} ${name} the factor\n */\nexport function f(x, k) { "use ad"; return x * (k ?? 2); }`;
  for (const one of [text("number", "[k]"), text("number", "[k=2]"), text("number=", "k")])
    expect([compiled(one)(3), compiled(one)(3, 5)]).toEqual([6, 15]);
});

test("random functions of optional values agree with JavaScript", () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 60, maxLength: 200 }), (list) => {
      const text = randomOptional(new Choices(list));
      let f: F;
      try {
        f = compiled(text);
      } catch (error) {
        if (!(error instanceof PlainError)) throw error;
        return;
      }
      accepted++;
      const javascript = exportsOf(text)["f"]! as F;
      for (let call = 0; call < 4; call++) {
        const args = optionalArguments(new Choices(list.map((n) => (n >> call) + call)));
        const [actual, expected] = [outcome(f, args), outcome(javascript, args)];
        const isNear =
          typeof actual === "number" &&
          typeof expected === "number" &&
          Math.abs(actual - expected) <= 1e-9 * Math.abs(expected);
        if (!isNear) expect(actual, text).toBe(expected);
      }
    }),
    { numRuns: 60, seed: 23 },
  );
  expect(accepted).toBeGreaterThan(45);
});

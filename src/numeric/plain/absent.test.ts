// Locals, parameters and fields that are null or undefined.
import { grad, jit, valueAndGrad } from "downhill";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bothWays, exportsOf, moduleFrom, runBothWays } from "../../../test/support/plain-agreement.ts";
import { randomAbsent } from "../../../test/support/random-absent.ts";
import { Choices } from "../../../test/support/random-choices.ts";
import { functionOf } from "./call/attach.ts";
import { elaborate } from "./elaborate/elaborate.ts";
import { emitModule } from "./emit/module.ts";
import { PlainError } from "./syntax/refuse.ts";

type F = (...args: unknown[]) => unknown;

function compiled(text: string): F {
  return functionOf(elaborate(moduleFrom(text)), () => []) as F;
}

const body = (params: string, code: string): string =>
  `type P = { x: number; y: number };\nexport function f(${params}): number {\n"use ad";\n${code}\n}`;

/** Parameters, body, and arguments of functions. */
const rows: Readonly<Record<string, readonly [string, string, ...(readonly unknown[])[]]>> = {
  "the best so far": [
    "xs: number[]",
    "let best: number | null = null; for (const x of xs) if (best === null || x > best) best = x; return best === null ? -1 : best;",
    [[1, 5, -2]],
    [[]],
  ],
  "the best so far, without a type": [
    "xs: number[]",
    "let best; let worst = null; for (const x of xs) { if (best === undefined || x > best) best = x; if (worst === null || x < worst) worst = x; } return best === undefined ? -1 : best * 10 + (worst ?? 0);",
    [[1, 5, -2]],
    [[]],
  ],
  "the array of the iteration before": [
    "xs: number[], n: number",
    "let last: number[] | null = null; let s = 0; for (let i = 0; i < n; i++) { const y = xs.map((v) => v * (i + 1)); if (last !== null) for (let j = 0; j < y.length; j++) s += y[j] * last[j]; last = y; } return s + (last === null ? 0 : last.length);",
    [[1, 2, 3], 3],
    [[1, 2, 3], 1],
    [[1, 2, 3], 0],
  ],
  "the object of the iteration before": [
    "ps: P[]",
    "let last: P | undefined; let first: P | null = null; let s = 0; for (const p of ps) { if (last) s += Math.hypot(p.x - last.x, p.y - last.y); last = p; first ??= p; } return s + (first?.x ?? 7) - (first === null ? 0 : first.y);",
    [
      [
        { x: 1, y: 2 },
        { x: 3, y: -1 },
        { x: 0, y: 1 },
      ],
    ],
    [[]],
  ],
  "pairs that are reset": [
    "xs: number[]",
    "let range: [number, number] | null = null; let s = 0; for (const x of xs) { if (x < 0) { range = null; continue; } if (range === null) range = [x, x]; else { range = [Math.min(range[0], x), Math.max(range[1], x)]; s += range[1] - range[0]; } } return range ? s + range[1] : s;",
    [[1, 3, -1, 2, 9, 4]],
    [[1, -1]],
  ],
  "null in arithmetic and in typeof": [
    "x: number",
    "let a: number | null = null; if (x > 1) a = x; const t = typeof a === 'object' ? 100 : typeof a === 'undefined' ? 1000 : 10; return a! * 2 + 1 + t + (a == undefined ? 0.5 : 0) + (a ? 1e4 : 2e4);",
    [0],
    [2],
  ],
  "fields that are null at first": [
    "x: number",
    "const state: { last: number | null; more?: number; n: number } = { last: null, n: 0 }; for (let i = 0; i < 3; i++) { if (state.last !== null) state.n += state.last * x; state.last = x * i; if (state.more !== undefined) state.n += 10 * state.more; state.more = i; } return state.n;",
    [2],
  ],
  "results of helpers": [
    "x: number, y: number",
    "const root = (v: number): number | null => { if (v < 0) return null; return Math.sqrt(v); }; const both = (v: number) => (v < 1 ? null : { a: v, b: 2 }); const a = root(x), b = both(y); return (a ?? 1) + (a !== null ? a * 2 : 5) + (b?.a ?? 3) + (b === null ? 0 : b.b);",
    [4, 2],
    [-4, 0],
  ],
  "parameters and fields": [
    "w: number | null, o: { clip: number | null; rate?: number }, k: 'up' | 'down' | null",
    "let s = w === null ? 1 : w * w; if (o.clip !== null && s > o.clip) s = o.clip; if (k === null) return s; return k === 'up' ? s + (o.rate ?? 9) : -s;",
    [3, { clip: 5, rate: 1 }, "up"],
    [null, { clip: null }, null],
    [3, { clip: null }, "down"],
  ],
  "a default that is not for null": [
    "x: number",
    "const g = (v: number, k: number | null = 3) => (k === null ? v : v * k); const { a = 5 } = { a: x > 1 ? x : null }; return g(x) + 10 * g(x, null) + 100 * g(x, 2) + 1e4 * (a === null ? 1 : a);",
    [2],
    [0],
  ],
  "what is known until an assignment": [
    "xs: number[]",
    "let v: number | null = 1; let s = 0; for (const x of xs) { if (v !== null) { s += v; if (x > 2) v = null; s += v === null ? 100 : v; } else { v = x; s += v; } } return v === null ? s : s + v;",
    [[1, 3, 2, 4]],
  ],
};

test.each(Object.entries(rows))("%s", (_, [params, code, ...calls]) => {
  for (const args of calls) {
    const { actual, expected } = runBothWays(body(params, code), args);
    expect(actual).toEqual(expected);
  }
});

test("a derivative has null where its argument has null", () => {
  const f = compiled(
    body(
      "p: { a: number; clip: number | null }, k: number | null",
      "const y = p.clip === null ? p.a ** 2 : p.clip * p.a; return k === null ? y : k * y;",
    ),
  );
  const slope = grad(f as never) as F;
  expect(slope({ a: 3, clip: null }, null)).toEqual({ a: 6, clip: null });
  expect(slope({ a: 3, clip: 2 }, 5)).toEqual({ a: 10, clip: 15 });
  const both = valueAndGrad(f as never, { argnums: [0, 1] }) as F;
  expect(both({ a: 3, clip: null }, 2)).toEqual([18, [{ a: 12, clip: null }, 9]]);
  for (let call = 0; call < 3; call++) {
    expect((jit(f as never) as F)({ a: 3, clip: null }, null)).toBe(9);
    expect((jit(f as never) as F)({ a: 3, clip: 4 }, 2)).toBe(24);
  }
  expect(() => both({ a: 3, clip: null }, null)).toThrow("argument 1 is null, and there is no derivative");
  expect(() => f({ a: 3 }, null)).toThrow("p.clip must be a number, or null, got undefined");
});

test("emitted code names null", () => {
  const text = body(
    "p: { a: number; clip: number | null }",
    "return p.clip === null ? p.a ** 2 : p.clip * p.a;",
  );
  const { code, types } = emitModule(elaborate(moduleFrom(text)), { value: true, grad: ["p"] });
  expect(types).toContain("p: { a: number; clip: number | null }");
  expect(code).toContain("p.clip !== null");
  const { f, fGrad } = exportsOf(code);
  expect([f!({ a: 3, clip: null }), f!({ a: 3, clip: 2 })]).toEqual([9, 6]);
  expect(fGrad!({ a: 3, clip: null })).toEqual([9, { a: 6, clip: null }]);
  expect(fGrad!({ a: 3, clip: 2 })).toEqual([6, { a: 2, clip: 3 }]);
});

test.each([
  [
    "x: number",
    "let v: number | null = null; if (x > 0) v = undefined!; return v ?? x;",
    "is null where it has no value",
  ],
  ["x: number, k: number | null | undefined", "return k === null ? 1 : x;", "only == null asks for both"],
  ["x: number, k: number | null | undefined", "return x + k!;", "may be null, which counts as 0"],
  [
    "x: number, k: number | null | undefined",
    "return typeof k === 'undefined' ? 1 : x;",
    "compare it with == null",
  ],
  ["x: number, k: number | null", "return k;", "the result may be null"],
  ["x: number", "let v = null; return v * x;", "v is null: give it a value"],
])("refused: %s, %s", (params, code, message) => {
  expect(() => compiled(body(params, code))).toThrow(PlainError);
  expect(() => compiled(body(params, code))).toThrow(message);
});

test("random functions of locals that are absent at first agree with JavaScript", () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 60, maxLength: 120 }), (list) => {
      const text = randomAbsent(new Choices(list));
      let run: ReturnType<typeof bothWays>;
      try {
        run = bothWays(text);
      } catch (error) {
        if (!(error instanceof PlainError)) throw error;
        return;
      }
      accepted++;
      for (const args of [
        [[0.5, 2, -1], 0.75, 2],
        [[0.5], 1.5, null],
        [[1.25], -0.5, null],
      ]) {
        let outcome: { readonly actual: unknown; readonly expected: unknown };
        try {
          outcome = run(args);
        } catch (error) {
          // JavaScript and the region read members of what is absent
          expect(String(error), text).toMatch(/TypeError|Cannot read properties|is (?:null|undefined)/);
          continue;
        }
        const { actual, expected } = outcome;
        const isNear =
          Math.abs((actual as number) - (expected as number)) <= 1e-12 * Math.abs(expected as number);
        if (!isNear) expect(actual, text).toBe(expected);
      }
    }),
    { numRuns: 60, seed: 29 },
  );
  expect(accepted).toBeGreaterThan(45);
});

// Modules of functions whose lists have items with optional fields, or further lists, against the library and JavaScript.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exportsOf, moduleFrom } from "../../../../test/support/plain-agreement.ts";
import { Choices } from "../../../../test/support/random-choices.ts";
import { argumentOf, randomStructure } from "../../../../test/support/random-structure.ts";
import { grad, jvp } from "../../../index.ts";
import { functionOf } from "../call/attach.ts";
import { elaborate } from "../elaborate/elaborate.ts";
import { PlainError } from "../syntax/refuse.ts";
import { type EmitOptions, emitModule } from "./module.ts";

type Call = (...args: readonly unknown[]) => unknown;
const kinds = [
  ["JavaScript", { functions: "exact" }],
  ["WebAssembly", { wasm: true }],
] as const;

/** Exports of the module that `emitModule` writes for the function `f` of a text. */
function emitted(text: string, options: EmitOptions): Readonly<Record<string, Call>> {
  const { code } = emitModule(elaborate(moduleFrom(text), "f"), options);
  return exportsOf(code);
}

const library = (text: string): Call => functionOf(elaborate(moduleFrom(text), "f"), () => []) as Call;
/** A value with 9 digits of each number. Sums that the library folds in lanes are sequential in JavaScript. */
function rounded(value: unknown): unknown {
  if (typeof value === "number") return Number(value.toPrecision(9)) + 0;
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, rounded(field)]));
}
const gradient = (f: Call): Call => grad(f as never) as Call;

describe.each(kinds)("as %s", (_, options) => {
  test("a gradient lacks the optional fields that the items of a list lack", () => {
    const text = `type P = { a?: number; on?: boolean; w?: number[]; b?: { c: number | null; qs?: { d: number }[] } };
export function f(ps: P[], x: number): number {
  "use ad";
  let s = x;
  for (const p of ps) {
    s *= p.a ?? 2;
    for (const v of p.w ?? []) s += v * v * x;
    if (p.b) s += (p.b.c ?? 3) * s;
    for (const q of p.b?.qs ?? []) s += q.d * q.d;
  }
  return s;
}`;
    const own = emitted(text, { value: true, grad: ["x"], ...options });
    const f = library(text);
    for (const ps of [
      [],
      [{}],
      [{ a: 3 }, { w: [1, 2] }, {}],
      [{ b: { c: 2 } }, { w: [5], b: { c: null, qs: [{ d: 4 }] } }, { b: { c: 1 } }],
      [{ a: undefined, w: undefined }],
    ]) {
      expect(own["f"]!(ps, 1.5)).toBe(exportsOf(text)["f"]!(ps, 1.5));
      expect((own["fGrad"]!(ps, 1.5) as number[])[1]).toBe(
        (grad(f as never, { argnums: 1 }) as Call)(ps, 1.5),
      );
    }
  });

  test("lists of lists have a gradient and products with a Hessian", () => {
    const text = `export function f(qs: { up: boolean; rows: { m: number[][]; t: [number, number] }[] }[], k: number[][][]): number {
  "use ad";
  let s = 0;
  for (const q of qs) for (const r of q.rows) {
    for (const row of r.m) for (const v of row) s += v * v * v * r.t[0];
    s += q.up ? r.t[1] ** 2 : r.t[1] ** 3;
  }
  for (const a of k) for (const b of a) for (const c of b) s += c * c * s;
  return s;
}`;
    const rows = (x: number): object => ({ m: [[x, 1, 2], [3, x * x, 4]], t: [x + 1, x - 1] }); // prettier-ignore
    const args = [
      [
        { up: true, rows: [rows(1), rows(2)] },
        { up: false, rows: [rows(3), rows(4)] },
      ],
      [[[0.1], [0.2]]],
    ] as const;
    const own = emitted(text, { value: true, grad: ["qs"], hvp: "qs", ...options });
    const f = library(text);
    expect(own["f"]!(...args)).toBe(exportsOf(text)["f"]!(...args));
    expect(rounded((own["fGrad"]!(...args) as unknown[])[1])).toEqual(rounded(gradient(f)(...args)));
    const direction = args[0].map(({ rows: items }) => ({ rows: items.toReversed() }));
    const moved = direction.map((part) => ({ ...part, up: 0 }));
    const product = own["fHvp"]!(...args, direction);
    const whole = jvp(gradient(f) as never, args as never, [moved, [[[0], [0]]]] as never)[1];
    expect(rounded(product)).toEqual(rounded(whole));
    const shorter = direction.map(({ rows: items }) => ({ rows: items.slice(1) }));
    expect(() => own["fHvp"]!(...args, shorter)).toThrow("v.rows.m: the length is 1, not 2.");
    const uneven = [args[0][0], { up: false, rows: [rows(3)] }];
    expect(() => own["f"]!(uneven, args[1])).toThrow("qs.rows.");
  });
});

test("random functions of nested values have the values and gradients of the library", () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 40, maxLength: 120 }), (list) => {
      const structure = randomStructure(new Choices(list));
      let form;
      try {
        form = elaborate(moduleFrom(structure.text), "f");
      } catch (error) {
        if (!(error instanceof PlainError)) throw error;
        return;
      }
      accepted++;
      const f = functionOf(form, () => []) as Call;
      const modules = kinds.map(([, options]) =>
        emitted(structure.text, { value: true, grad: ["p"], ...options }),
      );
      for (let call = 0; call < 3; call++) {
        const p = argumentOf(structure, new Choices(list.map((n) => (n >> call) + call)));
        const value = exportsOf(structure.text)["f"]!(p, 0.5) as number;
        const slopes = gradient(f)(p, 0.5);
        for (const { f: own, fGrad } of modules) {
          expect(own!(p, 0.5), structure.text).toBeCloseTo(value, 9);
          expect(rounded(fGrad!(p, 0.5)), structure.text).toEqual(rounded([value, slopes]));
        }
      }
    }),
    { numRuns: 12, seed: 31 },
  );
  expect(accepted).toBeGreaterThan(9);
});

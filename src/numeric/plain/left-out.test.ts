// Fields that derivatives leave out, and optional arrays.
import { describe, expect, test } from "vitest";
import { moduleFrom } from "../../../test/support/plain-agreement.ts";
import { grad, hessian, hvp, jvp } from "../../index.ts";
import { functionOf } from "./call/attach.ts";
import { elaborate } from "./elaborate/elaborate.ts";
import { emitModule } from "./emit/module.ts";

type F = (...args: unknown[]) => number;

/** Compiles the function `f` of a source text. */
function compiled(text: string): F {
  return functionOf(elaborate(moduleFrom(text), "f"), () => []) as F;
}

const modelText = `
type Kind = "square" | "cube";
interface Model { kind: Kind; on?: boolean; unit?: "m" | "km"; w: number }
export function f(p: Model): number {
  "use ad";
  let y = p.kind === "square" ? p.w ** 2 : p.w ** 3;
  if (p.on) y *= 2;
  if (p.unit === "km") y *= 10;
  return y;
}`;
const model = { kind: "cube", on: true, unit: "km", w: 2 };

describe("fields that are booleans or strings", () => {
  const f = compiled(modelText);
  // y = 20 w³
  test("are left out of gradients, also if they are optional", () => {
    expect(grad(f as never)(model as never)).toMatchObject({ w: 240 });
    expect(grad(f as never)(model as never)).not.toHaveProperty("on");
    expect(grad(f as never)(model as never)).not.toHaveProperty("unit");
    expect(grad(f as never)({ ...model, on: undefined, unit: undefined } as never)).toMatchObject({ w: 12 });
    expect(hessian(f as never)(model as never)).toMatchObject({ w: { w: 240 } });
  });

  test("may be absent in a direction, and strings may be present", () => {
    for (const direction of [{ ...model, on: false, w: 1 }, { w: 1 }, { kind: 0, on: 0, unit: 0, w: 1 }]) {
      expect(jvp(f as never, [model] as never, [direction] as never)).toEqual([160, 240]);
      const [value, along] = jvp(
        grad(f as never) as never,
        [model] as never,
        [direction] as never,
      ) as unknown as unknown[];
      expect(value).toMatchObject({ w: 240 });
      expect(along).toMatchObject({ w: 240 });
      expect(hvp(f as never, model as never, direction as never)).toMatchObject({ w: 240 });
    }
    expect(() => jvp(f as never, [model] as never, [{ ...model, kind: "line" }] as never)).toThrow(
      'p.kind must be "square" or "cube", got "line"',
    );
  });

  test("are left out of gradients of emitted modules", () => {
    const form = elaborate(moduleFrom(modelText), "f");
    expect(emitModule(form, { grad: ["p"] }).types).toContain("w: number }");
    expect(emitModule(form, { grad: ["p"] }).types).not.toMatch(/\): \{[^}]*on\?/);
  });
});

describe("optional arrays", () => {
  test("may be absent in all items of an inner list", () => {
    const f = compiled(`
interface Item { parts: { v?: number[] }[]; w: number }
export function f(items: Item[]): number {
  "use ad";
  let sum = 0;
  for (const { parts, w } of items)
    for (const part of parts) if (part.v !== undefined) for (const v of part.v) sum += v * v * w;
  return sum;
}`);
    const without = { w: 1, parts: [{}, {}] };
    const partly = { w: 2, parts: [{ v: [1, 2] }, {}] };
    for (const items of [
      [without, partly],
      [partly, without],
    ])
      expect(f(items)).toBe(10);
    expect(grad(f as never)([without, partly] as never)).toEqual([
      { parts: [{}, {}], w: 0 },
      { parts: [{ v: [4, 8] }, {}], w: 5 },
    ]);
    expect(f([without])).toBe(0);
  });

  test("are iterated where a condition shows that they are present", () => {
    const loops = [
      "if (p.w) for (const v of p.w) s += v * p.c;",
      "if (p.w !== undefined) { for (const v of p.w) s += v * p.c; }",
      "if (p.w) for (const [i, v] of p.w.entries()) s += v * p.c + 0 * i;",
      "if (!p.w) return s; for (const v of p.w) s += v * p.c;",
    ];
    for (const loop of loops) {
      const f = compiled(`interface P { w?: number[]; c: number }
export function f(p: P): number { "use ad"; let s = p.c; ${loop} return s; }`);
      expect(grad(f as never)({ w: [1, 2], c: 3 } as never)).toEqual({ w: [3, 3], c: 4 });
      expect(grad(f as never)({ c: 3 } as never)).toEqual({ c: 1 });
    }
  });

  test("end the call with JavaScript's error where they are absent", () => {
    const f = compiled(`export function f(p: { w?: number[] }): number {
  "use ad";
  let s = 0;
  for (const v of p.w) s += v;
  return s;
}`);
    expect(f({ w: [1, 2] })).toBe(3);
    expect(() => f({})).toThrow("p.w is not iterable");
  });
});

describe("fields that may be any string", () => {
  const text = `
interface Body { name: string; tags?: string[]; mass: number; parts: { label: string; m: number }[] }
export function f(p: Body): number { "use ad"; let s = p.mass ** 3; for (const part of p.parts) s += part.m ** 2; return s; }`;
  const f = compiled(text);
  const body = { name: "a", tags: ["x"], mass: 2, parts: [{ label: "u", m: 3 }] };
  const derivative = { mass: 12, parts: [{ m: 6 }] };

  test("are left out of gradients and directions", () => {
    expect(grad(f as never)(body as never)).toEqual(derivative);
    for (const direction of [
      { mass: 1, parts: [{ m: 1 }] },
      { ...body, mass: 1, parts: [{ label: "v", m: 1 }] },
    ]) {
      expect(jvp(f as never, [body] as never, [direction] as never)).toEqual([17, 18]);
      expect(hvp(f as never, body as never, direction as never)).toEqual({ mass: 12, parts: [{ m: 2 }] });
    }
  });

  test("are left out of types and gradients of emitted modules", async () => {
    const { code, types } = emitModule(elaborate(moduleFrom(text), "f"), { grad: ["p"] });
    expect(types).not.toMatch(/name|tags|label/);
    const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`)) as {
      fGrad: (p: unknown) => unknown;
    };
    expect(module.fGrad(body)).toEqual(derivative);
  });
});

// Modules of derivatives of functions with optional arguments, and of functions that throw.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportsOf, moduleFrom } from "../../../../test/support/plain-agreement.ts";
import { grad, hvp } from "../../../index.ts";
import { functionOf } from "../call/attach.ts";
import { elaborate } from "../elaborate/elaborate.ts";
import { type EmitOptions, emitModule } from "./module.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "emit-optional-"));
});
afterAll(() => rm(folder, { recursive: true }));

type Emitted = Readonly<Record<string, (...args: unknown[]) => unknown>>;

async function emitted(name: string, text: string, options: EmitOptions): Promise<Emitted> {
  const { code } = emitModule(elaborate(moduleFrom(text), "f"), options);
  const file = join(folder, `${name}.mjs`);
  await writeFile(file, code);
  return (await import(pathToFileURL(file).href)) as Emitted;
}

const model = `export function f(x: number, k = 2, p?: { rate?: number; w?: number[]; m?: number[][] }, steps?: number): number {
  "use ad";
  let s = x * (p?.rate ?? 0.5);
  for (let i = 0; i < (steps ?? 3); i++) s += k * s;
  if (p?.w) for (const a of p.w) s += a * a * x;
  for (const row of p?.m ?? []) for (const v of row) s += v * x;
  return s;
}`;
const calls: readonly (readonly unknown[])[] = [
  [1.5],
  [1.5, 3],
  [1.5, undefined, {}],
  [1.5, 3, { rate: 0.25 }, 2],
  [1.5, 3, { w: [1, 2], m: [[1], [2]] }],
  [1.5, undefined, undefined, 0],
];

describe.each([
  ["JavaScript", { functions: "exact" }],
  ["WebAssembly", { wasm: true }],
] as const)("as %s", (kind, options) => {
  test("optional arguments may be omitted", async () => {
    const f = functionOf(elaborate(moduleFrom(model), "f"), () => []) as (x: number) => number;
    const own = await emitted(`value-${kind}`, model, { value: true, grad: ["x"], hvp: "x", ...options });
    for (const args of calls) {
      const [x, ...others] = args as [number, ...never[]];
      const of = (y: number): number => f(...([y, ...others] as unknown as [number]));
      expect(own["f"]!(...args)).toBeCloseTo(of(x), 12);
      const [value, slope] = own["fGrad"]!(...args) as [number, number];
      expect(value).toBeCloseTo(of(x), 12);
      expect(slope).toBeCloseTo(grad(f)(...(args as [number])), 12);
    }
    expect(hvp(f, 1.5, 1)).toBe(0);
    expect(own["fHvp"]!(1.5, undefined, undefined, undefined, 1)).toBe(0);
  });

  test("a gradient has the present fields", async () => {
    const own = await emitted(`fields-${kind}`, model, { grad: ["k", "p"], ...options });
    expect(own["fGrad"]!(1.5, 3, {})).toEqual([36, {}]);
    expect(own["fGrad"]!(2, 1, { rate: 1, w: [3] })).toEqual([2 * 3 * 4, { rate: 16, w: [12] }]);
    const one = await emitted(`one-${kind}`, model, { value: true, grad: ["p"], ...options });
    expect(one["fGrad"]!(2, 1, { m: [[1, 2]] })).toEqual([8 + 6, { m: [[2, 2]] }]);
  });

  test("errors have their message values and their class", async () => {
    const text = `export function f(x: number, k?: number): number {
  "use ad";
  if (x < 0) throw new RangeError(\`x is \${x}, "\${x > -2}", \${x.toFixed(1)} \\\\ \${k}\`);
  if (x > 9) throw new LimitError("limit " + x);
  return x * x;
}`;
    const own = await emitted(`thrown-${kind}`, text, { value: true, grad: ["x"], ...options });
    for (const f of [own["f"]!, own["fGrad"]!]) {
      expect(() => f(-1.25)).toThrow(new RangeError('x is -1.25, "true", -1.3 \\ undefined'));
      expect(() => f(-3, 4)).toThrow(new RangeError('x is -3, "false", -3.0 \\ 4'));
      expect(() => f(10)).toThrow(expect.objectContaining({ name: "LimitError", message: "limit 10" }));
    }
  });
});

test("types mark optional arguments", () => {
  const form = elaborate(moduleFrom(model), "f");
  const { types } = emitModule(form, { grad: ["x"], hvp: "k" });
  const given = "p?: { rate?: number; w?: number[]; m?: number[][] }, steps?: number";
  expect(types).toContain(`export function fGrad(x: number, k?: number, ${given}): number;`);
  expect(types).toContain(
    "export function fHvp(x: number, k: number | undefined, p: { rate?: number; w?: number[]; m?: number[][] } | undefined, steps: number | undefined, v: number): number;",
  );
  expect(() => emitModule(form, { hvp: "p" })).toThrow("p has optional fields");
  expect(() => emitModule(form, { grad: ["steps"] })).toThrow("steps of f only sets sizes");
  const list = 'export function f(ps: { a?: number }[]): number { "use ad"; return ps[0].a ?? 1; }';
  expect(emitModule(elaborate(moduleFrom(list), "f"), { grad: ["ps"] }).types).toContain(
    "export function fGrad(ps: { a?: number }[]): { a?: number }[];",
  );
});

test("booleans of an argument, and a local with the name of an argument", async () => {
  const text = `export function f(x: number, ps: { a: number; on: boolean }[], on: boolean[]): number {
  "use ad";
  const order = [...ps].sort((p, q) => q.a - p.a);
  let s = 0;
  for (const p of order) s = 3 * s + (p.on ? p.a * x : 1);
  for (const one of on) s = 3 * s + (one ? x : 1);
  return ps.flatMap(({ a }) => [a, s]).reduce((total, v, i) => total + i * v * v, 0);
}`;
  const args = [1.5, [{ a: 1, on: true }, { a: 2, on: false }], [false, true]]; // prettier-ignore
  const javascript = exportsOf(text)["f"]!;
  const f = functionOf(elaborate(moduleFrom(text), "f"), () => []);
  const gradient = grad(f as (x: number) => number) as (...all: unknown[]) => unknown;
  for (const [kind, options] of [
    ["js", {}],
    ["wasm", { wasm: true }],
  ] as const) {
    const module = await emitted(`booleans-${kind}`, text, { value: true, grad: ["x"], ...options });
    expect(module["f"]!(...args)).toBe(javascript(...args));
    expect(module["fGrad"]!(...args)).toEqual([javascript(...args), gradient(...args)]);
  }
});

test("a gradient leaves out the booleans and strings of objects", async () => {
  const text = `export function f(p: { on: boolean; kind: "a" | "b"; x: number; qs: { on: boolean; y: number }[]; o?: { on: boolean; z: number } }, ys: number[]): number {
  "use ad";
  let s = p.kind === "a" ? p.x * p.x : 3 * p.x;
  if (p.on) s *= ys[0]! * ys[1]!;
  for (const q of p.qs) s += q.on ? q.y * s : q.y;
  if (p.o) s += p.o.on ? p.o.z : p.o.z ** 2;
  return s;
}`;
  const form = elaborate(moduleFrom(text), "f");
  const library = grad(functionOf(form, () => []) as (p: object, ys: number[]) => number, {
    argnums: [0, 1],
  });
  const qs = [{ on: true, y: 3 }, { on: false, y: 4 }]; // prettier-ignore
  for (const [kind, options] of [
    ["js", { functions: "exact" }],
    ["wasm", { wasm: true }],
  ] as const) {
    const { fGrad, fHvp } = await emitted(`left-out-${kind}`, text, {
      grad: ["p", "ys"],
      hvp: "ys",
      ...options,
    });
    const argument = { on: true, kind: "a", x: 2, qs, o: { on: false, z: 5 } };
    for (const p of [argument, { ...argument, on: false }, { ...argument, kind: "b", o: undefined }])
      expect(fGrad!(p, [2, 3])).toEqual(library(p, [2, 3]));
    expect(fGrad!(argument, [2, 3])).toEqual([{ x: 96, qs: [{ y: 24 }, { y: 1 }], o: { z: 10 } }, [48, 32]]);
    expect(fHvp!(argument, [2, 3], [1, 0])).toEqual([0, 16]);
  }
  expect(emitModule(form, { grad: ["p"] }).types).toContain(
    "): { x: number; qs: { y: number }[]; o?: { z: number } };",
  );
  // booleans that are no fields still have no derivative
  const flags =
    'export function f(on: boolean[], x: [boolean, number]): number { "use ad"; return on[0] ? x[1] : 0; }';
  for (const name of ["on", "x"])
    expect(() => emitModule(elaborate(moduleFrom(flags), "f"), { grad: [name] })).toThrow(
      "it has no derivative",
    );
});

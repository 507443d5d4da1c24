// Modules of derivatives of functions with optional arguments, and of functions that throw.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { moduleFrom } from "../../../../test/support/plain-agreement.ts";
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
  expect(() => emitModule(elaborate(moduleFrom(list), "f"), { value: true })).toThrow("have optional fields");
});

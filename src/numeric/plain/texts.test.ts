// Strings and unions of objects in calls, derivatives and emitted modules.
import { grad, jit, valueAndGrad } from "downhill";
import { expect, test } from "vitest";
import { exportsOf, moduleFrom } from "../../../test/support/plain-agreement.ts";
import { tracePlain } from "../../pictures/viz/plain/trace.ts";
import { functionOf } from "./call/attach.ts";
import { compile } from "./compile.ts";
import { elaborate } from "./elaborate/elaborate.ts";
import { emitModule } from "./emit/module.ts";

type AreaShape =
  | { readonly kind: "circle"; readonly radius: number }
  | { readonly kind: "box"; readonly width: number; readonly height: number };

const text = `
type AreaShape = { kind: "circle"; radius: number } | { kind: "box"; width: number; height: number };
export function area(shape: AreaShape): number {
  "use ad";
  switch (shape.kind) {
    case "circle":
      return Math.PI * shape.radius ** 2;
    case "box":
      return shape.width * shape.height;
  }
}
export function neuron(x: number, kind: "relu" | "tanh", more: { mode: "up" | "tanh"; v: number }[]): number {
  "use ad";
  let s = kind === "relu" ? Math.max(x, 0) : Math.tanh(x);
  for (const { mode, v } of more) if (mode === kind || mode === "up") s += v * x;
  return s;
}
`;

interface TextFunctions {
  readonly area: (shape: AreaShape) => number;
  readonly neuron: (x: number, kind: "relu" | "tanh", more: { mode: "up" | "tanh"; v: number }[]) => number;
}

const functions = compile<TextFunctions>(text);

test("a derivative in a union of objects has the numbers of the object that was given", async () => {
  const { area } = await functions;
  const slope = grad(area);
  expect(slope({ kind: "box", width: 2, height: 3 })).toEqual({ width: 3, height: 2 });
  expect(slope({ kind: "circle", radius: 1 })).toEqual({ radius: 2 * Math.PI });
  expect(slope({ kind: "box", width: 5, height: 7 })).toEqual({ width: 7, height: 5 });
});

test("a derivative leaves out the booleans of objects, which may select a member of a union", async () => {
  type Outcome = { readonly ok: true; readonly v: number } | { readonly ok: false; readonly p: number };
  const source = `type Outcome = { ok: true; v: number } | { ok: false; p: number };
export function f(rs: Outcome[], s: number) {
  "use ad";
  let t = 0;
  for (const r of rs) t += r.ok ? s * r.v ** 2 : s * r.p;
  return t;
}
export function g(o: { on: boolean; w: number[] }, on: boolean) { "use ad"; return o.on && on ? o.w[0] ** 2 : o.w[1]; }`;
  const { f, g } = await compile<{
    readonly f: (rs: readonly Outcome[], s: number) => number;
    readonly g: (o: { readonly on: boolean; readonly w: number[] }, on: boolean) => number;
  }>(source);
  const outcomes: Outcome[] = [
    { ok: true, v: 3 },
    { ok: false, p: 2 },
  ];
  expect(grad(f, { argnums: [0, 1] })(outcomes, 2)).toEqual([[{ v: 12 }, { p: 2 }], 11]);
  const slope = grad(g);
  expect(slope({ on: true, w: [3, 4] }, true)).toEqual({ w: [6, 0] });
  expect(slope({ on: false, w: [3, 4] }, true)).toEqual({ w: [0, 1] });
  expect(() => grad(g, { argnums: 1 })({ on: true, w: [3, 4] }, true)).toThrow("argument 1 is true or false");
});

test("strings select what is differentiated", async () => {
  const { neuron } = await functions;
  const more = [
    { mode: "up", v: 2 },
    { mode: "tanh", v: 3 },
  ] as const;
  const both = valueAndGrad(neuron);
  expect(both(0.5, "relu", [...more])).toEqual([1.5, 3]);
  expect(both(0.5, "tanh", [...more])[1]).toBeCloseTo(1 - Math.tanh(0.5) ** 2 + 5, 14);
  expect(jit(neuron)(0.5, "relu", [...more])).toBe(1.5);
});

test("an error names the strings that are possible", async () => {
  const { neuron } = await functions;
  const call = (): unknown => grad(neuron)(1, "sigmoid" as "tanh", []);
  expect(() => grad(neuron, { argnums: 1 })(1, "tanh", [])).toThrow(
    "argument 1 is a string, and has no derivative",
  );
  expect(call).toThrow('grad(neuron): kind must be "relu" or "tanh", got "sigmoid".');
});

const program = `export function f(xs: number[], kind: "up" | "down", list: { mode: "up" | "flat"; v: number }[]): number {
  "use ad";
  let mode = "flat";
  const modes = ["up", "down", mode];
  let s = 0;
  for (let i = 0; i < xs.length; i++) {
    if (xs[i]! > 1) mode = kind;
    modes[i % 3] = mode;
    s = modes[i % 3] === "flat" ? s + xs[i]! * s : mode === "up" ? s + xs[i]! ** 2 : s - 3 * xs[i]!;
  }
  for (const one of list) if (one.mode !== "flat" && one.mode === kind) s *= one.v;
  return s;
}`;

test("emitted code has the strings of the source", () => {
  const form = elaborate(moduleFrom(program));
  const { code, types } = emitModule(form, { value: true, grad: ["xs"] });
  expect(code).toContain('let mode = "flat";');
  expect(code).toContain('mode === "up"');
  expect(code).not.toMatch(/(?:mode|kind)\w* ===? \d/);
  expect(types).toContain('kind: "up" | "down"');
  const { f, fGrad } = exportsOf(code);
  const own = functionOf(form, () => []) as (...args: unknown[]) => unknown;
  const slope = valueAndGrad(own as never) as (...args: unknown[]) => unknown;
  for (const kind of ["up", "down"]) {
    const args = [[0.5, 2, 0.75, -1], kind, [{ mode: "up", v: 2 }, { mode: "flat", v: 3 }]]; // prettier-ignore
    expect(f!(...args)).toBe(exportsOf(program)["f"]!(...args));
    const [value, gradient] = fGrad!(...args) as [number, number[]];
    const [expected, expectedGradient] = slope(...args) as [number, number[]];
    expect(value).toBeCloseTo(expected, 12);
    gradient.forEach((x, i) => {
      expect(x).toBeCloseTo(expectedGradient[i]!, 12);
    });
  }
});

test("explanations show strings", () => {
  const { lines } = tracePlain(elaborate(moduleFrom(program)), [[0.5, 2], "down", []], new Map([["i", 1]]));
  expect(lines).toContainEqual(expect.objectContaining({ target: "mode", text: "down" }));
});

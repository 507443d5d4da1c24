// Strings and unions of objects in calls, derivatives and emitted modules.
import { grad, hessian, jacfwd, jit, jvp, valueAndGrad, vmap } from "downhill";
import { describe, expect, test } from "vitest";
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

const tagged = `type Op = "square" | "same";
type P = { v: number; ops: Op[]; on: boolean[]; deep: boolean[][]; more?: Op[]; items: { tags: Op[]; w: number }[] };
export function f(p: P, ops: Op[], s: number) {
  "use ad";
  let y = p.v;
  for (const o of p.ops) y = o === "square" ? y * y : y + s;
  for (const on of p.on) if (on) y *= s;
  for (const row of p.deep) for (const on of row) if (on) y *= s;
  for (const o of p.more ?? []) if (o === "square") y = y * y;
  for (const o of ops) if (o === "square") y = y * y;
  for (const it of p.items) for (const t of it.tags) y += t === "square" ? it.w ** 2 : it.w;
  return y;
}`;
type Op = "square" | "same";
interface Tagged {
  readonly v: number;
  readonly ops: readonly Op[];
  readonly on: readonly boolean[];
  readonly deep: readonly (readonly boolean[])[];
  readonly more?: readonly Op[] | undefined;
  readonly items: readonly { readonly tags: readonly Op[]; readonly w: number }[];
}
const point: Tagged = {
  v: 1.5,
  ops: ["square", "same"],
  on: [true, false],
  deep: [
    [true, true],
    [false, true],
  ],
  more: ["same"],
  items: [
    { tags: ["square"], w: 2 },
    { tags: ["same"], w: 3 },
  ],
};

describe("arrays of strings and booleans in objects", async () => {
  const { f } = await compile<{ readonly f: (p: Tagged, ops: readonly Op[], s: number) => number }>(tagged);
  const ops: readonly Op[] = ["same"];
  // y = (v² + s) s⁴ + w₀² + w₁
  const slope = { v: 3 * 16, items: [{ w: 4 }, { w: 1 }] };
  const bySize = 16 + (1.5 ** 2 + 2) * 32;

  test("derivatives leave them out", () => {
    expect(grad(f, { argnums: [0, 2] })(point, ops, 2)).toEqual([slope, bySize]);
    expect(grad(f)({ ...point, more: undefined }, ops, 2)).toEqual(slope);
    const still = { v: 0, items: [{ w: 0 }, { w: 0 }] };
    const curved = {
      v: { ...still, v: 32 },
      items: [{ w: { v: 0, items: [{ w: 2 }, { w: 0 }] } }, { w: still }],
    };
    expect(hessian(f)(point, ops, 2)).toEqual(curved);
    expect(jacfwd(f)(point, ops, 2)).toEqual(slope);
  });

  test("directions may lack them", () => {
    const along = jvp as (of: typeof f, at: unknown, direction: unknown) => [number, number];
    const want = slope.v + 4 + bySize;
    const items = [{ w: 1 }, { w: 0 }];
    expect(along(f, [point, ops, 2], [{ v: 1, items }, undefined, 1])[1]).toBe(want);
    const isStill = { on: [false, false], deep: [[0, 0], [0, 0]] }; // prettier-ignore
    const own = items.map((item, i) => ({ ...point.items[i], ...item }));
    expect(along(f, [point, ops, 2], [{ ...point, ...isStill, v: 1, items: own }, ops, 1])[1]).toBe(want);
    expect(() => along(f, [point, ops, 2], [{ ...point, v: 1, items }, ops, 1])).toThrow(
      "p is true or false, and has no derivative",
    );
  });

  test("batches of gradients hold them constant", () => {
    const many = vmap(grad(f) as never, { inAxes: [null, null, 0] }) as (...args: unknown[]) => unknown;
    expect(many(point, ops, [2, 2])).toEqual({ v: [48, 48], items: [{ w: [4, 4] }, { w: [1, 1] }] });
  });

  test("emitted gradients leave them out", async () => {
    const form = elaborate(moduleFrom(tagged));
    const { code, types } = emitModule(form, { grad: ["p"], hvp: "s", value: true });
    expect(types).toContain("[number, { v: number; items: { w: number }[] }]");
    const { fGrad } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      readonly fGrad: (...args: unknown[]) => unknown;
    };
    expect(fGrad(point, ops, 2)).toEqual([f(point, ops, 2), slope]);
  });

  test("as arguments they have no gradient", () => {
    expect(() => grad(f, { argnums: 1 })(point, ops, 2)).toThrow(
      "argument 1 is an array of strings, and has no derivative",
    );
  });
});

test("batches of records hold strings and flags constant", async () => {
  type Item = { readonly v: number; readonly on: boolean; readonly op: Op };
  const { f } = await compile<{ readonly f: (item: Item, s: number) => number }>(
    `export function f(p: { v: number; on: boolean; op: "square" | "same" }, s: number) {
  "use ad";
  return p.on ? s * (p.op === "square" ? p.v ** 2 : p.v) : s;
}`,
  );
  const items = { v: [2, 3, 4], on: [true, true, false], op: ["square", "same", "same"] };
  const many = vmap(grad(f) as never) as (...args: unknown[]) => unknown;
  expect(many(items, [1, 5, 7])).toEqual({ v: [4, 5, 0] });
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

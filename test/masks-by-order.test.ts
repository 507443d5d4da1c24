// If a mask selects a constant, every derivative of every order equals that of the function with the constant
// substituted, for plain functions, tensors and texts.
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { compileText } from "../src/numeric/syntax/compile.ts";
import { extent } from "./support/extent.ts";
import { marked } from "./support/marked.ts";

// Derived by hand: the mask selects y = 0 at x = −1. The functions below are 0 there, with infinite slopes, except
// cos(0) = 1. So x³ · (… + cos(y)) is x³ in a neighbourhood.
const at = -1;
const byOrder = [3 * at ** 2, 6 * at, 6];

/** Functions of y with an infinite or undefined slope at 0. */
const steep = {
  plain: `Math.sqrt(y) + y ** 0.5 + Math.pow(y, 0.3) + Math.cbrt(y) + Math.exp(Math.log(y)) + 1 / (1 + 1 / y) + 1 / (1 + y ** -1)
    + Math.acos(1 - y) + Math.hypot(y, y) + Math.exp(-Infinity * (1 + y)) + Math.cos(y)`,
  text: "sqrt(y) + y^0.5 + y^0.3 + cbrt(y) + exp(log(y)) + 1 / (1 + 1 / y) + 1 / (1 + y^(-1)) + acos(1 - y) + cos(y)",
  tensor: (y: Tensor): Tensor =>
    [
      d.sqrt(y),
      d.pow(y, 0.5),
      d.pow(y, 0.3),
      d.cbrt(y),
      d.exp(d.log(y)),
      d.div(1, d.div(1, y).add(1)),
      d.div(1, d.pow(y, -1).add(1)),
      d.acos(d.sub(1, y)),
      d.hypot(y, y),
      d.exp(y.add(1).mul(-Infinity)),
      d.cos(y),
    ].reduce((a, b) => a.add(b)),
};

type Scalar = (x: never) => Tensor | number;

const plainMasks: Readonly<Record<string, string>> = {
  "Math.max": "const y = Math.max(x, 0);",
  "Math.min": "const y = -Math.min(-x, 0);",
  "a clamp": "const y = Math.min(Math.max(x, 0), 10);",
  "Math.abs of a mask": "const y = Math.abs(Math.max(x, 0));",
  "? :": "const y = x > 0 ? x : 0;",
  if: "let y = 0; if (x > 0) y = x;",
  "if and else": "let y = x; if (x > 0) { y = x * 1; } else { y = 0; }",
  "a helper that returns early":
    "const relu = (t: number): number => { if (t <= 0) return 0; return t; }; const y = relu(x);",
  "a sum in a loop": "let y = 0; for (let i = 0; i < 3; i++) if (x > 0) y += x / 3;",
  "a loop without iterations": "let y = 0; while (y < x) y += x;",
  "an element that is not written": "const a = new Float64Array(3); if (x > 0) a[1] = x; const y = a[1];",
  "an element that is written with 0": "const a = [x, 2 * x]; if (x < 0) a[1] = 0; const y = a[1]! / 2;",
  "elements of rows": "const a = [[x, 1], [0, 2]]; if (x > 0) a[1]![0] = a[0]![0]!; const y = a[1]![0]!;",
  "products of masks": "const m = Math.max(x, 0); const y = 3 * m * m + m;",
};

const tensorMasks: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  where: (x) => d.where(d.greater(x, 0), x, 0),
  maximum: (x) => d.maximum(x, 0),
  minimum: (x) => d.neg(d.minimum(d.neg(x), 0)),
  clip: (x) => d.clip(x, 0, 10),
  relu: (x) => d.relu(x),
  cond: (x) =>
    d.cond(
      d.greater(x, 0),
      (z: Tensor) => z,
      () => d.tensor(0),
      x,
    ),
  "cond in jit": (x) =>
    d.jit((z: Tensor) =>
      d.cond(
        d.greater(z, 0),
        (u: Tensor) => u,
        () => d.tensor(0),
        z,
      ),
    )(x),
  "max of two": (x) => d.max(d.stack([x, d.tensor(0)])),
  "sort of two": (x) => d.sort(d.stack([x, d.tensor(0)])).at(1),
  pad: (x) => d.pad(d.reshape(x, [1]), [[1, 0]]).at(0),
  "stack with a constant": (x) => d.stack([d.tensor(0), x]).at(0),
  "scan from a constant": (x) =>
    d.scan((c: Tensor, z: Tensor) => [c.add(d.maximum(z, 0)), c], d.tensor(0), d.reshape(x, [1]))[1].at(0),
  foriLoop: (x) => d.foriLoop(0, 2, (_, c: Tensor) => c.add(d.maximum(x, 0)), d.tensor(0)),
  "a sum that leaves out": (x) => d.sum(d.stack([x, x]), { where: [false, false] }),
  "an element that is written": (x) => d.setAt(d.zeros([3]), d.reshape(x, [1]), { start: 1, end: 2 }).at(0),
  "a custom rule": d.customJvp(
    (x: Tensor) => d.maximum(x, 0),
    ([x]: [Tensor], [dx]: [Tensor]) => [d.maximum(x, 0), d.where(d.greater(x, 0), dx, 0)],
  ),
  checkpoint: (x) => d.checkpoint((z: Tensor) => d.maximum(z, 0))(x),
  "products of masks": (x) => {
    const m = d.maximum(x, 0);
    return m.mul(m).mul(3).add(m);
  },
};

const textMasks: Readonly<Record<string, string>> = {
  max: "max(x, 0)",
  relu: "relu(x)",
  where: "where(x > 0, x, 0)",
};

const ofPlain = (mask: string): Scalar =>
  marked(
    `function f(x: number): number { "use ad"; ${mask} return x * x * x * (${steep.plain}); }`,
  ) as Scalar;
const ofTensor =
  (mask: (x: Tensor) => Tensor): Scalar =>
  (x: Tensor) =>
    x
      .mul(x)
      .mul(x)
      .mul(steep.tensor(mask(x)));
const ofText = (mask: string): Scalar => {
  const { evaluate } = compileText(`y = ${mask}; z = x^3 * (${steep.text})`);
  return (x: Tensor) => evaluate([x]);
};

type Step = (f: Scalar) => Scalar;
const forward: Step = (f) => d.jacfwd(f as never);
const along: Step = (f) => (x: never) =>
  (d.jvp(f as never, [x] as never, [1] as never) as [never, Tensor])[1];
const reverse: Step = (f) => d.grad(f as never);
const compiled: Step = (f) => d.jit(f as never);
const hessian: Step = (f) => d.hessian(f as never);
const hvp: Step = (f) => (x: never) => d.hvp(f as never, x, 1 as never);
const batched: Step = (f) => (x: never) => (d.vmap(f as never) as (xs: readonly number[]) => Tensor)([x, x]);

/** Derivatives by order. The last named step is applied last. */
const ways: readonly (readonly [name: string, order: number, steps: readonly Step[]])[] = [
  ["grad", 1, [reverse]],
  ["jacfwd", 1, [forward]],
  ["jit of jacfwd", 1, [forward, compiled]],
  ["grad of grad", 2, [reverse, reverse]],
  ["jacfwd of grad", 2, [reverse, forward]],
  ["grad of jvp", 2, [along, reverse]],
  ["jacfwd of jacfwd", 2, [forward, forward]],
  ["jvp of jvp", 2, [along, along]],
  ["hessian", 2, [hessian]],
  ["hvp", 2, [hvp]],
  ["jvp of grad", 2, [reverse, along]],
  ["jit of hessian", 2, [hessian, compiled]],
  ["vmap of hessian", 2, [hessian, batched]],
  ["grad of grad of grad", 3, [reverse, reverse, reverse]],
  ["jacfwd of grad of grad", 3, [reverse, reverse, forward]],
  ["grad of jvp of grad", 3, [reverse, along, reverse]],
  ["grad of grad of jvp", 3, [along, reverse, reverse]],
  ["jacfwd of jacfwd of grad", 3, [reverse, forward, forward]],
  ["grad of jvp of jvp", 3, [along, along, reverse]],
  ["jacfwd of jacfwd of jacfwd", 3, [forward, forward, forward]],
  ["hessian of jvp, compiled", 3, [along, hessian, compiled]],
];

const numbers = (x: Tensor | number | ArrayLike<number>): number[] =>
  typeof x === "number" ? [x] : "data" in x ? [...x.data()] : Array.from(x);

const families: Readonly<Record<string, readonly (readonly [name: string, f: () => Scalar])[]>> = {
  "plain functions": Object.entries(plainMasks).map(([name, mask]) => [name, () => ofPlain(mask)]),
  tensors: Object.entries(tensorMasks).map(([name, mask]) => [name, () => ofTensor(mask)]),
  texts: Object.entries(textMasks).map(([name, mask]) => [name, () => ofText(mask)]),
};

/** In the quick extent, a few of the ways for each mask, and the next few for the next mask. */
const waysOf = (family: string, place: number): typeof ways => {
  const part = extent(family === "plain functions" ? 1 : 2, ways.length);
  return ways.filter((_, i) => (i + 7 * place) % ways.length < part);
};

describe.each(Object.entries(families))("a mask that chooses a constant, over %s", (family, masks) => {
  test.each(masks)("%s", (name, make) => {
    const f = make();
    const place = masks.findIndex(([other]) => other === name);
    for (const [way, order, steps] of waysOf(family, place)) {
      const g = steps.reduce((h, step) => step(h), f);
      const found = numbers(g(at as never));
      expect.soft(found, way).toEqual(found.map(() => byOrder[order - 1]!));
    }
  });
});

test("an item of a batch that a mask does not reach has the derivatives of its branch", () => {
  const f = (x: Tensor): Tensor => x.mul(d.sqrt(d.maximum(x, 0)));
  const p = marked(`function f(x: number): number { "use ad"; return x * Math.sqrt(Math.max(x, 0)); }`) as (
    x: number,
  ) => number;
  // the second derivative of x^1.5 is 0.75 / sqrt(x)
  expect([...d.vmap(d.hessian(f))([-1, 4]).data()]).toEqual([0, 0.375]);
  expect([
    ...d
      .jit(d.vmap(d.hessian(f)))([-1, 4])
      .data(),
  ]).toEqual([0, 0.375]);
  expect(Array.from(d.vmap(d.hessian(p))(Float64Array.of(-1, 4)))).toEqual([0, 0.375]);
});

describe("a slope that no mask leaves out stays infinite", () => {
  const cases: Readonly<Record<string, readonly [plain: string, tensor: (x: Tensor) => Tensor]>> = {
    "at a tie of max": ["Math.sqrt(Math.max(x, 0))", (x) => d.sqrt(d.maximum(x, 0))],
    "without a mask": ["x ** 0.5", (x) => d.pow(x, 0.5)],
    "on the side that is chosen": [
      "x >= 0 ? Math.sqrt(x) : 0",
      (x) => d.where(d.greaterEqual(x, 0), d.sqrt(x), 0),
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [plain, tensor]) => {
    const f = marked(`function f(x: number): number { "use ad"; return ${plain}; }`) as (x: number) => number;
    expect([d.grad(f)(0), d.jvp(f, [0], [1])[1], d.jacfwd(f)(0)]).toEqual([Infinity, Infinity, Infinity]);
    expect([d.grad(tensor)(0), d.jvp(tensor, [0], [1])[1], d.jacfwd(tensor)(0)].map((y) => y.item())).toEqual(
      [Infinity, Infinity, Infinity],
    );
  });

  test("a tangent that is 0 without a mask is multiplied by it: sqrt(x²) has no derivative at 0", () => {
    const f = marked(`function f(x: number): number { "use ad"; return Math.sqrt(x * x); }`) as (
      x: number,
    ) => number;
    expect([d.grad(f)(0), d.jvp(f, [0], [1])[1]]).toEqual([NaN, NaN]);
    expect(d.jvp((x: Tensor) => d.sqrt(x.mul(x)), [0], [1])[1].item()).toBeNaN();
  });
});

test("a counted loop without iterations leaves the constant from before it", () => {
  const f = marked(`function f(x: number, n: number): number { "use ad";
    let y = 0;
    for (let i = 0; i < n; i++) y += x;
    return x * Math.sqrt(y);
  }`) as (x: number, n: number) => number;
  expect(d.grad(f)(2, 0)).toBe(0);
  expect(d.jvp(f, [2, 0], [1, 0])[1]).toBe(0);
  expect(d.jvp(d.grad(f), [2, 0], [1, 0])[1]).toBe(0);
  expect([d.jacfwd(f)(2, 0), d.hessian(f)(2, 0)]).toEqual([0, 0]);
});

describe("zeros of directions", () => {
  // soft-minimum over paths; the first row and column of the table are Infinity
  const softDtw = marked(`function f(a: Float64Array, b: Float64Array, gamma: number): number { "use ad";
    const t = Array.from({ length: a.length + 1 }, () => new Float64Array(b.length + 1).fill(Infinity));
    t[0]![0] = 0;
    for (let i = 1; i <= a.length; i++) for (let j = 1; j <= b.length; j++) {
      const s = Math.exp(-t[i - 1]![j]! / gamma) + Math.exp(-t[i]![j - 1]! / gamma) + Math.exp(-t[i - 1]![j - 1]! / gamma);
      t[i]![j] = (a[i - 1]! - b[j - 1]!) ** 2 - gamma * Math.log(s);
    }
    return t[a.length]![b.length]!;
  }`) as (a: Float64Array, b: Float64Array, gamma: number) => number;
  const [a, b] = [Float64Array.of(1, 2, 3.5), Float64Array.of(0.5, 2.5)];
  const along = [Float64Array.of(1, 0, 0), new Float64Array(2), 0] as const;

  test("a table with Infinity has the derivatives along the differentiated elements", () => {
    const slope = d.grad(softDtw)(a, b, 1.5)[0]!;
    const curvatures = d
      .hessian(softDtw)(a, b, 1.5)
      .map((row) => row[0]!);
    expect(d.jvp(softDtw, [a, b, 1.5], along)[1]).toBeCloseTo(slope, 12);
    const second = d.jvp(d.grad(softDtw), [a, b, 1.5], along)[1];
    curvatures.forEach((value, i) => expect(second[i]).toBeCloseTo(value, 12));
  });

  test("an infinite slope counts only along directions that move it, over tensors too", () => {
    const plain = marked(
      `function f(x: number, y: number): number { "use ad"; return x * Math.sqrt(y); }`,
    ) as (x: number, y: number) => number;
    const tensor = (x: Tensor, y: Tensor): Tensor => x.mul(d.sqrt(y));
    expect(d.jvp(plain, [3, 0], [1, 0])).toEqual([0, 0]);
    expect(d.jvp(plain, [3, 0], [1, 1])).toEqual([0, Infinity]);
    expect(d.jvp(d.grad(plain), [3, 0], [1, 0])).toEqual([0, 0]);
    expect(d.jacfwd(plain, { argnums: [0, 1] })(3, 0)).toEqual([0, Infinity]);
    expect(d.jvp(tensor, [3, 0], [1, 0])[1].item()).toBe(0);
    expect(d.jvp(tensor, [3, 0], [1, 1])[1].item()).toBe(Infinity);
    expect(
      d
        .jit((x: Tensor, y: Tensor) => d.jvp(tensor, [x, y], [1, 0])[1])(3, 0)
        .item(),
    ).toBe(0);
  });
});

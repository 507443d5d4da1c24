import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scalarFunctions } from "../../../engine/prims/scalar-functions.ts";
import { apply, constant, convert, lengthOf, load, local } from "../../../engine/region/form/build.ts";
import type { Region, RegionExpr } from "../../../engine/region/form/region.ts";
import type { PlainForm } from "../form/form.ts";
import type { EmitOptions } from "./module.ts";
import { emitModule } from "./module.ts";

const f = (name: string, ...args: readonly RegionExpr[]): RegionExpr => apply(scalarFunctions, name, args);
const f64 = (name: string): RegionExpr => local("f64", name);
const i32 = (name: string): RegionExpr => local("i32", name);

/** The mean of `(tanh(b + Σ w[j] · xs[i · m + j]) − ys[i])²`. */
const region: Region = {
  name: "loss",
  file: "loss.ts",
  params: [
    { kind: "array", name: "w", type: "f64", rank: 1 },
    { kind: "scalar", name: "b", type: "f64" },
    { kind: "array", name: "xs", type: "f64", rank: 1 },
    { kind: "array", name: "ys", type: "f64", rank: 1 },
  ],
  positions: [{ line: 6, column: 58, text: "xs[i * p.w.length + j]" }],
  body: [
    { kind: "let", name: "s", value: constant("f64", 0) },
    {
      kind: "for",
      index: "i",
      from: constant("i32", 0),
      to: lengthOf("ys", 0),
      step: 1,
      body: [
        { kind: "let", name: "a", value: f64("b") },
        {
          kind: "for",
          index: "j",
          from: constant("i32", 0),
          to: lengthOf("w", 0),
          step: 1,
          body: [
            {
              kind: "set",
              name: "a",
              value: f(
                "add",
                f64("a"),
                f("mul", load("f64", "w", i32("j")), {
                  kind: "load",
                  type: "f64",
                  array: "xs",
                  places: [f("add", f("mul", i32("i"), lengthOf("w", 0)), i32("j"))],
                  at: 0,
                }),
              ),
            },
          ],
        },
        {
          kind: "set",
          name: "s",
          value: f(
            "add",
            f64("s"),
            f("pow", f("sub", f("tanh", f64("a")), load("f64", "ys", i32("i"))), constant("f64", 2)),
          ),
        },
      ],
    },
  ],
  results: [{ kind: "scalar", value: f("div", f64("s"), convert("f64", lengthOf("ys", 0))) }],
};

const form: PlainForm = {
  version: 1,
  region,
  params: [
    {
      name: "p",
      type: {
        kind: "record",
        fields: [
          { name: "w", type: { kind: "array", of: "number[]" } },
          { name: "b", type: { kind: "number" } },
        ],
      },
    },
    { name: "xs", type: { kind: "array", of: "Float64Array" } },
    { name: "ys", type: { kind: "array", of: "Float64Array" } },
  ],
  captured: [],
  result: { kind: "number" },
};

interface Parameters {
  readonly w: readonly number[];
  readonly b: number;
}
type Data = readonly [Float64Array, Float64Array];
interface Emitted {
  loss(p: Parameters, ...data: Data): number;
  lossGrad(p: Parameters, ...data: Data): [number, Parameters];
  lossHvp(p: Parameters, xs: Float64Array, ys: Float64Array, v: Parameters): Parameters;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "downhill-emit-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function importText(name: string, code: string): Promise<Emitted> {
  const file = join(folder, `${name}.mjs`);
  await writeFile(file, code);
  return (await import(pathToFileURL(file).href)) as Emitted;
}

const p: Parameters = { w: [0.1, -0.2], b: 0.3 };
const data: Data = [Float64Array.from([1, 2, 3, 4, 5, 6]), Float64Array.from([0.1, 0.2, 0.3])];

test.each([
  ["Math", { functions: "Math" }],
  ["exact", { functions: "exact" }],
  ["wasm", { wasm: true }],
] as const)(
  "a module with functions by %s computes the value, its gradient and products with its Hessian",
  async (title, options) => {
    const { code } = emitModule(form, { value: true, grad: ["p"], hvp: "p", ...options });
    const { loss, lossGrad, lossHvp } = await importText(title, code);
    const [value, { w, b }] = lossGrad(p, ...data);
    expect(loss(p, ...data)).toBe(value);
    const h = 1e-5;
    const at = (dw: number, db: number): Parameters => ({ w: [p.w[0]! + dw, p.w[1]!], b: p.b + db });
    const slope = (dw: number, db: number): number =>
      (loss(at(h * dw, h * db), ...data) - loss(at(-h * dw, -h * db), ...data)) / (2 * h);
    expect(w[0]).toBeCloseTo(slope(1, 0), 8);
    expect(b).toBeCloseTo(slope(0, 1), 8);
    const product = lossHvp(p, ...data, { w: [1, 0], b: 0 });
    const difference = (lossGrad(at(h, 0), ...data)[1].b - lossGrad(at(-h, 0), ...data)[1].b) / (2 * h);
    expect(product.b).toBeCloseTo(difference, 7);
  },
);

test.each([false, true])(
  "an index out of range is an error with its position in the source",
  async (wasm) => {
    const { code } = emitModule(form, { grad: ["p"], wasm });
    const { lossGrad } = await importText(`places${wasm}`, code);
    expect(() => lossGrad(p, data[0].subarray(0, 5), data[1])).toThrow(
      "loss.ts:6:58: xs[i * p.w.length + j]: the index 5 is out of range: the length is 5.",
    );
  },
);

/** `while (y < limit) { y += sin(y) · x + 0.001; }`, which saves values for an unknown number of iterations. */
const untold: PlainForm = {
  version: 1,
  region: {
    name: "walk",
    params: [
      { kind: "scalar", name: "x", type: "f64" },
      { kind: "scalar", name: "limit", type: "f64" },
    ],
    positions: [],
    body: [
      { kind: "let", name: "y", value: constant("f64", 0.5) },
      {
        kind: "while",
        condition: f("less", f64("y"), f64("limit")),
        body: [
          {
            kind: "set",
            name: "y",
            value: f(
              "add",
              f64("y"),
              f("add", f("mul", f("sin", f64("y")), f64("x")), constant("f64", 0.001)),
            ),
          },
        ],
      },
    ],
    results: [{ kind: "scalar", value: f64("y") }],
  },
  params: [
    { name: "x", type: { kind: "number" } },
    { name: "limit", type: { kind: "number" } },
  ],
  captured: [],
  result: { kind: "number" },
};

test("WebAssembly grows its memory for saved values while a loop runs, and keeps that memory", async () => {
  type Walk = (x: number, limit: number) => number;
  const gradOf = async (name: string, options: EmitOptions): Promise<Walk> => {
    const module = await importText(name, emitModule(untold, { grad: ["x"], ...options }).code);
    return (module as unknown as { readonly walkGrad: Walk }).walkGrad;
  };
  const [wasm, exact] = [await gradOf("more", { wasm: true }), await gradOf("text", { functions: "exact" })];
  for (const limit of [0.6, 2, 0.51]) expect(wasm(1e-4, limit)).toBe(exact(1e-4, limit));
});

test.each([false, true])("a direction of another length is refused", async (wasm) => {
  const { code } = emitModule(form, { hvp: "p", wasm });
  const { lossHvp } = await importText(`direction${wasm}`, code);
  expect(() => lossHvp(p, ...data, { w: [1], b: 0 })).toThrow("v.w: the length is 1, not 2.");
});

test("types are those of the source", () => {
  expect(emitModule(form, { value: true, grad: ["p", "ys"] }).types).toContain(
    "export function lossGrad(p: { w: number[]; b: number }, xs: Float64Array, ys: Float64Array): [number, [{ w: number[]; b: number }, Float64Array]];",
  );
});

test("the code keeps the names of the source and is readable", () => {
  expect(emitModule(form, { value: true }).code).toMatchInlineSnapshot(`
    "/** Checks that an index is in range; the error names its position in the source. */
    function place(i, length, where) {
      if (i >= 0 && i < length && Number.isInteger(i)) return i;
      throw new RangeError(\`\${where}: the index \${i} is out of range: the length is \${length}.\`);
    }

    /** The value of loss. */
    export function loss(p, xs, ys) {
      const w = p.w;
      const b = p.b;
      let s = 0;
      for (let i = 0; i < ys.length; i++) {
        let a = b;
        for (let j = 0; j < w.length; j++) {
          a += w[j] * xs[place(i * w.length + j, xs.length, "loss.ts:6:58: xs[i * p.w.length + j]")];
        }
        s += (Math.tanh(a) - ys[i]) ** 2;
      }
      return s / ys.length;
    }
    "
  `);
});

test("unavailable outputs are refused by name", () => {
  expect(() => emitModule(form, {})).toThrow("nothing is asked for");
  expect(() => emitModule(form, { grad: ["q"] })).toThrow(
    `emit: loss has no parameter "q"; it has p, xs, ys.`,
  );
  expect(() => emitModule(form, { value: true, wasm: true, functions: "Math" })).toThrow("WebAssembly has");
  expect(() => emitModule(form, { jacobian: "p" })).toThrow("must each be a number, an array or a tuple");
});

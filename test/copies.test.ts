// Operands that look valid but are not: tensors of a second copy of the library, and typed arrays with a detached
// buffer.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as d from "downhill";
import { type Tensor, tensor } from "downhill";
import { dataset } from "downhill/data";
import { softmaxCrossEntropy } from "downhill/nn";
import { adam } from "downhill/optim";
import { map, ravel } from "downhill/tree";
import { root } from "./support/snippets.ts";

mkdirSync(join(root, ".tmp"), { recursive: true });
const folder = mkdtempSync(join(root, ".tmp/copy-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a tensor of another copy of the library", () => {
  let other: typeof d;
  beforeAll(async () => {
    const outfile = join(folder, "downhill.mjs");
    await build({ entryPoints: [join(root, "src/index.ts")], bundle: true, format: "esm", platform: "node", minify: true, ignoreAnnotations: true, logLevel: "silent", outfile }); // prettier-ignore
    other = (await import(pathToFileURL(outfile).href)) as typeof d;
  });

  const uses: readonly (readonly [name: string, use: (x: Tensor) => unknown])[] = [
    ["an operand", (x) => d.add(x, 1)],
    ["an operand of a method", (x) => tensor([1, 2]).mul(x)],
    ["a value to make a tensor of", (x) => tensor(x)],
    ["an element of a nest", (x) => tensor([x, x] as never)],
    ["one of several arrays", (x) => d.stack([[1, 2], x])],
    ["an argument of grad", (x) => d.grad((y: Tensor) => y.sum())(x)],
    ["a parameter in a tree", (x) => d.grad((p: { w: Tensor }) => p.w.sum())({ w: x })],
    ["an argument of jit", (x) => d.jit((y: Tensor) => y.sum())(x)],
    ["a captured value of jit", (x) => d.jit((y: Tensor) => y.mul(x))(1)],
    ["a carry of scan", (x) => d.scan((c: Tensor, y: Tensor) => [c, y], x, [1, 2])],
    ["a result of a function", (x) => d.vmap(() => x)([1, 2])],
    ["a leaf of a tree", (x) => map((y) => y, { w: x })],
    ["a parameter of an optimiser", (x) => adam({ learningRate: 0.1 }).init({ w: x })],
    ["logits", (x) => softmaxCrossEntropy(x, [0, 1])],
  ];
  test.each(uses)("is named, with a repair: %s", (_, use) => {
    expect(() => use(other.tensor([1, 2]))).toThrow(
      /tensor of another copy of the library.*Load one.*tensor\(x\.data\(\)/,
    );
  });
  test("is repaired so", () => {
    const x = other.tensor([[1, 2]], { dtype: "float32" });
    expect(tensor(x.data(), { shape: x.shape }).add(1).tolist()).toEqual([[2, 3]]);
  });
});

describe("a typed array whose buffer is detached", () => {
  const detached = (): Float64Array => {
    const x = new Float64Array([1, 2, 3]);
    structuredClone(x.buffer, { transfer: [x.buffer] });
    return x;
  };
  const compiled = d.jit((y: Tensor) => y.sum());
  compiled(new Float64Array(0));
  const uses: readonly (readonly [name: string, use: (x: Float64Array) => unknown])[] = [
    ["tensor", (x) => tensor(x)],
    ["tensor with a dtype", (x) => tensor(x, { dtype: "float32" })],
    ["an operand", (x) => d.sum(x)],
    ["an argument of grad", (x) => d.grad((y: Tensor) => y.sum())(x)],
    ["an argument of a function that was compiled for empty arrays", (x) => compiled(x)],
    ["a leaf of a tree", (x) => ravel({ w: x })],
    ["a column", (x) => dataset({ x })],
  ];
  test.each(uses)("is refused, not taken as empty: %s", (_, use) => {
    expect(() => use(detached())).toThrow(/the buffer of this Float64Array is detached/);
  });
  test("an empty one is not", () => {
    expect(d.sum(new Float64Array(0)).item()).toBe(0);
    expect(compiled(new Float64Array(0)).item()).toBe(0);
    expect(tensor(new Float32Array([1, 2]).subarray(2)).shape).toEqual([0]);
  });
});

test("−0 is no size", () => {
  for (const make of [
    d.zeros,
    d.ones,
    (shape: number[]) => d.full(shape, 1),
    (shape: number[]) => d.reshape(d.zeros([0]), shape),
  ])
    expect(() => make([-0])).toThrow("-0 in shape [-0] is not a size");
});

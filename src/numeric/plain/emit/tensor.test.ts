import { configure, tensor, jit, matmul, type Tensor, valueAndGrad } from "downhill";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrayType } from "../../../engine/ir/types.ts";
import { emitTensorModule } from "./tensor.ts";

const bias = tensor([0.25, -0.5]);
interface Params {
  readonly w: Tensor;
  readonly b: Tensor;
}
const loss = ({ w, b }: Params, x: Tensor): Tensor => matmul(x, w).add(bias).add(b).tanh().pow(2).mean();
const lossGrad = valueAndGrad(loss);

let folder: string;
beforeAll(async () => {
  configure({ reproducible: true }); // emitted modules round each product, on every engine
  folder = await mkdtemp(join(tmpdir(), "downhill-tensors-"));
});
afterAll(async () => {
  configure({ reproducible: false });
  await rm(folder, { recursive: true });
});

const types = [
  { w: arrayType("float64", [3, 2]), b: arrayType("float64", []) },
  arrayType("float64", [7, 3]),
];
const w = Float64Array.from([0.1, -0.2, 0.3, 0.4, -0.5, 0.6]);
const x = Float64Array.from({ length: 21 }, (_, i) => Math.sin(i));

test.each([false, true])(
  "a module of a function over tensors has its bits (WebAssembly: %s)",
  async (wasm) => {
    const { code, types: declarations } = emitTensorModule(lossGrad, { name: "lossGrad", args: types, wasm });
    const file = join(folder, `loss${wasm}.mjs`);
    await writeFile(file, code);
    const module = (await import(pathToFileURL(file).href)) as {
      lossGrad: (p: { w: ArrayLike<number>; b: number }, x: ArrayLike<number>) => unknown;
    };
    const [value, grad] = jit(lossGrad)(
      { w: tensor(w).reshape([3, 2]), b: tensor(0.5) },
      tensor(x).reshape([7, 3]),
    );
    const expected = [value.item(), { w: grad.w.data(), b: grad.b.item() }];
    expect(module.lossGrad({ w, b: 0.5 }, x)).toEqual(expected);
    expect(module.lossGrad({ w: Array.from(w), b: 0.5 }, x)).toEqual(expected);
    expect(() => module.lossGrad({ w, b: 0.5 }, w)).toThrow("x1: the length is 6, not 21.");
    expect(declarations).toContain(
      `export function lossGrad(x0: { w: ArrayLike<number>; b: number }, x1: ArrayLike<number>): [number, { "w": Float64Array; "b": number }];`,
    );
    expect(code).toContain("lossGrad({ w: f64[3,2], b: f64[] }, f64[7,3]) -> f64[], f64[3,2], f64[]");
  },
);

test("WebAssembly stores temporaries of any size after its constants", async () => {
  const f = (a: Tensor): Tensor => matmul(matmul(a, a).tanh(), a).sum();
  const type = arrayType("float64", [400, 400]);
  const { code } = emitTensorModule(f, { name: "f", args: [type], wasm: true });
  const file = join(folder, "large.mjs");
  await writeFile(file, code);
  const module = (await import(pathToFileURL(file).href)) as { f: (a: Float64Array) => number };
  const a = Float64Array.from({ length: 160_000 }, (_, i) => Math.sin(i));
  expect(module.f(a)).toBe(jit(f)(tensor(a).reshape([400, 400])).item());
});

import { expect, test } from "vitest";
import { sin, tensor } from "../../numeric/array/index.ts";
import "../../numeric/array/methods.ts";
import type { Tensor } from "../ir/tensor.ts";
import "./install.ts";
import { configure } from "./configure.ts";
import { jit } from "./jit.ts";

test("takes and gives a thousand arrays, or numbers, which were too many parameters", () => {
  configure({ reproducible: true }); // the same bits as one operation after the other
  const n = 1001;
  const double = jit((xs: readonly Tensor[]) => xs.map((x, i) => x.mul(2).add(i)));
  const arrays = Array.from({ length: n }, (_, i) => tensor([i, 1]));
  expect(double(arrays).map((x) => x.tolist())).toEqual(arrays.map((_, i) => [3 * i, 2 + i]));
  expect(double(arrays.map((_, i) => tensor(i))).map((x) => x.item())).toEqual(arrays.map((_, i) => 3 * i));
  // one loop of many iterations over all of them
  const long = Array.from({ length: n }, (_, i) =>
    tensor(Float32Array.from({ length: 300 }, (_, k) => i + k)),
  );
  const first = jit((xs: readonly Tensor[]) => xs.map((x) => sin(x).mul(x)))(long);
  for (const i of [0, 1, 500, n - 1])
    expect(first[i]!.tolist()).toEqual(sin(long[i]!).mul(long[i]!).tolist());
});

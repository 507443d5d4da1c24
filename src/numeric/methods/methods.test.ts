import { describe, expect, test } from "vitest";
import * as d from "downhill";
import { Tensor, tensor } from "downhill";
import { specialOperations } from "../../../test/support/special-functions.ts";

const x = tensor([[0.5, 2], [1.5, 0.25]]); // prettier-ignore
const i = tensor([[1, 0], [1, 1]], { dtype: "int32" }); // prettier-ignore
const square = tensor([[1, 2, 3], [4, 5, 6]]); // prettier-ignore

/** Arguments of methods that need some. */
const calls: Readonly<Record<string, readonly unknown[]>> = {
  ...Object.fromEntries(specialOperations.map(({ name, operands }) => [name, operands.slice(1).map((domain) => (domain === "fraction" ? 0.4 : x.add(1)))])),
  ...Object.fromEntries(
    ("allclose append arrayEqual atan2 copysign divmod floatPower floorDivide fmax fmin fmod greaterEqual heaviside hypot inner " +
      "isclose isin lessEqual logaddexp logaddexp2 logicalAnd logicalOr logicalXor matvec maximum minimum mod notEqual outer rem " +
      "remainder vdot vecdot vecmat xlogy cross")
      .split(" ")
      .map((name) => [name, [x]]),
  ),
  ...Object.fromEntries("addAt maxAt minAt mulAt setAt".split(" ").map((name) => [name, [7, 0, 1]])),
  ...Object.fromEntries("segmentMax segmentMin segmentProd segmentSum".split(" ").map((name) => [name, [[0, 0]]])),
  broadcastTo: [[3, 2, 2]],
  cdist: [x],
  clip: [0.4, 1],
  digitize: [[0, 1, 2]],
  expandDims: [0],
  fillDiagonal: [7],
  insert: [1, 5],
  interp: [[0, 1, 2], [3, 1, 2]],
  ldexp: [2],
  moveaxis: [0, 1],
  multigammaln: [1],
  nanpercentile: [30],
  nanquantile: [0.3],
  pad: [1],
  percentile: [30],
  quantile: [0.3],
  remove: [1],
  repeat: [2],
  resize: [[3]],
  roll: [1],
  scatterAdd: [[0], [[1, 1]]],
  split: [2],
  swapaxes: [0, 1],
  take: [[1, 0]],
  takeAlongAxis: [[[0], [1]], { axis: 1 }],
  ...Object.fromEntries(["setAt", "addAt", "mulAt", "minAt", "maxAt"].map((name) => [name, [[1, 3], 0]])),
  ...Object.fromEntries(["Sum", "Max", "Min", "Prod"].map((name) => [`segment${name}`, [[1, 0], { size: 2 }]])),
  ...Object.fromEntries(["xlog1py", "zeta"].map((name) => [name, [x.add(1)]])),
  tensordot: [x, 1],
  tile: [2],
  topK: [1],
}; // prettier-ignore
/** First operands of methods for which x does not work. */
const receivers: Readonly<Record<string, readonly [Tensor, ...unknown[]]>> = {
  bincount: [i.reshape([4])],
  bitwiseAnd: [i, i],
  bitwiseCount: [i],
  bitwiseNot: [i],
  bitwiseOr: [i, 2],
  bitwiseXor: [i, 3],
  convolve: [tensor([1, 2, 3]), [1, 1]],
  correlate: [tensor([1, 2, 3]), [1, 1]],
  leftShift: [i, 2],
  rightShift: [i, 1],
  searchsorted: [tensor([1, 2, 3]), x],
  squeeze: [square.at(0).reshape([1, 3])],
};

describe("downhill/methods", async () => {
  const before = new Set(Object.getOwnPropertyNames(Tensor.prototype));
  await import("downhill/methods");
  const added = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => !before.has(name));
  const functions = d as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
  const flat = (out: unknown): unknown => [out].flat().map((y) => (y as Tensor).tolist());

  test.each(added)("%s agrees with the function of its name", (name) => {
    const [receiver, ...args] = receivers[name] ?? [x, ...(calls[name] ?? [])];
    const method = (receiver as unknown as typeof functions)[name]!;
    expect(flat(method.apply(receiver, [...args]))).toEqual(flat(functions[name]!(receiver, ...args)));
  });

  test("reductions take their axes first", () => {
    expect(square.prod(0).tolist()).toEqual([4, 10, 18]);
    expect(square.cumsum(1).tolist()).toEqual([[1, 3, 6], [4, 9, 15]]); // prettier-ignore
    expect(square.median([0, 1], { keepdims: true }).tolist()).toEqual([[3.5]]);
    expect(square.flip(1).at(0).tolist()).toEqual([3, 2, 1]);
    expect(square.softmax().sum(-1).round().tolist()).toEqual([1, 1]);
    expect(() => square.prod(2)).toThrow("prod: axis 2 is out of range");
    expect(() => square.prod({ axis: 0 }, { keepdims: true })).toThrow("prod: takes one argument");
  });

  test("derivatives go through them", () => {
    expect(
      d
        .grad((y) => y.clip(0, 1).prod())([0.5, 3])
        .tolist(),
    ).toEqual([1, 0]);
  });
});

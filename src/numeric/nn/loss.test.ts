import { readFileSync } from "node:fs";
import { join } from "node:path";
import { grad, hvp, jit, jvp, mul, softmax, sub, sum, type Tensor, tensor } from "downhill";
import {
  accuracy,
  hardSwish,
  huberLoss,
  meanAbsoluteError,
  meanSquaredError,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
} from "downhill/nn";
import { describe, expect, test } from "vitest";

interface Values {
  readonly shape: readonly number[];
  readonly dtype: "float64" | "int64";
  readonly data: readonly (number | string)[];
}
interface Case {
  readonly id: string;
  readonly op: "cross_entropy" | "mse_loss";
  readonly reduction: "mean" | "sum" | "none";
  readonly inputs: { readonly input: Values; readonly target: Values };
  readonly output: readonly number[];
  readonly cotangent: readonly number[];
  readonly grad: readonly number[];
  readonly tangents: Readonly<Record<string, readonly number[]>>;
  readonly jvp: readonly number[];
}
const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, "testdata/loss.json"), "utf8")) as {
  readonly cases: readonly Case[];
};

const load = ({ shape, dtype, data }: Values): Tensor =>
  tensor(data.map(Number), { shape, dtype: dtype === "int64" ? "int32" : dtype });

function expectClose(actual: Tensor, expected: readonly number[]): void {
  const values = [...actual.data()];
  const scale = Math.max(...expected.map(Math.abs), 1e-300);
  expect(values.length).toBe(expected.length);
  // two correct computations of a loss differ by some ulps of its largest term
  values.forEach((x, i) => expect(Math.abs(x - expected[i]!) / scale).toBeLessThan(1e-12));
}

describe("the losses of PyTorch", () => {
  test("are complete", () => expect(cases.length).toBe(7));

  test.each(cases.map((run) => [run.id, run] as const))("%s", (_, run) => {
    const [input, target] = [load(run.inputs.input), load(run.inputs.target)];
    const f = run.op === "mse_loss" ? meanSquaredError : softmaxCrossEntropy;
    const loss = (x: Tensor, y: Tensor): Tensor => f(x, y, { reduction: run.reduction });
    const out = loss(input, target);
    expectClose(out, run.output);
    const cotangent = tensor(run.cotangent, { shape: out.shape });
    const weighted = (x: Tensor): Tensor => sum(mul(loss(x, target), cotangent));
    expectClose(grad(weighted)(input), run.grad);
    expectClose(jit(grad(weighted))(input), run.grad);
    const tangents = Object.entries(run.tangents).map(([name, data]) =>
      tensor(data, { shape: name === "input" ? input.shape : target.shape }),
    );
    const primals = tangents.length === 2 ? [input, target] : [input];
    const [, tangentOut] = jvp(
      (...xs: Tensor[]) => loss(xs[0]!, xs[1] ?? target),
      primals as [Tensor, Tensor],
      tangents as [Tensor, Tensor],
    );
    expectClose(tangentOut, run.jvp);
  });
});

describe("softmaxCrossEntropy", () => {
  const logits = tensor([[1, -2, 0.5], [0, 3, -1]]); // prettier-ignore

  test("has the derivative softmax(z) − onehot(label), and the Hessian diag p − p pᵀ", () => {
    const loss = (z: Tensor): Tensor => softmaxCrossEntropy(z, [2, 0], { reduction: "sum" });
    const expected = sub(softmax(logits), [[0, 0, 1], [1, 0, 0]]); // prettier-ignore
    expectClose(grad(loss)(logits), [...expected.data()]);
    const v = tensor([[1, 0, 0], [0, 0, 0]]); // prettier-ignore
    const [p0, p1, p2] = softmax(logits).data();
    expectClose(hvp(loss, logits, v), [p0! * (1 - p0!), -p0! * p1!, -p0! * p2!, 0, 0, 0]);
  });

  test("accepts classes, one-hot rows and probabilities", () => {
    const byClass = softmaxCrossEntropy(logits, [2, 0]).item();
    expect(softmaxCrossEntropy(logits, [[0, 0, 1], [1, 0, 0]]).item()).toBeCloseTo(byClass, 15); // prettier-ignore
    expect(softmaxCrossEntropy(logits, tensor([[0, 0, 1], [1, 0, 0]], { dtype: "int32" })).item()).toBeCloseTo(byClass, 15); // prettier-ignore
    const [a, b] = [0, 1].map((label) => softmaxCrossEntropy([1, 2], label).item());
    expect(softmaxCrossEntropy([1, 2], [0.25, 0.75]).item()).toBeCloseTo(0.25 * a! + 0.75 * b!, 15);
  });

  test("neither overflows nor loses digits, also in float32", () => {
    for (const dtype of ["float64", "float32"] as const) {
      const at = (z: number[], label: number): number =>
        softmaxCrossEntropy(tensor(z, { dtype }), label).item();
      expect(at([1e4, 0], 1)).toBe(1e4);
      expect(at([1e4, 0], 0)).toBe(0);
      expect(at([-1e30, 1e30], 1)).toBe(0);
      expect(at([0, -Infinity], 0)).toBe(0); // an excluded class
    }
    expect(grad((z: Tensor) => softmaxCrossEntropy(z, 0))([0, -Infinity]).tolist()).toEqual([0, 0]);
  });

  test("has a sum that is the mean times the number of items", () => {
    const mean = softmaxCrossEntropy(logits, [0, 1]).item();
    expect(softmaxCrossEntropy(logits, [0, 1], { reduction: "sum" }).item()).toBeCloseTo(2 * mean, 14);
    expect(softmaxCrossEntropy(logits, [0, 1], { reduction: "none" }).shape).toEqual([2]);
  });

  test("names a label that is not a class, and gives NaN for traced labels", () => {
    expect(() => softmaxCrossEntropy(logits, [0, 3])).toThrow(
      "softmaxCrossEntropy: label 1 is 3, but the classes are 0 to 2",
    );
    expect(() => softmaxCrossEntropy(logits, [0, 0.5])).toThrow("label 1 is 0.5");
    const compiled = jit((y: Tensor) => softmaxCrossEntropy(logits, y));
    expect(compiled(tensor([0, 3], { dtype: "int32" })).item()).toBeNaN();
    expect(compiled(tensor([0, -1], { dtype: "int32" })).item()).toBeNaN();
    expect(compiled(tensor([0, 2], { dtype: "int32" })).item()).toBeGreaterThan(0);
  });

  test.each<[() => unknown, string]>([
    [() => softmaxCrossEntropy(1, 0), "logits must have the classes along the last axis, got a scalar"],
    [
      () => softmaxCrossEntropy(logits, [1, 2, 0]),
      "labels are f64[3], but logits f64[2,3] need integer labels of shape [2] or probabilities of shape [2,3]",
    ],
    [
      () => softmaxCrossEntropy(logits, [0, 0], { reduction: "avg" as never }),
      'reduction must be "mean" or "sum"',
    ],
    [
      () => softmaxCrossEntropy(logits, [0, 0], { reduce: "sum" } as never),
      'unknown option "reduce". It takes reduction, weights, labelSmoothing, classWeights, ignore.',
    ],
    [
      () => jit((y: Tensor) => softmaxCrossEntropy(logits, y))([0, 0]),
      'not integers. Convert them with astype("int32")',
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("softmaxCrossEntropy with ignored labels", () => {
  const logits = [[1, 2], [3, 4]]; // prettier-ignore

  test("uses only the other items, and is NaN if there are no others", () => {
    const loss = (labels: number[]): number => softmaxCrossEntropy(logits, labels, { ignore: -100 }).item();
    expect(loss([0, -100])).toBeCloseTo(softmaxCrossEntropy([[1, 2]], [0]).item(), 15);
    expect(loss([-100, -100])).toBeNaN();
    const slope = grad((z: Tensor) => softmaxCrossEntropy(z, [0, -100], { ignore: -100 }))(logits);
    expect([...slope.data()].slice(2)).toEqual([0, 0]);
  });

  test.each<[() => unknown, string]>([
    [
      () => softmaxCrossEntropy(logits, [0, -1], { ignore: -100 }),
      "softmaxCrossEntropy: label 1 is -1, but the classes are 0 to 1",
    ],
    [
      () => softmaxCrossEntropy(logits, [0, 1], { labelSmoothing: 2 }),
      "labelSmoothing must be between 0 and 1, got 2.",
    ],
    [
      () => softmaxCrossEntropy(logits, [0, 1], { classWeights: [1] }),
      "classWeights are f64[1], but logits f64[2,2] need one for each of 2 classes.",
    ],
    [() => softmaxCrossEntropy(logits, [0, 1], { ignore: 0.5 }), "ignore must be an integer"],
    [() => huberLoss([1], [2], { delta: 0 }), "huberLoss: delta must be a positive number, got 0."],
    [
      () => meanAbsoluteError([1], [[2]]),
      "meanAbsoluteError: prediction is f64[1] and target f64[1,1]; they must have the same shape.",
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("sigmoidCrossEntropy", () => {
  test("neither overflows nor loses digits, and weights positive targets", () => {
    expect(sigmoidCrossEntropy([1e4, -1e4, -50], [1, 0, 0], { reduction: "none" }).tolist()).toEqual([
      0,
      0,
      Math.exp(-50),
    ]);
    expect(sigmoidCrossEntropy([1e4], [0]).item()).toBe(1e4);
    const weighted = sigmoidCrossEntropy([0, 0], [1, 0], { positiveWeight: 3, reduction: "none" });
    expect(weighted.tolist()).toEqual([3 * Math.LN2, Math.LN2]);
  });
});

describe("meanSquaredError", () => {
  test("refuses shapes that would broadcast", () => {
    expect(() => meanSquaredError([[1], [2]], [1, 2])).toThrow(
      "meanSquaredError: prediction is f64[2,1] and target f64[2]; they must have the same shape. Reshape one of them, as in reshape(target, [2,1]).",
    );
    expect(() => meanSquaredError([1, 2, 3], [1, 2])).toThrow("they must have the same shape.");
  });

  test("agrees with values computed by hand", () => {
    expect(meanSquaredError([1, 2], [3, 5]).item()).toBe(6.5);
    expect(meanSquaredError([1, 2], [3, 5], { reduction: "sum" }).item()).toBe(13);
    expect(meanSquaredError([1, 2], [3, 5], { reduction: "none" }).tolist()).toEqual([4, 9]);
    expect(grad((x: Tensor) => meanSquaredError(x, [3, 5]))([1, 2]).tolist()).toEqual([-2, -3]);
  });
});

describe("accuracy", () => {
  test("counts the items whose highest score is that of their class", () => {
    expect(accuracy([[2, 1], [0, 3], [1, 0], [5, 4]], [0, 1, 1, 0]).item()).toBe(0.75); // prettier-ignore
    expect(accuracy([1, 3, 2], 1).item()).toBe(1);
    expect(() => accuracy([[2, 1]], [0, 1])).toThrow("logits f64[1,2] need them of shape [1]");
  });
});

describe("infinite inputs", () => {
  const forward = (f: (x: Tensor) => Tensor, x: number): number => jvp(f, [tensor(x)], [tensor(1)])[1].item();

  test("the gradient of huberLoss at an infinite error is delta; it was NaN", () => {
    const loss = (x: Tensor): Tensor => huberLoss(x, 0, { delta: 2 });
    for (const x of [Infinity, -Infinity]) {
      expect(loss(tensor(x)).item()).toBe(Infinity);
      expect(grad(loss)(x).item()).toBe(2 * Math.sign(x));
      expect(forward(loss, x)).toBe(2 * Math.sign(x));
    }
    for (const x of [0, 1, 1.999, 2]) expect(grad(grad(loss))(x).item()).toBe(1);
    expect(grad(grad(loss))(2.001).item()).toBe(0);
  });

  test("hardSwish has its limits in every mode; forward mode gave NaN", () => {
    for (const [x, value, slope] of [
      [Infinity, Infinity, 1],
      [-Infinity, -0, 0],
      [4, 4, 1],
      [3, 3, 1],
      [-3, -0, 0],
      [1, 4 / 6, 5 / 6],
    ] as const) {
      expect(hardSwish(x).item()).toBe(value);
      expect(grad(hardSwish)(x).item()).toBeCloseTo(slope, 15);
      expect(forward(hardSwish, x)).toBeCloseTo(slope, 15);
    }
  });
});

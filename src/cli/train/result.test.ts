import { tensor } from "downhill";
import { mlp } from "downhill/nn";
import { expect, test } from "vitest";
import { loadProblem } from "./data.ts";
import { makeModel } from "./model.ts";
import { classScores } from "./result.ts";

test("classScores gives precision, recall, F1 and items of each class, or undefined for a denominator of 0", () => {
  const scores = classScores([
    [8, 2, 0],
    [1, 5, 0],
    [0, 4, 0],
  ]);
  expect(scores[0]).toEqual({ precision: 8 / 9, recall: 8 / 10, f1: 16 / 19, support: 10 });
  expect(scores[1]).toEqual({ precision: 5 / 11, recall: 5 / 6, f1: 10 / 17, support: 6 });
  expect(scores[2]).toEqual({ precision: undefined, recall: 0, f1: 0, support: 4 }); // never predicted
  expect(classScores([[0]])[0]).toEqual({
    precision: undefined,
    recall: undefined,
    f1: undefined,
    support: 0,
  });
});

test("the weight of a pixel is the derivative of the difference of two scores, as by finite differences", async () => {
  const problem = await loadProblem({ kind: "digits" }, 0);
  const model = makeModel(problem, [8], 0);
  const inputs = Float32Array.from(problem.test.x.data.subarray(0, 64));
  const [weights, second] = [0, 1].map((i) =>
    model
      .weigh(model.start, [
        { inputs, taken: 3, actual: 5 },
        { inputs, taken: 5, actual: 3 },
      ])
      .subarray(64 * i, 64 * (i + 1)),
  );
  const { apply } = mlp([64, 8, 10]);
  const margin = (x: Float32Array): number => {
    const scores = apply(model.start, tensor(x, { shape: [1, 64], dtype: "float32" })).data();
    return scores[3]! - scores[5]!;
  };
  for (const pixel of [10, 20, 43]) {
    const at = (by: number): number => margin(inputs.map((x, i) => (i === pixel ? x + by : x)));
    // piecewise linear: differences are exact except for float32
    expect(weights![pixel]).toBeCloseTo((at(0.01) - at(-0.01)) / 0.02, 3);
    expect(second![pixel]).toBe(-weights![pixel]!);
  }
});

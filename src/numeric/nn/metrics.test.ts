import { describe, expect, test } from "vitest";
import { jit, scan, type Tensor, tensor } from "downhill";
import * as nn from "downhill/nn";

const wave = (n: number, seed: number): number[] =>
  Array.from({ length: n }, (_, i) => Math.abs(Math.sin(12.9898 * (i + 1) * seed) * 43758.5453) % 1);
const [batches, size, classes] = [3, 20, 4];
const labels = wave(batches * size, 1).map((u) => Math.floor(u * 3)); // class 3 never occurs
const scores = Array.from({ length: batches * size }, (_, i) =>
  wave(classes, i + 2).map((u, c) => Math.round((u + (c === labels[i] ? 0.4 : 0) - (c === 3 ? 9 : 0)) * 1e3) / 1e3),
); // prettier-ignore
const chances = wave(batches * size, 7);
const yes = chances.map((p, i) => (p + wave(batches * size, 3)[i]! > 1 ? 1 : 0));

/** A metric computed batch by batch, by `scan` in a compiled function, and as one batch. */
function values<S>(
  metric: nn.Metric<S>,
  predictions: readonly unknown[],
  targets: readonly number[],
): Tensor[] {
  const cut = <T>(list: readonly T[]): T[][] =>
    Array.from({ length: batches }, (_, b) => list.slice(b * size, (b + 1) * size));
  const [xs, ys] = [tensor(cut(predictions) as number[][]), tensor(cut(targets), { dtype: "int32" })];
  let state = metric.init();
  cut(predictions).forEach((batch, b) => {
    state = metric.update(state, tensor(batch as number[]), tensor(cut(targets)[b]!, { dtype: "int32" }));
  });
  const whole = metric.update(metric.init(), tensor(predictions as number[]), targets);
  const compiled = jit((x: Tensor, y: Tensor) => {
    const [last] = scan(
      (own: object, [p, t]: readonly [Tensor, Tensor]) => [metric.update(own as S, p, t) as object, 0],
      metric.init() as object,
      [x, y] as const,
    );
    return metric.value(last as S);
  });
  return [metric.value(state), metric.value(whole), compiled(xs, ys)];
}

function expectAll(actual: readonly Tensor[], expected: number | readonly number[]): void {
  for (const value of actual) {
    expect(value.dtype).toBe("float64");
    [expected].flat().forEach((each, i) => expect(value.data()[i]).toBeCloseTo(each, 13));
  }
}

const best = scores.map((row) => row.indexOf(Math.max(...row)));
/** Counts computed from their definitions. */
const countsOf = (predicted: readonly number[], actual: readonly number[], c: number): number[] => [
  predicted.filter((p, i) => p === c && actual[i] === c).length,
  predicted.filter((p) => p === c).length,
  actual.filter((a) => a === c).length,
];
const ratio = (above: number, below: number): number => (below === 0 ? 0 : above / below);
type Ratio = (counts: readonly number[]) => number;
const figures: readonly [string, (options?: nn.ClassMetricOptions) => nn.Metric<nn.ClassCounts>, Ratio][] = [
  ["precisionMetric", nn.precisionMetric, ([hits, predicted]) => ratio(hits!, predicted!)],
  ["recallMetric", nn.recallMetric, ([hits, , actual]) => ratio(hits!, actual!)],
  ["f1Metric", nn.f1Metric, ([hits, predicted, actual]) => ratio(2 * hits!, predicted! + actual!)],
  ["iouMetric", nn.iouMetric, ([hits, predicted, actual]) => ratio(hits!, predicted! + actual! - hits!)],
];

describe.each(figures)("%s", (name, make, figure) => {
  const each = [0, 1, 2, 3].map((c) => countsOf(best, labels, c));

  test("over classes agrees with its definition, batch by batch and compiled", () => {
    const mean = each.slice(0, 3).reduce((total, counts) => total + figure(counts), 0) / 3;
    expectAll(values(make({ classes }), scores, labels), mean);
    const once = (options: nn.ClassMetricOptions, predictions: Tensor): Tensor => {
      const metric = make({ classes, ...options });
      return metric.value(metric.update(metric.init(), predictions, labels));
    };
    expectAll([once({ average: "none" }, tensor(scores))], each.map(figure));
    const all = [0, 1, 2].map((k) => each.reduce((total, counts) => total + counts[k]!, 0));
    expectAll([once({ average: "micro" }, tensor(scores))], figure(all));
    expectAll([once({}, tensor(best, { dtype: "int32" }))], mean);
  });

  test("of binary targets is that of positives, above the threshold", () => {
    for (const threshold of [0.5, 0.3]) {
      const predicted = chances.map((p) => (p > threshold ? 1 : 0));
      expectAll(values(make({ threshold }), chances, yes), figure(countsOf(predicted, yes, 1)));
    }
    const metric = make();
    expect(metric.value(metric.init()).item()).toBe(0);
    expect(metric.value(metric.update(metric.init(), tensor([true, false]), [true, false] as never)).item()).toBe(1); // prettier-ignore
  });

  test("names bad input, which makes compiled values NaN", () => {
    expect(() => make({ classes: 1 })).toThrow(`${name}: classes must be an integer of 2 or more, got 1.`);
    expect(() => make({ average: "weighted" as never })).toThrow(`${name}: average must be`);
    expect(() => make({ threshold: NaN })).toThrow(`${name}: threshold must be a number`);
    const [binary, many] = [make(), make({ classes })];
    expect(() => binary.update(binary.init(), [0.5], [2])).toThrow(
      `${name}: targets must each be 0 or 1, but number 0 is 2.`,
    );
    expect(() => binary.update(binary.init(), [0.5, NaN], [1, 0])).toThrow(
      `${name}: predictions must each be a number, but number 1 is NaN.`,
    );
    expect(() => binary.update(binary.init(), [0.5], [1, 0])).toThrow(`${name}: predictions are f64[1]`);
    expect(() => many.update(many.init(), [0], [4])).toThrow(`${name}: targets must each be a class, 0 to 3`);
    expect(() => many.update(many.init(), [[1, 2]], [1])).toThrow(`${name}: predictions are f64[1,2]`);
    const run = jit((x: Tensor, y: Tensor) => binary.value(binary.update(binary.init(), x, y)));
    expect(run([0.7], [2]).item()).toBeNaN();
    expect(run([NaN], [1]).item()).toBeNaN();
    const classed = jit((x: Tensor, y: Tensor) => many.value(many.update(many.init(), x, y)));
    expect(classed([[1, 2, 3, 4]], tensor([7], { dtype: "int32" })).item()).toBeNaN();
    expect(classed([[1, NaN, 3, 4]], tensor([1], { dtype: "int32" })).item()).toBeNaN();
  });
});

describe("accuracyMetric and topKMetric", () => {
  test("count classes among the highest scores, batch by batch and compiled", () => {
    const expected = nn.accuracy(tensor(scores), labels).item();
    expectAll(values(nn.accuracyMetric(), scores, labels), expected);
    expectAll(values(nn.topKMetric(1), scores, labels), expected);
    const among = scores.filter((row, i) => row.filter((s) => s > row[labels[i]!]!).length < 2).length;
    expectAll(values(nn.topKMetric(2), scores, labels), among / labels.length);
  });

  test("name bad input", () => {
    const metric = nn.topKMetric(2);
    expect(metric.value(metric.init()).item()).toBeNaN();
    expect(() => nn.topKMetric(0)).toThrow("topKMetric: k must be an integer from 1 to 2147483647, got 0.");
    expect(() => metric.update(metric.init(), [[1]], [0])).toThrow("with fewer than k = 2 classes");
    expect(() => metric.update(metric.init(), [[1, 2]], [2])).toThrow(
      "topKMetric: targets must each be a class",
    );
    expect(() => metric.update(metric.init(), [1, 2], [0, 1])).toThrow("topKMetric: predictions are f64[2]");
    const run = jit((x: Tensor, y: Tensor) => metric.value(metric.update(metric.init(), x, y)));
    expect(run([[1, 2]], tensor([5], { dtype: "int32" })).item()).toBeNaN();
    expect(run([[1, NaN]], tensor([0], { dtype: "int32" })).item()).toBeNaN();
  });
});

describe("aucMetric", () => {
  test("is the fraction of ordered pairs, if bins contain no pairs or only ties", () => {
    const rounded = chances.map((p) => Math.round(p * 50) / 50);
    const pairs = rounded.flatMap((p, i) =>
      yes[i] === 1 ? rounded.flatMap((q, j) => (yes[j] === 0 ? [p > q ? 1 : p === q ? 0.5 : 0] : [])) : [],
    );
    const area = pairs.reduce((a, b) => a + b, 0) / pairs.length;
    expectAll(values(nn.aucMetric(), rounded, yes), area);
  });

  test("is NaN without both classes, and names bad input", () => {
    const metric = nn.aucMetric({ bins: 4 });
    expect(metric.value(metric.update(metric.init(), [0.5], [1])).item()).toBeNaN();
    expect(metric.value(metric.update(metric.init(), [0, 1], [0, 1])).item()).toBe(1);
    expect(() => nn.aucMetric({ bins: 1 })).toThrow(
      "aucMetric: bins must be an integer from 2 to 2147483647",
    );
    expect(() => metric.update(metric.init(), [1.5], [1])).toThrow(
      "aucMetric: predictions must each be a probability in [0, 1], but number 0 is 1.5.",
    );
    expect(() => metric.update(metric.init(), [0.5], [3])).toThrow("aucMetric: targets must each be 0 or 1");
    const run = jit((x: Tensor, y: Tensor) => metric.value(metric.update(metric.init(), x, y)));
    expect(run([0.1, 1.5], [0, 1]).item()).toBeNaN();
    expect(run([0.1, 0.5], [0, 1]).item()).toBe(1);
  });
});

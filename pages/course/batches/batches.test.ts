// Computes the statements of the chapter.
import * as downhill from "downhill";
import { tensor } from "downhill";
import * as data from "downhill/data";
import { gradientVariance } from "downhill/landscapes";
import * as optim from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import { runProgram } from "../../../test/support/run-program.ts";
import { learn } from "./augmentation.ts";
import { bestLine, itemCount, items, leastLoss, leastSteps, lineStart, loss, runBatches } from "./line.ts";
import type { Changes, Learned } from "./orders.ts";
import { printed, program } from "./program.ts";
import { linesChart, lossChart, trails } from "./state.ts";
import { throughput } from "./throughput.ts";
import { scatterAt } from "./variance.ts";

test("the program prints the output on the page", async () => {
  const modules = { downhill, "downhill/data": data, "downhill/optim": optim };
  expect(await runProgram(program, modules)).toBe(printed);
});

describe("runs by batches", () => {
  const excess = (batchSize: number, seen: number, seed: number, rate = 0.05): number => {
    const { values } = runBatches(batchSize, rate, { seed });
    return values[Math.min(values.length - 1, seen / batchSize)]! - leastLoss;
  };

  test.each([1, 2, 3, 4, 5])("per item, small batches are ahead and full batches last (seed %d)", (seed) => {
    const [all, some, one] = [itemCount, 16, 1].map((b) => excess(b, itemCount, seed)) as [
      number,
      number,
      number,
    ];
    expect(one).toBeLessThan(some);
    expect(some).toBeLessThan(all);
  });

  test.each([1, 2, 3, 4, 5])(
    "at last single items tremble, and batches of 16 are nearer (seed %d)",
    (seed) => {
      const late = (b: number): number => {
        const { values } = runBatches(b, 0.05, { seed });
        const end = values.slice(-Math.round(itemCount / b));
        return end.reduce((total, value) => total + value - leastLoss, 0) / end.length;
      };
      expect(late(16)).toBeLessThan(0.5 * late(1));
      expect(late(1)).toBeGreaterThan(0.02);
    },
  );

  test.each([1, 2, 3])("per step, the full batch always falls, single items do not (seed %d)", (seed) => {
    const rises = (b: number): number => {
      const { values } = runBatches(b, 0.05, { seed });
      return values.slice(1, leastSteps + 1).filter((value, t) => value > values[t]!).length;
    };
    expect(rises(itemCount)).toBe(0);
    expect(rises(1)).toBeGreaterThan(10);
  });

  test.each([1, 2, 3])("per step, the three differ little at first (seed %d)", (seed) => {
    const after = [1, 16, itemCount].map((b) => runBatches(b, 0.05, { seed }).values[15]! - leastLoss);
    expect(Math.max(...after) / Math.min(...after)).toBeLessThan(2);
    const begin = runBatches(1, 0.05, { seed }).values[0]! - leastLoss;
    expect(Math.max(...after)).toBeLessThan(0.7 * begin);
  });

  test("SGD is the first to diverge when the rate grows", () => {
    expect([itemCount, 16, 1].map((b) => runBatches(b, 0.2).isLost)).toEqual([false, false, true]);
  });

  test("the best line has the least loss", () => {
    for (const [dx, dy] of [
      [1e-3, 0],
      [0, 1e-3],
      [-1e-3, 2e-3],
    ] as const)
      expect(loss(tensor([bestLine[0]! + dx, bestLine[1]! + dy]), items).item()).toBeGreaterThan(leastLoss);
  });

  test.each([2, 16, 64])("the sum at η makes the steps of the mean at η·b (b = %d)", (b) => {
    const sum = runBatches(b, 0.001, { convention: "sum" }).points;
    const mean = runBatches(b, 0.001 * b, { convention: "mean" }).points;
    const plain = runBatches(b, 0.001, { convention: "mean" }).points;
    const apart = (other: typeof sum): number =>
      Math.max(...sum.map(([x, y], t) => Math.hypot(x! - other[t]![0]!, y! - other[t]![1]!)));
    expect(apart(mean)).toBeLessThan(1e-12);
    expect(apart(plain)).toBeGreaterThan(0.01);
  });
});

test("a run has the same colour in the map, in the losses and in the lines", () => {
  const inMap = trails.value.map(({ name, colour }) => [name, colour]);
  expect(new Set(inMap.map(([, colour]) => colour)).size).toBe(3);
  for (const { series } of [lossChart.value, linesChart.value])
    expect(series.slice(0, 3).map(({ name, colour }) => [name, colour])).toEqual(inMap);
});

describe("the variance of the gradient", () => {
  test("equals the library's measurement, and σ²/b in theory", () => {
    for (const line of [lineStart, bestLine]) {
      const { ofOneItem, squaredNorm, batches } = scatterAt(line);
      const library = gradientVariance({
        loss: (at, batch) => loss(at, batch),
        params: tensor([...line]),
        data: items,
        batchSizes: [1],
        repeats: 1,
      });
      expect(ofOneItem / library.ofOneItem).toBeCloseTo(1, 12);
      expect(squaredNorm).toBeCloseTo(library.squaredNorm, 10);
      for (const { batchSize, measured, predicted } of batches) {
        expect(predicted).toBe(ofOneItem / batchSize);
        // 400 batches of two numbers have a sampling error of about 6 %.
        expect(Math.abs(measured / predicted - 1), `b = ${batchSize}`).toBeLessThan(0.25);
      }
    }
  });

  test("exceeds the signal at the best line, and is small compared with it at the start", () => {
    expect(scatterAt(bestLine).squaredNorm).toBeLessThan(1e-20);
    const { ofOneItem, squaredNorm } = scatterAt(lineStart);
    expect(ofOneItem / squaredNorm).toBeLessThan(8);
  });
});

testInCi("throughput rises with the batch, and so does memory", () => {
  // The fastest of several runs, because other processes may be active.
  const runs = Array.from({ length: 5 }, () => [...throughput([1, 64, 1024], 10)]);
  const [one, some, many] = runs[0]!;
  const quickest = (i: number): number => Math.max(...runs.map((run) => run[i]!.itemsPerSecond));
  expect(quickest(1)).toBeGreaterThan(1.5 * quickest(0));
  expect(some!.memoryBytes).toBeGreaterThan(one!.memoryBytes);
  expect(many!.memoryBytes).toBeGreaterThan(3 * some!.memoryBytes);
});

describe("augmentation on a hundred digits", () => {
  const gap = ({ trainLoss, testLoss }: Learned): number => testLoss - trainLoss;
  const endOf = (changes: Changes | undefined): Learned => [...learn(changes)].at(-1)!;
  const plain = endOf(undefined);

  test("without it the network memorises its images but does not generalise", () => {
    expect(plain.trainAccuracy).toBe(1);
    expect(plain.trainLoss).toBeLessThan(0.02);
    expect(plain.testLoss).toBeGreaterThan(0.5);
  });

  testInCi("rotation and noise narrow the gap and improve the test accuracy", () => {
    const turned = endOf({ turn: 25, noise: 0.1, shift: 0 });
    expect(gap(turned)).toBeLessThan(0.85 * gap(plain));
    expect(turned.testAccuracy).toBeGreaterThan(plain.testAccuracy + 0.01);
  });

  testInCi("shifting by a whole pixel of eight is too much", () => {
    const moved = endOf({ turn: 25, noise: 0.1, shift: 1 });
    expect(moved.testAccuracy).toBeLessThan(plain.testAccuracy);
  });
});

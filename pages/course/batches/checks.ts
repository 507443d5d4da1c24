// Checks of the chapter's puzzles.
import { seededRandom } from "../lab/random.ts";
import {
  check,
  differenceTolerance,
  expectAllNear,
  expectNear,
  expectThat,
  numberOf,
  numbersOf,
  type PuzzleChecks,
  short,
  slopeByDifference,
} from "../lab/judge.ts";

interface LineGradient {
  gradient(w: number, b: number, xs: readonly number[], ys: readonly number[]): unknown;
}

function meanSquare(w: number, b: number, xs: readonly number[], ys: readonly number[]): number {
  return xs.reduce((sum, x, i) => sum + (w * x + b - ys[i]!) ** 2, 0) / xs.length;
}

interface Batches {
  batches(n: number, size: number, random: () => number): unknown;
}

function batchesOf(mine: Batches, n: number, size: number, seed: number): number[][] {
  const found = mine.batches(n, size, seededRandom(seed));
  expectThat(Array.isArray(found), "batches(…) should be an array of arrays.");
  return (found as unknown[]).map((batch, i) => numbersOf(batch, `Batch ${i + 1}`));
}

const batchCheck = (n: number, size: number) =>
  check<Batches>(`${n} items in batches of ${size}: each index once`, (mine) => {
    const all = batchesOf(mine, n, size, 1);
    const counts = Array.from({ length: n }, () => 0);
    for (const i of all.flat()) if (i in counts) counts[i]! += 1;
    const wrong = counts.findIndex((count) => count !== 1);
    expectThat(
      wrong < 0,
      `Index ${wrong} occurs ${counts[wrong] === 0 ? "in no batch" : `${counts[wrong]} times`}.`,
    );
    const sizes = all.map((batch) => batch.length);
    const wanted = Array.from({ length: Math.ceil(n / size) }, (_, i) => Math.min(size, n - i * size));
    expectAllNear(sizes, wanted, "The list of sizes");
  });

interface Accumulate {
  gradient(items: readonly number[], most: number, mean: (part: readonly number[]) => number): unknown;
}

const accumulateCheck = (count: number, most: number) =>
  check<Accumulate>(`${count} items, at most ${most} at a time`, (mine) => {
    const items = Array.from({ length: count }, (_, i) => i * i);
    const mean = (part: readonly number[]): number => {
      if (part.length > most) throw new Error(`A part has ${part.length} items; the memory holds ${most}.`);
      return part.reduce((sum, x) => sum + x, 0) / part.length;
    };
    const wanted = items.reduce((sum, x) => sum + x, 0) / count;
    expectNear(mine.gradient(items, most, mean), wanted, "The mean gradient");
  });

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  "gradient-of-a-batch": {
    checks: [
      [2, 1, [0, 1, 2, 3]],
      [-0.5, 0.3, [1, 4]],
      [0, 0, [2]],
    ].map(([w, b, xs]) => {
      const [slope, shift, inputs] = [w as number, b as number, xs as number[]];
      const ys = inputs.map((x) => 3 * x - 1 + Math.sin(x));
      return check<LineGradient>(
        `the derivatives for ${inputs.length === 1 ? "1 item" : `${inputs.length} items`} equal the difference quotients`,
        (mine) =>
          expectAllNear(
            mine.gradient(slope, shift, inputs, ys),
            [
              slopeByDifference((one) => meanSquare(one, shift, inputs, ys), slope),
              slopeByDifference((one) => meanSquare(slope, one, inputs, ys), shift),
            ],
            "The gradient",
            differenceTolerance,
          ),
      );
    }),
    mistakes: [
      "function gradient(w, b, xs, ys) { let dw = 0, db = 0; for (let i = 0; i < xs.length; i++) { const e = w * xs[i] + b - ys[i]; dw += 2 * e * xs[i]; db += 2 * e; } return [dw, db]; }",
    ],
  },
  shuffle: {
    checks: [
      batchCheck(12, 4),
      batchCheck(10, 4),
      check<Batches>("the order is random", (mine) => {
        const firsts = Array.from({ length: 60 }, (_, seed) => batchesOf(mine, 10, 5, seed)[0]?.[0]);
        const different = new Set(firsts).size;
        expectThat(
          different >= 8,
          `In 60 shuffles of 10 items, the first batch began with ${different} different items.`,
        );
      }),
    ],
    mistakes: [
      "function batches(n, size) { const all = []; for (let i = 0; i < n; i += size) all.push(Array.from({ length: Math.min(size, n - i) }, (_, k) => i + k)); return all; }",
    ],
  },
  accumulate: {
    checks: [accumulateCheck(8, 4), accumulateCheck(10, 4), accumulateCheck(3, 5)],
    mistakes: [
      "function gradient(items, most, meanGradient) { let sum = 0; for (let i = 0; i < items.length; i += most) sum += meanGradient(items.slice(i, i + most)); return sum * most / items.length; }",
    ],
  },
  "enough-items": {
    checks: (
      [
        [2, 1],
        [3, 0.5],
        [1, 0.7],
      ] as const
    ).map(([spread, target]) =>
      check<{ size(spread: number, target: number): unknown }>(
        `a spread of ${spread}, a target of ${target}`,
        (mine) => {
          const n = numberOf(mine.size(spread, target), `size(${spread}, ${target})`);
          expectThat(Number.isInteger(n), `The number of items should be an integer; it is ${short(n)}.`);
          const deviation = spread / Math.sqrt(n);
          expectThat(deviation <= target, `A batch of ${n} has the standard deviation ${short(deviation)}.`);
          expectThat(n === 1 || spread / Math.sqrt(n - 1) > target, `A batch of ${n - 1} is enough.`);
        },
      ),
    ),
    mistakes: [
      "function size(spread, target) { return (spread / target) ** 2; }",
      "function size() { return 1000; }",
    ],
  },
};

// Checks of the chapter's puzzles.
import { grad, mul, sin, type Tensor } from "downhill";
import {
  check,
  expectAllNear,
  expectNear,
  expectThat,
  f64,
  numberOf,
  type PuzzleChecks,
} from "../lab/judge.ts";

interface TapeLine {
  readonly reads: readonly number[];
  readonly locals: readonly number[];
}

/** Tape of the program u = x·y, v = u + x, z = u·v at x = 2 and y = 3. */
const tape: readonly TapeLine[] = [
  { reads: [], locals: [] },
  { reads: [], locals: [] },
  { reads: [0, 1], locals: [3, 2] },
  { reads: [2, 0], locals: [1, 1] },
  { reads: [2, 3], locals: [8, 6] },
];

/** A tape in which each value is the square of the one before, from x = 1.1. */
const squares: readonly TapeLine[] = Array.from({ length: 6 }, (_, i) => {
  const before = 1.1 ** (2 ** (i - 1));
  return i === 0 ? { reads: [], locals: [] } : { reads: [i - 1, i - 1], locals: [before, before] };
});

interface Memory {
  put(index: number, value: number): void;
  get(index: number): number;
  drop(index: number): void;
}

interface StoreLess {
  gradient(
    x: number,
    n: number,
    step: (y: number) => number,
    stepBack: (y: number, ct: number) => number,
    memory: Memory,
  ): unknown;
}

/** Runs the learner's gradient of a loop, and counts stored values and steps. */
function runStored(
  mine: StoreLess,
  n: number,
): { readonly got: number; readonly wanted: number; readonly most: number; readonly steps: number } {
  const stored = new Map<number, number>();
  let [most, steps] = [0, 0];
  const memory: Memory = {
    put(index, value) {
      stored.set(index, value);
      most = Math.max(most, stored.size);
    },
    get(index) {
      const value = stored.get(index);
      if (value === undefined) throw new Error(`memory.get(${index}): nothing is stored there.`);
      return value;
    },
    drop: (index) => void stored.delete(index),
  };
  const step = (y: number): number => {
    steps += 1;
    return y - 0.01 * Math.sin(y);
  };
  const stepBack = (y: number, ct: number): number => ct * (1 - 0.01 * Math.cos(y));
  let [y, wanted] = [1, 1];
  for (let i = 0; i < n; i++) {
    wanted *= 1 - 0.01 * Math.cos(y);
    y -= 0.01 * Math.sin(y);
  }
  const got = numberOf(mine.gradient(1, n, step, stepBack, memory), "gradient(…)");
  return { got, wanted, most, steps };
}

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  "product-backward": {
    checks: (
      [
        [2, 3, 1],
        [-1, 0.5, 4],
        [0, 7, -2],
      ] as const
    ).map(([x, y, ct]) =>
      check<{ mulBack(x: number, y: number, ct: number): unknown }>(
        `mulBack(${x}, ${y}, ${ct}) equals the reverse mode of the library`,
        (mine) => {
          const slopes = grad((a: Tensor, b: Tensor) => mul(mul(a, b), ct), { argnums: [0, 1] })(
            f64(x),
            f64(y),
          );
          expectAllNear(
            mine.mulBack(x, y, ct),
            slopes.map((one) => one.item()),
            "The result",
          );
        },
      ),
    ),
    mistakes: [
      "function mulBack(x, y, ct) { return [ct * x, ct * y]; }",
      "function mulBack(x, y, ct) { return [y, x]; }",
    ],
  },
  "backward-pass": {
    checks: (
      [
        [2, 3],
        [0.5, -1],
      ] as const
    ).map(([x, y]) =>
      check<{ gradient(x: number, y: number): unknown }>(
        `gradient(${x}, ${y}) equals the reverse mode of the library`,
        (mine) => {
          const f = (a: Tensor, b: Tensor): Tensor => mul(a, b).add(sin(a));
          const slopes = grad(f, { argnums: [0, 1] })(f64(x), f64(y));
          expectAllNear(
            mine.gradient(x, y),
            slopes.map((one) => one.item()),
            "The gradient",
          );
        },
      ),
    ),
    mistakes: ["function gradient(x, y) { return [Math.cos(x) * y, x]; }"],
  },
  "transpose-of-sum": {
    checks: [
      check<{ sumBack(ct: number, n: number): unknown }>("sumBack(3, 4) has one number per summand", (mine) =>
        expectAllNear(mine.sumBack(3, 4), [3, 3, 3, 3], "The result"),
      ),
      check<{ repeatBack(cts: readonly number[]): unknown }>("repeatBack adds what arrives", (mine) =>
        expectNear(mine.repeatBack([1, 2, 4]), 7, "repeatBack([1, 2, 4])"),
      ),
      check<{ sumBack(ct: number, n: number): unknown; repeatBack(cts: unknown): unknown }>(
        "one after the other multiplies by n",
        (mine) => expectNear(mine.repeatBack(mine.sumBack(2, 5)), 10, "repeatBack(sumBack(2, 5))"),
      ),
    ],
    mistakes: [
      "function sumBack(ct, n) { return new Array(n).fill(ct / n); } function repeatBack(cts) { return cts.reduce((a, b) => a + b, 0) / cts.length; }",
    ],
  },
  tape: {
    checks: [
      check<{ backward(tape: readonly TapeLine[]): unknown }>("the tape of the chapter", (mine) =>
        expectAllNear(mine.backward(tape), [48, 28, 14, 6, 1], "The result"),
      ),
      check<{ backward(tape: readonly TapeLine[]): unknown }>(
        "a value that is read twice by one line",
        (mine) =>
          expectNear(
            (mine.backward(squares) as readonly unknown[] | undefined)?.[0],
            32 * 1.1 ** 31,
            "The derivative in x",
          ),
      ),
    ],
    mistakes: [
      "function backward(tape) { const d = tape.map(() => 0); d[d.length - 1] = 1; for (let i = tape.length - 1; i >= 0; i--) tape[i].reads.forEach((j, k) => { d[j] = tape[i].locals[k] * d[i]; }); return d; }",
    ],
  },
  "store-less": {
    checks: [
      check<StoreLess>("the derivative of 400 steps is right", (mine) => {
        const { got, wanted } = runStored(mine, 400);
        expectNear(got, wanted, "The derivative");
      }),
      check<StoreLess>("the derivative of 7 steps is right, too", (mine) => {
        const { got, wanted } = runStored(mine, 7);
        expectNear(got, wanted, "The derivative");
      }),
      check<StoreLess>("at most 60 values are stored at once", (mine) => {
        const { most } = runStored(mine, 400);
        expectThat(most <= 60, `${most} values were stored at once.`);
        expectThat(most > 0, "No value was put into the memory.");
      }),
      check<StoreLess>("step is called at most 1,000 times", (mine) => {
        const { steps } = runStored(mine, 400);
        expectThat(steps <= 1000, `step was called ${steps} times.`);
      }),
    ],
    mistakes: [
      // each value again from the beginning: little memory, but 80,000 steps
      "function gradient(x, n, step, stepBack, memory) { memory.put(0, x); let ct = 1; for (let i = n - 1; i >= 0; i--) { let y = memory.get(0); for (let k = 0; k < i; k++) y = step(y); ct = stepBack(y, ct); } return ct; }",
    ],
  },
};

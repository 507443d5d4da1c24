// Checks of the chapter's puzzles.
import {
  check,
  differenceTolerance,
  expectAllNear,
  expectNear,
  expectThat,
  type PuzzleChecks,
  slopeByDifference,
} from "../lab/judge.ts";

function grow(x: number, r: number, n: number): number {
  let p = x;
  for (let i = 0; i < n; i++) p += r * p * (1 - p);
  return p;
}

function doubled(x: number): number {
  let [y, count] = [x, 0];
  while (y < 100) [y, count] = [2 * y, count + 1];
  return count % 2 === 1 ? Math.sqrt(y) : y;
}

interface Both {
  both(x: number, exp: (x: number) => number, mul: (a: number, b: number) => number): unknown;
}

const bell = (x: number): number => x * Math.exp(-(x * x));

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  "loop-backward": {
    checks: (
      [
        [0.2, 0.8, 1],
        [0.2, 0.8, 4],
        [0.5, 2.5, 12],
      ] as const
    ).map(([x, r, n]) =>
      check<{ gradient(x: number, r: number, n: number): unknown }>(
        `${n === 1 ? "1 iteration" : `${n} iterations`}: the gradient equals the difference quotients`,
        (mine) =>
          expectAllNear(
            mine.gradient(x, r, n),
            [slopeByDifference((y) => grow(y, r, n), x), slopeByDifference((s) => grow(x, s, n), r)],
            `gradient(${x}, ${r}, ${n})`,
            1e-6, // the difference quotient loses digits in the chaotic loop
          ),
      ),
    ),
    mistakes: [
      "function gradient(x, r, n) { const tape = []; let p = x; for (let i = 0; i < n; i++) { tape.push(p); p = p + r * p * (1 - p); } let dp = 1, dr = 0; for (let i = n - 1; i >= 0; i--) { const q = tape[i]; dp = dp * (1 + r * (1 - 2 * q)); dr = dr + dp * q * (1 - q); } return [dp, dr]; }",
    ],
  },
  branch: {
    checks: [150, 60, 30, 7].map((x) =>
      check<{ slope(x: number): unknown }>(`slope(${x}) equals the difference quotient`, (mine) =>
        expectNear(mine.slope(x), slopeByDifference(doubled, x), `slope(${x})`, differenceTolerance),
      ),
    ),
    mistakes: [
      "function slope(x) { let y = x, dy = 1; while (y < 100) { y = 2 * y; dy = 2 * dy; } return dy; }",
      "function slope(x) { let y = x, dy = 1, count = 0; while (y < 100) { y = 2 * y; dy = 2 * dy; count++; } return count % 2 === 1 ? dy / 2 / y : dy; }",
    ],
  },
  overwritten: {
    checks: [
      [2, 3],
      [2, 3, 5, 7],
      [1.5, -2, 0, 4],
    ].map((a) =>
      check<{ gradient(a: number[]): unknown }>(
        `gradient([${a.join(", ")}]): each entry is the product of the others`,
        (mine) =>
          expectAllNear(
            mine.gradient([...a]),
            a.map((_, i) => a.reduce((product, x, k) => (k === i ? product : product * x), 1)),
            "The gradient",
          ),
      ),
    ),
    mistakes: [
      "function gradient(a) { a = [...a]; const n = a.length, tape = []; for (let i = 1; i < n; i++) { tape.push(a[i]); a[i] = a[i - 1] * a[i]; } const d = new Array(n).fill(0); d[n - 1] = 1; for (let i = n - 1; i >= 1; i--) { const old = tape.shift(); d[i - 1] += d[i] * old; d[i] = d[i] * a[i - 1]; } return d; }",
      "function gradient(a) { const product = a.reduce((x, y) => x * y, 1); return a.map((x) => product / x); }",
    ],
  },
  "one-exp": {
    checks: [
      ...[0.5, -2].map((x) =>
        check<Both>(`value and derivative at ${x}`, (mine) =>
          expectAllNear(
            mine.both(x, Math.exp, (a, b) => a * b),
            [bell(x), slopeByDifference(bell, x)],
            `both(${x}, …)`,
            differenceTolerance,
          ),
        ),
      ),
      check<Both>("one call of exp, at most four of mul", (mine) => {
        let [exps, muls] = [0, 0];
        const exp = (x: number): number => {
          exps += 1;
          return Math.exp(x);
        };
        const mul = (a: number, b: number): number => {
          muls += 1;
          return a * b;
        };
        const wanted = [bell(0.7), slopeByDifference(bell, 0.7)];
        expectAllNear(mine.both(0.7, exp, mul), wanted, "both(0.7, …)", differenceTolerance);
        expectThat(exps === 1 && muls >= 2, `exp was called ${exps} times and mul ${muls} times.`);
        expectThat(muls <= 4, `mul was called ${muls} times.`);
      }),
    ],
    mistakes: [
      "function both(x, exp, mul) { const e = exp(-mul(x, x)); return [mul(x, e), e - mul(2, mul(x, e))]; }",
      "function both(x, exp, mul) { const e = exp(-mul(x, x)); return [mul(x, e), e - mul(2, mul(mul(mul(x, x), e), 1))]; }",
    ],
  },
};

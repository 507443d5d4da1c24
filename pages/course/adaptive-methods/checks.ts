// Checks of the chapter's puzzles.
import { adagrad, adam, adamw, rmsprop } from "downhill/optim";
import { expectSameSteps } from "../lab/follow.ts";
import { check, expectNear, expectThat, f64, numbersOf, type PuzzleChecks, short } from "../lab/judge.ts";

interface Accumulating {
  update(state: number, gradient: number, rate: number, alpha?: number): unknown;
}

interface Adam {
  update(m: number, v: number, t: number, gradient: number, rate: number): unknown;
}

/** Runs an optimiser with one accumulated number on a bowl whose curvatures differ by a factor of 10,000. */
const bowlCheck = (name: string, rate: number, alpha?: number) =>
  check<Accumulating>(
    `${name} on a bowl with the curvatures 1 and 10,000: both directions arrive together`,
    (mine) => {
      const p = [1, 1];
      const state = [0, 0];
      for (let i = 0; i < 100; i++)
        for (const k of [0, 1]) {
          const slope = (k === 0 ? 1 : 1e4) * p[k]!;
          const [next, change] = numbersOf(mine.update(state[k]!, slope, rate, alpha), "update(…)", 2);
          state[k] = next!;
          p[k]! += change!;
        }
      expectNear(p[0], p[1]!, "The first coordinate", 1e-4);
      expectThat(
        Math.abs(p[0]!) < 0.1,
        `After 100 steps the coordinates are ${short(p[0]!)} and ${short(p[1]!)}.`,
      );
    },
  );

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  adagrad: {
    checks: [
      check<Accumulating>("ten steps equal those of the library", (mine) => {
        let sum = 0;
        expectSameSteps(adagrad({ learningRate: 0.1 }), (gradient) => {
          const [next, change] = numbersOf(mine.update(sum, gradient, 0.1), "update(…)", 2);
          sum = next!;
          return change;
        });
      }),
      bowlCheck("100 steps", 0.5),
    ],
    mistakes: [
      "function update(sum, gradient, rate) { return [sum + gradient * gradient, -rate * gradient / (Math.sqrt(sum) + 1e-10)]; }",
      "function update(sum, gradient, rate) { const s = sum + gradient * gradient; return [s, -rate * gradient / s]; }",
    ],
  },
  rmsprop: {
    checks: [
      ...[0.9, 0.99].map((alpha) =>
        check<Accumulating>(`ten steps with alpha = ${alpha} equal those of the library`, (mine) => {
          let mean = 0;
          expectSameSteps(rmsprop({ learningRate: 0.1, alpha }), (gradient) => {
            const [next, change] = numbersOf(mine.update(mean, gradient, 0.1, alpha), "update(…)", 2);
            mean = next!;
            return change;
          });
        }),
      ),
      bowlCheck("100 steps", 0.02, 0.9),
    ],
    mistakes: [
      "function update(mean, gradient, rate, alpha) { const m = (1 - alpha) * mean + alpha * gradient * gradient; return [m, -rate * gradient / (Math.sqrt(m) + 1e-8)]; }",
    ],
  },
  adam: {
    checks: [
      check<Adam>("the first step is as long as the rate, for every size of the gradient", (mine) => {
        for (const gradient of [1e-3, 1, -1e3])
          expectNear(
            numbersOf(mine.update(0, 0, 1, gradient, 0.1), "update(…)", 3)[2],
            -0.1 * Math.sign(gradient),
            `The first change for the gradient ${short(gradient)}`,
            1e-4,
          );
      }),
      check<Adam>("ten steps equal those of the library", (mine) => {
        let [m, v] = [0, 0];
        expectSameSteps(adam({ learningRate: 0.1 }), (gradient, t) => {
          const [m1, v1, change] = numbersOf(mine.update(m, v, t, gradient, 0.1), "update(…)", 3);
          [m, v] = [m1!, v1!];
          return change;
        });
      }),
      check<Adam>("500 steps cross Rosenbrock's valley", (mine) => {
        const p = [-1.2, 1];
        const state = [
          [0, 0],
          [0, 0],
        ];
        const height = (): number => (1 - p[0]!) ** 2 + 100 * (p[1]! - p[0]! ** 2) ** 2;
        for (let t = 1; t <= 500; t++) {
          const rest = p[1]! - p[0]! ** 2;
          for (const [k, slope] of [-2 * (1 - p[0]!) - 400 * p[0]! * rest, 200 * rest].entries()) {
            const [m, v, change] = numbersOf(
              mine.update(state[k]![0]!, state[k]![1]!, t, slope, 0.1),
              "update(…)",
              3,
            );
            state[k] = [m!, v!];
            p[k]! += change!;
          }
        }
        expectThat(
          height() < 0.05,
          `The run ends at (${short(p[0]!)}, ${short(p[1]!)}), at the height ${short(height())}.`,
        );
      }),
    ],
    mistakes: [
      "function update(m, v, t, g, rate) { const m1 = 0.9 * m + 0.1 * g, v1 = 0.999 * v + 0.001 * g * g; return [m1, v1, -rate * m1 / (Math.sqrt(v1) + 1e-8)]; }",
      "function update(m, v, t, g, rate) { const m1 = (0.9 * m + 0.1 * g) / (1 - 0.9 ** t), v1 = (0.999 * v + 0.001 * g * g) / (1 - 0.999 ** t); return [m1, v1, -rate * m1 / (Math.sqrt(v1) + 1e-8)]; }",
    ],
  },
  adamw: {
    checks: [
      check<{ change(adamChange: number, x: number, rate: number, decay: number): unknown }>(
        "ten steps equal those of the library",
        (mine) => {
          const [plain, x] = [adam({ learningRate: 0.1 }), f64(1)];
          let state = plain.init(x);
          expectSameSteps(adamw({ learningRate: 0.1, weightDecay: 0.3 }), (gradient, _, at) => {
            const { updates, state: next } = plain.update(f64(gradient), state, x);
            state = next;
            return mine.change(updates.item(), at, 0.1, 0.3);
          });
        },
      ),
      check<{ change(adamChange: number, x: number, rate: number, decay: number): unknown }>(
        "without a gradient, a weight shrinks by the factor 1 − rate · decay",
        (mine) => expectNear(mine.change(0, 5, 0.1, 0.2), -0.1, "change(0, 5, 0.1, 0.2)"),
      ),
    ],
    mistakes: ["function change(adamChange, x, rate, decay) { return adamChange * (1 - rate * decay); }"],
  },
};

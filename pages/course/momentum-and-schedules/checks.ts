// Checks of the chapter's puzzles.
import { cosineDecay, sgd } from "downhill/optim";
import { expectSameSteps } from "../lab/follow.ts";
import {
  check,
  expectNear,
  expectThat,
  numberOf,
  numbersOf,
  type PuzzleChecks,
  short,
} from "../lab/judge.ts";

interface Update {
  update(velocity: number, gradient: number, rate: number, decay: number): unknown;
}

/** Compares with momentum of the library. */
const sameSteps = (decay: number, nesterov: boolean) =>
  check<Update>(`ten steps with the decay ${decay} equal those of the library`, (mine) => {
    let velocity = 0;
    expectSameSteps(sgd({ learningRate: 0.1, momentum: decay, nesterov }), (gradient) => {
      const [v, change] = numbersOf(mine.update(velocity, gradient, 0.1, decay), "update(…)", 2);
      velocity = v!;
      return change;
    });
  });

/** Distance from the minimum after a run on a narrow bowl with the curvatures 1 and 100. */
const bowlCheck = check<Update>("200 steps on a narrow bowl arrive, where plain descent does not", (mine) => {
  const p = [-3, 2];
  const v = [0, 0];
  for (let i = 0; i < 200; i++)
    for (const k of [0, 1]) {
      const slope = (k === 0 ? 1 : 100) * p[k]!;
      const [next, change] = numbersOf(mine.update(v[k]!, slope, 0.01, 0.8), "update(…)", 2);
      v[k] = next!;
      p[k]! += change!;
    }
  const distance = Math.hypot(...p);
  expectThat(distance < 1e-3, `The run ends ${short(distance)} from the minimum.`);
});

function isDiverging(rate: number, curvature: number, decay: number): boolean {
  let [x, v] = [1, 0];
  for (let i = 0; i < 4000; i++) {
    v = decay * v + curvature * x;
    x -= rate * v;
  }
  return !(Math.abs(x) < 1);
}

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  momentum: {
    checks: [sameSteps(0.9, false), sameSteps(0.5, false), bowlCheck],
    mistakes: [
      "function update(velocity, gradient, rate, decay) { const v = decay * velocity + (1 - decay) * gradient; return [v, -rate * v]; }",
      "function update(velocity, gradient, rate, decay) { return [decay * velocity + gradient, -rate * velocity]; }",
    ],
  },
  nesterov: {
    checks: [sameSteps(0.9, true), sameSteps(0.5, true), bowlCheck],
    mistakes: [
      "function update(velocity, gradient, rate, decay) { const v = decay * velocity + gradient; return [v, -rate * (gradient + decay * velocity)]; }",
    ],
  },
  "momentum-limit": {
    checks: (
      [
        [1, 0],
        [1, 0.5],
        [10, 0.9],
        [0.3, 0.7],
      ] as const
    ).map(([curvature, decay]) =>
      check<{ limit(curvature: number, decay: number): unknown }>(
        `curvature ${curvature}, decay ${decay}: a rate 1 % lower converges, and one 1 % higher diverges`,
        (mine) => {
          const limit = numberOf(mine.limit(curvature, decay), `limit(${curvature}, ${decay})`);
          expectThat(
            !isDiverging(0.99 * limit, curvature, decay),
            `The rate ${short(0.99 * limit)} diverges.`,
          );
          expectThat(
            isDiverging(1.01 * limit, curvature, decay),
            `The rate ${short(1.01 * limit)} still converges.`,
          );
        },
      ),
    ),
    mistakes: ["function limit(curvature, decay) { return 2 / (1 - decay) / curvature; }"],
  },
  cosine: {
    checks: (
      [
        [0, 100],
        [25, 100],
        [50, 100],
        [100, 100],
        [140, 100],
      ] as const
    ).map(([t, steps]) =>
      check<{ rate(t: number, steps: number, from: number, to: number): unknown }>(
        `step ${t} of ${steps} equals the schedule of the library`,
        (mine) => {
          const wanted = cosineDecay({ from: 0.3, to: 0.01, steps })(t);
          expectNear(mine.rate(t, steps, 0.3, 0.01), wanted, `rate(${t}, ${steps}, 0.3, 0.01)`);
        },
      ),
    ),
    mistakes: [
      "function rate(t, steps, from, to) { return to + (from - to) * (1 + Math.cos(Math.PI * t / steps)) / 2; }",
      "function rate(t, steps, from, to) { return from * Math.cos(Math.PI / 2 * Math.min(t, steps) / steps); }",
    ],
  },
  "warm-up": {
    checks: (
      [
        [0, 10, 0.05],
        [4, 10, 0.25],
        [9, 10, 0.5],
        [10, 10, 0.5],
        [40, 10, 0.25],
        [1000, 10, 0.05],
      ] as const
    ).map(([t, warm, wanted]) =>
      check<{ rate(t: number, warm: number, top: number): unknown }>(
        `step ${t} with ${warm} steps of warm-up`,
        (mine) => expectNear(mine.rate(t, warm, 0.5), wanted, `rate(${t}, ${warm}, 0.5)`),
      ),
    ),
    mistakes: [
      "function rate(t, warm, top) { return t < warm ? top * t / warm : top * Math.sqrt(warm / t); }",
    ],
  },
};

import { abs, add, eye, max, mul, ones, square, sub, tensor, type Tensor } from "downhill";
import { solveOde, type SolveOdeMethodName } from "downhill/optim";
import { expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";

type Slope = (y: Tensor, t: Tensor) => Tensor;

/** Right-hand sides with the solution at t = 1 for y(0) = 0.5. Newton's corrections are rounding errors or small. */
const systems: readonly [string, Slope, number][] = [
  ["zero", (y) => mul(0, y), 0.5],
  ["constant", (y) => add(mul(0, y), 1), 1.5],
  ["linear in t", (y, t) => add(mul(0, y), t), 1],
  ["quadratic in t", (y, t) => add(mul(0, y), square(t)), 0.5 + 1 / 3],
  ["linear in y", (y) => mul(-1, y), 0.5 / Math.E],
  ["stiff along a line", (y, t) => sub(1, mul(1e4, sub(y, add(t, 0.5)))), 1.5],
];
const isThorough = extent(0, 1, 1) === 1;
const rtols = isThorough ? [1e-3, 1e-5, 1e-7, 1e-8, 1e-10, 1e-12] : [1e-3, 1e-8, 1e-12];
const methods: readonly (SolveOdeMethodName | "auto")[] = isThorough
  ? ["dopri5", "tsit5", "rosenbrock", "radau", "bdf", "taylor", "auto"]
  : ["radau", "bdf"];

test.each(methods)(
  "%s solves equations with constant and polynomial solutions at every tolerance",
  (method) => {
    const isStiffSolver = method !== "dopri5" && method !== "tsit5" && method !== "taylor";
    // 60 elements: implicit methods compute with sparse matrices
    const starts = method === "radau" || method === "bdf" ? [1, 3, 60] : [1, 3];
    for (const [name, f, last] of isThorough ? systems : systems.slice(1, 4)) {
      if (name === "stiff along a line" && !isStiffSolver) continue;
      for (const n of starts)
        for (const rtol of rtols) {
          const y0 = n === 1 ? tensor(0.5) : mul(0.5, ones([n]));
          const { reason, y, stats } = solveOde(f, y0, [0, 1], { method, rtol, atol: rtol / 100 });
          const label = `${name}, ${n} elements, rtol ${rtol}`;
          expect([label, reason]).toEqual([label, "end"]);
          const steps = name === "linear in y" && rtol < 1e-8 ? 1000 : 120;
          expect(stats.steps + stats.rejections, label).toBeLessThan(steps);
          expect(max(abs(sub(y.at(-1), last))).item(), label).toBeLessThan(10 * rtol);
        }
    }
  },
);

test("bdf starts at rest with a mass matrix", () => {
  const s = solveOde((y) => mul(0, y), [1, 2], [0, 1], { method: "bdf", mass: eye(2) });
  expect([s.reason, [...s.y.at(-1).data()]]).toEqual(["end", [1, 2]]);
});

import { expect, test } from "vitest";
import * as random from "downhill/random";
import { diagnose } from "./diagnostics.ts";
import { draws, proposalPath, type Question, sample } from "./sampler.ts";

const question: Question = {
  target: "narrow",
  starts: [
    [-3, 2],
    [3, 2],
    [-3, -2],
    [3, -2],
  ],
  stepSize: 0.15,
  steps: 12,
  seed: 1,
};
const rows = (question_: Question, axis: number): number[][] =>
  sample(question_).points.map((points) => points.slice(41).map((point) => point[axis]!));

test("chains find the mean and the spread of a density", () => {
  const xs = rows(question, 0);
  const { mean, rHat, effective } = diagnose(xs);
  const deviation = Math.hypot(2.4, 0.3) / 2; // x is half the sum of x + y and x − y
  expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(effective));
  expect(rHat).toBeLessThan(1.1);
  const squares = xs.flat().map((x) => x * x);
  expect(squares.reduce((a, b) => a + b) / squares.length).toBeGreaterThan(0.6 * deviation ** 2);
  expect(squares.reduce((a, b) => a + b) / squares.length).toBeLessThan(1.5 * deviation ** 2);
});

test("an accepted draw is the end of its path", () => {
  const { points, accepted, momenta } = sample(question);
  const draw = accepted.findIndex((row) => row[2] === true);
  const path = proposalPath(question, points[2]![draw]!, momenta[draw]![2]!);
  expect(path).toHaveLength(question.steps + 1);
  path.at(-1)!.forEach((z, axis) => expect(z).toBeCloseTo(points[2]![draw + 1]![axis]!, 9));
});

test("long steps are rejected, and a rejected chain does not move", () => {
  const { accepted, points } = sample({ ...question, stepSize: 1 });
  expect(accepted.flat().filter(Boolean).length).toBeLessThan(0.2 * 4 * draws);
  const draw = accepted.findIndex((row) => row[0] === false);
  expect(points[0]![draw + 1]).toEqual(points[0]![draw]);
});

test("one leapfrog step per draw is a random walk, with fewer effective draws", () => {
  const [many, one] = [12, 1].map((steps) => diagnose(rows({ ...question, steps }, 0)).effective);
  expect(many).toBeGreaterThan(5 * one!);
});

test("chains that start in both of two humps disagree; those that start in one agree, and miss the other", () => {
  const humps = { ...question, target: "humps", stepSize: 0.1, steps: 18 } as const;
  expect(diagnose(rows(humps, 0)).rHat).toBeGreaterThan(1.05);
  const { rHat, mean } = diagnose(rows({ ...humps, starts: humps.starts.map(() => [1.7, 0.8]) }, 0));
  expect(rHat).toBeLessThan(1.05);
  expect(mean).toBeGreaterThan(1);
});

test.each(["narrow", "banana", "ring"] as const)("chains find the mean of x, 0, for %s", (target) => {
  const spread = question.starts.map(([x, y]) => [(x! * 2.5) / 3, y!]);
  const { mean, rHat } = diagnose(rows({ ...question, target, starts: spread, stepSize: 0.1, steps: 18 }, 0));
  expect(rHat).toBeLessThan(1.05);
  expect(Math.abs(mean)).toBeLessThan(0.3);
});

test("independent draws are all effective, and those of an autoregression by (1 − ρ)/(1 + ρ)", () => {
  const noise = random.normal(random.key(3), [4, 4000], { dtype: "float64" }).tolist() as number[][];
  expect(diagnose(noise).effective).toBeGreaterThan(0.9 * 16_000);
  const rho = 0.8;
  const slow = noise.map((chain) => {
    let x = 0;
    return chain.map((e) => (x = rho * x + e));
  });
  const share = diagnose(slow).effective / 16_000;
  expect(share).toBeGreaterThan(0.08);
  expect(share).toBeLessThan(0.14);
});

test("chains that do not mix are reported", () => {
  const noise = random.normal(random.key(3), [2, 200], { dtype: "float64" }).tolist() as number[][];
  expect(diagnose([noise[0]!, noise[1]!.map((x) => x + 5)]).rHat).toBeGreaterThan(2);
});

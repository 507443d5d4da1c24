import { expect, test } from "vitest";
import { alpha, betas, memorySteps, type MethodName, methodNames, rememberedBy } from "./memory.ts";

const start = [-3, 2];
const settings = { rate: 0.2, kappa: 25 };
const runs = new Map(methodNames.map((name) => [name, rememberedBy(name)(start, settings)] as const));

function sizesOf(name: MethodName, coordinate: number): number[] {
  return runs.get(name)!.sizes.map((size) => size[coordinate]!);
}

test.each(methodNames)("%s: a step is the rate times its dividend over its divisor", (name) => {
  const { points, steps, directions, sizes } = runs.get(name)!;
  for (let t = 0; t < memorySteps; t++) {
    for (const i of [0, 1]) {
      const expected = (-settings.rate * directions[t]![i]!) / sizes[t]![i]!;
      expect(steps[t]![i]! / expected, `step ${t + 1}`).toBeCloseTo(1, 5); // ε = 1e-8 compared with divisors down to 1e-2
      expect(points[t + 1]![i]! - points[t]![i]!).toBeCloseTo(steps[t]![i]!, 12);
    }
  }
});

test("the first step of all methods except RMSProp equals the rate in each coordinate", () => {
  for (const name of ["adagrad", "adam"] as const)
    for (const step of runs.get(name)!.steps[0]!) expect(Math.abs(step)).toBeCloseTo(settings.rate, 6);
  for (const step of runs.get("rmsprop")!.steps[0]!)
    expect(Math.abs(step)).toBeCloseTo(settings.rate / Math.sqrt(1 - alpha), 5);
});

test("Adagrad's memory is the root of a sum: it never falls; RMSProp's is the root of a mean that does", () => {
  for (const i of [0, 1]) {
    const sizes = sizesOf("adagrad", i);
    let sum = 0;
    sizes.forEach((size, t) => {
      sum += runs.get("adagrad")!.gradients[t]![i]! ** 2;
      expect(size).toBeCloseTo(Math.sqrt(sum), 9);
      if (t > 0) expect(size).toBeGreaterThanOrEqual(sizes[t - 1]!);
    });
    const forgetting = sizesOf("rmsprop", i);
    expect(Math.min(...forgetting.slice(20))).toBeLessThan(0.5 * Math.max(...forgetting));
  }
});

test("Adam's corrected mean square of a first gradient is its square", () => {
  const { gradients, sizes, directions } = runs.get("adam")!;
  for (const i of [0, 1]) {
    expect(sizes[0]![i]).toBeCloseTo(Math.abs(gradients[0]![i]!), 9);
    expect(directions[0]![i]).toBeCloseTo(gradients[0]![i]!, 9);
  }
  expect(betas).toEqual({ mean: 0.9, square: 0.999 });
});

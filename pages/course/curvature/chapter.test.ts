// Computes the statements of the chapter.
import * as downhill from "downhill";
import * as optim from "downhill/optim";
import { describe, expect, test } from "vitest";
import { runProgram } from "../../../test/support/run-program.ts";
import { lbfgsOn } from "./lbfgs-run.ts";
import { gaussNewton, methodsOn, misfit } from "./methods.ts";
import { printed, program } from "./program.ts";
import { distancesOn, productCosts, unknowns } from "./quadratic.ts";
import { endWords, examples, formula, hill, rate, start } from "./state.ts";

test("the ten lines print the output on the page", async () => {
  expect(await runProgram(program, { downhill, "downhill/optim": optim })).toBe(printed);
});

describe("the methods on the example landscapes", () => {
  test.each(examples.map((example) => [example.name, example] as const))("%s", (name, example) => {
    [formula.value, start.value, rate.value] = [example.text, example.start, example.rate];
    const { methods } = hill.value;
    const newton = methods.newton(example.start);
    expect(newton.isLost).toBe(false);
    if (name === "Narrow bowl") expect(newton.points.length).toBe(2);
    if (name === "Two minima") expect(newton.points.at(-1)!.map((x) => Math.abs(x))).toEqual([0, 0]);
    const found = lbfgsOn(hill.value.landscape.value)(example.start);
    expect(found.isLost).toBe(false);
    expect(found.values.at(-1)!).toBeLessThan(newton.values[0]!);
    expect(methods.gradient(example.start, example.rate).isLost).toBe(false);
    expect(endWords.value).toContain("Newton: ");
  });
});

test("Newton's method doubles the number of digits near a minimum, and may be lost far from it", () => {
  const { newton } = methodsOn((p) => {
    const [x, y] = [p.at(0), p.at(1)];
    return x.exp().add(x.neg().exp()).add(1).log().add(y.square().div(2));
  });
  const errors = newton([1.4, 1.8]).points.map(([x]) => Math.abs(x!));
  expect(errors[4]!).toBeLessThan(2 * errors[3]! ** 2);
  expect(newton([3.5, 1.8]).isLost).toBe(true);
});

test("conjugate gradients need one iteration per unknown", () => {
  for (const kappa of [2, 10, 50]) {
    const { conjugate, gradient, momentum } = distancesOn(kappa);
    expect(conjugate[unknowns]!).toBeLessThan(1e-6);
    expect(momentum[60]!).toBeLessThan(gradient[60]!);
  }
});

test("a product costs a few gradients for any number of inputs, and a Hessian grows with it", () => {
  const [few, many] = [productCosts(4), productCosts(32)];
  expect(many.product / many.gradient).toBeLessThan(5);
  expect(Math.abs(many.product / many.value - few.product / few.value)).toBeLessThan(3);
  expect(many.hessian / many.value).toBeGreaterThan(5 * (few.hessian / few.value));
});

test("Gauss-Newton fits from a start where Newton's method is lost", () => {
  const fitted = gaussNewton([0.6, 0.1]);
  expect(fitted.isLost).toBe(false);
  expect(methodsOn(misfit).newton([0.6, 0.1]).isLost).toBe(true);
  const [a, b] = fitted.points.at(-1) as [number, number];
  expect(a).toBeCloseTo(2.042, 3);
  expect(b).toBeCloseTo(-0.716, 3);
});

import { readFileSync } from "node:fs";
import type { Tensor } from "downhill";
import { type CurveFit, fitCurve } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { compileText } from "../../syntax/index.ts";
import { extent } from "../../../../test/support/extent.ts";

interface Problem {
  readonly name: string;
  readonly model: string;
  readonly start: readonly number[];
  readonly certified: readonly number[];
  readonly deviations: readonly number[];
  readonly sum: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
}
const { problems } = JSON.parse(readFileSync(new URL("../testdata/nist.json", import.meta.url), "utf8")) as {
  readonly problems: readonly Problem[];
};

test("there are problems of all three levels of difficulty", () => {
  const names = problems.map(({ name }) => name);
  expect(names.length).toBe(11);
  for (const name of ["DanWood", "Roszman1", "Thurber"]) expect(names).toContain(name);
});

describe.each(problems.map((problem) => [problem.name, problem] as const))("NIST's %s", (name, problem) => {
  const { model, x, y, certified, deviations, sum, start } = problem;
  const compiled = compileText(model);
  const names = certified.map((_, i) => `b${i + 1}`);
  const curve = (xs: Tensor, p: Readonly<Record<string, Tensor>>): Tensor =>
    compiled.evaluate(compiled.inputs.map((input) => (input === "x" ? xs : p[input]!)));

  const expectCertified = (fit: CurveFit): void => {
    // MGH17 has two exponentials that may change places
    const swapped: Readonly<Record<string, string>> = { b2: "b3", b3: "b2", b4: "b5", b5: "b4" };
    const isSwapped = name === "MGH17" && fit.params["b2"]! < 0;
    names.forEach((b, i) => {
      const found = isSwapped ? (swapped[b] ?? b) : b;
      expect(fit.params[found]! / certified[i]!, b).toBeCloseTo(1, 6);
      expect(fit.standardErrors[found]! / deviations[i]!, `error of ${b}`).toBeCloseTo(1, 5);
    });
    expect(fit.sumOfSquares / sum).toBeCloseTo(1, 9);
    expect(fit.degreesOfFreedom).toBe(x.length - names.length);
    expect(fit.undetermined).toEqual([]);
  };

  test("is fitted from NIST's start to the certified values and errors", () => {
    const given = Object.fromEntries(names.map((b, i) => [b, start[i]!]));
    expectCertified(fitCurve(curve, x, y, { parameters: names, start: given }));
  });

  // in the quick extent every second one
  if (problems.indexOf(problem) % extent(2, 1) === 0)
    test("is fitted as well without a start", () => {
      expectCertified(fitCurve(curve, x, y, { parameters: names }));
    });
});

import { readFileSync } from "node:fs";
import { at, sub, tensor, type Tensor } from "downhill";
import { atMost, curveFitter, leastSquaresSolver } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { compileText } from "../../syntax/index.ts";
import { extent } from "../../../../test/support/extent.ts";

interface NistProblem {
  readonly name: string;
  readonly model: string;
  readonly starts: readonly (readonly number[])[];
  readonly certified: readonly number[];
  readonly deviations: readonly number[];
  readonly sum: number;
  readonly columns: Readonly<Record<string, readonly number[]>>;
  readonly y: readonly number[];
}
const { problems } = JSON.parse(readFileSync(new URL("../testdata/nist.json", import.meta.url), "utf8")) as {
  readonly problems: readonly NistProblem[];
};
/** Relative error of a sum of squares, and of parameters, that the tolerances of the search under constraints allow. */
const accuracy = { sum: 1e-7, parameters: 1e-6 };

// normal runs take every fourteenth problem
const chosen = problems.filter((_, i) => i % extent(14, 1, 1) === 0);
describe.each(chosen.map((problem) => [problem.name, problem] as const))("NIST's %s", (_, problem) => {
  const { name, model, columns, y, starts, certified, deviations, sum } = problem;
  const compiled = compileText(model);
  const names = certified.map((__, i) => `b${i + 1}`);
  const curve = (xs: Readonly<Record<string, Tensor>>, p: Readonly<Record<string, Tensor>>): Tensor =>
    compiled.evaluate(compiled.inputs.map((input) => xs[input] ?? p[input]!));
  const residuals = (b: Tensor, xs: Readonly<Record<string, Tensor>>, ys: Tensor): Tensor =>
    sub(curve(xs, Object.fromEntries(names.map((n, i) => [n, at(b, i)]))), ys);
  const data = Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, tensor(column)]));
  const far = { high: certified[0]! + 20 * deviations[0]!, best: certified, least: sum };
  const near = certified[0]! - 0.5 * deviations[0]!;
  const isFirst = tensor(names.map((__, i) => i === 0));
  const held = leastSquaresSolver(residuals, { fixed: isFirst as never })(
    [near, ...certified.slice(1)],
    data,
    tensor(y),
  );
  const active = { high: near, best: held.params.tolist() as number[], least: held.sumOfSquares };

  describe.each([
    ["that is not active", far],
    ["that is active", active],
  ] as const)("with a constraint %s", (__, { high, best, least }) => {
    const expectBest = (found: readonly number[], sumOfSquares: number): void => {
      // the residuals of Lanczos1 are rounding errors of its data
      if (name === "Lanczos1") return;
      expect(Math.abs(sumOfSquares / least - 1)).toBeLessThan(accuracy.sum);
      found.forEach((b, i) => expect(Math.abs(b / best[i]! - 1), names[i]).toBeLessThan(accuracy.parameters));
    };
    const solve = leastSquaresSolver(residuals, { constraints: [atMost((b: Tensor) => at(b, 0), high, { name: "first" })] }); // prettier-ignore
    const fit = curveFitter(curve, {
      parameters: names,
      constraints: [atMost((p: Readonly<Record<string, Tensor>>) => p["b1"]!, high, { name: "first" })],
    });

    test.each([1, 2])("leastSquares finds the best point from start %i", (which) => {
      const found = solve(starts[which - 1]!, data, tensor(y));
      expect(found.reason, found.message).toBe("solved");
      expectBest(found.params.tolist() as number[], found.sumOfSquares);
      expect(found.violation).toBeLessThanOrEqual(1e-8);
    });

    test.each([1, 2])("fitCurve finds the best point from start %i", (which) => {
      const start = Object.fromEntries(names.map((b, i) => [b, starts[which - 1]![i]!]));
      const found = fit(columns, y, { start });
      expect(found.reason, found.message).toBe("solved");
      expectBest(names.map((b) => found.params[b]!), found.sumOfSquares); // prettier-ignore
    });
  });
});

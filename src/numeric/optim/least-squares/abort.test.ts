import { concatenate, exp, mul, slice, sub, type Tensor } from "downhill";
import { leastSquaresAsync } from "downhill/optim";
import { describe, expect, test } from "vitest";

const n = 12;
const observed = Array.from({ length: n }, (_, i) => Math.sin(i / 3));

describe("leastSquaresAsync without compilation", () => {
  /** Runs a fit that is aborted by the given call of the residuals. */
  async function abortedBy(last: number, linearSolver: "dense" | "lsmr"): Promise<readonly [number, string]> {
    const controller = new AbortController();
    let calls = 0;
    const residuals = (x: Tensor): Tensor => {
      if (++calls === last) controller.abort();
      return concatenate([sub(x, observed), mul(3, sub(exp(slice(x, [1])), exp(slice(x, [0, -1]))))]);
    };
    const { reason, iterations } = await leastSquaresAsync(residuals, new Array<number>(n).fill(0), {
      linearSolver,
      jit: false,
      signal: controller.signal,
    });
    return [calls - last, `${reason} after ${iterations} iterations`];
  }

  test("stops between two products of lsmr", async () => {
    // one evaluation, Jᵀr and twelve products for the norms of the columns come before the solution
    const [after, outcome] = await abortedBy(18, "lsmr");
    expect(outcome).toBe("aborted after 0 iterations");
    // at most the second product of the iteration, and the residuals of the result
    expect(after).toBeLessThanOrEqual(3);
  });

  test("stops between a Jacobian and its factorisation", async () => {
    // the second Jacobian follows the evaluations at the start and at the end of the first step
    for (const last of [4, 5, 6]) {
      const [after, outcome] = await abortedBy(last, "dense");
      expect(outcome).toMatch(/^aborted after [01] iterations$/);
      expect(after).toBeLessThanOrEqual(3);
    }
  });
});

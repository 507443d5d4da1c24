import { expect, test } from "vitest";
import type { Tensor } from "downhill";
import { makeProgram, mul, sum, zeros } from "downhill";
import { lowerProgram } from "../passes/lower.ts";
import { optimize } from "../passes/pipeline.ts";
import { workOf } from "./cost.ts";

test("the work of a sum grows with its elements, however it is cut into runs", () => {
  const square = (x: Tensor): Tensor => sum(mul(x, x));
  for (const dtype of ["float32", "float64"] as const) {
    for (const n of [1000, 10_000, 100_000, 1_000_000]) {
      const { wide, narrow } = workOf(
        lowerProgram(optimize(makeProgram(square)(zeros([n], { dtype })))).routine,
      );
      expect(wide).toBeGreaterThan(2 * n);
      expect(wide).toBeLessThan(10 * n);
      expect(narrow).toBeLessThan(n / 2);
    }
  }
});

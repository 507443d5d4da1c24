import { expect, test } from "vitest";
import { trapNames, trapRoutine, wrongBits } from "../../../../test/support/gpu-traps.ts";
import { gpuOfNode, testOnGpu } from "../../../../test/support/webgpu.ts";
import { planDispatches } from "../../codegen/dispatch/plan.ts";
import { baseSlots, kernelText } from "./wgsl/kernel.ts";

/** Traps into which Dawn on Mesa's software device does not fall. Chromium on SwiftShader does, see browsers.test.ts. */
const safeHere = ["product divided by a factor", "division by a constant"];

testOnGpu("barriers keep the bits of expressions that compilers rewrite", async () => {
  expect(await wrongBits(gpuOfNode!, true)).toEqual(Object.fromEntries(trapNames.map((name) => [name, 0])));
});

testOnGpu("without barriers the compiler changes the bits of each of them", async () => {
  for (const [name, count] of Object.entries(await wrongBits(gpuOfNode!, false))) {
    if (safeHere.includes(name)) expect(count, name).toBe(0);
    else expect(count, name).toBeGreaterThan(0);
  }
});

test("code without barriers contains none, and exact code has one per rounding", () => {
  const plan = planDispatches(trapRoutine());
  const text = (isExact: boolean): string =>
    plan.steps
      .map((step) =>
        step.kind === "kernel"
          ? kernelText(step, plan, baseSlots(plan), { isExact, hasExactDivision: true })
          : "",
      )
      .join("\n");
  expect(text(false)).not.toContain("rounded(");
  // of the results: divisions have a barrier for the divisor instead
  expect(text(true).match(/= bitcast<u32>\(rounded\(/g)).toHaveLength(trapNames.length - 2);
});

import { expect, test } from "vitest";
import { trapNames, trapRoutine, wrongBits } from "../../../../test/support/gpu-traps.ts";
import { gpuOfNode, testOnGpu } from "../../../../test/support/webgpu.ts";
import * as k from "../../kernel/build.ts";
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

test("constant tables contain no bitcasts, which Firefox refuses", () => {
  const tables = (["i32", "f32", "f64", "bool"] as const).map((type) => {
    const block = k.makeBlock();
    const table = { name: "digits", type, values: [0, 1, 0] };
    if (type !== "bool") table.values.push(-2, -(2 ** 31));
    block.forEach("i", k.i32(0), k.i32(3), (loop, i) =>
      loop.store("out", i, k.convert("f32", k.tableAt(table, i))),
    );
    const out = { kind: "buffer", buffer: { name: "out", type: "f32", size: 3 } } as const;
    const plan = planDispatches({ name: "table", inputs: [], outputs: [out], temps: [], arenaBytes: 0, body: block.statements }); // prettier-ignore
    const step = plan.steps[0] as Extract<(typeof plan.steps)[number], { kind: "kernel" }>;
    const text = kernelText(step, plan, baseSlots(plan), { isExact: true, hasExactDivision: true });
    return /const \S+digits = .*/.exec(text)?.[0];
  });
  expect(tables).toMatchInlineSnapshot(`
    [
      "const v0_digits = array<u32, 5>(0x0u, 0x1u, 0x0u, 0xfffffffeu, 0x80000000u);",
      "const v0_digits = array<u32, 5>(0x0u, 0x3f800000u, 0x0u, 0xc0000000u, 0xcf000000u);",
      "const v0_digits = array<vec2u, 5>(vec2u(0x0u, 0x0u), vec2u(0x0u, 0x3ff00000u), vec2u(0x0u, 0x0u), vec2u(0x0u, 0xc0000000u), vec2u(0x0u, 0xc1e00000u));",
      "const v0_digits = array<u32, 3>(0x0u, 0x1u, 0x0u);",
    ]
  `);
});

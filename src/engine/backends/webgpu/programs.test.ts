import fc from "fast-check";
import { afterAll, beforeAll, expect } from "vitest";
import { DownhillError, jit, sin, tanh } from "downhill";
import type { WebGpu } from "downhill/webgpu";
import { extent } from "../../../../test/support/extent.ts";
import { openGpuForFile } from "../../../../test/support/open-gpu.ts";
import { givenOf, trials } from "../../../../test/support/random-agreement.ts";
import { describeRecipe, functionOf, isReversible } from "../../../../test/support/random-programs.ts";
import { taming } from "../../../../test/support/random-rules.ts";
import { isTwice, transforms } from "../../../../test/support/random-transforms.ts";
import { testOnGpuInCi } from "../../../../test/support/webgpu.ts";

let gpu: WebGpu;
openGpuForFile((opened) => (gpu = opened));
beforeAll(() => {
  taming.by = tanh; // a software device compiles sin for a minute
});
afterAll(() => {
  taming.by = sin;
});

const forward = ["as it is", "jvp", "vmap", "vmap of jvp"];
const reverse = ["vjp", "vmap of vjp", "vjp of vmap", "vjp of jit"];

testOnGpuInCi("random programs and their derivatives have the processor's bits", async () => {
  const count = extent(0, 400, 4);
  const drawn = fc.sample(trials(), { numRuns: count, seed: 20261203 });
  let refused = 0;
  for (const [i, { recipe, way }] of drawn.entries()) {
    const names = isReversible(recipe) ? [...forward, ...reverse] : forward;
    const name = names[way % names.length]!;
    // long programs take minutes to compile on a software device
    const list = recipe.list.slice(0, isTwice(name) ? 2 : extent(1, 4));
    const single = { ...recipe, list, dtype: "float32" as const };
    const { g, point } = transforms[name]!(functionOf(single), givenOf(single));
    const about = `${i}: ${name} of ${describeRecipe(single)}`;
    const expected = jit(g)(...point).map((x) => x.data());
    try {
      const there = await Promise.all(jit(g, { device: gpu })(...point).map((x) => x.read()));
      expect(there, about).toEqual(expected);
    } catch (error) {
      if (!(error instanceof DownhillError) || error.code !== "dtype")
        throw new Error(about, { cause: error });
      refused++; // it has arrays of float64
    }
  }
  expect(refused).toBeLessThan(count / 2);
});

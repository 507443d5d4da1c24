// Plain functions whose long loops go back in segments.
import { describe, expect, test } from "vitest";
import { checkpoint, grad, hvp, jit, tensor, valueAndGrad, vmap } from "downhill";
import { formOfText } from "../../../../test/support/plain-region.ts";
import { marked } from "../../../../test/support/marked.ts";
import { makeJsBackend } from "../../../engine/backends/js/index.ts";
import { callSizes } from "../../../engine/kernel/call-sizes.ts";
import { callOf, compileRegion } from "../../../engine/runtime/regions.ts";
import { gradientRegion } from "./regions.ts";

const text = `
export function swing(p: { angle: number; damping: number }, steps: number) {
  "use ad";
  const path = new Float64Array(2);
  path[0] = p.angle;
  for (let i = 0; i < steps; i++) {
    const force = -Math.sin(path[0]) - p.damping * path[1];
    path[1] += 0.001 * force;
    path[0] += 0.001 * path[1];
  }
  return path[0] * path[0];
}`;
interface Pendulum {
  angle: number;
  damping: number;
}
const swing = marked(text.replace("export ", "")) as (p: Pendulum, steps: number) => number;
const at = { angle: 1, damping: 0.2 };

describe("checkpoint of a plain function", () => {
  test("gives the numbers of the function, and its derivatives to the bit", () => {
    const again = checkpoint(swing);
    expect(again(at, 100)).toBeCloseTo(swing(at, 100), 12);
    expect(valueAndGrad(again)(at, 1000)).toEqual(valueAndGrad(swing)(at, 1000));
    expect(grad(jit(again))(at, 1000)).toEqual(grad(swing)(at, 1000));
    const ofBoth = (f: typeof swing) =>
      vmap(grad(f), { inAxes: [{ angle: 0, damping: null }, null] })({ angle: [1, 2], damping: 0.2 }, 90);
    expect(ofBoth(again)).toEqual(ofBoth(swing));
    const cube = marked(
      `function f(x: number) { "use ad"; let y = 0; for (let i = 0; i < 9; i++) y += Math.sin(y + x); return y; }`,
    );
    expect(hvp(checkpoint(cube as (x: number) => number), 1, 1)).toBeCloseTo(
      hvp(cube as (x: number) => number, 1, 1),
      12,
    );
    const overTensors = grad(again as never) as unknown as (
      p: unknown,
      steps: number,
    ) => { angle: { item(): number } };
    expect(overTensors({ angle: tensor(1), damping: tensor(0.2) }, 1000).angle.item()).toBe(
      grad(swing)(at, 1000).angle,
    );
  });

  test("goes back through a million steps in less than 200 KB, where 16 MB are recorded without", () => {
    const { region } = formOfText(text, "swing");
    const active = [true, true, false];
    const backend = makeJsBackend(undefined, callSizes);
    const [plain, segmented] = [region, { ...region, checkpoint: true as const }].map((one) => {
      const code = compileRegion(gradientRegion(one, active, "values gradient"), backend);
      const results = callOf(code, code.region)([1, 0.2, 1_000_000]);
      return { results, bytes: code.version.compiled.size!.memoryBytes };
    });
    expect(segmented!.results).toEqual(plain!.results);
    expect(segmented!.bytes).toBeLessThan(200_000);
    expect(plain!.bytes).toBeGreaterThan(16_000_000);
  });

  test("is taken of the function itself, and keeps nothing but where segments begin", () => {
    expect(() => checkpoint(grad(swing) as never)).toThrow("take the checkpoint first, grad(checkpoint(f))");
    expect(() => checkpoint(swing, { policy: "products" })).toThrow(
      'the policy "products" is for functions over tensors',
    );
  });
});

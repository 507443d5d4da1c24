// Plain functions whose long loops are differentiated in segments.
import { checkpoint, grad, hvp, jit, tensor, valueAndGrad, vmap } from "downhill";
import { describe, expect, test } from "vitest";
import { marked } from "../../../../test/support/marked.ts";
import { formOfText } from "../../../../test/support/plain-region.ts";
import { makeJsBackend } from "../../../engine/backends/js/index.ts";
import { callSizes } from "../../../engine/kernel/call-sizes.ts";
import { wrapRegion } from "../../../engine/region/lower/derived.ts";
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
  test("returns the values of the function and its derivatives, bit for bit", () => {
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

  test("runs backward through a million steps in less than 200 KB, compared with 16 MB without checkpoints", () => {
    const { region } = formOfText(text, "swing");
    const active = [true, true, false];
    const backend = makeJsBackend(undefined, callSizes);
    const [plain, segmented] = [region, { ...region, checkpoint: true as const }].map((one) => {
      const derived = gradientRegion(wrapRegion(one), active, "values gradient").region();
      const code = compileRegion(derived, backend);
      const results = callOf(code, derived)([1, 0.2, 1_000_000]);
      return { results, bytes: code.version.compiled.size!.memoryBytes };
    });
    expect(segmented!.results).toEqual(plain!.results);
    expect(segmented!.bytes).toBeLessThan(200_000);
    expect(plain!.bytes).toBeGreaterThan(16_000_000);
  });

  test("with snapshots saves the given number of states and the values of as many iterations at a time, for loops of any length", () => {
    const { region } = formOfText(text, "swing");
    const backend = makeJsBackend(undefined, callSizes);
    const run = (checkpoint: true | number | undefined, steps: number) => {
      const from = wrapRegion({ ...region, checkpoint });
      const derived = gradientRegion(from, [true, true, false], "values gradient").region();
      const code = compileRegion(derived, backend);
      const results = callOf(code, derived)([1, 0.2, steps]);
      return { results, bytes: code.version.compiled.size!.memoryBytes };
    };
    const plain = run(undefined, 10_000);
    const least = run(1, 100).bytes;
    for (const snapshots of [1, 7, 40, 4000]) {
      const { results, bytes } = run(snapshots, snapshots === 1 ? 100 : 10_000);
      if (snapshots > 1) expect(results).toEqual(plain.results);
      // each state has two numbers, and each iteration two recorded numbers and its indices
      expect(bytes - least).toBeLessThanOrEqual((snapshots - 1) * 40);
    }
    expect(run(40, 100_000).bytes).toBe(run(40, 10_000).bytes);
    expect(run(1, 100).results).toEqual(run(undefined, 100).results);

    const few = checkpoint(swing, { snapshots: 8 });
    expect(valueAndGrad(few)(at, 1000)).toEqual(valueAndGrad(swing)(at, 1000));
    const cube = marked(
      `function f(x: number) { "use ad"; let y = 0; for (let i = 0; i < 30; i++) y += Math.sin(y + x); return y; }`,
    ) as (x: number) => number;
    expect(hvp(checkpoint(cube, { snapshots: 3 }), 1, 1)).toBeCloseTo(hvp(cube, 1, 1), 9);
    expect(() => checkpoint(swing, { snapshots: 0 })).toThrow(
      "snapshots must be an integer from 1 to 65536, got 0",
    );
    expect(() => checkpoint((x: ReturnType<typeof tensor>) => x.sin(), { snapshots: 3 })).toThrow(
      "snapshots is for loops in functions of plain numbers. Loops over tensors take scan(…, { checkpoint: n }).",
    );
  });

  test("applies to the function itself, and saves only the state at the start of each segment", () => {
    expect(() => checkpoint(grad(swing) as never)).toThrow("take the checkpoint first, grad(checkpoint(f))");
    expect(() => checkpoint(swing, { policy: "products" })).toThrow(
      'the policy "products" is for functions over tensors',
    );
  });
});

import { afterAll, expect, test } from "vitest";
import { openMachine, runOnGpu, testOnGpu } from "../../../../test/support/webgpu.ts";
import { planDispatches } from "../../codegen/dispatch/plan.ts";
import * as k from "../../kernel/build.ts";
import type { Expr, Routine } from "../../kernel/scalar.ts";
import type { GpuMachine } from "./index.ts";
import { baseSlots, kernelText } from "./wgsl/kernel.ts";

/** Expressions that a WGSL compiler rewrites to others with different bits. */
const traps: Readonly<Record<string, (x: Expr, y: Expr, z: Expr) => Expr>> = {
  "error term of a two-sum": (x, y) => {
    const s = k.add(x, y);
    const part = k.sub(s, x);
    return k.add(k.sub(x, k.sub(s, part)), k.sub(y, part));
  },
  "rounding by a constant": (x) => k.sub(k.add(x, k.f32(12582912)), k.f32(12582912)),
  "sum minus a term": (x, y) => k.sub(k.add(x, y), y),
  "products with a common factor": (x, y, z) => k.add(k.mul(x, z), k.mul(y, z)),
  "difference of a value and itself": (x) => k.sub(x, x),
  "product with zero": (x) => k.mul(x, k.f32(0)),
  "sum with zero": (x) => k.add(x, k.f32(0)),
};

const n = 64;
const names = Object.keys(traps);

function routineOf(): Routine {
  const block = k.makeBlock();
  block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
    const [x, y, z] = ["x", "y", "z"].map((name) => loop.let(name, k.load("f32", `${name}s`, i)));
    names.forEach((name, c) => loop.store(`out${c}`, i, traps[name]!(x!, y!, z!)));
  });
  const port = (name: string) => ({ kind: "buffer", buffer: { name, type: "f32", size: n } }) as const;
  return {
    name: "traps",
    inputs: ["xs", "ys", "zs"].map(port),
    outputs: names.map((_, c) => port(`out${c}`)),
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

let seed = 1;
const draw = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (1 + seed / 2 ** 32) * 2 ** ((seed >>> 8) % 12);
};
const special = [Infinity, -Infinity, NaN, -0, 0, 1];
const operands = [0, 1, 2].map((side) =>
  Float32Array.from({ length: n }, (_, i) => (side === 0 && i < 6 ? special[i]! : draw())),
);

/** The values that IEEE arithmetic gives. */
function expectedOf(name: string): number[] {
  const { fround } = Math;
  const [xs, ys, zs] = operands as [Float32Array, Float32Array, Float32Array];
  const by: Readonly<Record<string, (x: number, y: number, z: number) => number>> = {
    "error term of a two-sum": (x, y) => {
      const s = fround(x + y);
      const part = fround(s - x);
      return fround(fround(x - fround(s - part)) + fround(y - part));
    },
    "rounding by a constant": (x) => fround(fround(x + 12582912) - 12582912),
    "sum minus a term": (x, y) => fround(fround(x + y) - y),
    "products with a common factor": (x, y, z) => fround(fround(x * z) + fround(y * z)),
    "difference of a value and itself": (x) => (Number.isFinite(x) ? 0 : NaN),
    "product with zero": (x) => (!Number.isFinite(x) ? NaN : x < 0 || Object.is(x, -0) ? -0 : 0),
    "sum with zero": (x) => (x === 0 ? 0 : x),
  };
  return Array.from(xs, (x, i) => by[name]!(x, ys[i]!, zs[i]!));
}

const machines: GpuMachine[] = [];
afterAll(() => machines.forEach((machine) => machine.close()));

async function differences(isExact: boolean): Promise<Record<string, number>> {
  const machine = await openMachine({ isExact });
  machines.push(machine);
  const got = await runOnGpu(machine, routineOf(), operands);
  return Object.fromEntries(
    names.map((name, c) => {
      const expected = expectedOf(name);
      const values = got[c] as Float32Array;
      return [name, expected.filter((x, i) => !Object.is(x, values[i])).length];
    }),
  );
}

testOnGpu("barriers keep the bits of expressions that compilers rewrite", async () => {
  expect(await differences(true)).toEqual(Object.fromEntries(names.map((name) => [name, 0])));
});

testOnGpu("without barriers the compiler changes the bits of each of them", async () => {
  for (const [name, count] of Object.entries(await differences(false)))
    expect(count, name).toBeGreaterThan(0);
});

test("code without barriers contains none, and exact code has one per rounding", () => {
  const plan = planDispatches(routineOf());
  const text = (isExact: boolean): string =>
    plan.steps
      .map((step) =>
        step.kind === "kernel"
          ? kernelText(step, plan, baseSlots(plan), { isExact, hasExactDivision: true })
          : "",
      )
      .join("\n");
  expect(text(false)).not.toContain("rounded(");
  expect(text(true).match(/= bitcast<u32>\(rounded\(/g)).toHaveLength(names.length);
});

// Expressions that WGSL compilers rewrite to others with different bits. Runs in Node and in pages.
import * as k from "../../src/engine/kernel/build.ts";
import type { Expr, Routine } from "../../src/engine/kernel/scalar.ts";
import { openMachineOf, runOnGpu } from "./gpu-routine.ts";

/** An expression, and its value in IEEE arithmetic. */
interface Trap {
  readonly code: (x: Expr, y: Expr, z: Expr) => Expr;
  readonly value: (x: number, y: number, z: number) => number;
}

const { fround } = Math;
const zero = 0;
const big = 12582912; // 1.5 · 2^23: adding it rounds to an integer

const traps: Readonly<Record<string, Trap>> = {
  "error term of a two-sum": {
    code: (x, y) => {
      const s = k.add(x, y);
      const part = k.sub(s, x);
      return k.add(k.sub(x, k.sub(s, part)), k.sub(y, part));
    },
    value: (x, y) => {
      const s = fround(x + y);
      const part = fround(s - x);
      return fround(fround(x - fround(s - part)) + fround(y - part));
    },
  },
  "rounding by a constant": {
    code: (x) => k.sub(k.add(x, k.f32(big)), k.f32(big)),
    value: (x) => fround(fround(x + big) - big),
  },
  "sum minus a term": {
    code: (x, y) => k.sub(k.add(x, y), y),
    value: (x, y) => fround(fround(x + y) - y),
  },
  "product divided by a factor": {
    code: (x, y) => k.div(k.mul(x, y), y),
    value: (x, y) => fround(fround(x * y) / y),
  },
  "division by a constant": {
    code: (x) => k.div(x, k.f32(3)),
    value: (x) => fround(x / 3),
  },
  "products with a common factor": {
    code: (x, y, z) => k.add(k.mul(x, z), k.mul(y, z)),
    value: (x, y, z) => fround(fround(x * z) + fround(y * z)),
  },
  "difference of a value and itself": {
    code: (x) => k.sub(x, x),
    value: (x) => (Number.isFinite(x) ? 0 : NaN),
  },
  "product with zero": { code: (x) => k.mul(x, k.f32(0)), value: (x) => x * zero },
  "sum with zero": { code: (x) => k.add(x, k.f32(0)), value: (x) => x + zero },
  "zero minus a value": { code: (x) => k.sub(k.f32(0), x), value: (x) => zero - x },
};

/** Names of the traps. */
export const trapNames: readonly string[] = Object.keys(traps);
const n = 64;

/** Routine that computes all traps. */
export function trapRoutine(): Routine {
  const block = k.makeBlock();
  block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
    const [x, y, z] = ["x", "y", "z"].map((name) => loop.let(name, k.load("f32", `${name}s`, i)));
    trapNames.forEach((name, c) => loop.store(`out${c}`, i, traps[name]!.code(x!, y!, z!)));
  });
  const port = (name: string) => ({ kind: "buffer", buffer: { name, type: "f32", size: n } }) as const;
  return {
    name: "traps",
    inputs: ["xs", "ys", "zs"].map(port),
    outputs: trapNames.map((_, c) => port(`out${c}`)),
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

function operands(): readonly Float32Array[] {
  let seed = 1;
  const draw = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (1 + seed / 2 ** 32) * 2 ** ((seed >>> 8) % 12);
  };
  const special = [Infinity, -Infinity, NaN, -0, 0, 1];
  return [0, 1, 2].map((side) =>
    Float32Array.from({ length: n }, (_, i) => (side === 0 && i < 6 ? special[i]! : draw())),
  );
}

/** Number of results with wrong bits, by trap, on a device of this entry point. `isExact` inserts the barriers. */
export async function wrongBits(gpu: GPU, isExact: boolean): Promise<Record<string, number>> {
  const machine = await openMachineOf(gpu, { isExact });
  try {
    const given = operands();
    const got = await runOnGpu(machine, trapRoutine(), given);
    const [xs, ys, zs] = given as [Float32Array, Float32Array, Float32Array];
    const count = (name: string, c: number): number =>
      Array.from(xs, (x, i) => traps[name]!.value(x, ys[i]!, zs[i]!)).filter(
        (x, i) => !Object.is(x, (got[c] as Float32Array)[i]),
      ).length;
    return Object.fromEntries(trapNames.map((name, c) => [name, count(name, c)]));
  } finally {
    machine.close();
  }
}

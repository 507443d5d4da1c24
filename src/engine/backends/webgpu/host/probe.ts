import { planDispatches } from "../../../codegen/dispatch/plan.ts";
import * as k from "../../../kernel/build.ts";
import type { Expr, Routine } from "../../../kernel/scalar.ts";
import type { WgslDialect } from "../wgsl/expression.ts";
import { makeGpuCode } from "./code.ts";
import type { GpuMachine } from "./machine.ts";

/** Number of results of a device that differ from IEEE arithmetic, by property. */
export interface GpuProbe {
  /** Divisions and square roots, in the form in which generated code computes them. */
  readonly division: number;
  readonly squareRoot: number;
  /**
   * Error terms of sums and products, rounding by adding a large constant, comparisons, and selections with NaN and
   * infinity.
   */
  readonly arithmetic: number;
  /** Products with subnormal results or operands. */
  readonly subnormals: number;
}

const n = 64;

/** An expression to probe, and its value in IEEE arithmetic. */
interface ProbeColumn {
  readonly property: keyof GpuProbe;
  readonly code: (x: Expr, y: Expr) => Expr;
  readonly value: (x: number, y: number) => number;
}

const { fround } = Math;
const big = 12582912; // 1.5 · 2^23: adding it rounds to an integer

const columns = (): readonly ProbeColumn[] => [
  { property: "division", code: k.div, value: (x, y) => fround(x / y) },
  { property: "squareRoot", code: (x) => k.sqrt(k.abs(x)), value: (x) => fround(Math.sqrt(Math.abs(x))) },
  {
    property: "arithmetic",
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
  {
    property: "arithmetic",
    code: (x, y) => k.sub(k.mul(x, y), k.mul(y, x)),
    value: (x, y) => fround(fround(x * y) - fround(y * x)),
  },
  {
    property: "arithmetic",
    code: (x) => k.sub(k.add(x, k.f32(big)), k.f32(big)),
    value: (x) => fround(fround(x + big) - big),
  },
  { property: "arithmetic", code: (x) => k.sub(x, x), value: (x) => (Number.isFinite(x) ? 0 : NaN) },
  {
    property: "arithmetic",
    code: (x, y) => k.select(k.lt(x, y), k.max(x, y), k.add(x, k.f32(0))),
    value: (x, y) => (x < y ? Math.max(x, y) : fround(x + 0)),
  },
  { property: "subnormals", code: (x) => k.mul(x, k.f32(1e-38)), value: (x) => fround(x * fround(1e-38)) },
];

function operand(side: number): Float32Array {
  const special = [Infinity, -Infinity, NaN, 0, -0, 1];
  let seed = 12345 + side;
  return Float32Array.from({ length: n }, (_, i) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    if (i < 36) return special[side === 0 ? i % 6 : Math.floor(i / 6)]!;
    return (seed & 1 ? -1 : 1) * (1 + seed / 2 ** 32) * 2 ** ((seed >>> 8) % 24);
  });
}

/**
 * Evaluates the probed expressions on a machine and counts, per property, the results whose bits differ from the
 * expected ones.
 */
export async function probeGpu(machine: GpuMachine, dialect: WgslDialect): Promise<GpuProbe> {
  const probed = columns();
  const code = makeGpuCode(planDispatches(probeRoutine(probed)), { ...machine, dialect });
  await code.prepare();
  const operands = [operand(0), operand(1)] as const;
  const inputs = operands.map((array) => {
    const start = machine.allocate(n, "the probe");
    machine.upload(start, new Uint32Array(array.buffer as ArrayBuffer));
    return { start };
  });
  const outputs = probed.map(() => machine.allocate(n, "the probe"));
  code.call(inputs, outputs);
  const counts = { division: 0, squareRoot: 0, arithmetic: 0, subnormals: 0 };
  for (const [c, { property, value }] of probed.entries()) {
    const got = new Float32Array((await machine.read(outputs[c]!, n)).buffer);
    for (let i = 0; i < n; i++)
      if (!Object.is(got[i], value(operands[0][i]!, operands[1][i]!))) counts[property]++;
  }
  for (const start of [...inputs.map((input) => input.start), ...outputs]) machine.ranges.giveBack(start, n);
  code.release();
  return counts;
}

function probeRoutine(probed: readonly ProbeColumn[]): Routine {
  const block = k.makeBlock();
  block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
    const [x, y] = [loop.let("x", k.load("f32", "xs", i)), loop.let("y", k.load("f32", "ys", i))];
    probed.forEach(({ code }, c) => loop.store(`out${c}`, i, code(x, y)));
  });
  const port = (name: string) => ({ kind: "buffer", buffer: { name, type: "f32", size: n } }) as const;
  return {
    name: "probe",
    inputs: [port("xs"), port("ys")],
    outputs: probed.map((_, c) => port(`out${c}`)),
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

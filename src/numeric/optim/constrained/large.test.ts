import { readFileSync } from "node:fs";
import { type ConstrainedResult, minimize } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { type ConstrainedProblem, journalBearing, type PowerFlow, powerFlow, type PowerNetwork, rocket } from "../../../../test/support/constrained-problems.ts"; // prettier-ignore
import { extent } from "../../../../test/support/extent.ts";

function solve<P>({ cost, constraints, low, high, start }: ConstrainedProblem<P>): ConstrainedResult<P> {
  const result: unknown = minimize(cost as never, start as never, { constraints, low, high } as never);
  return result as ConstrainedResult<P>;
}

function network(buses: number): PowerNetwork {
  return JSON.parse(
    readFileSync(new URL(`testdata/acopf_${buses}_ieee.json`, import.meta.url), "utf8"),
  ) as PowerNetwork;
}

/** Largest violation of power balance, ratings and angles, in complex arithmetic from voltages and generation alone. */
function physicalViolation({ bus, gen, branch }: PowerNetwork, p: PowerFlow): number {
  const [va, vm, pg, qg] = [p.va, p.vm, p.pg, p.qg].map((x) => x.data() as Float64Array) as [Float64Array, Float64Array, Float64Array, Float64Array]; // prettier-ignore
  const left = bus.map(
    (b, i) => [-b.pd - b.gs * vm[i]! ** 2, -b.qd + b.bs * vm[i]! ** 2] as [number, number],
  );
  gen.forEach((g, k) => {
    left[g.bus]![0] += pg[k]!;
    left[g.bus]![1] += qg[k]!;
  });
  let most = 0;
  for (const { f, t, g, b, bc, tap, shift, rate, angmin, angmax } of branch) {
    // S = V conj(I) at both ends of a line behind a transformer
    const end = (own: number, other: number, self: number, turn: number): [number, number] => {
      const d = va[own]! - va[other]! + turn;
      const [v2, vv] = [vm[own]! ** 2 * self, (vm[own]! * vm[other]!) / tap];
      return [
        g * v2 - vv * (g * Math.cos(d) + b * Math.sin(d)),
        -(b + bc / 2) * v2 + vv * (b * Math.cos(d) - g * Math.sin(d)),
      ];
    };
    const [out, back] = [end(f, t, 1 / tap ** 2, -shift), end(t, f, 1, shift)];
    for (const [i, [real, reactive]] of [
      [f, out],
      [t, back],
    ] as const) {
      left[i]![0] -= real;
      left[i]![1] -= reactive;
      most = Math.max(most, Math.hypot(real, reactive) - (rate ?? Infinity));
    }
    const angle = va[f]! - va[t]!;
    most = Math.max(most, angmin - angle, angle - angmax);
  }
  return Math.max(most, ...left.flat().map(Math.abs));
}

describe("large problems", () => {
  // optimum, and iterations that Ipopt 3.14 takes
  const cases = [
    [14, 2178.0804105387, 16],
    [118, 97213.606923402, 30],
    [300, 565219.97183413, 35],
  ] as const;
  test.each(cases.slice(0, extent(1, 3)))(
    "finds the optimal power flow of %i buses",
    (buses, optimum, ipopt) => {
      const data = network(buses);
      const r = solve(powerFlow(data));
      expect(r.reason).toBe("solved");
      expect(Math.abs(r.value / optimum - 1)).toBeLessThan(1e-6);
      expect(physicalViolation(data, r.params)).toBeLessThan(1e-6);
      expect(r.iterations).toBeLessThanOrEqual(1.3 * ipopt);
    },
  );

  test.each([14, 118].slice(0, extent(1, 2)))("refuses twice the load of %i buses as infeasible", (buses) => {
    const r = solve(powerFlow(network(buses), 2));
    expect(r.reason).toBe("infeasible");
    expect(r.violation).toBeGreaterThan(0.1);
    expect(r.message).toContain("balance");
  });

  const heights = [
    [50, -1.0127, 32],
    [400, -1.0128366126887, 32],
    [2000, -1.0128369057614, 35],
  ] as const;
  test.each(heights.slice(extent(0, 1), extent(1, 3)))(
    "flies the rocket of %i intervals",
    (intervals, optimum, ipopt) => {
      const r = solve(rocket(intervals));
      expect(r.reason).toBe("solved");
      expect(Math.abs(r.value - optimum)).toBeLessThan(intervals < 400 ? 1e-3 : 1e-6);
      expect(r.violation).toBeLessThan(1e-8);
      expect(r.iterations).toBeLessThanOrEqual(1.3 * ipopt);
    },
  );

  test("needs fewer iterations for a rocket if each one chooses the barrier", () => {
    const { cost, constraints, low, high, start } = rocket(extent(50, 400));
    const [monotone, adaptive] = (["monotone", "adaptive"] as const).map((barrier) =>
      minimize(cost, start, { constraints, low, high, barrier }),
    );
    expect(adaptive!.reason).toBe("solved");
    expect(adaptive!.value).toBeCloseTo(monotone!.value, 7);
    expect(adaptive!.iterations).toBeLessThan(monotone!.iterations);
  });

  test("finds the pressure in a journal bearing, whose only constraints are bounds", () => {
    const n = extent(20, 100);
    const { cost, low, start } = journalBearing(n);
    const r = minimize(cost, start, { low, ...(n < 32 && { method: "newton" }) });
    expect(r.method).toBe("newton");
    expect(r.converged).toBe(true);
    if (n === 100) expect(r.value).toBeCloseTo(-0.18057436966286, 12);
  });
});

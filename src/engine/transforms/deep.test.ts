import { describe, expect, test } from "vitest";
import type { Program, Tensor } from "downhill";
import {
  checkProgram,
  grad,
  hashProgram,
  jit,
  jvp,
  linearize,
  makeProgram,
  printProgram,
  sin,
  tensor,
  vjp,
  vmap,
} from "downhill";
import { extent, testInCi } from "../../../test/support/extent.ts";
import { growthOfProcessorTime } from "../../../test/support/processor-time.ts";
import { countEquations } from "../ir/program.ts";
import { optimize } from "../passes/pipeline.ts";
import { tools } from "./tools.ts";

/** n operations one after the other: x ← sin x + x · 2⁻²⁰, … */
const chain =
  (n: number, factor = 2 ** -20) =>
  (x: Tensor): Tensor => {
    let y = x;
    for (let i = 0; i < n; i += 3) y = sin(y).add(y.mul(factor));
    return y;
  };

/** The same chain in plain numbers, and its derivative. */
function expected(n: number, x: number): readonly [value: number, slope: number] {
  let [y, dy] = [x, 1];
  for (let i = 0; i < n; i += 3) [y, dy] = [Math.sin(y) + y * 2 ** -20, dy * (Math.cos(y) + 2 ** -20)];
  return [y, dy];
}

const deep = extent(5000, 100_000, 10_000);
const [value, slope] = expected(deep, 0.5);

describe(`chains of ${deep} operations`, () => {
  test("have values, gradients and tangents, eagerly", () => {
    const f = chain(deep);
    expect(f(tensor(0.5)).item()).toBeCloseTo(value, 12);
    expect(grad(f)(0.5).item()).toBeCloseTo(slope, 12);
    expect(jvp(f, [0.5], [1])[1].item()).toBeCloseTo(slope, 12);
    expect(vjp(f, 0.5)[1](1)[0].item()).toBeCloseTo(slope, 12);
    expect(linearize(f, 0.5)[1](1).item()).toBeCloseTo(slope, 12);
    expect(vmap(grad(f))([0.5, 0.5]).at(1).item()).toBeCloseTo(slope, 12);
  });

  test("have second derivatives", () => {
    const f = chain(deep);
    const h = 1e-6;
    const difference = (expected(deep, 0.5 + h)[1] - expected(deep, 0.5 - h)[1]) / (2 * h);
    expect(grad(grad(f))(0.5).item()).toBeCloseTo(difference, 4);
  });

  test("compile, and so do their gradients", () => {
    expect(jit(grad(chain(deep)))(0.5).item()).toBeCloseTo(slope, 12);
    // known part, linear part and transpose, each compiled by itself
    expect(grad(jit(chain(deep / 5)))(0.5).item()).toBeCloseTo(expected(deep / 5, 0.5)[1], 12);
  }, 90_000);

  testInCi(
    "go through every transform and pass of programs, in lengths that grow no faster than they do",
    () => {
      const counts = (n: number): readonly number[] => {
        const program = makeProgram(chain(n))(0.5);
        const forward = tools.jvpProgram(program, [true], [true], [false]).program;
        const { known, unknown } = tools.partialEvalProgram(forward, [false, true], [false, true]);
        const { program: backward } = tools.transposeProgram(
          unknown,
          unknown.ins.map((_, i) => i === unknown.ins.length - 1),
          unknown.ins.map(() => false),
          [],
        );
        const batched = tools.batchProgram(program, 2, [true], [true]).program;
        const all: readonly Program[] = [
          program,
          forward,
          known,
          unknown,
          backward,
          batched,
          optimize(backward),
        ];
        for (const p of [backward, batched]) checkProgram(p);
        expect(hashProgram(backward)).toMatch(/^[0-9a-f]+$/);
        expect(printProgram(backward).split("\n").length).toBeGreaterThan(n / 2);
        return all.map(countEquations);
      };
      const short = counts(deep / 10);
      counts(deep).forEach((n, i) => expect(n / short[i]!).toBeCloseTo(10, 0));
    },
  );

  testInCi("take time in proportion to their length", () => {
    // a walk that is quadratic anywhere would take 100 times as long
    expect(growthOfProcessorTime([1_000, 10_000], (n) => grad(chain(n))(0.5))).toBeLessThan(40);
    // another program each time, so that none is found among the compiled ones
    const compile = (n: number, k: number): unknown => jit(grad(chain(n, k * 2 ** -20)))(0.5);
    expect(growthOfProcessorTime([300, 3_000], compile)).toBeLessThan(40);
  });
});

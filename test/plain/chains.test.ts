// Long sums, conditions and lists of statements, as in generated code. Their gradients equal those of short ones.
import { describe, expect, test } from "vitest";
import { grad, hvp } from "downhill";
import { compile } from "../../src/numeric/plain/index.ts";
import { extent, testInCi } from "../support/extent.ts";
import { functionOfText } from "../support/plain-region.ts";

type Plain = (x: readonly number[]) => number;

const places = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The marked function of a body, and the plain JavaScript function. */
async function functionsOf(body: string): Promise<readonly [marked: Plain, plain: Plain]> {
  const { f } = await compile<{ f: Plain }>(`export function f(x: number[]) { "use ad"; ${body} }`);
  return [f, functionOfText(`export function f(x) { ${body} }`) as Plain];
}

const x = [0.5, 0.25, 0.125];

describe("chains in plain functions", () => {
  test("a sum of thousands of terms has its value, gradient and second derivatives", async () => {
    const n = extent(400, 10_000, 1200);
    const terms = places(n).map((i) => `x[${i % 3}] * x[${i % 3}] * ${i}`);
    const [f, plain] = await functionsOf(`return ${terms.join(" + ")};`);
    expect(f(x)).toBe(plain(x));
    const sums = [0, 1, 2].map((k) => places(n).reduce((sum, i) => (i % 3 === k ? sum + i : sum), 0));
    expect([...grad(f)(x)]).toEqual(sums.map((sum, k) => 2 * sum * x[k]!));
    expect([...hvp(f, x, [1, 0, 1])]).toEqual([2 * sums[0]!, 0, 2 * sums[2]!]);
  });

  testInCi("a condition of thousands of parts, and thousands of else-if branches", async () => {
    const n = extent(200, 10_000, 600);
    const both = places(n).map((i) => `x[${i % 3}] > ${-i}`);
    const [all, plainAll] = await functionsOf(`if (${both.join(" && ")}) return x[0] * x[1]; return 0;`);
    expect(all(x)).toBe(plainAll(x));
    const branches = places(n).map((i) => `if (x[0] < ${i - n + 2}) s = x[0] * x[1] * ${i};`);
    const [chosen, plainChosen] = await functionsOf(`let s = 0; ${branches.join(" else ")} return s;`);
    for (const at of [-2 * n, -n / 2, 0.5, 1.5, 3]) expect(chosen([at, 2, 0])).toBe(plainChosen([at, 2, 0]));
    expect([...grad(chosen)(x)]).toEqual([0.25 * (n - 1), 0.5 * (n - 1), 0]);
  });

  test("branches one after the other, each with elements that are checked", async () => {
    const n = extent(300, 3000, 600);
    const lines = places(n).map((i) => `if (x[0] > ${-i}) { s += x[${i % 3}] * x[0]; }`);
    const [f, plain] = await functionsOf(`let s = 0; ${lines.join(" ")} return s;`);
    expect(f(x)).toBe(plain(x));
    expect(() => f([1])).toThrow("out of range");
  });

  test("too deep nesting is refused at its position", async () => {
    const returns = places(900).map((i) => `if (x[0] < ${i - 900}) return x[0] * ${i};`);
    await expect(functionsOf(`\n${returns.join("\n")} return 0;`)).rejects.toThrow(
      /plain\.ts:45\d:\d+: more than 450 branches, loops and early returns are nested here/,
    );
    await expect(functionsOf(`return ${"Math.sin(".repeat(3000)}x[0]${")".repeat(3000)};`)).rejects.toThrow(
      /plain\.ts:1:\d+: the code is nested too deeply here: give inner parts names/,
    );
  });
});

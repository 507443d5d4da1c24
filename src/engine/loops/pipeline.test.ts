import { describe, expect, test } from "vitest";
import { formOfText } from "../../../test/support/plain-region.ts";
import { checkRoutine } from "../kernel/check.ts";
import { printRoutine } from "../kernel/print.ts";
import { scalarFunctions } from "../prims/scalar-functions.ts";
import type { LoweringStage } from "../region/lower/options.ts";
import { lowerRegion } from "../region/lower/routine.ts";
import { loopPasses } from "./pipeline.ts";

const programs = {
  "a product of matrices": `export function f(a: number[][], b: number[][]): number {
    "use ad";
    let s = 0;
    for (let i = 0; i < a.length; i++)
      for (let j = 0; j < b[0].length; j++) {
        let c = 0;
        for (let k = 0; k < b.length; k++) c += a[i][k] * b[k][j];
        s += c * c;
      }
    return s;
  }`,
  "variances of rows": `export function f(x: number[][]): number {
    "use ad";
    let total = 0;
    for (let j = 0; j < x.length; j++) {
      let s = 0;
      let q = 0;
      for (let i = 0; i < x[j].length; i++) {
        s += x[j][i];
        q += x[j][i] * x[j][i];
      }
      total += q - (s * s) / x[j].length;
    }
    return total;
  }`,
  "sums in elements": `export function f(x: number[]): number {
    "use ad";
    const y = [0, 0];
    for (let i = 0; i < x.length; i++) {
      y[0] += x[i];
      y[1] -= -x[i] * x[i];
    }
    return y[0] * y[1];
  }`,
} as const;

/** The passes that change each program. */
const rewrites: Readonly<Record<keyof typeof programs, readonly string[]>> = {
  "a product of matrices": [
    "checks",
    "contractions",
    "independent loops, folds and strips",
    "invariants",
    "sites",
  ],
  "variances of rows": ["stored sums", "independent loops, folds and strips", "invariants"],
  "sums in elements": ["stored sums", "independent loops, folds and strips", "subtractions"],
};

describe.each(Object.entries(programs))("%s", (name, text) => {
  const stages: LoweringStage[] = [];
  const { region } = formOfText(text, "f");
  const { routine } = lowerRegion(region, scalarFunctions, { failedChecks: "end", stages });

  test("runs all passes in order", () => {
    const names = stages.map(({ pass }) => pass);
    expect(names).toEqual(["clears", "checks", ...loopPasses.map(({ name }) => name), "sites"]);
  });

  test("yields a valid routine, and prints it", () => {
    expect(() => checkRoutine(routine)).not.toThrow();
    expect(printRoutine(routine)).toContain("return");
  });

  test("is rewritten by these passes", () => {
    const texts = stages.map(({ statements }) => JSON.stringify(statements));
    const changing = stages.filter((_, i) => i > 0 && texts[i] !== texts[i - 1]).map(({ pass }) => pass);
    expect(changing).toEqual(rewrites[name as keyof typeof programs]);
  });
});

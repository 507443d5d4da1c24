// Which loops of gradients run in several lanes as strips of iterations, and which loops run within the lanes.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { planRoutine } from "../../src/engine/codegen/plan.ts";
import { printPlan } from "../../src/engine/codegen/print-plan.ts";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { lowerRegion } from "../../src/engine/region/lower/routine.ts";
import { printRoutine } from "../../src/engine/kernel/print.ts";
import type { Routine } from "../../src/engine/kernel/scalar.ts";
import type { RegionStmt } from "../../src/engine/region/form/region.ts";
import { blocksOf } from "../../src/engine/region/form/walk.ts";
import { wrapRegion } from "../../src/engine/region/lower/derived.ts";
import { gradientRegion } from "../../src/numeric/plain/call/regions.ts";
import { formOfText } from "../support/plain-region.ts";
import { realParams } from "../support/region-derivatives.ts";

const text = readFileSync(new URL("functions.ts", import.meta.url), "utf8");
const target = { simd: true, wide: false, shares: false, chunkWork: 65_536 };

/** The compiled routine of value and gradient with respect to the arguments outside `constants`. */
function routineOf(name: string, constants: readonly string[] = []): Routine {
  const { region } = formOfText(text, name);
  const active = realParams(region).map((is, i) => is && !constants.includes(region.params[i]!.name));
  const gradient = gradientRegion(wrapRegion(region), active, "values gradient").region();
  return lowerRegion(gradient, scalarFunctions, { failedChecks: "end" }).routine;
}

/** Plan of a function's loops, one line per loop. */
function plan(name: string, constants: readonly string[] = []): string {
  const routine = routineOf(name, constants);
  return printPlan(routine, planRoutine(routine, target));
}

/** Depths of the loop nests within the lanes of strips. */
function nestsInStrips(printed: string): number[][] {
  const nests: number[][] = [];
  let around: number | undefined;
  for (const line of printed.split("\n")) {
    const depth = line.search(/\S/) / 2;
    if (line.includes("for at once")) {
      expect(line).toContain("4 lanes of 64 bits");
      around = depth;
      nests.push([]);
    } else if (around !== undefined && depth > around) nests.at(-1)!.push(depth - around);
    else around = undefined;
  }
  return nests;
}

describe("the loop over points or rows of a gradient goes in strips", () => {
  test("with the forward and the backward pass", () => {
    expect(nestsInStrips(plan("regression"))).toEqual([[1, 1]]);
    expect(nestsInStrips(plan("logistic"))).toEqual([[1, 1]]);
  });

  test("of a mixture, whose iterations have private arrays", () => {
    // the derivatives in the points would be sums at indices that move with the loop, which strips exclude
    const printed = plan("mixture", ["xs"]);
    const [points] = nestsInStrips(printed).toSorted((a, b) => b.length - a.length);
    expect(points).toContain(2); // coordinates within parts, in the lanes of points
    expect(points!.length).toBeGreaterThanOrEqual(6);
  });

  test("of bodies, in the loop over the others of a pair", () => {
    expect(nestsInStrips(plan("bodies"))).toEqual([[]]);
  });
});

test("the exponentials of a mixture's widths are computed before the loop over points", () => {
  const { region } = formOfText(text, "mixture");
  const depths: number[] = [];
  const visit = (stmts: readonly RegionStmt[], depth: number): void => {
    for (const stmt of stmts) {
      if (stmt.kind === "let" && stmt.value.kind === "apply" && stmt.value.function === "exp")
        depths.push(depth);
      for (const block of blocksOf(stmt)) visit(block, stmt.kind === "for" ? depth + 1 : depth);
    }
  };
  visit(gradientRegion(wrapRegion(region), realParams(region), "values gradient").region().body, 0);
  // of weights; of widths, in loops over parts and coordinates; of terms, in those over points and parts
  expect(depths.toSorted((a, b) => a - b)).toEqual([1, 2, 2]);
});

test("loops that only run for non-integers stay unchanged", () => {
  const loops = printRoutine(routineOf("mixture")).match(/for .*checked.*/g)!;
  expect(loops.length).toBeGreaterThan(1);
  expect(loops.filter((head) => head.includes("for each"))).toEqual([]);
});

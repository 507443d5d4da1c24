// Which rewrites of loops meet in random nests: the rewrite of an outer loop and that of a loop within it, read off lowered routines.
import type { Stmt } from "../../src/engine/kernel/scalar.ts";
import { blocksIn, walkBlock } from "../../src/engine/kernel/walk.ts";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { underived } from "../../src/engine/region/derived.ts";
import { lowerRegion } from "../../src/engine/region/lower/routine.ts";
import type { Region } from "../../src/engine/region/region.ts";
import { gradientRegion, tangentRegion } from "../../src/numeric/plain/call/regions.ts";
import { PlainError } from "../../src/numeric/plain/syntax/refuse.ts";
import { choicesOf } from "./draw-region.ts";
import { formOfText } from "./plain-region.ts";
import { Choices } from "./random-choices.ts";
import { randomNest } from "./random-nests.ts";
import { realParams } from "./region-derivatives.ts";

/** What became of a loop. */
export const rewrites = ["independent", "fold", "strips", "product"] as const;
export type Rewrite = (typeof rewrites)[number];

/** Pairs that cannot meet, the outer rewrite first, with the reason. */
export const impossiblePairs: Readonly<Record<string, string>> = {
  "independent > strips":
    "strips share buffers of partial sums, so that the loop around them is not independent",
  "fold > strips": "strips share buffers of partial sums, so that the terms of the fold are not independent",
  "strips > strips":
    "the iterations of a strip, and those left over, are lowered without memory for further strips",
  "independent > product":
    "the elements that a contraction touches are not told, so that a loop around it is not independent",
  "fold > product":
    "the elements that a contraction touches are not told, so that a loop around it is no fold",
  "strips > product":
    "the elements that a contraction touches are not told, so that a loop around it stays out of strips",
  "product > independent": "a contraction replaces the loops of its product",
  "product > fold": "a contraction replaces the loops of its product",
  "product > strips": "a contraction replaces the loops of its product",
  "product > product": "a contraction replaces the loops of its product",
};

/** In how many of `count` programs of a seed each pair meets: in the function, its tangent, its gradient, or the tangent of that. */
export function countPairs(seed: number, count: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(rewrites.flatMap((x) => rewrites.map((y) => [`${x} > ${y}`, 0])));
  for (let i = 0; i < count; i++) {
    const found = new Set(regionsOf((seed * 100_000 + i) >>> 0).flatMap((region) => [...pairsIn(region)]));
    for (const pair of found) counts.set(pair, counts.get(pair)! + 1);
  }
  return counts;
}

export function regionsOf(number: number): readonly Region[] {
  const { typescript } = randomNest(new Choices(choicesOf(number, 260)));
  try {
    const { region } = formOfText(typescript);
    const [base, active] = [underived(region), realParams(region)];
    const gradient = gradientRegion(base, active, "values gradient");
    const isActive = gradient.region().params.map((_, i) => active[i] === true);
    const derived = [tangentRegion(base, active), gradient, tangentRegion(gradient, isActive)];
    return [region, ...derived.map((one) => one.region())];
  } catch (error) {
    if (error instanceof PlainError) return [];
    throw error;
  }
}

/** The pairs in a lowered region. */
function pairsIn(region: Region): ReadonlySet<string> {
  const { body } = lowerRegion(region, scalarFunctions, { failedChecks: "end" }).routine;
  const stripped = new Set<string>();
  walkBlock(body, {
    stmt(stmt) {
      // a loop over strips declares first where the strip begins, by the name of the loop that it stands for
      const [first, lanes] = stmt.kind === "for" ? stmt.body : [];
      if (first?.kind === "let" && lanes?.kind === "for" && lanes.strip === true)
        stripped.add(first.name.replace(/\.first(_\d+)?$/, ""));
    },
  });
  const found = new Set<string>();
  const visit = (block: readonly Stmt[], around: readonly Rewrite[]): void => {
    for (const stmt of block) {
      const own = rewriteOf(stmt, stripped);
      if (own !== undefined) for (const outer of around) found.add(`${outer} > ${own}`);
      const inside = own === undefined ? around : [...around, own];
      for (const inner of blocksIn(stmt)) visit(inner, inside);
    }
  };
  visit(body, []);
  return found;
}

function rewriteOf(stmt: Stmt, stripped: ReadonlySet<string>): Rewrite | undefined {
  if (stmt.kind === "reduce") return "fold";
  if (stmt.kind === "contract") return "product";
  if (stmt.kind !== "for") return undefined;
  if (stripped.has(stmt.index)) return "strips";
  return stmt.independent === true && stmt.strip !== true ? "independent" : undefined;
}

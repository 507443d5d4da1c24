// Counts which rewrites of loops meet in random nests: the rewrite of an outer loop and that of a loop within it. Both are recognised in
// lowered routines, by the names that the rewrites give.
import type { Stmt } from "../../src/engine/kernel/scalar.ts";
import { blocksIn, walkBlock } from "../../src/engine/kernel/walk.ts";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { wrapRegion } from "../../src/engine/region/lower/derived.ts";
import { lowerRegion } from "../../src/engine/region/lower/routine.ts";
import type { Region } from "../../src/engine/region/form/region.ts";
import { gradientRegion, tangentRegion } from "../../src/numeric/plain/call/regions.ts";
import { PlainError } from "../../src/numeric/plain/syntax/refuse.ts";
import { choicesOf } from "./draw-region.ts";
import { formOfText } from "./plain-region.ts";
import { Choices } from "./random-choices.ts";
import { randomNest } from "./random-nests.ts";
import { realParams } from "./region-derivatives.ts";

/**
 * Rewrites of a loop. `checks`: checks of its elements precede it. `steady`: parts of its conditions or indices precede
 * it. `promoted`: it adds to a local instead of an element. `recorded`: it saves values for the backward pass. `fused`:
 * each iteration runs forward and backward. `segments`: it runs over the segments of a loop with checkpoints.
 */
export const rewrites = [
  "independent",
  "fold",
  "strips",
  "product",
  "checks",
  "steady",
  "promoted",
  "recorded",
  "fused",
  "segments",
] as const;
export type Rewrite = (typeof rewrites)[number];

/** Pairs that cannot meet, the outer rewrite first, with the reason. */
export const impossiblePairs: Readonly<Record<string, string>> = {
  ...pairsOf(
    ["strips"],
    ["strips"],
    "the iterations of a strip, and those left over, are lowered without memory for further strips",
  ),
  ...pairsOf(
    ["independent", "fold", "strips", "promoted"],
    ["product"],
    "the elements that a contraction touches are unknown, so that the loop around it keeps its order and its stores",
  ),
  ...pairsOf(["product"], rewrites, "a contraction replaces the loops of its product"),
  ...pairsOf(
    ["independent", "fold", "strips"],
    ["checks"],
    "a check that fails sets locals that later iterations read, so that the loop around it keeps its order",
  ),
  ...pairsOf(
    ["promoted"],
    ["checks"],
    "an iteration that a check can end is one branch, and only sums directly in the body are promoted",
  ),
  ...pairsOf(
    ["recorded"],
    ["fused"],
    "loops around a fused one are fused, and save the values of an iteration in locals",
  ),
  ...pairsOf(rewrites, ["segments"], "only outermost loops run in segments"),
};

function pairsOf(
  outer: readonly Rewrite[],
  inner: readonly Rewrite[],
  reason: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(outer.flatMap((x) => inner.map((y) => [`${x} > ${y}`, reason])));
}

/**
 * In how many of `count` programs of a seed each pair meets: in the function, its tangent, its gradient with and without checkpoints, or
 * the tangent of the gradient.
 */
export function countPairs(seed: number, count: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(rewrites.flatMap((x) => rewrites.map((y) => [`${x} > ${y}`, 0])));
  for (let i = 0; i < count; i++) {
    const found = new Set(regionsOf((seed * 100_000 + i) >>> 0).flatMap((region) => [...pairsIn(region)]));
    for (const pair of found) counts.set(pair, counts.get(pair)! + 1);
  }
  return counts;
}

function regionsOf(number: number): readonly Region[] {
  const { typescript } = randomNest(new Choices(choicesOf(number, 260)));
  try {
    const { region } = formOfText(typescript);
    const [base, active] = [wrapRegion(region), realParams(region)];
    const gradient = gradientRegion(base, active, "values gradient");
    const isActive = gradient.region().params.map((_, i) => active[i] === true);
    const inSegments = gradientRegion(wrapRegion({ ...region, checkpoint: true }), active, "values gradient");
    const derived = [tangentRegion(base, active), gradient, inSegments, tangentRegion(gradient, isActive)];
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
      const first = firstOfStrip(stmt);
      if (first !== undefined) stripped.add(first.replace(/\.first(_\d+)?$/, ""));
    },
  });
  const found = new Set<string>();
  const visit = (block: readonly Stmt[], around: readonly Rewrite[], isChecked: boolean): void => {
    block.forEach((stmt, i) => {
      const own = isLoop(stmt) ? rewritesOf(stmt, stripped, isChecked, block.slice(0, i)) : [];
      for (const outer of around) for (const inner of own) found.add(`${outer} > ${inner}`);
      const inside = [...around, ...own];
      if (stmt.kind === "if") {
        visit(stmt.then, inside, onlyFails(stmt.otherwise));
        visit(stmt.otherwise, inside, false);
      } else for (const inner of blocksIn(stmt)) visit(inner, inside, false);
    });
  };
  visit(body, [], false);
  return found;
}

const isLoop = ({ kind }: Stmt): boolean =>
  kind === "for" || kind === "while" || kind === "reduce" || kind === "contract";

/** Statements of a block and of its branches, without those of loops in it. */
function ownStatements(block: readonly Stmt[]): readonly Stmt[] {
  return block.flatMap((stmt) =>
    stmt.kind === "if" ? ownStatements([...stmt.then, ...stmt.otherwise]) : [stmt],
  );
}

/** True for the other side of a check: it notes the failure and does nothing else. */
function onlyFails(block: readonly Stmt[]): boolean {
  return block.length > 0 && block.every((stmt) => stmt.kind === "set" && stmt.name.startsWith("failure"));
}

/** The rewrites that a loop shows. `before` is what precedes it in its block. */
function rewritesOf(
  stmt: Stmt,
  stripped: ReadonlySet<string>,
  isChecked: boolean,
  before: readonly Stmt[],
): readonly Rewrite[] {
  if (stmt.kind === "contract") return ["product"];
  const own: Rewrite[] = [];
  if (stmt.kind === "reduce") own.push("fold");
  if (stmt.kind === "for" && stripped.has(stmt.index)) own.push("strips");
  else if (stmt.kind === "for" && stmt.independent === true && stmt.strip !== true) own.push("independent");
  if (isChecked) own.push("checks");
  const prelude = before.slice(before.findLastIndex(({ kind }) => kind !== "let") + 1);
  if (prelude.some((one) => one.kind === "let" && /^(holds|place)(_\d+)?$/.test(one.name)))
    own.push("steady");
  const block = ownStatements(blocksIn(stmt).flat());
  const declared = new Set(block.flatMap((one) => (one.kind === "let" ? [one.name] : [])));
  const addsToElement = (name: string): boolean => /\.sum(_\d+)?$/.test(name) && !declared.has(name);
  if (stmt.kind === "for" && block.some((one) => one.kind === "set" && addsToElement(one.name)))
    own.push("promoted");
  if (stmt.kind === "reduce" && /\.sum(_\d+)?\.sum(_\d+)?$/.test(stmt.name)) own.push("promoted");
  if (block.some((one) => one.kind === "store" && /_tape(_\d+)?$/.test(one.buffer))) own.push("recorded");
  if (stmt.kind === "for" && /^segment(_\d+)*$/.test(stmt.index)) own.push("segments");
  else if (!isOfStrips(stmt) && isFused(stmt)) own.push("fused");
  return own;
}

/** True for a loop over strips, and for the loop over the lanes of one. The loop over the remaining iterations stands for both. */
function isOfStrips(stmt: Stmt): boolean {
  return stmt.kind === "for" && (stmt.strip === true || firstOfStrip(stmt) !== undefined);
}

/** The local in which a loop over strips notes where a strip begins; it has the name of the index of the original loop. */
function firstOfStrip(stmt: Stmt): string | undefined {
  const [first, lanes] = stmt.kind === "for" ? stmt.body : [];
  return first?.kind === "let" && lanes?.kind === "for" && lanes.strip === true ? first.name : undefined;
}

/** True for a loop that changes cotangents as well as other values from outside of it. */
function isFused(loop: Stmt): boolean {
  const declared = new Set<string>();
  const changed = new Set(loop.kind === "reduce" ? [loop.name] : []);
  walkBlock(blocksIn(loop).flat(), {
    stmt(stmt) {
      if (stmt.kind === "let" || stmt.kind === "reduce") declared.add(stmt.name);
      else if (stmt.kind === "set") changed.add(stmt.name);
      else if (stmt.kind === "store") changed.add(stmt.buffer);
    },
  });
  const names = [...changed].filter((name) => !declared.has(name) && !isOfControl(name));
  return names.some((name) => /_bar/.test(name)) && !names.every((name) => /_bar/.test(name));
}

/** True for a local that decides which statements run. */
const isOfControl = (name: string): boolean =>
  /^(failure|goesOn|position|n)(_\d+)*$/.test(name.split(".")[0]!);

// Writes the forward and backward pass of a loop in segments.
import type { RegionBuilder, RegionLocal } from "../form/build.ts";
import { constant, forEachElement, load, local, makeWriter } from "../form/build.ts";
import { declaredBy } from "../form/names.ts";
import type { RegionBlock, RegionExpr, RegionStmt } from "../form/region.ts";
import { mapBlocksOf, mapExpr, mapExpressionsOf, walkStmts } from "../form/walk.ts";
import type { SegmentedLoop } from "./reverse-plan.ts";
import type { ScheduleSteps } from "./schedule.ts";

/** Declarations before the loop: locals for numbers of segments, and arrays of saved states. */
export function declareSegments({ definitions, saved }: SegmentedLoop): readonly RegionStmt[] {
  return [...definitions, ...saved];
}

/**
 * Returns functions that write the statements of each step of a loop's schedule.
 *
 * @param forward body of the loop in the forward pass.
 * @param backward writes the forward run with tapes and the backward run of the segment from `plan.from` to `plan.to`.
 */
export function stepsOf(
  plan: SegmentedLoop,
  forward: RegionBlock,
  backward: () => readonly RegionStmt[],
  build: RegionBuilder,
): ScheduleSteps {
  return {
    advance(segment, count = i32(1)) {
      const [from, to] = [build.fresh("first"), build.fresh("end")].map((name) => local("i32", name));
      const loop: RegionStmt = { ...plan.loop, from: from!, to: to!, body: forward };
      return [...boundsOf(plan, segment, count, from!, to!, build), ...withNewNames([loop], build)];
    },
    save: (snapshot) => saveState(plan, snapshot, build),
    restore: (snapshot) => restoreState(plan, snapshot, build),
    turn: (segment) => [...boundsOf(plan, segment, i32(1), plan.from, plan.to, build), ...backward()],
  };
}

/** Statements that declare the locals `from` and `to`: loop bounds of `count` segments, beginning with `segment`. */
function boundsOf(
  { loop, span }: SegmentedLoop,
  segment: RegionExpr,
  count: RegionExpr,
  from: RegionLocal,
  to: RegionLocal,
  build: RegionBuilder,
): readonly RegionStmt[] {
  const stmts: RegionStmt[] = [];
  const { bind } = makeWriter(stmts, build);
  const first = build.apply("add", loop.from, bind(build.apply("mul", segment, span), "first"));
  stmts.push({ kind: "let", name: from.name, value: first });
  const end = bind(build.apply("add", from, bind(build.apply("mul", count, span), "end")), "end");
  const bounded = build.apply(loop.step > 0 ? "minimum" : "maximum", end, loop.to);
  stmts.push({ kind: "let", name: to.name, value: bounded });
  return stmts;
}

function saveState(
  { state, saved }: SegmentedLoop,
  snapshot: RegionExpr,
  build: RegionBuilder,
): RegionStmt[] {
  const { scalars, arrays } = state;
  return [
    ...scalars.map(({ name, type }, i): RegionStmt => ({
      kind: "store",
      array: saved[i]!.name,
      places: [snapshot],
      value: local(type, name),
    })),
    ...arrays.map(({ name, type, dims }, i) =>
      forEachElement(dims, build, (element) => ({
        kind: "store",
        array: saved[scalars.length + i]!.name,
        places: [snapshot, ...element],
        value: load(type, name, ...element),
      })),
    ),
  ];
}

function restoreState(
  { state, saved }: SegmentedLoop,
  snapshot: RegionExpr,
  build: RegionBuilder,
): RegionStmt[] {
  const { scalars, arrays } = state;
  return [
    ...scalars.map(({ name, type }, i): RegionStmt => ({
      kind: "set",
      name,
      value: load(type, saved[i]!.name, snapshot),
    })),
    ...arrays.map(({ name, type, dims }, i) =>
      forEachElement(dims, build, (element) => ({
        kind: "store",
        array: name,
        places: element,
        value: load(type, saved[scalars.length + i]!.name, snapshot, ...element),
      })),
    ),
  ];
}

/** Renames everything that the statements declare, so that a region may contain them twice. */
function withNewNames(stmts: RegionBlock, build: RegionBuilder): RegionBlock {
  const names = new Map<string, string>();
  walkStmts(stmts, (stmt) => {
    const name = declaredBy(stmt);
    if (name !== undefined) names.set(name, build.fresh(name));
  });
  const of = (name: string): string => names.get(name) ?? name;
  const expr = (one: RegionExpr): RegionExpr =>
    mapExpr(one, (x) => {
      if (x.kind === "local") return { ...x, name: of(x.name) };
      return x.kind === "load" || x.kind === "length" ? { ...x, array: of(x.array) } : x;
    });
  const block = (some: RegionBlock): RegionBlock =>
    some.map((stmt) => {
      const next = mapBlocksOf(mapExpressionsOf(stmt, expr), block);
      switch (next.kind) {
        case "let":
        case "set":
        case "array":
          return { ...next, name: of(next.name) };
        case "store":
          return { ...next, array: of(next.array) };
        case "swap":
          return { ...next, x: of(next.x), y: of(next.y) };
        case "for":
          return { ...next, index: of(next.index) };
        case "while":
        case "if":
        case "throw":
          return next;
      }
    });
  return block(stmts);
}

const i32 = (value: number): RegionExpr => constant("i32", value);

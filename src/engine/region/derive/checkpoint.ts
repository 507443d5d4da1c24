// Long loops in segments: what a loop changes is saved where segments begin, and the way back runs a segment forwards again, with
// records, before it goes back. Records are as long as one segment. Where there are fewer places to save in than segments, a schedule
// says which are saved when (`binomial`).
import type { Builder } from "../form/build.ts";
import { constant, convert, forEachElement, load, local, makeWriter } from "../form/build.ts";
import type { Linearity } from "./linearity.ts";
import { targetOf } from "./linearity.ts";
import type { Block, Needs } from "./needs.ts";
import type { ArrayDeclaration, For, Region, RegionExpr, RegionStmt, RegionType } from "../form/region.ts";
import {
  declaredBy,
  mapBlocksOf,
  mapExpr,
  mapExpressionsOf,
  walkExpressions,
  walkStmts,
} from "../form/walk.ts";

/** What a loop changes of what is declared outside of it, and what it reads and statements behind it change. */
export interface LoopState {
  readonly scalars: readonly { readonly name: string; readonly type: RegionType }[];
  readonly arrays: readonly ArrayDeclaration[];
}

/**
 * The loops of an outermost block that go in segments, with what they change: those that record, tell their iterations beforehand, and
 * write to no array that is a result.
 */
export function checkpointedLoops(
  { body, results }: Pick<Region, "body" | "results">,
  { linear }: Linearity,
  needs: Needs,
): ReadonlyMap<RegionStmt, LoopState> {
  const found = new Map<RegionStmt, LoopState>();
  const isResult = (name: string): boolean =>
    results.some((result) => result.kind === "array" && result.name === name);
  const declarations = new Map<string, RegionStmt>();
  for (const [at, stmt] of body.entries()) {
    const name = declaredBy(stmt);
    if (name !== undefined) declarations.set(name, stmt);
    if (stmt.kind !== "for" || stmt.live !== undefined || stmt.reverse === true) continue;
    if (![...needs.recorded.values()].some(({ loops }) => loops[0] === stmt)) continue;
    const changed = new Set(changedIn([stmt], linear));
    const later = changedIn(body.slice(at + 1), linear);
    walkExpressions([stmt], (expr) => {
      const read = expr.kind === "local" ? expr.name : expr.kind === "load" ? expr.array : undefined;
      if (read !== undefined && later.has(read)) changed.add(read);
    });
    const scalars: { readonly name: string; readonly type: RegionType }[] = [];
    const arrays: ArrayDeclaration[] = [];
    for (const one of changed) {
      const declaration = declarations.get(one);
      if (declaration?.kind === "let") scalars.push({ name: one, type: declaration.value.type });
      if (declaration?.kind === "array") arrays.push(declaration);
    }
    if (arrays.some((array) => array.growable === true || isResult(array.name))) continue;
    found.set(stmt, { scalars, arrays });
  }
  return found;
}

/** Known names that statements change, of those declared outside of them. */
function changedIn(stmts: Block, linear: ReadonlySet<string>): ReadonlySet<string> {
  const changed = new Set<string>();
  const declared = new Set<string>();
  walkStmts(stmts, (stmt) => {
    const name = declaredBy(stmt);
    if (name !== undefined) declared.add(name);
    const target = targetOf(stmt);
    if (target !== undefined && stmt.kind !== "let" && stmt.kind !== "array") changed.add(target);
    if (stmt.kind === "swap") changed.add(stmt.y);
  });
  return new Set([...changed].filter((name) => !declared.has(name) && !linear.has(name)));
}

/** A loop in segments. */
export interface Segments {
  /** How many there are. */
  readonly count: RegionExpr;
  /** Declarations before the loop. */
  readonly begin: readonly RegionStmt[];
  /** The bounds of `many` segments from one on, and statements that compute them. */
  bounds(segment: RegionExpr, many?: RegionExpr): Bounds;
  /** Runs a body for the iterations of `many` segments from one on, under names of its own. */
  run(body: Block, segment: RegionExpr, many?: RegionExpr): readonly RegionStmt[];
  /** Saves what the loop changes in one of the places for it, or sets it to what was saved. */
  save(place: RegionExpr): readonly RegionStmt[];
  restore(place: RegionExpr): readonly RegionStmt[];
}

interface Bounds {
  readonly stmts: readonly RegionStmt[];
  readonly from: RegionExpr;
  readonly to: RegionExpr;
}

/**
 * Cuts a loop of n iterations in segments of ⌈√n⌉, with a place to save for each; or in segments of `snapshots` iterations, with as
 * many places.
 */
export function cutInSegments(loop: For, state: LoopState, build: Builder, snapshots?: number): Segments {
  const { from, to, step, at } = loop;
  const begin: RegionStmt[] = [];
  const { bind } = makeWriter(begin, build);
  const size = i32(Math.abs(step));
  const distance = bind(step > 0 ? build.apply("sub", to, from) : build.apply("sub", from, to), "n");
  const padded = bind(build.apply("add", distance, i32(Math.abs(step) - 1)), "n");
  const trips = bind(build.apply("maximum", bind(build.apply("div", padded, size), "n"), i32(0)), "n");
  const squareRoot = (): RegionExpr => {
    const root = bind(build.apply("sqrt", bind(convert("f64", trips), "n")), "root");
    const rounded = bind(convert("i32", bind(build.apply("ceil", root), "root")), "segment");
    return bind(build.apply("maximum", rounded, i32(1)), "segment");
  };
  const length = snapshots === undefined ? squareRoot() : i32(snapshots);
  const room = bind(build.apply("add", trips, bind(build.apply("sub", length, i32(1)), "n")), "n");
  const count = bind(build.apply("div", room, length), "segments");
  const span = bind(build.apply("mul", length, i32(step)), "span");
  const places = snapshots === undefined ? count : i32(snapshots);

  const savedScalars = state.scalars.map(({ name, type }) => {
    const saved = build.fresh(`${name}_saved`);
    begin.push({ kind: "array", name: saved, type, dims: [places], records: { name, at } });
    return { name, type, saved };
  });
  const savedArrays = state.arrays.map(({ name, type, dims }) => {
    const saved = build.fresh(`${name}_saved`);
    begin.push({ kind: "array", name: saved, type, dims: [places, ...dims], records: { name, at } });
    return { name, type, dims, saved };
  });
  const bounds = (segment: RegionExpr, many: RegionExpr = i32(1)): Bounds => {
    const stmts: RegionStmt[] = [];
    const here = makeWriter(stmts, build).bind;
    const first = here(build.apply("add", from, here(build.apply("mul", segment, span), "first")), "first");
    const end = here(build.apply("add", first, here(build.apply("mul", many, span), "end")), "end");
    return { stmts, from: first, to: here(build.apply(step > 0 ? "minimum" : "maximum", end, to), "end") };
  };
  return {
    count,
    begin,
    bounds,
    run(body, segment, many) {
      const { stmts, from: first, to: end } = bounds(segment, many);
      return [...stmts, ...renamed([{ ...loop, from: first, to: end, body }], build)];
    },
    save: (place) => [
      ...savedScalars.map(({ name, type, saved }): RegionStmt => ({
        kind: "store",
        array: saved,
        places: [place],
        value: local(type, name),
      })),
      ...savedArrays.map(({ name, type, dims, saved }) =>
        forEachElement(dims, build, (element) => ({
          kind: "store",
          array: saved,
          places: [place, ...element],
          value: load(type, name, ...element),
        })),
      ),
    ],
    restore: (place) => [
      ...savedScalars.map(({ name, type, saved }): RegionStmt => ({
        kind: "set",
        name,
        value: load(type, saved, place),
      })),
      ...savedArrays.map(({ name, type, dims, saved }) =>
        forEachElement(dims, build, (element) => ({
          kind: "store",
          array: name,
          places: element,
          value: load(type, saved, place, ...element),
        })),
      ),
    ],
  };
}

/** The statements with new names for all that they declare, so that they may stand in a region twice. */
function renamed(stmts: Block, build: Builder): readonly RegionStmt[] {
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
  const block = (some: Block): readonly RegionStmt[] =>
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

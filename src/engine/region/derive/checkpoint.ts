// Checkpointing of long loops. The forward pass saves the state at the beginning of segments; the backward pass runs a segment forward
// again, with tapes as long as one segment, before it goes backward. With fewer snapshots than segments, a schedule decides when each
// state is saved (`schedule`).
import type { RegionBuilder } from "../form/build.ts";
import { constant, convert, local, makeWriter } from "../form/build.ts";
import { declaredBy, targetOf } from "../form/names.ts";
import type {
  ArrayDeclaration,
  Region,
  RegionBlock,
  RegionExpr,
  RegionFor,
  RegionLet,
  RegionStmt,
  RegionType,
} from "../form/region.ts";
import { walkExpressions, walkStmts } from "../form/walk.ts";
import type { Linearity } from "./linearity.ts";
import type { Needs } from "./needs.ts";
import type { SegmentedLoop } from "./reverse-plan.ts";
import { planSchedule } from "./schedule.ts";

/**
 * State of a loop that a checkpoint saves: the locals and arrays from outside of the loop that the loop changes, or
 * that it reads and later statements change.
 */
export interface CheckpointState {
  readonly scalars: readonly { readonly name: string; readonly type: RegionType }[];
  readonly arrays: readonly ArrayDeclaration[];
}

/**
 * Finds the loops of an outermost block to run in segments, and their states. Such a loop saves values for the backward
 * pass and has a trip count that is known before the loop. Its state contains no result and no growable array.
 */
export function findCheckpointedLoops(
  { body, results }: Pick<Region, "body" | "results">,
  { linear }: Linearity,
  needs: Needs,
): ReadonlyMap<RegionFor, CheckpointState> {
  const found = new Map<RegionFor, CheckpointState>();
  const isResult = (name: string): boolean =>
    results.some((result) => result.kind === "array" && result.name === name);
  const declarations = new Map<string, RegionStmt>();
  for (const [at, stmt] of body.entries()) {
    const name = declaredBy(stmt);
    if (name !== undefined) declarations.set(name, stmt);
    if (stmt.kind !== "for" || stmt.live !== undefined || stmt.reverse === true) continue;
    if (![...needs.saved.values()].some(({ loops }) => loops[0] === stmt)) continue;
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

/** Names that the statements change, but that are declared outside of them and are not linear. */
function changedIn(stmts: RegionBlock, linear: ReadonlySet<string>): ReadonlySet<string> {
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

/**
 * Plans a loop of n iterations in segments. Without `snapshots`, segments have ⌈√n⌉ iterations and each has a snapshot;
 * with it, segments have `snapshots` iterations and share that number of snapshots.
 */
export function planSegments(
  loop: RegionFor,
  state: CheckpointState,
  build: RegionBuilder,
  snapshots?: number,
): Omit<SegmentedLoop, "scope"> {
  const { from, to, step, at } = loop;
  const definitions: RegionLet[] = [];
  const { bind } = makeWriter(definitions, build);
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
  const padding = bind(build.apply("sub", length, i32(1)), "n");
  const count = bind(build.apply("div", bind(build.apply("add", trips, padding), "n"), length), "segments");
  const span = bind(build.apply("mul", length, i32(step)), "span");
  const states = snapshots === undefined ? count : i32(snapshots);
  const save = (name: string, type: RegionType, dims: readonly RegionExpr[]): ArrayDeclaration => ({
    kind: "array",
    name: build.fresh(`${name}_saved`),
    type,
    dims: [states, ...dims],
    records: { name, at },
  });
  return {
    kind: "segmented",
    loop,
    state,
    saved: [
      ...state.scalars.map(({ name, type }) => save(name, type, [])),
      ...state.arrays.map(({ name, type, dims }) => save(name, type, dims)),
    ],
    definitions,
    schedule: planSchedule(count, snapshots, build),
    span,
    from: local("i32", build.fresh("first")),
    to: local("i32", build.fresh("end")),
  };
}

const i32 = (value: number): RegionExpr => constant("i32", value);

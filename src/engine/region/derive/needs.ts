// What the way back needs of the way forward, and how it comes by it: it is still there, it is computed again, or it was recorded.
import { must } from "../../util/assert-never.ts";
import type { CutEdge } from "../../util/min-cut.ts";
import { sinkSide } from "../../util/min-cut.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import { neverMeets } from "./kept.ts";
import type { Linearity } from "./linearity.ts";
import { hasTarget, readsOf, targetOf } from "./linearity.ts";
import type { Loop, Prepared } from "./prepare.ts";
import type { RegionExpr, RegionStmt, RegionType } from "../form/region.ts";
import { mutableNames } from "../flat/flatten.ts";
import { blocksOf, expressionsOf, walkExpr, walkStmts } from "../form/walk.ts";

export type Block = readonly RegionStmt[];
export type Let = RegionStmt & { readonly kind: "let" };

/** How the way back comes by a local that is not there any more. */
export type Recovery =
  | { readonly kind: "again"; readonly stmt: Let }
  | { readonly kind: "recorded"; readonly stmt: Let; readonly loops: readonly Loop[] };

export interface Needs {
  /** The locals of a block that its way back begins with, in the order in which they depend on one another. */
  readonly of: ReadonlyMap<Block, readonly Recovery[]>;
  /** Those recorded, by their names. */
  readonly recorded: ReadonlyMap<string, Recovery & { readonly kind: "recorded" }>;
}

interface Definition {
  readonly stmt: Let;
  readonly block: Block;
  readonly loops: readonly Loop[];
  readonly order: number;
}

/** Where an array is written: at which places, if it is a store. */
interface Write {
  readonly order: number;
  readonly loops: readonly Loop[];
  readonly places: readonly RegionExpr[] | undefined;
}

interface Facts {
  readonly definitions: Map<string, Definition>;
  /** Locals and arrays that are there on the way back: parameters, what is declared outermost, indices of loops. */
  readonly there: Set<string>;
  readonly writes: Map<string, Write[]>;
  /** Names that are the same in all of the block: from outside of it, or declared outermost. */
  readonly fixed: Set<string>;
  readonly isRereading: boolean;
  /** Names that linear statements need. */
  readonly needed: Set<string>;
}

/** A block whose way back follows behind it, in the same scope: that of a region, or of a loop that is fused with its way back. */
export interface Root {
  readonly block: Block;
  /** Names from outside of the block that have one value in it. */
  readonly entry: ReadonlySet<string>;
  /** Loops in it that see to their own needs: those fused with their way back, and those that run again. */
  readonly apart: ReadonlySet<RegionStmt>;
}

/** What is not recorded. */
export interface Sparing {
  /** Whether what is cheap is computed again. */
  readonly recomputes: boolean;
  /** Whether elements of arrays that change are read again where nothing has overwritten them. */
  readonly rereads: boolean;
}

/** What the transposed statements of a prepared block need. */
export function needsOf(
  { block: body, entry, apart }: Root,
  counts: Prepared["counts"],
  { linear, useful }: Linearity,
  functions: ScalarFunctions,
  { recomputes, rereads }: Sparing,
): Needs {
  const mutable = mutableNames(body);
  const facts: Facts = {
    definitions: new Map(),
    there: new Set(entry),
    writes: new Map(),
    fixed: new Set(entry),
    isRereading: rereads,
    needed: new Set(),
  };
  const need = (expr: RegionExpr): void => {
    for (const name of readsOf(expr)) if (!linear.has(name)) facts.needed.add(name);
  };
  let order = 0;
  const walk = (block: Block, loops: readonly Loop[], isOutermost: boolean): void => {
    for (const stmt of block) {
      order++;
      if (apart.has(stmt)) {
        walkWrites(stmt);
        continue;
      }
      const target = targetOf(stmt);
      if (target !== undefined && linear.has(target)) expressionsOf(stmt).forEach(need);
      else if (target !== undefined) define(stmt, block, loops, isOutermost);
      if (stmt.kind === "for" || stmt.kind === "while") {
        if (stmt.kind === "for") facts.there.add(stmt.index);
        const total = counts.get(stmt)?.total;
        if (hasTarget(stmt, useful)) {
          if (stmt.kind === "for") [stmt.from, total ?? stmt.to].forEach(need);
          else need(must(total, "the count of a loop"));
        }
        walk(stmt.body, [...loops, stmt], false);
      } else if (stmt.kind === "if") {
        if (hasTarget(stmt, useful)) need(stmt.condition);
        for (const inner of blocksOf(stmt)) walk(inner, loops, false);
      }
    }
  };
  const write = (name: string, loops: readonly Loop[], places?: readonly RegionExpr[]): void => {
    facts.writes.set(name, [...(facts.writes.get(name) ?? []), { order, loops, places }]);
  };
  const walkWrites = (loop: RegionStmt): void =>
    walkStmts([loop], (stmt) => {
      if (stmt.kind === "store") write(stmt.array, []);
      if (stmt.kind === "swap") [stmt.x, stmt.y].forEach((name) => write(name, []));
    });
  const define = (stmt: RegionStmt, block: Block, loops: readonly Loop[], isOutermost: boolean): void => {
    if (stmt.kind === "store") write(stmt.array, loops, stmt.places);
    if (stmt.kind === "swap") [stmt.x, stmt.y].forEach((name) => write(name, loops));
    if (stmt.kind === "let" && !mutable.has(stmt.name))
      facts.definitions.set(stmt.name, { stmt, block, loops, order });
    const isDeclaration = (stmt.kind === "let" && !mutable.has(stmt.name)) || stmt.kind === "array";
    if (isOutermost && isDeclaration) {
      facts.there.add(stmt.name);
      facts.fixed.add(stmt.name);
    }
  };
  walk(body, [], true);
  return decide(facts, functions, recomputes);
}

function decide(facts: Facts, functions: ScalarFunctions, isRecomputing: boolean): Needs {
  const { definitions, there, needed } = facts;
  const wanted = [...needed].filter((name) => !there.has(name));
  const definitionOf = (name: string): Definition => must(definitions.get(name), `the definition of ${name}`);
  const recoveries = new Map<string, Recovery>();
  const record = (name: string): void => {
    const { stmt, loops } = definitionOf(name);
    recoveries.set(name, { kind: "recorded", stmt, loops });
  };
  if (isRecomputing) {
    const { recorded, again } = leastRecords(wanted, facts, functions);
    again.forEach((name) => recoveries.set(name, { kind: "again", stmt: definitionOf(name).stmt }));
    recorded.forEach(record);
  } else wanted.forEach(record);

  const of = new Map<Block, Recovery[]>();
  const recorded = new Map<string, Recovery & { readonly kind: "recorded" }>();
  const all = [...recoveries].sort(([a], [b]) => definitionOf(a).order - definitionOf(b).order);
  for (const [name, recovery] of all) {
    const { block } = definitionOf(name);
    const list = of.get(block);
    if (list === undefined) of.set(block, [recovery]);
    else list.push(recovery);
    if (recovery.kind === "recorded") recorded.set(name, recovery);
  }
  return { of, recorded };
}

/** Iterations that a loop is taken to have, where records are weighed: those in inner loops are many more. */
const iterationsTaken = 16;

/**
 * Which values to record, so that all wanted ones can be computed again cheaply of these and of what is there: the fewest bytes that
 * part them from what cannot be computed again.
 */
function leastRecords(
  wanted: readonly string[],
  facts: Facts,
  functions: ScalarFunctions,
): { readonly recorded: readonly string[]; readonly again: readonly string[] } {
  const { definitions, there } = facts;
  const names = new Set(wanted);
  const edges: CutEdge[] = [];
  const numbers = new Map<string, number>();
  /** Of the two nodes of a value the one where it is made; the next one is where it is read. */
  const nodeOf = (name: string): number => {
    const number = numbers.get(name) ?? 2 + 2 * numbers.size;
    numbers.set(name, number);
    return number;
  };
  const [source, sink] = [0, 1];
  for (const name of wanted) edges.push({ from: nodeOf(name) + 1, to: sink, capacity: Infinity });
  for (const name of names) {
    const definition = must(definitions.get(name), `the definition of ${name}`);
    const { value } = definition.stmt;
    const node = nodeOf(name);
    const capacity = bytesOf[value.type] * iterationsTaken ** definition.loops.length;
    edges.push({ from: node, to: node + 1, capacity });
    if (!canComputeAgain(definition, facts, functions)) {
      edges.push({ from: source, to: node, capacity: Infinity });
      continue;
    }
    for (const read of readsOf(value)) {
      if (there.has(read)) continue;
      names.add(read); // a set grows while it is walked
      edges.push({ from: nodeOf(read) + 1, to: node, capacity: Infinity });
    }
  }
  const side = sinkSide(2 + 2 * numbers.size, edges, source, sink);
  const all = [...numbers];
  return {
    recorded: all.flatMap(([name, node]) => (side.has(node + 1) && !side.has(node) ? [name] : [])),
    again: all.flatMap(([name, node]) => (side.has(node) ? [name] : [])),
  };
}

const bytesOf: Readonly<Record<RegionType, number>> = { f64: 8, f32: 4, i32: 4, bool: 1 };

/** Whether a value is cheap to compute of its operands, and what else it reads is there and unchanged. */
function canComputeAgain(definition: Definition, facts: Facts, functions: ScalarFunctions): boolean {
  const { value } = definition.stmt;
  if (value.kind === "apply" && functions.get(value.function)!.isCostly(value.args)) return false;
  let isStable = true;
  walkExpr(value, (x) => {
    if (x.kind === "local" && !facts.there.has(x.name) && !facts.definitions.has(x.name)) isStable = false;
    if (x.kind === "load" && !isUnchanged(x, definition, facts)) isStable = false;
  });
  return isStable;
}

/** Whether an array is there on the way back, and what is read here still has the value that it has where this is defined. */
function isUnchanged(
  { array, places }: RegionExpr & { readonly kind: "load" },
  { order, loops }: Definition,
  { there, writes, fixed, definitions, isRereading }: Facts,
): boolean {
  if (!there.has(array)) return false;
  const names = {
    valueOf: (name: string) => definitions.get(name)?.stmt.value,
    isFixed: (name: string) => fixed.has(name),
  };
  return (writes.get(array) ?? []).every((write) => {
    if (write.order < order && !write.loops.some((loop) => loops.includes(loop))) return true;
    const at = write.places;
    return (
      isRereading && at !== undefined && neverMeets({ ...write, places: at }, { places, loops, order }, names)
    );
  });
}

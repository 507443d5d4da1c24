// Values of the forward pass that the backward pass needs: still available, recomputed, or saved.
import { must } from "../../util/assert-never.ts";
import type { CutEdge } from "../../util/min-cut.ts";
import { sinkSide } from "../../util/min-cut.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import { hasTarget, mutableNames, readsOf, targetOf, targetsOf } from "../form/names.ts";
import type {
  RegionBlock,
  RegionExpr,
  RegionLet,
  RegionLoad,
  RegionLoop,
  RegionStmt,
  RegionType,
} from "../form/region.ts";
import { blocksOf, expressionsOf, walkExpr, walkStmts } from "../form/walk.ts";
import type { Linearity } from "./linearity.ts";
import { isNeverOverwritten } from "./overwrites.ts";
import type { IterationCounter } from "./prepare.ts";

/** A local that the backward pass needs and that is out of scope there: it is recomputed or saved. */
export type Need = { readonly kind: "recomputed"; readonly value: RegionLet } | SavedNeed;

export interface SavedNeed {
  readonly kind: "saved";
  readonly value: RegionLet;
  /** Loops around the definition, outermost first. */
  readonly loops: readonly RegionLoop[];
}

export interface Needs {
  /**
   * For each block, the locals of the forward pass that its backward pass recomputes or loads first, in the order of
   * their definitions.
   */
  readonly of: ReadonlyMap<RegionBlock, readonly Need[]>;
  /** The locals to save, by name. */
  readonly saved: ReadonlyMap<string, SavedNeed>;
}

interface NeedDefinition {
  readonly stmt: RegionLet;
  readonly block: RegionBlock;
  readonly loops: readonly RegionLoop[];
  readonly order: number;
}

interface ArrayWrite {
  readonly order: number;
  readonly loops: readonly RegionLoop[];
  /** Indices of the element that is stored; `undefined` if any element of the array may change. */
  readonly places: readonly RegionExpr[] | undefined;
}

interface NeedFacts {
  readonly definitions: Map<string, NeedDefinition>;
  /**
   * Locals and arrays that still exist in the backward pass: parameters, declarations of the outermost block, loop
   * indices.
   */
  readonly available: Set<string>;
  readonly writes: Map<string, ArrayWrite[]>;
  /**
   * Names whose value does not change in the block: names from outside, and names that the outermost block declares.
   */
  readonly fixed: Set<string>;
  readonly canReread: boolean;
  /** Names that the backward pass of linear statements reads. */
  readonly needed: Set<string>;
}

/** A block whose backward pass follows the forward pass in the same scope. */
export interface NeedScope {
  readonly block: RegionBlock;
  /** Names from outside of the block whose value does not change in it. */
  readonly entry: ReadonlySet<string>;
  /** Loops whose needs are found separately: fused loops and segmented ones. */
  readonly separate: ReadonlySet<RegionStmt>;
}

/** Ways in which the backward pass obtains values that are not saved. */
export interface NeedOptions {
  /** True to recompute cheap values in the backward pass. */
  readonly recompute: boolean;
  /** True to read elements of mutable arrays again in the backward pass if nothing has overwritten them. */
  readonly reread: boolean;
}

/** Finds the values that the backward pass of a prepared block needs. */
export function findNeeds(
  { block: body, entry, separate }: NeedScope,
  counters: ReadonlyMap<RegionStmt, IterationCounter>,
  { linear, useful }: Linearity,
  functions: ScalarFunctions,
  { recompute, reread }: NeedOptions,
): Needs {
  const mutable = mutableNames(body);
  const facts: NeedFacts = {
    definitions: new Map(),
    available: new Set(entry),
    writes: new Map(),
    fixed: new Set(entry),
    canReread: reread,
    needed: new Set(),
  };
  const need = (expr: RegionExpr): void => {
    for (const name of readsOf(expr)) if (!linear.has(name)) facts.needed.add(name);
  };
  let order = 0;
  const walk = (block: RegionBlock, loops: readonly RegionLoop[], isOutermost: boolean): void => {
    for (const stmt of block) {
      order++;
      if (separate.has(stmt)) {
        walkWrites(stmt);
        continue;
      }
      const target = targetOf(stmt);
      if (target !== undefined && linear.has(target)) expressionsOf(stmt).forEach(need);
      else if (target !== undefined) define(stmt, block, loops, isOutermost);
      if (stmt.kind === "for" || stmt.kind === "while") {
        if (stmt.kind === "for") facts.available.add(stmt.index);
        const total = counters.get(stmt)?.total;
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
  const write = (name: string, loops: readonly RegionLoop[], places?: readonly RegionExpr[]): void => {
    facts.writes.set(name, [...(facts.writes.get(name) ?? []), { order, loops, places }]);
  };
  const walkWrites = (loop: RegionStmt): void =>
    walkStmts([loop], (stmt) => {
      if (stmt.kind === "store" || stmt.kind === "swap") targetsOf(stmt).forEach((name) => write(name, []));
    });
  const define = (
    stmt: RegionStmt,
    block: RegionBlock,
    loops: readonly RegionLoop[],
    isOutermost: boolean,
  ): void => {
    if (stmt.kind === "store") write(stmt.array, loops, stmt.places);
    if (stmt.kind === "swap") [stmt.x, stmt.y].forEach((name) => write(name, loops));
    if (stmt.kind === "let" && !mutable.has(stmt.name))
      facts.definitions.set(stmt.name, { stmt, block, loops, order });
    const isDeclaration = (stmt.kind === "let" && !mutable.has(stmt.name)) || stmt.kind === "array";
    if (isOutermost && isDeclaration) {
      facts.available.add(stmt.name);
      facts.fixed.add(stmt.name);
    }
  };
  walk(body, [], true);
  return decideNeeds(facts, functions, recompute);
}

function decideNeeds(facts: NeedFacts, functions: ScalarFunctions, recompute: boolean): Needs {
  const { definitions, available, needed } = facts;
  const wanted = [...needed].filter((name) => !available.has(name));
  const definitionOf = (name: string): NeedDefinition =>
    must(definitions.get(name), `the definition of ${name}`);
  const { saved: toSave, recomputed } = recompute
    ? chooseSaved(wanted, facts, functions)
    : { saved: wanted, recomputed: [] };
  const saved = new Map<string, SavedNeed>();
  for (const name of toSave) {
    const { stmt, loops } = definitionOf(name);
    saved.set(name, { kind: "saved", value: stmt, loops });
  }
  const of = new Map<RegionBlock, Need[]>();
  const all = [...recomputed, ...toSave].sort((a, b) => definitionOf(a).order - definitionOf(b).order);
  for (const name of all) {
    const { block, stmt } = definitionOf(name);
    const need = saved.get(name) ?? { kind: "recomputed", value: stmt };
    const list = of.get(block);
    if (list === undefined) of.set(block, [need]);
    else list.push(need);
  }
  return { of, saved };
}

/**
 * Assumed trip count of a loop, for estimating the sizes of tapes: saving a value in an inner loop takes far more bytes
 * than outside of it.
 */
const assumedTrips = 16;

/**
 * Chooses the values to save so that all `wanted` values are cheap to recompute from the saved ones and from available
 * names. The choice is a minimal cut, by bytes, between the wanted values and the values that cannot be recomputed.
 */
function chooseSaved(
  wanted: readonly string[],
  facts: NeedFacts,
  functions: ScalarFunctions,
): { readonly saved: readonly string[]; readonly recomputed: readonly string[] } {
  const { definitions, available } = facts;
  const names = new Set(wanted);
  const edges: CutEdge[] = [];
  const numbers = new Map<string, number>();
  /**
   * Number of the first of the two nodes that a value has in the flow network. The first node stands for the definition
   * of the value, the next one for its uses.
   */
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
    const capacity = bytesOf[value.type] * assumedTrips ** definition.loops.length;
    edges.push({ from: node, to: node + 1, capacity });
    if (!canRecompute(definition, facts, functions)) {
      edges.push({ from: source, to: node, capacity: Infinity });
      continue;
    }
    for (const read of readsOf(value)) {
      if (available.has(read)) continue;
      names.add(read); // iteration over a set includes elements added meanwhile
      edges.push({ from: nodeOf(read) + 1, to: node, capacity: Infinity });
    }
  }
  const side = sinkSide(2 + 2 * numbers.size, edges, source, sink);
  const all = [...numbers];
  return {
    saved: all.flatMap(([name, node]) => (side.has(node + 1) && !side.has(node) ? [name] : [])),
    recomputed: all.flatMap(([name, node]) => (side.has(node) ? [name] : [])),
  };
}

const bytesOf: Readonly<Record<RegionType, number>> = { f64: 8, f32: 4, i32: 4, bool: 1 };

/**
 * True if a value is cheap to compute from its operands, and all of them can be read: locals are available or have
 * definitions, arrays are available and unchanged.
 */
function canRecompute(definition: NeedDefinition, facts: NeedFacts, functions: ScalarFunctions): boolean {
  const { value } = definition.stmt;
  if (value.kind === "apply" && functions.get(value.function)!.isCostly(value.args)) return false;
  let isStable = true;
  walkExpr(value, (x) => {
    if (x.kind === "local" && !facts.available.has(x.name) && !facts.definitions.has(x.name))
      isStable = false;
    if (x.kind === "load" && !isUnchanged(x, definition, facts)) isStable = false;
  });
  return isStable;
}

/**
 * True if a definition that reads an array element can read it again in the backward pass: the array still exists
 * there, and the element has not been overwritten.
 */
function isUnchanged(
  { array, places }: RegionLoad,
  { order, loops }: NeedDefinition,
  { available, writes, fixed, definitions, canReread }: NeedFacts,
): boolean {
  if (!available.has(array)) return false;
  const names = {
    valueOf: (name: string) => definitions.get(name)?.stmt.value,
    isFixed: (name: string) => fixed.has(name),
  };
  return (writes.get(array) ?? []).every((write) => {
    if (write.order < order && !write.loops.some((loop) => loops.includes(loop))) return true;
    const at = write.places;
    return (
      canReread &&
      at !== undefined &&
      isNeverOverwritten({ places, loops, order }, { ...write, places: at }, names)
    );
  });
}

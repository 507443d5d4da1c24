// Fusion of the forward and the backward pass of a loop: each iteration runs forward and at once backward, so nothing is saved. It requires
// that no iteration's backward pass depends on that of another iteration, and that all statements after the loop can run backward before
// the loop begins.
import { isZero } from "../form/build.ts";
import { mayEndTheCall } from "../flat/dead-code.ts";
import type { Linearity } from "./linearity.ts";
import type { Needs } from "./needs.ts";
import type { IterationCounter } from "./prepare.ts";
import { accumulatedTerms, isElement } from "./sums.ts";
import { isScratch } from "./scratch.ts";
import type { RegionBlock, RegionExpr, RegionLoop, RegionStmt } from "../form/region.ts";
import { blocksOf, expressionsOf, walkExpr, walkStmts } from "../form/walk.ts";
import { declaredBy, hasTarget, mutableNames, readsName, readsOf, targetOf } from "../form/names.ts";

/**
 * Loops of a block that are fused, and the resulting order of the block's statements. Each iteration of a fused loop
 * runs forward and then immediately backward.
 */
export interface Fusion {
  readonly fused: ReadonlySet<RegionStmt>;
  /** Position of the first fused loop in the block. */
  readonly first: number;
  /** Statements after the first fused loop that run forward before it. */
  readonly early: ReadonlySet<RegionStmt>;
}

export interface FusionFacts {
  readonly block: RegionBlock;
  readonly linearity: Linearity;
  /** Values that the backward pass would need if no loop were fused. */
  readonly needs: Needs;
  /** Counters of the loops whose backward pass needs the number of iterations that ran. */
  readonly counters: ReadonlyMap<RegionStmt, IterationCounter>;
  /** Names from outside of the block whose value does not change in the block. */
  readonly entry: ReadonlySet<string>;
  /** Linear names that the results of the region read. Empty except for the outermost block. */
  readonly results: ReadonlySet<string>;
}

/**
 * Chooses the loops of a block to fuse, from the last to the first. All statements after a fused loop must run backward
 * before the loop begins. Their backward pass must therefore need no value that the loop computes, nor any value of a
 * later statement that cannot run before the loop.
 */
export function chooseFusion(facts: FusionFacts): Fusion {
  const { block, linearity } = facts;
  if (!block.some(({ kind }) => kind === "for" || kind === "while")) return noFusion(block);
  const touches = block.map((stmt) => touchesOf(stmt, linearity));
  const shared = sharedNames(block, touches);
  const order = orderOf(facts);
  const fused = new Set<RegionStmt>();
  const ofFused = new Map<string, LinearTouch>();
  let isFree = true;
  let found = noFusion(block);
  for (let at = block.length - 1; at >= 0; at--) {
    const stmt = block[at]!;
    // a statement before a fused loop runs backward before it: if the two do not commute, no earlier loop can be fused
    isFree &&= commute(touches[at]!, ofFused);
    if (!isFree) break;
    if (stmt.kind !== "for" && stmt.kind !== "while") continue;
    if (!hasTarget(stmt, linearity.useful) || !isIsolated(stmt, touches[at]!, shared, facts)) continue;
    fused.add(stmt);
    const early = findEarlyStatements(at, fused, facts, order);
    if (early === undefined) {
      fused.delete(stmt);
      continue;
    }
    for (const [name, how] of touches[at]!) addTouch(ofFused, name, how);
    found = { fused, first: at, early };
  }
  return found;
}

/** Linear names that several statements of a block use, and all names that the block declares. */
interface SharedNames {
  readonly several: ReadonlySet<string>;
  readonly declared: ReadonlySet<string>;
}

function sharedNames(block: RegionBlock, touches: readonly LinearTouches[]): SharedNames {
  const [once, several] = [new Set<string>(), new Set<string>()];
  for (const one of touches) for (const name of one.keys()) (once.has(name) ? several : once).add(name);
  return { several, declared: new Set(block.flatMap((stmt) => declaredBy(stmt) ?? [])) };
}

/** Records how a statement uses a name. Two different uses of one name count as "other". */
function addTouch(touches: Map<string, LinearTouch>, name: string, how: LinearTouch): void {
  const before = touches.get(name);
  touches.set(name, before === undefined || before === how ? how : "other");
}

export function noFusion(block: RegionBlock): Fusion {
  return { fused: new Set(), first: block.length, early: new Set() };
}

/** Use of an outer linear name by a statement: it only reads the name, only adds to it, or uses it in another way. */
type LinearTouch = "read" | "added" | "other";
type LinearTouches = ReadonlyMap<string, LinearTouch>;

function touchesOf(stmt: RegionStmt, { useful }: Linearity): LinearTouches {
  const touches = new Map<string, LinearTouch>();
  const touch = (name: string, how: LinearTouch): void => {
    if (useful.has(name)) addTouch(touches, name, how);
  };
  const read = (expr: RegionExpr): void => readsOf(expr).forEach((name) => touch(name, "read"));
  const give = (name: string, value: RegionExpr, isTarget: (leaf: RegionExpr) => boolean): void => {
    const terms = accumulatedTerms(value, isTarget);
    const isAdded = terms !== undefined && !terms.some(({ expr }) => readsName(expr, name));
    touch(name, isAdded ? "added" : "other");
    if (isAdded) terms.forEach(({ expr }) => read(expr));
    else read(value);
  };
  const declared = new Set<string>();
  walkStmts([stmt], (inner) => {
    const name = inner === stmt ? undefined : declaredBy(inner);
    if (name !== undefined) declared.add(name);
    const target = targetOf(inner);
    if (target === undefined || !useful.has(target)) return;
    switch (inner.kind) {
      case "let":
        if (!isZero(inner.value)) touch(target, "other"); // a zero has no backward pass
        read(inner.value);
        return;
      case "set":
        give(target, inner.value, (leaf) => leaf.kind === "local" && leaf.name === target);
        return;
      case "store":
        give(target, inner.value, (leaf) => isElement(leaf, target, inner.places));
        return;
      case "swap":
        touch(inner.x, "other");
        touch(inner.y, "other");
        return;
      case "array":
      case "for":
      case "while":
      case "if":
      case "throw":
        return;
    }
  });
  for (const name of declared) touches.delete(name);
  return touches;
}

/** True if the backward passes of two statements may run in either order. */
function commute(a: LinearTouches, b: LinearTouches): boolean {
  for (const [name, how] of a) {
    const other = b.get(name);
    if (other !== undefined && (how === "other" || other !== how)) return false;
  }
  return true;
}

/**
 * True if the iterations of a loop share only linear names that they all read or all add to. The backward pass of an
 * iteration may then follow its forward pass immediately.
 */
function isIsolated(
  loop: RegionLoop,
  touches: LinearTouches,
  shared: SharedNames,
  facts: FusionFacts,
): boolean {
  for (const [name, how] of touches) {
    if (how !== "other") continue;
    const isAlone = !facts.results.has(name) && !shared.several.has(name);
    if (isAlone && shared.declared.has(name) && (isSetFirst(loop.body, name) || isScratch(loop.body, name)))
      continue;
    if (loop.kind === "for" && isPartitioned(loop.body, name, loop.index)) continue;
    return false;
  }
  return true;
}

/** True if the backward passes of a loop's iterations may run in any order. */
export function isOrderFree(loop: RegionLoop, linearity: Linearity): boolean {
  for (const [name, how] of touchesOf(loop, linearity))
    if (how === "other" && !(loop.kind === "for" && isPartitioned(loop.body, name, loop.index))) return false;
  return true;
}

/** True if a block sets a local before any other use of it. */
function isSetFirst(block: RegionBlock, name: string): boolean {
  for (const stmt of block) {
    if (stmt.kind === "set" && stmt.name === name) return !readsName(stmt.value, name);
    let isTouched = false;
    walkStmts([stmt], (inner) => {
      if (targetOf(inner) === name || (inner.kind === "swap" && inner.y === name)) isTouched = true;
      if (expressionsOf(inner).some((expr) => readsName(expr, name))) isTouched = true;
    });
    if (isTouched) return false;
  }
  return false;
}

/**
 * True if each iteration accesses its own part of an array: along some axis, every access has the loop index as its
 * index.
 */
function isPartitioned(block: RegionBlock, array: string, index: string): boolean {
  let axes: Set<number> | undefined;
  const keep = (places: readonly RegionExpr[]): void => {
    const found = new Set(
      places.flatMap((place, axis) => (place.kind === "local" && place.name === index ? [axis] : [])),
    );
    axes = axes === undefined ? found : new Set([...axes].filter((axis) => found.has(axis)));
  };
  let isSwapped = false;
  walkStmts(block, (stmt) => {
    if (stmt.kind === "swap" && (stmt.x === array || stmt.y === array)) isSwapped = true;
    if (stmt.kind === "set" && stmt.name === array) isSwapped = true; // a scalar has no parts
    if (stmt.kind === "store" && stmt.array === array) keep(stmt.places);
    for (const expr of expressionsOf(stmt))
      walkExpr(expr, (x) => {
        if (x.kind === "load" && x.array === array) keep(x.places);
      });
  });
  return !isSwapped && axes !== undefined && axes.size > 0;
}

/** Facts about the statements of a block, by their index in the block. */
interface StatementOrder {
  /** Names that the statement at a position of the block reads and writes in the forward pass. */
  readonly usesAt: (index: number) => ForwardUses;
  /** For each name that never changes, the index of the statement that declares it; −1 for names from outside. */
  readonly declaredAt: ReadonlyMap<string, number>;
}

function orderOf({ block, linearity, entry }: FusionFacts): StatementOrder {
  const uses: ForwardUses[] = [];
  const mutable = mutableNames(block);
  const declaredAt = new Map<string, number>();
  block.forEach((stmt, k) => {
    if ((stmt.kind === "let" || stmt.kind === "array") && !mutable.has(stmt.name))
      declaredAt.set(stmt.name, k);
  });
  for (const name of entry) declaredAt.set(name, -1);
  return { declaredAt, usesAt: (index) => (uses[index] ??= usesOf(block[index]!, linearity.linear)) };
}

function meets(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const name of a) if (b.has(name)) return true;
  return false;
}

/** Names, except linear ones, that a statement and its nested statements read and write. */
interface ForwardUses {
  readonly read: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
  readonly mayEndTheCall: boolean;
}

function usesOf(stmt: RegionStmt, linear: ReadonlySet<string>): ForwardUses {
  const [read, written] = [new Set<string>(), new Set<string>()];
  let mayEnd = false;
  walkStmts([stmt], (inner) => {
    for (const name of expressionsOf(inner).flatMap(readsOf)) if (!linear.has(name)) read.add(name);
    const target = targetOf(inner);
    if (target !== undefined && linear.has(target)) return; // runs in the backward pass only
    for (const name of [target, declaredBy(inner)]) if (name !== undefined) written.add(name);
    if (inner.kind === "swap") written.add(inner.y);
    mayEnd ||= mayEndTheCall(inner);
  });
  return { read, written, mayEndTheCall: mayEnd };
}

/**
 * Returns the statements after a loop that run forward before it: all that are independent of the loop and cannot end
 * the call. Returns `undefined` if the backward pass of a later statement outside of the `fused` loops cannot run
 * before the loop begins.
 */
function findEarlyStatements(
  at: number,
  fused: ReadonlySet<RegionStmt>,
  { block, linearity, needs, counters }: FusionFacts,
  { usesAt, declaredAt }: StatementOrder,
): ReadonlySet<RegionStmt> | undefined {
  const { linear, useful } = linearity;
  const early = new Set<RegionStmt>();
  const [read, written] = [new Set<string>(), new Set<string>()]; // by statements that stay after the loop
  const behind: RegionStmt[] = [];
  const available = new Set<string>(); // in addition to names declared before the loop
  for (let k = at; k < block.length; k++) {
    const stmt = block[k]!;
    const uses = usesAt(k);
    const mayMove =
      !uses.mayEndTheCall &&
      !meets(uses.read, written) &&
      !meets(uses.written, written) &&
      !meets(uses.written, read);
    if (!fused.has(stmt)) behind.push(stmt);
    if (!fused.has(stmt) && mayMove) {
      early.add(stmt);
      const name = declaredBy(stmt);
      if (name !== undefined && declaredAt.has(name)) available.add(name);
    } else {
      uses.read.forEach((name) => read.add(name));
      uses.written.forEach((name) => written.add(name));
    }
  }
  const isThereBefore = (name: string): boolean =>
    (declaredAt.get(name) ?? Infinity) < at || available.has(name);
  const isAvailable = (expr: RegionExpr): boolean => {
    let isThere = true;
    walkExpr(expr, (x) => {
      if (x.kind === "local" && !linear.has(x.name) && !isThereBefore(x.name)) isThere = false;
      if (x.kind === "load" && !linear.has(x.array) && (!isThereBefore(x.array) || written.has(x.array)))
        isThere = false;
    });
    return isThere;
  };
  /** True if the backward pass of a statement needs only names that exist before the loop. */
  const canGoBack = (stmt: RegionStmt): boolean => {
    if (!hasTarget(stmt, useful) || early.has(stmt)) return true;
    if (counters.has(stmt)) return false;
    if (stmt.kind === "for") available.add(stmt.index);
    if (!expressionsOf(stmt).every(isAvailable)) return false;
    return blocksOf(stmt).every((inner) => {
      for (const need of needs.of.get(inner) ?? []) {
        if (need.kind === "saved" || !isAvailable(need.value.value)) return false;
        available.add(need.value.name);
      }
      return inner.every(canGoBack);
    });
  };
  return behind.every(canGoBack) ? early : undefined;
}

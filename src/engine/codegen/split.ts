import type { Expr, ScalarType, Stmt } from "../kernel/scalar.ts";
import { usesOf } from "../kernel/uses.ts";
import { weightOf } from "./cost.ts";

/** Local that is passed between pieces of a block. */
export interface SharedLocal {
  readonly name: string;
  readonly type: ScalarType;
  /**
   * True if the piece assigns the local after its declaration. In a `BlockSplit`, true if the last piece that uses it
   * does.
   */
  readonly isSet: boolean;
}

/** Run of statements of a block that becomes its own function. */
export interface BlockPiece {
  readonly statements: readonly Stmt[];
  /** Locals of enclosing code or earlier pieces that the piece uses. */
  readonly incoming: readonly SharedLocal[];
  /** Locals that the piece sets or declares and that later code may use. */
  readonly outgoing: readonly SharedLocal[];
  /** Names of the buffers that the piece accesses. */
  readonly buffers: readonly string[];
}

/** Block divided into pieces, and the locals it shares with enclosing code. */
export interface BlockSplit {
  readonly pieces: readonly BlockPiece[];
  /** Locals of enclosing code that some piece uses. */
  readonly incoming: readonly SharedLocal[];
  /** Locals of enclosing code that some piece sets, and locals of the block that `results` use. */
  readonly outgoing: readonly SharedLocal[];
}

/**
 * Divides a block into pieces of at most `limit` weight each (a single statement may weigh more). Returns `undefined`
 * if the block is small enough or cannot be divided. Engines optimise functions only up to a certain size, and
 * WebAssembly limits the locals of a function. `results` are expressions that are evaluated after the block in its
 * scope. `weigh` returns the weight of the code that is written for a statement.
 */
export function splitBlock(
  block: readonly Stmt[],
  results: readonly Expr[],
  limit: number,
  weigh: (stmt: Stmt) => number = weightOf,
): BlockSplit | undefined {
  const runs: Stmt[][] = [];
  let room = 0;
  for (const stmt of block) {
    const weight = weigh(stmt);
    if (runs.length === 0 || weight > room) {
      runs.push([]);
      room = limit;
    }
    runs.at(-1)!.push(stmt);
    room -= weight;
  }
  if (runs.length < 2) return undefined;

  const uses = runs.map((run) => usesOf(run));
  const inResults = usesOf([], results);
  const lastUse = new Map<string, number>(); // last run that reads each local
  uses.forEach((use, k) => use.touched.forEach((_, name) => lastUse.set(name, k)));
  for (const name of inResults.touched.keys()) lastUse.set(name, runs.length);

  const declaredHere = new Set<string>();
  for (const use of uses) for (const name of use.declared) declaredHere.add(name);

  const pieces = runs.map((statements, k): BlockPiece => {
    const use = uses[k]!;
    const incoming: SharedLocal[] = [];
    const outgoing: SharedLocal[] = [];
    for (const [name, type] of use.touched) {
      const isOwn = use.declared.has(name);
      const isSet = use.set.has(name);
      if (!isOwn) incoming.push({ name, type, isSet });
      const outlives = declaredHere.has(name) ? lastUse.get(name)! > k : true;
      if (outlives && (isOwn || isSet)) outgoing.push({ name, type, isSet });
    }
    return { statements, incoming, outgoing, buffers: [...use.buffers] };
  });

  const incoming = new Map<string, SharedLocal>();
  const outgoing = new Map<string, SharedLocal>();
  for (const piece of pieces) {
    for (const local of piece.incoming) if (!declaredHere.has(local.name)) incoming.set(local.name, local);
    for (const local of piece.outgoing) {
      if (!declaredHere.has(local.name) || inResults.touched.has(local.name)) outgoing.set(local.name, local);
    }
  }
  return { pieces, incoming: [...incoming.values()], outgoing: [...outgoing.values()] };
}

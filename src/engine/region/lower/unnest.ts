// Limits nesting. The statements after a check are in its branch, so 1,000 checks in a row would be nested 1,000 deep, and later stages are
// recursive.
import * as k from "../../kernel/build.ts";
import type { ScalarType, Stmt } from "../../kernel/scalar.ts";
import { blocksIn, walkBlock } from "../../kernel/walk.ts";
import { append } from "../../util/append.ts";
import type { RegionScope } from "./scope.ts";

/** Nesting depth above which a chain of branches is split, and depth of each piece. */
const mostLevels = 200;
const levelsOfPiece = 100;

/**
 * Splits deeply nested branches into pieces, in place. The inner part of a nest moves to a branch after the nest. The
 * condition of this branch is a local that the nest sets at the position from which the part was removed.
 */
export function cutDeepNests(scope: Pick<RegionScope, "host" | "changing">, root: Stmt[]): void {
  const blocks = blocksInOrder(root);
  if (blocks === undefined) return;
  const heights = heightsOf(blocks);
  const waiting = [root];
  for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
    const spine = spineOf(block, heights);
    const inSpine = new Set(spine);
    for (const one of spine)
      for (const stmt of one)
        for (const inner of blocksIn(stmt) as readonly Stmt[][]) if (!inSpine.has(inner)) waiting.push(inner);
    if (spine.length > mostLevels) cut(scope, spine);
  }
}

/** All blocks, outer ones first; `undefined` if none is nested too deeply. */
function blocksInOrder(root: Stmt[]): readonly Stmt[][] | undefined {
  const blocks: Stmt[][] = [];
  let deepest = 0;
  let waiting = [root];
  for (; waiting.length > 0; deepest++) {
    append(blocks, waiting);
    waiting = waiting.flatMap((block) => block.flatMap((stmt) => blocksIn(stmt) as readonly Stmt[][]));
  }
  return deepest > mostLevels ? blocks : undefined;
}

/**
 * For each block, the length of the longest chain of branches, each of which is the last statement of the branch around
 * it. Removes branches at the end of a block that do nothing.
 */
function heightsOf(blocks: readonly Stmt[][]): ReadonlyMap<readonly Stmt[], number> {
  const heights = new Map<readonly Stmt[], number>();
  for (const block of blocks.toReversed()) {
    while (isEmpty(block.at(-1))) block.pop();
    const last = block.at(-1);
    const inner = last?.kind === "if" ? [last.then, last.otherwise] : [];
    heights.set(block, inner.length === 0 ? 0 : 1 + Math.max(...inner.map((one) => heights.get(one)!)));
  }
  return heights;
}

function isEmpty(stmt: Stmt | undefined): boolean {
  return stmt?.kind === "if" && stmt.then.length === 0 && stmt.otherwise.length === 0;
}

/**
 * The longest chain of nested blocks that begins with `block`, each in a branch that is the last statement of the
 * previous block.
 */
function spineOf(block: Stmt[], heights: ReadonlyMap<readonly Stmt[], number>): Stmt[][] {
  const spine = [block];
  for (let last = block.at(-1); last?.kind === "if"; last = spine.at(-1)!.at(-1)) {
    const { then, otherwise } = last;
    spine.push((heights.get(then)! >= heights.get(otherwise)! ? then : otherwise) as Stmt[]);
  }
  return spine;
}

function cut({ host, changing }: Pick<RegionScope, "host" | "changing">, spine: readonly Stmt[][]): void {
  const [base] = spine as [Stmt[]];
  const flags: Stmt[] = [];
  const rests: Stmt[] = [];
  const pieces: Stmt[][][] = [spine.slice(0, levelsOfPiece)];
  for (let level = levelsOfPiece; level < spine.length; level += levelsOfPiece) {
    const reached = host.fresh("goesOn");
    changing.add(reached);
    flags.push({ kind: "let", name: reached, value: k.bool(false) });
    const moved = spine[level]!.splice(0, Infinity, { kind: "set", name: reached, value: k.bool(true) });
    rests.push({ kind: "if", condition: k.local("bool", reached), then: moved, otherwise: [] });
    pieces.push([moved, ...spine.slice(level + 1, level + levelsOfPiece)]);
  }
  const carried = new Map<string, ScalarType>(); // locals of pieces that later pieces use
  const later = new Set<string>();
  for (const piece of pieces.toReversed()) {
    for (const block of piece) if (block !== base) carry(block, later, carried, host.fresh);
    noteNames(piece[0]!, later);
  }
  for (const [name, type] of carried) {
    changing.add(name);
    flags.push({ kind: "let", name, value: k.constant(type, 0) });
  }
  const nest = base.pop()!;
  append(base, [...flags, nest, ...rests]);
}

/**
 * Replaces the declarations of locals that later pieces use by assignments, and collects the types of these locals in
 * `carried`.
 */
function carry(
  block: Stmt[],
  later: ReadonlySet<string>,
  carried: Map<string, ScalarType>,
  fresh: (hint: string) => string,
): void {
  for (const [i, stmt] of [...block.entries()].toReversed()) {
    if ((stmt.kind !== "let" && stmt.kind !== "reduce") || !later.has(stmt.name)) continue;
    const { name, value } = stmt;
    carried.set(name, value.type);
    if (stmt.kind === "let") block[i] = { kind: "set", name, value };
    else {
      const own = fresh(name);
      block.splice(i, 1, { ...stmt, name: own }, { kind: "set", name, value: k.local(value.type, own) });
    }
  }
}

/** Adds to `names` the locals that a piece reads or sets. */
function noteNames(block: readonly Stmt[], names: Set<string>): void {
  walkBlock(block, {
    stmt: (stmt) => void (stmt.kind === "set" && names.add(stmt.name)),
    expr: (x) => void (x.kind === "local" && names.add(x.name)),
  });
}

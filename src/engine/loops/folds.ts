import { canVectorise } from "../codegen/vectorise.ts";
import * as k from "../kernel/build.ts";
import type { Expr, ForStmt, Reduce, ScalarType, Stmt } from "../kernel/scalar.ts";
import { neutral } from "../kernel/neutral.ts";
import { bindingsOf } from "../kernel/uses.ts";
import { blocksIn, walkBlock, walkExpr } from "../kernel/walk.ts";
import { mapBlocks, sameBlocks } from "./rewrite.ts";

/**
 * Maximum number of statements of a fold body that cannot be vectorised. The code of such a body is repeated for each
 * lane.
 */
const shortBody = 6;

/**
 * Rewrites a loop that only accumulates one outer local as a `reduce`. The local `name` may only be set to itself plus
 * a term, and read for nothing else. Returns `undefined` otherwise, or if a fold is not worth it.
 */
export function foldOf(loop: ForStmt, name: string, fresh: (hint: string) => string): Reduce | undefined {
  const plain = throughTemporaries(loop.body, name);
  const type = typeOfSet(plain, name);
  if (type === undefined || (type !== "f64" && type !== "f32" && type !== "i32")) return undefined;
  const term = k.local(type, fresh(`${name}.term`));
  const declared = termIn(plain, name, term);
  const last = declared?.at(-1);
  // a term that is computed last needs no name
  const isLast = last?.kind === "let" && last.name === nameOf(term);
  const value = isLast ? last.value : term;
  const body = isLast ? declared?.slice(0, -1) : declared;
  if (body === undefined || reads(body, name) || mentions(value, name)) return undefined;
  const fold: Reduce = {
    kind: "reduce",
    name: fresh(`${name}.sum`),
    op: "add",
    start: neutral("add", type),
    index: loop.index,
    from: loop.from,
    to: loop.to,
    body,
    value,
  };
  const iteration = { index: loop.index, body, results: [value], copies: 1 };
  const isWide = (): boolean => canVectorise(iteration, { isNarrow: false, leavesRareOut: false }) === true;
  return body.length <= shortBody || isWide() ? fold : undefined;
}

/**
 * Rewrites the body of a loop so that it computes in `term` the value that it adds to the local `name`. `undefined` if
 * the body uses this local in any other way.
 */
function termIn(block: readonly Stmt[], name: string, term: Expr): readonly Stmt[] | undefined {
  const terms = new AddedTerms(name);
  const setting = block.filter((stmt) => sets(stmt, name));
  const [only] = setting;
  if (setting.length === 1 && only?.kind === "set") {
    const value = terms.termOf(only.value);
    return value && block.map((stmt) => (stmt === only ? { kind: "let", name: nameOf(term), value } : stmt));
  }
  const body = terms.replaced(block, term);
  return body && [{ kind: "let", name: nameOf(term), value: k.constant(term.type, 0) }, ...body];
}

function nameOf(local: Expr): string {
  return (local as Expr & { readonly kind: "local" }).name;
}

function mentions(expr: Expr, name: string): boolean {
  let found = false;
  walkExpr(expr, (x) => {
    if (x.kind === "local" && x.name === name) found = true;
  });
  return found;
}

/** True if a block reads or sets a local. */
function reads(block: readonly Stmt[], name: string): boolean {
  if (bindingsOf(block).set.has(name)) return true;
  let found = false;
  walkBlock(block, { expr: (x) => void (found ||= x.kind === "local" && x.name === name) });
  return found;
}

/** Substitutes into each `set` of the local the definitions of locals that only this `set` reads. */
function throughTemporaries(block: readonly Stmt[], name: string): readonly Stmt[] {
  const uses = new Map<string, number>();
  const set = new Set<string>();
  walkBlock(block, {
    expr: (x) => void (x.kind === "local" && uses.set(x.name, (uses.get(x.name) ?? 0) + 1)),
    stmt: (stmt) => void (stmt.kind === "set" && set.add(stmt.name)),
  });
  const inBlock = (stmts: readonly Stmt[]): readonly Stmt[] => {
    const waiting = new Map<string, Expr>();
    const out: Stmt[] = [];
    const resolved = (x: Expr): Expr => {
      if (x.kind === "local" && waiting.has(x.name)) {
        const value = waiting.get(x.name)!;
        waiting.delete(x.name);
        return resolved(value);
      }
      if (x.kind !== "binary" || (x.op !== "add" && x.op !== "sub")) return x;
      return { ...x, x: resolved(x.x), y: resolved(x.y) };
    };
    const flush = (): void => {
      for (const [local, value] of waiting) out.push({ kind: "let", name: local, value });
      waiting.clear();
    };
    for (const stmt of stmts) {
      const isTemporary =
        stmt.kind === "let" &&
        uses.get(stmt.name) === 1 &&
        !set.has(stmt.name) &&
        (mentions(stmt.value, name) || [...waiting.keys()].some((local) => mentions(stmt.value, local)));
      if (isTemporary) {
        waiting.set(stmt.name, stmt.value);
        continue;
      }
      if (stmt.kind === "set" && stmt.name === name) {
        const value = resolved(stmt.value);
        flush();
        out.push({ ...stmt, value });
        continue;
      }
      if (waiting.size > 0 && (readsAny(stmt, waiting) || sets(stmt, name))) flush();
      out.push(mapBlocks(stmt, inBlock));
    }
    flush();
    return sameBlocks(out, stmts) ? stmts : out;
  };
  return inBlock(block);
}

/** True if a statement, including inner statements, reads one of these locals. */
function readsAny(stmt: Stmt, locals: ReadonlyMap<string, Expr>): boolean {
  let found = false;
  walkBlock([stmt], { expr: (x) => void (found ||= x.kind === "local" && locals.has(x.name)) });
  return found;
}

/** True if a statement, including inner statements, sets a local. */
function sets(stmt: Stmt, name: string): boolean {
  return stmt.kind === "set"
    ? stmt.name === name
    : blocksIn(stmt).some((block) => bindingsOf(block).set.has(name));
}

/**
 * Rewrites a block so that it adds to the local `other` what it adds to the local `name`. `undefined` if the block uses
 * `name` in any other way.
 */
export function addingTo(block: readonly Stmt[], name: string, other: Expr): readonly Stmt[] | undefined {
  const replaced = new AddedTerms(name).replaced(throughTemporaries(block, name), other);
  return replaced === undefined || reads(replaced, name) ? undefined : replaced;
}

/** Type of a local that a block sets; `undefined` if it does not set it. */
export function typeOfSet(block: readonly Stmt[], name: string): ScalarType | undefined {
  for (const stmt of block) {
    if (stmt.kind === "set" && stmt.name === name) return stmt.value.type;
    for (const inner of blocksIn(stmt)) {
      const type = bindingsOf(inner).set.has(name) ? typeOfSet(inner, name) : undefined;
      if (type !== undefined) return type;
    }
  }
  return undefined;
}

/** Finds and replaces the terms that a block adds to a local. */
class AddedTerms {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** Returns the term that is added in `name + term`, `term + name` or `name − term`; `undefined` for other values. */
  termOf(value: Expr): Expr | undefined {
    const isSelf = (x: Expr): boolean => x.kind === "local" && x.name === this.#name;
    if (value.kind !== "binary") return undefined;
    const { op, x, y } = value;
    if (op === "add" && isSelf(x)) return y;
    if (op === "add" && isSelf(y)) return x;
    if (op === "sub" && isSelf(x)) return k.neg(y);
    // (name + a) + b is name + (a + b)
    if (op === "add" || op === "sub") {
      const inner = this.termOf(x);
      if (inner !== undefined && !mentions(y, this.#name)) return k.binary(op, inner, y);
    }
    return undefined;
  }

  /**
   * Rewrites a block so that it adds to `term` what it adds to the local. `undefined` if the block uses the local in
   * any other way.
   */
  replaced(block: readonly Stmt[], term: Expr): readonly Stmt[] | undefined {
    let isSum = true;
    const visit = (stmts: readonly Stmt[]): readonly Stmt[] =>
      stmts.map((stmt) => {
        if (stmt.kind === "set" && stmt.name === this.#name) {
          const added = this.termOf(stmt.value);
          if (added === undefined) isSum = false;
          return added === undefined ? stmt : { kind: "set", name: nameOf(term), value: k.add(term, added) };
        }
        if (stmt.kind === "for" || stmt.kind === "while" || stmt.kind === "if") return mapBlocks(stmt, visit);
        return stmt;
      });
    const hasSets = bindingsOf(block).set.has(this.#name);
    const body = hasSets ? visit(block) : block;
    return isSum ? body : undefined;
  }
}

import { canVectorise } from "../codegen/vectorise.ts";
import * as k from "../kernel/build.ts";
import type { Expr, ForStmt, Reduce, ScalarType, Stmt } from "../kernel/scalar.ts";
import { neutral } from "../kernel/neutral.ts";
import { bindingsOf } from "../kernel/uses.ts";
import { blocksIn, walkBlock, walkExpr } from "../kernel/walk.ts";
import { mapBlocks, sameBlocks } from "./rewrite.ts";

/** Statements of a body that is worth folding where it cannot be written for several lanes: it is written out a lane. */
const shortBody = 6;

/**
 * The fold that a loop is whose only local from outside is a sum: `name` is set to nothing but itself and a term, and read for
 * nothing else. `undefined` where it is not so, or not worth it.
 */
export function foldOf(loop: ForStmt, name: string, fresh: (hint: string) => string): Reduce | undefined {
  const plain = throughTemporaries(loop.body, name);
  const type = typeOfSet(plain, name);
  if (type === undefined || (type !== "f64" && type !== "f32" && type !== "i32")) return undefined;
  const term = k.local(type, fresh(`${name}.term`));
  const declared = termIn(plain, name, term);
  const last = declared?.at(-1);
  // a term that is the last to be computed needs no name
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

/** A body that computes in `term` what it added to a local: `undefined` where it does something else with it than to add. */
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

/** Whether a block reads or sets a local. */
function reads(block: readonly Stmt[], name: string): boolean {
  if (bindingsOf(block).set.has(name)) return true;
  let found = false;
  walkBlock(block, { expr: (x) => void (found ||= x.kind === "local" && x.name === name) });
  return found;
}

/** A block in which what a `set` of the local is made of stands in it, and not in locals that only it reads. */
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

/** Whether a statement, or one in it, reads one of these locals, none of which is set. */
function readsAny(stmt: Stmt, locals: ReadonlyMap<string, Expr>): boolean {
  let found = false;
  walkBlock([stmt], { expr: (x) => void (found ||= x.kind === "local" && locals.has(x.name)) });
  return found;
}

/** Whether a statement, or one in it, sets a local. */
function sets(stmt: Stmt, name: string): boolean {
  return stmt.kind === "set"
    ? stmt.name === name
    : blocksIn(stmt).some((block) => bindingsOf(block).set.has(name));
}

/**
 * A block that does with another local what it does with one that it only adds to: `undefined` where it reads that, or does
 * something else with it.
 */
export function addingTo(block: readonly Stmt[], name: string, other: Expr): readonly Stmt[] | undefined {
  const replaced = new AddedTerms(name).replaced(throughTemporaries(block, name), other);
  return replaced === undefined || reads(replaced, name) ? undefined : replaced;
}

/** The type of a local that a block sets; `undefined` where it does not. */
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

/** What is added to a local. */
class AddedTerms {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** The term of `name + term`, `term + name` or `name − term`. */
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

  /** A block that adds to `term` what it adds to the local; `undefined` where it does something else with it. */
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

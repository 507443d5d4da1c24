import { copyExpr } from "../kernel/copy.ts";
import type { Expr, BufferPointer, Stmt } from "../kernel/scalar.ts";
import { append } from "../util/append.ts";

/**
 * Applies `f` to the blocks of a statement. Returns the same object if nothing changes, so that caches keyed by
 * statement (`usesOf`, `weightOf`) survive passes that have nothing to do.
 */
export function mapBlocks(stmt: Stmt, f: (block: readonly Stmt[]) => readonly Stmt[]): Stmt {
  switch (stmt.kind) {
    case "for":
    case "while":
    case "reduce": {
      const body = f(stmt.body);
      return sameBlocks(body, stmt.body) ? stmt : { ...stmt, body };
    }
    case "if": {
      const [then, otherwise] = [f(stmt.then), f(stmt.otherwise)];
      const isSame = sameBlocks(then, stmt.then) && sameBlocks(otherwise, stmt.otherwise);
      return isSame ? stmt : { ...stmt, then, otherwise };
    }
    case "let":
    case "set":
    case "store":
    case "contract":
    case "comment":
      return stmt;
  }
}

/**
 * Applies `f` to the statements of a block, each of which may become several or none. Returns the same block if nothing
 * changes.
 */
export function mapStmts(block: readonly Stmt[], f: (stmt: Stmt) => Stmt | readonly Stmt[]): readonly Stmt[] {
  const out: Stmt[] = [];
  let isSame = true;
  block.forEach((stmt) => {
    const mapped = f(stmt);
    if ("kind" in mapped) {
      isSame &&= mapped === stmt;
      out.push(mapped);
    } else {
      isSame &&= mapped.length === 1 && mapped[0] === stmt;
      append(out, mapped);
    }
  });
  return isSame ? block : out;
}

/** Returns a branch with other blocks, or the same object if they are unchanged. */
export function withBranches(
  stmt: Stmt & { readonly kind: "if" },
  then: readonly Stmt[],
  otherwise: readonly Stmt[],
): Stmt {
  return then === stmt.then && otherwise === stmt.otherwise ? stmt : { ...stmt, then, otherwise };
}

/** True if two blocks consist of the same statement objects. */
export function sameBlocks(a: readonly Stmt[], b: readonly Stmt[]): boolean {
  return a.length === b.length && a.every((stmt, i) => stmt === b[i]);
}

/**
 * Applies `f` to the expressions of a statement, not to inner statements. Returns the same object if nothing changes.
 */
export function mapExpressions(stmt: Stmt, f: (expr: Expr) => Expr): Stmt {
  switch (stmt.kind) {
    case "let":
    case "set": {
      const value = f(stmt.value);
      return value === stmt.value ? stmt : { ...stmt, value };
    }
    case "store": {
      const [index, value] = [f(stmt.index), f(stmt.value)];
      return index === stmt.index && value === stmt.value ? stmt : { ...stmt, index, value };
    }
    case "for": {
      const [from, to] = [f(stmt.from), f(stmt.to)];
      return from === stmt.from && to === stmt.to ? stmt : { ...stmt, from, to };
    }
    case "reduce": {
      const [from, to, value] = [f(stmt.from), f(stmt.to), f(stmt.value)];
      const isSame = from === stmt.from && to === stmt.to && value === stmt.value;
      return isSame ? stmt : { ...stmt, from, to, value };
    }
    case "while":
    case "if": {
      const condition = f(stmt.condition);
      return condition === stmt.condition ? stmt : { ...stmt, condition };
    }
    case "contract":
    case "comment":
      return stmt;
  }
}

/** Renames some buffers in a block. */
export function withBuffers(block: readonly Stmt[], names: ReadonlyMap<string, string>): readonly Stmt[] {
  if (names.size === 0) return block;
  const of = (buffer: string): string => names.get(buffer) ?? buffer;
  const expr = (whole: Expr): Expr =>
    copyExpr(whole, (x) =>
      x.kind === "load" && names.has(x.buffer)
        ? { ...x, buffer: of(x.buffer), index: expr(x.index) }
        : undefined,
    );
  const place = (one: BufferPointer): BufferPointer => ({ ...one, buffer: of(one.buffer) });
  return block.map((stmt) => {
    const moved = mapExpressions(
      mapBlocks(stmt, (inner) => withBuffers(inner, names)),
      expr,
    );
    if (moved.kind === "store") return { ...moved, buffer: of(moved.buffer) };
    if (moved.kind !== "contract") return moved;
    return { ...moved, out: place(moved.out), left: place(moved.left), right: place(moved.right) };
  });
}

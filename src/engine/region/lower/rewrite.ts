import type { Expr, Stmt } from "../../kernel/scalar.ts";

/** A statement with `f` applied to its blocks. */
export function mapBlocks(stmt: Stmt, f: (block: readonly Stmt[]) => readonly Stmt[]): Stmt {
  switch (stmt.kind) {
    case "for":
    case "while":
    case "reduce":
      return { ...stmt, body: f(stmt.body) };
    case "if":
      return { ...stmt, then: f(stmt.then), otherwise: f(stmt.otherwise) };
    case "let":
    case "set":
    case "store":
    case "contract":
    case "comment":
      return stmt;
  }
}

/** A statement with `f` applied to its expressions; the statements in it stay. */
export function mapExpressions(stmt: Stmt, f: (expr: Expr) => Expr): Stmt {
  switch (stmt.kind) {
    case "let":
    case "set":
      return { ...stmt, value: f(stmt.value) };
    case "store":
      return { ...stmt, index: f(stmt.index), value: f(stmt.value) };
    case "for":
      return { ...stmt, from: f(stmt.from), to: f(stmt.to) };
    case "reduce":
      return { ...stmt, from: f(stmt.from), to: f(stmt.to), value: f(stmt.value) };
    case "while":
    case "if":
      return { ...stmt, condition: f(stmt.condition) };
    case "contract":
    case "comment":
      return stmt;
  }
}

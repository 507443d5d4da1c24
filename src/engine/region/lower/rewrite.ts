import type { Stmt } from "../../kernel/scalar.ts";

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

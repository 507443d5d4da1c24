// Strings in emitted code. A region holds their codes; the code of a module holds the strings.
import type { RegionExpr, RegionStmt } from "../../../engine/region/form/region.ts";
import { walkStmts } from "../../../engine/region/form/walk.ts";
import type { PlainForm } from "../form/form.ts";

/** Finds out which values of a region are codes of strings. */
export interface TextCodes {
  /** True for a local or array that holds codes. */
  holds(name: string): boolean;
  /** True for an expression whose value is a code; false for constants, which may be numbers. */
  isCode(expr: RegionExpr): boolean;
  /** The string of a code; `undefined` for the code of no string. */
  textOf(code: number): string | undefined;
}

/**
 * Strings of a derivative of a function. Derivatives add locals and arrays that hold codes, such as those that save them
 * for the backward pass.
 */
export function textCodes({ texts }: PlainForm, body: readonly RegionStmt[]): TextCodes {
  const names = new Set(texts?.names);
  const isCode = (expr: RegionExpr): boolean => {
    if (expr.kind === "local") return names.has(expr.name);
    if (expr.kind === "load") return names.has(expr.array);
    if (expr.kind === "convert") return isCode(expr.x);
    return expr.kind === "select" && (isCode(expr.x) || isCode(expr.y));
  };
  let isNew = texts !== undefined;
  while (isNew) {
    const before = names.size;
    walkStmts(body, (stmt) => {
      if (stmt.kind === "store" && isCode(stmt.value)) names.add(stmt.array);
      else if ((stmt.kind === "let" || stmt.kind === "set") && isCode(stmt.value)) names.add(stmt.name);
    });
    isNew = names.size > before;
  }
  return { holds: (name) => names.has(name), isCode, textOf: (code) => texts?.strings[code] };
}

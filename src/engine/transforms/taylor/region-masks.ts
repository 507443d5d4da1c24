import type { Region, RegionExpr, RegionStmt } from "../../region/form/region.ts";
import { isFloating } from "../../region/form/build.ts";
import { walkStmts } from "../../region/form/walk.ts";

/**
 * Rule that determines the lowest order from which on the result of a scalar function may contain masked zeros. `masked`
 * has that order for each argument, and `undefined` if it does not vary.
 */
export type MaskRule = (
  expr: RegionExpr & { readonly kind: "apply" },
  masked: readonly (number | undefined)[],
) => number;

/**
 * Finds the locals and arrays of a flat region whose coefficients may contain masked zeros (docs/masks.md), with the
 * lowest order from which on they may. These are masked parameters, values computed from them, and locals that a branch
 * or a `while` loop may leave at a constant. Elements that no statement writes are not considered.
 */
export function findMaskedNames(
  flat: Region,
  active: ReadonlySet<string>,
  masked: readonly number[],
  rule: MaskRule,
): ReadonlyMap<string, number> {
  const names = new Map(
    flat.params.flatMap(({ name }, i) => (active.has(name) ? [[name, masked[i]!] as const] : [])),
  );
  const orderOf = (name: string): number => names.get(name) ?? Infinity;
  let hasChanged: boolean;
  const lower = (name: string, order: number): void => {
    if (order >= orderOf(name)) return;
    names.set(name, order);
    hasChanged = true;
  };
  const isOptional = namesSetInBranches(flat.body);
  const maskOf = (expr: RegionExpr): number | undefined => {
    switch (expr.kind) {
      case "const":
      case "length":
        return undefined;
      case "local":
        return active.has(expr.name) ? orderOf(expr.name) : undefined;
      case "load":
        return active.has(expr.array) ? orderOf(expr.array) : undefined;
      case "convert":
        return maskOf(expr.x);
      case "select":
        return Math.min(maskOf(expr.x) ?? 1, maskOf(expr.y) ?? 1);
      case "apply":
        return rule(expr, expr.args.map(maskOf));
    }
  };
  do {
    hasChanged = false;
    walkStmts(flat.body, (stmt) => {
      if (stmt.kind === "swap") {
        lower(stmt.y, orderOf(stmt.x));
        lower(stmt.x, orderOf(stmt.y));
      }
      if (stmt.kind !== "let" && stmt.kind !== "set" && stmt.kind !== "store") return;
      const name = stmt.kind === "store" ? stmt.array : stmt.name;
      if (!active.has(name) || !isFloating(stmt.value.type)) return;
      lower(name, maskOf(stmt.value) ?? (isOptional.has(name) ? 1 : Infinity));
    });
  } while (hasChanged);
  return names;
}

/** Locals that a statement in a branch or in a `while` loop assigns. */
function namesSetInBranches(body: readonly RegionStmt[]): ReadonlySet<string> {
  const names = new Set<string>();
  const collect = (stmts: readonly RegionStmt[]): void =>
    walkStmts(stmts, (stmt) => {
      if (stmt.kind === "set") names.add(stmt.name);
    });
  walkStmts(body, (stmt) => {
    if (stmt.kind === "while") collect(stmt.body);
    if (stmt.kind === "if") collect([...stmt.then, ...stmt.otherwise]);
  });
  return names;
}

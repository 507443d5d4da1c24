import type { Region, RegionExpr, RegionStmt } from "../../region/form/region.ts";
import { isFloating } from "../../region/form/build.ts";
import { walkStmts } from "../../region/form/walk.ts";

/**
 * Rule that determines whether the result of a scalar function is masked. For each argument, `masks` is true if it is
 * masked, and `undefined` if it does not vary.
 */
export type MaskRule = (
  expr: RegionExpr & { readonly kind: "apply" },
  masks: readonly (boolean | undefined)[],
) => boolean;

/**
 * Finds the locals and arrays of a flat region whose coefficients may contain masked zeros (docs/masks.md). These are
 * masked parameters, values computed from them, and locals that a branch or a `while` loop may leave at a constant.
 * Elements that no statement writes are not considered.
 */
export function findMaskedNames(
  flat: Region,
  active: ReadonlySet<string>,
  masked: readonly boolean[],
  rule: MaskRule,
): ReadonlySet<string> {
  const names = new Set(
    flat.params.flatMap(({ name }, i) => (masked[i] === true && active.has(name) ? [name] : [])),
  );
  const isOptional = namesSetInBranches(flat.body);
  const maskOf = (expr: RegionExpr): boolean | undefined => {
    switch (expr.kind) {
      case "const":
      case "length":
        return undefined;
      case "local":
        return active.has(expr.name) ? names.has(expr.name) : undefined;
      case "load":
        return active.has(expr.array) ? names.has(expr.array) : undefined;
      case "convert":
        return maskOf(expr.x);
      case "select":
        return maskOf(expr.x) !== false || maskOf(expr.y) !== false;
      case "apply":
        return rule(expr, expr.args.map(maskOf));
    }
  };
  let size: number;
  do {
    size = names.size;
    walkStmts(flat.body, (stmt) => {
      if (stmt.kind === "swap") {
        if (names.has(stmt.x)) names.add(stmt.y);
        if (names.has(stmt.y)) names.add(stmt.x);
      }
      if (stmt.kind !== "let" && stmt.kind !== "set" && stmt.kind !== "store") return;
      const name = stmt.kind === "store" ? stmt.array : stmt.name;
      if (!active.has(name) || !isFloating(stmt.value.type)) return;
      if (maskOf(stmt.value) ?? isOptional.has(name)) names.add(name);
    });
  } while (size < names.size);
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

import type {
  RegionExpr,
  RegionParam,
  RegionResult,
  RegionStmt,
} from "../../../engine/region/form/region.ts";
import { walkStmts } from "../../../engine/region/form/walk.ts";
import { toInt32 } from "./draft.ts";

/** Names of a draft by the way in which they are used, directly or through other names. */
export interface NameUses {
  /** Names used as a number that may have a derivative. */
  readonly value: ReadonlySet<string>;
  /** Names used as an index or as the bound of a loop. */
  readonly place: ReadonlySet<string>;
  /** Names used as the length of an array. */
  readonly size: ReadonlySet<string>;
}

type Purpose = "value" | "place" | "bound" | "size" | "other";

/** Functions that return integers for integers. A use of the result counts as the same use of their arguments. */
const passing: ReadonlySet<string> = new Set([
  "add",
  "sub",
  "mul",
  "neg",
  "abs",
  "minimum",
  "maximum",
  "rem",
]);
/** Functions whose derivative is 0 wherever it exists. */
const flat: ReadonlySet<string> = new Set([
  "floor",
  "ceil",
  "trunc",
  "sign",
  toInt32,
  "less",
  "lessEqual",
  "equal",
  "notEqual",
  "bitwiseAnd",
  "bitwiseOr",
  "bitwiseXor",
]);

export function usesOf(body: readonly RegionStmt[], results: readonly RegionResult[]): NameUses {
  const uses = { value: new Set<string>(), place: new Set<string>(), size: new Set<string>() };
  let [changed, isFirst] = [true, true];
  const mark = (name: string, purpose: Purpose): void => {
    const use = purpose === "bound" ? "place" : purpose;
    if (use === "other" || uses[use].has(name)) return;
    uses[use].add(name);
    changed = true;
  };
  const visit = (expr: RegionExpr, purpose: Purpose): void => {
    switch (expr.kind) {
      case "local":
        return mark(expr.name, purpose);
      case "load":
        mark(expr.array, purpose === "size" ? "place" : purpose);
        for (const place of expr.places) visit(place, "place");
        return;
      case "convert":
        return visit(expr.x, purpose);
      case "select":
        visit(expr.condition, "other");
        visit(expr.x, purpose);
        visit(expr.y, purpose);
        return;
      case "apply": {
        // a factor in a product need not be an integer, as in `i < n * fraction`
        const isPassing = passing.has(expr.function) && !(purpose === "bound" && expr.function === "mul");
        const own = isPassing ? purpose : flat.has(expr.function) || purpose !== "value" ? "other" : "value";
        for (const arg of expr.args) visit(arg, own);
        return;
      }
      case "const":
      case "length":
        return;
    }
  };
  const asUsed = (name: string, value: RegionExpr): void => {
    if (isFirst) visit(value, "other"); // finds the same uses each time
    if (uses.value.has(name)) visit(value, "value");
    if (uses.place.has(name)) visit(value, "place");
    if (uses.size.has(name)) visit(value, "size");
  };
  for (const result of results) {
    if (result.kind === "array") mark(result.name, "value");
    else visit(result.value, "value");
  }
  // backwards, because the uses of a name come after its definition, except for values carried by a loop
  const stmts: RegionStmt[] = [];
  walkStmts(body, (stmt) => stmts.push(stmt));
  stmts.reverse();
  for (; changed; isFirst = false) {
    changed = false;
    for (const stmt of stmts) visitStatement(stmt, visit, asUsed, mark, uses);
  }
  return uses;
}

function visitStatement(
  stmt: RegionStmt,
  visit: (expr: RegionExpr, purpose: Purpose) => void,
  asUsed: (name: string, value: RegionExpr) => void,
  mark: (name: string, purpose: Purpose) => void,
  uses: NameUses,
): void {
  switch (stmt.kind) {
    case "let":
    case "set":
      return asUsed(stmt.name, stmt.value);
    case "store":
      for (const place of stmt.places) visit(place, "place");
      return asUsed(stmt.array, stmt.value);
    case "array":
      for (const dim of stmt.dims) visit(dim, "size");
      return;
    case "swap":
      for (const purpose of ["value", "place"] as const) {
        if (uses[purpose].has(stmt.x)) mark(stmt.y, purpose);
        if (uses[purpose].has(stmt.y)) mark(stmt.x, purpose);
      }
      return;
    case "for":
      visit(stmt.from, "bound");
      asUsed(stmt.index, stmt.from);
      visit(limitOf(stmt.to), "bound");
      if (stmt.live) visit(stmt.live, "other");
      return;
    case "while":
    case "if":
      return visit(stmt.condition, "other");
    case "throw":
      for (const { value } of stmt.more ?? []) visit(value, "other");
      return;
  }
}

/** The bound of a loop as the user wrote it, without the rounding that `endOf` added. */
function limitOf(to: RegionExpr): RegionExpr {
  if (to.kind !== "apply") return to;
  const [x] = to.args;
  const inner = x?.kind === "apply" && (to.function === "add" || to.function === "sub") ? x : to;
  return inner.function === "ceil" || inner.function === "floor" ? inner.args[0]! : to;
}

/**
 * Parameters that are machine integers: those that determine lengths, and those that are used only as indices and
 * bounds, in ways that have no derivative.
 */
export function integerParams(params: readonly RegionParam[], uses: NameUses): Set<string> {
  const names = params
    .filter(({ kind, name, type }) => {
      if (type !== "f64") return false;
      const isSize = kind === "scalar" && uses.size.has(name);
      return isSize || (uses.place.has(name) && !uses.value.has(name));
    })
    .map(({ name }) => name);
  return new Set(names);
}

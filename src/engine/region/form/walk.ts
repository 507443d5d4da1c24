import { assertNever } from "../../util/assert-never.ts";
import type { RegionExpr, RegionStmt } from "./region.ts";

const nothing: readonly never[] = [];

/** True if two lists have the same elements. */
function haveSameElements<T>(a: readonly T[], b: readonly T[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The direct operands of an expression. */
export function partsOf(expr: RegionExpr): readonly RegionExpr[] {
  switch (expr.kind) {
    case "const":
    case "local":
    case "length":
      return nothing;
    case "load":
      return expr.places;
    case "apply":
      return expr.args;
    case "convert":
      return [expr.x];
    case "select":
      return [expr.condition, expr.x, expr.y];
    default:
      return assertNever(expr, "partsOf");
  }
}

/**
 * Visits an expression and all nested ones, outermost first. (A `switch`, because `partsOf` would double the calls per
 * node.)
 */
export function walkExpr(expr: RegionExpr, visit: (expr: RegionExpr) => void): void {
  visit(expr);
  switch (expr.kind) {
    case "const":
    case "local":
    case "length":
      return;
    case "load":
      expr.places.forEach((place) => walkExpr(place, visit));
      return;
    case "apply":
      expr.args.forEach((arg) => walkExpr(arg, visit));
      return;
    case "convert":
      return walkExpr(expr.x, visit);
    case "select":
      walkExpr(expr.condition, visit);
      walkExpr(expr.x, visit);
      return walkExpr(expr.y, visit);
    default:
      return assertNever(expr, "walkExpr");
  }
}

/**
 * Applies `f` to all nested expressions, innermost first, then to the expression itself. Unchanged operands keep their
 * identity.
 */
export function mapExpr(expr: RegionExpr, f: (expr: RegionExpr) => RegionExpr): RegionExpr {
  switch (expr.kind) {
    case "const":
    case "local":
    case "length":
      return f(expr);
    case "load": {
      const places = mapAll(expr.places, f);
      return f(places === expr.places ? expr : { ...expr, places });
    }
    case "apply": {
      const args = mapAll(expr.args, f);
      return f(args === expr.args ? expr : { ...expr, args });
    }
    case "convert": {
      const x = mapExpr(expr.x, f);
      return f(x === expr.x ? expr : { ...expr, x });
    }
    case "select": {
      const [condition, x, y] = [mapExpr(expr.condition, f), mapExpr(expr.x, f), mapExpr(expr.y, f)];
      const isSame = condition === expr.condition && x === expr.x && y === expr.y;
      return f(isSame ? expr : { ...expr, condition, x, y });
    }
    default:
      return assertNever(expr, "mapExpr");
  }
}

/** Replaces locals by the expressions given for their names. */
export function replaceLocals(expr: RegionExpr, replacements: ReadonlyMap<string, RegionExpr>): RegionExpr {
  return mapExpr(expr, (x) => (x.kind === "local" ? (replacements.get(x.name) ?? x) : x));
}

function mapAll(exprs: readonly RegionExpr[], f: (expr: RegionExpr) => RegionExpr): readonly RegionExpr[] {
  const mapped = exprs.map((x) => mapExpr(x, f));
  return haveSameElements(mapped, exprs) ? exprs : mapped;
}

/** The expressions of a statement itself, not of nested statements. */
export function expressionsOf(stmt: RegionStmt): readonly RegionExpr[] {
  switch (stmt.kind) {
    case "let":
    case "set":
      return [stmt.value];
    case "array":
      return stmt.dims;
    case "store":
      return [...stmt.places, stmt.value];
    case "for":
      return stmt.live === undefined ? [stmt.from, stmt.to] : [stmt.from, stmt.to, stmt.live];
    case "while":
    case "if":
      return [stmt.condition];
    case "throw":
      return stmt.more?.map(({ value }) => value) ?? nothing;
    case "swap":
      return nothing;
    default:
      return assertNever(stmt, "expressionsOf");
  }
}

/** The blocks of a statement: the body of a loop, or both sides of a branch. */
export function blocksOf(stmt: RegionStmt): readonly (readonly RegionStmt[])[] {
  switch (stmt.kind) {
    case "for":
    case "while":
      return [stmt.body];
    case "if":
      return [stmt.then, stmt.otherwise];
    case "let":
    case "set":
    case "array":
    case "store":
    case "swap":
    case "throw":
      return nothing;
    default:
      return assertNever(stmt, "blocksOf");
  }
}

/**
 * Visits statements and nested ones in text order. (It uses `forEach`, because `for … of` allocates an object per step
 * until the engine has compiled the loop, and derivatives are mostly built before that.)
 */
export function walkStmts(stmts: readonly RegionStmt[], visit: (stmt: RegionStmt) => void): void {
  stmts.forEach((stmt) => {
    visit(stmt);
    if (stmt.kind === "for" || stmt.kind === "while") walkStmts(stmt.body, visit);
    else if (stmt.kind === "if") {
      walkStmts(stmt.then, visit);
      walkStmts(stmt.otherwise, visit);
    }
  });
}

/** Visits each expression of the statements and of nested ones, with its operands. */
export function walkExpressions(stmts: readonly RegionStmt[], visit: (expr: RegionExpr) => void): void {
  walkStmts(stmts, (stmt) => {
    if (stmt.kind === "let" || stmt.kind === "set") walkExpr(stmt.value, visit);
    else for (const expr of expressionsOf(stmt)) walkExpr(expr, visit);
  });
}

/** Applies `f` to the expressions of a statement itself. Returns the same statement if none changes. */
export function mapExpressionsOf(stmt: RegionStmt, f: (expr: RegionExpr) => RegionExpr): RegionStmt {
  switch (stmt.kind) {
    case "let":
    case "set": {
      const value = f(stmt.value);
      return value === stmt.value ? stmt : { ...stmt, value };
    }
    case "array": {
      const dims = stmt.dims.map(f);
      return haveSameElements(dims, stmt.dims) ? stmt : { ...stmt, dims };
    }
    case "store": {
      const [places, value] = [stmt.places.map(f), f(stmt.value)];
      return value === stmt.value && haveSameElements(places, stmt.places)
        ? stmt
        : { ...stmt, places, value };
    }
    case "for": {
      const [from, to, live] = [f(stmt.from), f(stmt.to), stmt.live && f(stmt.live)];
      if (from === stmt.from && to === stmt.to && live === stmt.live) return stmt;
      return { ...stmt, from, to, ...(live === undefined ? {} : { live }) };
    }
    case "while":
    case "if": {
      const condition = f(stmt.condition);
      return condition === stmt.condition ? stmt : { ...stmt, condition };
    }
    case "throw": {
      const { more } = stmt;
      if (more === undefined) return stmt;
      const values = more.map(({ value }) => f(value));
      if (values.every((value, i) => value === more[i]!.value)) return stmt;
      return { ...stmt, more: more.map((part, i) => ({ ...part, value: values[i]! })) };
    }
    case "swap":
      return stmt;
    default:
      return assertNever(stmt, "mapExpressionsOf");
  }
}

/** Applies `f` to the blocks of a statement. Returns the same statement if none changes. */
export function mapBlocksOf(
  stmt: RegionStmt,
  f: (block: readonly RegionStmt[]) => readonly RegionStmt[],
): RegionStmt {
  switch (stmt.kind) {
    case "for":
    case "while": {
      const body = f(stmt.body);
      return haveSameElements(body, stmt.body) ? stmt : { ...stmt, body };
    }
    case "if": {
      const [then, otherwise] = [f(stmt.then), f(stmt.otherwise)];
      const isSame = haveSameElements(then, stmt.then) && haveSameElements(otherwise, stmt.otherwise);
      return isSame ? stmt : { ...stmt, then, otherwise };
    }
    case "let":
    case "set":
    case "array":
    case "store":
    case "swap":
    case "throw":
      return stmt;
    default:
      return assertNever(stmt, "mapBlocksOf");
  }
}

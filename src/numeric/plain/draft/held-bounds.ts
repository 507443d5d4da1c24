// The bounds on locals that follow from the conditions of loops and branches, at each statement that assigns a local.
import type { RegionExpr, RegionStmt } from "../../../engine/region/form/region.ts";
import { blocksOf, walkExpr } from "../../../engine/region/form/walk.ts";
import { localsChangedIn } from "../../../engine/region/index.ts";

/** A known bound of a local: it is at most (`high`) or at least (`low`) another number. */
export interface LocalBound {
  readonly name: string;
  readonly side: "low" | "high";
  readonly than: RegionExpr;
  /** True if the local and the other number are known to be different. */
  readonly isStrict: boolean;
  /** The locals that the bound refers to. It is valid until one of them is assigned. */
  readonly reads: ReadonlySet<string>;
}

/**
 * For each `let` and `set`, the bounds that hold before it because of the conditions of the loops and branches around
 * it.
 */
export function heldBounds(body: readonly RegionStmt[]): ReadonlyMap<RegionStmt, readonly LocalBound[]> {
  const found = new Map<RegionStmt, readonly LocalBound[]>();
  const walk = (stmts: readonly RegionStmt[], before: readonly LocalBound[]): void => {
    let known = before;
    for (const stmt of stmts) {
      if ((stmt.kind === "let" || stmt.kind === "set") && known.length > 0) found.set(stmt, known);
      const changed = localsChangedIn(stmt);
      const rest = known.filter(({ reads }) => ![...reads].some((name) => changed.has(name)));
      const isLoop = stmt.kind === "for" || stmt.kind === "while";
      const around = isLoop ? rest : known;
      if (stmt.kind === "if") {
        walk(stmt.then, [...around, ...boundsOf(stmt.condition)]);
        walk(stmt.otherwise, around);
      } else if (stmt.kind === "while") walk(stmt.body, [...around, ...boundsOf(stmt.condition)]);
      else blocksOf(stmt).forEach((block) => walk(block, around));
      known = rest;
    }
  };
  walk(body, []);
  return found;
}

/** The bounds that hold if a condition is true. */
function boundsOf(condition: RegionExpr): readonly LocalBound[] {
  if (condition.kind === "select") {
    const isAnd = condition.y.kind === "const" && condition.y.value === 0;
    return isAnd ? [condition.condition, condition.x].flatMap(boundsOf) : [];
  }
  if (condition.kind !== "apply") return [];
  const { function: name, args } = condition;
  if (name === "bitwiseAnd") return args.flatMap(boundsOf);
  if (name !== "less" && name !== "lessEqual") return [];
  const [x, y] = args as readonly [RegionExpr, RegionExpr];
  const isStrict = name === "less";
  return [...boundBy(x, "high", y, isStrict), ...boundBy(y, "low", x, isStrict)];
}

function boundBy(
  local: RegionExpr,
  side: LocalBound["side"],
  than: RegionExpr,
  isStrict: boolean,
): readonly LocalBound[] {
  if (local.kind !== "local" || local.type !== "f64") return [];
  const reads = new Set([local.name]);
  let isSteady = true; // elements of arrays may change
  walkExpr(than, (x) => {
    if (x.kind === "local") reads.add(x.name);
    if (x.kind === "load") isSteady = false;
  });
  return isSteady ? [{ name: local.name, side, than, isStrict, reads }] : [];
}

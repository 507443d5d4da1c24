// Which cotangents may be 0 because their value was not chosen: by a branch, by a select, by a place that nothing reads. Such a 0 stays
// 0 in products with slopes that are infinite.
import { assertNever } from "../../util/assert-never.ts";
import { findCoveredStores } from "./coverage.ts";
import type { Linearity } from "./linearity.ts";
import { linearPart } from "./linearity.ts";
import { isFloating } from "../form/build.ts";
import { mutableNames, readsOf } from "../form/names.ts";
import type { Region, RegionBlock, RegionExpr, RegionStmt } from "../form/region.ts";
import { walkStmts } from "../form/walk.ts";

/**
 * The statements whose value may go unread after them: then its cotangent is 0, since nothing chose the value.
 *
 * @param isResultMasked whether the cotangent of a result may itself be such a 0.
 * @param isLookingForCovered whether to look for stores that are surely read; else any may go unread.
 */
export function findMaskedStatements(
  region: Pick<Region, "body" | "results">,
  linearity: Linearity,
  isResultMasked: (result: number) => boolean,
  isLookingForCovered: boolean,
): ReadonlySet<RegionStmt> {
  let covered: ReadonlySet<RegionStmt> = new Set();
  for (;;) {
    const masked = maskedBut(covered, region, linearity, isResultMasked);
    if (!isLookingForCovered) return masked;
    const next = findCoveredStores(region, linearity, (stmt) => masked.has(stmt), isResultMasked);
    if (next.size === covered.size) return masked;
    covered = next; // what is stored in an array that is read whole may in turn be of one
  }
}

/** The same where stores may go unread but for those given. It is found by going backwards, as the transposed statements do. */
function maskedBut(
  covered: ReadonlySet<RegionStmt>,
  { body, results }: Pick<Region, "body" | "results">,
  { linear, useful }: Linearity,
  isResultMasked: (result: number) => boolean,
): ReadonlySet<RegionStmt> {
  const masked = new Set<RegionStmt>();
  const isUseful = (name: string): boolean => useful.has(name);

  /** Locals that an expression with a cotangent chooses. */
  const choose = (expr: RegionExpr, isMasked: boolean, chosen: Set<string>): void => {
    const part = linearPart(expr, linear);
    switch (part.kind) {
      case "zero":
        return;
      case "read":
        if (part.leaf.kind === "local" && !isMasked) chosen.add(part.leaf.name);
        return;
      case "sum":
        choose(part.x, isMasked, chosen);
        choose(part.y, isMasked, chosen);
        return;
      case "neg":
      case "convert":
      case "scaled":
        choose(part.x, isMasked, chosen);
        return;
      case "strongly":
      case "select":
        return; // what they read may not count
      default:
        assertNever(part, "findMaskedStatements");
    }
  };

  /** Goes backwards through a block: `chosen` are the locals that are surely read later, and not through a mask. */
  const block = (stmts: readonly RegionStmt[], chosen: Set<string>): void => {
    for (const stmt of stmts.toReversed()) {
      switch (stmt.kind) {
        case "let":
        case "set": {
          if (!isUseful(stmt.name)) break;
          const isMasked = !chosen.has(stmt.name);
          if (isMasked) masked.add(stmt);
          else masked.delete(stmt);
          chosen.delete(stmt.name);
          choose(stmt.value, isMasked, chosen);
          break;
        }
        case "if": {
          const other = new Set(chosen);
          block(stmt.then, chosen);
          block(stmt.otherwise, other);
          keepCommon(chosen, other);
          break;
        }
        case "for":
        case "while": {
          // on the way back into an iteration: what is chosen after the loop, and in every iteration that follows
          let once: Set<string>;
          let size: number;
          do {
            size = chosen.size;
            once = new Set(chosen);
            block(stmt.body, once);
            keepCommon(chosen, once);
          } while (chosen.size !== size);
          if (runsOnce(stmt)) for (const name of once) chosen.add(name);
          break;
        }
        case "store":
          if (!isUseful(stmt.array)) break;
          if (!covered.has(stmt)) masked.add(stmt);
          choose(stmt.value, !covered.has(stmt), chosen);
          break;
        case "array":
        case "swap":
        case "throw":
          break;
        default:
          assertNever(stmt, "findMaskedStatements");
      }
    }
  };

  const chosen = new Set<string>();
  results.forEach((result, i) => {
    if (result.kind === "scalar" && readsOf(result.value).some(isUseful))
      choose(result.value, isResultMasked(i), chosen);
  });
  block(body, chosen);
  return masked;
}

function keepCommon(names: Set<string>, others: ReadonlySet<string>): void {
  for (const name of names) if (!others.has(name)) names.delete(name);
}

/** Whether a loop surely has an iteration. */
function runsOnce(stmt: RegionStmt): boolean {
  if (stmt.kind !== "for" || stmt.live !== undefined) return false;
  const { from, to, step } = stmt;
  if (from.kind !== "const" || to.kind !== "const") return false;
  return step > 0 ? from.value < to.value : from.value > to.value;
}

/** Locals that never change and are finite for all arguments: integers, and choices between constants. */
export function findFiniteNames(body: RegionBlock): ReadonlySet<string> {
  const mutable = mutableNames(body);
  const names = new Set<string>();
  const isFinite = (x: RegionExpr): boolean => x.kind === "const" && Number.isFinite(x.value);
  walkStmts(body, (stmt) => {
    if (stmt.kind !== "let" || mutable.has(stmt.name)) return;
    const { value } = stmt;
    if (value.kind === "select" && isFinite(value.x) && isFinite(value.y)) names.add(stmt.name);
    if (value.kind === "convert" && !isFloating(value.x.type)) names.add(stmt.name);
  });
  return names;
}

/** True if a product with the factor, or a quotient by it, is 0 for a cotangent of 0 in any case. */
export function isHarmless(factor: RegionExpr, by: "mul" | "div", finite: ReadonlySet<string>): boolean {
  if (factor.kind === "local") return by === "mul" && finite.has(factor.name);
  return factor.kind === "const" && Number.isFinite(factor.value) && (by === "mul" || factor.value !== 0);
}

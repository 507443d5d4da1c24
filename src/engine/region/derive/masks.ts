// Finds cotangents that may be 0 because a mask did not choose their value: a branch, a `select`, or an element that nothing reads. Such a
// 0 stays 0 in products with infinite slopes.
import { assertNever } from "../../util/assert-never.ts";
import { findCoveredStores } from "./coverage.ts";
import type { Linearity } from "./linearity.ts";
import { linearPart } from "./linearity.ts";
import { isFloating } from "../form/build.ts";
import { mutableNames, readsOf } from "../form/names.ts";
import type { Region, RegionBlock, RegionExpr, RegionStmt } from "../form/region.ts";
import { walkStmts } from "../form/walk.ts";

/**
 * Finds the linear statements whose value may remain unread, so that their cotangent may be a masked zero. With
 * `isLookingForCovered`, stores that are certainly read are excluded.
 *
 * @param isResultMasked true if the cotangent of a result may itself be such a 0.
 * @param isLookingForCovered true to search for stores that are certainly read; else any store may remain unread.
 */
export function findMaskedStatements(
  region: Pick<Region, "body" | "results">,
  linearity: Linearity,
  isResultMasked: (result: number) => boolean,
  isLookingForCovered: boolean,
): ReadonlySet<RegionStmt> {
  let covered: ReadonlySet<RegionStmt> = new Set();
  for (;;) {
    const masked = findMasked(covered, region, linearity, isResultMasked);
    if (!isLookingForCovered) return masked;
    const next = findCoveredStores(region, linearity, (stmt) => masked.has(stmt), isResultMasked);
    if (next.size === covered.size) return masked;
    covered = next; // an array that is read as a whole may be stored in another one
  }
}

/**
 * Finds the linear statements whose cotangent may be a masked zero (docs/masks.md). `covered` are stores that are
 * certainly read. Visits statements in reverse order, as the backward pass does.
 */
function findMasked(
  covered: ReadonlySet<RegionStmt>,
  { body, results }: Pick<Region, "body" | "results">,
  { linear, useful }: Linearity,
  isResultMasked: (result: number) => boolean,
): ReadonlySet<RegionStmt> {
  const masked = new Set<RegionStmt>();
  const isUseful = (name: string): boolean => useful.has(name);

  /**
   * Adds to `chosen` the locals that an expression certainly reads without a mask. Adds nothing if the cotangent of the
   * expression is itself masked.
   */
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
        return; // a mask may discard their operands
      default:
        assertNever(part, "findMaskedStatements");
    }
  };

  /** Visits a block in reverse order. `chosen` are the locals that later statements certainly read without a mask. */
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
          // at the end of an iteration: the locals chosen after the loop and in every following iteration
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

/** True if a loop certainly has an iteration. */
function runsOnce(stmt: RegionStmt): boolean {
  if (stmt.kind !== "for" || stmt.live !== undefined) return false;
  const { from, to, step } = stmt;
  if (from.kind !== "const" || to.kind !== "const") return false;
  return step > 0 ? from.value < to.value : from.value > to.value;
}

/** Immutable locals that are certainly finite: converted integers or booleans, and selects of finite constants. */
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

/**
 * True if a cotangent of 0 stays 0 when it is multiplied or divided by the factor, so that no masked product is needed.
 */
export function isHarmless(factor: RegionExpr, by: "mul" | "div", finite: ReadonlySet<string>): boolean {
  if (factor.kind === "local") return by === "mul" && finite.has(factor.name);
  return factor.kind === "const" && Number.isFinite(factor.value) && (by === "mul" || factor.value !== 0);
}

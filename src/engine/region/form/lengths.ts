// Lengths of linear arrays in terms of other parameters. A transpose has no linear parameters, but needs the lengths of its cotangents.
import { must } from "../../util/assert-never.ts";
import type { Region, RegionExpr, RegionStmt } from "./region.ts";
import { mapBlocksOf, mapExpr, mapExpressionsOf, walkExpressions } from "./walk.ts";

/**
 * Replaces each length of a linear array parameter in the body by the corresponding expression of the parameter's
 * `lengths`, which depends on other parameters only.
 */
export function replaceLengths(region: Region, linear: readonly boolean[]): Region {
  const lengths = new Map<string, readonly RegionExpr[] | undefined>();
  region.params.forEach((param, i) => {
    if (linear[i] === true && param.kind === "array") lengths.set(param.name, param.lengths);
  });
  const replace = (expr: RegionExpr): RegionExpr =>
    mapExpr(expr, (x) =>
      x.kind === "length" && lengths.has(x.array)
        ? must(lengths.get(x.array)?.[x.axis], `the length of ${x.array}`)
        : x,
    );
  let isNeeded = false;
  walkExpressions(region.body, (expr) => {
    if (expr.kind === "length" && lengths.has(expr.array)) isNeeded = true;
  });
  if (!isNeeded) return region;
  const block = (stmts: readonly RegionStmt[]): readonly RegionStmt[] =>
    stmts.map((stmt) => mapBlocksOf(mapExpressionsOf(stmt, replace), block));
  return { ...region, body: block(region.body) };
}

/** Expresses an integer of a flat region by parameters of the region; `undefined` if it depends on anything else. */
export function lengthOfParams(
  expr: RegionExpr,
  region: Region,
  mutable: ReadonlySet<string>,
): RegionExpr | undefined {
  if (expr.kind === "const" || expr.kind === "length") return expr;
  if (expr.kind === "local") {
    if (region.params.some((param) => param.name === expr.name)) return expr;
    const stmt = region.body.find((one) => one.kind === "let" && one.name === expr.name);
    return stmt?.kind === "let" && !mutable.has(expr.name)
      ? lengthOfParams(stmt.value, region, mutable)
      : undefined;
  }
  if (expr.kind !== "apply") return undefined;
  const args = expr.args.map((x) => lengthOfParams(x, region, mutable));
  return args.every((x) => x !== undefined) ? { ...expr, args } : undefined;
}

import { constant } from "./build.ts";
import { eliminateDeadCode } from "./dead-code.ts";
import { flatten } from "./flatten.ts";
import type { ScalarFunctions } from "./functions.ts";
import type { Region, RegionExpr, RegionStmt } from "./region.ts";
import { tangent } from "./tangent.ts";
import type { TransposeOptions } from "./transpose.ts";
import { transpose } from "./transpose.ts";
import { mapBlocksOf, mapExpr, mapExpressionsOf } from "./walk.ts";

/**
 * The gradient of a region whose one floating result is a scalar, in the parameters that are active, and with `value` its results in
 * front: the transpose of its tangent, of the cotangent 1.
 */
export function gradient(
  region: Region,
  active: readonly boolean[],
  functions: ScalarFunctions,
  { value = false, ...options }: TransposeOptions & { readonly value?: boolean } = {},
): Region {
  const forward = tangent(region, active, functions, { primal: true });
  const linear = forward.params.map((_, i) => i >= region.params.length);
  const isTangent = forward.results.map((_, i) => i >= region.results.length);
  const back = transpose(forward, linear, isTangent, functions, options);
  const cotangent = back.params[region.params.length]!;
  const one = constant(cotangent.type, 1);
  const put = (expr: RegionExpr): RegionExpr =>
    mapExpr(expr, (x) => (x.kind === "local" && x.name === cotangent.name ? one : x));
  const block = (stmts: readonly RegionStmt[]): RegionStmt[] =>
    stmts.map((stmt) => mapBlocksOf(mapExpressionsOf(stmt, put), block));
  const made: Region = {
    ...back,
    name: `gradient of ${region.name}`,
    params: back.params.filter((param) => param !== cotangent),
    body: block(back.body),
    results: back.results
      .slice(value ? 0 : region.results.length)
      .map((result) => (result.kind === "scalar" ? { ...result, value: put(result.value) } : result)),
  };
  return eliminateDeadCode(flatten(made, functions));
}

import type { Block } from "../../build.ts";
import { add, f64, i32, mul, tableAt } from "../../build.ts";
import type { Expr, ConstantTable } from "../../scalar.ts";
import { integrationNodes, integrationWeights } from "../coefficients.ts";

const nodes: ConstantTable = { name: "integrationNodes", type: "f64", values: integrationNodes };
const weights: ConstantTable = { name: "integrationWeights", type: "f64", values: integrationWeights };

/**
 * Integral over v from `from` to `from + length` of the expression that `integrand` writes, by 28-point Gauss–Legendre
 * quadrature: to 50 bits if the integrand is e^−h with a convex h that grows by at most 40 and has no pole nearer than
 * ¾ of the length. Declares names that begin with `name`.
 */
export function integral(
  block: Block,
  name: string,
  from: Expr,
  length: Expr,
  integrand: (block: Block, v: Expr) => Expr,
): Expr {
  const sum = block.let(`${name}Sum`, f64(0));
  block.for(`${name}Node`, i32(0), i32(integrationNodes.length), (loop, i) => {
    const v = loop.let(`${name}At`, add(from, mul(length, tableAt(nodes, i))));
    loop.set(sum, add(sum, mul(tableAt(weights, i), integrand(loop, v))));
  });
  return mul(length, sum);
}

import type { Expr } from "../../scalar.ts";
import { add, f64, mul } from "../../build.ts";
import type { Block } from "../../build.ts";

/** n over k. */
export function binomial(n: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i;
  return value;
}

/**
 * The derivatives of e^g, divided by e^g, from the zeroth to that of order n, for the derivatives g′, g″, … of g: the complete Bell
 * polynomials. Declares names that begin with `name`.
 */
export function derivativesOfExp(block: Block, name: string, slopes: readonly Expr[]): readonly Expr[] {
  const found: Expr[] = [f64(1)];
  for (let n = 0; n < slopes.length; n++) {
    const terms = slopes
      .slice(0, n + 1)
      .map((slope, i) => mul(f64(binomial(n, i)), mul(slope, found[n - i]!)));
    found.push(
      block.let(
        `${name}${n + 1}`,
        terms.reduce((sum, term) => add(sum, term)),
      ),
    );
  }
  return found;
}

/** The n-th derivative of a product, of the derivatives of its factors from the zeroth on. */
export function derivativeOfProduct(n: number, left: readonly Expr[], right: readonly Expr[]): Expr {
  return left
    .slice(0, n + 1)
    .map((x, i) => mul(f64(binomial(n, i)), mul(x, right[n - i]!)))
    .reduce((sum, term) => add(sum, term));
}

import * as k from "./build.ts";
import type { Expr } from "./scalar.ts";

/** `x + y`, without terms that are 0. */
export function plus(x: Expr, y: Expr): Expr {
  if (x.kind === "const" && x.value === 0) return y;
  return y.kind === "const" && y.value === 0 ? x : k.add(x, y);
}

/** `x · y`, without factors that are 1; 0 if a factor is 0. */
export function times(x: Expr, y: Expr): Expr {
  for (const [one, other] of [
    [x, y],
    [y, x],
  ] as const) {
    if (one.kind === "const" && one.value === 0) return one;
    if (one.kind === "const" && one.value === 1) return other;
  }
  return k.mul(x, y);
}

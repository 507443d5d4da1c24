import type { Block } from "../../build.ts";
import { add, f64, mul } from "../../build.ts";
import type { Expr } from "../../scalar.ts";
import { must } from "../../../util/assert-never.ts";

/** Binomial coefficient, n choose k. */
function binomial(n: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i;
  return value;
}

/** Operations of a ring, on expressions or on tensors. */
export interface RingOperations<T> {
  add(x: T, y: T): T;
  mul(x: T, y: T): T;
  scale(x: T, factor: number): T;
}

/**
 * Function that returns the derivative of some function by orders (p, q) in two variables; (0, 0) is the function
 * itself.
 */
export type DerivativesByOrder<T> = (p: number, q: number) => T;

function tabulate<T>(
  p: number,
  q: number,
  of: (p: number, q: number, known: DerivativesByOrder<T>) => T,
): DerivativesByOrder<T> {
  const found = new Map<string, T>();
  const known: DerivativesByOrder<T> = (i, j) => must(found.get(`${i},${j}`), "the derivative");
  for (let i = 0; i <= p; i++) for (let j = 0; j <= q; j++) found.set(`${i},${j}`, of(i, j, known));
  return known;
}

/** Derivative of a product by orders (p, q), from those of its factors. */
export function derivativeOfProduct<T>(
  p: number,
  q: number,
  left: DerivativesByOrder<T>,
  right: DerivativesByOrder<T>,
  { add: sum, mul: times, scale }: RingOperations<T>,
): T {
  let total: T | undefined;
  for (let i = 0; i <= p; i++) {
    for (let j = 0; j <= q; j++) {
      const term = times(left(i, j), right(p - i, q - j));
      const factor = binomial(p, i) * binomial(q, j);
      const scaled = factor === 1 ? term : scale(term, factor);
      total = total === undefined ? scaled : sum(total, scaled);
    }
  }
  return must(total, "a term");
}

/**
 * Derivatives of a function f of two variables, for all orders up to (p, q). `start` is f itself, and `slope` returns
 * the derivatives of ln f, except for order (0, 0). Uses f′ = f · (ln f)′ and the product rule.
 */
export function derivativesByLogarithm<T>(
  start: T,
  [p, q]: readonly [number, number],
  slope: DerivativesByOrder<T>,
  arithmetic: RingOperations<T>,
): DerivativesByOrder<T> {
  return tabulate<T>(p, q, (i, j, known) => {
    if (i > 0) return derivativeOfProduct(i - 1, j, known, (k, l) => slope(k + 1, l), arithmetic);
    return j > 0 ? derivativeOfProduct(0, j - 1, known, (k, l) => slope(k, l + 1), arithmetic) : start;
  });
}

/** Arithmetic that declares a local for each sum, with names that begin with `name`. */
export function onExpressions(block: Block, name: string): RingOperations<Expr> {
  let count = 0;
  return {
    add: (x, y) => block.let(`${name}${count++}`, add(x, y)),
    mul,
    scale: (x, factor) => mul(x, f64(factor)),
  };
}

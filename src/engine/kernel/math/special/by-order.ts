import type { Procedure } from "../../scalar.ts";

/** Caches a procedure per order of derivative. */
export function byOrder(make: (order: number) => Procedure): (order: number) => Procedure {
  return byOrders(make);
}

/** Caches a procedure per pair of orders. */
export function byOrders(make: (p: number, q: number) => Procedure): (p: number, q?: number) => Procedure {
  const made = new Map<string, Procedure>();
  return (p, q = 0) => {
    const key = `${p},${q}`;
    const known = made.get(key) ?? make(p, q);
    made.set(key, known);
    return known;
  };
}

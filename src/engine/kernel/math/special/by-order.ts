import type { Procedure } from "../../scalar.ts";

/** A procedure for each order of derivative, each made once. */
export function byOrder(make: (order: number) => Procedure): (order: number) => Procedure {
  return byOrders(make);
}

/** A procedure for each pair of orders, each made once. */
export function byOrders(make: (p: number, q: number) => Procedure): (p: number, q?: number) => Procedure {
  const made = new Map<string, Procedure>();
  return (p, q = 0) => {
    const key = `${p},${q}`;
    const known = made.get(key) ?? make(p, q);
    made.set(key, known);
    return known;
  };
}

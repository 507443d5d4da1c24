import type { Procedure } from "../../scalar.ts";

/** A procedure for each order of derivative, each made once. */
export function byOrder(make: (order: number) => Procedure): (order: number) => Procedure {
  const made = new Map<number, Procedure>();
  return (order) => {
    const known = made.get(order) ?? make(order);
    made.set(order, known);
    return known;
  };
}

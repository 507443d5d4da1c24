// Finite-difference derivatives of plain functions, whose arguments are numbers, arrays and records.

/** Reads and writes one number within a value. */
export interface Leaf {
  readonly get: () => number;
  readonly set: (x: number) => void;
}

/** The numbers within a value of arrays and records, depth first. Setting one changes the value. */
export function leavesOf(holder: Record<string | number, unknown>, key: string | number): Leaf[] {
  const value = holder[key];
  if (typeof value === "number")
    return [{ get: () => holder[key] as number, set: (x) => void (holder[key] = x) }];
  if (typeof value !== "object" || value === null) return [];
  const inside = value as Record<string | number, unknown>;
  const keys =
    ArrayBuffer.isView(value) || Array.isArray(value)
      ? [...(value as ArrayLike<unknown> & Iterable<unknown>)].keys()
      : Object.keys(value);
  return [...keys].flatMap((one) => leavesOf(inside, one));
}

/** All numbers within a value, depth first. */
export function numbersIn(value: unknown): number[] {
  return leavesOf({ value }, "value").map(({ get }) => get());
}

/**
 * Derivatives of `f(…args)` with respect to each number in the arguments at the indices `wrt`, by central differences
 * with three steps. Richardson extrapolation removes the errors of orders h² and h⁴. The remaining error is about 1e-10
 * of the size of `f`.
 */
export function differences(
  f: (...args: never[]) => number,
  args: readonly unknown[],
  wrt: readonly number[],
  step = 1e-3,
): number[] {
  const moved = structuredClone(args) as unknown[];
  const at = (): number => f(...(moved as never[]));
  return wrt.flatMap((k) =>
    leavesOf(moved as unknown as Record<number, unknown>, k).map(({ get, set }) => {
      const x = get();
      const central = (h: number): number => {
        set(x + h);
        const above = at();
        set(x - h);
        const below = at();
        set(x);
        return (above - below) / (2 * h);
      };
      const [a, b, c] = [central(step), central(step / 2), central(step / 4)];
      const [ab, bc] = [(4 * b - a) / 3, (4 * c - b) / 3];
      return (16 * bc - ab) / 15;
    }),
  );
}

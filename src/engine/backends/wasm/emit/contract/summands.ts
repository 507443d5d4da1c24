import type { FunctionBody } from "../../encode/body.ts";
import type { IntCode, Integers } from "../../encode/integers.ts";

/**
 * Number of summands of a call: a number, or "any" if it is a parameter of the function. It is always a multiple of
 * `multipleOf`.
 */
export interface SummandCount {
  readonly sums: number | "any";
  readonly multipleOf: number;
}

/**
 * Iterates over summands in groups of the sizes in `groups`, which are powers of two in decreasing order; smaller
 * groups handle the remainder. `inner` receives the group size. A constant number of at most `unrolled` summands is
 * unrolled.
 */
export function repeatSums(
  body: FunctionBody,
  int: Integers,
  { sums, multipleOf }: SummandCount,
  parameter: number,
  groups: readonly number[],
  unrolled: number,
  inner: (count: number) => void,
): void {
  if (typeof sums === "number") {
    let rest = sums;
    for (const group of groups) {
      const times = Math.floor(rest / group);
      rest %= group;
      if (times === 1 || times * group <= unrolled) for (let i = 0; i < times; i++) inner(group);
      else int.repeat(body.local("i32", "count"), times, () => inner(group));
    }
    return;
  }
  const count = body.local("i32", "count");
  let above = 0; // the previous group size, whose whole multiples are done
  for (const group of groups) {
    if (above !== 0 && multipleOf % above === 0) break;
    const left: IntCode = above === 0 ? int.get(parameter) : int.and(int.get(parameter), above - 1);
    const times = group === 1 ? left : int.shiftRight(left, Math.log2(group));
    int.repeat(count, times, () => inner(group), above !== 0 || group > 1);
    above = group;
  }
}

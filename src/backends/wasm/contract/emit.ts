import type { Body } from "../body.ts";

/** Adds a constant to a local. */
export function advance(body: Body, local: number, amount: number): void {
  if (amount === 0) return;
  body.localGet(local);
  body.i32Const(amount);
  body.op("i32.add");
  body.localSet(local);
}

/** Multiplies what is on the stack by a constant from 0. */
export function scale(body: Body, factor: number): void {
  if (factor === 1) return;
  body.i32Const(factor);
  body.op("i32.mul");
}

/** Repeats `inner` as many times as `times` puts on the stack, which may be zero only where `mayBeZero`. */
export function repeat(
  body: Body,
  count: number,
  times: () => void,
  mayBeZero: boolean,
  inner: () => void,
): void {
  times();
  if (mayBeZero) {
    body.localTee(count);
    body.if();
  } else {
    body.localSet(count);
  }
  const again = body.loop();
  inner();
  body.localGet(count);
  body.i32Const(-1);
  body.op("i32.add");
  body.localTee(count);
  body.brIf(again);
  body.end();
  if (mayBeZero) body.end();
}

/** How many summands a call has: a number, or "any" if a parameter tells it; `multipleOf` divides every such count. */
export interface Count {
  readonly sums: number | "any";
  readonly multipleOf: number;
}

/** Longer sums are loops. */
const unrolled = 8;

/** Goes through summands by groups of `group` (a power of two) and what is left one by one, or all at once if they are few. */
export function repeatSums(
  body: Body,
  { sums, multipleOf }: Count,
  parameter: number,
  group: number,
  inner: (count: number) => void,
): void {
  const shift = Math.log2(group);
  if (typeof sums === "number") {
    const whole = sums >> shift;
    if (sums <= unrolled) {
      for (let i = 0; i < whole; i++) inner(group);
    } else {
      repeat(body, body.local("i32", "count"), () => body.i32Const(whole), false, () => inner(group)); // prettier-ignore
    }
    if (sums % group > 0) inner(sums % group);
    return;
  }
  const count = body.local("i32", "count");
  const shifted = (): void => {
    body.localGet(parameter);
    body.i32Const(shift);
    body.op("i32.shr_u");
  };
  repeat(body, count, shifted, multipleOf % group !== 0, () => inner(group));
  if (multipleOf % group === 0) return;
  const rest = (): void => {
    body.localGet(parameter);
    body.i32Const(group - 1);
    body.op("i32.and");
  };
  repeat(body, count, rest, true, () => inner(1));
}

import type { Body } from "../../encode/body.ts";

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

/**
 * Goes through summands by groups of the sizes `groups` (powers of two, falling), the rest by smaller ones; `inner` is told how
 * many it has to do. Up to `unrolled` summands, if their number is known, are no loop.
 */
export function repeatSums(
  body: Body,
  { sums, multipleOf }: Count,
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
      else repeat(body, body.local("i32", "count"), () => body.i32Const(times), false, () => inner(group)); // prettier-ignore
    }
    return;
  }
  const count = body.local("i32", "count");
  let above = 0; // the group before this one, whose whole multiples are done
  for (const group of groups) {
    if (above !== 0 && multipleOf % above === 0) break;
    const mask = above - 1;
    const times = (): void => {
      body.localGet(parameter);
      if (mask >= 0) {
        body.i32Const(mask);
        body.op("i32.and");
      }
      if (group === 1) return;
      body.i32Const(Math.log2(group));
      body.op("i32.shr_u");
    };
    repeat(body, count, times, above !== 0 || group > 1, () => inner(group));
    above = group;
  }
}

/** Sets a local to the smaller of two numbers. */
export function minimum(body: Body, to: number, x: () => void, y: () => void): void {
  x();
  body.localTee(to);
  y();
  body.op("i32.gt_u");
  body.if();
  y();
  body.localSet(to);
  body.end();
}

/** A term of an address: a local times a constant, or a constant. */
export type Term = readonly [local: number, factor: number] | number;

/** Puts a sum on the stack. */
export function sum(body: Body, base: number, ...terms: readonly Term[]): void {
  body.localGet(base);
  let constant = 0;
  for (const term of terms) {
    if (typeof term === "number") constant += term;
    else if (term[1] !== 0) {
      body.localGet(term[0]);
      scale(body, term[1]);
      body.op("i32.add");
    }
  }
  if (constant === 0) return;
  body.i32Const(constant);
  body.op("i32.add");
}

/** Sets a local to a sum. */
export function setSum(body: Body, to: number, base: number, ...terms: readonly Term[]): void {
  if (to === base && terms.every((term) => typeof term !== "number" && term[1] === 0)) return;
  sum(body, base, ...terms);
  body.localSet(to);
}

/** Does something where a number is the last of `count`. */
export function whenLast(body: Body, number: number, count: number, inner: () => void): void {
  if (count === 1) return inner();
  whenEqual(body, number, count - 1, inner);
}

/** Does something where a local is a constant. */
export function whenEqual(body: Body, local: number, constant: number, inner: () => void): void {
  body.localGet(local);
  body.i32Const(constant);
  body.op("i32.eq");
  body.if();
  inner();
  body.end();
}

import type { Body } from "./body.ts";
import type { OpcodeName } from "./opcodes.ts";

/** Code that puts an i32 on the stack, or a constant. */
export type Int = (() => void) | number;

/** Expressions of i32 and what is done with them, so that index arithmetic reads as such. Quotients and orders are unsigned. */
export interface Integers {
  /** Puts a number on the stack. */
  readonly put: (x: Int) => void;
  readonly get: (local: number) => () => void;
  /** A sum, without the constants 0 in it. */
  readonly plus: (x: Int, ...terms: readonly Int[]) => Int;
  readonly minus: (x: Int, y: Int) => Int;
  /** A product; by the constant 1 it is the number itself, by 0 nothing. */
  readonly times: (x: Int, factor: Int) => Int;
  readonly over: (x: Int, divisor: number) => Int;
  readonly modulo: (x: Int, divisor: number) => Int;
  readonly and: (x: Int, y: Int) => Int;
  readonly shiftRight: (x: Int, bits: Int) => Int;
  readonly equal: (x: Int, y: Int) => Int;
  readonly differ: (x: Int, y: Int) => Int;
  readonly below: (x: Int, y: Int) => Int;
  readonly notBelow: (x: Int, y: Int) => Int;
  readonly isZero: (x: Int) => Int;
  /** A word in memory. */
  readonly load: (address: Int, offset: number) => Int;
  readonly store: (address: Int, offset: number, value: Int) => void;
  readonly set: (local: number, value: Int) => void;
  /** Sets a local to the smaller of two numbers; the code of the second one may run twice. */
  readonly setMinimum: (local: number, x: Int, y: Int) => void;
  /** Adds to a local. */
  readonly advance: (local: number, amount: Int) => void;
  readonly when: (condition: Int, then: () => void, otherwise?: () => void) => void;
  /** Does something, and again while a condition holds. */
  readonly doWhile: (inner: () => void, condition: Int) => void;
  /** Does something so many times, which may be none only where `mayBeZero`; `left` is a local that counts. */
  readonly repeat: (left: number, times: Int, inner: () => void, mayBeZero?: boolean) => void;
}

/** Expressions whose code goes into a body. */
export function integersOf(body: Body): Integers {
  const put = (x: Int): void => (typeof x === "number" ? body.i32Const(x) : x());
  const get = (local: number): (() => void) => () => body.localGet(local); // prettier-ignore
  const binary = (op: OpcodeName, x: Int, y: Int): Int => () => {
    put(x);
    put(y);
    body.op(op);
  }; // prettier-ignore
  const plus = (x: Int, ...terms: readonly Int[]): Int =>
    terms.reduce((sum, term) => (term === 0 ? sum : binary("i32.add", sum, term)), x);
  const set = (local: number, value: Int): void => {
    put(value);
    body.localSet(local);
  };
  const when = (condition: Int, then: () => void, otherwise?: () => void): void => {
    put(condition);
    body.if();
    then();
    if (otherwise !== undefined) {
      body.else();
      otherwise();
    }
    body.end();
  };
  const doWhile = (inner: () => void, condition: Int): void => {
    const again = body.loop();
    inner();
    put(condition);
    body.brIf(again);
    body.end();
  };
  return {
    put,
    get,
    plus,
    minus: (x, y) => binary("i32.sub", x, y),
    times: (x, factor) => (factor === 1 ? x : factor === 0 ? 0 : binary("i32.mul", x, factor)),
    over: (x, divisor) => binary("i32.div_u", x, divisor),
    modulo: (x, divisor) => binary("i32.rem_u", x, divisor),
    and: (x, y) => binary("i32.and", x, y),
    shiftRight: (x, bits) => binary("i32.shr_u", x, bits),
    equal: (x, y) => binary("i32.eq", x, y),
    differ: (x, y) => binary("i32.ne", x, y),
    below: (x, y) => binary("i32.lt_u", x, y),
    notBelow: (x, y) => binary("i32.ge_u", x, y),
    isZero: (x) => () => {
      put(x);
      body.op("i32.eqz");
    },
    load: (address, offset) => () => {
      put(address);
      body.memory("i32.load", offset);
    },
    store(address, offset, value) {
      put(address);
      put(value);
      body.memory("i32.store", offset);
    },
    set,
    setMinimum(local, x, y) {
      put(x);
      body.localTee(local);
      put(y);
      body.op("i32.gt_u");
      body.if();
      set(local, y);
      body.end();
    },
    advance(local, amount) {
      if (amount === 0) return;
      body.localGet(local);
      put(amount);
      body.op("i32.add");
      body.localSet(local);
    },
    when,
    doWhile,
    repeat(left, times, inner, mayBeZero = false) {
      put(times);
      if (mayBeZero) {
        body.localTee(left);
        body.if();
      } else body.localSet(left);
      doWhile(inner, () => {
        body.localGet(left);
        body.i32Const(-1);
        body.op("i32.add");
        body.localTee(left);
      });
      if (mayBeZero) body.end();
    },
  };
}

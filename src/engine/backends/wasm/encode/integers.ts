import type { Body } from "./body.ts";
import type { OpcodeName } from "./opcodes.ts";

/** Code that puts an i32 on the stack. */
export type Int = () => void;

/** Expressions of i32 and what is done with them, so that index arithmetic reads as such. Quotients and orders are unsigned. */
export interface Integers {
  readonly get: (local: number) => Int;
  readonly constant: (value: number) => Int;
  readonly plus: (x: Int, y: Int) => Int;
  readonly minus: (x: Int, y: Int) => Int;
  /** A product; by the constant 1 it is the number itself. */
  readonly times: (x: Int, factor: Int | number) => Int;
  readonly over: (x: Int, divisor: number) => Int;
  readonly modulo: (x: Int, divisor: number) => Int;
  readonly equal: (x: Int, y: Int) => Int;
  readonly differ: (x: Int, y: Int) => Int;
  readonly below: (x: Int, y: Int) => Int;
  readonly isZero: (x: Int) => Int;
  /** A word in memory. */
  readonly load: (address: Int, offset: number) => Int;
  readonly store: (address: Int, offset: number, value: Int) => void;
  readonly set: (local: number, value: Int) => void;
  /** Sets a local to the smaller of two numbers; the code of the second one may run twice. */
  readonly setMinimum: (local: number, x: Int, y: Int) => void;
  /** Adds a constant to a local. */
  readonly advance: (local: number, amount: number) => void;
  readonly when: (condition: Int, then: () => void, otherwise?: () => void) => void;
  /** Does something, and again while a condition holds. */
  readonly doWhile: (inner: () => void, condition: Int) => void;
}

/** Expressions whose code goes into a body. */
export function integersOf(body: Body): Integers {
  const get = (local: number): Int => () => body.localGet(local); // prettier-ignore
  const constant = (value: number): Int => () => body.i32Const(value); // prettier-ignore
  const binary = (op: OpcodeName, x: Int, y: Int): Int => () => {
    x();
    y();
    body.op(op);
  }; // prettier-ignore
  const set = (local: number, value: Int): void => {
    value();
    body.localSet(local);
  };
  const when = (condition: Int, then: () => void, otherwise?: () => void): void => {
    condition();
    body.if();
    then();
    if (otherwise !== undefined) {
      body.else();
      otherwise();
    }
    body.end();
  };
  return {
    get,
    constant,
    plus: (x, y) => binary("i32.add", x, y),
    minus: (x, y) => binary("i32.sub", x, y),
    times(x, factor) {
      if (factor === 1) return x;
      return binary("i32.mul", x, typeof factor === "number" ? constant(factor) : factor);
    },
    over: (x, divisor) => binary("i32.div_u", x, constant(divisor)),
    modulo: (x, divisor) => binary("i32.rem_u", x, constant(divisor)),
    equal: (x, y) => binary("i32.eq", x, y),
    differ: (x, y) => binary("i32.ne", x, y),
    below: (x, y) => binary("i32.lt_u", x, y),
    isZero: (x) => () => {
      x();
      body.op("i32.eqz");
    },
    load: (address, offset) => () => {
      address();
      body.memory("i32.load", offset);
    },
    store(address, offset, value) {
      address();
      value();
      body.memory("i32.store", offset);
    },
    set,
    setMinimum(local, x, y) {
      x();
      body.localTee(local);
      y();
      body.op("i32.gt_u");
      body.if();
      set(local, y);
      body.end();
    },
    advance(local, amount) {
      if (amount !== 0) set(local, binary("i32.add", get(local), constant(amount)));
    },
    when,
    doWhile(inner, condition) {
      const again = body.loop();
      inner();
      condition();
      body.brIf(again);
      body.end();
    },
  };
}

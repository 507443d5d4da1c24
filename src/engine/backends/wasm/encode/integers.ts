import type { FunctionBody } from "./body.ts";
import type { OpcodeName } from "./opcodes.ts";

/** Code that pushes an i32 on the stack, or a constant. */
export type IntCode = (() => void) | number;

/**
 * Combinators for i32 expressions and statements, for readable index arithmetic. Divisions and comparisons are
 * unsigned.
 */
export interface Integers {
  /** Pushes an i32 on the stack: runs the writer, or writes a constant. */
  readonly put: (x: IntCode) => void;
  readonly get: (local: number) => () => void;
  /** Code of a sum. Constant terms that are 0 are omitted. */
  readonly plus: (x: IntCode, ...terms: readonly IntCode[]) => IntCode;
  readonly minus: (x: IntCode, y: IntCode) => IntCode;
  /** Product; multiplication by the constants 1 and 0 is simplified. */
  readonly times: (x: IntCode, factor: IntCode) => IntCode;
  readonly over: (x: IntCode, divisor: number) => IntCode;
  readonly modulo: (x: IntCode, divisor: number) => IntCode;
  readonly and: (x: IntCode, y: IntCode) => IntCode;
  readonly shiftRight: (x: IntCode, bits: IntCode) => IntCode;
  readonly equal: (x: IntCode, y: IntCode) => IntCode;
  readonly differ: (x: IntCode, y: IntCode) => IntCode;
  readonly below: (x: IntCode, y: IntCode) => IntCode;
  readonly notBelow: (x: IntCode, y: IntCode) => IntCode;
  readonly isZero: (x: IntCode) => IntCode;
  /** Code that loads a 32-bit word from memory. */
  readonly load: (address: IntCode, offset: number) => IntCode;
  readonly store: (address: IntCode, offset: number, value: IntCode) => void;
  readonly set: (local: number, value: IntCode) => void;
  /** Writes code that sets a local to the smaller of two numbers. The code of the second number may run twice. */
  readonly setMinimum: (local: number, x: IntCode, y: IntCode) => void;
  /** Writes code that adds an amount to an i32 local. */
  readonly advance: (local: number, amount: IntCode) => void;
  readonly when: (condition: IntCode, then: () => void, otherwise?: () => void) => void;
  /** Writes a loop that runs `inner` once, and repeats it while a condition holds. */
  readonly doWhile: (inner: () => void, condition: IntCode) => void;
  /**
   * Writes a loop that runs `inner` `times` times; zero times only with `mayBeZero`. `left` is the local that counts
   * down.
   */
  readonly repeat: (left: number, times: IntCode, inner: () => void, mayBeZero?: boolean) => void;
}

/** Combinators that write their code to a body. */
export function integersOf(body: FunctionBody): Integers {
  const put = (x: IntCode): void => (typeof x === "number" ? body.i32Const(x) : x());
  const get = (local: number): (() => void) => () => body.localGet(local); // prettier-ignore
  const binary = (op: OpcodeName, x: IntCode, y: IntCode): IntCode => () => {
    put(x);
    put(y);
    body.op(op);
  }; // prettier-ignore
  const plus = (x: IntCode, ...terms: readonly IntCode[]): IntCode =>
    terms.reduce((sum, term) => (term === 0 ? sum : binary("i32.add", sum, term)), x);
  const set = (local: number, value: IntCode): void => {
    put(value);
    body.localSet(local);
  };
  const when = (condition: IntCode, then: () => void, otherwise?: () => void): void => {
    put(condition);
    body.if();
    then();
    if (otherwise !== undefined) {
      body.else();
      otherwise();
    }
    body.end();
  };
  const doWhile = (inner: () => void, condition: IntCode): void => {
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

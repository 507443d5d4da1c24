import type { ScalarType } from "../../kernel/scalar.ts";
import { append } from "../../util/append.ts";

/** Allocates the numbered registers of a routine or procedure. */
export interface Registers {
  /** Returns the register of a local, which is allocated on first use. */
  readonly local: (name: string) => number;
  /** Returns the register of a constant, rounded to its type. */
  readonly constant: (type: ScalarType, value: number) => number;
  /**
   * Allocates a register for an intermediate value of an expression. It is free again at the end of the enclosing
   * `scope`.
   */
  readonly temporary: () => number;
  /** Calls `write` and then frees the temporaries that it allocated. */
  readonly scope: (write: () => void) => void;
  /**
   * Returns the array of all registers, in which the constants have their values. Must be called after all other
   * methods.
   */
  readonly initial: () => Float64Array;
}

/** Creates an empty register allocator. */
export function makeRegisters(): Registers {
  const locals = new Map<string, number>();
  const constants = new Map<number, number>();
  let count = 0;
  let minusZero: number | undefined; // separate, because a Map does not distinguish −0 from 0
  const idle: number[] = []; // temporaries that no running statement needs
  let busy: number[] = [];

  const numbered = <K>(known: Map<K, number>, key: K): number => {
    let register = known.get(key);
    if (register === undefined) known.set(key, (register = count++));
    return register;
  };
  return {
    local: (name) => numbered(locals, name),
    constant(type, given) {
      const value = type === "f32" ? Math.fround(given) : type === "f64" ? given : given + 0; // integers have no −0
      return Object.is(value, -0) ? (minusZero ??= count++) : numbered(constants, value);
    },
    temporary() {
      const register = idle.pop() ?? count++;
      busy.push(register);
      return register;
    },
    scope(write) {
      const outer = busy;
      busy = [];
      write();
      append(idle, busy);
      busy = outer;
    },
    initial() {
      const registers = new Float64Array(count);
      for (const [value, register] of constants) registers[register] = value;
      if (minusZero !== undefined) registers[minusZero] = -0;
      return registers;
    },
  };
}

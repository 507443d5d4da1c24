import type { ScalarType } from "../../kernel/scalar.ts";
import { append } from "../../util/append.ts";

/** Gives out the numbered registers of a routine or procedure. */
export interface Registers {
  /** The register of a local, new ones included. */
  readonly local: (name: string) => number;
  /** The register of a constant, rounded to its type. */
  readonly constant: (type: ScalarType, value: number) => number;
  /** A register for a part of an expression, until the end of the `scope` around. */
  readonly temporary: () => number;
  /** Calls `write`; the temporaries that it takes are given out again afterwards. */
  readonly scope: (write: () => void) => void;
  /** All registers, with the constants in place. To be called last. */
  readonly initial: () => Float64Array;
}

/** Registers none of which is given out yet. */
export function makeRegisters(): Registers {
  const locals = new Map<string, number>();
  const constants = new Map<number, number>();
  let count = 0;
  let minusZero: number | undefined; // apart: a Map takes −0 for 0
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

import { internalError } from "../../errors/index.ts";
import type { BinaryOp, ScalarType } from "../../kernel/scalar.ts";
import type { InterpreterStep } from "./memory.ts";
import { binaryFunction } from "../../kernel/operations.ts";

/** A procedure in the form that the interpreter runs: steps over registers that belong to this procedure. */
export interface ProcedureSteps {
  readonly registers: Float64Array;
  readonly params: readonly number[];
  readonly run: InterpreterStep;
  readonly result: number;
}

/** Returns a step that runs steps one after another. */
export function sequence(steps: readonly InterpreterStep[]): InterpreterStep {
  const [a, b, c] = steps;
  if (a === undefined) return () => {};
  if (b === undefined) return a;
  if (c === undefined) {
    return (r) => {
      a(r);
      b(r);
    };
  }
  return (r) => {
    for (let i = 0; i < steps.length; i++) steps[i]!(r);
  };
}

/** Returns a step for `out = x`; both are numbers of registers. */
export function moveStep(x: number, out: number): InterpreterStep {
  return (r) => {
    r[out] = r[x]!;
  };
}

/** Returns a step for `out = f(x)`; `x` and `out` are numbers of registers. */
export function mapStep(f: (x: number) => number, x: number, out: number): InterpreterStep {
  return (r) => {
    r[out] = f(r[x]!);
  };
}

export function binaryStep(
  op: BinaryOp,
  type: ScalarType,
  x: number,
  y: number,
  out: number,
): InterpreterStep {
  const quick = type === "f64" ? quickReals[op] : type === "i32" ? quickIntegers[op] : undefined;
  if (quick !== undefined) return quick(x, y, out);
  const f = binaryFunction(op, type);
  return (r) => {
    r[out] = f(r[x]!, r[y]!);
  };
}

type FastSteps = { readonly [op in BinaryOp]?: (x: number, y: number, out: number) => InterpreterStep };

/** The most frequent operations, inlined to avoid a function call. */
const quickReals: FastSteps = {
  add: (x, y, out) => (r) => {
    r[out] = r[x]! + r[y]!;
  },
  sub: (x, y, out) => (r) => {
    r[out] = r[x]! - r[y]!;
  },
  mul: (x, y, out) => (r) => {
    r[out] = r[x]! * r[y]!;
  },
  div: (x, y, out) => (r) => {
    r[out] = r[x]! / r[y]!;
  },
  lt: (x, y, out) => (r) => {
    r[out] = r[x]! < r[y]! ? 1 : 0;
  },
};

const quickIntegers: FastSteps = {
  add: (x, y, out) => (r) => {
    r[out] = (r[x]! + r[y]!) | 0;
  },
  mul: (x, y, out) => (r) => {
    r[out] = Math.imul(r[x]!, r[y]!);
  },
  and: (x, y, out) => (r) => {
    r[out] = r[x]! & r[y]!;
  },
  lt: (x, y, out) => (r) => {
    r[out] = r[x]! < r[y]! ? 1 : 0;
  },
};

/** Returns a step that runs a loop. Its bounds are read once, before the first iteration. */
export function loopStep(
  index: number,
  from: number,
  to: number,
  isReverse: boolean,
  body: InterpreterStep,
): InterpreterStep {
  if (isReverse) {
    return (r) => {
      const first = r[from]!;
      for (let i = r[to]! - 1; i >= first; i--) {
        r[index] = i;
        body(r);
      }
    };
  }
  return (r) => {
    const end = r[to]!;
    for (let i = r[from]!; i < end; i++) {
      r[index] = i;
      body(r);
    }
  };
}

/**
 * Returns a step for `out = procedure(…args)`. The procedure has its own registers. One set of them suffices, because
 * no procedure is recursive.
 */
export function callStep(
  { registers, params, run, result }: ProcedureSteps,
  args: readonly number[],
  out: number,
): InterpreterStep {
  if (args.length !== params.length) throw internalError(`a call with ${args.length} arguments`);
  return (r) => {
    for (let k = 0; k < args.length; k++) registers[params[k]!] = r[args[k]!]!;
    run(registers);
    r[out] = registers[result]!;
  };
}

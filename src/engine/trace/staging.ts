import { DownhillError, showType } from "../errors/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import type { Trace } from "../ir/tensor.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { bind, withTrace } from "./bind.ts";
import { currentSource, withSource } from "./source.ts";

/** Application of a primitive, with its operands and parameters, that defines a value of the program being traced. */
export interface PrimitiveCall {
  readonly prim: Primitive;
  readonly ins: readonly Tensor[];
  readonly params: unknown;
}

interface StagedValue {
  readonly trace: StagingTrace;
  readonly variable: { readonly type: ArrayType; name?: string | undefined };
  /** The number that every element equals, if the value is a filled array. */
  readonly constant: number | undefined;
  /** The application that defines the value; `undefined` for an input of the program. */
  readonly definition: PrimitiveCall | undefined;
}

const noConstants: readonly number[] = [];

/** Trace that records every operation as an equation of a program. Operands from outside become hidden inputs. */
export interface StagingTrace extends Trace {
  readonly kind: "program";
  readonly eqns: Equation[];
  readonly captured: Map<Tensor, Var>;
  /** Returns the variable of a value. A value from outside becomes a captured input. */
  varOf(x: Tensor): Var;
  input(type: ArrayType, name?: string): Tensor;
}

/** Creates a staging trace of the given level. */
export function makeStagingTrace(level: number): StagingTrace {
  const captured = new Map<Tensor, Var>();
  const eqns: Equation[] = [];
  const wrap = (variable: StagedValue["variable"], constant?: number, definition?: PrimitiveCall): Tensor => {
    const value: StagedValue = { trace, variable, constant, definition };
    return new Tensor(variable.type, undefined, value);
  };
  const trace: StagingTrace = {
    kind: "program",
    level,
    alive: true,
    eqns,
    captured,
    input: (type, name) => wrap({ type, name }),
    varOf(x) {
      const tracer = x.tracer;
      if (tracer?.trace === trace) return (tracer as StagedValue).variable;
      let v = captured.get(x);
      if (v === undefined) {
        if (!(x instanceof Tensor)) throw new TypeError("an operand is no tensor"); // bind says which
        captured.set(x, (v = { type: x.type }));
      }
      return v;
    },
    process(prim, ins, params) {
      const vars = ins.map((x) => trace.varOf(x));
      const types = prim.typeOf(
        ins.map((x) => x.type),
        params,
      );
      const definition = { prim, ins, params };
      const outs = types.map((type) =>
        wrap({ type }, prim.algebra?.constant?.(noConstants, params), definition),
      );
      eqns.push({ prim, params, ins: vars, outs: outs.map((x) => trace.varOf(x)), source: currentSource() });
      return outs;
    },
  };
  return trace;
}

/** Traced function: its program, and the tensors captured from outside, which are the first inputs of the program. */
export interface TracedProgram {
  readonly program: Program;
  readonly captured: readonly Tensor[];
}

/** Traces a function of tensors of the given types. */
export function traceProgram(
  name: string,
  types: readonly ArrayType[],
  f: (...xs: Tensor[]) => readonly Tensor[],
  names: readonly (string | undefined)[] = [],
): TracedProgram {
  return withTrace(
    name,
    makeStagingTrace,
    (trace) => {
      const ins = types.map((type, i) => trace.input(type, names[i]));
      const results = callWithAll(name, f, ins);
      const outs = results.map((x) => trace.varOf(x));
      const inputs = [...trace.captured.values(), ...ins.map((x) => trace.varOf(x))];
      return { program: { name, ins: inputs, eqns: trace.eqns, outs }, captured: [...trace.captured.keys()] };
    },
    true,
  );
}

/** Number of inputs above which a stack overflow is attributed to the number of inputs. */
const manyInputs = 16_384;

/**
 * Calls a function with its operands spread.
 *
 * @throws DownhillError `range` if there are more operands than the call stack holds.
 */
function callWithAll<T>(name: string, f: (...xs: Tensor[]) => T, ins: readonly Tensor[]): T {
  try {
    return f(...ins);
  } catch (error) {
    if (ins.length <= manyInputs || !(error instanceof RangeError)) throw error;
    throw new DownhillError(
      "range",
      `${name}: ${ins.length} tensors go into one program, which are too many for the call stack. ` +
        "Put tensors of one shape into one tensor with stack.",
      { cause: error },
    );
  }
}

/**
 * Traces a function that must not read outer tensors, such as a rule of a primitive.
 *
 * @throws DownhillError `trace` if the function reads an outer tensor.
 */
export function traceClosed(
  name: string,
  types: readonly ArrayType[],
  f: (...xs: Tensor[]) => readonly Tensor[],
): Program {
  const { program, captured } = traceProgram(name, types, f);
  const first = captured[0];
  if (first !== undefined) {
    throw new DownhillError(
      "trace",
      `${name}: a rule of a primitive used a tensor that it made itself (${showType(first.type)}). Under jit and scan rules ` +
        `become programs: let them use their operands, plain numbers, and functions such as full and arange of these.`,
    );
  }
  return program;
}

/** Names a value of the program being traced, and returns it. Does nothing outside a staging trace. */
export function nameValue(x: Tensor, name: string): Tensor {
  const tracer = x.tracer;
  if (tracer !== undefined && tracer.trace.kind === "program") (tracer as StagedValue).variable.name ??= name;
  return x;
}

function stagedValue({ tracer }: Tensor): StagedValue | undefined {
  return tracer?.trace.kind === "program" ? (tracer as StagedValue) : undefined;
}

/** Number that a scalar holds, if known; in a staging trace, the value of a constant. */
export function knownScalar(x: Tensor): number | undefined {
  if (x.shape.length > 0) return undefined;
  if (x.tracer?.trace.kind === "program") return knownConstant(x);
  return typeof x.slot === "number" ? x.slot : undefined;
}

/** Value of every element of a constant of the program being traced; `undefined` for other values. */
export function knownConstant(x: Tensor): number | undefined {
  return stagedValue(x)?.constant;
}

/** Application that defines a value of the program being traced; `undefined` for inputs. */
export function definitionOf(x: Tensor): PrimitiveCall | undefined {
  return stagedValue(x)?.definition;
}

/** Runs a program on tensors by binding its equations in order, in the traces of its operands. */
export function evalProgram(
  program: Program,
  args: readonly Tensor[],
  bindEquation: (prim: Primitive, ins: readonly Tensor[], params: unknown) => readonly Tensor[] = bind,
): Tensor[] {
  const env = new Map<Var, Tensor>();
  program.ins.forEach((v, i) => env.set(v, args[i]!));
  for (const eqn of program.eqns) {
    const ins = eqn.ins.map((v) => env.get(v)!);
    const outs = withSource(eqn.source, () => bindEquation(eqn.prim, ins, eqn.params));
    for (let i = 0; i < outs.length; i++) {
      const out = outs[i]!;
      const v = eqn.outs[i]!;
      env.set(v, v.name === undefined ? out : nameValue(out, v.name));
    }
  }
  return program.outs.map((v) => env.get(v)!);
}

// The oracle of programs over tensors: the interpreter, run equation by equation on the program as traced.
import { interpBackend } from "../../engine/backends/interp/index.ts";
import type { Equation, FailureReport, Program, Var } from "../../engine/ir/index.ts";
import type { KernelValue, TypedArray } from "../../engine/kernel/executable.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import type { ArrayType } from "../../engine/ir/types.ts";
import { scalarTypeOf } from "../../engine/ir/types.ts";
import { lowerProgram } from "../../engine/passes/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { compileBounded } from "./bounded.ts";
import { literalProgram } from "./literal.ts";

/** A value of a program: a number for a scalar, otherwise elements in row-major order. */
export type ProgramValue = number | TypedArray;

/** Results of a call: values, or the error that ended it; `undefined` if the budget was exceeded. */
export type OracleOutcome =
  { readonly values: readonly ProgramValue[] } | { readonly error: unknown } | undefined;

/** Allocates an array for each result of these types; scalar results need none and start as 0. */
function roomFor(types: readonly ArrayType[]): KernelValue[] {
  return types.map(({ shape, dtype }) =>
    shape.length === 0 ? 0 : { array: makeArray(scalarTypeOf(dtype), sizeOf(shape)), offset: 0 },
  );
}

export function slotOf(value: ProgramValue): KernelValue {
  return typeof value === "number" ? value : { array: value, offset: 0 };
}

export function valueOf(slot: KernelValue): ProgramValue {
  return typeof slot === "number" ? slot : slot.array;
}

/**
 * Returns the error that the failure outputs report; "more room" if the call must be repeated with larger arrays;
 * `undefined` if there is none.
 */
function failureIn(failures: readonly FailureReport[], outputs: readonly KernelValue[]): unknown {
  const [site = 0, wanted, length, ...values] = outputs as number[];
  if (site === 0) return undefined;
  const report = must(failures[site - 1], `site ${site} of an error`);
  return report.makeRoom?.(wanted!) === true ? "more room" : report.error(wanted!, length!, values);
}

/**
 * Runs a program without optimisations, equation by equation in the interpreter. Returns `undefined` if it exceeds the
 * budget of scalar operations.
 */
export function interpret(program: Program, inputs: readonly ProgramValue[], budget: number): OracleOutcome {
  const { ins, eqns, outs } = literalProgram(program);
  const known = new Map<Var, ProgramValue>(ins.map((v, i) => [v, inputs[i]!]));
  let left = budget;
  for (const eqn of eqns) {
    const given = eqn.ins.map((v) => must(known.get(v), "an operand"));
    const { outcome, rest } =
      eqn.prim.lowering.kind === "alias"
        ? { outcome: { values: [aliased(eqn, given[0]!)] }, rest: left - 1 }
        : runProgram(singleEquation(eqn), given, left);
    if (outcome === undefined || "error" in outcome) return outcome;
    eqn.outs.forEach((v, i) => known.set(v, outcome.values[i]!));
    left = rest;
  }
  return { values: outs.map((v) => must(known.get(v), "a result")) };
}

/** Builds a program of one equation, whose operands are distinct inputs. */
function singleEquation(eqn: Equation): Program {
  const ins = eqn.ins.map(({ type }): Var => ({ type }));
  return { name: eqn.prim.name, ins, eqns: [{ ...eqn, ins }], outs: eqn.outs };
}

/**
 * Computes an equation whose result has the same elements as its operand `x`, such as a reshape. The result is a number
 * if it is a scalar, otherwise an array.
 */
function aliased({ outs: [out] }: Equation, x: ProgramValue): ProgramValue {
  const isScalar = out!.type.shape.length === 0;
  if (typeof x !== "number") return isScalar ? x[0]! : x;
  if (isScalar) return x;
  const one = makeArray(scalarTypeOf(out!.type.dtype), 1);
  one[0] = x;
  return one;
}

/** Maximum number of repetitions with larger arrays; each repetition at least doubles the size. */
const mostAttempts = 64;

/**
 * Runs a program as one routine in the interpreter. Returns its outcome and the rest of the budget of scalar
 * operations, −1 if it was exceeded.
 */
export function runProgram(
  program: Program,
  inputs: readonly ProgramValue[],
  budget: number,
): { readonly outcome: OracleOutcome; readonly rest: number } {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const { routine, failures } = lowerProgram(program);
    const room = roomFor(program.outs.map((v) => v.type));
    const outputs = [...room, ...routine.outputs.slice(room.length).map(() => 0)];
    const rest = compileBounded(routine, interpBackend, budget)(inputs.map(slotOf), outputs);
    if (rest < 0) break;
    const error = failureIn(failures, outputs.slice(room.length));
    if (error === undefined) return { outcome: { values: outputs.slice(0, room.length).map(valueOf) }, rest };
    if (error !== "more room") return { outcome: { error }, rest };
  }
  return { outcome: undefined, rest: -1 };
}

import type { Maybe, Primitive } from "../ir/primitive.ts";
import type { EquationSource } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { TracedProgram } from "./staging.ts";

/** The facts about a linear equation that debugging needs while its transposition rule runs. */
export interface TransposedEquation {
  readonly prim: Primitive;
  readonly source: EquationSource | undefined;
}

/**
 * Operation of the user to which the running operations belong (`undefined`: each belongs to itself), and the current
 * pass.
 */
export interface DebugOrigin {
  readonly origin: string | undefined;
  readonly pass: "forward" | "reverse";
}

/** Observers that debug mode installs. */
export interface DebugHooks {
  /** Calls `rule`, the forward-mode rule of `prim`, with these operands, and returns its result. */
  readonly differentiate: <T>(prim: Primitive, ins: readonly Tensor[], rule: () => T) => T;
  /** Calls `rule`, the transposition rule of an equation, on cotangents. */
  readonly transpose: (eqn: TransposedEquation, cts: readonly Maybe[], rule: () => void) => void;
  /** Returns the operation of the user to which the running operations belong, and the current pass. */
  readonly place: () => DebugOrigin;
  /** Compares two traces of one function, and throws if they differ. */
  readonly compare: (operation: string, before: TracedProgram, now: TracedProgram) => void;
}

let hooks: DebugHooks | undefined;

/** Installs the observers while `debug({ nan: true })` is on; `undefined` removes them. */
export function setDebugHooks(next: DebugHooks | undefined): void {
  hooks = next;
}

export function isDebugging(): boolean {
  return hooks !== undefined;
}

/** Runs `f` with debugging off. */
export function withoutDebugging<T>(f: () => T): T {
  const saved = hooks;
  hooks = undefined;
  try {
    return f();
  } finally {
    hooks = saved;
  }
}

/** In debug mode, throws if a function differs from its first trace. */
export function requireUnchanged(operation: string, before: TracedProgram, now: TracedProgram): void {
  hooks?.compare(operation, before, now);
}

/** Runs the derivative rule of a primitive. Debug mode attributes its operations to that primitive. */
export function differentiating<T>(prim: Primitive, ins: readonly Tensor[], rule: () => T): T {
  return hooks === undefined ? rule() : hooks.differentiate(prim, ins, rule);
}

/** Runs a transposition rule. Debug mode attributes its operations to the primitive of the equation. */
export function transposing(eqn: TransposedEquation, cts: readonly Maybe[], rule: () => void): void {
  if (hooks === undefined) rule();
  else hooks.transpose(eqn, cts, rule);
}

/**
 * In debug mode, the operation and the pass (such as the backward pass) to which the running operations belong;
 * `undefined` otherwise.
 */
export function debugPlace(): DebugOrigin | undefined {
  return hooks?.place();
}

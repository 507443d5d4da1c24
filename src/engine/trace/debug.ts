import type { Maybe, Primitive } from "../ir/primitive.ts";
import type { EquationSource } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { TracedProgram } from "./staging.ts";

/** A linear equation whose transpose is being applied, as far as debugging needs to know it. */
export interface TransposedEquation {
  readonly prim: Primitive;
  readonly source: EquationSource | undefined;
}

/** On whose behalf operations run. */
export interface DebugOrigin {
  readonly origin: string | undefined;
  readonly pass: "forward" | "reverse";
}

/** What debugging wants to hear of. */
export interface DebugHooks {
  /** A rule of forward mode runs on behalf of `prim`. */
  readonly differentiate: <T>(prim: Primitive, ins: readonly Tensor[], rule: () => T) => T;
  /** A transpose rule runs on cotangents. */
  readonly transpose: (eqn: TransposedEquation, cts: readonly Maybe[], rule: () => void) => void;
  /** The primitive whose rule is running, and the pass. */
  readonly place: () => DebugOrigin;
  /** A function that was traced before has been traced again: refuses it where it has become another one. */
  readonly compare: (operation: string, before: TracedProgram, now: TracedProgram) => void;
}

let hooks: DebugHooks | undefined;

/** Set while `debug({ nan: true })` is on. */
export function setDebugHooks(next: DebugHooks | undefined): void {
  hooks = next;
}

export function isDebugging(): boolean {
  return hooks !== undefined;
}

/** Runs `f` as if nobody were debugging. */
export function withoutDebugging<T>(f: () => T): T {
  const saved = hooks;
  hooks = undefined;
  try {
    return f();
  } finally {
    hooks = saved;
  }
}

/** While debugging, compares what a function was when it was traced first with what it is now. */
export function requireUnchanged(operation: string, before: TracedProgram, now: TracedProgram): void {
  hooks?.compare(operation, before, now);
}

/** Runs the derivative rule of a primitive; while debugging, what it computes is told apart from what the user asked for. */
export function differentiating<T>(prim: Primitive, ins: readonly Tensor[], rule: () => T): T {
  return hooks === undefined ? rule() : hooks.differentiate(prim, ins, rule);
}

/** Runs a transpose rule, likewise. */
export function transposing(eqn: TransposedEquation, cts: readonly Maybe[], rule: () => void): void {
  if (hooks === undefined) rule();
  else hooks.transpose(eqn, cts, rule);
}

/** While debugging, on whose behalf an operation is asked for. */
export function debugPlace(): DebugOrigin | undefined {
  return hooks?.place();
}

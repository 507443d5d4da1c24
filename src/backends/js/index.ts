import type { Backend, Compiled, CompiledProcedure, TypedArray } from "../../kernel/executable.ts";
import type { Procedure, Routine } from "../../kernel/scalar.ts";
import type { Source } from "./source.ts";
import { procedureSource, routineSource } from "./source.ts";

/** Runs kernels as generated JavaScript. Only where `canGenerateCode()`. */
export const jsBackend: Backend = {
  name: "js",
  compile: (routine) => build(routineSource(routine)) as Compiled,
  compileProcedure: (procedure) => build(procedureSource(procedure)) as CompiledProcedure,
};

/** The JavaScript that a routine becomes, for reading. */
export function sourceOf(routine: Routine): string {
  return routineSource(routine).text;
}

/** The JavaScript that a procedure becomes, for reading. */
export function sourceOfProcedure(procedure: Procedure): string {
  return procedureSource(procedure).text;
}

let codeGeneration: boolean | undefined;

/** Whether JavaScript may be made from text here: strict content security policies forbid it. */
export function canGenerateCode(): boolean {
  codeGeneration ??= tryToGenerate();
  return codeGeneration;
}

function tryToGenerate(): boolean {
  try {
    void new Function("");
    return true;
  } catch {
    return false;
  }
}

type Make = (
  temps: readonly TypedArray[],
  tables: readonly TypedArray[],
  spill: Float64Array,
  doubles: Float64Array,
  words: Int32Array,
  floats: Float32Array,
) => unknown;

function build(source: Source): unknown {
  const make = new Function("temps", "tables", "spill", "doubles", "words", "floats", source.text) as Make;
  const scratch = new ArrayBuffer(8);
  return make(
    source.temps,
    source.tables,
    new Float64Array(source.spillSize),
    new Float64Array(scratch),
    new Int32Array(scratch),
    new Float32Array(scratch),
  );
}

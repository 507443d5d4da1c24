import type { CallSizes, SizesOf } from "../../kernel/call-sizes.ts";
import { knownSizes } from "../../kernel/call-sizes.ts";
import type { Backend, CompiledRoutine, CompiledProcedure, TypedArray } from "../../kernel/executable.ts";
import type { Procedure, Routine } from "../../kernel/scalar.ts";
import { makeTemporaries } from "../../kernel/temporaries.ts";
import type { GeneratedSource } from "./source.ts";
export { canGenerateCode } from "../../util/generate-code.ts";
import { partLimit, procedureSource, routineSource } from "./source.ts";

/** Runs kernels as generated JavaScript. Available only if `canGenerateCode()`. */
export const jsBackend: Backend = /* @__PURE__ */ makeJsBackend();

/**
 * Creates a backend that splits functions heavier than `limit` into parts. If `sizesOf` is `callSizes`, it accepts
 * routines whose calls compute sizes.
 */
export function makeJsBackend(limit: number = partLimit, sizesOf: SizesOf = knownSizes): Backend {
  // routines whose calls compute sizes are called with whole arrays, others with tensors, which share memory
  const arraysAreWhole = sizesOf !== knownSizes;
  return {
    name: "js",
    compile: (routine) => compileRoutine(routine, limit, sizesOf(routine), arraysAreWhole),
    show: (routine) => sourceOf(routine, limit),
    compileProcedure: (procedure) => build(procedureSource(procedure, limit), []) as CompiledProcedure,
  };
}

function compileRoutine(
  routine: Routine,
  limit: number,
  sizes: CallSizes,
  arraysAreWhole: boolean,
): CompiledRoutine {
  return compileSource(routineSource(routine, limit, arraysAreWhole), routine, sizes);
}

/** Makes a compiled routine from its generated source. */
export function compileSource(source: GeneratedSource, routine: Routine, sizes: CallSizes): CompiledRoutine {
  const temporaries = makeTemporaries(routine, sizes);
  const run = build(source, temporaries.arrays) as CompiledRoutine;
  const size = temporaries.sizeOfCode(source.text.length);
  const { update } = sizes;
  if (update === undefined) return Object.assign(run, { size });
  const compiled: CompiledRoutine = (inputs, outputs) => {
    update(inputs, outputs);
    temporaries.arrange();
    run(inputs, outputs);
  };
  return Object.assign(compiled, { size });
}

/** JavaScript source of a routine, for reading. `limit` is the weight above which it is split into parts. */
export function sourceOf(routine: Routine, limit: number = partLimit): string {
  return routineSource(routine, limit).text;
}

/** JavaScript source of a procedure, for reading. */
export function sourceOfProcedure(procedure: Procedure): string {
  return procedureSource(procedure, partLimit).text;
}

type SourceFactory = (
  temps: readonly TypedArray[],
  tables: readonly TypedArray[],
  spill: Float64Array,
  doubles: Float64Array,
  words: Int32Array,
  floats: Float32Array,
  powers: Float64Array,
) => unknown;

/**
 * Table of powers for generated code: for each value of the upper twelve bits (sign and exponent), the float64 with a
 * zero fraction. Created on first use.
 */
let powers: Float64Array | undefined;

function makePowers(): Float64Array {
  const table = new Float64Array(4096);
  const words = new Uint32Array(table.buffer);
  for (let i = 0; i < 4096; i++) words[2 * i + 1] = i << 20; // the high word, on every machine that runs JavaScript
  return table;
}

function build(source: GeneratedSource, temps: readonly TypedArray[]): unknown {
  const make = new Function(
    "temps",
    "tables",
    "spill",
    "doubles",
    "words",
    "floats",
    "powers",
    source.text,
  ) as SourceFactory;
  const scratch = new ArrayBuffer(8);
  return make(
    temps,
    source.tables,
    new Float64Array(source.spillSize),
    new Float64Array(scratch),
    new Int32Array(scratch),
    new Float32Array(scratch),
    (powers ??= makePowers()),
  );
}

import { internalError } from "../../errors/index.ts";
import type {
  Backend,
  BufferView,
  CompiledRoutine,
  CompiledProcedure,
  KernelValue,
} from "../../kernel/executable.ts";
import type { CallSizes, SizesOf } from "../../kernel/call-sizes.ts";
import { callSizes, knownSizes } from "../../kernel/call-sizes.ts";
import type { Buffer, Procedure, Routine } from "../../kernel/scalar.ts";
import { makeTemporaries } from "../../kernel/temporaries.ts";
import { checkDepth } from "../../kernel/walk.ts";
import { assertNever, must } from "../../util/assert-never.ts";
import type { BufferBinding } from "./memory.ts";
import { bindPlace, bindTemp, portPlace } from "./memory.ts";
import { binaryFunction, convertFunction, unaryFunction } from "../../kernel/operations.ts";
import type { ProcedureSteps } from "./steps.ts";
import { sequence } from "./steps.ts";
import type { AccessCounts, Observers } from "./observers.ts";
import { makeRaceChecker } from "./races.ts";
import type { Library } from "./writer.ts";
import { makeWriter } from "./writer.ts";

export type { AccessCounts } from "./observers.ts";

/**
 * Runs kernels without generating code. It is the oracle for the other backends, and the backend where code generation
 * is forbidden. It checks every index.
 */
export const interpBackend: Backend = /* @__PURE__ */ makeInterp();

/** Interpreter that also accepts routines whose calls compute sizes. */
export const sizedInterp: Backend = /* @__PURE__ */ makeInterp(callSizes);

/** Interpreter that counts loads, stores and float operations, for tests of how much work a kernel does. */
export function countingInterp(): Backend & { readonly counts: AccessCounts; readonly reset: () => void } {
  const counts: AccessCounts = { loads: 0, stores: 0, flops: 0 };
  return {
    ...makeInterp(callSizes, { counts }),
    counts,
    reset: () => void Object.assign(counts, { loads: 0, stores: 0, flops: 0 }),
  };
}

/**
 * Interpreter that throws if iterations of an independent loop conflict: one writes an element that another one reads
 * or writes. Other backends would run such a loop in vectors or on threads and return wrong results. The check works
 * for any order of iterations.
 */
export function raceCheckingInterp(): Backend {
  return makeInterp(callSizes, { races: makeRaceChecker() });
}

function makeInterp(sizesOf: SizesOf = knownSizes, observers: Observers = {}): Backend {
  const { counts, races } = observers;
  const known = new WeakMap<Procedure, ProcedureSteps>();
  const open = new Set<Procedure>();
  const library: Library = {
    ...observers,
    procedure(procedure) {
      const made = known.get(procedure);
      if (made !== undefined) return made;
      if (open.has(procedure))
        throw internalError(`procedure ${JSON.stringify(procedure.name)} calls itself`);
      checkDepth(open.size);
      open.add(procedure);
      try {
        const runnable = makeRunnable(procedure, library);
        known.set(procedure, runnable);
        return runnable;
      } finally {
        open.delete(procedure);
      }
    },
  };
  return {
    name: counts ? "counting interp" : races ? "race-checking interp" : "interp",
    compile: (routine) => compileRoutine(routine, sizesOf(routine), library),
    compileProcedure: (procedure) =>
      (counts ? undefined : directFunction(procedure)) ?? callable(library.procedure(procedure)),
  };
}

function makeRunnable(procedure: Procedure, library: Library): ProcedureSteps {
  const writer = makeWriter(new Map(), library);
  const params = procedure.params.map((param) => writer.local(param.name));
  const body = writer.block(procedure.body);
  const results = writer.results([procedure.result]);
  const result = must(results.at[0], "the result of a procedure");
  return { params, run: sequence([body, results.run]), result, registers: writer.registers() };
}

function callable({ registers, params, run, result }: ProcedureSteps): CompiledProcedure {
  const [a, b] = params;
  if (params.length === 1 && a !== undefined) {
    return (x) => {
      registers[a] = x!;
      run(registers);
      return registers[result]!;
    };
  }
  if (params.length === 2 && a !== undefined && b !== undefined) {
    return (x, y) => {
      registers[a] = x!;
      registers[b] = y!;
      run(registers);
      return registers[result]!;
    };
  }
  return (...args) => {
    for (let k = 0; k < params.length; k++) registers[params[k]!] = args[k]!;
    run(registers);
    return registers[result]!;
  };
}

/**
 * JavaScript function for a procedure that consists of a single operation on its parameters, so that adding two numbers
 * needs no interpretation. `undefined` for other procedures.
 */
function directFunction({ params, body, result }: Procedure): CompiledProcedure | undefined {
  if (body.length > 0) return undefined;
  const isParam = (k: number, name: string): boolean => params.length > k && params[k]!.name === name;
  switch (result.kind) {
    case "unary":
    case "convert": {
      if (params.length !== 1 || result.x.kind !== "local" || !isParam(0, result.x.name)) return undefined;
      const { type } = result.x;
      const f = result.kind === "unary" ? unaryFunction(result.op, type) : convertFunction(result.type, type);
      return f;
    }
    case "binary": {
      const { x, y } = result;
      if (params.length !== 2 || x.kind !== "local" || y.kind !== "local") return undefined;
      if (!isParam(0, x.name) || !isParam(1, y.name)) return undefined;
      return binaryFunction(result.op, x.type);
    }
    case "const":
    case "local":
    case "load":
    case "table":
    case "select":
    case "mulAdd":
    case "call":
      return undefined;
    default:
      return assertNever(result, "directFunction");
  }
}

function compileRoutine(routine: Routine, sizes: CallSizes, library: Library): CompiledRoutine {
  const temporaries = makeTemporaries(routine, sizes);
  const places = new Map<string, BufferBinding>();
  const enter = (buffer: Buffer): BufferBinding => {
    const place = portPlace(buffer, must(sizes.extents.get(buffer.name), "a size"));
    places.set(buffer.name, place);
    return place;
  };
  const temps = routine.temps.map(enter);
  const inputs = routine.inputs.map((input) => (input.kind === "buffer" ? enter(input.buffer) : input.name));
  const outputs = routine.outputs.map((output) =>
    output.kind === "buffer" ? enter(output.buffer) : undefined,
  );
  const bindTemps = (): void => temporaries.arrays.forEach((array, k) => bindTemp(temps[k]!, array));
  bindTemps();
  const { update } = sizes;
  /** Computes the buffer sizes of this call from its arguments, and stores them for the steps. */
  const measure = (given: readonly KernelValue[], wanted: readonly KernelValue[]): void => {
    update?.(given, wanted);
    for (const [name, place] of places) place.size = sizes.extents.get(name)!.size;
    temporaries.arrange();
    bindTemps();
  };

  const writer = makeWriter(places, library);
  const arguments_ = inputs.map((input) => (typeof input === "string" ? writer.local(input) : input));
  const body = writer.block(routine.body);
  const results = writer.results(
    routine.outputs.flatMap((output) => (output.kind === "scalar" ? [output.value] : [])),
  );
  const registers = writer.registers();

  const compiled: CompiledRoutine = (given, wanted) => {
    if (update !== undefined) measure(given, wanted);
    for (let k = 0; k < arguments_.length; k++) {
      const argument = arguments_[k]!;
      const slot = given[k]!;
      if (typeof argument === "number") registers[argument] = slot as number;
      else if (typeof slot === "object") bindPlace(argument, slot);
    }
    for (let k = 0; k < outputs.length; k++) {
      const place = outputs[k];
      if (place !== undefined) bindPlace(place, wanted[k] as BufferView);
    }
    body(registers);
    results.run(registers);
    for (let k = 0, scalar = 0; k < outputs.length; k++) {
      if (outputs[k] === undefined) wanted[k] = registers[results.at[scalar++]!]!;
    }
  };
  return Object.assign(compiled, { size: temporaries.sizeOfCode(0) });
}

import { DownhillError } from "../errors/index.ts";
import type { Program, Var } from "../ir/program.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { CompiledRoutine, KernelValue, TypedArray } from "../kernel/executable.ts";
import { makeArray } from "../kernel/executable.ts";
import type { Routine } from "../kernel/scalar.ts";
import { constantSize } from "../kernel/sizes.ts";
import { lowerProgram } from "../passes/lower.ts";
import { eliminateDeadCode, optimize } from "../passes/pipeline.ts";
import { jvpProgram } from "../transforms/jvp.ts";
import "../transforms/program-tools.ts";
import { evalProgram, traceClosed } from "../trace/staging.ts";
import { tools } from "../transforms/tools.ts";
import { must } from "../util/assert-never.ts";
import { sizeOf } from "../util/shape.ts";
import type { InputRole } from "./flow.ts";
import type { SetRoutine, TangentRoutine } from "./routines.ts";
import { comparisonRoutine, patternRoutine, prepareTangents } from "./routines.ts";
import type { SplitProgram } from "./moves.ts";
import type { EntryLimit, SparsityPattern } from "./rows.ts";
import { rowsOf } from "./rows.ts";

/** Compiles a routine for the CPU. */
export type RoutineCompiler = (routine: Routine) => CompiledRoutine;

/** Elements of an input: a number for a scalar. */
export type InputElements = number | TypedArray;

/** Reads the elements of an input, by its index. */
export type ElementReader = (input: number) => InputElements;

/** Limits of the memory that a sparsity pattern and its computation may use. */
export interface PatternLimits {
  /** Maximum number of entries of a pattern. */
  readonly entries: number;
  /** Maximum number of int32 elements in the pool of sets or in the log; each takes 4 bytes. */
  readonly nodes: number;
}

/** Limits that fit into 1 GB. */
export const defaultLimits: PatternLimits = { entries: 1e8, nodes: 1e8 };

/** Initial capacity of the pool of sets, in elements per row of the pattern. */
const nodesPerRow = 24;
const leastNodes = 4096;

/** Pattern at a point, and the decisions on which it depends. */
export interface FoundPattern {
  readonly pattern: SparsityPattern;
  /** Values of the indices, bounds and conditions that depend on the point, in order of execution. */
  readonly log: Int32Array;
  /** Number of elements of the pool of sets that the search filled. */
  readonly nodes: number;
}

/** Compares the decisions behind a pattern with the decisions at another point. */
export interface PatternComparison {
  readonly routine: Routine;
  /** True if a decision at the point that `read` returns differs, so that the pattern there may differ. */
  readonly differs: (read: ElementReader) => boolean;
  readonly release: () => void;
}

/** Finds the sparsity patterns of one program. */
export interface PatternFinder {
  /** True if the pattern may differ at another point. */
  readonly isLocal: boolean;
  /** Indices of the program inputs whose values determine the pattern, in ascending order. */
  readonly deciding: readonly number[];
  /** Finds the pattern at the point whose elements `read` returns. */
  readonly find: (read: ElementReader) => FoundPattern;
  /** Compiles code that checks whether the decisions behind the found pattern are the same at another point. */
  readonly comparison: (found: FoundPattern) => PatternComparison;
  /** The analysed routine that computes the tangents. */
  readonly tangents: TangentRoutine;
}

export interface FinderOptions {
  /** Inputs whose values may change while a pattern is in use. Default: the active ones. */
  readonly changing?: readonly boolean[];
  /** True if a factor that does not change removes columns wherever it is 0. Default false. */
  readonly skipsZeros?: boolean;
  /** True if each row has at most one column, as for moved elements. Such rows need no pool of sets. Default false. */
  readonly hasSingleColumns?: boolean;
}

/**
 * Prepares the search for the sparsity pattern of the results of `split.rest` with respect to the moved elements. The
 * point is given by the inputs of the original program.
 */
export function makePatternFinder(
  name: string,
  split: SplitProgram,
  active: readonly boolean[],
  compile: RoutineCompiler,
  limits: PatternLimits = defaultLimits,
  { changing = active, skipsZeros = false, hasSingleColumns = false }: FinderOptions = {},
): PatternFinder {
  const program = split.moves;
  const tangent = tangentProgram(split, active);
  const { routine } = lowerProgram(optimize(tangent));
  const roles = tangent.ins.map((_, i): InputRole =>
    i >= program.ins.length ? "tangent" : changing[i] === true ? "point" : "fixed",
  );
  const results = split.rest.outs;
  const sizes = tangent.ins.map(({ type }) => sizeOf(type.shape));
  const tangents = prepareTangents(routine, roles, sizes, results.length, skipsZeros);
  const rows = results.reduce((sum, { type }) => sum + sizeOf(type.shape), 0);
  let capacity = {
    pool: Math.max(leastNodes, hasSingleColumns ? 0 : nodesPerRow * rows),
    log: Math.max(64, hasSingleColumns ? 0 : rows),
  };
  let code: (SetRoutine & { readonly run: CompiledRoutine }) | undefined;

  // the plan of memory may store tangents where a deciding value was, so that their values are computed too
  const readAll =
    (read: ElementReader): ElementReader =>
    (i) =>
      i < program.ins.length ? read(i) : someTangent(tangent.ins[i]!);
  const find = (read: ElementReader): FoundPattern => {
    for (;;) {
      if (code === undefined) {
        const made = patternRoutine(tangents, capacity);
        code = { ...made, run: compile(made.routine) };
      }
      const outputs = runRoutine(code, code.run, readAll(read));
      const [pool, log, top, logTop] = outputs.slice(results.length) as [Int32Array, Int32Array, number, number]; // prettier-ignore
      if (top <= capacity.pool && logTop <= capacity.log) {
        const sets = outputs.slice(0, results.length) as (number | Int32Array)[];
        const pattern = rowsOf(sets, pool, tangents.columns, entryLimit(name, limits));
        return { pattern, log: log.slice(0, logTop), nodes: top };
      }
      if (Math.max(top, logTop) > limits.nodes) throw tooManyNodes(name, Math.max(top, logTop), limits);
      capacity = { pool: Math.max(capacity.pool, top + 64), log: Math.max(capacity.log, logTop) };
      code.run.release?.();
      code = undefined;
    }
  };
  const { sites, inputs } = patternRoutine(tangents, capacity);
  return {
    isLocal: sites > 0,
    deciding: inputs.filter((i) => i < program.ins.length),
    find,
    comparison({ log }) {
      const made = comparisonRoutine(tangents, log.length);
      const run = compile(made.routine);
      const differs = (read: ElementReader): boolean =>
        runRoutine(made, run, readAll(read), [{ array: log, offset: 0 }])[0] !== 0;
      return { routine: made.routine, differs, release: () => run.release?.() };
    },
    tangents,
  };
}

/**
 * Traces the tangents of all results as a program. Its inputs are those of the original program, then the tangents of
 * the moved elements.
 */
function tangentProgram({ moves, rest }: SplitProgram, active: readonly boolean[]): Program {
  const { length } = moves.outs;
  const isMoved = rest.ins.map((_, i) => i < length);
  const all = rest.outs.map(() => true);
  const none = rest.ins.map(() => false);
  const dual = jvpProgram(rest, isMoved, all, none, tools).program;
  const types = [...moves.ins, ...moves.outs].map(({ type }) => type);
  const whole = traceClosed(rest.name, types, (...xs) => {
    const [given, tangents] = [xs.slice(0, moves.ins.length), xs.slice(moves.ins.length)];
    const values = evalProgram(moves, given);
    const others = given.filter((_, i) => active[i] !== true);
    return evalProgram(dual, [...values, ...others, ...tangents]).slice(rest.outs.length);
  });
  return eliminateDeadCode(whole);
}

/** Ones for an input of tangents. The routine may read such an input, but no pattern depends on its values. */
function someTangent({ type }: Var): InputElements {
  if (type.shape.length === 0) return 1;
  return makeArray(scalarTypeOf(type.dtype), sizeOf(type.shape)).fill(1);
}

/**
 * Runs the code of a set routine with the inputs that `read` returns and the `further` ones. Returns its outputs:
 * numbers and arrays.
 */
function runRoutine(
  { routine, inputs }: SetRoutine,
  run: CompiledRoutine,
  read: ElementReader,
  further: readonly KernelValue[] = [],
): (number | TypedArray)[] {
  const values = inputs.map((i): KernelValue => {
    const elements = read(i);
    return typeof elements === "number" ? elements : { array: elements, offset: 0 };
  });
  const outputs = routine.outputs.map((output): KernelValue => {
    if (output.kind === "scalar") return 0;
    const size = must(constantSize(output.buffer.size), "the size of a result");
    return { array: makeArray(output.buffer.type, size), offset: 0 };
  });
  run([...values, ...further], outputs);
  return outputs.map((output) => (typeof output === "number" ? output : output.array));
}

function entryLimit(name: string, { entries }: PatternLimits): EntryLimit {
  return {
    most: entries,
    refuse: (row, length) =>
      new DownhillError(
        "range",
        `${name}: the pattern has more than ${entries} entries; row ${row} alone has ${length}. ` +
          "Use jacrev or hvp for results that depend on most of their arguments, or raise the option maxEntries.",
      ),
  };
}

function tooManyNodes(name: string, nodes: number, limits: PatternLimits): DownhillError {
  return new DownhillError(
    "range",
    `${name}: the search for the pattern needs more than ${limits.nodes} numbers (${nodes}). ` +
      "Loops that add to the same elements many times cause this; use fewer iterations, or jacfwd or hvp.",
  );
}

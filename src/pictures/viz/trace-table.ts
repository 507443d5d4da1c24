import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Equation, Program, Tensor, TensorLike, Var } from "../../engine/ir/index.ts";
import { arrayType, isFloating, subPrograms } from "../../engine/ir/index.ts";
import { full } from "../../engine/prims/linear.ts";
import { tensor } from "../../numeric/array/create.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import type { CompiledText } from "../../numeric/syntax/index.ts";
import { traceProgram } from "../../engine/trace/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { displayedBy, importByName } from "../plot/notebook.ts";
import { checkGradient } from "./check.ts";
import type { TraceContext } from "./context.ts";
import type { toSvg as drawSvg } from "./to-svg.ts";
import { activeFrom, makeContext } from "./context.ts";
import { showEquation } from "./formula.ts";
import { forwardPass, localDerivatives } from "./forward.ts";
import { nameProgram } from "./names.ts";
import { reverseTrace } from "./reverse.ts";
import { nested, show } from "./show.ts";
import type { TraceSubject, TraceSource } from "./source.ts";
import { traceable } from "./source.ts";
import type { TraceBody, TraceInput, TraceLine, TraceTable } from "./table.ts";
import { recordOf } from "./table.ts";
import { writeOut, type UnrolledProgram } from "./written-out.ts";

/** Options of `traceTable`. */
export interface TraceOptions {
  /** Arguments at which values are computed, one per argument of the function. Default: none (a symbolic trace). */
  readonly at?: readonly unknown[];
  /**
   * Names of the arguments (default: the function's parameter names, else `x y z` or `x1 x2 …`). Parts of nested
   * arguments are called `params.w`.
   */
  readonly names?: readonly string[];
  /** Names of the inputs or arguments to differentiate with respect to. Default: all floating-point inputs. */
  readonly wrt?: readonly string[];
  /**
   * For each forward pass, one differential per input; used only with `at`. Default: one pass per input, in which its
   * differential is 1.
   */
  readonly seeds?: readonly (readonly unknown[])[];
  /** Whether to compare the gradient with central differences. Default: true if there are values. */
  readonly check?: boolean;
  /**
   * True to unroll loops with a known number of iterations: `scan`, `foriLoop` and, with `at`, also `whileLoop`. Loops
   * that would give more than 2,000 lines stay rolled. Pages show one iteration, which the user chooses. An unrolled
   * `whileLoop` has a reverse trace for its number of iterations at these values. Default: each loop is one line.
   */
  readonly unroll?: boolean;
}

const arrayExamples = { at: "[2, 3]", names: '["x", "y"]', wrt: '["x"]', seeds: "[[1, 0]]" } as const;
const mostForward = 200_000; // maximum total of lines in all forward passes; later passes are omitted
const mostLocal = 1_000; // longest program with local derivatives; graphs of longer ones are folded
const mostPlaced = 5_000; // longest program with source locations; each needs its stack trace formatted
const mostAffected = 500_000; // maximum number of names in `affects`; above it, only results are listed

/**
 * Traces the derivative of a function line by line. The table contains the program, its forward traces, its reverse
 * trace with the stored values, the lines that each input affects, and a check against central differences.
 *
 * The trace traverses the program that `grad` differentiates and applies the rules of its primitives. A non-scalar
 * result is differentiated through the sum of its elements.
 *
 * @throws DownhillError `option`, `tree`, `shape` or `dtype` for invalid options or arguments; errors of the function
 * pass through
 * @example
 * const table = traceTable((x, y) => x.mul(y).add(sin(x)), { at: [2, 3] });
 * table.program.map((line) => line.text); // ["a = x * y", "b = sin(x)", "z = a + b"]
 * table.gradient; // { x: 2.5838531634528574, y: 2 }
 */
export function traceTable(source: TraceSource, options: TraceOptions = {}): TraceTable {
  if (arguments.length > 2) refuseExtra("traceTable", arguments, 2);
  checkOptions("traceTable", options, ["at", "names", "wrt", "seeds", "check", "unroll"]);
  checkFlags("traceTable", options, ["check", "unroll"]);
  for (const name of ["at", "names", "wrt", "seeds"] as const) {
    if (options[name] === undefined || Array.isArray(options[name])) continue;
    throw new DownhillError(
      "option",
      `traceTable: ${name} must be an array, such as ${arrayExamples[name]}; got ${typeof options[name]}.`,
    );
  }
  const traced = traceable(source, options.at, options.names ?? []);
  return buildTable(options.unroll === true ? writeOut(traced) : traced, options);
}

/** Traces a text compiled by {@link compileText}. Its lines have the names used in the text. */
export function traceText(
  text: CompiledText,
  options: Omit<TraceOptions, "names" | "unroll"> = {},
): TraceTable {
  if (arguments.length > 2) refuseExtra("traceText", arguments, 2);
  checkOptions("traceText", options, ["at", "wrt", "seeds", "check"]);
  checkFlags("traceText", options, ["check"]);
  const { inputs, outputName } = text;
  const { program } = traceProgram(
    outputName,
    inputs.map(() => arrayType("float64", [])),
    (...xs) => [text.evaluate(xs)],
    inputs,
  );
  const args = options.at?.map((x) => tensor(x as TensorLike));
  return buildTable({ program, args, captured: 0, names: new Map() }, options);
}

function buildTable(
  { program, args, captured, names, iterations }: TraceSubject & Partial<UnrolledProgram>,
  options: TraceOptions,
): TraceTable {
  const out = program.outs[0];
  if (out === undefined) throw new DownhillError("tree", "traceTable: the function has no result.");
  const context = makeContext(program, args, names);
  const { naming, values, lines } = context;
  const own = program.ins.slice(captured);
  const wrt = chooseInputs(own, naming.nameOf, options.wrt);
  const valueOf = (v: Var): Tensor | undefined => values?.get(v);

  const reverse = isFloating(out.type.dtype) ? reverseTrace(context, wrt) : undefined;
  const active = activeFrom(context, wrt);
  const seeds = values === undefined ? [undefined] : seedMaps(wrt, own, options.seeds);
  const perPass = Math.max(1, program.ins.length + lines.length);
  const gradients = reverse?.adjoints ?? new Map<Var, Tensor>();
  const check = options.check ?? values !== undefined;

  const table: TraceTable = {
    name: program.name,
    inputs: program.ins.map((v): TraceInput => ({
      name: naming.nameOf(v),
      type: showType(v.type),
      value: values === undefined ? null : show(valueOf(v), v.type),
      differentiated: wrt.includes(v),
    })),
    outputs: program.outs.map((v) => naming.nameOf(v)),
    program: lines.map((line) => ({
      ...describeLine(context, line.eqn, lines.length <= mostPlaced),
      local: lines.length <= mostLocal ? localDerivatives(context, line, active) : [],
      ...iterationsOf(line.eqn, iterations),
    })),
    forward: seeds
      .slice(0, Math.max(1, Math.floor(mostForward / perPass)))
      .map((seed) => forwardPass(context, wrt, seed)),
    reverse: reverse?.lines ?? [],
    stored: reverse?.stored ?? [],
    affects: affectedBy(context),
    value: values === undefined ? null : nested(valueOf(out), out.type),
    gradient: recordOf(
      wrt.map(
        (v) => [naming.nameOf(v), values === undefined ? null : nested(gradients.get(v), v.type)] as const,
      ),
    ),
    check:
      check && args !== undefined && reverse !== undefined
        ? checkGradient({ program, args, wrt, gradients, nameOf: naming.nameOf })
        : null,
  };
  return displayedBy(table, async () => {
    const { toSvg } = (await importByName("downhill/viz")) as { readonly toSvg: typeof drawSvg };
    return { "image/svg+xml": toSvg(table), "text/plain": `Trace of ${table.name}` };
  });
}

/**
 * Returns the inputs to differentiate with respect to: the named ones, or all floating-point inputs. The name of an
 * argument selects all its parts.
 *
 * @throws DownhillError `option` for an unknown name, `dtype` for an input that is not floating-point.
 */
function chooseInputs(
  inputs: readonly Var[],
  nameOf: (v: Var) => string,
  wanted: readonly string[] | undefined,
): Var[] {
  const floating = inputs.filter((v) => isFloating(v.type.dtype));
  if (wanted === undefined) return floating;
  const chosen = wanted.flatMap((name) => {
    const found = inputs.filter(
      (v) => nameOf(v) === name || (/^[.[]/.test(nameOf(v).slice(name.length)) && nameOf(v).startsWith(name)),
    );
    const known = inputs.map(nameOf);
    if (found.length === 0)
      throw new DownhillError(
        "option",
        `traceTable: wrt names ${JSON.stringify(name)}, which is not an input.${didYouMean(name, known) || ` The inputs are ${known.join(", ")}.`}`,
      );
    const fixed = found.find((v) => !isFloating(v.type.dtype));
    if (fixed !== undefined)
      throw new DownhillError(
        "dtype",
        `traceTable: ${nameOf(fixed)} is ${showType(fixed.type)}, but only floating-point inputs have a derivative.`,
      );
    return found;
  });
  return floating.filter((v) => chosen.includes(v));
}

function seedMaps(
  wrt: readonly Var[],
  own: readonly Var[],
  seeds: TraceOptions["seeds"],
): Map<Var, Tensor>[] {
  if (seeds === undefined) return wrt.map((v) => new Map([[v, full(v.type, 1)]]));
  return seeds.map((seed) => {
    if (seed.length !== own.length) {
      throw new DownhillError(
        "tree",
        `traceTable: a seed has ${seed.length} differentials for ${own.length} inputs.`,
      );
    }
    const given = new Map<Var, Tensor>();
    own.forEach((v, i) => {
      const dx = asTensor(seed[i], "traceTable");
      if (showType(dx.type) !== showType(v.type)) {
        throw new DownhillError(
          "shape",
          `traceTable: a differential is ${showType(dx.type)} for an input of ${showType(v.type)}.`,
        );
      }
      // Omit zeros, so that 0 · ∞ does not arise if the derivative is not needed.
      if (wrt.includes(v) && seed[i] !== 0) given.set(v, dx);
    });
    return given;
  });
}

function iterationsOf(
  eqn: Equation,
  iterations: UnrolledProgram["iterations"] | undefined,
): Pick<TraceLine, "iterations"> {
  const around = iterations?.get(eqn);
  return around === undefined ? {} : { iterations: around };
}

function describeLine(context: TraceContext, eqn: Equation, isPlaced: boolean): TraceLine {
  const { naming, values } = context;
  const first = must(eqn.outs[0], "a result");
  return {
    ...lineOf(eqn, naming.nameOf, naming.isConstant),
    source: isPlaced ? (eqn.source?.describe() ?? null) : null,
    value: values === undefined ? null : show(values.get(first), first.type),
  };
}

function lineOf(eqn: Equation, nameOf: (v: Var) => string, isConstant: (v: Var) => boolean): TraceLine {
  const expression = showEquation(eqn, nameOf);
  const name = eqn.outs.map(nameOf).join(", ");
  return {
    name,
    results: eqn.outs.map(nameOf),
    expression,
    text: `${name} = ${expression}`,
    type: eqn.outs.map((v) => showType(v.type)).join(", "),
    value: null,
    operation: eqn.prim.name,
    reads: eqn.ins.filter((v) => !isConstant(v)).map(nameOf),
    local: [],
    source: null,
    bodies: subPrograms(eqn.params).map((program) => {
      const operands = eqn.ins.slice(Math.max(0, eqn.ins.length - program.ins.length)); // the first operand of a conditional is its condition
      return bodyOf(
        program,
        operands.map((v) => (isConstant(v) ? null : nameOf(v))),
      );
    }),
  };
}

function bodyOf(program: Program, operands: readonly (string | null)[]): TraceBody {
  const naming = nameProgram(program);
  return {
    name: program.name,
    inputs: program.ins.map(naming.nameOf),
    operands,
    lines: program.eqns
      .filter((eqn) => eqn.outs.some((v) => !naming.isConstant(v)))
      .map((eqn) => lineOf(eqn, naming.nameOf, naming.isConstant)),
    outputs: program.outs.map(naming.nameOf),
  };
}

/** Returns for each input the names of the lines that it can affect, whether or not it has a derivative. */
function affectedBy({ program, lines, naming }: TraceContext): Readonly<Record<string, readonly string[]>> {
  const outs = new Set(program.outs);
  const onlyOutputs = program.ins.length * lines.length > mostAffected;
  return recordOf(
    program.ins.map((input) => {
      const reached = new Set<Var>([input]);
      const names: string[] = [];
      for (const { eqn } of lines) {
        if (!eqn.ins.some((v) => reached.has(v))) continue;
        for (const v of eqn.outs) {
          reached.add(v);
          if (!onlyOutputs || outs.has(v)) names.push(naming.nameOf(v));
        }
      }
      return [naming.nameOf(input), names] as const;
    }),
  );
}

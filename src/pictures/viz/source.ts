import { DownhillError } from "../../engine/errors/index.ts";
import type { Equation, Primitive, Program, Tensor, Var } from "../../engine/ir/index.ts";
import { arrayType, isProgram, subPrograms } from "../../engine/ir/index.ts";
import { calledProgram } from "../../engine/prims/index.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { bind, capturingSources, evalProgram, traceProgram } from "../../engine/trace/index.ts";
import { flattenArguments, flattenResult, unflattenArguments } from "../../engine/transforms/arguments.ts";
import { parameterNames } from "../../engine/transforms/make-program.ts";
import { leafPaths } from "../../engine/tree/index.ts";
import { readPlace, variableNames } from "./variable-names.ts";

/** A traceable source: a function of tensors (or of nested structures of tensors), or a program. */
export type TraceSource = Program | ((...args: never[]) => unknown);

/** A program to trace, and the values of its inputs if known. */
export interface TraceSubject {
  readonly program: Program;
  readonly args: readonly Tensor[] | undefined;
  /** Number of leading inputs that hold tensors captured by the function. They are not differentiated. */
  readonly captured: number;
  readonly names: ReadonlyMap<Var, string>;
}

/**
 * Traces a source to a program, at values `at` or, without them, for scalars. Calls of jitted functions are inlined, so
 * that their lines are visible.
 *
 * @throws DownhillError `tree` for another source or a wrong number of values.
 */
export function traceable(
  source: TraceSource,
  at: readonly unknown[] | undefined,
  names: readonly string[],
): TraceSubject {
  if (isProgram(source)) {
    const args = at?.map((x) => asTensor(x, "traceTable"));
    if (args !== undefined && args.length !== source.ins.length) {
      throw new DownhillError(
        "tree",
        `traceTable: the program has ${source.ins.length} inputs, \`at\` has ${args.length} values.`,
      );
    }
    const program = inlineCalls(source);
    return { program, args, captured: 0, names: new Map(names.map((name, i) => [program.ins[i]!, name])) };
  }
  if (typeof source !== "function") {
    throw new DownhillError(
      "tree",
      `traceTable: expects a function or a program, got ${source === null ? "null" : typeof source}.`,
    );
  }
  const f = source as (...args: unknown[]) => unknown;
  const example = at ?? Array.from({ length: f.length }, () => 0);
  const { leaves, defs } = flattenArguments(example, "traceTable");
  const parameters = parameterNames(source);
  const roots = defs.map((_, i) => names[i] ?? parameters[i] ?? (defs.length <= 3 ? "xyz"[i]! : `x${i + 1}`));
  const paths = defs.flatMap((def, i) => leafPaths(def, roots[i]!));
  const types = leaves.map(({ type }) => (at === undefined ? arrayType("float64", []) : type));
  const { program, captured } = capturingSources(() =>
    traceProgram(
      f.name === "" ? "f" : f.name,
      types,
      (...xs) => flattenResult(f(...unflattenArguments(defs, xs)), "traceTable").leaves,
      paths,
    ),
  );
  const whole = inlineCalls(program);
  const given = new Map<Var, string>([
    ...whole.ins
      .slice(0, captured.length)
      .map((v, i) => [v, captured.length === 1 ? "c" : `c${i + 1}`] as const),
    ...namesOfVariables(f, whole),
  ]);
  return {
    program: whole,
    args: at === undefined ? undefined : [...captured, ...leaves],
    captured: captured.length,
    names: given,
  };
}

const mostNamed = 5_000; // maximum number of equations to name; each needs its stack trace formatted

/** Returns all equations of a program and of its sub-programs, the latter before the equation that runs them. */
function allEquations({ eqns }: Program): Equation[] {
  return eqns.flatMap((eqn) => [...subPrograms(eqn.params).flatMap(allEquations), eqn]);
}

/**
 * Returns pairs of a result and the name of the variable that the function assigns it to, as far as the function's
 * source text shows them. Empty for programs of more than 5,000 equations.
 */
function namesOfVariables(f: (...args: never[]) => unknown, program: Program): (readonly [Var, string])[] {
  const eqns = allEquations(program);
  if (eqns.length > mostNamed) return [];
  const places = eqns.map(({ source }) => readPlace(source?.describe() ?? ""));
  const names = variableNames(Function.prototype.toString.call(f), places);
  return eqns.flatMap(({ outs }, i) => {
    const [name, next, out] = [names[i], places[i + 1], outs[0]];
    const place = places[i];
    // If one call makes several equations, the last one is its result.
    const isLast = next?.line !== place?.line || next?.column !== place?.column || next?.file !== place?.file;
    return name !== undefined && isLast && out !== undefined && outs.length === 1
      ? [[out, name] as const]
      : [];
  });
}

function inlineCalls(program: Program): Program {
  if (!program.eqns.some(({ prim, params }) => calledProgram(prim, params) !== undefined)) return program;
  const bindInlined = (prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] => {
    const called = calledProgram(prim, params);
    return called === undefined ? bind(prim, ins, params) : evalProgram(called, ins, bindInlined);
  };
  return traceProgram(
    program.name,
    program.ins.map((v) => v.type),
    (...xs) => evalProgram(program, xs, bindInlined),
    program.ins.map((v) => v.name),
  ).program;
}

import type { Equation, Program, Tensor, Var } from "../../engine/ir/index.ts";
import { calledProgram } from "../../engine/prims/index.ts";
import {
  bind,
  evalProgram,
  makeStagingTrace,
  type StagingTrace,
  withSource,
  withTrace,
} from "../../engine/trace/index.ts";
import { tensor } from "../../numeric/array/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import { nameProgram } from "./names.ts";
import type { TraceSubject } from "./source.ts";
import type { TraceIteration } from "./table.ts";

/** A program with its loops unrolled, and the iterations of its equations. */
export interface UnrolledProgram extends TraceSubject {
  /** For each equation of an unrolled loop, the enclosing iterations, outermost first. */
  readonly iterations: ReadonlyMap<Equation, readonly TraceIteration[]>;
}

/**
 * Largest number of equations of an unrolled loop. More are not readable, and each needs its rules: 1,400 equations
 * take about a second and a megabyte of page.
 */
const mostEquations = 2_000;
const besideBody = 3; // estimated extra equations per iteration that read array elements and store results
const letters = "ijklmn";

/**
 * Unrolls the loops of a program: those whose number of iterations is known beforehand and, if the inputs have values,
 * `while` loops for the number of iterations at these values. Loops that would give more than 2,000 equations stay
 * rolled. A value of an iteration is named after the loop's variable and the iteration: `h_3`.
 */
export function writeOut(traced: TraceSubject): UnrolledProgram {
  const { program, args } = traced;
  const answers = { goesOn: tensor(true), ends: tensor(false) };
  const counts = args === undefined ? [] : countsOf(program, args);
  const write = (trace: StagingTrace): UnrolledProgram =>
    new LoopUnroller(traced, trace, answers, counts.values()).write();
  return withTrace(program.name, makeStagingTrace, write, true);
}

/** The iterations around an equation, outermost first. */
type IterationPath = readonly TraceIteration[];

const outside: IterationPath = [];

/** Unrolls a program into a trace, loop by loop. */
class LoopUnroller {
  readonly #traced: TraceSubject;
  readonly #trace: StagingTrace;
  /**
   * Results of the condition of an unrolled `while` loop: the tensors true (the loop continues) and false (it stops).
   */
  readonly #answers: { readonly goesOn: Tensor; readonly ends: Tensor };
  /** Numbers of iterations of `while` loops, in the order in which they start. */
  readonly #counts: Iterator<number | undefined, undefined>;
  readonly #names = new Map<Var, string>();
  readonly #iterations = new Map<Equation, IterationPath>();
  /** The iterations in which each value was computed. */
  readonly #home = new Map<Var, IterationPath>();
  readonly #indices = new Map<Equation, string>();

  constructor(
    traced: TraceSubject,
    trace: StagingTrace,
    answers: { readonly goesOn: Tensor; readonly ends: Tensor },
    counts: Iterator<number | undefined, undefined>,
  ) {
    this.#traced = traced;
    this.#trace = trace;
    this.#answers = answers;
    this.#counts = counts;
  }

  write(): UnrolledProgram {
    const trace = this.#trace;
    const { program, names } = this.#traced;
    const ins = program.ins.map((v) => {
      const input = trace.input(v.type, v.name);
      this.#give(input, names.get(v));
      return input;
    });
    const outs = this.#run(program, ins, outside, (v) => names.get(v));
    const whole = {
      name: program.name,
      ins: ins.map((x) => trace.varOf(x)),
      eqns: trace.eqns,
      outs: outs.map((x) => trace.varOf(x)),
    };
    return { ...this.#traced, program: whole, names: this.#names, iterations: this.#iterations };
  }

  #give(value: Tensor, name: string | undefined): void {
    const v = this.#trace.varOf(value);
    if (name !== undefined && !this.#names.has(v)) this.#names.set(v, name);
  }

  #put(eqn: Equation, place: IterationPath): void {
    if (place.length > 0) this.#iterations.set(eqn, place);
    for (const v of eqn.outs) this.#home.set(v, place);
  }

  #run(
    body: Program,
    ins: readonly Tensor[],
    place: IterationPath,
    nameOf: (v: Var) => string | undefined,
  ): Tensor[] {
    const env = new Map(body.ins.map((v, i) => [v, must(ins[i], "an operand")]));
    for (const eqn of body.eqns) {
      const operands = eqn.ins.map((v) => must(env.get(v), "an operand"));
      const outs = withSource(eqn.source, () => this.#apply(eqn, operands, place));
      eqn.outs.forEach((v, i) => {
        const out = must(outs[i], "a result");
        env.set(v, out);
        this.#give(out, nameOf(v));
      });
    }
    return body.outs.map((v) => must(env.get(v), "a result"));
  }

  #apply(eqn: Equation, operands: readonly Tensor[], place: IterationPath): readonly Tensor[] {
    const called = calledProgram(eqn.prim, eqn.params);
    if (called !== undefined) return this.#run(called, operands, place, () => undefined);
    const length = lengthOf(eqn) ?? (isOpen(eqn) ? this.#counts.next().value : undefined);
    if (length !== undefined && (isOpen(eqn) || isWrittenOut(eqn)))
      return this.#runLoop(eqn, operands, place, length);
    const from = this.#trace.eqns.length;
    const results = bind(eqn.prim, operands, eqn.params);
    for (const made of this.#trace.eqns.slice(from)) this.#put(made, place);
    return results;
  }

  #runLoop(eqn: Equation, ins: readonly Tensor[], place: IterationPath, length: number): readonly Tensor[] {
    const trace = this.#trace;
    const index = this.#indices.get(eqn) ?? letters[this.#indices.size] ?? `i${this.#indices.size + 1}`;
    this.#indices.set(eqn, index);
    let before = place;
    let from = trace.eqns.length;
    const { goesOn, ends } = this.#answers;
    const results = must(eqn.prim.unroll, "a loop")(ins, eqn.params, (body, operands, step = 0) => {
      if (body !== bodyOf(eqn)) return [step < length ? goesOn : ends];
      const here = [...place, { loop: index, index, value: step }];
      this.#settle(from, place, before, here);
      const { nameOf, isConstant } = nameProgram(body, this.#traced.names);
      const suffix = here.map(({ value }) => `_${value}`).join("");
      const ownName = (v: Var): string | undefined => (isConstant(v) ? undefined : nameOf(v) + suffix);
      body.ins.forEach((v, i) => {
        const operand = must(operands[i], "an operand");
        if (this.#home.get(trace.varOf(operand)) === here) this.#give(operand, ownName(v));
      });
      const outs = this.#run(body, operands, here, ownName);
      before = here;
      from = trace.eqns.length;
      return outs;
    });
    this.#settle(from, place, before, place);
    return results;
  }

  /**
   * Assigns the equations of the trace from index `from` on to an iteration. The loop has added them between two of its
   * iterations. An equation belongs to the iteration before it if it reads only values of that iteration, otherwise to
   * the next one.
   */
  #settle(from: number, place: IterationPath, before: IterationPath, next: IterationPath): void {
    for (const made of this.#trace.eqns.slice(from)) {
      const homes = made.ins
        .map((v) => this.#home.get(v) ?? outside)
        .filter((home) => home.length > place.length);
      const isOfBefore = homes.length > 0 && homes.every((home) => home === before);
      this.#put(made, isOfBefore ? before : next);
    }
  }
}

/**
 * Returns the numbers of iterations of all `while` loops in the order in which they start; `undefined` for loops too
 * long to unroll. Loops inside those, or inside other operations that stay rolled, are not included.
 */
function countsOf(program: Program, args: readonly Tensor[]): (number | undefined)[] {
  const counts: (number | undefined)[] = [];
  let size = 0; // equations so far
  function run(body: Program, ins: readonly Tensor[]): readonly Tensor[] {
    const env = new Map(body.ins.map((v, i) => [v, must(ins[i], "an operand")]));
    for (const eqn of body.eqns) {
      const operands = eqn.ins.map((v) => must(env.get(v), "an operand"));
      const outs = apply(eqn, operands);
      eqn.outs.forEach((v, i) => env.set(v, must(outs[i], "a result")));
    }
    return body.outs.map((v) => must(env.get(v), "a result"));
  }
  function apply(eqn: Equation, operands: readonly Tensor[]): readonly Tensor[] {
    size++;
    const called = calledProgram(eqn.prim, eqn.params);
    if (called !== undefined) return run(called, operands);
    if (isOpen(eqn)) return count(eqn, operands);
    if (!isWrittenOut(eqn)) return bind(eqn.prim, operands, eqn.params);
    return must(eqn.prim.unroll, "a loop")(operands, eqn.params, run);
  }
  function count(eqn: Equation, operands: readonly Tensor[]): readonly Tensor[] {
    const own = counts.push(undefined) - 1;
    const begun = size;
    let steps = 0;
    const outs = must(eqn.prim.unroll, "a loop")(operands, eqn.params, (part, ins) => {
      if (part !== bodyOf(eqn))
        return size - begun > mostEquations ? [tensor(false)] : evalProgram(part, ins);
      steps++;
      size += besideBody;
      return run(part, ins);
    });
    if (size - begun <= mostEquations) {
      counts[own] = steps;
      return outs;
    }
    counts.length = own + 1;
    return bind(eqn.prim, operands, eqn.params);
  }
  run(program, args);
  return counts;
}

/** True if an equation is a loop whose number of iterations depends on its values. */
function isOpen(eqn: Equation): boolean {
  return eqn.prim.loop?.parts !== undefined && lengthOf(eqn) === undefined && eqn.prim.unroll !== undefined;
}

function bodyOf({ prim, params }: Equation): Program {
  return must(prim.loop?.parts, "a loop")(params).body;
}

function isWrittenOut(eqn: Equation): boolean {
  return lengthOf(eqn) !== undefined && eqn.prim.unroll !== undefined && sizeOf(eqn) <= mostEquations;
}

/** Returns the number of iterations of a loop if known beforehand; `undefined` for other loops and operations. */
function lengthOf({ prim, params }: Equation): number | undefined {
  return prim.loop?.parts?.(params).length;
}

/** Returns the estimated number of equations that an equation becomes when its loops are unrolled. */
function sizeOf(eqn: Equation): number {
  const called = calledProgram(eqn.prim, eqn.params);
  if (called !== undefined) return sizeOfProgram(called);
  const length = lengthOf(eqn);
  if (length === undefined) return 1;
  return length * (besideBody + sizeOfProgram(bodyOf(eqn)));
}

function sizeOfProgram({ eqns }: Program): number {
  return eqns.reduce((sum, eqn) => sum + sizeOf(eqn), 0);
}

import type { Equation, Program, Tensor, Var } from "../../engine/ir/index.ts";
import { calledProgram } from "../../engine/prims/call.ts";
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
import type { Traceable } from "./source.ts";
import type { TraceIteration } from "./table.ts";

/** A program whose loops are written out, iteration by iteration. */
export interface WrittenOut extends Traceable {
  /** For each equation of an iteration the iterations around it, outermost first. */
  readonly iterations: ReadonlyMap<Equation, readonly TraceIteration[]>;
}

/** Equations of a loop that is written out. Nobody reads more, and each costs its rules: 1,400 take about a second and a megabyte of a page. */
const mostEquations = 2_000;
const besideBody = 3; // equations of an iteration that read its place of the arrays, and keep its results
const letters = "ijklmn";

/**
 * The same program with its loops written out: those whose number of iterations is known before they run, and, where the inputs
 * have values, those that go on while a test holds, as often as it does for these. Loops that give more than 2,000 equations stay.
 * A value of an iteration has the name that the loop gives it, and the iteration behind it: `h_3`.
 */
export function writeOut(traced: Traceable): WrittenOut {
  const { program, args } = traced;
  const [goesOn, ends] = [tensor(true), tensor(false)];
  const counts = args === undefined ? undefined : countsOf(program, args).values();
  const write = (trace: StagingTrace): WrittenOut => {
    const names = new Map<Var, string>();
    const iterations = new Map<Equation, readonly TraceIteration[]>();
    const home = new Map<Var, readonly TraceIteration[]>(); // the iterations that a value was computed in
    const indices = new Map<Equation, string>();
    const outside: readonly TraceIteration[] = [];

    const give = (value: Tensor, name: string | undefined): void => {
      const v = trace.varOf(value);
      if (name !== undefined && !names.has(v)) names.set(v, name);
    };
    const put = (eqn: Equation, place: readonly TraceIteration[]): void => {
      if (place.length > 0) iterations.set(eqn, place);
      for (const v of eqn.outs) home.set(v, place);
    };

    function run(
      body: Program,
      ins: readonly Tensor[],
      place: readonly TraceIteration[],
      nameOf: (v: Var) => string | undefined,
    ): Tensor[] {
      const env = new Map(body.ins.map((v, i) => [v, must(ins[i], "an operand")]));
      for (const eqn of body.eqns) {
        const operands = eqn.ins.map((v) => must(env.get(v), "an operand"));
        const outs = withSource(eqn.source, () => {
          const called = calledProgram(eqn.prim, eqn.params);
          if (called !== undefined) return run(called, operands, place, () => undefined);
          const length = lengthOf(eqn) ?? (isOpen(eqn) ? counts?.next().value : undefined);
          if (length !== undefined && (isOpen(eqn) || isWrittenOut(eqn)))
            return runLoop(eqn, operands, place, length);
          const from = trace.eqns.length;
          const results = bind(eqn.prim, operands, eqn.params);
          for (const made of trace.eqns.slice(from)) put(made, place);
          return results;
        });
        eqn.outs.forEach((v, i) => {
          const out = must(outs[i], "a result");
          env.set(v, out);
          give(out, nameOf(v));
        });
      }
      return body.outs.map((v) => must(env.get(v), "a result"));
    }

    function runLoop(
      eqn: Equation,
      ins: readonly Tensor[],
      place: readonly TraceIteration[],
      length: number,
    ): readonly Tensor[] {
      const index = indices.get(eqn) ?? letters[indices.size] ?? `i${indices.size + 1}`;
      indices.set(eqn, index);
      let before = place;
      let from = trace.eqns.length;
      /** What the loop itself computes stands with the iteration that it alone reads, or else in the next place. */
      const settle = (next: readonly TraceIteration[]): void => {
        for (const made of trace.eqns.slice(from)) {
          const homes = made.ins
            .map((v) => home.get(v) ?? outside)
            .filter((one) => one.length > place.length);
          const isOfBefore = homes.length > 0 && homes.every((one) => one === before);
          put(made, isOfBefore ? before : next);
        }
      };
      const results = must(eqn.prim.unroll, "a loop")(ins, eqn.params, (body, operands, step = 0) => {
        if (body !== bodyOf(eqn)) return [step < length ? goesOn : ends]; // the test, whose answers are known
        const here = [...place, { loop: index, index, value: step }];
        settle(here);
        const { nameOf, isConstant } = nameProgram(body, traced.names);
        const suffix = here.map(({ value }) => `_${value}`).join("");
        const ownName = (v: Var): string | undefined => (isConstant(v) ? undefined : nameOf(v) + suffix);
        body.ins.forEach((v, i) => {
          const operand = must(operands[i], "an operand");
          if (home.get(trace.varOf(operand)) === here) give(operand, ownName(v));
        });
        const outs = run(body, operands, here, ownName);
        before = here;
        from = trace.eqns.length;
        return outs;
      });
      settle(place);
      return results;
    }

    const ins = program.ins.map((v) => {
      const input = trace.input(v.type, v.name);
      give(input, traced.names.get(v));
      return input;
    });
    const outs = run(program, ins, outside, (v) => traced.names.get(v));
    const whole = {
      name: program.name,
      ins: ins.map((x) => trace.varOf(x)),
      eqns: trace.eqns,
      outs: outs.map((x) => trace.varOf(x)),
    };
    return { ...traced, program: whole, names, iterations };
  };
  return withTrace(program.name, makeStagingTrace, write, true);
}

/**
 * How often the loops run that go on while a test holds, in the order in which they begin; `undefined` for those that are too long to be
 * written out. Loops in those and in other operations that stay one line are not among them.
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

/** Whether it is a loop whose number of iterations its values decide. */
function isOpen(eqn: Equation): boolean {
  return eqn.prim.loop?.parts !== undefined && lengthOf(eqn) === undefined && eqn.prim.unroll !== undefined;
}

function bodyOf({ prim, params }: Equation): Program {
  return must(prim.loop?.parts, "a loop")(params).body;
}

function isWrittenOut(eqn: Equation): boolean {
  return lengthOf(eqn) !== undefined && eqn.prim.unroll !== undefined && sizeOf(eqn) <= mostEquations;
}

/** How many iterations a loop has, where that is known; `undefined` for what is no loop. */
function lengthOf({ prim, params }: Equation): number | undefined {
  return prim.loop?.parts?.(params).length;
}

/** How many equations it becomes. */
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

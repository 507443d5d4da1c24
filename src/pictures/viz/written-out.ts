import type { Equation, Program, Tensor, Var } from "../../engine/ir/index.ts";
import { calledProgram } from "../../engine/prims/call.ts";
import {
  bind,
  makeStagingTrace,
  type StagingTrace,
  withSource,
  withTrace,
} from "../../engine/trace/index.ts";
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
 * The same program with each loop written out that has a number of iterations which is known before it runs, unless that gives
 * more than 2,000 equations. A value of an iteration has the name that the loop gives it, and the iteration behind it: `h_3`.
 */
export function writeOut(traced: Traceable): WrittenOut {
  const { program } = traced;
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
          if (isWrittenOut(eqn)) return runLoop(eqn, operands, place);
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
  const { body } = must(eqn.prim.loop?.parts, "a loop")(eqn.params);
  return length * (besideBody + sizeOfProgram(body));
}

function sizeOfProgram({ eqns }: Program): number {
  return eqns.reduce((sum, eqn) => sum + sizeOf(eqn), 0);
}

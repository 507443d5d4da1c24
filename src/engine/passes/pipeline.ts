import { dceProgram } from "../ir/dce.ts";
import type { Program } from "../ir/program.ts";
import { isProgram } from "../ir/program.ts";
import { absorb } from "./absorb.ts";
import { eliminateCommonSubexpressions } from "./cse.ts";
import { foldConstants } from "./fold.ts";
import { computeInFrames } from "./frames.ts";
import { hoistInvariants } from "./hoist.ts";
import { sinkMasks } from "./masks.ts";
import { sumRepeats } from "./repeats.ts";
import { thinResiduals } from "./residuals.ts";
import { schedule } from "./schedule.ts";
import { simplify } from "./simplify.ts";
import { batchSteps } from "./steps.ts";
import { dropUnitAxes } from "./unit-axes.ts";

/** A pass: from a program to one that computes the same. */
export type Pass = (program: Program) => Program;

/** Equations that nothing needs are dropped. */
export function eliminateDeadCode(program: Program): Program {
  return dceProgram(
    program,
    program.outs.map(() => true),
  ).program;
}

/** The passes in their order. */
export const pipeline: readonly (readonly [name: string, pass: Pass])[] = [
  ["dead code", eliminateDeadCode],
  ["loop invariants", hoistInvariants],
  ["all steps at once", batchSteps],
  ["absorb", absorb],
  ["fold constants", foldConstants],
  ["simplify", simplify],
  ["sums of repetitions", sumRepeats],
  ["unit axes", dropUnitAxes],
  ["masks", sinkMasks],
  ["common subexpressions", eliminateCommonSubexpressions],
  ["residuals", thinResiduals],
  ["frames", computeInFrames],
  ["dead code", eliminateDeadCode],
  ["schedule", schedule],
];

/** Runs all passes over a program and, first, over the programs inside it. */
export function optimize(program: Program): Program {
  return pipeline.reduce((p, [, pass]) => pass(p), optimizeInside(program));
}

/** What `optimize` does, step by step, the program as it came first. */
export function optimizeInSteps(
  program: Program,
): readonly { readonly name: string; readonly program: Program }[] {
  const steps = [
    { name: "traced", program },
    { name: "programs inside", program: optimizeInside(program) },
  ];
  for (const [name, pass] of pipeline) steps.push({ name, program: pass(steps.at(-1)!.program) });
  return steps;
}

function optimizeInside(program: Program): Program {
  return {
    ...program,
    eqns: program.eqns.map((eqn) =>
      hasProgram(eqn.params) ? { ...eqn, params: mapPrograms(eqn.params, optimize) } : eqn,
    ),
  };
}

function hasProgram(params: unknown): params is object {
  return typeof params === "object" && params !== null && Object.values(params).some(isProgram);
}

function mapPrograms(params: object, f: Pass): object {
  return Object.fromEntries(
    Object.entries(params).map(([key, value]: [string, unknown]) => [
      key,
      isProgram(value) ? f(value) : value,
    ]),
  );
}

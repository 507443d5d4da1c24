import { dceProgram } from "../ir/dce.ts";
import type { Program } from "../ir/program.ts";
import { isProgram } from "../ir/program.ts";
import { observed } from "../util/after-pass.ts";
import { batchProducts } from "./batched-products.ts";
import { sumBroadcasts } from "./broadcast-sums.ts";
import { foldConstants } from "./constant-folding.ts";
import { eliminateCommonSubexpressions } from "./cse.ts";
import { hoistInvariants } from "./hoist.ts";
import { sinkMasks } from "./masks.ts";
import { fusePads } from "./pad-fusion.ts";
import { rematerialise } from "./rematerialisation.ts";
import { fuseRows } from "./row-fusion.ts";
import { simplify } from "./simplify.ts";
import { foldTransposes } from "./transpose-folding.ts";
import { dropUnitAxes } from "./unit-axes.ts";

/** Pass: rewrites a program to one that computes the same results. */
export type ProgramPass = (program: Program) => Program;

/** Removes equations whose results are not needed. */
export function eliminateDeadCode(program: Program): Program {
  return dceProgram(
    program,
    program.outs.map(() => true),
  ).program;
}

/** All passes, in order. */
export const pipeline: readonly (readonly [name: string, pass: ProgramPass])[] = [
  ["dead code", eliminateDeadCode],
  ["loop invariants", hoistInvariants],
  ["batched products", batchProducts],
  ["transpose folding", foldTransposes],
  ["constant folding", foldConstants],
  ["simplify", simplify],
  ["sums of broadcasts", sumBroadcasts],
  ["unit axes", dropUnitAxes],
  ["masks", sinkMasks],
  ["common subexpressions", eliminateCommonSubexpressions],
  ["rematerialisation", rematerialise],
  ["pad fusion", fusePads],
  ["row fusion", fuseRows],
  ["dead code", eliminateDeadCode],
];

/** Runs all passes over a program, after running them over its sub-programs. */
export function optimize(program: Program): Program {
  return pipeline.reduce((p, [name, pass]) => observed(pass(p), name), optimizeSubPrograms(program));
}

/**
 * Runs `optimize` step by step. Returns the traced program, the program with optimised sub-programs, and the program
 * after each pass.
 */
export function optimizeInStages(
  program: Program,
): readonly { readonly name: string; readonly program: Program }[] {
  const stages = [
    { name: "traced", program },
    { name: "sub-programs", program: optimizeSubPrograms(program) },
  ];
  for (const [name, pass] of pipeline) stages.push({ name, program: pass(stages.at(-1)!.program) });
  return stages;
}

function optimizeSubPrograms(program: Program): Program {
  return {
    ...program,
    eqns: program.eqns.map((eqn) => {
      const params = mapPrograms(eqn.params, optimize);
      return params === eqn.params ? eqn : { ...eqn, params };
    }),
  };
}

/** Applies `f` to the programs among the parameters of an equation. */
export function mapPrograms(params: unknown, f: ProgramPass): unknown {
  if (typeof params !== "object" || params === null || !Object.values(params).some(isProgram)) return params;
  return Object.fromEntries(
    Object.entries(params).map(([key, value]: [string, unknown]) => [
      key,
      isProgram(value) ? f(value) : value,
    ]),
  );
}

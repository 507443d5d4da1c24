import { interpBackend } from "../backends/interp/index.ts";
import type { Equation } from "../ir/program.ts";
import { lowerEquation } from "../passes/lower-equation.ts";
import { installedGenerator } from "./engine.ts";
import type { Executable } from "./run.ts";
import { makeRunner } from "./run.ts";

/**
 * One equation as a routine of its own, where the program holds no compiler: as generated JavaScript if that is there, else
 * interpreted. With `inPlace` the first result takes over the memory of that operand.
 */
export function compileAlone(eqn: Equation, inPlace?: number): Executable["run"] {
  const { routine, aliases } = lowerEquation(eqn, inPlace);
  const compiled = (installedGenerator() ?? interpBackend).compile(routine);
  const types = eqn.outs.map((v) => v.type);
  return makeRunner(compiled, routine, types, aliases);
}

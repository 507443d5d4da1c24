import { interpBackend } from "../backends/interp/index.ts";
import { hostMemory } from "../ir/host-memory.ts";
import type { Equation } from "../ir/program.ts";
import { lowerEquation } from "../passes/lower-equation.ts";
import { installedGenerator } from "./engine.ts";
import { allocate } from "./pool/small-results.ts";
import type { Executable } from "./run.ts";
import { asCall, makeRunner } from "./run.ts";

/**
 * Compiles one equation to its own routine, for bundles without the compiler. The routine becomes JavaScript if a
 * generator is installed and allowed; otherwise it is interpreted. `inPlace` is the index of the operand whose memory
 * the first result reuses.
 */
export function compileAlone(eqn: Equation, inPlace?: number): Executable["run"] {
  const { routine, aliases, failures } = lowerEquation(eqn, inPlace);
  const types = eqn.outs.map((v) => v.type);
  const compiled = (installedGenerator() ?? interpBackend).compile(routine);
  return makeRunner(
    { memory: hostMemory, allocate: (type, n) => allocate(type, n) },
    { call: asCall(compiled) },
    routine,
    types,
    {
      aliases,
      failures,
    },
  );
}

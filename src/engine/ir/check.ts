import { refuseExtra } from "../errors/arguments.ts";
import { internalError, showType } from "../errors/index.ts";
import { printProgram } from "./print.ts";
import type { Program, Var } from "./program.ts";
import { subPrograms } from "./program.ts";
import { sameType } from "./types.ts";

/**
 * Checks that a program is well formed. Each value must be defined exactly once and before its use. The results of each
 * equation must have the types that the primitive's type rule returns.
 * @throws DownhillError `internal` that names the equation and prints the program.
 */
export function checkProgram(program: Program): void {
  if (arguments.length > 1) refuseExtra("checkProgram", arguments, 1);
  const fail = (what: string): never => {
    throw internalError(`${what} in\n${printProgram(program)}\n`);
  };
  const defined = new Set<Var>();
  const define = (v: Var, where: string): void => {
    if (defined.has(v)) fail(`${where} defines a value twice`);
    defined.add(v);
  };
  program.ins.forEach((v, i) => define(v, `input ${i}`));
  program.eqns.forEach((eqn, k) => {
    const where = `equation ${k} (${eqn.prim.name})`;
    for (const v of eqn.ins) if (!defined.has(v)) fail(`${where} uses a value that is not defined before`);
    const types = eqn.prim.typeOf(
      eqn.ins.map((v) => v.type),
      eqn.params,
    );
    if (types.length !== eqn.outs.length)
      fail(`${where} has ${eqn.outs.length} results, its type rule returns ${types.length}`);
    eqn.outs.forEach((v, i) => {
      if (!sameType(v.type, types[i]!))
        fail(`${where}: result ${i} is ${showType(v.type)}, its type rule returns ${showType(types[i]!)}`);
      define(v, where);
    });
    for (const sub of subPrograms(eqn.params)) checkProgram(sub);
  });
  for (const v of program.outs) if (!defined.has(v)) fail("an output is not defined");
}

// Programs and regions for the oracle: as traced or written, without optimisation.
import { mapPrograms } from "../../engine/passes/index.ts";
import type { Program } from "../../engine/ir/index.ts";
import { relowerEquation } from "../../engine/prims/region.ts";
import type { FlatOptions, LowerOptions } from "../../engine/region/index.ts";

/** Options to lower a region without optimisations, in the order of its text. */
export const literalLowering: LowerOptions = {
  hoistChecks: false,
  failedChecks: "copy",
  independentLoops: false,
  sums: false,
  fixedPlaces: false,
  strips: false,
  products: false,
  steadyConditions: false,
  steadyPlaces: false,
  differences: false,
};

/** Options to derive a region from its flat form without optimising that form. */
export const literalFlat: FlatOptions = {
  common: false,
  hoist: false,
  localise: false,
  tables: false,
  prove: false,
};

/** Returns a program whose regions are lowered in the order of their text. */
export function literalProgram(program: Program): Program {
  return {
    ...program,
    eqns: program.eqns.map((eqn) =>
      relowerEquation({ ...eqn, params: mapPrograms(eqn.params, literalProgram) }, literalLowering),
    ),
  };
}

import { bdf } from "./bdf.ts";
import { type AnyOdeMethod, asAnyMethod } from "./method.ts";
import { type OdeMethodName, odeMethodNames, odeMethods } from "./methods.ts";
import { taylorFor } from "./taylor-method.ts";

/** Names of the integration methods of `solveOde`: those of `odeint`, and methods that programs with `odeint` do not contain. */
export type SolveOdeMethodName = OdeMethodName | "taylor" | "bdf";

export const solveOdeMethodNames: readonly SolveOdeMethodName[] =
  /* @__PURE__ */ ((): readonly SolveOdeMethodName[] => [...odeMethodNames, "taylor", "bdf"])();

/** The integration method of a name for a relative tolerance. */
export function solveOdeMethod(name: SolveOdeMethodName, rtol: number): AnyOdeMethod {
  if (name === "bdf") return asAnyMethod(bdf);
  return name === "taylor" ? asAnyMethod(taylorFor(rtol)) : odeMethods[name];
}

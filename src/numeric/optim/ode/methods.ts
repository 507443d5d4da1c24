import { dopri5, tsit5 } from "./explicit.ts";
import { type AnyOdeMethod, asAnyMethod } from "./method.ts";
import { radau } from "./radau.ts";
import { rosenbrock } from "./rosenbrock.ts";

/** Names of the integration methods. */
export type OdeMethodName = "dopri5" | "tsit5" | "rosenbrock" | "radau";

export const odeMethodNames: readonly OdeMethodName[] = ["dopri5", "tsit5", "rosenbrock", "radau"];

/** The integration methods by name. */
export const odeMethods: Readonly<Record<OdeMethodName, AnyOdeMethod>> = /* @__PURE__ */ (() => ({
  dopri5: asAnyMethod(dopri5),
  tsit5: asAnyMethod(tsit5),
  rosenbrock: asAnyMethod(rosenbrock),
  radau: asAnyMethod(radau),
}))();

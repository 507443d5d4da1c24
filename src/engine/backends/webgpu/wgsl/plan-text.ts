import type { DevicePlan } from "../../../codegen/dispatch/kernels.ts";
import { kernelsIn } from "../../../codegen/dispatch/kernels.ts";
import { printPlan } from "../../../codegen/dispatch/print.ts";
import type { WgslDialect } from "./expression.ts";
import { baseSlots, kernelText } from "./kernel.ts";

/** Text of a dispatch plan, followed by the WGSL module of each kernel. */
export function planText(plan: DevicePlan, dialect: WgslDialect): string {
  const bases = baseSlots(plan);
  const modules = kernelsIn(plan.steps).map(
    (kernel) => `// ${kernel.name}\n${kernelText(kernel, plan, bases, dialect)}`,
  );
  return [printPlan(plan), ...modules].join("\n\n");
}

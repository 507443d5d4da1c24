import { planBlock } from "../../../codegen/plan.ts";
import type { Procedure } from "../../../kernel/scalar.ts";
import { checkDepth } from "../../../kernel/walk.ts";
import type { Callable } from "../encode/body.ts";
import { openFrame } from "./frame.ts";
import type { FunctionFrame } from "./frame.ts";
import { emitScalar } from "./scalar.ts";
import { emitBlock } from "./statement.ts";
import type { ModuleContext } from "./unit.ts";
import { refuseRecursion, valueTypeOf } from "./unit.ts";

const open = new Set<Procedure>();

/** Returns the function of a procedure, which is added on first use; `exported` exports it from the module. */
export function procedureFunction(procedure: Procedure, unit: ModuleContext, exported = false): Callable {
  return unit.once(procedure, "scalar", () => {
    refuseRecursion(open, procedure);
    checkDepth(open.size);
    open.add(procedure);
    try {
      const params = procedure.params.map((param) => valueTypeOf(param.type));
      const { body, ...callable } = unit.module.function(exported ? "run" : unit.fresh(procedure.name), {
        params,
        results: [valueTypeOf(procedure.result.type)],
        paramNames: procedure.params.map((param) => param.name),
        exported,
      });
      const frame = openFrame(unit, body, procedure, new Map(), true);
      bindParams(procedure, frame);
      planBlock(procedure.body, unit.plan, true);
      emitBlock(procedure.body, [procedure.result], frame);
      emitScalar(procedure.result, frame);
      return callable;
    } finally {
      open.delete(procedure);
    }
  });
}

function bindParams(procedure: Procedure, frame: FunctionFrame): void {
  procedure.params.forEach(({ name, type }, index) => frame.locals.set(name, { type, index }));
}

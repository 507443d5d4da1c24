import type { ContractPlan } from "../../../../codegen/contract/plan.ts";
import type { FunctionBody } from "../../encode/body.ts";
import { integersOf } from "../../encode/integers.ts";
import type { Kernels } from "./units.ts";
import { eachRun, findGroup, paramWork } from "./units.ts";

/** Writes tiny products: one kernel call for each run of neighbouring groups. */
export function writeTiny(body: FunctionBody, plan: ContractPlan, kernels: Kernels): void {
  const { bytes } = plan.vector;
  const inner = plan.groups.at(-1) ?? { size: 1, out: 0, left: 0, right: 0 };
  const kernel = kernels.tile(plan.rows, plan.columns, {
    left: inner.left * bytes,
    right: inner.right * bytes,
    out: inner.out * bytes,
  });
  const unit = body.local("i32", "unit");
  const position = body.local("i32", "position");
  const places = {
    out: body.local("i32", "out_at"),
    left: body.local("i32", "left_at"),
    right: body.local("i32", "right_at"),
  };
  const run = body.local("i32", "run");
  const int = integersOf(body);
  eachRun(body, int, unit, inner.size, position, run, () => {
    findGroup(body, int, plan, unit, places);
    for (const local of [places.left, places.right, places.out, run]) body.localGet(local);
    for (let i = 0; i < 3; i++) body.i32Const(0);
    body.localGet(paramWork);
    body.call(kernel);
  });
}

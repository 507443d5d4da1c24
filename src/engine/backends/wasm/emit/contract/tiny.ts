import type { Body } from "../../encode/body.ts";
import type { Plan } from "./plan.ts";
import { roundUp } from "./plan.ts";
import { sizeOf } from "./shape.ts";
import type { Kernels, Written } from "./units.ts";
import { eachRun, findGroup, paramWork } from "./units.ts";

/** Products so small that the loop over them belongs into the function that computes one. */
export function isTiny(plan: Plan): boolean {
  return (
    plan.groups.length > 0 &&
    !plan.left.packed &&
    !plan.right.packed &&
    plan.left.walk.kind === "stride" &&
    plan.right.walk.kind === "stride" &&
    plan.sums <= 8 &&
    plan.tiles === 1 &&
    plan.edges.length === 0 &&
    plan.panels + (plan.tail > 0 ? 1 : 0) === 1
  );
}

/** One call of a kernel for each run of neighbouring groups: its parts are the groups. */
export function writeTiny(body: Body, plan: Plan, kernels: Kernels): Written {
  const { lanes } = plan;
  const inner = plan.groups.at(-1) ?? { size: 1, out: 0, left: 0, right: 0 };
  const kernel = kernels.tile(plan.rows, plan.columns, {
    left: inner.left * lanes.bytes,
    right: inner.right * lanes.bytes,
    out: inner.out * lanes.bytes,
  });
  const unit = body.local("i32", "unit");
  const position = body.local("i32", "position");
  const places = {
    out: body.local("i32", "out_at"),
    left: body.local("i32", "left_at"),
    right: body.local("i32", "right_at"),
  };
  const run = body.local("i32", "run");
  eachRun(body, unit, inner.size, position, run, () => {
    findGroup(body, plan, unit, places);
    for (const local of [places.left, places.right, places.out, run]) body.localGet(local);
    for (let i = 0; i < 3; i++) body.i32Const(0);
    body.localGet(paramWork);
    body.call(kernel);
  });
  return {
    units: sizeOf(plan.groups),
    workBytes: plan.wide ? plan.rows * roundUp(plan.columns, 2 * lanes.count) * lanes.bytes : 0,
  };
}

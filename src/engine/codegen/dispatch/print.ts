import { printExpr } from "../../kernel/print.ts";
import { usesOf } from "../../kernel/uses.ts";
import type { DeviceKernel, DevicePlan, DeviceStep } from "./plan.ts";
import { workgroupSize } from "./plan.ts";

/**
 * Prints a plan, one line per kernel: its threads, the ranges that they share, and the buffers that it reads and writes.
 * A device completes each kernel before the next one begins.
 */
export function printPlan({ steps, memory }: DevicePlan): string {
  return [...linesOf(steps, ""), `scratch memory: ${4 * memory.words} bytes`].join("\n");
}

function linesOf(steps: readonly DeviceStep[], indent: string): string[] {
  return steps.flatMap((step) => {
    if (step.kind === "kernel") return [indent + kernelLine(step)];
    const order = step.isReverse ? " in reverse" : "";
    return [
      `${indent}repeat for ${step.counter} in ${step.from}..${step.to}${order}`,
      ...linesOf(step.steps, `${indent}  `),
    ];
  });
}

function kernelLine({ name, work, threads, restores, saves, guards }: DeviceKernel): string {
  const { loaded, stored } = usesOf(work.body);
  const range =
    work.kind === "grid"
      ? ` over ${work.extent.map(({ index, from, to }) => `${index} in ${printExpr(from)}..${printExpr(to)}`).join(", ")}`
      : "";
  const groups = work.kind === "grid" ? Math.ceil(threads / workgroupSize) : 1;
  const named = (list: readonly { readonly name: string }[]): string[] => list.map((local) => local.name);
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ["if", guards.map(printExpr)],
    ["takes", named(restores)],
    ["reads", [...loaded]],
    ["writes", [...stored]],
    ["gives", named(saves)],
  ];
  const text = parts
    .map(([verb, list]) => (list.length === 0 ? "" : `; ${verb} ${list.join(", ")}`))
    .join("");
  return `${name}: ${groups} workgroup${groups === 1 ? "" : "s"}${range}${text}`;
}

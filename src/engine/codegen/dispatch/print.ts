import { printExpr } from "../../kernel/print.ts";
import { usesOf } from "../../kernel/uses.ts";
import type {
  DeviceKernel,
  DevicePlan,
  DeviceStep,
  KernelLoop,
  KernelSection,
  KernelStage,
} from "./kernels.ts";
import { dispatchesOf, workgroupsOf } from "./kernels.ts";
import type { ProductTile } from "./tile.ts";

/**
 * Prints a plan: the kernels in order, each with its sections, their workgroups and rows, and the stages of each row with
 * barriers between them. A stage is followed by the buffers that it reads and writes. A device completes each kernel
 * before the next one begins.
 */
export function printPlan({ steps, memory }: DevicePlan): string {
  const dispatches = dispatchesOf(steps);
  return [
    `${dispatches} dispatch${dispatches === 1 ? "" : "es"}`,
    ...linesOf(steps, ""),
    `scratch memory: ${4 * memory.words} bytes`,
  ].join("\n");
}

function linesOf(steps: readonly DeviceStep[], indent: string): string[] {
  return steps.flatMap((step) => {
    if (step.kind === "kernel") return kernelLines(step, indent);
    return [`${indent}repeat for ${loopText(step)}`, ...linesOf(step.steps, `${indent}  `)];
  });
}

function loopText({ counter, from, to, isReverse }: KernelLoop): string {
  return `${counter} in ${from}..${to}${isReverse ? " in reverse" : ""}`;
}

const groupsText = (n: number): string => `${n} workgroup${n === 1 ? "" : "s"}`;

function kernelLines(kernel: DeviceKernel, indent: string): string[] {
  const { name, sections } = kernel;
  const [only] = sections;
  if (sections.length === 1) return sectionLines(`${indent}${name}: `, only!, `${indent}  `);
  return [
    `${indent}${name}: ${groupsText(workgroupsOf(kernel))}`,
    ...sections.flatMap((section) => sectionLines(`${indent}  section of `, section, `${indent}    `)),
  ];
}

function sectionLines(start: string, section: KernelSection, indent: string): string[] {
  const { rows, guards, stages, workgroups, tile, loop } = section;
  const [only] = stages;
  const guarded = guards.length === 0 ? "" : `; if ${guards.map(printExpr).join(", ")}`;
  const tiles = tile === undefined ? "" : ` in tiles of ${tile.width} × ${tile.width}`;
  const repeated = loop === undefined ? "" : `; a loop for ${loopText(loop)}`;
  const head = `${start}${groupsText(workgroups)}${tiles}${rangesText(" over ", rows)}${guarded}${repeated}`;
  if (stages.length === 1) return [head + rangesText(" with ", only!.points) + exchangeOf(only!, tile)];
  return [
    head,
    ...stages.flatMap((stage, i) => [
      ...(i === 0 ? [] : [`${indent}barrier`]),
      `${indent}stage${rangesText(" over ", stage.points)}${exchangeOf(stage)}`,
    ]),
  ];
}

function rangesText(verb: string, ranges: KernelSection["rows"]): string {
  if (ranges.length === 0) return "";
  return (
    verb + ranges.map(({ index, from, to }) => `${index} in ${printExpr(from)}..${printExpr(to)}`).join(", ")
  );
}

function exchangeOf({ body, restores, saves }: KernelStage, tile?: ProductTile): string {
  const { loaded, stored } = usesOf(tile === undefined ? body : [tile.product, ...body]);
  const named = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ["takes", named(restores)],
    ["reads", [...loaded]],
    ["writes", [...stored]],
    ["gives", named(saves)],
  ];
  return parts.map(([verb, list]) => (list.length === 0 ? "" : `; ${verb} ${list.join(", ")}`)).join("");
}

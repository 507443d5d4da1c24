import { printExpr, printHead } from "../kernel/print.ts";
import type { BufferUse, Phase, IterationRange, PhaseContent } from "./phases.ts";

/**
 * Prints phases, one per line, followed by the values they exchange, and indented under the loop or branch that
 * contains them.
 */
export function printPhases(phases: readonly Phase[]): string {
  return linesOf(phases, "").join("\n");
}

function linesOf(phases: readonly Phase[], indent: string): string[] {
  return phases.flatMap((phase) => [
    `${indent}${headOf(phase.content)}${exchangeOf(phase)}`,
    ...innerLines(phase.content, indent),
  ]);
}

function innerLines(content: PhaseContent, indent: string): string[] {
  const inner = `${indent}  `;
  if (content.kind === "repeated") return linesOf(content.phases, inner);
  if (content.kind !== "branch") return [];
  const otherwise = linesOf(content.otherwise, inner);
  return [
    ...linesOf(content.then, inner),
    ...(otherwise.length === 0 ? [] : [`${indent}else`, ...otherwise]),
  ];
}

function headOf(content: PhaseContent): string {
  switch (content.kind) {
    case "serial":
      return content.statements.length === 1 ? "a statement" : `${content.statements.length} statements`;
    case "parallel":
      return `parallel over ${content.extent.map(rangeText).join(", ")}`;
    case "fold":
      return `fold by ${content.fold.op} over ${content.extent.map(rangeText).join(", ")}`;
    case "product":
      return "product";
    case "repeated":
      return printHead(content.loop);
    case "branch":
      return `if ${printExpr(content.condition)}`;
  }
}

function rangeText({ index, from, to }: IterationRange): string {
  return `${index} in ${printExpr(from)}..${printExpr(to)}`;
}

function exchangeOf({ boundary: { captured, carried, buffers }, gives }: Phase): string {
  const named = (list: readonly { readonly name: string }[]): string =>
    list.map(({ name }) => name).join(", ");
  const parts: readonly (readonly [verb: string, list: readonly { readonly name: string }[]])[] = [
    ["takes", [...captured, ...carried]],
    ["reads", buffers.filter((buffer: BufferUse) => buffer.isRead)],
    ["writes", buffers.filter((buffer: BufferUse) => buffer.isWritten)],
    ["gives", gives],
  ];
  return parts.map(([verb, list]) => (list.length === 0 ? "" : `; ${verb} ${named(list)}`)).join("");
}

import { showType } from "../errors/index.ts";
import { indented, namesOf, printAround, printEquation } from "../ir/print.ts";
import type { Program, Var } from "../ir/program.ts";
import type { FusedProgram, FusedStep } from "./fuse.ts";
import type { MemoryPlan, MemorySlot, ProgramMemory } from "./plan-memory.ts";

/**
 * Prints the steps of a program, numbered: loops with the equations that they compute for each element, and other
 * equations with their sub-programs below. Deferred values, which are computed where they are read, come first.
 * @example
 * ```text
 * f(x:f64[3], y:f64[]) {
 *   where it is read: a:f64[3] = broadcast[shape=[3] axes=[]] y
 *   0  loop over [3]:
 *        b:f64[3] = mul x a
 *   return b
 * }
 * ```
 */
export function printFused({ program, steps, deferred }: FusedProgram): string {
  return printAround(program, (nameOf) => [
    ...[...deferred.values()].map((eqn) => `where it is read: ${printEquation(eqn, nameOf)}`),
    ...steps.flatMap((step, i) => {
      const [first, ...rest] = stepLines(step, nameOf);
      return [`${i}  ${first}`, ...rest.map((line) => `${" ".repeat(`${i}  `.length)}${line}`)];
    }),
  ]);
}

function stepLines(step: FusedStep, nameOf: (v: Var) => string): readonly string[] {
  switch (step.kind) {
    case "scalar":
    case "alias":
      return [printEquation(step.eqn, nameOf)];
    case "loop": {
      const { shape, members, reader } = step;
      const lines = members.map((eqn) => printEquation(eqn, nameOf));
      if (reader !== undefined) lines.push(`read by ${printEquation(reader, nameOf)}`);
      return [`loop over [${shape.join()}]:`, ...indented(lines)];
    }
    case "equation": {
      const programs = step.programs.flatMap(({ fused }) => printFused(fused).split("\n"));
      return [printEquation(step.eqn, nameOf), ...indented(programs)];
    }
  }
}

/**
 * Prints a memory plan. It lists each array with the first step that writes it, the last step that reads it, and its
 * memory. Then follow the copies before the first and after the last step, and the temporaries with their byte offsets
 * in the arena.
 * @example
 * ```text
 * b:f64[3], steps 0 to 1: t
 * c:f64[3], steps 1 to the end: result 0
 * arena of 32 bytes
 *   t: f64[3] at byte 0
 * ```
 */
export function printMemoryPlan(
  { program, steps }: FusedProgram,
  { memory, temps, arenaBytes }: MemoryPlan,
): string {
  const lines = memoryLines({ program, steps }, memory);
  const arena = temps.map(({ name, type, size, offset }) => `${name}: ${type}[${size}] at byte ${offset}`);
  return [...lines, `arena of ${arenaBytes} bytes`, ...indented(arena)].join("\n");
}

function memoryLines(
  { program, steps }: Pick<FusedProgram, "program" | "steps">,
  { values, before, after, steps: stepMemories }: ProgramMemory,
): readonly string[] {
  const nameOf = namesOf(program);
  const result = (i: number): string => `${nameOf(program.outs[i]!)} to result ${i}`;
  const lines = before.map((i) => `first copy ${result(i)}`);
  for (const [v, { place, from, to }] of values) {
    const end = to === Infinity ? "the end" : `${to}`;
    lines.push(
      `${nameOf(v)}:${showType(v.type)}, steps ${from} to ${end}: ${showPlace(place, program, nameOf)}`,
    );
  }
  stepMemories.forEach(({ scratch, programs }, i) => {
    if (scratch.length > 0) lines.push(`step ${i}, scratch: ${scratch.join(", ")}`);
    const step = steps[i]!;
    programs.forEach((inner, n) => {
      const { fused } = step.kind === "equation" ? step.programs[n]! : { fused: undefined };
      if (fused !== undefined)
        lines.push(`within step ${i}, ${fused.program.name}:`, ...indented(memoryLines(fused, inner)));
    });
  });
  for (const { result: i, saved } of after)
    lines.push(`last copy ${result(i)}${saved === undefined ? "" : `, saved in ${saved}`}`);
  return lines;
}

function showPlace(place: MemorySlot, { ins }: Program, nameOf: (v: Var) => string): string {
  switch (place.kind) {
    case "input":
      return `in the memory of ${nameOf(ins[place.index]!)}`;
    case "result":
      return `result ${place.index}`;
    case "temporary":
      return place.name;
  }
}

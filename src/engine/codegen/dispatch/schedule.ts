// Decides which units share a kernel, and in which form: at equal points, as stages of common rows, or as sections.
import type { Expr } from "../../kernel/scalar.ts";
import { areDisjointIn } from "./disjoint.ts";
import { workgroupSize } from "./kernels.ts";
import { commonSizes, haveSeparateRows } from "./rows.ts";
import type { WorkUnit } from "./unit.ts";

/** Units that run at equal points, without a barrier between them. */
export type StageUnits = readonly WorkUnit[];

/** Units that share rows. `rows` is the number of rows; a stage has a multiple of it as points. */
export interface UnitSection {
  readonly rows: number;
  readonly stages: readonly StageUnits[];
}

/** Sections that one kernel computes; they are independent of each other. */
export interface UnitKernel {
  readonly kind: "kernel";
  sections: UnitSection[];
}

/** A repetition by the host. Other units keep their order with the units in it. */
export interface UnitRepetition<T> {
  readonly kind: "repeat";
  readonly units: readonly WorkUnit[];
  readonly content: T;
}

/** Maximum number of sections of a kernel, and of units in a section, which bounds the length of its code. */
const [mostSections, mostUnits] = [12, 48];
/** Number of points of a row up to which a workgroup computes it. */
const mostPerRow = 64 * workgroupSize;
/** Number of points up to which a kernel of few workgroups is no loss. */
const fewPoints = 1024;

/** Places units in kernels, in order, each as early as its operands allow. */
export function schedule<T>(
  nodes: readonly (WorkUnit | UnitRepetition<T>)[],
): (UnitKernel | UnitRepetition<T>)[] {
  const steps: (UnitKernel | UnitRepetition<T>)[] = [];
  for (const node of nodes) {
    if (node.kind === "repeat") steps.push(node);
    else place(steps, node);
  }
  return steps;
}

function place<T>(steps: (UnitKernel | UnitRepetition<T>)[], unit: WorkUnit): void {
  const isBefore = (units: readonly WorkUnit[]): boolean => units.some((other) => areOrdered(other, unit));
  let last = steps.length - 1; // last step that must precede the unit, at least in part
  for (; last >= 0; last--) {
    const step = steps[last]!;
    if (step.kind === "repeat") {
      if (isBefore(step.units)) break;
      continue;
    }
    const before = step.sections.filter((section) => isBefore(unitsIn(section)));
    if (before.length === 0) continue;
    const joined = joinedSection(before, unit);
    if (joined === undefined) break;
    step.sections = [...step.sections.filter((section) => !before.includes(section)), joined];
    return;
  }
  const free = steps
    .slice(last + 1)
    .find((step) => step.kind === "kernel" && step.sections.length < mostSections) as UnitKernel | undefined;
  const alone: UnitSection = { rows: unit.points, stages: [[unit]] };
  if (free === undefined) steps.push({ kind: "kernel", sections: [alone] });
  else free.sections.push(alone);
}

/** True if two units must run in order, because one of them writes elements that the other one accesses. */
function areOrdered(a: WorkUnit, b: WorkUnit): boolean {
  const meets = (x: WorkUnit, y: WorkUnit): boolean =>
    [...x.stored].some((name) => (y.stored.has(name) || y.loaded.has(name)) && !areDisjointIn(name, x, y));
  return meets(a, b) || meets(b, a);
}

/** Units of a section, in order. */
export function unitsIn({ stages }: UnitSection): readonly WorkUnit[] {
  return stages.flat();
}

/**
 * Joins sections with a unit that depends on them: at equal points, otherwise with the largest number of common rows.
 * `undefined` if they have no common rows.
 */
function joinedSection(sections: readonly UnitSection[], unit: WorkUnit): UnitSection | undefined {
  const units = [...sections.flatMap(unitsIn), unit];
  // a large product begins a section, which then has tiles
  if (
    unit.large !== undefined ||
    units.length > mostUnits ||
    units.some(({ dynamic }) => dynamic !== undefined)
  )
    return undefined;
  if (!units.every(({ guards }) => areSameGuards(guards, unit.guards))) return undefined;
  if (sections.every(({ stages }) => stages.length === 1) && areJoinable(units))
    return { rows: unit.points, stages: [units] };
  // barriers must be in uniform control flow, which branches by values are not
  if (unit.guards.length > 0 || units.some(({ large }) => large !== undefined)) return undefined;
  const rows = rowCounts(units).find((n) => {
    const sizes = commonSizes(units, n);
    return sizes !== undefined && haveSeparateRows(units, sizes);
  });
  if (rows === undefined) return undefined;
  const stages = sections.flatMap((section) => section.stages);
  const before = stages.slice(0, -1);
  const final = [...stages.at(-1)!, unit];
  return { rows, stages: areJoinable(final) ? [...before, final] : [...stages, [unit]] };
}

function areSameGuards(a: readonly Expr[], b: readonly Expr[]): boolean {
  return a.length === b.length && a.every((guard, i) => guard === b[i]);
}

/** True if units have equal points, and no point accesses what another one writes. */
export function areJoinable(units: readonly WorkUnit[]): boolean {
  const { points } = units[0]!;
  if (!units.every((unit) => unit.points === points)) return false;
  const sizes = commonSizes(units, points);
  return sizes !== undefined && haveSeparateRows(units, sizes);
}

/** Numbers of rows into which units may be divided, largest first. */
function rowCounts(units: readonly WorkUnit[]): number[] {
  const counts = new Set([1]);
  for (const { axes } of units) {
    let rows = 1;
    for (const { size } of axes) counts.add((rows *= size));
  }
  const points = units.map((unit) => unit.points);
  const [least, most] = [Math.min(...points), Math.max(...points)];
  return [...counts]
    .filter((n) => n <= least && n * workgroupSize >= Math.min(most, fewPoints) && most / n <= mostPerRow)
    .sort((a, b) => b - a);
}

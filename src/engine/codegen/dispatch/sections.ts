// Writes the sections of kernels: common axes, the indices of each unit, and the locals that pass between kernels.
import * as k from "../../kernel/build.ts";
import { plus, times } from "../../kernel/index-arithmetic.ts";
import type { Expr, Stmt } from "../../kernel/scalar.ts";
import { usesOf } from "../../kernel/uses.ts";
import { must } from "../../util/assert-never.ts";
import type { IterationRange, TypedLocal } from "../phases.ts";
import { compactBlock } from "./fold.ts";
import type { DeviceKernel, KernelSection, KernelStage } from "./kernels.ts";
import { workgroupSize } from "./kernels.ts";
import { commonSizes, splitAxes } from "./rows.ts";
import type { StageUnits, UnitKernel, UnitSection } from "./schedule.ts";
import { unitsIn } from "./schedule.ts";
import type { ProductTile } from "./tile.ts";
import { tileOf } from "./tile.ts";
import type { ScalarDefinition } from "./unit.ts";
import { neededScalars } from "./unit.ts";

/** Number of threads of a kernel whose range is only known on the device, in workgroups. */
const unknownWorkgroups = 64;
/** Maximum number of workgroups of a kernel. Beyond it, a workgroup computes several blocks of rows. */
const mostWorkgroups = 65_535;
/** Number of workgroups below which a workgroup computes only one row, so that rows use more processors. */
const fewWorkgroups = 16;

/** Context of the sections: unique names, and the scalars that kernels compute themselves. */
export interface SectionScope {
  readonly fresh: (hint: string) => string;
  readonly scalars: ReadonlyMap<string, ScalarDefinition>;
  /** Counters of the enclosing repetitions. */
  readonly counters: readonly string[];
}

/** The kernel of some sections. `saves` of its stages contains all locals that units give. */
export function writtenKernel({ sections }: UnitKernel, scope: SectionScope): DeviceKernel {
  const hints = new Set(sections.flatMap((section) => unitsIn(section).map(({ hint }) => hint)));
  const most = Math.floor(mostWorkgroups / sections.length);
  return {
    kind: "kernel",
    name: scope.fresh([...hints].join("+")),
    sections: sections.map((section) => writtenSection(section, most, scope)),
    counters: scope.counters,
  };
}

function writtenSection(section: UnitSection, mostGroups: number, scope: SectionScope): KernelSection {
  const units = unitsIn(section);
  const { dynamic, guards } = units[0]!;
  const tile = tileOfSection(section);
  const places = tile === undefined ? [] : [tile.product.out, tile.product.left, tile.product.right];
  const bounds = [
    ...guards,
    ...(dynamic ?? []).flatMap(({ from, to }) => [from, to]),
    ...places.map(({ offset }) => offset),
  ];
  const prelude = neededScalars([], bounds, scope.scalars);
  const head = { guards, prelude, tile, restores: outerLocals(prelude, bounds, scope.counters) };
  if (dynamic !== undefined) {
    const stage = { points: [], ...stageOf([units[0]!], units[0]!.prelude, dynamic, scope) };
    const size = { rows: dynamic, rowsPerGroup: workgroupSize, workgroups: unknownWorkgroups };
    return { ...head, ...size, stages: [stage] };
  }
  const sizes = must(commonSizes(units, section.rows), "rows of a section");
  const rows = rangesOf(sizes, "row", scope);
  const perRow = Math.max(...units.map(({ points }) => points / section.rows));
  const rowsPerGroup = tile === undefined ? rowsPerWorkgroup(section, perRow) : tile.width ** 2;
  const groups = tile === undefined ? Math.ceil(section.rows / rowsPerGroup) : tile.tiles;
  return {
    ...head,
    rows,
    rowsPerGroup,
    workgroups: Math.min(mostGroups, groups),
    stages: section.stages.map((stage) => writtenStage(stage, rows, sizes, tile !== undefined, scope)),
  };
}

/** Tiles of the product with which a section begins, if all units follow it at equal points. */
function tileOfSection({ stages }: UnitSection): ProductTile | undefined {
  const [first] = stages[0]!;
  return stages.length > 1 || first?.large === undefined ? undefined : tileOf(first.large);
}

/**
 * Number of rows that a workgroup computes. If each row is a point, each thread has a row. Otherwise the number of points of all rows is about that of threads.
 */
function rowsPerWorkgroup({ rows, stages }: UnitSection, perRow: number): number {
  if (perRow === 1 && stages.length === 1) return workgroupSize;
  const fitting = 2 ** Math.floor(Math.log2(Math.max(1, workgroupSize / perRow)));
  return Math.max(1, Math.min(fitting, Math.ceil(rows / fewWorkgroups)));
}

function rangesOf(sizes: readonly number[], hint: string, { fresh }: SectionScope): IterationRange[] {
  return sizes.map((n) => ({ index: fresh(hint), from: k.i32(0), to: k.i32(n) }));
}

function writtenStage(
  units: StageUnits,
  rows: readonly IterationRange[],
  rowSizes: readonly number[],
  isAfterTile: boolean,
  scope: SectionScope,
): KernelStage {
  const boundaries = rowSizes.map((_, i) => rowSizes.slice(0, i + 1).reduce((n, size) => n * size, 1));
  const sizes = must(commonSizes(units, units[0]!.points, boundaries), "points of a stage");
  const points = rangesOf(sizes.slice(rows.length), "point", scope);
  const common = [...rows, ...points];
  const computed = isAfterTile ? units.slice(1) : units;
  const indices = computed.flatMap((unit) =>
    splitAxes(unit, sizes).map(({ axis, factors }): Stmt => {
      const terms = factors.map((factor, i) => times(k.local("i32", common[i]!.index), k.i32(factor)));
      return { kind: "let", name: axis.index, value: terms.reduce(plus, k.i32(axis.from)) };
    }),
  );
  const preludes = new Map(computed.flatMap(({ prelude }) => prelude.map((one) => [one.name, one] as const)));
  return { points, ...stageOf(computed, [...indices, ...preludes.values()], common, scope) };
}

/** Body of a stage, with the locals that it exchanges with other stages. */
function stageOf(
  units: StageUnits,
  prelude: readonly Stmt[],
  ranges: readonly IterationRange[],
  { counters }: SectionScope,
): Omit<KernelStage, "points"> {
  const body = compactBlock([...prelude, ...units.flatMap((unit) => unit.body)]);
  const saves = new Map(units.flatMap(({ gives }) => gives.map((local) => [local.name, local] as const)));
  const indices = ranges.map(({ index }) => index);
  return {
    body,
    restores: outerLocals(body, [], [...counters, ...indices]),
    saves: [...saves.values()],
  };
}

/** Locals that statements and expressions use but neither declare nor find in `known`. */
function outerLocals(
  body: readonly Stmt[],
  results: readonly Expr[],
  known: readonly string[],
): TypedLocal[] {
  const { touched, declared } = usesOf(body, results);
  return [...touched].flatMap(([name, type]) =>
    declared.has(name) || known.includes(name) ? [] : [{ name, type }],
  );
}

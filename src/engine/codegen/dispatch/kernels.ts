// Kernels of a device with many threads, as its code writer reads them.
import type { Expr, Routine, Stmt } from "../../kernel/scalar.ts";
import type { IterationRange, TypedLocal } from "../phases.ts";
import type { DeviceMemoryPlan } from "./memory.ts";
import type { ProductTile } from "./tile.ts";

/** Threads per workgroup. */
export const workgroupSize = 64;
/** Maximum depth of nested repetitions, which is the number of counters that the device receives. */
export const mostCounters = 4;

/** Statements that run for each point of a row, in any order. */
export interface KernelStage {
  /** Ranges of the points within a row. Without ranges, a row has one point. */
  readonly points: readonly IterationRange[];
  readonly body: readonly Stmt[];
  /** Locals that the stage reads from their slots at each point, and locals that it writes to them. */
  readonly restores: readonly TypedLocal[];
  readonly saves: readonly TypedLocal[];
}

/** Loop in which a workgroup repeats the stages of its rows. */
export interface KernelLoop {
  readonly counter: string;
  /** First value and end of the counter's range. */
  readonly from: number;
  readonly to: number;
  readonly isReverse: boolean;
}

/**
 * Part of a kernel with its own workgroups. A workgroup computes a block of rows: all points of the first stage, then,
 * after a barrier, all points of the second one. Rows are independent.
 */
export interface KernelSection {
  /** Ranges of the rows. Without ranges there is one row. */
  readonly rows: readonly IterationRange[];
  readonly rowsPerGroup: number;
  /** Number of workgroups. If there are more blocks of rows, each workgroup computes several. */
  readonly workgroups: number;
  readonly stages: readonly KernelStage[];
  /** Loop around the stages, if there is one. */
  readonly loop?: KernelLoop;
  /**
   * Product that each workgroup computes in tiles before the stage. Rows are then the points of its result; a thread runs
   * the stage for the results that it has computed.
   */
  readonly tile: ProductTile | undefined;
  /** Conditions of the enclosing branches. A section does nothing unless all of them hold. */
  readonly guards: readonly Expr[];
  /** Locals in ranges, guards and tiles that are read from their slots, and definitions of others. */
  readonly restores: readonly TypedLocal[];
  readonly prelude: readonly Stmt[];
}

/** One compute dispatch: sections that are independent of each other. */
export interface DeviceKernel {
  readonly kind: "kernel";
  readonly name: string;
  readonly sections: readonly KernelSection[];
  /** Counters of the enclosing repetitions, outermost first. */
  readonly counters: readonly string[];
}

/** Kernels that the host encodes once per value of a counter. */
export interface DeviceRepetition extends KernelLoop {
  readonly kind: "repeat";
  readonly steps: readonly DeviceStep[];
}

export type DeviceStep = DeviceKernel | DeviceRepetition;

/** A routine as kernels of a device. */
export interface DevicePlan {
  /** The routine, with buffers for its scalar results. */
  readonly routine: Routine;
  readonly memory: DeviceMemoryPlan;
  readonly steps: readonly DeviceStep[];
}

/** Returns all kernels of the steps, in order. */
export function kernelsIn(steps: readonly DeviceStep[]): DeviceKernel[] {
  return steps.flatMap((step) => (step.kind === "kernel" ? [step] : kernelsIn(step.steps)));
}

/** Statements of a section, with the product of its tiles. */
export function statementsOf({ prelude, tile, stages }: KernelSection): readonly Stmt[] {
  const product = tile === undefined ? [] : [tile.product];
  return [...prelude, ...product, ...stages.flatMap(({ body }) => body)];
}

/** Number of dispatches of the steps, repetitions included. */
export function dispatchesOf(steps: readonly DeviceStep[]): number {
  return steps.reduce(
    (sum, step) => sum + (step.kind === "kernel" ? 1 : (step.to - step.from) * dispatchesOf(step.steps)),
    0,
  );
}

/** Number of workgroups of a kernel. */
export function workgroupsOf({ sections }: DeviceKernel): number {
  return sections.reduce((sum, { workgroups }) => sum + workgroups, 0);
}

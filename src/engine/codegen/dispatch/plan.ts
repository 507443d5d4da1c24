// Cuts a routine into the kernels of a device with many threads: the decisions about loops that its code writer reads.
import type { Expr, ForStmt, Routine, Stmt } from "../../kernel/scalar.ts";
import * as k from "../../kernel/build.ts";
import { compactBlock } from "./fold.ts";
import { usesOf } from "../../kernel/uses.ts";
import { constantSize } from "../../kernel/sizes.ts";
import type { IterationRange, Phase, TypedLocal } from "../phases.ts";
import { phasesOf } from "../phases.ts";
import type { DeviceMemoryPlan } from "./memory.ts";
import { planDeviceMemory } from "./memory.ts";
import { preparedRoutine } from "./prepare.ts";
import { productPoints } from "./product.ts";

/** Work of one kernel: statements of one thread, or of one thread per point of a range. */
export type KernelWork =
  | { readonly kind: "single"; readonly body: readonly Stmt[] }
  | { readonly kind: "grid"; readonly extent: readonly IterationRange[]; readonly body: readonly Stmt[] };

/** One compute dispatch. */
export interface DeviceKernel {
  readonly kind: "kernel";
  readonly name: string;
  readonly work: KernelWork;
  /** Threads to start; a kernel whose range is longer, or known only on the device, strides over it. */
  readonly threads: number;
  /** Counters of the enclosing repetitions that the kernel reads, outermost first. */
  readonly counters: readonly string[];
  /** Locals that the kernel reads from their slots, and locals that it writes to them. */
  readonly restores: readonly TypedLocal[];
  readonly saves: readonly TypedLocal[];
  /** Conditions of the enclosing branches. A kernel does nothing unless all of them hold. */
  readonly guards: readonly Expr[];
}

/** Kernels that the host encodes once per value of a counter. */
export interface DeviceRepetition {
  readonly kind: "repeat";
  readonly counter: string;
  /** Values of the counter, in order of execution. */
  readonly from: number;
  readonly to: number;
  readonly isReverse: boolean;
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

/** Threads per workgroup. */
export const workgroupSize = 64;
/** Threads of a kernel whose range is known only on the device. */
const unknownThreads = 64 * workgroupSize;
/** Maximum number of threads; longer ranges are strided. */
const mostThreads = 65_535 * workgroupSize;
/** Maximum number of dispatches of one repetition. A longer one runs in a single thread. */
const mostRepeated = 4096;
/** Maximum depth of nested repetitions, which is the number of counters that the device receives. */
export const mostCounters = 4;

/** Surroundings of the phases that are being planned. */
interface PlanScope {
  readonly counters: readonly string[];
  readonly guards: readonly Expr[];
  readonly fresh: (hint: string) => string;
  /** Dispatches of the enclosing repetitions. */
  readonly times: number;
}

/** Plans the kernels of a routine. */
export function planDispatches(given: Routine): DevicePlan {
  const routine = preparedRoutine(given);
  let count = 0;
  const fresh = (hint: string): string => `${hint}#${count++}`;
  const steps = phasesOf(routine).flatMap((phase) =>
    stepsOf(phase, { counters: [], guards: [], fresh, times: 1 }),
  );
  const shared = kernelsIn(steps).flatMap(({ restores, saves }) => [...restores, ...saves]);
  return { routine, memory: planDeviceMemory(routine, shared), steps };
}

/** All kernels of some steps, in order. */
export function kernelsIn(steps: readonly DeviceStep[]): DeviceKernel[] {
  return steps.flatMap((step) => (step.kind === "kernel" ? [step] : kernelsIn(step.steps)));
}

function stepsOf(phase: Phase, scope: PlanScope): DeviceStep[] {
  const { content } = phase;
  switch (content.kind) {
    case "serial":
      return content.statements.every(({ kind }) => kind === "comment")
        ? []
        : [single("serial", content.statements, phase.gives, scope)];
    case "fold":
      return [single("fold", [content.fold], phase.gives, scope)];
    case "parallel":
      return [grid("loop", separable(content.extent, content.loop), scope)];
    case "product": {
      const points = productPoints(content.product);
      return points === undefined ? [] : [grid("product", points, scope)];
    }
    case "branch":
      return branchSteps(content, scope);
    case "repeated": {
      const { loop } = content;
      const repeated = loop.kind === "for" ? repetition(loop, content.phases, scope) : undefined;
      return repeated ?? [single("loop", [loop], phase.gives, scope)];
    }
  }
}

function branchSteps(content: Phase["content"] & { kind: "branch" }, scope: PlanScope): DeviceStep[] {
  const name = scope.fresh("condition");
  const holds = k.local("bool", name);
  const decide: Stmt = { kind: "let", name, value: content.condition };
  const side = (phases: readonly Phase[], guard: Expr): DeviceStep[] =>
    phases.flatMap((inner) => stepsOf(inner, { ...scope, guards: [...scope.guards, guard] }));
  return [
    single("branch", [decide], [{ name, type: "bool" }], scope),
    ...side(content.then, holds),
    ...side(content.otherwise, k.not(holds)),
  ];
}

/** Repetition of a loop between constants; `undefined` if the device must decide about it, or it is too long. */
function repetition(loop: ForStmt, phases: readonly Phase[], scope: PlanScope): DeviceStep[] | undefined {
  const [from, to] = [constantSize(loop.from), constantSize(loop.to)];
  if (from === undefined || to === undefined || scope.counters.length === mostCounters) return undefined;
  if (to <= from) return [];
  const times = scope.times * (to - from);
  const counters = [...scope.counters, loop.index];
  const steps = phases.flatMap((phase) => stepsOf(phase, { ...scope, counters, times }));
  if (times * kernelsIn(steps).length > mostRepeated) return undefined;
  return [{ kind: "repeat", counter: loop.index, from, to, isReverse: loop.reverse, steps }];
}

/** The outer ranges of a nest whose bounds do not depend on its indices; inner loops stay in the body. */
function separable(
  extent: readonly IterationRange[],
  loop: ForStmt,
): { readonly extent: readonly IterationRange[]; readonly body: readonly Stmt[] } {
  const kept: IterationRange[] = [];
  const indices = new Set<string>();
  let { body } = loop;
  for (const [depth, range] of extent.entries()) {
    const used = usesOf([], [range.from, range.to]).touched;
    if ([...used.keys()].some((name) => indices.has(name))) break;
    kept.push(range);
    indices.add(range.index);
    if (depth > 0) body = (body.find(({ kind }) => kind === "for") as ForStmt).body;
  }
  return { extent: kept, body };
}

function single(
  name: string,
  body: readonly Stmt[],
  saves: readonly TypedLocal[],
  scope: PlanScope,
): DeviceKernel {
  return kernelOf(name, { kind: "single", body: compactBlock(body) }, 1, saves, scope);
}

function grid(
  name: string,
  { extent, body }: { readonly extent: readonly IterationRange[]; readonly body: readonly Stmt[] },
  scope: PlanScope,
): DeviceKernel {
  const sizes = extent.map(({ from, to }) => {
    const [low, high] = [constantSize(from), constantSize(to)];
    return low === undefined || high === undefined ? undefined : Math.max(0, high - low);
  });
  const points = sizes.reduce<number | undefined>(
    (product, n) => (product === undefined || n === undefined ? undefined : product * n),
    1,
  );
  const threads = Math.min(mostThreads, points ?? unknownThreads);
  return kernelOf(name, { kind: "grid", extent, body: compactBlock(body) }, threads, [], scope);
}

function kernelOf(
  name: string,
  work: KernelWork,
  threads: number,
  saves: readonly TypedLocal[],
  { counters, guards, fresh }: PlanScope,
): DeviceKernel {
  const extent = work.kind === "grid" ? work.extent : [];
  const bounds = extent.flatMap(({ from, to }) => [from, to]);
  const uses = usesOf(work.body, [...bounds, ...guards]);
  const indices = new Set(extent.map(({ index }) => index));
  const outer = [...uses.touched].flatMap(([local, type]) =>
    uses.declared.has(local) || indices.has(local) ? [] : [{ name: local, type }],
  );
  const isCounter = new Set(counters);
  return {
    kind: "kernel",
    name: fresh(name),
    work,
    threads,
    counters,
    restores: outer.filter((local) => !isCounter.has(local.name)),
    saves,
    guards,
  };
}

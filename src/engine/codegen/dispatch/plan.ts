// Plans the kernels of a device with many threads: the decisions about loops that its code writer reads.
import { DownhillError } from "../../errors/index.ts";
import * as k from "../../kernel/build.ts";
import type { Buffer, ForStmt, Routine, ScalarType, Stmt } from "../../kernel/scalar.ts";
import { printExpr } from "../../kernel/print.ts";
import { constantSize, sizeExpr } from "../../kernel/sizes.ts";
import { usesOf } from "../../kernel/uses.ts";
import { walkExpr } from "../../kernel/walk.ts";
import { must } from "../../util/assert-never.ts";
import type { IterationRange, Phase, TypedLocal } from "../phases.ts";
import { phasesOf } from "../phases.ts";
import type { DeviceKernel, DevicePlan, DeviceStep, KernelLoop, KernelSection } from "./kernels.ts";
import { dispatchesOf, kernelsIn, mostCounters } from "./kernels.ts";
import { planDeviceMemory } from "./memory.ts";
import { preparedRoutine } from "./prepare.ts";
import { commonSizes, haveSeparateRows, splitAxes } from "./rows.ts";
import type { UnitRepetition } from "./schedule.ts";
import { areJoinable, schedule } from "./schedule.ts";
import type { SectionScope } from "./sections.ts";
import { writtenKernel } from "./sections.ts";
import type { ScalarDefinition, UnitScope, WorkUnit } from "./unit.ts";
import { makeUnit, unitsOf } from "./unit.ts";

/** Maximum number of dispatches of one repetition. A repetition that needs more runs in a single thread. */
const mostRepeated = 4096;

/** Context of the phases that are being planned. */
interface PlanScope extends UnitScope, SectionScope {
  /** Number of iterations of the enclosing repetitions. */
  readonly times: number;
}

/** A unit, or a repetition that contains units. */
type PlanNode = WorkUnit | UnitRepetition<DeviceStep>;

/**
 * Plans the kernels of a routine.
 *
 * @throws DownhillError `device` if calls compute the size of an array.
 */
export function planDispatches(given: Routine): DevicePlan {
  requireKnownSizes(given);
  const routine = preparedRoutine(given);
  let count = 0;
  const fresh = (hint: string): string => `${hint}#${count++}`;
  const inputs = routine.inputs.flatMap((port) => (port.kind === "scalar" ? [port.name] : []));
  const memory: Buffer<number>[] = [];
  const scope: PlanScope = { counters: [], guards: [], scalars: new Map(), fresh, times: 1, memory, dividesFolds: true }; // prettier-ignore
  const steps = withoutIdleSaves(planBlock(phasesOf(routine), scope, inputs));
  const shared = kernelsIn(steps).flatMap((kernel) => localsOf(kernel));
  const temps = [...routine.temps, ...memory.map((buffer) => ({ ...buffer, offset: 0 }))];
  return {
    routine: { ...routine, temps },
    memory: planDeviceMemory({ ...routine, temps }, steps, shared),
    steps,
  };
}

/** Throws if the size of an array is not known before the calls. Numbers of iterations may be unknown. */
function requireKnownSizes({ name, inputs, outputs, temps }: Routine): void {
  const ports = [...inputs, ...outputs].flatMap((port) => (port.kind === "buffer" ? [port.buffer] : []));
  const buffer = [...ports, ...temps].find(({ size }) => constantSize(size) === undefined);
  if (buffer === undefined) return;
  throw new DownhillError(
    "device",
    `${name}: each call computes the size of the array ${buffer.name} (${printExpr(sizeExpr(buffer.size))}), but a GPU needs sizes that do not ` +
      "change. Make the size a constant or a static argument (staticArgnums), or call jit without device.",
  );
}

/** Steps of phases that run in order. `steady` are locals that never change. */
function planBlock(phases: readonly Phase[], scope: PlanScope, steady: readonly string[]): DeviceStep[] {
  const inside = withScalars(phases, scope, steady);
  return stepsOf(
    phases.flatMap((phase) => nodesOf(phase, inside, steady)),
    inside,
  );
}

function stepsOf(nodes: readonly PlanNode[], scope: PlanScope): DeviceStep[] {
  return schedule(nodes).map((step) => (step.kind === "repeat" ? step.content : writtenKernel(step, scope)));
}

/**
 * Scope in which units compute the scalars of the phases themselves: integers that depend only on counters and scalar
 * inputs.
 */
function withScalars(phases: readonly Phase[], scope: PlanScope, steady: readonly string[]): PlanScope {
  const scalars = new Map(scope.scalars);
  const known = new Set([...steady, ...scope.counters, ...scalars.keys()]);
  const sets = new Set(phases.flatMap(({ boundary }) => boundary.carried.map(({ name }) => name)));
  for (const { content } of phases) {
    if (content.kind !== "serial") continue;
    const { set } = usesOf(content.statements);
    for (const stmt of content.statements) {
      if (stmt.kind !== "let" || set.has(stmt.name) || sets.has(stmt.name)) continue;
      if (!isScalar(stmt, known)) continue;
      scalars.set(stmt.name, stmt);
      known.add(stmt.name);
    }
  }
  return { ...scope, scalars };
}

function isScalar({ value }: ScalarDefinition, known: ReadonlySet<string>): boolean {
  let is = true;
  walkExpr(value, (x) => {
    const isKind = x.kind === "const" || x.kind === "binary" || x.kind === "unary" || x.kind === "select";
    const isInteger = x.type === "i32" || x.type === "u32" || x.type === "bool";
    is &&= isInteger && (isKind || (x.kind === "local" && known.has(x.name)));
  });
  return is;
}

function nodesOf(phase: Phase, scope: PlanScope, steady: readonly string[]): PlanNode[] {
  const { content } = phase;
  if (content.kind === "branch") return branchNodes(content, scope, steady);
  if (content.kind !== "repeated" || content.loop.kind !== "for") return unitsOf(phase, scope);
  return repetition(content.loop, content.phases, scope, steady) ?? unitsOf(phase, scope);
}

function branchNodes(
  content: Phase["content"] & { kind: "branch" },
  scope: PlanScope,
  steady: readonly string[],
): PlanNode[] {
  const name = scope.fresh("condition");
  const holds = k.local("bool", name);
  const body: Stmt[] = [{ kind: "let", name, value: content.condition }];
  const decide = makeUnit({ hint: "branch", body, gives: [{ name, type: "bool" }] }, scope);
  const side = (phases: readonly Phase[], guard: typeof holds): PlanNode[] => {
    const inside = withScalars(phases, { ...scope, guards: [...scope.guards, guard] }, steady);
    return phases.flatMap((phase) => nodesOf(phase, inside, steady));
  };
  return [decide!, ...side(content.then, holds), ...side(content.otherwise, k.not(holds))];
}

/**
 * Plans a loop between constants as a repetition by the host, or as a loop inside a kernel if its iterations can share
 * one. `undefined` if the bounds are not constant, or it is too long or too deep.
 */
function repetition(
  loop: ForStmt,
  phases: readonly Phase[],
  scope: PlanScope,
  steady: readonly string[],
): PlanNode[] | undefined {
  const [from, to] = [constantSize(loop.from), constantSize(loop.to)];
  if (from === undefined || to === undefined || scope.counters.length === mostCounters) return undefined;
  if (to <= from) return [];
  const counters = [...scope.counters, loop.index];
  const times = scope.times * (to - from);
  const inside = withScalars(phases, { ...scope, counters, times, dividesFolds: false }, steady);
  const nodes = phases.flatMap((phase) => nodesOf(phase, inside, steady));
  if (nodes.length === 0) return [];
  const inner = loopInside(loop, nodes, scope);
  if (inner !== undefined) return [inner];
  const units = nodes.flatMap((node) => (node.kind === "repeat" ? node.units : [node]));
  const range: KernelLoop = { counter: loop.index, from, to, isReverse: loop.reverse };
  const content = loopingKernel(range, nodes, scope, inside);
  if (content !== undefined) return [{ kind: "repeat", units, content }];
  const steps = stepsOf(nodes, inside);
  if (times * dispatchesOf(steps) > mostRepeated) return undefined;
  return [{ kind: "repeat", units, content: { kind: "repeat", ...range, steps } }];
}

/**
 * Kernel in which each workgroup runs all iterations of a loop for its rows. `undefined` if the units in the loop do not
 * share rows, or if an iteration accesses what another one writes in another row.
 */
function loopingKernel(
  loop: KernelLoop,
  nodes: readonly PlanNode[],
  scope: PlanScope,
  inside: PlanScope,
): DeviceKernel | undefined {
  const [step, ...others] = schedule(nodes);
  if (step?.kind !== "kernel" || others.length > 0 || step.sections.length > 1) return undefined;
  const [section] = step.sections;
  const units = section!.stages.flat();
  if (
    units.some(
      ({ dynamic, guards, large }) => dynamic !== undefined || guards.length > 0 || large !== undefined,
    )
  )
    return undefined;
  const sizes = must(commonSizes(units, section!.rows), "rows of a loop");
  const range = { counter: loop.counter, from: loop.from, size: loop.to - loop.from };
  if (!haveSeparateRows(units, sizes, range)) return undefined;
  const kernel = writtenKernel(step, inside);
  return {
    ...kernel,
    counters: scope.counters,
    sections: kernel.sections.map((written) => ({ ...written, loop })),
  };
}

/**
 * Unit that runs all iterations of a loop: each point runs the loop, or the loop is an axis of the points if its iterations
 * are independent. `undefined` if points would access what other points write.
 */
function loopInside(loop: ForStmt, nodes: readonly PlanNode[], scope: PlanScope): WorkUnit | undefined {
  const units = nodes.flatMap((node) => (node.kind === "unit" ? [node] : []));
  const [first] = units;
  if (first === undefined || units.length < nodes.length || first.points === 1) return undefined;
  if (units.some(({ dynamic, gives }) => dynamic !== undefined || gives.length > 0)) return undefined;
  if (!units.every(({ guards }) => guards === first.guards) || !areJoinable(units)) return undefined;
  const sizes = must(commonSizes(units, first.points), "points of a loop");
  const ranges = sizes.map((n): IterationRange => ({ index: scope.fresh("axis"), from: k.i32(0), to: k.i32(n) })); // prettier-ignore
  const body = units.flatMap((unit) => [
    ...splitAxes(unit, sizes).map(({ axis, factors }): Stmt => {
      const terms = factors.map((by, i) => k.mul(k.local("i32", ranges[i]!.index), k.i32(by)));
      return { kind: "let", name: axis.index, value: terms.reduce(k.add, k.i32(axis.from)) };
    }),
    ...unit.prelude,
    ...unit.body,
  ]);
  const own = new Map<string, Stmt>();
  const once = body.filter((stmt) => {
    if (stmt.kind !== "let" || !own.has(stmt.name)) return stmt.kind !== "let" || own.set(stmt.name, stmt);
    return false;
  });
  const { hint } = first;
  const outside: UnitScope = { ...scope, guards: first.guards };
  const axis: IterationRange = { index: loop.index, from: loop.from, to: loop.to };
  const parallel = makeUnit({ hint, extent: [axis, ...ranges], body: once }, outside)!;
  if (areIndependent(parallel)) return parallel;
  const serial = makeUnit({ hint, extent: ranges, body: [{ ...loop, body: once }] }, outside)!;
  return areIndependent(serial) ? serial : undefined;
}

/** True if no point of a unit accesses what another one writes, as far as its indices show. */
function areIndependent(unit: WorkUnit): boolean {
  const sizes = commonSizes([unit], unit.points);
  return sizes !== undefined && haveSeparateRows([unit], sizes);
}

/** Locals that stages restore or save, which therefore have slots. */
function localsOf({ sections }: DeviceKernel): TypedLocal[] {
  return sections.flatMap(({ restores, stages }) => [
    ...restores,
    ...stages.flatMap((stage) => [...stage.restores, ...stage.saves]),
  ]);
}

/** Steps that save only locals that some stage restores. */
function withoutIdleSaves(steps: readonly DeviceStep[]): DeviceStep[] {
  const restored = new Map<string, ScalarType>();
  for (const { sections } of kernelsIn(steps))
    for (const { restores, stages } of sections)
      for (const { name, type } of [...restores, ...stages.flatMap((stage) => stage.restores)])
        restored.set(name, type);
  const sectionOf = (section: KernelSection): KernelSection => ({
    ...section,
    stages: section.stages.map((stage) => ({
      ...stage,
      saves: stage.saves.filter(({ name }) => restored.has(name)),
    })),
  });
  const stepOf = (step: DeviceStep): DeviceStep =>
    step.kind === "kernel"
      ? { ...step, sections: step.sections.map(sectionOf) }
      : { ...step, steps: step.steps.map(stepOf) };
  return steps.map(stepOf);
}

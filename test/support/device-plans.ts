// Dispatch plans as routines for the processor, which run kernels as a device may run them.
import type {
  DevicePlan,
  DeviceStep,
  KernelLoop,
  KernelSection,
  KernelStage,
} from "../../src/engine/codegen/dispatch/kernels.ts";
import { dispatchesOf } from "../../src/engine/codegen/dispatch/kernels.ts";
import { planDispatches } from "../../src/engine/codegen/dispatch/plan.ts";
import { printPlan } from "../../src/engine/codegen/dispatch/print.ts";
import type { IterationRange, TypedLocal } from "../../src/engine/codegen/phases.ts";
import { interpBackend, raceCheckingInterp } from "../../src/engine/backends/interp/index.ts";
import * as k from "../../src/engine/kernel/build.ts";
import type { Backend, KernelValue, TypedArray } from "../../src/engine/kernel/executable.ts";
import { makeArray } from "../../src/engine/kernel/executable.ts";
import { expandBlock } from "../../src/engine/kernel/expand.ts";
import { printRoutine } from "../../src/engine/kernel/print.ts";
import type { Expr, Routine, Stmt, Temp } from "../../src/engine/kernel/scalar.ts";
import type { Device } from "../../src/engine/runtime/device.ts";
import { jit } from "downhill";

/** Memory between slots of locals, in words. */
const slotWords = 8;

/**
 * Routine that runs the kernels of a plan: sections in reverse order, rows as an independent loop, and each stage as an
 * independent loop over the points of its row. Temporaries are where the plan puts them on the device. The race-checking
 * interpreter then checks that rows and points share nothing.
 */
function routineOfPlan({ routine, memory, steps }: DevicePlan): Routine {
  const temps = routine.temps.flatMap((temp): Temp[] => {
    const offset = memory.temps.get(temp.name);
    return offset === undefined ? [] : [{ ...temp, offset: 4 * offset }];
  });
  const slots = localsIn(steps).filter(({ name }) => memory.slots.has(name));
  const first = Math.ceil(memory.words / slotWords) * slotWords;
  slots.forEach(({ name, type }, i) =>
    temps.push({ name: slotOf(name), type, size: 1, offset: 4 * (first + i * slotWords) }),
  );
  return {
    ...routine,
    temps,
    arenaBytes: 4 * (first + slots.length * slotWords),
    body: steps.flatMap((step) => stepStatements(step, new Set(slots.map(({ name }) => name)))),
  };
}

const slotOf = (local: string): string => `slot of ${local}`;

function localsIn(steps: readonly DeviceStep[]): TypedLocal[] {
  const all = new Map<string, TypedLocal>();
  const visit = (step: DeviceStep): void => {
    if (step.kind === "repeat") return step.steps.forEach(visit);
    for (const { restores, stages } of step.sections)
      for (const local of [...restores, ...stages.flatMap((stage) => [...stage.restores, ...stage.saves])])
        all.set(local.name, local);
  };
  steps.forEach(visit);
  return [...all.values()];
}

function stepStatements(step: DeviceStep, slots: ReadonlySet<string>): Stmt[] {
  if (step.kind === "kernel")
    return step.sections.toReversed().flatMap((section) => sectionStatements(section, slots));
  return [loopStatement(step, step.steps.flatMap((inner) => stepStatements(inner, slots)))]; // prettier-ignore
}

function loopStatement({ counter, from, to, isReverse }: KernelLoop, body: readonly Stmt[]): Stmt {
  return { kind: "for", index: counter, from: k.i32(from), to: k.i32(to), reverse: isReverse, body };
}

function sectionStatements(section: KernelSection, slots: ReadonlySet<string>): Stmt[] {
  const { restores, prelude, guards, rows, stages, tile, loop } = section;
  const once = stages.flatMap((stage) => nest(stage.points, stageStatements(stage, slots)));
  const inside: readonly Stmt[] = loop === undefined ? once : [loopStatement(loop, once)];
  const all = [...(tile === undefined ? [] : [tile.product]), ...nest(rows, inside)];
  const isHeld = guards.reduce<Expr>(k.and, k.bool(true));
  return [
    { kind: "if", condition: k.bool(true), then: [...restored(restores, slots), ...prelude, { kind: "if", condition: isHeld, then: all, otherwise: [] }], otherwise: [] }, // prettier-ignore
  ];
}

function nest(ranges: readonly IterationRange[], body: readonly Stmt[]): readonly Stmt[] {
  return ranges.reduceRight<readonly Stmt[]>(
    (inner, { index, from, to }) => [
      { kind: "for", index, from, to, reverse: false, independent: true, body: inner },
    ],
    body,
  );
}

function stageStatements({ body, restores, saves }: KernelStage, slots: ReadonlySet<string>): Stmt[] {
  const stores = saves.map(({ name, type }): Stmt => ({ kind: "store", buffer: slotOf(name), index: k.i32(0), value: k.local(type, name) })); // prettier-ignore
  const all = [...restored(restores, slots), ...expandBlock(body), ...stores];
  return [{ kind: "if", condition: k.bool(true), then: all, otherwise: [] }];
}

function restored(locals: readonly TypedLocal[], slots: ReadonlySet<string>): Stmt[] {
  return locals.flatMap(({ name, type }) =>
    slots.has(name) ? [{ kind: "let", name, value: k.load(type, slotOf(name), k.i32(0)) }] : [],
  );
}

/**
 * Runs a routine with the given elements in its inputs. Returns the elements of all results.
 */
function runRoutine(backend: Backend, routine: Routine, inputs: readonly TypedArray[]): readonly number[] {
  const given = routine.inputs.map((port, i): KernelValue =>
    port.kind === "scalar" ? inputs[i]![0]! : { array: inputs[i]!, offset: 0 },
  );
  const outputs = routine.outputs.map((port): KernelValue =>
    port.kind === "scalar"
      ? NaN
      : { array: makeArray(port.buffer.type, port.buffer.size as number), offset: 0 },
  );
  backend.compile(routine)(given, outputs);
  return outputs.flatMap((slot) => (typeof slot === "number" ? [slot] : [...slot.array]));
}

/** Compares the results of a routine and of its plan, which may not race. Returns the number of its dispatches. */
export function expectPlanAgrees(routine: Routine, inputs: readonly TypedArray[], backend?: Backend): number {
  const plan = planDispatches(routine);
  const expected = runRoutine(backend ?? interpBackend, routine, inputs);
  const got = runRoutine(backend ?? raceCheckingInterp(), routineOfPlan(plan), inputs);
  const place = expected.findIndex((x, i) => !Object.is(x, got[i]));
  if (place >= 0)
    throw new Error(
      `element ${place} is ${got[place]} instead of ${expected[place]}\n${printRoutine(routine)}\n${printPlan(plan)}`,
    );
  return dispatchesOf(plan.steps);
}

const inputValues = [0, 1, -3, 0.5, 7, -0.25, 4294967295, 1e9];

/** Inputs of a routine: few distinct numbers, which are also indices. */
export function inputsOfRoutine(routine: Routine, least = 1): TypedArray[] {
  return routine.inputs.map((port, n) => {
    const size = port.kind === "scalar" ? 1 : (port.buffer.size as number);
    const array = makeArray(port.kind === "scalar" ? port.type : port.buffer.type, Math.max(least, size));
    for (let i = 0; i < array.length; i++) {
      const x = inputValues[(n + i * 3) % inputValues.length]!;
      array[i] = array instanceof Uint8Array ? x & 1 : x;
    }
    return array;
  });
}

/** Routine that `jit` compiles for a device. */
export function recordedRoutine(f: (...args: never[]) => unknown, args: readonly unknown[]): Routine {
  let found: Routine | undefined;
  const refuse = (): never => {
    throw new Error("a device without memory");
  };
  const device: Device = {
    name: "a recorder",
    bits: "exact",
    types: ["f64", "f32", "i32", "u32", "bool"],
    memory: { name: "a recorder", isImmediate: false, store: refuse, view: refuse, copy: refuse, read: refuse, release() {} }, // prettier-ignore
    allocate: refuse,
    compile(routine) {
      found = routine;
      return { backend: "recorder", call: refuse, size: () => undefined, release() {} };
    },
  };
  void jit(f, { device }).warm(...args);
  return found!;
}

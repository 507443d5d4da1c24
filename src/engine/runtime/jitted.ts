import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import { checkOptions } from "../errors/options.ts";
import type { Program } from "../ir/program.ts";
import { hostStorage } from "../ir/host-memory.ts";
import type { ConcreteValue, TensorStorage } from "../ir/storage.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, sameType, typeKey } from "../ir/types.ts";
import { call } from "../prims/call.ts";
import { isStaging } from "../trace/bind.ts";
import { isDebugging, requireUnchanged, withoutDebugging } from "../trace/debug.ts";
import { capturingSources } from "../trace/capture.ts";
import { evalProgram, traceProgram } from "../trace/staging.ts";
import {
  flattenArguments,
  flattenResult,
  requireFunction,
  unflattenArguments,
} from "../transforms/arguments.ts";
import "../transforms/program-tools.ts";
import type { TreeDef } from "../tree/tree.ts";
import { countLeaves, leafPaths, treeKey, unflatten, visitLeaves } from "../tree/tree.ts";
import type { LikeAll, TensorLike } from "../tree/types.ts";
import { makeLru } from "../util/lru.ts";
import type { Device } from "./device.ts";
import { engine } from "./engine.ts";
import { executableOf } from "./executable.ts";
import "./install-compiler.ts";
import type { Inspector, LoweredText } from "./inspect.ts";
import { checkDonation, giveAway } from "./pool/give-back.ts";
import type { Executable } from "./run.ts";
import type { JitStats } from "./stats.ts";
import { choiceOf, statsOf } from "./stats.ts";
import { requireTypes } from "./transfer.ts";
import { staticKey } from "./static-key.ts";
import { isIntegerIn } from "../ir/plain-number.ts";

export interface JitOptions {
  /**
   * Indices of arguments that are plain values of the program (a mode, a count). Each distinct value compiles another
   * program.
   */
  readonly staticArgnums?: number | readonly number[];
  /**
   * Indices of arguments whose memory the call may reuse. Their tensors must not be read afterwards. A training step
   * then runs without copying its parameters.
   */
  readonly donate?: number | readonly number[];
}

/** Options of `jit` for a function that runs on a device such as a GPU. */
export interface DeviceJitOptions extends JitOptions {
  /**
   * The device, such as the result of `openWebGpu`. Calls enqueue the work and return; `await x.read()` waits.
   *
   * `"auto"` chooses between the GPU that `openWebGpu` opened last and the processor, per types of arguments: `await
   * step.warm(…)` measures both, and `step.stats().choices` reports the result. Before that, and without a GPU, calls run
   * on the processor.
   */
  readonly device: Device | "auto";
}

/** Options of `jit` for the library's own programs, which run on a device if there is one. */
export type LibraryJitOptions = JitOptions & { readonly device?: Device | "auto" | undefined };

/** A compiled function with methods that report what was compiled. */
export interface Jitted<A extends readonly unknown[], T> {
  (...args: A): T;
  /** Compiles for arguments of these types without running the function. */
  warm(...args: readonly unknown[]): void;
  /** Statistics of the programs compiled so far. */
  stats(): JitStats;
  /** Shows the program for these arguments after each pass, its kernel, and the generated code. */
  lower(...args: readonly unknown[]): LoweredText;
}

/** A compiled function that runs on a device. */
export interface DeviceJitted<A extends readonly unknown[], T> extends Omit<Jitted<A, T>, "warm"> {
  (...args: A): T;
  /**
   * Compiles for arguments of these types, so that the first call does not block. With `device: "auto"` it also runs the
   * function a few times, on the GPU and on the processor, and chooses the faster one. The arguments do not change.
   */
  warm(...args: readonly unknown[]): Promise<void>;
}

/** A function traced for arguments of certain types. */
interface JitEntry {
  readonly program: Program;
  readonly captured: readonly Tensor[];
  readonly defs: readonly TreeDef[];
  readonly types: readonly ArrayType[];
  /** One flag per executable input (captured tensors first), true for donated inputs. */
  readonly donated: readonly boolean[];
  readonly outDef: TreeDef;
  executable: Executable | undefined;
}

/** Maximum number of traced variants per function. */
const entriesPerFunction = 64;
const weakFloat = /* @__PURE__ */ arrayType("float64", [], true);

const notInspected =
  'lower: the jit of "downhill/core" cannot show compilation stages; use the jit of "downhill".';

/** `jit` without `lower`, for the library's own programs. */
export function makeJitted(
  f: (...x: Tensor[]) => Tensor,
  options?: LibraryJitOptions,
): Jitted<TensorLike[], Tensor>;
export function makeJitted<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  options?: LibraryJitOptions,
): Jitted<LikeAll<A>, T>;
export function makeJitted(
  f: (...args: never[]) => unknown,
  options?: LibraryJitOptions,
): Jitted<never[], unknown> {
  if (arguments.length > 2) refuseExtra("jit", arguments, 2);
  return makeInspected(f, options);
}

/** Creates a jitted function; `inspect` implements its `lower`. */
export function makeInspected(
  f: (...args: never[]) => unknown,
  options: LibraryJitOptions = {},
  inspect?: Inspector,
): Jitted<never[], unknown> {
  requireFunction("jit", f);
  checkOptions("jit", options, ["staticArgnums", "donate", "device"]);
  const isAuto = options.device === "auto";
  const device = options.device === "auto" ? undefined : options.device;
  requireDevice("jit", device);
  const statics = readPlaces("staticArgnums", options.staticArgnums);
  const donate = readPlaces("donate", options.donate);
  const both = donate.find((i) => statics.includes(i));
  if (both !== undefined)
    throw new DownhillError(
      "option",
      `jit: argument ${both} is both static and donated; only tensors can be.`,
    );
  const name = f.name === "" ? "f" : f.name;
  const operation = f.name === "" ? "jit" : `jit(${f.name})`; // name in messages
  const entries = makeLru<string, JitEntry>(entriesPerFunction);
  let latest: JitEntry | undefined; // entry of the last call, if the function has no static arguments

  const find = (
    args: readonly unknown[],
  ): { readonly entry: JitEntry; readonly leaves: readonly Tensor[] } => {
    const dynamic = args.filter((_, i) => !statics.includes(i));
    const { leaves, defs } = flattenArguments(dynamic, operation);
    let key = "";
    for (const def of defs) key += `${treeKey(def)} `;
    for (const x of leaves) key += `${typeKey(x.type)} `;
    for (const i of statics) key += `${staticKey(operation, args[i])} `;
    if (isDebugging()) {
      // the compiled program keeps the first trace, so a new trace is compared with it
      const now = withoutDebugging(() => trace(f, name, operation, args, statics, donate, leaves, defs));
      const before = entries.get(key);
      if (before === undefined) entries.set(key, now);
      else requireUnchanged(operation, before, now);
      key += "debug";
    }
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = trace(f, name, operation, args, statics, donate, leaves, defs);
      entries.set(key, entry);
    }
    return { entry, leaves };
  };

  const compile = (entry: JitEntry): Executable => {
    const inputOf = (input: number): string => inputName(entry, statics, input);
    return (entry.executable = compiledFor(options.device, entry, operation, inputOf));
  };

  const jitted = (...args: never[]): unknown => {
    if (latest?.executable !== undefined && !isStaging() && !isDebugging()) {
      const slots = matchSlots(args, latest);
      if (slots !== undefined) return execute(latest, slots, operation);
    }
    const { entry, leaves } = find(args);
    const ins = [...entry.captured, ...leaves];
    if (isDebugging()) return unflatten(entry.outDef, evalProgram(entry.program, ins)); // checks each operation
    if (isStaging() || ins.some((x) => x.tracer !== undefined)) {
      if (device !== undefined) throw insideTransform(operation, device);
      return unflatten(entry.outDef, call(entry.program, ins));
    }
    if (entry.executable === undefined) compile(entry);
    if (statics.length === 0) latest = entry;
    return execute(
      entry,
      ins.map((x) => x.slot!),
      operation,
    );
  };
  return Object.assign(jitted, {
    warm: (...args: readonly unknown[]): void | Promise<void> => {
      const { entry, leaves } = find(args);
      const executable = compile(entry);
      if (isAuto || device !== undefined)
        return executable.prepare?.([...entry.captured, ...leaves].map((x) => x.slot!));
    },
    stats: (): JitStats => statsOfEntries([...entries.values()], isAuto),
    lower: (...args: readonly unknown[]): LoweredText => {
      if (inspect === undefined) throw new DownhillError("option", notInspected);
      const { program, types, executable } = find(args).entry;
      if (!isAuto) return inspect(program, device);
      return inspect(program, executable?.decision?.device, choiceOf(types, executable?.decision));
    },
  });
}

/**
 * Returns the slots of arguments that fit an entry: numbers and available tensors of its types and structure. Undefined
 * if an argument does not fit.
 */
function matchSlots(args: readonly unknown[], entry: JitEntry): ConcreteValue[] | undefined {
  const { types, captured, defs, donated } = entry;
  const skip = captured.length;
  if (defs.length !== args.length) return undefined;
  const gives = donated.length > 0;
  const slots = new Array<ConcreteValue>(skip + types.length);
  for (let i = 0; i < skip; i++) slots[i] = captured[i]!.slot!;
  const take = (value: unknown, place: number): boolean => {
    const slot = slotOf(value, types[place]!, gives && donated[skip + place] === true);
    if (slot === undefined) return false;
    slots[skip + place] = slot;
    return true;
  };
  let place = 0;
  for (let i = 0; i < args.length; i++) {
    const def = defs[i]!;
    if (def.kind === "leaf") {
      if (!take(args[i], place)) return undefined;
      place++;
    } else if ((place = visitLeaves(def, args[i], place, take)) < 0) return undefined;
  }
  return slots;
}

/**
 * Returns the slot of a number, tensor or typed array of the given type. Undefined for other arguments, and for a typed
 * array that would be donated.
 */
function slotOf(value: unknown, type: ArrayType, isDonated: boolean): ConcreteValue | undefined {
  if (typeof value === "number") return type === weakFloat ? value : undefined;
  if (!(value instanceof Tensor)) return isDonated ? undefined : borrow(value, type);
  if (value.slot === undefined) return undefined;
  const given = value.type;
  if (given === type || (sameType(given, type) && given.weak === type.weak)) return value.slot;
  return undefined;
}

/**
 * Wraps a one-dimensional typed array of this type without a copy; the call only reads it. Undefined for other values
 * and for empty arrays.
 */
function borrow(value: unknown, { dtype, shape, weak }: ArrayType): ConcreteValue | undefined {
  const fits =
    (value instanceof Float64Array && dtype === "float64") ||
    (value instanceof Float32Array && dtype === "float32") ||
    (value instanceof Int32Array && dtype === "int32") ||
    (value instanceof Uint32Array && dtype === "uint32"); // not Uint8Array: as booleans, each byte must be checked
  // an empty array may be detached, which `asTensor` checks
  if (!fits || weak || shape.length !== 1 || shape[0] !== value.length || value.length === 0)
    return undefined;
  return hostStorage(value, 0, false, "caller");
}

/**
 * Compiles an entry for a device, by default the current one, under the current settings. `inputOf` names an executable
 * input in messages.
 */
function compiledFor(
  device: LibraryJitOptions["device"],
  { program, types, captured, donated }: JitEntry,
  operation: string,
  inputOf: (input: number) => string,
): Executable {
  const compileFor = (on?: Device): Executable => {
    if (on !== undefined) requireTypes(on, program, inputOf);
    return executableOf(program, [], donated, on);
  };
  if (device !== "auto") return compileFor(device);
  const all = [...captured.map(({ type }) => type), ...types];
  const choosable = { operation, types: all, captured: captured.length, donated, compileFor };
  return engine.chooser?.executableOf(choosable) ?? compileFor();
}

/** Statistics of the compiled entries. `isAuto` adds the choices. */
function statsOfEntries(entries: readonly JitEntry[], isAuto: boolean): JitStats {
  const compiled = entries.filter(({ executable }) => executable !== undefined);
  const stats = statsOf(compiled.map(({ executable }) => executable!));
  if (!isAuto) return stats;
  return { ...stats, choices: compiled.map((entry) => choiceOf(entry.types, entry.executable!.decision)) };
}

/** Name of an executable input in messages, such as `argument 1.weight`. */
function inputName({ captured, defs }: JitEntry, statics: readonly number[], input: number): string {
  if (input < captured.length) return "a tensor from outside of the function";
  const total = defs.length + statics.length;
  const indices = Array.from({ length: total }, (_, i) => i).filter((i) => !statics.includes(i));
  const paths = defs.flatMap((def, i) => leafPaths(def, `argument ${indices[i]}`));
  return paths[input - captured.length]!;
}

/** Throws unless `device` is a device or undefined. @throws DownhillError `option` */
export function requireDevice(operation: string, device: unknown): void {
  if (device === undefined) return;
  if (typeof device === "object" && device !== null && "allocate" in device && "memory" in device) return;
  const got = device instanceof Promise ? " It is a promise here: await it first." : "";
  throw new DownhillError(
    "option",
    `${operation}: device must be a device, such as the result of await openWebGpu().${got}`,
  );
}

function insideTransform(operation: string, { name }: Device): DownhillError {
  return new DownhillError(
    "device",
    `${operation}: a function jitted for ${name} was called inside a transform, which would ignore the device. ` +
      "Put jit outermost, as in jit(grad(f), { device }), and pass plain functions to transforms.",
  );
}

/** Runs a compiled entry and releases the storages that were donated to it. */
function execute(entry: JitEntry, slots: readonly ConcreteValue[], operation: string): unknown {
  const { outDef, donated } = entry;
  const gives = donated.length > 0;
  if (gives) checkDonation(operation, slots, donated, entry.captured.length);
  const outs = entry.executable!.run(slots, entry.captured.length);
  if (gives) {
    for (let i = 0; i < slots.length; i++)
      if (donated[i] === true && typeof slots[i] === "object") giveAway(slots[i] as TensorStorage);
  }
  return outDef.kind === "leaf" ? outs[0] : unflatten(outDef, outs);
}

function trace(
  f: (...args: never[]) => unknown,
  name: string,
  operation: string,
  args: readonly unknown[],
  statics: readonly number[],
  donate: readonly number[],
  leaves: readonly Tensor[],
  defs: readonly TreeDef[],
): JitEntry {
  const types = leaves.map((x) => x.type);
  let outDef: TreeDef = { kind: "leaf" };
  const doTrace = (): ReturnType<typeof traceProgram> =>
    traceProgram(name, types, (...traced) => {
      const dynamic = unflattenArguments(defs, traced);
      let next = 0;
      const all = args.map((arg, i) => (statics.includes(i) ? arg : dynamic[next++]));
      const result = flattenResult(f(...(all as never[])), operation);
      outDef = result.def;
      return result.leaves;
    });
  const { program, captured } = isDebugging() ? capturingSources(doTrace) : doTrace();
  const missing = donate.find((i) => i >= args.length);
  if (missing !== undefined)
    throw new DownhillError(
      "range",
      `${operation}: donate names argument ${missing}, but the call has ${args.length}; arguments count 0, 1, 2, …`,
    );
  const dynamicPlaces = args.map((_, i) => i).filter((i) => !statics.includes(i));
  const donated =
    donate.length === 0
      ? []
      : [
          ...captured.map(() => false),
          ...defs.flatMap((def, i) =>
            new Array<boolean>(countLeaves(def)).fill(donate.includes(dynamicPlaces[i]!)),
          ),
        ];
  return { program, captured, defs, types, donated, outDef, executable: undefined };
}

function readPlaces(option: string, given: number | readonly number[] = []): readonly number[] {
  const list = typeof given === "number" ? [given] : given;
  for (const n of list) {
    if (!isIntegerIn(n))
      throw new DownhillError("range", `jit: ${option} holds ${String(n)}; arguments count 0, 1, 2, …`);
  }
  return list;
}

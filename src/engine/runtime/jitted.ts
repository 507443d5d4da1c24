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
import { countLeaves, treeKey, unflatten, visitLeaves } from "../tree/tree.ts";
import type { LikeAll, TensorLike } from "../tree/types.ts";
import { makeLru } from "../util/lru.ts";
import { executableOf } from "./executable.ts";
import "./install-compiler.ts";
import type { Inspector, LoweredText } from "./inspect.ts";
import { checkDonation, giveAway } from "./pool/give-back.ts";
import type { Executable } from "./run.ts";
import type { JitStats } from "./stats.ts";
import { statsOf } from "./stats.ts";
import { staticKey } from "./static-key.ts";
import { isIntegerIn } from "../ir/plain-number.ts";

export interface JitOptions {
  /** Places of arguments that are plain values of the program (a mode, a count): another value compiles another program. */
  readonly staticArgnums?: number | readonly number[];
  /**
   * Places of arguments whose memory is handed over: their tensors must not be read afterwards, and a step of training
   * runs without copies of its parameters.
   */
  readonly donate?: number | readonly number[];
}

/** A compiled function, and what it can tell of itself. */
export interface Jitted<A extends readonly unknown[], T> {
  (...args: A): T;
  /** Compiles for arguments like these without running anything. */
  warm(...args: readonly unknown[]): void;
  /** What has been compiled so far. */
  stats(): JitStats;
  /** The program for arguments like these after each pass, its kernel, and the code that the kernel becomes. */
  lower(...args: readonly unknown[]): LoweredText;
}

/** A traced function for arguments of certain types. */
interface JitEntry {
  readonly program: Program;
  readonly captured: readonly Tensor[];
  readonly defs: readonly TreeDef[];
  readonly types: readonly ArrayType[];
  /** Which inputs of the executable are donated. */
  readonly donated: readonly boolean[];
  readonly outDef: TreeDef;
  executable: Executable | undefined;
}

/** How many differently typed calls of one function are remembered. */
const entriesPerFunction = 64;
const weakFloat = /* @__PURE__ */ arrayType("float64", [], true);

const notInspected =
  'lower: only the jit of "downhill" can show what a function becomes, not that of "downhill/core".';

/** What `jit` does, but for `lower`: the library's own programs show nobody what they become. */
export function makeJitted(f: (...x: Tensor[]) => Tensor, options?: JitOptions): Jitted<TensorLike[], Tensor>;
export function makeJitted<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  options?: JitOptions,
): Jitted<LikeAll<A>, T>;
export function makeJitted(f: (...args: never[]) => unknown, options?: JitOptions): Jitted<never[], unknown> {
  if (arguments.length > 2) refuseExtra("jit", arguments, 2);
  return makeInspected(f, options);
}

/** A jitted function whose `lower` is answered by `inspect`. */
export function makeInspected(
  f: (...args: never[]) => unknown,
  options: JitOptions = {},
  inspect?: Inspector,
): Jitted<never[], unknown> {
  requireFunction("jit", f);
  checkOptions("jit", options, ["staticArgnums", "donate"]);
  const statics = readPlaces("staticArgnums", options.staticArgnums);
  const donate = readPlaces("donate", options.donate);
  const both = donate.find((i) => statics.includes(i));
  if (both !== undefined)
    throw new DownhillError(
      "option",
      `jit: argument ${both} is both static and donated; only tensors can be.`,
    );
  const name = f.name === "" ? "f" : f.name;
  const operation = f.name === "" ? "jit" : `jit(${f.name})`; // what messages call it
  const entries = makeLru<string, JitEntry>(entriesPerFunction);
  let latest: JitEntry | undefined; // the entry of the last call, if nothing in it was static

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
      // what is compiled, or would be, stays what the function was; it may have become another one
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

  const jitted = (...args: never[]): unknown => {
    if (latest?.executable !== undefined && !isStaging() && !isDebugging()) {
      const slots = matchSlots(args, latest);
      if (slots !== undefined) return execute(latest, slots, operation);
    }
    const { entry, leaves } = find(args);
    const ins = [...entry.captured, ...leaves];
    if (isDebugging()) return unflatten(entry.outDef, evalProgram(entry.program, ins)); // one after the other, each checked
    if (isStaging() || ins.some((x) => x.tracer !== undefined))
      return unflatten(entry.outDef, call(entry.program, ins));
    if (entry.executable === undefined) compile(entry);
    if (statics.length === 0) latest = entry;
    return execute(
      entry,
      ins.map((x) => x.slot!),
      operation,
    );
  };
  return Object.assign(jitted, {
    warm: (...args: readonly unknown[]): void => compile(find(args).entry),
    stats: (): JitStats => statsOf(entries.values().flatMap(({ executable }) => executable ?? [])),
    lower: (...args: readonly unknown[]): LoweredText => {
      if (inspect === undefined) throw new DownhillError("option", notInspected);
      return inspect(find(args).entry.program);
    },
  });
}

/** Slots of arguments that fit an entry: numbers and tensors at hand, of its types, in its structure. */
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

/** The slot of an argument of this very type. */
function slotOf(value: unknown, type: ArrayType, isDonated: boolean): ConcreteValue | undefined {
  if (typeof value === "number") return type === weakFloat ? value : undefined;
  if (!(value instanceof Tensor)) return isDonated ? undefined : borrow(value, type);
  if (value.slot === undefined) return undefined;
  const given = value.type;
  if (given === type || (sameType(given, type) && given.weak === type.weak)) return value.slot;
  return undefined;
}

/** A typed array of this type where it is: it is read during the call only. */
function borrow(value: unknown, { dtype, shape, weak }: ArrayType): ConcreteValue | undefined {
  const fits =
    (value instanceof Float64Array && dtype === "float64") ||
    (value instanceof Float32Array && dtype === "float32") ||
    (value instanceof Int32Array && dtype === "int32") ||
    (value instanceof Uint32Array && dtype === "uint32"); // of bytes, each must be looked at
  // an empty one may be detached: `asTensor` looks
  if (!fits || weak || shape.length !== 1 || shape[0] !== value.length || value.length === 0)
    return undefined;
  return hostStorage(value, 0, false, "caller");
}

/** Sees to it that an entry is compiled, as things are compiled now. */
function compile(entry: JitEntry): void {
  entry.executable = executableOf(entry.program, [], entry.donated);
}

/** Runs an entry that is compiled; what was donated to it is gone afterwards. */
function execute(entry: JitEntry, slots: readonly ConcreteValue[], operation: string): unknown {
  const { outDef, donated } = entry;
  const gives = donated.length > 0;
  if (gives) checkDonation(operation, slots, donated, entry.captured.length);
  const outs = entry.executable!.run(slots);
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
      `${operation}: donate names argument ${missing}, but the call has ${args.length}; they count 0, 1, 2, …`,
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

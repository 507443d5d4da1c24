import { checkOptions } from "../errors/options.ts";
import { DownhillError } from "../errors/index.ts";
import type { Program } from "../ir/program.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, sameType, typeKey } from "../ir/types.ts";
import type { Slot } from "../kernel/executable.ts";
import { call } from "../prims/call.ts";
import { isStaging } from "../trace/bind.ts";
import { isDebugging } from "../trace/debug.ts";
import { capturingSources } from "../trace/source.ts";
import { evalProgram, traceProgram } from "../trace/staging.ts";
import {
  flattenArguments,
  flattenResult,
  requireFunction,
  unflattenArguments,
} from "../transforms/arguments.ts";
import type { TreeDef } from "../tree/tree.ts";
import { treeKey, unflatten } from "../tree/tree.ts";
import type { LikeAll, TensorLike } from "../tree/types.ts";
import { makeLru } from "../util/lru.ts";
import type { Executable } from "./executable.ts";
import { executableOf } from "./executable.ts";

export interface JitOptions {
  /** Places of arguments that are plain values of the program (a mode, a count): another value compiles another program. */
  readonly staticArgnums?: number | readonly number[];
}

/** A traced function for arguments of certain types. */
interface Entry {
  readonly program: Program;
  readonly captured: readonly Tensor[];
  readonly types: readonly ArrayType[];
  readonly outDef: TreeDef;
  executable: Executable | undefined;
}

/** How many differently typed calls of one function are remembered. */
const entriesPerFunction = 64;
const weakFloat = arrayType("float64", [], true);

/**
 * The same function, traced once for each combination of argument types and compiled as a whole. A changed value never
 * recompiles. Tensors that the function reads from outside become hidden inputs; plain numbers that it closes over are
 * part of the program. Transforms go through: `grad(jit(f))` is compiled too.
 *
 * The function must compute the same for the same arguments and do nothing else: what it prints or changes happens at the
 * first call only.
 *
 * @example
 * const f = jit((x, y) => x.mul(y).add(sin(x)));
 * f(2, 3); // 6.909297426825682
 */
export function jit(f: (...x: Tensor[]) => Tensor, options?: JitOptions): (...x: TensorLike[]) => Tensor;
export function jit<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  options?: JitOptions,
): (...args: LikeAll<A>) => T;
export function jit(
  f: (...args: never[]) => unknown,
  options: JitOptions = {},
): (...args: never[]) => unknown {
  requireFunction("jit", f);
  checkOptions("jit", options, ["staticArgnums"]);
  const statics = readStatics(options);
  const name = f.name === "" ? "f" : f.name;
  const operation = f.name === "" ? "jit" : `jit(${f.name})`; // what messages call it
  const entries = makeLru<string, Entry>(entriesPerFunction);
  let latest: Entry | undefined; // the entry of the last call whose arguments were all leaves

  /** Slots of arguments that fit the latest entry: numbers and tensors at hand, of its types. */
  const fastSlots = (args: readonly unknown[], { types, captured }: Entry): Slot[] | undefined => {
    const skip = captured.length;
    if (types.length !== args.length) return undefined;
    const slots = new Array<Slot>(skip + args.length);
    for (let i = 0; i < skip; i++) slots[i] = captured[i]!.slot!;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i];
      if (typeof arg === "number") {
        if (types[i] !== weakFloat) return undefined;
        slots[skip + i] = arg;
      } else if (arg instanceof Tensor && arg.slot !== undefined) {
        if (arg.type !== types[i] && !(sameType(arg.type, types[i]!) && arg.type.weak === types[i]!.weak))
          return undefined;
        slots[skip + i] = arg.slot;
      } else return undefined;
    }
    return slots;
  };

  return (...args) => {
    if (latest?.executable !== undefined && !isStaging() && !isDebugging()) {
      const slots = fastSlots(args, latest);
      if (slots !== undefined) {
        const outs = latest.executable.run(slots);
        return latest.outDef.kind === "leaf" ? outs[0] : unflatten(latest.outDef, outs);
      }
    }
    const dynamic = args.filter((_, i) => !statics.includes(i)) as unknown[];
    const { leaves, defs } = flattenArguments(dynamic, operation);
    let key = "";
    for (const def of defs) key += `${treeKey(def)} `;
    for (const x of leaves) key += `${typeKey(x.type)} `;
    for (const i of statics) key += `${staticKey(operation, args[i])} `;
    if (isDebugging()) key += "debug";
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = trace(f, name, operation, args, statics, leaves, defs);
      entries.set(key, entry);
    }
    const ins = [...entry.captured, ...leaves];
    const outs = run(entry, ins);
    if (statics.length === 0 && defs.every((def) => def.kind === "leaf")) latest = entry;
    return unflatten(entry.outDef, outs);
  };
}

function run(entry: Entry, ins: readonly Tensor[]): readonly Tensor[] {
  if (isDebugging()) return evalProgram(entry.program, ins); // one equation after the other, so that each is checked
  if (isStaging() || ins.some((x) => x.tracer !== undefined)) return call(entry.program, ins);
  entry.executable ??= executableOf(entry.program);
  return entry.executable.run(ins.map((x) => x.slot!));
}

function trace(
  f: (...args: never[]) => unknown,
  name: string,
  operation: string,
  args: readonly unknown[],
  statics: readonly number[],
  leaves: readonly Tensor[],
  defs: readonly TreeDef[],
): Entry {
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
  return { program, captured, types, outDef, executable: undefined };
}

function readStatics({ staticArgnums = [] }: JitOptions): readonly number[] {
  const list = typeof staticArgnums === "number" ? [staticArgnums] : staticArgnums;
  for (const n of list) {
    if (!Number.isInteger(n) || n < 0)
      throw new DownhillError("range", `jit: staticArgnums holds ${String(n)}; arguments count 0, 1, 2, …`);
  }
  return list;
}

/** A static argument as text: equal data have equal keys. */
function staticKey(operation: string, value: unknown): string {
  const prototype: unknown = typeof value === "object" && value !== null && Object.getPrototypeOf(value);
  if (typeof value === "function" || (prototype && prototype !== Object.prototype && !Array.isArray(value))) {
    const what =
      value instanceof Tensor ? "tensor" : typeof value === "function" ? "function" : "class instance";
    throw new DownhillError(
      "tree",
      `${operation}: a static argument must be plain data (a number, a string, an object of such), not a ${what}.`,
    );
  }
  if (Array.isArray(value)) return `[${value.map((item) => staticKey(operation, item)).join()}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}:${staticKey(operation, item)}`,
    );
    return `{${entries.join()}}`;
  }
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : `${typeof value} ${String(value)}`;
}

import type { FunctionBody, Callable } from "../../encode/body.ts";
import type { ModuleBuilder } from "../../encode/module.ts";
import type { ValueType } from "../../encode/opcodes.ts";
import { descriptor, poolImport, taskName } from "./layout.ts";

/** Functions and addresses that a module needs to share work among threads. */
export interface WorkSharing {
  /** Functions of the pool; see `poolModule`. */
  readonly begin: Callable;
  readonly end: Callable;
  readonly take: Callable;
  readonly finish: Callable;
  readonly scratch: Callable;
  /** Index of the global that holds the address of each thread's own memory. */
  readonly own: number;
  /** Address of the module's descriptor. */
  readonly descriptor: number;
  /** Names of the functions that threads call. */
  readonly tasks: string[];
}

/** Name under which the address of the calling thread's own memory is exported. */
export const ownExport = "own";

/** Adds everything for sharing work to a module, before its first function. */
export function openSharing(module: ModuleBuilder, reserve: (bytes: number) => number): WorkSharing {
  const imported = (name: string, params: readonly ValueType[], results: readonly ValueType[]): Callable =>
    module.importFunction(poolImport, name, params, results);
  return {
    begin: imported("begin", ["i32", "i32", "i32", "i32"], ["i32"]),
    end: imported("end", [], []),
    take: imported("take", [], ["i64"]),
    finish: imported("finish", ["i32"], []),
    scratch: imported("scratch", ["i32"], ["i32"]),
    own: module.global(ownExport, 0),
    descriptor: reserve(descriptor.bytes),
    tasks: [],
  };
}

/** Argument of shared work, which threads find in memory. */
export interface WorkArgument {
  readonly type: "i32" | "f64" | "f32";
  readonly name: string;
  /** Pushes the value on the stack, in the code that publishes the work. */
  readonly push: () => void;
}

/** Work in units that any thread may do, in any order, in parts of any length. */
export interface SharedWork {
  /** Pushes the number of units. */
  readonly pushUnits: () => void;
  /** Pushes the amount of work, in units of one kernel call (`chunkWork`), that is, about 0.3 µs. */
  readonly pushCalls: () => void;
  readonly args: readonly WorkArgument[];
  /**
   * Writes code for the units `first` … `first + count − 1`. Its parameters are locals: these two numbers, the
   * arguments, and `hasBegun`, which is 1 if this thread has processed other units of the same work before.
   */
  readonly part: (
    body: FunctionBody,
    first: number,
    count: number,
    args: readonly number[],
    hasBegun: number,
  ) => void;
  /** Writes code that does all units on the calling thread, for the case that no other thread takes part. */
  readonly alone: () => void;
}

/**
 * Writes work that threads share. The code stores the arguments in memory and notifies other threads. All threads,
 * including this one, then repeatedly take units and process them until none are left.
 */
export function emitShared(
  body: FunctionBody,
  module: ModuleBuilder,
  sharing: WorkSharing,
  reserve: (bytes: number) => number,
  { pushUnits, pushCalls, args, part, alone }: SharedWork,
): void {
  const block = reserve(8 * Math.max(1, args.length));
  const number = sharing.tasks.length;
  const task = module.function(taskName(number), { exported: true });
  sharing.tasks.push(taskName(number));
  writeTask(task.body, sharing, block, args, part);

  args.forEach(({ type, push }, k) => {
    body.i32Const(0);
    push();
    body.memory(`${type}.store`, block + 8 * k);
  });
  body.i32Const(sharing.descriptor);
  body.i32Const(number);
  pushUnits();
  pushCalls();
  body.call(sharing.begin);
  body.if();
  body.call(task);
  body.else();
  alone();
  body.end();
  body.call(sharing.end);
}

/** Writes the function that each thread runs. It repeatedly takes units and processes them until none are left. */
function writeTask(
  body: FunctionBody,
  sharing: WorkSharing,
  block: number,
  args: readonly WorkArgument[],
  part: SharedWork["part"],
): void {
  const taken = body.local("i64", "taken");
  const first = body.local("i32", "first");
  const count = body.local("i32", "count");
  const locals = args.map(({ type, name }) => body.local(type, name));
  const hasBegun = body.local("i32", "has_begun");
  body.globalGet(sharing.own);
  body.call(sharing.scratch);
  body.globalSet(sharing.own);
  const again = body.loop();
  body.call(sharing.take);
  body.localTee(taken);
  body.i64Const(0n);
  body.op("i64.ge_s");
  body.if();
  body.localGet(taken);
  body.op("i32.wrap_i64");
  body.localSet(first);
  body.localGet(taken);
  body.i64Const(32n);
  body.op("i64.shr_u");
  body.op("i32.wrap_i64");
  body.localSet(count);
  // only after taking units: until then, the arguments of other work may be stored here
  args.forEach(({ type }, k) => {
    body.i32Const(0);
    body.memory(`${type}.load`, block + 8 * k);
    body.localSet(locals[k]!);
  });
  part(body, first, count, locals, hasBegun);
  body.i32Const(1);
  body.localSet(hasBegun);
  body.localGet(count);
  body.call(sharing.finish);
  body.br(again);
  body.end();
  body.end();
}

import { interpBackend } from "../backends/interp/index.ts";
import { internalError } from "../errors/index.ts";
import { isOnHost } from "../ir/host-memory.ts";
import { identityOf, paramsKey } from "../ir/key.ts";
import type { Primitive } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import { DeferredProgram, isProgram } from "../ir/program.ts";
import type { ConcreteValue } from "../ir/storage.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { sameType, scalarTypeOf, typeKey } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { CompiledProcedure } from "../kernel/executable.ts";
import type { Procedure } from "../kernel/scalar.ts";
import { makeLru } from "../util/lru.ts";
import { evalProgram } from "../trace/staging.ts";
import { compileAlone } from "./alone.ts";
import { copyBlocks, hostArrays } from "./copy-blocks.ts";
import { engine, installedGenerator } from "./engine.ts";
import { allocate } from "./pool/small-results.ts";
import type { Executable } from "./run.ts";

/** A compiled scalar operation with the parameters and operand types it was compiled for. */
interface ScalarKernel {
  readonly params: unknown;
  readonly a: ArrayType;
  readonly b: ArrayType | undefined;
  readonly c: ArrayType | undefined;
  readonly out: ArrayType;
  readonly call: CompiledProcedure;
}

/** A compiled array operation with the parameters and operand types it was compiled for. */
interface ArrayKernel {
  readonly params: unknown;
  readonly types: readonly ArrayType[];
  readonly takesOver: boolean;
  readonly run: Executable["run"];
}

/** Compiled code of a single eager operation. */
export type EagerKernel = ScalarKernel | ArrayKernel;

/**
 * The kernels that a primitive ran most recently. They are compared directly, without building a cache key, because
 * code calls the same operations repeatedly.
 */
interface RecentKernels {
  // the scalar kernel, stored field by field, which saves one load per call of an operation on numbers
  params: unknown;
  a: ArrayType | undefined;
  b: ArrayType | undefined;
  c: ArrayType | undefined;
  out: ArrayType | undefined;
  call: CompiledProcedure | undefined;
  /** Array kernels, most recently used first. */
  arrays: ArrayKernel[];
  /** Engine generation in which `arrays` were compiled. */
  generation: number;
}

/**
 * Maximum number of kernels cached by primitive, parameters and types; the least recently used one is evicted first.
 */
const mostKernels = 1024;
/** Number of recent array kernels per primitive that are compared directly, without building a key. */
const mostRecent = 6;
const recentKernels = /* @__PURE__ */ new WeakMap<Primitive, RecentKernels>();

/** Computes a primitive on concrete (not traced) tensors. */
export function evaluate(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
  const { lowering } = prim;
  const recent = recentKernels.get(prim);
  if (lowering.kind === "elementwise") {
    const n = ins.length;
    const a = ins[0]!.type;
    const b = n > 1 ? ins[1]!.type : undefined;
    const c = n > 2 ? ins[2]!.type : undefined;
    if (
      recent !== undefined &&
      recent.a === a &&
      recent.b === b &&
      recent.c === c &&
      recent.params === params
    ) {
      const value = callScalar(recent.call!, ins, n);
      if (value !== undefined) return [new Tensor(recent.out!, value, undefined)];
    } else if (n <= 3 && ins.every((x) => typeof x.slot === "number")) {
      const { out, call } = findScalarKernel(prim, recent, ins, params);
      return [new Tensor(out, callScalar(call, ins, n), undefined)];
    }
  } else if (lowering.kind === "alias") return [alias(ins[0]!, prim.typeOf([ins[0]!.type], params)[0]!)];
  else if (lowering.kind === "host") return lowering.run(ins, params);
  return evaluateArrays(prim, recent ?? makeRecent(prim), ins, params);
}

/** Calls a scalar kernel on numbers. Returns undefined if an operand is still pending on a device. */
function callScalar(call: CompiledProcedure, ins: readonly Tensor[], n: number): number | undefined {
  const x = ins[0]!.slot;
  if (typeof x !== "number") return undefined;
  if (n === 1) return call(x);
  const y = ins[1]!.slot;
  if (typeof y !== "number") return undefined;
  if (n === 2) return call(x, y);
  const z = ins[2]!.slot;
  return typeof z === "number" ? call(x, y, z) : undefined;
}

function makeRecent(prim: Primitive): RecentKernels {
  const recent: RecentKernels = {
    params: undefined,
    a: undefined,
    b: undefined,
    c: undefined,
    out: undefined,
    call: undefined,
    arrays: [],
    generation: engine.generation,
  };
  recentKernels.set(prim, recent);
  return recent;
}

/**
 * Returns the kernel that is cached under a key. If the cache has no entry for it, caches and returns the result of
 * `make`.
 */
function kernelFor<K extends EagerKernel>(key: string, make: () => K): K {
  const kernels = (engine.kernels ??= makeLru(mostKernels));
  let kernel = kernels.get(key) as K | undefined;
  if (kernel === undefined) kernels.set(key, (kernel = make()));
  return kernel;
}

function findScalarKernel(
  prim: Primitive,
  recent: RecentKernels = makeRecent(prim),
  ins: readonly Tensor[],
  params: unknown,
): ScalarKernel {
  const key = `${identityOf(prim)} ${paramsKey(params, identityOf)} ${ins.map((x) => typeKey(x.type)).join(" ")}.`;
  const kernel = kernelFor(key, () => makeScalarKernel(prim, ins, params));
  recent.params = kernel.params;
  recent.a = kernel.a;
  recent.b = kernel.b;
  recent.c = kernel.c;
  recent.out = kernel.out;
  recent.call = kernel.call;
  return kernel;
}

/**
 * Compiles a primitive to a scalar procedure, once per types and parameters. Plain arithmetic is interpreted, because
 * it needs no generated code.
 */
function makeScalarKernel(prim: Primitive, ins: readonly Tensor[], params: unknown): ScalarKernel {
  if (prim.lowering.kind !== "elementwise") throw internalError(`${prim.name} is not elementwise`);
  const types = ins.map((x) => x.type);
  const names = types.map((type, i) => ({ name: "xyzw"[i] ?? `x${i}`, type: scalarTypeOf(type.dtype) }));
  const result = prim.lowering.scalar(
    names.map(({ name, type }) => k.local(type, name)),
    params,
    types,
  );
  const procedure: Procedure = { name: prim.name, params: names, body: [], result };
  const isPlain = result.kind !== "call" && result.kind !== "convert";
  const backend = (isPlain ? undefined : installedGenerator()) ?? interpBackend;
  return {
    params,
    a: types[0]!,
    b: types[1],
    c: types[2],
    out: prim.typeOf(types, params)[0]!,
    call: backend.compileProcedure(procedure),
  };
}

/** Returns a tensor of another shape that shares the memory of the elements. */
function alias(x: Tensor, type: ArrayType): Tensor {
  const { slot } = x;
  const isScalar = type.shape.length === 0;
  if (typeof slot === "number") {
    if (isScalar) return new Tensor(type, slot, undefined);
    const one = allocate(scalarTypeOf(type.dtype), 1);
    one.array[one.offset] = slot;
    return new Tensor(type, one, undefined);
  }
  const storage = slot!; // evaluated tensors are never traced
  if (isScalar && isOnHost(storage)) return new Tensor(type, storage.array[storage.offset], undefined);
  storage.isShared = true;
  return new Tensor(type, storage, undefined);
}

function evaluateArrays(
  prim: Primitive,
  recent: RecentKernels,
  ins: readonly Tensor[],
  params: unknown,
): readonly Tensor[] {
  const { lowering, unroll, copies } = prim;
  if (copies !== undefined) {
    const types = ins.map((x) => x.type);
    const blocks = copies(params, types);
    const arrays = blocks && hostArrays(ins);
    if (arrays !== undefined) return copyBlocks(prim.typeOf(types, params), arrays, blocks!);
  }
  if (unroll !== undefined && engine.compiler === undefined)
    return unroll(ins, params, (program, xs) => evalProgram(program, xs));
  const inPlace = lowering.kind === "loops" ? lowering.inPlace?.(params)[0] : undefined;
  const takesOver = inPlace?.result === 0 && ins[inPlace.operand]!.exclusive;
  const { run } = findArrayKernel(prim, recent, ins, params, takesOver ? inPlace.operand : undefined);
  const slots = new Array<ConcreteValue>(ins.length);
  for (let i = 0; i < ins.length; i++) slots[i] = ins[i]!.slot!;
  return run(slots);
}

function findArrayKernel(
  prim: Primitive,
  recent: RecentKernels,
  ins: readonly Tensor[],
  params: unknown,
  inPlace: number | undefined,
): ArrayKernel {
  const takesOver = inPlace !== undefined;
  if (recent.generation !== engine.generation) {
    recent.generation = engine.generation;
    recent.arrays = [];
  }
  const { arrays } = recent;
  for (const kernel of arrays) {
    if (kernel.takesOver === takesOver && fits(kernel.types, ins) && sameParams(kernel.params, params))
      return kernel;
  }
  const key = `${identityOf(prim)}${takesOver ? "!" : ""} ${paramsKey(params, identityOf)} ${ins.map((x) => typeKey(x.type)).join(" ")}`;
  const found = kernelFor(key, (): ArrayKernel => {
    const run = compileEquation(singleEquation(prim, ins, params), inPlace);
    return { params, types: ins.map((x) => x.type), takesOver, run };
  });
  arrays.unshift(found);
  if (arrays.length > mostRecent) arrays.pop();
  return found;
}

/** Whether tensors have exactly these types, including weakness. */
export function fits(types: readonly ArrayType[], ins: readonly Tensor[]): boolean {
  if (types.length !== ins.length) return false; // a primitive may take any number of operands
  for (let i = 0; i < types.length; i++) {
    const type = types[i]!;
    const given = ins[i]!.type;
    if (given !== type && (given.weak !== type.weak || !sameType(given, type))) return false;
  }
  return true;
}

/**
 * True if two parameter values are the same object or plain data of equal content. Programs are compared by identity.
 */
export function sameParams(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!sameParams(a[i], b[i])) return false;
    return true;
  }
  if (isProgram(a) || a instanceof DeferredProgram) return false; // last, because the lookup is slow on arrays
  // no `Object.keys`, which would allocate a list at each call of an operation without parameters
  for (const key in a) if (!sameParams(a[key as keyof typeof a], b[key as keyof typeof b])) return false;
  for (const key in b) if (!(key in a)) return false;
  return true;
}

/** Compiles a program of one equation: with the compiler if it is installed, otherwise as its own routine. */
function compileEquation(program: Program, inPlace: number | undefined): Executable["run"] {
  const { compiler } = engine;
  if (compiler === undefined) return compileAlone(program.eqns[0]!, inPlace);
  const donated = inPlace === undefined ? [] : program.ins.map((_, i) => i === inPlace);
  return compiler.executableOf(program, donated).run;
}

function singleEquation(prim: Primitive, ins: readonly Tensor[], params: unknown): Program {
  const vars = ins.map((x): Var => ({ type: x.type }));
  const outs = prim
    .typeOf(
      ins.map((x) => x.type),
      params,
    )
    .map((type): Var => ({ type }));
  return { name: prim.asked ?? prim.name, ins: vars, eqns: [{ prim, params, ins: vars, outs }], outs };
}

import { interpBackend } from "../backends/interp/index.ts";
import { internalError } from "../errors/index.ts";
import { identityOf, paramsKey } from "../ir/key.ts";
import type { Primitive } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import { DeferredProgram, isProgram } from "../ir/program.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { sameType, scalarTypeOf, typeKey } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { CompiledProcedure, Slot } from "../kernel/executable.ts";
import type { Procedure } from "../kernel/scalar.ts";
import type { Lru } from "../util/lru.ts";
import { makeLru } from "../util/lru.ts";
import { evalProgram } from "../trace/staging.ts";
import { compileAlone } from "./alone.ts";
import { deviceGeneration, installedCompiler, installedGenerator } from "./engine.ts";
import { allocate } from "./memory.ts";
import type { Executable } from "./run.ts";

/** A scalar operation that is ready to be called, for the operand types that it was made for. */
interface ScalarKernel {
  readonly params: unknown;
  readonly a: ArrayType;
  readonly b: ArrayType | undefined;
  readonly c: ArrayType | undefined;
  readonly out: ArrayType;
  readonly call: CompiledProcedure;
}

/** The kernel that each primitive ran last: scalar code calls the same ones over and over. */
const scalarKernels = new WeakMap<Primitive, ScalarKernel>();
/** All scalar kernels by primitive, parameters and types. */
const byKey = new WeakMap<Primitive, Lru<string, ScalarKernel>>();
const kernelsPerPrimitive = 256;

/** Computes a primitive on tensors that hold their elements. */
export function evaluate(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
  const { lowering } = prim;
  if (lowering.kind === "elementwise") {
    const n = ins.length;
    const a = ins[0]!.type;
    const b = n > 1 ? ins[1]!.type : undefined;
    const c = n > 2 ? ins[2]!.type : undefined;
    const kernel = scalarKernels.get(prim);
    if (
      kernel !== undefined &&
      kernel.a === a &&
      kernel.b === b &&
      kernel.c === c &&
      kernel.params === params
    ) {
      return [new Tensor(kernel.out, callScalar(kernel.call, ins, n), undefined)];
    }
    if (n <= 3 && ins.every((x) => x.type.shape.length === 0)) {
      const found = findScalarKernel(prim, ins, params);
      return [new Tensor(found.out, callScalar(found.call, ins, n), undefined)];
    }
  } else if (lowering.kind === "alias") return [alias(ins[0]!, prim.typeOf([ins[0]!.type], params)[0]!)];
  else if (lowering.kind === "host") return lowering.run(ins, params);
  return evaluateArrays(prim, ins, params);
}

function callScalar(call: CompiledProcedure, ins: readonly Tensor[], n: number): number {
  if (n === 1) return call(ins[0]!.slot as number);
  if (n === 2) return call(ins[0]!.slot as number, ins[1]!.slot as number);
  return call(ins[0]!.slot as number, ins[1]!.slot as number, ins[2]!.slot as number);
}

function findScalarKernel(prim: Primitive, ins: readonly Tensor[], params: unknown): ScalarKernel {
  let kernels = byKey.get(prim);
  if (kernels === undefined) byKey.set(prim, (kernels = makeLru(kernelsPerPrimitive)));
  const key = `${ins.map((x) => typeKey(x.type)).join()} ${paramsKey(params, identityOf)}`;
  let kernel = kernels.get(key);
  if (kernel === undefined) kernels.set(key, (kernel = makeScalarKernel(prim, ins, params)));
  scalarKernels.set(prim, kernel);
  return kernel;
}

/** A primitive as a procedure of its scalars. Plain arithmetic needs no generated code; procedures are compiled once. */
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

/** The same elements under another shape. */
function alias(x: Tensor, type: ArrayType): Tensor {
  const wasScalar = x.type.shape.length === 0;
  const isScalar = type.shape.length === 0;
  if (wasScalar === isScalar) {
    if (typeof x.slot === "object") x.slot.shared = true;
    return new Tensor(type, x.slot, undefined);
  }
  if (isScalar) {
    if (typeof x.slot !== "object") throw internalError("an array without memory");
    return new Tensor(type, x.slot.array[x.slot.offset], undefined);
  }
  const cell = allocate(type.dtype, 1);
  cell.array[cell.offset] = x.slot as number;
  return new Tensor(type, cell, undefined);
}

/** A compiled equation, and what it was compiled for. */
interface ArrayKernel {
  readonly params: unknown;
  readonly types: readonly ArrayType[];
  readonly takesOver: boolean;
  readonly run: Executable["run"];
}

/** The kernels that each primitive ran last, the latest first: found without making a key. */
let recentKernels = new WeakMap<Primitive, ArrayKernel[]>();
const recentCount = 6;
/** Compiled equations by primitive, parameters and types. */
let arrayKernels: Lru<string, ArrayKernel> | undefined;
/** The device that they were compiled for. */
let kernelGeneration = 0;

function evaluateArrays(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
  const { lowering, unroll } = prim;
  if (unroll !== undefined && installedCompiler() === undefined)
    return unroll(ins, params, (program, xs) => evalProgram(program, xs));
  const inPlace = lowering.kind === "loops" ? lowering.inPlace?.(params)[0] : undefined;
  const takesOver = inPlace?.result === 0 && ins[inPlace.operand]!.exclusive;
  const { run } = findArrayKernel(prim, ins, params, takesOver ? inPlace.operand : undefined);
  const slots = new Array<Slot>(ins.length);
  for (let i = 0; i < ins.length; i++) slots[i] = ins[i]!.slot!;
  return run(slots);
}

function findArrayKernel(
  prim: Primitive,
  ins: readonly Tensor[],
  params: unknown,
  inPlace: number | undefined,
): ArrayKernel {
  const takesOver = inPlace !== undefined;
  if (kernelGeneration !== deviceGeneration()) {
    kernelGeneration = deviceGeneration();
    recentKernels = new WeakMap();
    arrayKernels = undefined;
  }
  let recent = recentKernels.get(prim);
  if (recent === undefined) recentKernels.set(prim, (recent = []));
  for (const kernel of recent) {
    if (kernel.takesOver === takesOver && fits(kernel.types, ins) && sameParams(kernel.params, params))
      return kernel;
  }
  const key = `${identityOf(prim)}${takesOver ? "!" : ""} ${paramsKey(params, identityOf)} ${ins.map((x) => typeKey(x.type)).join(" ")}`;
  arrayKernels ??= makeLru(1024);
  let kernel = arrayKernels.get(key);
  if (kernel === undefined) {
    const run = compileEquation(singleEquation(prim, ins, params), inPlace);
    kernel = { params, types: ins.map((x) => x.type), takesOver, run };
    arrayKernels.set(key, kernel);
  }
  recent.unshift(kernel);
  if (recent.length > recentCount) recent.pop();
  return kernel;
}

function fits(types: readonly ArrayType[], ins: readonly Tensor[]): boolean {
  if (types.length !== ins.length) return false; // a primitive may take any number of operands
  for (let i = 0; i < types.length; i++) {
    const type = types[i]!;
    const given = ins[i]!.type;
    if (given !== type && (given.weak !== type.weak || !sameType(given, type))) return false;
  }
  return true;
}

/** Whether parameters are the same object or plain data of the same content; programs count by identity. */
function sameParams(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!sameParams(a[i], b[i])) return false;
    return true;
  }
  if (isProgram(a) || a instanceof DeferredProgram) return false; // asked last: to look for what an array of numbers lacks takes long
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  for (const key in a) if (!sameParams(a[key as keyof typeof a], b[key as keyof typeof b])) return false;
  return true;
}

/** Compiles a program that does one thing: like any other where there is a compiler. */
function compileEquation(program: Program, inPlace: number | undefined): Executable["run"] {
  const compiler = installedCompiler();
  if (compiler === undefined) return compileAlone(program.eqns[0]!, inPlace);
  const donated = inPlace === undefined ? [] : program.ins.map((_, i) => i === inPlace);
  return compiler.executableOf(program, donated).run;
}

/** A program that does one thing. */
function singleEquation(prim: Primitive, ins: readonly Tensor[], params: unknown): Program {
  const vars = ins.map((x): Var => ({ type: x.type }));
  const outs = prim
    .typeOf(
      ins.map((x) => x.type),
      params,
    )
    .map((type): Var => ({ type }));
  return { name: prim.name, ins: vars, eqns: [{ prim, params, ins: vars, outs }], outs };
}

import { interpBackend } from "../engine/backends/interp/index.ts";
import { jsBackend } from "../engine/backends/js/index.ts";
import { canRunWasm, wasmBackend } from "../engine/backends/wasm/index.ts";
import { DownhillError, showType } from "../engine/errors/index.ts";
import { checkProgram } from "../engine/ir/index.ts";
import type { Primitive, Program, Var } from "../engine/ir/index.ts";
import type { Tensor } from "../engine/ir/tensor.ts";
import { sameType } from "../engine/ir/types.ts";
import type { Backend } from "../engine/kernel/executable.ts";
import { castNumber } from "../engine/prims/linear.ts";
import { compileAlone, compileProgram, evaluate, reproducibly } from "../engine/runtime/index.ts";
import { jit } from "../engine/runtime/jit.ts";
import { evalProgram, traceProgram } from "../engine/trace/index.ts";
import { sizeOf } from "../engine/util/shape.ts";
import { numbersOf, sameBits, showNumber, showPlace } from "./compare.ts";
import type { ListFunction } from "./differences.ts";

/** Returns all backends that can run here. Each must produce the bits of eager evaluation. */
function allBackends(): readonly Backend[] {
  return canRunWasm() ? [interpBackend, jsBackend, wasmBackend] : [interpBackend, jsBackend];
}

/**
 * Checks one function at one point. Its program must be well formed, and its results must have the types of the program
 * and contain numbers of these types. Eager evaluation, every backend, `jit` and operations compiled one by one must
 * produce equal bits. With `only`, compares only one backend: the one at index `only` modulo their number. Returns the
 * number of compared numbers.
 *
 * @throws DownhillError `check`
 */
export function checkBackends(where: string, f: ListFunction, xs: readonly Tensor[], only?: number): number {
  return reproducibly(() => checkInTurn(where, f, xs, only));
}

function checkInTurn(where: string, f: ListFunction, xs: readonly Tensor[], only?: number): number {
  const { program, captured } = traceProgram(
    "f",
    xs.map((x) => x.type),
    (...ys) => f(ys),
  );
  checkProgram(program);
  const outs = f(xs);
  if (outs.length !== program.outs.length)
    throw new DownhillError(
      "check",
      `${where}: ${outs.length} results, but ${program.outs.length} when traced.`,
    );
  outs.forEach((out, k) => checkType(where, out, k, program));
  const backends = allBackends();
  const some = only === undefined ? backends : [backends[only % backends.length]!];
  const ways = some.map((backend): [string, readonly Tensor[]] => {
    const { run, drop } = compileProgram(program, backend);
    const results = run([...captured, ...xs].map((x) => x.slot!));
    drop();
    return [`the backend ${backend.name}`, results];
  });
  if (only === undefined) {
    ways.push(["its operations one by one", evalProgram(program, [...captured, ...xs], evaluateAlone)]);
    const jitted = jit((...ys: Tensor[]) => f(ys) as Tensor[]);
    ways.push(["jit", jitted(...(xs as Tensor[]))]);
  }
  let comparisons = 0;
  for (const [way, results] of ways) {
    outs.forEach((out, k) => {
      comparisons += compareBits(out, results[k]!, (n, expected, actual) => {
        const place = showPlace(out.shape, n);
        return `${where}: result ${k}${place} of ${showType(out.type)} is ${showNumber(actual)} by ${way}, but ${showNumber(expected)} eagerly.`;
      });
    });
  }
  return comparisons;
}

/**
 * Computes one primitive without fusing it with others: it is compiled as a routine of its own, and the programs in its
 * parameters are run operation by operation.
 */
export function evaluateAlone(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
  if (prim.lowering.kind === "alias") return evaluate(prim, ins, params);
  if (prim.unroll !== undefined)
    return prim.unroll(ins, params, (program, xs) => evalProgram(program, xs, evaluateAlone));
  const vars = ins.map((x): Var => ({ type: x.type }));
  const types = prim.typeOf(
    vars.map((v) => v.type),
    params,
  );
  const run = compileAlone({ prim, params, ins: vars, outs: types.map((type) => ({ type })) });
  return run(ins.map((x) => x.slot!));
}

/**
 * Compares two tensors bit by bit and returns the number of elements of `expected`.
 *
 * @throws DownhillError `check`, with the text that `message` returns for the first difference.
 */
function compareBits(
  expected: Tensor,
  actual: Tensor,
  message: (element: number, expected: number, actual: number) => string,
): number {
  const [a, b] = [numbersOf(expected), numbersOf(actual)];
  for (let n = 0; n < Math.max(a.length, b.length); n++) {
    if (!sameBits(a[n]!, b[n]!)) throw new DownhillError("check", message(n, a[n]!, b[n]!));
  }
  return a.length;
}

function checkType(where: string, out: Tensor, k: number, program: Program): void {
  const { type } = program.outs[k]!;
  if (!sameType(out.type, type) || out.type.weak !== type.weak) {
    throw new DownhillError(
      "check",
      `${where}: result ${k} is ${showType(out.type)}, but its type rule returns ${showType(type)}` +
        `${out.type.weak === type.weak ? "" : ` (weak: ${String(out.type.weak)} and ${String(type.weak)})`}.`,
    );
  }
  const numbers = numbersOf(out);
  if (numbers.length !== sizeOf(type.shape))
    throw new DownhillError(
      "check",
      `${where}: result ${k} of ${showType(type)} has ${numbers.length} elements.`,
    );
  const misfit = numbers.find((value) => !Object.is(castNumber(type.dtype, value), value));
  if (misfit !== undefined)
    throw new DownhillError(
      "check",
      `${where}: result ${k} holds ${misfit}, which is not a number of ${showType(type)}.`,
    );
}

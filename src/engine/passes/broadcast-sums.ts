import type { Equation, Program, Var } from "../ir/program.ts";
import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf, withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { valueOf } from "../kernel/evaluate.ts";
import { mulEquation } from "../prims/arithmetic.ts";
import { addEquation, fullEquation } from "../prims/linear.ts";
import { broadcastEquation, repeatedAxes, summedAxes } from "../prims/shape.ts";
import { range, sizeOf } from "../util/shape.ts";
import { constantOf, rewriteProgram } from "./rewrite.ts";

/**
 * Replaces sums of equal numbers by products. A sum over axes along which its operand is broadcast becomes a product
 * with the number of summed elements; the sum of a constant becomes a constant. Transposing a broadcast creates such
 * sums.
 *
 * A sum is replaced only if the product has the same bits. That holds for fewer than 2²⁹ float32 numbers (summed in
 * float64) and for fewer than 2³¹ integers (both wrap). In float64 it holds for two numbers, and for constants with few
 * significant bits.
 */
export function sumBroadcasts(program: Program): Program {
  const definitions = new Map<Var, Equation>();
  const constants = new Map<Var, number>();
  return rewriteProgram(program, (eqn, rewriter) => {
    const out = eqn.outs[0]!;
    definitions.set(out, eqn);
    const [x] = eqn.ins;
    const value = constantOf(eqn, constants);
    if (value !== undefined) constants.set(out, value);
    const axes = summedAxes(eqn);
    if (axes === undefined || x === undefined) return rewriter.emit(eqn);
    const count = axes.reduce((n, axis) => n * x.type.shape[axis]!, 1);
    const constant = constants.get(x);
    if (constant !== undefined) {
      const sum = isExact(constant, count, out.type) ? product(constant, count, out.type) : undefined;
      if (sum !== undefined) constants.set(out, sum);
      return rewriter.emit(sum === undefined ? eqn : fullEquation(out, sum));
    }
    const repetition = definitions.get(x);
    const repeated = repetition && repeatedAxes(repetition);
    if (repeated === undefined || !axes.every((axis) => repeated.includes(axis))) return rewriter.emit(eqn);
    if (axes.length === 0 || !isExact(undefined, count, out.type)) return rewriter.emit(eqn);
    emitProduct(eqn, axes, repetition!.ins[0]!, repeated, count, rewriter.emit);
  });
}

/**
 * Emits the equations of the product that replaces a sum: the operand, broadcast along the remaining axes, times the
 * number of terms.
 */
function emitProduct(
  eqn: Equation,
  summed: readonly number[],
  operand: Var,
  repeated: readonly number[],
  count: number,
  emit: (eqn: Equation) => void,
): void {
  const out = eqn.outs[0]!;
  const left = range(0, eqn.ins[0]!.type.shape.length).filter((axis) => !summed.includes(axis));
  const places = left.flatMap((axis, place) => (repeated.includes(axis) ? [] : [place]));
  const like = (value: number): Var => {
    const scalar: Var = { type: withShape(out.type, []) };
    emit(fullEquation(scalar, value));
    if (out.type.shape.length === 0) return scalar;
    const all: Var = { type: out.type };
    emit(broadcastEquation(all, scalar));
    return all;
  };
  let x = operand;
  if (operand.type.shape.length < left.length)
    emit(broadcastEquation((x = { type: out.type }), operand, places));
  const times: Var = { type: out.type };
  emit(mulEquation(times, x, like(count)));
  emit(addEquation(out, times, like(0))); // a sum of −0 is 0
}

/**
 * True if the sum of `count` equal numbers has the same bits as their product with `count`. `value` is the number, or
 * `undefined` if it is not known. False for booleans and for empty sums and results.
 */
function isExact(value: number | undefined, count: number, { dtype, shape }: ArrayType): boolean {
  if (count === 0 || sizeOf(shape) === 0) return false;
  switch (dtype) {
    case "float32":
      return count < 2 ** 29; // 24 + 29 bits fit into the 53-bit mantissa of the float64 accumulator
    case "int32":
    case "uint32":
      return count < 2 ** 31;
    case "bool":
      return false;
    case "float64":
      return count <= 2 || (value !== undefined && bitsOf(value) + Math.log2(count) <= 53);
  }
}

/**
 * Returns the number of bits from the first to the last set bit of the mantissa; 0 for 0. It is infinite for numbers
 * that are not finite, or so large or small that their sums may overflow or underflow.
 */
function bitsOf(value: number): number {
  if (value === 0) return 0;
  if (!(Math.abs(value) > 1e-200 && Math.abs(value) < 1e200)) return Infinity;
  let mantissa = Math.abs(value) / 2 ** Math.floor(Math.log2(Math.abs(value)));
  let bits = 1;
  for (; mantissa % 1 !== 0; mantissa *= 2) bits++;
  return bits;
}

/**
 * Returns the sum of `count` numbers equal to `value`, computed as a product; `undefined` if it cannot be evaluated at
 * compile time.
 */
function product(value: number, count: number, { dtype }: ArrayType): number | undefined {
  const type = scalarTypeOf(dtype);
  const [x, n, zero] = [value, count, 0].map((number) => k.constant(type, number)) as [Expr, Expr, Expr];
  return valueOf(k.add(k.mul(x, n), zero)); // a sum of −0 is 0
}

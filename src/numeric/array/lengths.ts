import { DownhillError } from "../../engine/errors/index.ts";
import { refuseTensor } from "../../engine/ir/plain-number.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { expandTo } from "./promote.ts";

/** √x with derivative 0 instead of ∞ at 0, which is a subgradient at the minimum of a length. */
export function rootOrZero(squared: Tensor): Tensor {
  const isZero = p.equal(squared, p.zeros(squared.type));
  const safe = p.where(isZero, p.full(squared.type, 1), squared);
  return p.where(isZero, p.zeros(squared.type), p.sqrt(safe));
}

/** Checks the exponent of a norm. */
export function checkExponent(operation: string, exponent: number): void {
  refuseTensor(operation, "p", exponent);
  if (typeof exponent === "number" && exponent >= 0) return;
  throw new DownhillError("range", `${operation}: p must be a number of 0 or more, got ${String(exponent)}.`);
}

/** The p-norm of differences along an axis. Its derivatives are 0 where all differences are 0. */
export function lengthAlong(off: Tensor, exponent: number, axis: number): Tensor {
  if (exponent === 2) return rootOrZero(p.sum(p.mul(off, off), [axis]));
  const sizes = p.abs(off);
  if (exponent === 1) return p.sum(sizes, [axis]);
  const zero = p.zeros(off.type);
  if (exponent === 0) return p.sum(p.indicator(p.notEqual(off, zero), off.type), [axis]);
  const features = off.type.shape[axis]!;
  if (features === 0) return p.sum(sizes, [axis]);
  const largest = p.max(sizes, [axis]);
  if (exponent === Infinity) return largest;
  // the largest difference is factored out, so that powers neither overflow nor underflow
  const isNothing = p.equal(largest, p.zeros(largest.type));
  const isFinite = p.less(largest, p.full(largest.type, Infinity));
  const one = p.full(largest.type, 1);
  const factor = p.stopGradient(p.where(isNothing, one, p.where(isFinite, largest, one)));
  const ratios = p.div(sizes, expandTo(p.reshape(factor, factor.shape.toSpliced(axis, 0, 1)), off.shape));
  // the derivative of a power at 0 is infinite for p < 1 and would be multiplied by 0
  const isEqual = p.equal(off, zero);
  const powers = p.where(isEqual, zero, p.powBy(p.where(isEqual, p.full(off.type, 1), ratios), exponent));
  const total = p.where(isNothing, one, p.sum(powers, [axis]));
  return p.where(isNothing, p.zeros(largest.type), p.mul(factor, p.powBy(total, 1 / exponent)));
}

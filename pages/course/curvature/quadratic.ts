// Methods on a bowl with many unknowns: ½ Σ λᵢxᵢ², whose curvatures go from 1 to κ.
import { grad, jvp, type Tensor, tensor } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { functionOf } from "../reverse-mode/modes.ts";
import { operationsOf } from "../../live/operations.ts";

/** Number of unknowns. */
export const unknowns = 40;
/** Number of computed iterations. */
export const iterations = 120;

/** Curvatures with equal ratios between neighbours. */
function curvatures(kappa: number): number[] {
  return Array.from({ length: unknowns }, (_, i) => kappa ** (i / (unknowns - 1)));
}

/** Product of the bowl's Hessian with a vector, as the derivative of the gradient along the vector. */
const product = /* @__PURE__ */ jit((lambda: Tensor, v: Tensor) => {
  const f = (x: Tensor): Tensor => x.square().mul(lambda).sum().div(2);
  return jvp(grad(f) as (x: Tensor) => Tensor, [v], [v])[1];
});

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const norm = (a: readonly number[]): number => Math.sqrt(dot(a, a));

/** Distances from the minimum by iteration, relative to the start. */
export interface Distances {
  readonly gradient: readonly number[];
  readonly momentum: readonly number[];
  readonly conjugate: readonly number[];
}

/**
 * Runs gradient descent and momentum at their best settings, and conjugate gradients, on a bowl of condition κ. Returns
 * the distances from the minimum.
 */
export function distancesOn(kappa: number): Distances {
  const lambda = curvatures(kappa);
  const weights = tensor(lambda, { dtype: "float64" });
  const times = (v: readonly number[]): number[] =>
    product(weights, tensor([...v], { dtype: "float64" })).tolist() as number[];
  const start = lambda.map(() => 1);
  return {
    gradient: iterate(start, (x) => {
      const slope = times(x);
      const rate = 2 / (1 + kappa);
      return x.map((one, i) => one - rate * slope[i]!);
    }),
    momentum: heavyBall(start, times, kappa),
    conjugate: conjugateGradients(start, times),
  };
}

function iterate(start: readonly number[], step: (x: readonly number[]) => readonly number[]): number[] {
  let x = start;
  const distances = [1];
  for (let t = 0; t < iterations; t++) {
    x = step(x);
    distances.push(norm(x) / norm(start));
  }
  return distances;
}

function heavyBall(
  start: readonly number[],
  times: (v: readonly number[]) => number[],
  kappa: number,
): number[] {
  const root = Math.sqrt(kappa);
  const [rate, decay] = [(2 / (1 + root)) ** 2, ((root - 1) / (root + 1)) ** 2];
  let before = start;
  return iterate(start, (x) => {
    const slope = times(x);
    const next = x.map((one, i) => one - rate * slope[i]! + decay * (one - before[i]!));
    before = x;
    return next;
  });
}

function conjugateGradients(start: readonly number[], times: (v: readonly number[]) => number[]): number[] {
  let rest = times(start).map((g) => -g); // the residual, the negative gradient
  let direction = rest;
  return iterate(start, (x) => {
    const size = dot(rest, rest);
    if (size === 0) return x;
    const along = times(direction);
    const length = size / dot(direction, along);
    const next = rest.map((one, i) => one - length * along[i]!);
    const moved = x.map((one, i) => one + length * direction[i]!);
    const beta = dot(next, next) / size;
    direction = next.map((one, i) => one + beta * direction[i]!);
    rest = next;
    return moved;
  });
}

/** Counted operations for a function of n numbers. */
export interface ProductCosts {
  readonly value: number;
  readonly gradient: number;
  /** Gradient and one Hessian-vector product. */
  readonly product: number;
  /** All n columns of the Hessian. */
  readonly hessian: number;
}

/**
 * Counts the operations of a function with n inputs, its gradient, and the product of its Hessian with a vector, in
 * traced programs. The Hessian costs n such products.
 */
export function productCosts(n: number): ProductCosts {
  const f = (...xs: Tensor[]): Tensor => functionOf(1)(...xs)[0]!;
  const xs = Array.from({ length: n }, (_, i) => tensor(0.1 * (i + 1)));
  const argnums = xs.map((_, i) => i);
  const slopes = grad(f, { argnums }) as unknown as (...all: Tensor[]) => Tensor[];
  const value = operationsOf(f, xs);
  const gradient = operationsOf(slopes, xs);
  const along = operationsOf(
    (...all: Tensor[]) => jvp(slopes, all.slice(0, n), all.slice(n)),
    [...xs, ...xs.map((_, i) => tensor(i === 0 ? 1 : 0.5))],
  );
  return { value, gradient, product: along, hessian: n * along };
}

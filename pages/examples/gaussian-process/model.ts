// Gaussian process regression: the posterior of the function, and the maximum-likelihood parameters of the kernel.
import {
  add,
  diagonal,
  div,
  exp,
  eye,
  jit,
  linspace,
  log,
  matmul,
  mul,
  neg,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  tensor,
  type Tensor,
  transpose,
  vmap,
} from "downhill";
import { cholesky, choleskySolve, solveTriangular } from "downhill/linalg";
import { solver } from "downhill/optim";
import * as random from "downhill/random";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";

/**
 * Parameters of the kernel `size²·exp(−(x − x′)²/(2·length²))`, and the standard deviation of the errors of the points.
 */
export interface Kernel {
  readonly length: number;
  readonly size: number;
  readonly noise: number;
}

/** Range of each parameter. */
export const ranges: Readonly<Record<keyof Kernel, readonly [number, number]>> = {
  length: [0.1, 10],
  size: [0.1, 10],
  noise: [0.02, 2],
};

export const names = ["length", "size", "noise"] as const;

/** Region in which the function is drawn. */
export const span = { x: [0, 10], y: [-3, 3] } as const;
const grid = linspace(...span.x, 101);

function covariance(a: Tensor, b: Tensor, length: Tensor, size: Tensor): Tensor {
  const apart = sub(reshape(a, [-1, 1]), reshape(b, [1, -1]));
  return mul(square(size), exp(mul(-0.5, square(div(apart, length)))));
}

/** The Cholesky factor L with `L Lᵀ = K + noise²·I`, and the weights `(K + noise²·I)⁻¹ y`. */
function factored(logs: Tensor, x: Tensor, y: Tensor): { readonly factor: Tensor; readonly weights: Tensor } {
  const [length, size, noise] = [exp(logs.at(0)), exp(logs.at(1)), exp(logs.at(2))];
  const factor = cholesky(
    add(covariance(x, x, length, size), mul(square(noise), eye(x.shape[0]!, { dtype: "float64" }))),
  );
  return { factor, weights: choleskySolve(factor, y) };
}

/** The two parts of `−log p(y)` that depend on the kernel: `½ yᵀK⁻¹y` and `½ log |K|`. */
function surprise(logs: Tensor, x: Tensor, y: Tensor): { readonly misfit: Tensor; readonly volume: Tensor } {
  const { factor, weights } = factored(logs, x, y);
  return { misfit: mul(0.5, sum(mul(y, weights))), volume: sum(log(diagonal(factor))) };
}

const total = (logs: Tensor, x: Tensor, y: Tensor): Tensor => {
  const { misfit, volume } = surprise(logs, x, y);
  return add(misfit, volume);
};

const logsOf = (kernel: Kernel): number[] => names.map((name) => Math.log(kernel[name]));
const bound = (i: 0 | 1): Tensor => tensor(names.map((name) => Math.log(ranges[name][i])));

const minimise = solver(total, { low: bound(0), high: bound(1) });
const parts = jit(surprise);
const surprises = jit(vmap(total, { inAxes: [0, null, null] }));

/** Starts of the searches: with small errors, and with errors that explain everything. */
const starts: readonly Kernel[] = [
  { length: 1, size: 1, noise: 0.1 },
  { length: 3, size: 1, noise: 0.7 },
];

function columns(points: readonly Point[]): [x: Tensor, y: Tensor] {
  return [tensor(points.map(([x]) => x!)), tensor(points.map(([, y]) => y!))];
}

/** The maximum-likelihood kernel found by searches from several starts, and the number of gradient evaluations. */
export function fitKernel(points: readonly Point[]): { readonly kernel: Kernel; readonly gradients: number } {
  const runs = starts.map((start) => minimise(logsOf(start), ...columns(points)));
  const best = runs.reduce((one, other) => (other.value < one.value ? other : one));
  const [length, size, noise] = (best.params.tolist() as number[]).map(Math.exp) as [number, number, number];
  return {
    kernel: { length, size, noise },
    gradients: runs.reduce((count, { evaluations }) => count + evaluations, 0),
  };
}

/** Log-likelihood of the points, as the sum of its parts. */
export interface Likelihood {
  readonly misfit: number;
  readonly volume: number;
  readonly constant: number;
}

/** The parts of `log p(y)`. */
export function likelihood(points: readonly Point[], kernel: Kernel): Likelihood {
  const { misfit, volume } = parts(tensor(logsOf(kernel)), ...columns(points));
  return {
    misfit: -misfit.item(),
    volume: -volume.item(),
    constant: (-points.length * Math.log(2 * Math.PI)) / 2,
  };
}

/** `−log p(y)` without its constant, at rows of natural logarithms of length, size and noise. */
export function surpriseAt(points: readonly Point[], logs: readonly (readonly number[])[]): number[] {
  return surprises(tensor(logs), ...columns(points)).tolist() as number[];
}

const jitter = 1e-8; // fraction of the variance; keeps a nearly singular covariance positive definite

const predict = jit((logs: Tensor, x: Tensor, y: Tensor, normals: Tensor) => {
  const { factor, weights } = factored(logs, x, y);
  const [length, size] = [exp(logs.at(0)), exp(logs.at(1))];
  const between = covariance(x, grid, length, size);
  const mean = matmul(transpose(between), weights);
  const known = solveTriangular(factor, between);
  const left = sub(covariance(grid, grid, length, size), matmul(transpose(known), known));
  const ridge = mul(mul(jitter, square(size)), eye(grid.shape[0]!, { dtype: "float64" }));
  const steps = cholesky(add(left, ridge));
  return {
    mean,
    deviation: sqrt(diagonal(add(left, ridge))),
    draws: transpose(add(reshape(mean, [-1, 1]), matmul(steps, normals))),
  };
});

/** Points with two explanations, and the kernel of the less likely one, with size 1. */
export const twoValleys: { readonly points: readonly Point[]; readonly kernel: Kernel } = {
  points: [
    [4, -0.7],
    [4.6, -0.4],
    [6.1, -0.8],
    [6.7, 0.2],
    [6.7, 0.3],
    [8, 0.6],
    [8.7, 0.3],
  ],
  kernel: { length: 4.38, size: 1, noise: 0.35 },
};

/** Posterior of the function. */
export interface Posterior {
  readonly grid: readonly number[];
  readonly mean: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Functions drawn from the posterior. */
  readonly draws: readonly (readonly number[])[];
}

/** Posterior of the function without measurement errors: mean, two standard deviations to each side, and draws. */
export function posterior(
  points: readonly Point[],
  kernel: Kernel,
  { count, seed }: { readonly count: number; readonly seed: number },
): Posterior {
  const normals = random.normal(random.key(seed), [grid.shape[0]!, count], { dtype: "float64" });
  const { mean, deviation, draws } = predict(tensor(logsOf(kernel)), ...columns(points), normals);
  const twice = mul(2, deviation);
  return {
    grid: grid.tolist() as number[],
    mean: mean.tolist() as number[],
    low: add(mean, neg(twice)).tolist() as number[],
    high: add(mean, twice).tolist() as number[],
    draws: draws.tolist() as number[][],
  };
}

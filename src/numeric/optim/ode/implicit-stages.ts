import { abs, add, div, greater, less, logicalAnd, mul, sub } from "../../array/elementwise.ts";
import { full } from "../../array/create.ts";
import { at } from "../../array/at.ts";
import { concatenate, matmul, ravel, reshape, stack } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { whileLoop } from "../../../engine/transforms/structured.ts";
import { closed } from "../implicit/closed.ts";
import { type ImplicitEquations, implicitSolution } from "../implicit/implicit.ts";
import { type OdeFunction, type OdeSystem, rootMeanSquare } from "./method.ts";

/** Coefficients of an implicit Runge–Kutta method whose matrix is regular. */
export interface ImplicitTableau {
  readonly times: readonly number[];
  readonly matrix: readonly (readonly number[])[];
}

/** Maximum number of Newton iterations, and the size of a correction, relative to the tolerance, at which they end. */
const mostIterations = 50;
const smallestCorrection = 1e-8;

/**
 * Solves `M zᵢ = h Σ aᵢⱼ f(y + zⱼ, t + cⱼh)` for z, the stages minus the start y of the step: `[s, n]`. Newton's method
 * begins at `start`. By the implicit function theorem, the result is differentiable to any order in y, t, h and values
 * that f captures.
 */
export function implicitStages(
  system: OdeSystem,
  { times, matrix }: ImplicitTableau,
  [y, t, h]: readonly [Tensor, Tensor, Tensor],
  start: Tensor,
): Tensor {
  const { algebra, rules } = system;
  const [s, n] = start.shape as [number, number];
  const { data, call } = closed("odeint", [y, t], [], ([z, time]) => system.slope(z!, time!));
  const stagesOf = (x: Tensor): readonly Tensor[] => times.map((_, i) => at(reshape(x, [s, n]), i));
  const slopeOf =
    (own: readonly Tensor[]): OdeFunction =>
    (z, time) =>
      call([z, time], own);
  const equations: ImplicitEquations = (x, [y0, t0, h0, ...own]) => {
    const z = stagesOf(x);
    const f = slopeOf(own);
    const values = stack(times.map((c, i) => f(add(y0!, z[i]!), add(t0!, mul(c, h0!)))));
    return ravel(sub(stack(z.map(algebra.applyMass)), mul(h0!, matmul(matrix, values))));
  };
  /** Derivative of the equations with respect to the stages, given the Jacobian of f at each stage. */
  const derivative = (h0: Tensor, jacobians: readonly Tensor[]): Tensor => {
    const rows = matrix.map((row, i) =>
      concatenate(
        row.map((a, j) => {
          const block = mul(mul(-a, h0), jacobians[j]!);
          return i === j ? add(block, algebra.mass()) : block;
        }),
        { axis: 1 },
      ),
    );
    return concatenate(rows, { axis: 0 });
  };
  const derivativeAt: ImplicitEquations = (x, [y0, t0, h0, ...own]) => {
    const z = stagesOf(x);
    const jacobians = times.map((c, i) =>
      algebra.jacobian(slopeOf(own), add(y0!, z[i]!), add(t0!, mul(c, h0!))),
    );
    return derivative(h0!, jacobians);
  };
  interface Search {
    readonly x: Tensor;
    readonly size: Tensor;
    readonly previous: Tensor;
    readonly iterations: Tensor;
  }
  const solve = (from: Tensor, [y0, t0, h0, ...own]: readonly Tensor[]): Tensor => {
    const jacobian = algebra.jacobian(slopeOf(own), y0!, t0!);
    const factors = algebra.factor(
      derivative(
        h0!,
        times.map(() => jacobian),
      ),
    );
    const scale = add(rules.atol, mul(rules.rtol, abs(y0!)));
    const search = whileLoop(
      ({ size, previous, iterations }: Search) =>
        logicalAnd(
          less(iterations, mostIterations),
          logicalAnd(greater(size, smallestCorrection), less(size, previous)),
        ),
      (now: Search): Search => {
        const change = algebra.solve(factors, equations(now.x, [y0!, t0!, h0!, ...own]));
        return {
          x: sub(now.x, change),
          size: rootMeanSquare(div(reshape(change, [s, n]), scale)),
          previous: now.size,
          iterations: add(now.iterations, 1),
        };
      },
      {
        x: from,
        size: full([], Number.MAX_VALUE),
        previous: full([], Infinity),
        iterations: full([], 0, { dtype: "int32" }),
      } as never,
    );
    return search.x;
  };
  const found = implicitSolution(equations, solve, ravel(start), [y, t, h, ...data], derivativeAt);
  return reshape(found, [s, n]);
}

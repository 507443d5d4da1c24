import { isNaN, mul, where } from "../../array/elementwise.ts";
import { reshape } from "../../array/shape.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { isFloating } from "../../../engine/ir/types.ts";
import { linearSolve } from "../../../engine/prims/linear-algebra.ts";
import { customJvp } from "../../../engine/transforms/structured.ts";
import { jacfwd, jvp } from "../../../engine/transforms/index.ts";

/** Equations `F(x, data) = 0` for a vector x. */
export type ImplicitEquations = (x: Tensor, data: readonly Tensor[]) => Tensor;

/**
 * The solution x(data) that `solve` finds from `start`, with its derivative by the implicit function theorem,
 *
 * ```text
 * dx = −(∂F/∂x)⁻¹ (∂F/∂data) ddata
 * ```
 *
 * which does not depend on the algorithm of `solve`; higher derivatives follow likewise. The derivative in the start is
 * 0. `derivative` computes the matrix ∂F/∂x; by default, n forward passes do.
 */
export function implicitSolution(
  equations: ImplicitEquations,
  solve: (start: Tensor, data: readonly Tensor[]) => Tensor,
  start: Tensor,
  data: readonly Tensor[],
  derivative: ImplicitEquations = (x, own) => jacfwd((y: Tensor) => equations(y, own))(x),
): Tensor {
  const active = data.map((x) => isFloating(x.dtype));
  const solution: (...given: Tensor[]) => Tensor = customJvp(
    (from: Tensor, ...own: Tensor[]) => solve(from, own),
    ([from, ...own]: Tensor[], [, ...changes]: Tensor[]): [Tensor, Tensor] => {
      const x = solution(from!, ...own);
      const change = changeOf(equations, x, own, active, changes);
      const slopes = derivative(x, own);
      // if no solution was found, its derivatives are NaN too, whatever the equations are
      const known = where(isNaN(x), Number.NaN, -1);
      return [x, mul(known, solveLinear(slopes, change))];
    },
  ) as never;
  return solution(start, ...data);
}

/** The solution of `A x = b` for a square matrix and a vector: NaN if A is singular. */
export function solveLinear(a: Tensor, b: Tensor): Tensor {
  return reshape(linearSolve(a, reshape(b, [b.shape[0]!, 1])), b.shape);
}

/** `(∂F/∂data) ddata` over the data that have derivatives. */
function changeOf(
  equations: ImplicitEquations,
  x: Tensor,
  data: readonly Tensor[],
  active: readonly boolean[],
  changes: readonly Tensor[],
): Tensor {
  const some = (all: readonly Tensor[]): Tensor[] => all.filter((_, i) => active[i]);
  const f = (...moved: Tensor[]): Tensor => {
    let next = 0;
    return equations(
      x,
      data.map((own, i) => (active[i] === true ? moved[next++]! : own)),
    );
  };
  return jvp(f, some(data), some(changes))[1];
}

/**
 * Refuses a solution of NaN, which solvers return if they fail. Inside traced functions the values are unknown and the
 * solution passes.
 *
 * @throws DownhillError `diverged`
 */
export function requireSolution(operation: string, x: Tensor, repair: string): Tensor {
  if (x.tracer !== undefined || x.data().every((xi) => !Number.isNaN(xi))) return x;
  throw new DownhillError("diverged", `${operation}: no solution was found. ${repair}`);
}

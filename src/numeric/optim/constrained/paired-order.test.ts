import { expect, test } from "vitest";
import { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import { kktAnalysis, kktStructure } from "./kkt-structure.ts";
import type { MatrixEntries } from "./nonlinear-program.ts";

/** Dynamics `h[j+1] − h[j] − τ (v[j+1] + v[j]) = 0` of n steps: variables h, v, and the step size τ of all. */
function chain(n: number): MatrixEntries {
  const columns: number[] = [];
  const values: number[] = [];
  const rowPointers = [0];
  for (let j = 0; j < n; j++) {
    columns.push(j, j + 1, n + 1 + j, n + 2 + j, 2 * n + 2);
    values.push(-1, 1, -0.01, -0.01, -1);
    rowPointers.push(columns.length);
  }
  return {
    pattern: SparsePattern.from({ shape: [n, 2 * n + 3], rowPointers, columns }),
    values: Float64Array.from(values),
  };
}

/** Stored entries of the factors of a KKT matrix with a diagonal Hessian. */
function entriesOfFactor(n: number): number {
  const jacobian = chain(n);
  const variables = 2 * n + 3;
  const upTo = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);
  const hessian = SparsePattern.from({ shape: [variables, variables], rowPointers: upTo(variables + 1), columns: upTo(variables) }); // prettier-ignore
  const structure = kktStructure(hessian, jacobian);
  const values = new Float64Array(structure.pattern.nnz);
  structure.ofHessian.forEach((p, i) => (values[p] = i < n ? 1e-3 : 1));
  structure.ofJacobian.forEach((p, q) => (values[p] = jacobian.values[q]!));
  structure.ofMirror.forEach((p, q) => (values[p] = jacobian.values[q]!));
  const factor = kktAnalysis("test", structure, 1e-6).factorise(values);
  expect(factor.inertia).toEqual({ positive: variables, negative: n, zero: 0 });
  return factor.entries;
}

test("factors of a chain of equations grow linearly, because equations follow their variables", () => {
  const [short, long] = [entriesOfFactor(200), entriesOfFactor(800)];
  expect(long / short).toBeLessThan(4.4);
  expect(long / 800).toBeLessThan(60);
});

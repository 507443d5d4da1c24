// Primitive of the solution of sparse systems. It is computed by JavaScript, outside of compiled programs.
import { DownhillError } from "../../../engine/errors/index.ts";
import { builtIn } from "../../../engine/ir/index.ts";
import type { Primitive } from "../../../engine/ir/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { add, neg, sub, zeros } from "../../../engine/prims/linear.ts";
import { batchAlong } from "../../../engine/prims/index-ops.ts";
import { broadcast, mul, scale, scatterAdd, take } from "../../../engine/prims/index.ts";
import { bind1, isStaging } from "../../../engine/trace/index.ts";
import { range, sizeOf } from "../../../engine/util/shape.ts";
import { floatsOf, fromFloats, indices } from "../matrix/entries.ts";
import type { NumericFactor } from "./numeric-factor.ts";
import type { SparsePattern } from "../matrix/sparse-pattern.ts";

/** Factorises matrices of one pattern; its identity is the cache key of their factors. */
export interface PatternSolver {
  readonly kind: "ldl" | "lu";
  readonly pattern: SparsePattern;
  /** Factorises the matrix with these values. */
  factorise(values: Float64Array): NumericFactor;
}

/** Parameters of the primitive `sparseSolve`. */
interface SparseSolveParams {
  readonly solver: PatternSolver;
  readonly isTransposed: boolean;
}

/** Factors for each tensor of values and each solver: one per matrix, along the leading axes of the tensor. */
const knownFactors = /* @__PURE__ */ new WeakMap<Tensor, Map<PatternSolver, readonly NumericFactor[]>>();

/** Factors of the matrices with these values, `[…, nnz]`. Computed once per tensor and solver. */
export function factorsOf(solver: PatternSolver, values: Tensor): readonly NumericFactor[] {
  let ofTensor = knownFactors.get(values);
  if (ofTensor === undefined)
    knownFactors.set(values, (ofTensor = new Map<PatternSolver, readonly NumericFactor[]>()));
  let factors = ofTensor.get(solver);
  if (factors === undefined) {
    const nnz = solver.pattern.nnz;
    const count = sizeOf(values.type.shape.slice(0, -1));
    const all = floatsOf(values, "factorise").slice();
    factors = range(0, count).map((i) => solver.factorise(all.subarray(i * nnz, (i + 1) * nnz)));
    ofTensor.set(solver, factors);
  }
  return factors;
}

/** Refuses to run while a function is being compiled, because values are unknown then. */
export function requireNumbers(operation: string): void {
  if (!isStaging()) return;
  throw new DownhillError(
    "trace",
    `${operation}: a sparse factorisation chooses pivots by values, which are unknown in jit, scan and other compiled ` +
      `functions. Call it outside of them: grad, jvp and vmap work without jit.`,
  );
}

// Operands: values `[…, nnz]` and right-hand sides `[…, n, m]`. The leading axes of the values are the first ones of
// the leading axes of the sides.
const sparseSolvePrim: Primitive<SparseSolveParams> = /* @__PURE__ */ builtIn<SparseSolveParams>({
  name: "sparseSolve",
  typeOf: ([, b]) => (requireNumbers("sparseSolve"), [b!]),
  derivative: {
    kind: "smooth",
    jvp([dValues, db], [values], [x], params) {
      // A dX = dB − dA X
      const moved = dValues && changeOfProduct(params, dValues, x!);
      const side = moved === undefined ? db : db === undefined ? neg(moved) : sub(db, moved);
      return [side && sparseSolve(values!, side, params)];
    },
    transpose([ct], [values], { solver, isTransposed }, into) {
      into[1]?.add(sparseSolve(values!, ct!, { solver, isTransposed: !isTransposed }));
    },
  },
  batch([values, b], [areValues, areSides], size, params) {
    const isShared = areValues !== true && values!.ndim === 1;
    const matrices = areValues === true || isShared ? values! : batchAlong(values!, size);
    return {
      outs: [sparseSolve(matrices, areSides === true ? b! : batchAlong(b!, size), params)],
      batched: [true],
    };
  },
  lowering: {
    kind: "host",
    run: ([values, b], params) => [solveNow(values!, b!, params)],
  },
});

/** Solves systems with sparse matrices of one pattern: values `[…, nnz]` and right-hand sides `[…, n, m]`. */
export function sparseSolve(values: Tensor, b: Tensor, params: SparseSolveParams): Tensor {
  return bind1(sparseSolvePrim, [values, b], params);
}

/** Product dA X for tangents of the values. For `ldl`, dA is the mean of both triangles. */
function changeOfProduct({ solver, isTransposed }: SparseSolveParams, dValues: Tensor, x: Tensor): Tensor {
  const { rows, columns } = solver.pattern;
  const product = (from: Int32Array, to: Int32Array): Tensor => {
    const lead = x.ndim - 2;
    const taken = take(x, indices(from), lead);
    const axes = [...range(0, dValues.ndim - 1), lead];
    const products = mul(broadcast(dValues, taken.type.shape, axes), taken);
    return scatterAdd(zeros(x.type), indices(to), products, lead);
  };
  if (solver.pattern.nnz === 0) return zeros(x.type);
  if (solver.kind === "ldl") return scale(add(product(columns, rows), product(rows, columns)), 0.5);
  return isTransposed ? product(rows, columns) : product(columns, rows);
}

function solveNow(values: Tensor, b: Tensor, { solver, isTransposed }: SparseSolveParams): Tensor {
  const factors = factorsOf(solver, values);
  const [n, m] = [b.type.shape.at(-2)!, b.type.shape.at(-1)!];
  const sides = floatsOf(b, "solve");
  const out = new Float64Array(sides.length);
  const systems = sizeOf(b.type.shape.slice(0, -2));
  const column = new Float64Array(n);
  for (let s = 0; s < systems; s++) {
    const factor = factors[Math.floor((s * factors.length) / systems)]!;
    for (let c = 0; c < m; c++) {
      const start = s * n * m + c;
      for (let i = 0; i < n; i++) column[i] = sides[start + i * m]!;
      const x = factor.solve(column, isTransposed);
      for (let i = 0; i < n; i++) out[start + i * m] = x[i]!;
    }
  }
  return fromFloats(out, arrayType("float64", b.type.shape).shape);
}

import { add, mul, neg } from "../../array/elementwise.ts";
import { tensor } from "../../array/create.ts";
import { sum } from "../../array/reduce.ts";
import { concatenate, ravel, reshape, slice } from "../../array/shape.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { builtIn, type Primitive } from "../../../engine/ir/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType, isFloating } from "../../../engine/ir/types.ts";
import { scatterAdd, take } from "../../../engine/prims/index.ts";
import { zeros } from "../../../engine/prims/linear.ts";
import { bind1, isStaging } from "../../../engine/trace/index.ts";
import { grad, jvp } from "../../../engine/transforms/index.ts";
import { range } from "../../../engine/util/shape.ts";
import { analysisOf } from "../../sparse/factor/factorise.ts";
import { sparseSolve } from "../../sparse/factor/solve-primitive.ts";
import { fromFloats, indices } from "../../sparse/matrix/entries.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import { kktStructure, kktValues } from "./kkt-structure.ts";
import type { Assessment } from "./result.ts";
import { unitScaling } from "./scaling.ts";
import { type RowProgram, slackForm, type SlackForm } from "./slack-form.ts";

/** A solution of numbers, with the problem that it solves. */
export interface SolvedProgram {
  readonly assessment: Assessment;
  readonly program: RowProgram;
  readonly box: BoxBounds;
  readonly limits: BoxBounds;
}

/** Functions of a problem over tensors, for the data that solutions are differentiated by. */
export interface ProgramOfData {
  readonly cost: (x: Tensor, data: readonly Tensor[]) => Tensor;
  readonly rows: (x: Tensor, data: readonly Tensor[]) => readonly Tensor[];
}

/** Solution as a function of data. */
interface SolutionParams {
  readonly operation: string;
  /** Number of parameters, and of parameters and rows. */
  readonly parameters: number;
  readonly size: number;
  readonly solve: (data: readonly Tensor[]) => SolvedProgram;
  readonly functions: ProgramOfData;
  readonly rowName: (row: number) => string;
  readonly parameterName: (parameter: number) => string;
}

// Operands: the data. Result: parameters and multipliers of rows, `[size]`.
const solutionPrim: Primitive<SolutionParams> = /* @__PURE__ */ builtIn<SolutionParams>({
  name: "constrainedSolution",
  typeOf: (_, { size }) => [arrayType("float64", [size])],
  derivative: {
    kind: "smooth",
    jvp: (changes, data, [solution], params) => [tangentOf(changes, data, solution!, params)],
  },
  batch(_, __, ___, { operation }) {
    throw new DownhillError(
      "trace",
      `${operation}: vmap of a search under constraints is not supported. Use a loop.`,
    );
  },
  lowering: {
    kind: "host",
    run: (data, { solve }) => {
      const { x, rows } = solve(data).assessment;
      return [fromFloats(Float64Array.from([...x, ...rows]))];
    },
  },
});

/**
 * Refuses a search while a function is compiled.
 *
 * @throws DownhillError `trace`
 */
export function refuseStaging(operation: string): void {
  if (!isStaging()) return;
  throw new DownhillError(
    "trace",
    `${operation}: a search under constraints depends on values, which are unknown in jit, scan and other compiled functions. ` +
      "Call it outside of them: grad and jvp work without jit.",
  );
}

/** Parameters and multipliers at a solution as a differentiable function of data. */
export function differentiableSolution(
  data: readonly Tensor[],
  params: SolutionParams,
): { readonly x: Tensor; readonly rows: Tensor } {
  const both = bind1(solutionPrim, [...data], params);
  return { x: slice(both, [0, params.parameters]), rows: slice(both, [params.parameters, params.size]) };
}

/** Gradient of the Lagrangian with respect to the parameters. */
export function lagrangianSlope(
  { cost, rows }: ProgramOfData,
  x: Tensor,
  multipliers: Tensor,
  data: readonly Tensor[],
): Tensor {
  const lagrangian = (at: Tensor): Tensor => {
    const parts = rows(at, data).map(ravel);
    return add(cost(at, data), sum(mul(multipliers, parts.length === 1 ? parts[0]! : concatenate(parts))));
  };
  return grad(lagrangian)(x);
}

/**
 * Tangent of the solution: of the optimality conditions with the active limits as equations,
 * `[H Jᵀ; J 0] [dx; dy] = −[∂(∇L); ∂c]`, where the right side is the tangent by the data at fixed x and y.
 *
 * @see Fiacco, Introduction to sensitivity and stability analysis in nonlinear programming, 1983, theorem 3.2.2.
 */
function tangentOf(
  changes: readonly (Tensor | undefined)[],
  data: readonly Tensor[],
  solution: Tensor,
  params: SolutionParams,
): Tensor | undefined {
  const { operation, parameters, size, functions, solve } = params;
  const moving = range(0, data.length).filter((i) => changes[i] !== undefined && isFloating(data[i]!.dtype));
  if (moving.length === 0) return undefined;
  if (data.some((x) => x.tracer !== undefined))
    throw new DownhillError(
      "trace",
      `${operation}: second derivatives of a solution under constraints are not supported. Differentiate once.`,
    );
  const active = activeForm(solve(data), params);
  const x = slice(solution, [0, parameters]);
  const y = slice(solution, [parameters, size]);
  const conditions = (...moved: Tensor[]): Tensor => {
    const all = data.slice();
    moving.forEach((i, k) => (all[i] = moved[k]!));
    const slope = take(lagrangianSlope(functions, x, y, all), indices(active.free), 0);
    if (active.rows.length === 0) return slope;
    const parts = functions.rows(x, all).map(ravel);
    const rows = take(parts.length === 1 ? parts[0]! : concatenate(parts), indices(active.rows), 0);
    return concatenate([slope, rows]);
  };
  const [, moved] = jvp(conditions, moving.map((i) => data[i]!), moving.map((i) => changes[i]!)); // prettier-ignore
  const step = solveKkt(active, reshape(neg(moved), [moved.shape[0]!, 1]), params);
  const to = Int32Array.from([...active.free, ...active.rows.map((j) => parameters + j)]);
  return scatterAdd(zeros(arrayType("float64", [size])), indices(to), reshape(step, [to.length]), 0);
}

/** The problem with active limits as equations, and parameters at active bounds as constants. */
interface ActiveForm extends SlackForm {
  readonly at: Float64Array;
  readonly y: Float64Array;
}

/** Limits whose relative distance and relative multiplier are both below this, and of similar size, are degenerate. */
const smallShare = 1e-3;
const similar = 0.01;

function activeForm({ assessment, program, box, limits }: SolvedProgram, params: SolutionParams): ActiveForm {
  const { x, rows, bounds, gradient } = assessment;
  const { rows: values } = program.values(x);
  const force = 1 + gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
  const isActive = (
    value: number,
    low: number,
    high: number,
    multiplier: number,
    name: () => string,
  ): boolean => {
    if (low === high) return true;
    const distance = Math.abs(Math.min(value - low, high - value)) / (1 + Math.abs(value));
    const share = Math.abs(multiplier) / force;
    const larger = Math.max(distance, share);
    if (larger >= smallShare || Math.min(distance, share) < similar * larger) return share > distance;
    throw new DownhillError(
      "range",
      `${params.operation}: the solution has no derivative, because ${name()} is at its limit without force (a degenerate active set). ` +
        "Change the limit or the data a little, or remove the constraint.",
    );
  };
  const none = { low: -Infinity, high: Infinity };
  const fix = (value: number): typeof none => ({ low: value, high: value });
  const ofRows = Array.from(values, (value, j) =>
    isActive(value, limits.low[j]!, limits.high[j]!, rows[j]!, () => params.rowName(j)) ? fix(value) : none,
  );
  const ofParameters = Array.from(x, (value, i) =>
    isActive(value, box.low[i]!, box.high[i]!, bounds[i]!, () => `the bound of ${params.parameterName(i)}`)
      ? fix(value)
      : none,
  );
  const join = (list: readonly (typeof none)[]): BoxBounds => ({
    low: Float64Array.from(list, ({ low }) => low),
    high: Float64Array.from(list, ({ high }) => high),
  });
  const form = slackForm(program, x, join(ofParameters), join(ofRows), unitScaling(rows.length));
  return {
    ...form,
    at: Float64Array.from(form.free, (i) => x[i]!),
    y: Float64Array.from(form.rows, (j) => rows[j]!),
  };
}

function solveKkt(form: ActiveForm, side: Tensor, { operation }: SolutionParams): Tensor {
  const hessian = form.hessian(form.at, 1, form.y);
  const jacobian = form.jacobian(form.at);
  const structure = kktStructure(hessian.pattern, jacobian);
  const solver = analysisOf(operation, structure.pattern, {});
  const values = kktValues(structure, hessian, jacobian);
  if (solver.factorise(values).zeroPivots > 0)
    throw new DownhillError(
      "range",
      `${operation}: the solution has no derivative, because the optimality conditions are singular there: gradients of active constraints are ` +
        "dependent, or the minimum is not unique.",
    );
  return sparseSolve(tensor(values), side, { solver, isTransposed: false });
}

import { add, mul, neg, sub } from "../../array/elementwise.ts";
import { tensor } from "../../array/create.ts";
import { sum } from "../../array/reduce.ts";
import { concatenate, ravel, reshape, slice, stack } from "../../array/shape.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { builtIn, type Primitive } from "../../../engine/ir/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType, isFloating } from "../../../engine/ir/types.ts";
import { scatterAdd, take } from "../../../engine/prims/index.ts";
import { linearSolve } from "../../../engine/prims/linear-algebra.ts";
import { zeros } from "../../../engine/prims/linear.ts";
import { bind1, isStaging } from "../../../engine/trace/index.ts";
import { grad, jacfwd, jvp } from "../../../engine/transforms/index.ts";
import { range } from "../../../engine/util/shape.ts";
import { analysisOf } from "../../sparse/factor/factorise.ts";
import { sparseSolve } from "../../sparse/factor/solve-primitive.ts";
import { fromFloats, indices } from "../../sparse/matrix/entries.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import { kktStructure, kktValues } from "./kkt-structure.ts";
import type { Assessment } from "./result.ts";
import { unitScaling } from "./scaling.ts";
import { type RowProgram, slackForm, type SlackForm } from "./slack-form.ts";

/** A solution in concrete numbers, with the problem that it solves. */
export interface SolvedProgram {
  readonly assessment: Assessment;
  readonly program: RowProgram;
  readonly box: BoxBounds;
  readonly limits: BoxBounds;
}

/**
 * Cost and constraint rows as functions of tensors: of the parameters x, and of the data by which the solution is
 * differentiated.
 */
export interface ProgramOfData {
  readonly cost: (x: Tensor, data: readonly Tensor[]) => Tensor;
  readonly rows: (x: Tensor, data: readonly Tensor[]) => readonly Tensor[];
}

/** Parameters of the primitive that maps a start and data to a solution. */
interface SolutionParams {
  readonly operation: string;
  /** Number of parameters (`parameters`), and of parameters and rows together (`size`). */
  readonly parameters: number;
  readonly size: number;
  /** Number of operands that are the start. They precede the data, and have no derivative. */
  readonly starts: number;
  /** Runs the search for concrete operands, once for equal numbers. */
  readonly solve: (operands: readonly Tensor[]) => SolvedProgram;
  readonly functions: ProgramOfData;
  readonly rowName: (row: number) => string;
  readonly parameterName: (parameter: number) => string;
}

// Operands: the start and the data. Result: parameters, multipliers of rows, and 1 for each parameter that a bound holds,
// `[size + parameters]`.
const solutionPrim: Primitive<SolutionParams> = /* @__PURE__ */ builtIn<SolutionParams>({
  name: "constrainedSolution",
  typeOf: (_, { size, parameters }) => [arrayType("float64", [size + parameters])],
  derivative: {
    kind: "smooth",
    jvp: (changes, operands, [solution], params) => [tangentOf(changes, operands, solution!, params)],
  },
  batch: (ins, batched, count, params) => ({
    outs: [forEachItem(ins, batched, count, (item) => bind1(solutionPrim, item, params))],
    batched: [true],
  }),
  lowering: {
    kind: "host",
    run: (operands, { solve }) => {
      const solved = solve(operands);
      const { x, rows, bounds } = solved.assessment;
      const isHeld = bounds.map((force, i) => (isHeldByBound(solved, i, force) ? 1 : 0));
      return [fromFloats(Float64Array.from([...x, ...rows, ...isHeld]))];
    },
  },
});

// Operands as of `solutionPrim`. Result: 1 for each parameter that no bound holds, and for each active row, `[size]`.
const activeSetPrim: Primitive<SolutionParams> = /* @__PURE__ */ builtIn<SolutionParams>({
  name: "activeSet",
  typeOf: (_, { size }) => [arrayType("float64", [size])],
  derivative: { kind: "constant" },
  batch: (ins, batched, count, params) => ({
    outs: [forEachItem(ins, batched, count, (item) => bind1(activeSetPrim, item, params))],
    batched: [true],
  }),
  lowering: {
    kind: "host",
    run: (operands, params) => {
      const form = activeForm(params.solve(operands), params);
      factoriseKkt(form, params); // reports a singular system, whose solution would be NaN
      const marks = new Float64Array(params.size);
      for (const i of form.free) marks[i] = 1;
      for (const j of form.rows) marks[params.parameters + j] = 1;
      return [fromFloats(marks)];
    },
  },
});

/** Applies a primitive to each item of a batch, because searches take different numbers of iterations. */
function forEachItem(
  ins: readonly Tensor[],
  batched: readonly boolean[],
  count: number,
  apply: (item: readonly Tensor[]) => Tensor,
): Tensor {
  const itemOf = (x: Tensor, i: number): Tensor => reshape(slice(x, [i, i + 1]), x.shape.slice(1));
  return stack(
    range(0, count).map((i) => apply(ins.map((x, k) => (batched[k] === true ? itemOf(x, i) : x)))),
  );
}

function isHeldByBound(
  { assessment: { x }, box: { low, high } }: SolvedProgram,
  i: number,
  force: number,
): boolean {
  return low[i] === high[i] || Math.abs(force) > Math.min(x[i]! - low[i]!, high[i]! - x[i]!);
}

/**
 * Throws while a function is being compiled, because a search depends on values that are then unknown.
 *
 * @throws DownhillError `trace`
 */
export function refuseStaging(operation: string): void {
  if (!isStaging()) return;
  throw new DownhillError(
    "trace",
    `${operation}: a search depends on values, which are unknown in jit, scan and other compiled functions. ` +
      "Call it outside of them: grad, jvp and vmap work without jit. Without constraints, root(grad(f), x0) works in compiled functions too.",
  );
}

/**
 * Returns the parameters and the row multipliers of a solution as differentiable functions of the data, and 1 for each
 * parameter that a bound holds.
 */
export function differentiableSolution(
  operands: readonly Tensor[],
  params: SolutionParams,
): { readonly x: Tensor; readonly rows: Tensor; readonly isHeld: Tensor } {
  const { parameters, size } = params;
  const all = bind1(solutionPrim, [...operands], params);
  return {
    x: slice(all, [0, parameters]),
    rows: slice(all, [parameters, size]),
    isHeld: slice(all, [size, size + parameters]),
  };
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
    if (parts.length === 0) return cost(at, data);
    return add(cost(at, data), sum(mul(multipliers, parts.length === 1 ? parts[0]! : concatenate(parts))));
  };
  return grad(lagrangian)(x);
}

/** Gradient of the Lagrangian with respect to the parameters, followed by the values of the constraints. */
function conditionsAt(
  functions: ProgramOfData,
  x: Tensor,
  multipliers: Tensor,
  data: readonly Tensor[],
): Tensor {
  return concatenate([
    lagrangianSlope(functions, x, multipliers, data),
    ...functions.rows(x, data).map(ravel),
  ]);
}

/**
 * Tangent of the solution. The optimality conditions, with the active limits as equations, are differentiated: `[H Jᵀ;
 * J 0] [dx; dy] = −[∂(∇L); ∂c]`. The right side is their tangent with respect to the data, at fixed x and y.
 * `undefined` if the data has no tangent.
 *
 * @see Fiacco, Introduction to sensitivity and stability analysis in nonlinear programming, 1983, theorem 3.2.2.
 */
function tangentOf(
  changes: readonly (Tensor | undefined)[],
  operands: readonly Tensor[],
  solution: Tensor,
  params: SolutionParams,
): Tensor | undefined {
  const { parameters, size, functions, starts } = params;
  const moving = range(starts, operands.length).filter(
    (i) => changes[i] !== undefined && isFloating(operands[i]!.dtype),
  );
  if (moving.length === 0) return undefined;
  const x = slice(solution, [0, parameters]);
  const y = slice(solution, [parameters, size]);
  const conditions = (...moved: Tensor[]): Tensor => {
    const all = operands.slice();
    moving.forEach((i, k) => (all[i] = moved[k]!));
    return conditionsAt(functions, x, y, all.slice(starts));
  };
  const [, moved] = jvp(conditions, moving.map((i) => operands[i]!), moving.map((i) => changes[i]!)); // prettier-ignore
  const step = operands.some((operand) => operand.tracer !== undefined)
    ? solveTraced(operands, x, y, neg(moved), params)
    : solveNumbers(operands, neg(moved), params);
  return concatenate([step, zeros(arrayType("float64", [parameters]))]);
}

/**
 * Solves the linear system of the solution's derivative for concrete operands and right side `side`, with sparse
 * matrices.
 */
function solveNumbers(operands: readonly Tensor[], side: Tensor, params: SolutionParams): Tensor {
  const { parameters, size, solve } = params;
  const form = activeForm(solve(operands), params);
  const indicesOf = indices(Int32Array.from([...form.free, ...Array.from(form.rows, (j) => parameters + j)]));
  const { values, solver } = factoriseKkt(form, params);
  const own = reshape(take(side, indicesOf, 0), [indicesOf.shape[0]!, 1]);
  const step = sparseSolve(tensor(values), own, { solver, isTransposed: false });
  return scatterAdd(zeros(arrayType("float64", [size])), indicesOf, reshape(step, [indicesOf.shape[0]!]), 0);
}

/** Largest number of parameters and rows for which dense matrices are solved. */
const mostDense = 2000;

/**
 * Solves the equations of the tangent for traced operands, in terms of operations that all transforms apply to. Parameters
 * at bounds, and multipliers of limits that are not active, do not move.
 */
function solveTraced(
  operands: readonly Tensor[],
  x: Tensor,
  y: Tensor,
  side: Tensor,
  params: SolutionParams,
): Tensor {
  const { operation, parameters, size, functions, starts } = params;
  if (size > mostDense)
    throw new DownhillError(
      "range",
      `${operation}: second derivatives, and derivatives of a batch, solve dense equations, for at most ${mostDense} parameters and ` +
        `constraints; got ${size}. Differentiate once, without vmap.`,
    );
  const data = operands.slice(starts);
  const isMoving = bind1(activeSetPrim, [...operands], params);
  const split = (both: Tensor): readonly [Tensor, Tensor] => [
    slice(both, [0, parameters]),
    slice(both, [parameters, size]),
  ];
  const matrix = jacfwd((both: Tensor) => {
    const [at, multipliers] = split(both);
    return conditionsAt(functions, at, multipliers, data);
  })(concatenate([x, y]));
  const column = reshape(isMoving, [size, 1]);
  const both = mul(mul(column, isMoving), matrix);
  const held = mul(tensor(identity(size)), sub(1, isMoving));
  return reshape(linearSolve(add(both, held), mul(column, reshape(side, [size, 1]))), [size]);
}

function identity(n: number): number[][] {
  return range(0, n).map((i) => range(0, n).map((j) => (i === j ? 1 : 0)));
}

/**
 * The problem at a solution, with active limits as equations and parameters at active bounds as constants. `at` and `y`
 * are its variables and multipliers.
 */
interface ActiveForm extends SlackForm {
  readonly at: Float64Array;
  readonly y: Float64Array;
}

/**
 * A limit is degenerate, and has no derivatives, if its relative distance and relative multiplier are both below
 * `smallShare` and similar. They are similar if the smaller one is at least `similar` times the larger one.
 */
const smallShare = 1e-3;
/** Distances and shares below this are rounding errors. */
const rounding = 1e-12;
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
    const isClear = larger > rounding && Math.min(distance, share) < similar * larger;
    if (larger >= smallShare || isClear) return share > distance;
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

/**
 * Factorises the KKT matrix, the matrix of the linear system of the solution's derivative. @throws DownhillError
 * `range` if it is singular.
 */
function factoriseKkt(
  form: ActiveForm,
  { operation }: SolutionParams,
): { readonly values: Float64Array; readonly solver: ReturnType<typeof analysisOf> } {
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
  return { values, solver };
}

import { ravel, slice } from "../../array/shape.ts";
import { add, astype, mul } from "../../array/elementwise.ts";
import { sum } from "../../array/reduce.ts";
import { DownhillError, markHint, showType } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { isFloating, typeKey } from "../../../engine/ir/types.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { asyncFunction } from "../../../engine/trace/index.ts";
import { type FlatArguments, flattenArguments, unflattenArguments } from "../../../engine/transforms/arguments.ts"; // prettier-ignore
import { grad } from "../../../engine/transforms/index.ts";
import { bound, type BoundFunction } from "../../../engine/transforms/plain.ts";
import { treeKey } from "../../../engine/tree/index.ts";
import { type Lru, makeLru } from "../../../engine/util/lru.ts";
import { type Shape, sizeOf } from "../../../engine/util/shape.ts";
import { derivativeForSolver, type SparseDerivative } from "../../sparse/derivative/sparse-derivative.ts";
import type { FlatParameters } from "../minimize/problem.ts";
import type { Constraint } from "./constraint.ts";
import type { MatrixEntries } from "./nonlinear-program.ts";
import { type ProblemKind, problemKind } from "./problem-kind.ts";
import type { RowProgram } from "./slack-form.ts";

/** Compiled functions of a problem for one combination of structures and types of parameters and arguments. */
interface CompiledRows {
  readonly values: (x: Float64Array, operands: readonly Tensor[]) => readonly Tensor[];
  readonly gradient: (x: Float64Array, operands: readonly Tensor[]) => Tensor;
  readonly jacobian: SparseDerivative;
  /**
   * Returns the Hessian of the Lagrangian, which is derived at the first call. Searches that approximate it do not call
   * this.
   */
  readonly hessian: () => SparseDerivative;
  /** Shape of the values of each constraint. */
  readonly shapes: readonly Shape[];
  readonly kind: ProblemKind;
}

/** Functions of a problem for one start and one list of arguments. */
export interface RowFunctions extends RowProgram {
  readonly shapes: readonly Shape[];
  /** Number of Hessian-vector products that one evaluation of `hessian` takes. */
  readonly hessianPasses: () => number;
  readonly kind: ProblemKind;
}

const structuresKept = 16;

/** Computes the cost, a scalar, from the result of the user's function. */
export type CostOf = (out: unknown) => Tensor;

/**
 * Prepares the functions of a problem. They are compiled once per combination of structures and types. `args` are the
 * further arguments of the constraints, `own` those of `f`.
 */
export function rowFunctions(
  operation: string,
  f: (...given: never[]) => unknown,
  constraints: readonly Constraint[],
  costOf: CostOf,
): (flat: FlatParameters, args: readonly unknown[], own: readonly unknown[]) => RowFunctions {
  const made: Lru<string, CompiledRows> = makeLru(structuresKept);
  return (flat, args, own) => {
    const all = [bound(f, own), ...constraints.map((constraint) => bound(constraint.f as typeof f, args))];
    const operands = all.flatMap((data) => data.operands);
    const { leaves, defs } = flattenArguments(operands, operation);
    const { def, tensors } = flat.parameters;
    const types = [...tensors, ...leaves].map(({ type }) => typeKey(type)).join(" ");
    const key = [treeKey(def), ...defs.map(treeKey), types, ...all.map(({ sizes }) => sizes)].join(" ");
    let compiled = made.get(key);
    if (compiled === undefined)
      made.set(
        key,
        (compiled = compileRows(operation, flat, all, operands, constraints, costOf, { leaves, defs })),
      );
    return evaluateRows(compiled, operands);
  };
}

function compileRows(
  operation: string,
  flat: FlatParameters,
  all: readonly BoundFunction[],
  operands: readonly Tensor[],
  constraints: readonly Constraint[],
  costOf: CostOf,
  { leaves, defs }: FlatArguments,
): CompiledRows {
  const ends = all.map((_, k) =>
    all.slice(0, k + 1).reduce((total, data) => total + data.operands.length, 0),
  );
  const call = (k: number, x: Tensor, given: readonly Tensor[]): unknown =>
    all[k]!.call(flat.toTree(x), given.slice(k === 0 ? 0 : ends[k - 1]!, ends[k]));
  const cost = (x: Tensor, given: readonly Tensor[]): Tensor => costOf(call(0, x, given));
  const row = (k: number, x: Tensor, given: readonly Tensor[]): Tensor =>
    requireRow(operation, nameOf(constraints, k), call(k + 1, x, given));
  const rows = (x: Tensor, given: readonly Tensor[]): readonly Tensor[] =>
    constraints.map((_, k) => row(k, x, given));
  const values = jit(((x: Tensor, ...given: Tensor[]) => [cost(x, given), ...rows(x, given)]) as (...x: Tensor[]) => Tensor[]); // prettier-ignore
  const shapes = values(flat.start as never, ...(operands as never[]))
    .slice(1)
    .map(({ shape }) => shape);
  const sizes = shapes.map(sizeOf);
  const lagrangian = (x: Tensor, weight: Tensor, y: Tensor, ...given: Tensor[]): Tensor => {
    let at = 0;
    return rows(x, given).reduce(
      (total, r, k) => add(total, sum(mul(slice(y, [at, (at += sizes[k]!)]), ravel(r)))),
      mul(weight, cost(x, given)),
    );
  };
  const gradient = jit(((x: Tensor, ...given: Tensor[]) => grad((at: Tensor) => cost(at, given))(x)) as (...x: Tensor[]) => Tensor); // prettier-ignore
  const task = { operation, at: flat.start };
  let hessian: SparseDerivative | undefined;
  const multipliers = new Float64Array(sizes.reduce((a, b) => a + b, 0));
  return {
    values: (x, given) => values(x, ...(given as never[])),
    gradient: (x, given) => gradient(x, ...(given as never[])),
    jacobian: derivativeForSolver({ ...task, kind: "jacobian", f: (x: Tensor, ...given: Tensor[]) => rows(x, given), args: operands }), // prettier-ignore
    hessian: () => (hessian ??= derivativeForSolver({ ...task, kind: "hessian", f: lagrangian, args: [1, multipliers, ...operands] })), // prettier-ignore
    shapes,
    kind: problemKind(
      operation,
      flat.start.length,
      leaves.map(({ type }) => type),
      (x, xs) => {
        const given = unflattenArguments(defs, xs) as Tensor[];
        return [cost(x, given), ...rows(x, given)];
      },
    ),
  };
}

/** Name of the constraint with index k in messages. */
export function nameOf(constraints: readonly Constraint[], k: number): string {
  const { name } = constraints[k]!;
  return name ?? `constraint ${k + 1}`;
}

/** Checks that a constrained function returned a tensor, and converts it to float64. */
export function requireRow(operation: string, name: string, out: unknown): Tensor {
  if (out instanceof Tensor && isFloating(out.dtype)) return astype(out, "float64");
  if (out instanceof Tensor)
    throw new DownhillError(
      "dtype",
      `${operation}: ${name} returned ${showType(out.type)}, which has no derivative. Return the number that is limited, not a comparison.`,
    );
  if (out instanceof Promise) throw asyncFunction(operation, out);
  if (typeof out === "number")
    throw new DownhillError(
      "derivative",
      `${operation}: ${name} returned a plain number, which has no derivative. Compute with downhill's functions throughout.${markHint}`,
    );
  const got = Array.isArray(out) ? "a list" : out === null ? "null" : typeof out;
  throw new DownhillError(
    "shape",
    `${operation}: ${name} returned ${got}. Return a scalar or an array of numbers, as in concatenate(…) or stack(…).`,
  );
}

function evaluateRows(compiled: CompiledRows, operands: readonly Tensor[]): RowFunctions {
  const { values, gradient, jacobian, hessian, shapes, kind } = compiled;
  return {
    shapes,
    kind,
    hessianPasses: () => hessian().passes.forward + hessian().passes.reverse,
    values(x) {
      const [value, ...parts] = values(x, operands);
      return { value: value!.item(), rows: concatenate(parts) };
    },
    gradient: (x) => numbersOf(gradient(x, operands)),
    jacobian: (x) => entriesOf(jacobian, x, operands),
    hessian: (x, weight, y) => entriesOf(hessian(), x, [weight, y, ...operands]),
  };
}

function entriesOf(derivative: SparseDerivative, x: Float64Array, args: readonly unknown[]): MatrixEntries {
  const { matrix } = derivative.evaluate(x, args);
  return { pattern: matrix.pattern, values: numbersOf(matrix.values) };
}

function concatenate(parts: readonly Tensor[]): Float64Array {
  if (parts.length === 1) return numbersOf(parts[0]!);
  const out = new Float64Array(parts.reduce((total, part) => total + sizeOf(part.shape), 0));
  let at = 0;
  for (const part of parts) {
    const numbers = numbersOf(part);
    out.set(numbers, at);
    at += numbers.length;
  }
  return out;
}

/** Elements of a tensor that has no other users; the tensor must not be used afterwards. */
function numbersOf(x: Tensor): Float64Array {
  return x.data({ donate: true }) as Float64Array;
}

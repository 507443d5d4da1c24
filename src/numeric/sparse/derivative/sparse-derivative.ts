import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { copyOfElements, readElements } from "../../../engine/ir/elements.ts";
import type { Program } from "../../../engine/ir/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType, isFloating, sameType } from "../../../engine/ir/types.ts";
import { hostStorage } from "../../../engine/ir/index.ts";
import type { TypedArray } from "../../../engine/kernel/executable.ts";
import { mul, take } from "../../../engine/prims/index.ts";
import { add, full } from "../../../engine/prims/linear.ts";
import { compileRoutine } from "../../../engine/runtime/index.ts";
import type { Jitted } from "../../../engine/runtime/jitted.ts";
import { makeJitted } from "../../../engine/runtime/jitted.ts";
import type {
  DerivativeKind,
  DerivativeSearch,
  ElementReader,
  EntryValues,
  PatternComparison,
  PatternLimits,
  PlannedDerivative,
  PlanTensors,
} from "../../../engine/sparsity/index.ts";
import {
  defaultLimits,
  evaluateEntries,
  localEquation,
  searchDerivative,
  costOfCheck,
} from "../../../engine/sparsity/index.ts";
import { bind, capturingSources, evalProgram, traceProgram } from "../../../engine/trace/index.ts";
import { flattenArguments, flattenResult, unflattenArguments } from "../../../engine/transforms/arguments.ts";
import type { AnyFunction, BoundFunction } from "../../../engine/transforms/plain.ts";
import { bound } from "../../../engine/transforms/plain.ts";
import { SparseMatrix } from "../matrix/sparse-matrix.ts";
import { SparsePattern } from "../matrix/sparse-pattern.ts";

/** Handling of a pattern that depends on the point; see the option `check` of `sparseJacobian`. */
export type PatternCheck = "auto" | "always" | "never";

/** Function to differentiate, the point at which its pattern is determined, and settings. */
export interface SparseTask {
  readonly operation: string;
  readonly kind: DerivativeKind;
  readonly f: AnyFunction;
  readonly at: unknown;
  readonly args: readonly unknown[];
  readonly limits: PatternLimits;
  readonly memory: number;
  readonly check: PatternCheck;
  readonly skipsZeros: boolean;
}

/**
 * With `check: "auto"`, an error is thrown if the comparison takes more than this fraction of the cost of an evaluation
 * and more than this number of operations.
 */
const largestShare = 0.5;
const largestWork = 1e8;

/** Default limit of the memory for the intermediate values of one batch of derivative passes, in bytes. */
export const defaultMemory: number = 256 * 2 ** 20;

/** Compiled code of a plan, without the parts of the plan that only compilation needs. */
interface CompiledPlan extends Pick<PlannedDerivative, "isSplit" | "counts"> {
  readonly pattern: SparsePattern;
  readonly tensors: PlanTensors;
  /** For each entry of a Hessian, the index of the entry at the transposed position; empty for Jacobians. */
  readonly mirror: Tensor;
  readonly run: Jitted<never[], EntryValues>;
  readonly comparison: PatternComparison | undefined;
  /** Elements of the arguments on which the pattern depends, by input of the program. */
  readonly fixing: ReadonlyMap<number, { tensor: Tensor; readonly elements: TypedArray }>;
}

/**
 * A function traced for sparse derivatives. Inputs of the program: captured tensors, leaves of the parameters, further
 * operands.
 */
interface TracedTask {
  readonly program: Program;
  readonly captured: readonly Tensor[];
  /** Number of tensors in the tree of parameters. */
  readonly parameters: number;
  readonly active: readonly boolean[];
  readonly sizes: string;
}

/** A sparse derivative of one function, evaluated at many points. */
export class SparseDerivative {
  readonly #task: SparseTask;
  readonly #traced: TracedTask;
  readonly #search: DerivativeSearch;
  #compiled: CompiledPlan;
  #changes = 0;

  constructor(task: SparseTask) {
    const { operation, kind, f, at, args, limits, memory, skipsZeros } = task;
    const { leaves, data } = this.#read(operation, f, at, args);
    for (const x of flattenArguments([at], operation).leaves) {
      if (isFloating(x.dtype)) continue;
      throw new DownhillError(
        "dtype",
        `${operation}: the parameters must be floating-point, got ${showType(x.type)}. Pass integers as args.`,
      );
    }
    this.#task = task;
    this.#traced = traceTask(task, data);
    const { program, active } = this.#traced;
    this.#search = searchDerivative({ name: operation, kind, program, active, limits, memory, skipsZeros, compile: compileRoutine }); // prettier-ignore
    this.#compiled = this.#compile(leaves);
  }

  get pattern(): SparsePattern {
    return this.#compiled.pattern;
  }

  get isLocal(): boolean {
    return this.#search.finder.isLocal;
  }

  get passes(): { readonly forward: number; readonly reverse: number } {
    const { forward, reverse } = this.#compiled.counts;
    return { forward, reverse };
  }

  /** Number of evaluations at which the pattern changed. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Evaluates the function and its derivative. Returns the results as a list of tensors, and the derivative as a sparse
   * matrix.
   */
  evaluate(
    x: unknown,
    args: readonly unknown[],
  ): { readonly outs: readonly Tensor[]; readonly matrix: SparseMatrix } {
    const { operation, f } = this.#task;
    const { leaves, data } = this.#read(operation, f, x, args);
    this.#checkTypes(leaves, data);
    if (this.#isStale(leaves)) {
      const before = this.#compiled;
      before.comparison?.release();
      this.#compiled = this.#compile(leaves, before);
      if (this.#compiled.pattern !== before.pattern) this.#changes++;
    }
    const { run, tensors, mirror, pattern } = this.#compiled;
    const { outs, values } = run(...([[...this.#traced.captured, ...leaves], tensors, mirror] as never[]));
    return { outs, matrix: new SparseMatrix(pattern, values) };
  }

  #read(
    operation: string,
    f: AnyFunction,
    x: unknown,
    args: readonly unknown[],
  ): { readonly leaves: readonly Tensor[]; readonly data: BoundFunction } {
    const data = bound(f, args);
    const { leaves } = flattenArguments([x, ...data.operands], operation);
    const traced = leaves.find(({ tracer }) => tracer !== undefined);
    if (traced === undefined) return { leaves, data };
    throw new DownhillError(
      "trace",
      `${operation}: was called under a transform (grad, vmap, jit, …) with a traced value. A sparse pattern is found and used ` +
        "outside of transforms; inside, use jvp, vjp, jacfwd or jacrev.",
    );
  }

  #checkTypes(leaves: readonly Tensor[], { sizes }: BoundFunction): void {
    const { program, captured } = this.#traced;
    const { operation } = this.#task;
    const types = program.ins.slice(captured.length).map(({ type }) => type);
    const show = (list: readonly { readonly dtype: string; readonly shape: readonly number[] }[]): string =>
      list.map(showType).join(", ");
    const given = leaves.map(({ type }) => type);
    const isSame = given.length === types.length && types.every((type, i) => sameType(type, given[i]!));
    if (isSame && sizes === this.#traced.sizes) return;
    throw new DownhillError(
      "shape",
      `${operation}: evaluate takes arguments like those given as at and args: ${show(types)}; got ${show(given)}. ` +
        `For other shapes, call ${operation} again.`,
    );
  }

  /** True if the pattern for these arguments may differ from the compiled one. */
  #isStale(leaves: readonly Tensor[]): boolean {
    const { fixing, comparison } = this.#compiled;
    const { operation } = this.#task;
    const first = this.#traced.captured.length;
    for (const [input, known] of fixing) {
      const tensor = leaves[input - first]!;
      if (tensor === known.tensor) continue;
      const elements = readElements(tensor, operation);
      if (!known.elements.every((element, i) => Object.is(element, elements[i]))) return true;
      known.tensor = tensor;
    }
    return comparison !== undefined && comparison.differs(this.#reader(leaves));
  }

  /** Returns a reader of the elements of the program's inputs. */
  #reader(leaves: readonly Tensor[]): ElementReader {
    const { captured } = this.#traced;
    return (input) => {
      const x = input < captured.length ? captured[input]! : leaves[input - captured.length]!;
      const elements = readElements(x, this.#task.operation);
      return x.shape.length === 0 ? elements[0]! : elements;
    };
  }

  /**
   * Plans the derivative for these arguments. Reuses the code of the plan `before` if only the contents of its tensors
   * differ.
   */
  #compile(leaves: readonly Tensor[], before?: CompiledPlan): CompiledPlan {
    const { operation, kind } = this.#task;
    const { captured, active, parameters } = this.#traced;
    const planned = this.#search.plan(this.#reader(leaves));
    const { plan, isSplit, counts, rest, moves } = planned;
    const { rows, columns, rowPointers, columnIndices } = plan.pattern;
    const pattern = SparsePattern.fromChecked([rows, columns], rowPointers, columnIndices);
    const mirror = kind === "hessian" ? pattern.transposed.from : new Int32Array(0);
    const body = (ins: readonly Tensor[], tensors: PlanTensors, opposite: Tensor): EntryValues => {
      const moved = evalProgram(moves, ins, bind);
      const others = ins.filter((_, i) => active[i] !== true);
      const found = evaluateEntries(rest, moved, others, counts, tensors);
      return opposite.shape[0] === 0 ? found : { ...found, values: symmetrised(found.values, opposite) };
    };
    const first = captured.length + parameters;
    const deciding = this.#search.deciding.filter((input) => input >= first);
    return {
      isSplit,
      counts,
      pattern,
      mirror: integers(mirror),
      tensors: {
        forward: integers(plan.colouring.forward.colours),
        reverse: integers(plan.colouring.reverse.colours),
        products: integers(plan.products),
        addedProducts: integers(plan.added.products),
        addedEntries: integers(plan.added.entries),
      },
      run:
        before !== undefined && isSameCode(before, planned)
          ? before.run
          : (makeJitted(body as never) as never),
      comparison: this.#comparison(planned),
      fixing: new Map(
        deciding.map((input) => {
          const tensor = leaves[input - captured.length]!;
          return [input, { tensor, elements: copyOfElements(tensor, operation) }];
        }),
      ),
    };
  }

  /**
   * Compiles the code that detects a change of the pattern; `undefined` if the pattern never changes or `check` is
   * `"never"`.
   */
  #comparison({ found, counts }: PlannedDerivative): PatternComparison | undefined {
    const { check } = this.#task;
    const { finder } = this.#search;
    if (!finder.isLocal || check === "never") return undefined;
    const comparison = finder.comparison(found);
    const { share, work } = costOfCheck(comparison.routine, finder, counts);
    if (check === "auto" && share > largestShare && work > largestWork) throw this.#tooCostly(share);
    return comparison;
  }

  #tooCostly(share: number): DownhillError {
    const { operation } = this.#task;
    const { program, active } = capturingSources(() =>
      traceTask(this.#task, bound(this.#task.f, this.#task.args)),
    );
    const eqn = localEquation(program, active, compileRoutine);
    const where = eqn?.source === undefined ? "" : ` at ${eqn.source.describe()}`;
    const what = eqn === undefined ? "A branch or an index" : `${eqn.prim.asked ?? eqn.prim.name}${where}`;
    return new DownhillError(
      "option",
      `${operation}: ${what} depends on the values of the parameters, so the pattern may change between calls, and finding ` +
        `that out takes ${Math.round(100 * share)} % of an evaluation. Pass check: "always" to accept that, or ` +
        `check: "never" if the pattern stays the same.`,
    );
  }
}

/** True if two plans of one function differ at most in the contents of their tensors, so that they can share code. */
function isSameCode(a: CompiledPlan, b: PlannedDerivative): boolean {
  return a.isSplit === b.isSplit && JSON.stringify(a.counts) === JSON.stringify(b.counts);
}

/** Function that a solver differentiates, and the point at which its pattern is determined. */
export type SolverTask = Pick<SparseTask, "operation" | "kind" | "f" | "at" | "args">;

/** Sparse derivative for a solver. Changes of the pattern are always detected. */
export function derivativeForSolver(
  task: SolverTask,
  limits: PatternLimits = defaultLimits,
): SparseDerivative {
  return new SparseDerivative({
    ...task,
    limits,
    memory: defaultMemory,
    check: "always",
    skipsZeros: false,
  });
}

/**
 * Mean of each entry and the entry at the transposed position. Passes and sums compute the two in different orders, so
 * that rounding would make a Hessian asymmetric if large terms cancel.
 */
function symmetrised(values: Tensor, mirror: Tensor): Tensor {
  const half = full(arrayType("float64", values.shape), 0.5);
  return mul(half, add(values, take(values, mirror, 0)));
}

function integers(elements: Int32Array): Tensor {
  return new Tensor(arrayType("int32", [elements.length]), hostStorage(elements), undefined);
}

/** Traces a function of parameters and further operands. */
function traceTask({ operation, kind, f, at }: SparseTask, data: BoundFunction): TracedTask {
  const { leaves, defs } = flattenArguments([at, ...data.operands], operation);
  const parameters = flattenArguments([at], operation).leaves.length;
  const types = leaves.map((x) => x.type);
  const name = f.name === "" ? "f" : f.name;
  const { program, captured } = traceProgram(name, types, (...xs) => {
    const [x, ...operands] = unflattenArguments(defs, xs);
    return flattenResult(data.call(x, operands as never), operation).leaves;
  });
  checkResults(operation, kind, program);
  const first = captured.length;
  const active = program.ins.map((_, i) => i >= first && i < first + parameters);
  return { program, captured, parameters, active, sizes: data.sizes };
}

function checkResults(operation: string, kind: DerivativeKind, { outs }: Program): void {
  const types = outs.map(({ type }) => showType(type)).join(", ");
  if (kind === "hessian" && (outs.length !== 1 || outs[0]!.type.shape.length > 0))
    throw new DownhillError(
      "shape",
      `${operation}: the function must return a scalar, got ${types}. Use sum or mean.`,
    );
  if (outs.length > 0 && outs.every(({ type }) => isFloating(type.dtype))) return;
  throw new DownhillError(
    "dtype",
    `${operation}: the function must return floating-point tensors, got ${types}.`,
  );
}

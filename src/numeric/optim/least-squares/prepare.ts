import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { typeKey } from "../../../engine/ir/types.ts";
import { flattenArguments } from "../../../engine/transforms/arguments.ts";
import { jvp, vjp } from "../../../engine/transforms/index.ts";
import { bound, type BoundFunction, requireCompiled } from "../../../engine/transforms/plain.ts";
import { treeKey } from "../../../engine/tree/index.ts";
import { makeLru } from "../../../engine/util/lru.ts";
import { now } from "../../../engine/util/now.ts";
import { type FitTools, solverOf } from "../constrained/constraint.ts";
import { derivativeForSolver, type SparseDerivative } from "../../sparse/derivative/sparse-derivative.ts";
import type { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import type {
  ConstrainedLeastSquaresResult,
  LeastSquaresResult,
  LeastSquaresSolverOptions,
  PlainConstrainedLeastSquaresResult,
  PlainLeastSquaresResult,
} from "../minimize/least-squares.ts";
import { levenbergMarquardt, type Residuals } from "../minimize/levenberg-marquardt.ts";
import { flatParameters, type FlatParameters, onNumbers, pick } from "../minimize/problem.ts";
import { columnsOf, covarianceAmong } from "../minimize/qr.ts";
import { robustLosses } from "../minimize/robust.ts";
import {
  type DescentSearch,
  fitTolerances,
  follow,
  isConverged,
  type Iterate,
  largeFitTolerance,
  type Limits,
  readLimits,
  type SearchOutcome,
  slopeOf,
} from "../minimize/stop.ts";
import { refuseTraced } from "../minimize/traced-captures.ts";
import { readWalls } from "../minimize/walls.ts";
import { count, fixed, flag, oneOf, readOptions } from "../options.ts";
import { chooseSolver, linearSolvers, type SolverChoice } from "./choose-solver.ts";
import { largeSearch } from "./large-search.ts";
import { noSeconds, type SolverSeconds } from "./linearisation.ts";
import { type JacobianProducts, matrixFreeProblem } from "./matrix-free-problem.ts";
import {
  countedResiduals,
  curvatureOrZeros,
  readWeights,
  type ResidualFunctions,
  residualFunctions,
} from "./residual-functions.ts";
import { describeFit, describePoint, type LinearSolverReport } from "./result.ts";
import { type NormalStructure, SparseProblem } from "./sparse-problem.ts";
import { makeStepSpace, readScale, type StepSpace } from "./step-space.ts";
import { tangentColumns } from "./tangent-jacobian.ts";
import { denseUncertainty, sparseUncertainty } from "./uncertainty.ts";

export type AnyLeastSquaresResult =
  | LeastSquaresResult<unknown>
  | PlainLeastSquaresResult<unknown>
  | ConstrainedLeastSquaresResult<unknown>
  | PlainConstrainedLeastSquaresResult<unknown>;

/** One search, which returns its result. */
type LeastSquaresRun = Generator<void, AnyLeastSquaresResult, void>;

const ownOptions = [
  "low",
  "high",
  "loss",
  "lossScale",
  "lossBlock",
  "weights",
  "fixed",
  "scale",
  "manifolds",
  "linearSolver",
  "jit",
  "constraints",
  "constraintTolerance",
] as const;

/** Compiled derivatives of large problems, for one structure of the parameters. */
interface LargeFunctions {
  /** Derivatives by the types of the further arguments. */
  readonly derivatives: ReturnType<typeof makeLru<string, SparseDerivative>>;
  readonly structures: WeakMap<SparsePattern, NormalStructure>;
  readonly forward: ReturnType<typeof onNumbers>;
  readonly backward: ReturnType<typeof onNumbers>;
}

/** Number of types of further arguments for which derivatives are cached. */
const derivativesKept = 8;

function largeFunctions({ counted }: ResidualFunctions, compiled: boolean): LargeFunctions {
  return {
    derivatives: makeLru(derivativesKept),
    structures: new WeakMap(),
    forward: onNumbers(
      (x: Tensor, v: Tensor, ...data: Tensor[]) => [jvp((p: Tensor) => counted(p, ...data), [x], [v])[1]],
      compiled,
    ),
    backward: onNumbers((x: Tensor, u: Tensor, ...data: Tensor[]) => {
      const [, back] = vjp((p: Tensor) => counted(p, ...data), x);
      return [back(u)[0]];
    }, compiled),
  };
}

/**
 * Checks the options, and returns a function that prepares one fit for a start and further arguments. It refuses values
 * that a transform traces.
 */
export function prepareLeastSquares(
  operation: string,
  f: (...given: never[]) => Tensor | ArrayLike<number>,
  options: LeastSquaresSolverOptions<never>,
): (x0: unknown, args: readonly unknown[]) => LeastSquaresRun {
  const prepared = prepareFit(operation, f, options);
  return (x0, args) => {
    refuseTraced(operation, f, x0, args, differentiableFit);
    return prepared(x0, args);
  };
}

function prepareFit(
  operation: string,
  f: (...given: never[]) => Tensor | ArrayLike<number>,
  options: LeastSquaresSolverOptions<never>,
): (x0: unknown, args: readonly unknown[]) => LeastSquaresRun {
  requireCompiled(operation, f);
  const limits = readLimits(operation, options, ownOptions, fitTolerances);
  const names = ["loss", "lossScale", "lossBlock", "linearSolver", "jit"] as const;
  const { linearSolver, ...settings } = readOptions<Pick<LeastSquaresSolverOptions, (typeof names)[number]>>(
    operation,
    pick(options, names),
    {
      loss: oneOf("squares", robustLosses),
      lossScale: fixed(1, { from: 0, above: true }),
      lossBlock: count(1, { from: 1 }),
      linearSolver: oneOf("auto", linearSolvers),
      jit: flag(true),
    },
  );
  const { jit } = settings;
  if (!jit && linearSolver === "sparse")
    throw new DownhillError(
      "option",
      `${operation}: linearSolver "sparse" finds the pattern in the compiled function, so jit must not be false.`,
    );
  const weights = readWeights(operation, options.weights);
  const forSettings = { ...settings, weights, manifolds: options.manifolds };
  const functionsFor = residualFunctions(operation, forSettings);
  const constrained = solverOf(operation, options);
  const largeOf = new WeakMap<ResidualFunctions, LargeFunctions>();
  const fitOf = (flat: FlatParameters, args: readonly unknown[]): PreparedFit => {
    const data = bound(f, args);
    const functions = functionsFor(flat, data);
    let large = largeOf.get(functions);
    if (large === undefined) largeOf.set(functions, (large = largeFunctions(functions, jit)));
    const space = makeStepSpace(flat, readWalls(flat, options), options.fixed, functions.maps);
    const typical = readScale(flat, options.scale, functions.maps, space);
    const { operands } = data;
    const fit = new LeastSquaresSearch({ operation, flat, functions, large, space, typical, operands });
    const choice = chooseSolver(linearSolver, space.size, jit, () => fit.sparse());
    return { data, functions, space, fit, choice };
  };
  const follower = (
    { fit, choice }: PreparedFit,
    rules: Limits,
    watch: (at: Iterate, iteration: number) => boolean,
  ): Generator<void, SearchOutcome, void> => {
    const own: Limits =
      choice.solver !== "dense" && options.valueTolerance === undefined
        ? { ...rules, valueTolerance: largeFitTolerance }
        : rules;
    return follow(fit.search(choice), { ...own, evaluations: () => fit.counts.evaluations }, watch);
  };
  if (constrained !== undefined)
    return constrained.leastSquares({
      operation,
      f,
      options,
      functionsFor,
      ignored: weights?.ignored ?? 0,
      counted: countedResiduals(operation, forSettings),
      // half of the limits are left for the search under constraints
      *searchFreely(flat, args) {
        const prepared = fitOf(flat, args);
        const half = (most: number): number => Math.ceil(most / 2);
        const rules = { ...limits, maxIterations: half(limits.maxIterations), maxEvaluations: half(limits.maxEvaluations) }; // prettier-ignore
        const outcome = yield* follower(prepared, rules, watcher(flat, options.callback));
        return { ...outcome, isConverged: isConverged(outcome.reason), evaluations: prepared.fit.counts.evaluations }; // prettier-ignore
      },
      ...tools,
    });
  return (x0, args) => {
    const flat = flatParameters(operation, x0, f);
    const prepared = fitOf(flat, args);
    const { data, functions, space, fit, choice } = prepared;
    return reported(follower(prepared, limits, watcher(flat, options.callback)), (outcome) => {
      const { x } = outcome.best;
      fit.release();
      const residuals = functions.plain([x], data.operands)[0] as Float64Array<ArrayBuffer>;
      return describeFit({
        operation,
        f,
        x0,
        flat,
        space,
        maps: functions.maps,
        outcome,
        residuals,
        counted: residuals.length - (weights?.ignored ?? 0),
        counts: { ...fit.counts },
        report: fit.report(choice),
        block: settings.lossBlock,
        uncertainty: (free) =>
          choice.solver === "dense"
            ? denseUncertainty(fit.columns(x), free, space.size)
            : sparseUncertainty(operation, fit.sparse(), x, free, space.size),
      });
    });
  };
}

/** Repair for fits under transforms. */
const differentiableFit =
  "minimize works there, except in jit: minimize((p, ...args) => sum(square(f(p, ...args))), x0, { args }).";

/** A fit that is ready to run: its functions, and the solver of its linear problems. */
interface PreparedFit {
  readonly data: BoundFunction;
  readonly functions: ResidualFunctions;
  readonly space: StepSpace;
  readonly fit: LeastSquaresSearch;
  readonly choice: SolverChoice;
}

/** Runs a search, and returns its result. */
function* reported(
  run: Generator<void, SearchOutcome, void>,
  report: (outcome: SearchOutcome) => AnyLeastSquaresResult,
): LeastSquaresRun {
  return report(yield* run);
}

/** Functions that a solver under constraints takes, because it is not loaded by programs without them. */
const tools: FitTools = { makeStepSpace, describePoint, covarianceAmong };

/**
 * Returns a function that passes an iterate to the user's callback. Its result is true if the callback asks to stop.
 */
function watcher(
  flat: FlatParameters,
  callback: LeastSquaresSolverOptions<never>["callback"],
): (at: Iterate, iteration: number) => boolean {
  return (at, iteration) =>
    callback?.({
      iteration,
      params: flat.fromVector(at.x) as never,
      value: at.value,
      slope: slopeOf(at),
    }) === true;
}

/** Functions and data of one fit. */
interface LeastSquaresTask {
  readonly operation: string;
  readonly flat: FlatParameters;
  readonly functions: ResidualFunctions;
  readonly large: LargeFunctions;
  readonly space: StepSpace;
  readonly typical: Float64Array | undefined;
  readonly operands: readonly Tensor[];
}

/** One fit: evaluations with their counts, and the search. */
class LeastSquaresSearch {
  readonly counts = { evaluations: 0, jacobians: 0 };
  readonly #task: LeastSquaresTask;
  readonly #seconds: SolverSeconds = noSeconds();
  #sparse: SparseProblem | undefined;

  constructor(task: LeastSquaresTask) {
    this.#task = task;
  }

  search({ solver }: SolverChoice): DescentSearch {
    const { flat, space, typical } = this.#task;
    if (solver === "dense") return levenbergMarquardt(this.#residuals(), flat.start, space, typical);
    const problem = solver === "sparse" ? this.sparse() : this.#matrixFree();
    return largeSearch(problem, flat.start, space, typical);
  }

  /** Report on the linear algebra so far. */
  report({ solver, reason }: SolverChoice): LinearSolverReport {
    const sparse = solver === "sparse" ? this.#sparse : undefined;
    const structure = sparse?.structure;
    return {
      solver,
      reason,
      unknowns: this.#task.space.size,
      patternEntries: structure?.jacobian.pattern.nnz,
      normalEntries: structure?.normal.nnz,
      factorEntries: structure?.normal.entries,
      patternChanges: sparse?.patternChanges,
      colours: sparse?.colours,
      ordering: structure?.normal.ordering,
      seconds: { ...this.#seconds },
    };
  }

  /** Frees memory that only the search needs. */
  release(): void {
    this.#sparse?.release();
  }

  /** Columns of the Jacobian by the coordinates of steps. */
  columns(x: Float64Array): ReturnType<typeof columnsOf> {
    const { functions, space, operands } = this.#task;
    this.counts.jacobians++;
    const columns = this.#timed("jacobian", () =>
      columnsOf(functions.derivatives([x], operands)[0]!, x.length),
    );
    return tangentColumns(columns, space.charts, space.size, x);
  }

  /** The problem with a sparse Jacobian, whose pattern is found at the first call. */
  sparse(): SparseProblem {
    if (this.#sparse !== undefined) return this.#sparse;
    const { operation, flat, functions, large, space, operands } = this.#task;
    const { leaves, defs } = flattenArguments(operands, operation);
    const key = `${defs.map(treeKey).join(" ")} ${leaves.map(({ type }) => typeKey(type)).join(" ")}`;
    let derivative = large.derivatives.get(key);
    if (derivative === undefined) {
      derivative = this.#timed("pattern", () =>
        derivativeForSolver({
          operation,
          kind: "jacobian",
          f: functions.counted,
          at: flat.start,
          args: operands,
        }),
      );
      large.derivatives.set(key, derivative);
    }
    this.#sparse = new SparseProblem({
      operation,
      values: this.#values,
      derivative,
      operands,
      space,
      structures: large.structures,
      seconds: this.#seconds,
      count: () => {
        this.counts.evaluations++;
        this.counts.jacobians++;
      },
    });
    return this.#sparse;
  }

  readonly #values = (x: Float64Array): Float64Array => {
    const { functions, operands } = this.#task;
    this.counts.evaluations++;
    return this.#timed("residuals", () => functions.values([x], operands)[0]!);
  };

  #residuals(): Residuals {
    const { functions, space, operands } = this.#task;
    return {
      values: this.#values,
      jacobian: (x) => this.columns(x),
      curvature: (x, v) => {
        this.counts.evaluations++;
        return curvatureOrZeros(
          () => functions.curvature([x, space.padded(v)], operands)[0]!,
          () => functions.values([x], operands)[0]!.length,
        );
      },
    };
  }

  #matrixFree(): ReturnType<typeof matrixFreeProblem> {
    const { large, space, operands } = this.#task;
    const products: JacobianProducts = {
      forward: (x, v) => large.forward([x, v], operands)[0]!,
      backward: (x, u) => large.backward([x, u], operands)[0]!,
    };
    return matrixFreeProblem({
      values: this.#values,
      products,
      space,
      seconds: this.#seconds,
      count: () => {
        this.counts.jacobians++;
      },
    });
  }

  #timed<T>(part: keyof SolverSeconds, run: () => T): T {
    const begin = now();
    const result = run();
    this.#seconds[part] += (now() - begin) / 1000;
    return result;
  }
}

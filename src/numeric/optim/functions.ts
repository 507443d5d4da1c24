// All optimisers and schedules, without the side effects of importing `downhill/optim`.
export { adadelta } from "./adadelta.ts";
export type { Adadelta, AdadeltaOptions, AdadeltaState } from "./adadelta.ts";
export { adafactor } from "./adafactor.ts";
export type { Adafactor, AdafactorOptions, AdafactorState } from "./adafactor.ts";
export { adagrad } from "./adagrad.ts";
export type { Adagrad, AdagradOptions, AdagradState } from "./adagrad.ts";
export { adam } from "./adam.ts";
export type { Adam, AdamOptions, AdamState } from "./adam.ts";
export { adamax } from "./adamax.ts";
export type { Adamax, AdamaxOptions, AdamaxState } from "./adamax.ts";
export { adamw } from "./adamw.ts";
export type { AdamwOptions } from "./adamw.ts";
export { asgd } from "./asgd.ts";
export type { Asgd, AsgdOptions, AsgdState } from "./asgd.ts";
export { accumulate } from "./combine/accumulate.ts";
export type { AccumulateState } from "./combine/accumulate.ts";
export { ema, swa } from "./combine/average.ts";
export type { AverageState, EmaOptions, SwaOptions } from "./combine/average.ts";
export { chain } from "./combine/chain.ts";
export { clipByGlobalNorm, clipByNorm, clipByValue } from "./combine/clip.ts";
export type { GlobalNormOptions } from "./combine/clip.ts";
export { injectHyperparameters } from "./combine/inject-hyperparameters.ts";
export type { Injected, InjectedState } from "./combine/inject-hyperparameters.ts";
export { lookahead } from "./combine/lookahead.ts";
export type { LookaheadOptions, LookaheadState } from "./combine/lookahead.ts";
export { masked } from "./combine/masked.ts";
export { freeze, multiTransform } from "./combine/multi-transform.ts";
export { projectBox } from "./combine/project-box.ts";
export type { Bound, BoxOptions } from "./combine/project-box.ts";
export { scaleBySchedule } from "./combine/scale-by-schedule.ts";
export type { StepState } from "./combine/scale-by-schedule.ts";
export type { PerParameter, PerParameterTree } from "./combine/select.ts";
export { addDecayedWeights } from "./combine/weight-decay.ts";
export { lamb } from "./lamb.ts";
export type { Lamb, LambOptions, LambState } from "./lamb.ts";
export { lion } from "./lion.ts";
export type { Lion, LionOptions, LionState } from "./lion.ts";
export { muon } from "./muon.ts";
export type { Muon, MuonOptions, MuonState } from "./muon.ts";
export { nadam } from "./nadam.ts";
export type { Nadam, NadamOptions, NadamState } from "./nadam.ts";
export { applyUpdates } from "./optimizer.ts";
export type { GeneralOptimizer, Optimizer, Update, UpdateExtra } from "./optimizer.ts";
export type { Rate, Scalar } from "./options.ts";
export { radam } from "./radam.ts";
export type { Radam, RadamOptions, RadamState } from "./radam.ts";
export { rmsprop } from "./rmsprop.ts";
export type { Rmsprop, RmspropOptions, RmspropState } from "./rmsprop.ts";
export { rprop } from "./rprop.ts";
export type { Rprop, RpropOptions, RpropState } from "./rprop.ts";
export type { RuleOptimizer } from "./rule.ts";
export type { Schedule } from "./schedule.ts";
export { chained, sequential } from "./schedules/sequential.ts";
export type { SequentialOptions } from "./schedules/sequential.ts";
export { constantRate } from "./schedules/constant-rate.ts";
export { cosineDecay } from "./schedules/cosine-decay.ts";
export type { CosineDecayOptions } from "./schedules/cosine-decay.ts";
export { cosineRestarts } from "./schedules/cosine-restarts.ts";
export type { CosineRestartsOptions } from "./schedules/cosine-restarts.ts";
export { cyclic } from "./schedules/cyclic.ts";
export type { CyclicOptions } from "./schedules/cyclic.ts";
export type { TensorFunction } from "./schedules/arithmetic.ts";
export type { CycledSchedule } from "./schedules/define.ts";
export { exponentialDecay } from "./schedules/exponential-decay.ts";
export type { ExponentialDecayOptions } from "./schedules/exponential-decay.ts";
export { inverseSquareRootDecay, inverseTimeDecay } from "./schedules/inverse-decay.ts";
export type { InverseSquareRootDecayOptions, InverseTimeDecayOptions } from "./schedules/inverse-decay.ts";
export { lambda } from "./schedules/lambda.ts";
export { linearDecay } from "./schedules/linear-decay.ts";
export type { LinearDecayOptions } from "./schedules/linear-decay.ts";
export { oneCycle } from "./schedules/one-cycle.ts";
export type { OneCycleOptions } from "./schedules/one-cycle.ts";
export { perEpoch } from "./schedules/per-epoch.ts";
export type { PerEpochOptions } from "./schedules/per-epoch.ts";
export { polynomialDecay } from "./schedules/polynomial-decay.ts";
export type { PolynomialDecayOptions } from "./schedules/polynomial-decay.ts";
export { multiplicative, rateList } from "./schedules/rate-list.ts";
export type { MultiplicativeOptions } from "./schedules/rate-list.ts";
export { reduceOnPlateau } from "./schedules/reduce-on-plateau.ts";
export type {
  PlateauState,
  PlateauUpdate,
  ReduceOnPlateau,
  ReduceOnPlateauOptions,
} from "./schedules/reduce-on-plateau.ts";
export { multiStepDecay, stepDecay } from "./schedules/step-decay.ts";
export type { MultiStepDecayOptions, StepDecayOptions } from "./schedules/step-decay.ts";
export { warmup } from "./schedules/warmup.ts";
export type { WarmupOptions } from "./schedules/warmup.ts";
export { sgd } from "./sgd.ts";
export type { Sgd, SgdOptions, SgdState } from "./sgd.ts";
export { sparseAdam } from "./sparse-adam.ts";
export type { SparseAdam, SparseAdamOptions, SparseAdamState } from "./sparse-adam.ts";
export { yogi } from "./yogi.ts";
export type { Yogi, YogiOptions, YogiState } from "./yogi.ts";
export { lbfgs } from "./lbfgs.ts";
export type { Lbfgs, LbfgsOptions } from "./lbfgs.ts";
export type { LbfgsState } from "./lbfgs-memory.ts";
export { atLeast, atMost, between, equality } from "./constrained/constructors.ts";
export type { ConstraintOptions } from "./constrained/constructors.ts";
export type { BarrierRule } from "./constrained/barrier-rule.ts";
export { linearProgram } from "./constrained/linear-program.ts";
export type { LinearProgramOptions } from "./constrained/linear-program.ts";
export type { ProblemKind } from "./constrained/problem-kind.ts";
export type { Constraint, ConstrainedValue } from "./constrained/constraint.ts";
export type { ConstrainedIteration, Multipliers } from "./constrained/result.ts";
export type { ConstrainedReason } from "./constrained/verdict.ts";
export type { WarmStart } from "./constrained/warm-start.ts";
export { minimize, minimizeAsync, solver } from "./minimize/minimize.ts";
export type {
  ConstrainedResult,
  MinimizeOptions,
  MinimizeResult,
  Progress,
  SolverOptions,
  WithConstraints,
} from "./minimize/minimize.ts";
export { globalMinimize, globalMinimizeAsync } from "./global/global-minimize.ts";
export type {
  GlobalIteration,
  GlobalMinimizeOptions,
  GlobalResult,
  LocalMinimum,
} from "./global/global-minimize.ts";
export { leastSquares, leastSquaresAsync, leastSquaresSolver } from "./minimize/least-squares.ts";
export type {
  ConstrainedLeastSquaresResult,
  LeastSquaresOptions,
  LeastSquaresResult,
  LeastSquaresSolverOptions,
} from "./minimize/least-squares.ts";
export type { Manifold, ManifoldName, ManifoldOption } from "./least-squares/manifolds.ts";
export type { LinearSolverReport } from "./least-squares/result.ts";
export type { FixedOption, ScaleOption } from "./least-squares/step-space.ts";
export type { Bounds } from "./minimize/walls.ts";
export type { RobustLoss } from "./minimize/robust.ts";
export { curveFitter, fitCurve, fitCurveAsync } from "./curve/fit-curve.ts";
export type { CurveParameters } from "./curve/fit-curve.ts";
export type {
  CurveBound,
  CurveCallOptions,
  CurveFitterOptions,
  FitCurveOptions,
  RowWeights,
} from "./curve/options.ts";
export type { ConstrainedCurveFit, CurveBand, CurveFit } from "./curve/result.ts";
export type { StopReason, StopRules } from "./minimize/stop.ts";
export { brentq } from "./implicit/brentq.ts";
export { linearSumAssignment } from "./discrete/assignment.ts";
export type { AssignmentOptions } from "./discrete/assignment.ts";
export { bSpline, cubicSpline } from "./curve/splines.ts";
export type { CubicSplineOptions, Curve } from "./curve/splines.ts";
export { quad } from "./implicit/quad.ts";
export type { QuadOptions } from "./implicit/quad.ts";
export type { BrentqOptions } from "./implicit/brentq.ts";
export { fixedPoint } from "./implicit/fixed-point.ts";
export type { FixedPointOptions } from "./implicit/fixed-point.ts";
export { root } from "./implicit/root.ts";
export type { RootOptions } from "./implicit/root.ts";
export { odeint } from "./ode/odeint.ts";
export type { OdeintOptions } from "./ode/odeint.ts";
export type { OdeMethodName } from "./ode/methods.ts";
export type { SolveOdeMethodName } from "./ode/solve-methods.ts";
export type { OdeReason, OdeStats } from "./ode/drive.ts";
export { solveOde, solveOdeAsync } from "./ode/solve-ode.ts";
export type { OdeEvent, OdeEventRecord, OdeProgress, OdeSolution, SolveOdeOptions } from "./ode/solve-ode.ts";

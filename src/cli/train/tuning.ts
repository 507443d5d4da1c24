import { dataset } from "../../training/data/index.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import type { GeneralOptimizer } from "../../numeric/optim/index.ts";
import { type Figure, tune, type TuneRound } from "../../training/train/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { camelCase, makeOptimizer } from "../shared/optimizers.ts";
import { optionError } from "../shared/words.ts";
import type { LearningProblem } from "./data.ts";
import { aroundStepper, type OptimizationMethod } from "./method.ts";
import type { TrainableNetwork } from "./model.ts";
import { type ProgressReporter, showLoss } from "./output.ts";
import type { TrainingSettings } from "./settings.ts";
import { trainingBatches } from "./training.ts";

const rounds = 40;
const digits = 3;
const judgedAtOnce = 64; // items

/** The result of tuning, and its path. */
export interface TuningReport {
  /** The method with the tuned hyper-parameters. */
  readonly method: OptimizationMethod;
  readonly path: readonly TuneRound<string>[];
  /** Summary in one line. */
  readonly conclusion: string;
}

/** The initial values of the hyper-parameters of `--tune`, by their names in the library. */
export type TunedValues = Readonly<Record<string, number>>;

/**
 * Reads the hyper-parameters that `--tune lr,momentum` names, with their values in a method; `undefined` without the
 * option.
 *
 * @throws DownhillError `option` for one that the optimiser does not have, or that has no initial number.
 */
export function readTuned(
  text: string | undefined,
  { optimizer, learningRate, momentum }: OptimizationMethod,
): TunedValues | undefined {
  if (text === undefined) return undefined;
  if (optimizer.name === "rprop" || optimizer.name === "lbfgs") {
    throw optionError(`--tune: ${optimizer.name} finds its step lengths itself; there is nothing to tune.`);
  }
  const values: Record<string, unknown> = {
    learningRate,
    ...(momentum === undefined ? {} : { momentum }),
    ...optimizer.options,
  };
  const start: Record<string, number> = {};
  for (const word of text.split(",").map((part) => part.trim())) {
    const name = word === "lr" ? "learningRate" : camelCase(word);
    const value = values[name];
    if (Object.hasOwn(start, name)) throw optionError(`--tune names ${word} twice.`);
    if (typeof value === "number" && Object.hasOwn(values, name)) {
      if (!(value > 0)) throw optionError(`--tune ${word}: it must start above 0, and is ${value}.`);
      start[name] = value;
      continue;
    }
    checkOption(optimizer.name, name);
    const near = didYouMean(name, Object.keys(values)).replace("learningRate", "lr");
    const repair =
      near === "" ? ` To start from a number, write --optimizer "${optimizer.name}(${name}=…)".` : near;
    throw optionError(`--tune: there is no number ${JSON.stringify(word)} to start from.${repair}`);
  }
  return start;
}

/** Refuses a hyper-parameter that the optimiser has no option for, with the error of the optimiser. */
function checkOption(optimizer: string, name: string): void {
  try {
    makeOptimizer({ name: optimizer, options: { [name]: 0.5 } });
  } catch (error) {
    // other errors reject this value of an existing option
    if (error instanceof DownhillError && error.message.includes("unknown option"))
      throw optionError(`--tune: ${error.message}`);
  }
}

/**
 * Descends on hyper-parameters by differentiating through training steps. The result is rounded to three digits, so
 * that a command can state it.
 *
 * @throws DownhillError `option` and `range` for hyper-parameters that cannot be tuned.
 */
export async function tuneMethod(
  start: TunedValues,
  problem: LearningProblem,
  model: TrainableNetwork,
  settings: TrainingSettings,
  output: ProgressReporter,
  signal: AbortSignal,
): Promise<TuningReport> {
  const { method, seed } = settings;
  const { validation } = problem;
  const { learningRate, momentum, optimizer } = method;
  const still = { ...optimizer.options, learningRate, ...(momentum === undefined ? {} : { momentum }) };
  const optimizerAt = (values: Readonly<Record<string, Tensor>>): GeneralOptimizer<unknown> =>
    aroundStepper(method, makeOptimizer({ name: optimizer.name, options: { ...still, ...values } }));
  const judges =
    validation === undefined
      ? {}
      : {
          validation: dataset({ x: validation.x, y: validation.y })
            .shuffle({ seed })
            .batch(Math.min(judgedAtOnce, validation.rows.length)),
        };
  const { hyperparameters, path, trial } = await tune({
    params: (restart: number) => model.startOf(restart),
    loss: model.loss,
    data: trainingBatches(problem, settings),
    ...judges,
    optimizer: optimizerAt,
    start,
    rounds,
    seed,
    signal,
    onRound: ({ round, hyperparameters: at, before, after, outcome }) =>
      output.tune({ round, rounds, hyperparameters: at, before, after, outcome }),
  });
  const found = Object.fromEntries(
    Object.entries(hyperparameters).map(([name, value]) => [name, Number(value.toPrecision(digits))]),
  );
  const conclusion = describeTuned(start, found, trial);
  output.tuned({ hyperparameters: found, trial }, `tuned: ${conclusion}`);
  const { learningRate: rate = learningRate, momentum: kept = momentum, ...options } = found;
  const tuned: OptimizationMethod = {
    ...method,
    optimizer: { ...optimizer, options: { ...optimizer.options, ...options } },
    learningRate: rate,
    momentum: kept,
  };
  return { method: tuned, path, conclusion };
}

/** Returns the path of the hyper-parameters as a table for the report, with every few rounds. */
export function tuningFigure({ path, conclusion }: TuningReport): Figure {
  const every = Math.ceil(path.length / 14);
  const shown = path.filter((_, i) => i % every === 0 || i === path.length - 1);
  const names = Object.keys(path[0]?.hyperparameters ?? {});
  return {
    kind: "table",
    title: "Tuning",
    caption: `The hyper-parameters during descent on the gradient through training steps, and the loss on items outside the training set, before and after the steps of a round. Result: ${conclusion}.`,
    head: ["round", ...names, "loss before", "after"],
    rows: shown.map(({ round, hyperparameters, before, after, outcome }) => [
      String(round),
      ...names.map((name) => String(Number(hyperparameters[name]!.toPrecision(digits)))),
      showLoss(before),
      outcome === "diverged" ? "diverged" : showLoss(after),
    ]),
  };
}

/** Describes the result of tuning, as in `learningRate 0.0001 → 0.123; loss of trial runs 2.3026 → 0.1100`. */
function describeTuned(
  start: TunedValues,
  found: TunedValues,
  trial: { start: number; tuned: number },
): string {
  if (trial.tuned === trial.start) return "nothing better than the initial values";
  const moves = Object.entries(found).map(([name, value]) => `${name} ${start[name]!} → ${value}`);
  const before = Number.isFinite(trial.start) ? showLoss(trial.start) : "diverged";
  return `${moves.join(", ")}; loss of trial runs ${before} → ${showLoss(trial.tuned)}`;
}

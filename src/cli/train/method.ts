import { DownhillError } from "../../engine/errors/index.ts";
import {
  adamw,
  chain,
  clipByGlobalNorm,
  type GeneralOptimizer,
  multiTransform,
  type ReduceOnPlateau,
  reduceOnPlateau,
} from "../../numeric/optim/index.ts";
import { readSchedule } from "../schedule/table.ts";
import { isNumber, readCall } from "../shared/call-text.ts";
import {
  camelCase,
  makeOptimizer,
  type OptimizerChoice,
  type OptimizerOptions,
  readChoice,
  resolveAlias,
} from "../shared/optimizers.ts";
import { factsOf, listOptimizers } from "../shared/optimizer-table.ts";
import { optionError, quote, readNumber } from "../shared/words.ts";
import { defaultMomentum, defaultRate, type SourceKind } from "./defaults.ts";
import type { TrainRequest } from "./options.ts";

/** The optimisation method of a run: optimiser, rate, schedule and clipping. */
export interface OptimizationMethod {
  /** Name and options of the optimiser, without learning rate and momentum. */
  readonly optimizer: OptimizerChoice;
  /**
   * The learning rate of the first step, or the highest rate of a schedule that rises. Schedules with rates of their
   * own ignore it.
   */
  readonly learningRate: number;
  /**
   * Momentum as given by the user, else the default of the command (0.9 for sgd). `undefined` if there is neither; the
   * optimiser then uses its own.
   */
  readonly momentum: number | undefined;
  /** True if the user gave the learning rate. `isMomentumGiven` is true if the user gave the momentum. */
  readonly isRateGiven: boolean;
  readonly isMomentumGiven: boolean;
  /** Schedules as texts. They are parsed when the number of steps is known. */
  readonly schedule: string | undefined;
  readonly plateau: string | undefined;
  /** Maximum norm of a gradient; `undefined` if gradients are not clipped. */
  readonly clip: number | undefined;
}

/** Length of a run in steps. */
export interface RunLength {
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

/** A run length for checking the texts of schedules before the real length is known. */
const someLength: RunLength = { steps: 1000, stepsPerEpoch: 10 };

/**
 * Reads the optimisation method, with the defaults for the kind of data.
 *
 * @throws DownhillError `option` and `range`, with the option and its valid values.
 */
export function readMethod(request: TrainRequest, kind: SourceKind): OptimizationMethod {
  const written = readCall("--optimizer", request.optimizer ?? "sgd");
  const call = resolveAlias(written);
  const [rates, rest] = partition(call.options, (name) =>
    ["lr", "learningRate", "learning-rate"].includes(name),
  );
  const [momenta, options] = partition(rest, (name) => name === "momentum");
  const optimizer = readChoice(callText(call.name, options), {
    what: "--optimizer",
    steps: someLength.steps,
  });
  const { name } = optimizer;
  const inside = only("learningRate", rates, name);
  const isSchedule = inside !== undefined && !isNumber(inside);
  const lr = oneOf("--lr", request.lr, `learningRate in --optimizer`, isSchedule ? undefined : inside);
  const schedule = oneOf(
    "--schedule",
    request.schedule,
    "a schedule in --optimizer",
    isSchedule ? inside : undefined,
  );
  const momentum = oneOf(
    "--momentum",
    request.momentum,
    "momentum in --optimizer",
    // --momentum overrides the preset of an alias
    request.momentum !== undefined && !written.options.has("momentum")
      ? undefined
      : only("momentum", momenta, name),
  );
  if (momentum !== undefined && factsOf(name).momentum !== "momentum") throw noMomentum(name);
  const method: OptimizationMethod = {
    optimizer,
    learningRate: lr === undefined ? defaultRate(name, kind) : readNumber("--lr", lr, { from: 0 }),
    momentum:
      momentum === undefined ? defaultMomentum(name) : readNumber("--momentum", momentum, { from: 0, to: 1 }),
    isRateGiven: lr !== undefined,
    isMomentumGiven: momentum !== undefined,
    schedule,
    plateau: request.plateau,
    clip:
      request.clip === undefined ? undefined : readNumber("--clip", request.clip, { from: 0, above: true }),
  };
  if (method.clip !== undefined && factsOf(name).searchesLine === true) {
    throw optionError(`--clip does not go with ${name}, which evaluates the loss along whole gradients.`);
  }
  stepperOf(method, someLength); // throws for contradictory options
  plateauOf(method);
  return method;
}

/** Makes the optimiser of a method without clipping. Its learning rate and other options may follow schedules. */
function stepperOf(method: OptimizationMethod, length: RunLength): GeneralOptimizer<unknown> {
  return makeOptimizer({ name: method.optimizer.name, options: optionsOf(method, length) });
}

/**
 * Makes the optimiser of a run. `muon` is for matrices; vectors use `adamw` at the same rate.
 *
 * @throws DownhillError `option` and `range` from schedules and options.
 */
export function optimizerOf(method: OptimizationMethod, length: RunLength): GeneralOptimizer<unknown> {
  return aroundStepper(method, stepperOf(method, length));
}

/**
 * Adds to an optimiser what the method requires around it: another optimiser for vectors, and clipping of gradients.
 */
export function aroundStepper(
  { optimizer, clip }: OptimizationMethod,
  stepper: GeneralOptimizer<unknown>,
): GeneralOptimizer<unknown> {
  const all = optimizer.name === "muon" ? matricesBy(stepper) : stepper;
  return clip === undefined ? all : chain(clipByGlobalNorm(clip), all);
}

/** Uses an optimiser for the weights of layers and `adamw` for the rest. */
function matricesBy(optimizer: GeneralOptimizer<unknown>): GeneralOptimizer<unknown> {
  const { learningRate } = optimizer;
  const rest = adamw(learningRate === undefined ? {} : { learningRate });
  const groups = multiTransform({ matrices: optimizer, rest }, (_, x) =>
    x.ndim === 2 ? "matrices" : "rest",
  );
  const all = groups as GeneralOptimizer<unknown>;
  return learningRate === undefined ? all : { ...all, learningRate };
}

/** Makes the rule that lowers the learning rate when the loss no longer improves; `undefined` if none was requested. */
export function plateauOf({ plateau }: OptimizationMethod): ReduceOnPlateau | undefined {
  if (plateau === undefined) return undefined;
  const text = isNumber(plateau)
    ? `patience=${plateau}`
    : plateau
        .trim()
        .split(/[\s,]+/)
        .join(",");
  const { options } = readCall("--plateau", `plateau(${text})`);
  const read = [...options].map(([name, value]) => [
    camelCase(name),
    isNumber(value) ? Number(value) : value,
  ]);
  try {
    return reduceOnPlateau(Object.fromEntries(read) as object);
  } catch (error) {
    if (!(error instanceof DownhillError)) throw error;
    throw optionError(error.message.replace(/^reduceOnPlateau/, "--plateau"));
  }
}

/** Returns the options of the optimiser, including learning rate and momentum, which may follow the schedule. */
function optionsOf(method: OptimizationMethod, { steps, stepsPerEpoch }: RunLength): OptimizerOptions {
  const { optimizer, learningRate, momentum, schedule, isRateGiven, isMomentumGiven } = method;
  const moved = factsOf(optimizer.name).momentum;
  const still = { ...optimizer.options, ...(momentum === undefined ? {} : { momentum }) };
  if (schedule === undefined) return { ...still, learningRate };
  let isUsed = false;
  const made = readSchedule(schedule, {
    what: "--schedule",
    steps,
    stepsPerEpoch,
    rate() {
      isUsed = true;
      return learningRate;
    },
  });
  if (isRateGiven && !isUsed) {
    throw optionError(
      `--lr ${learningRate} is not used: the schedule ${quote(schedule)} sets its own rates.`,
    );
  }
  const isMoved =
    made.momentum !== undefined &&
    moved !== undefined &&
    !isMomentumGiven &&
    !Object.hasOwn(optimizer.options, moved) &&
    !(moved === "momentum" && momentum === undefined);
  return { ...still, learningRate: made.rate, ...(isMoved ? { [moved]: made.momentum.rate } : {}) };
}

/** Returns the words of a command line that reproduce the method, independent of defaults. */
export function methodWords(method: OptimizationMethod): string[] {
  const { optimizer, learningRate, momentum, schedule, plateau, clip } = method;
  const options = new Map(Object.entries(optimizer.options).map(([name, value]) => [name, showValue(value)]));
  // a learning rate that the schedule does not use would be refused
  const hasRate = schedule === undefined || usesRate(method);
  return [
    "--optimizer",
    callText(optimizer.name, options),
    ...(hasRate ? ["--lr", String(learningRate)] : []),
    ...(momentum === undefined || (schedule !== undefined && !method.isMomentumGiven)
      ? []
      : ["--momentum", String(momentum)]),
    ...(schedule === undefined ? [] : ["--schedule", schedule]),
    ...(plateau === undefined ? [] : ["--plateau", plateau]),
    ...(clip === undefined ? [] : ["--clip", String(clip)]),
  ];
}

/** True if the schedule of a method uses its learning rate, instead of setting all rates itself. */
function usesRate(method: OptimizationMethod): boolean {
  try {
    optionsOf({ ...method, isRateGiven: true }, someLength);
    return true;
  } catch {
    return false;
  }
}

function noMomentum(name: string): Error {
  const has = factsOf(name).momentum;
  const instead =
    has === "beta1" ? `${name} has beta1: write --optimizer "${name}(beta1=0.8)".` : `${name} has none.`;
  const names = listOptimizers((facts) => facts.momentum === "momentum");
  return optionError(`--momentum is for ${names}: ${instead}`);
}

function callText(name: string, options: ReadonlyMap<string, string>): string {
  if (options.size === 0) return name;
  return `${name}(${[...options].map(([key, value]) => `${key}=${value}`).join(", ")})`;
}

function showValue(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(",")}]` : String(value);
}

function partition(
  options: ReadonlyMap<string, string>,
  isFirst: (name: string) => boolean,
): [Map<string, string>, Map<string, string>] {
  const [first, second] = [new Map<string, string>(), new Map<string, string>()];
  for (const [name, value] of options) (isFirst(name) ? first : second).set(name, value);
  return [first, second];
}

function only(name: string, options: ReadonlyMap<string, string>, owner: string): string | undefined {
  if (options.size > 1) throw optionError(`--optimizer: ${owner} has ${name} twice.`);
  return [...options.values()][0];
}

function oneOf(
  name: string,
  first: string | undefined,
  otherName: string,
  second: string | undefined,
): string | undefined {
  if (first !== undefined && second !== undefined) {
    throw optionError(`${name} and ${otherName} set the same option. Give one of them.`);
  }
  return first ?? second;
}

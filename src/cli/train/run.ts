import { DownhillError } from "../../engine/errors/index.ts";
import { checkpointFolder, type CheckpointStore, type Stretch } from "../../training/train/index.ts";
import { onInterrupt } from "../shared/interrupt.ts";
import { paintFor } from "../shared/style.ts";
import type { Terminal } from "../shared/terminal.ts";
import { counted, optionError } from "../shared/words.ts";
import {
  checkFolder,
  checkOutput,
  type OutputFile,
  type OutputFolder,
  refuseSameOutputs,
  writeOutput,
} from "../shared/write-file.ts";
import { loadProblem, type LearningProblem } from "./data.ts";
import { kindOf } from "./defaults.ts";
import { keepTest, type EpochTest } from "./kept-tests.ts";
import { formerLearnt, keepLearnt } from "./learnt.ts";
import { optimizerOf } from "./method.ts";
import { makeModel, type TrainableNetwork } from "./model.ts";
import type { TrainRequest } from "./options.ts";
import { makeOutput, showLoss, silentOutput } from "./output.ts";
import { fromFirst, launchRanks, openRanks, withoutFiles } from "./ranks.ts";
import { testModel } from "./result.ts";
import { changedSettings, keepStretches, repetitionOf } from "./run-history.ts";
import { saveNetwork } from "./save.ts";
import {
  commandOf,
  commandWords,
  flatSettings,
  lowerRate,
  type OutputSettings,
  readPlaces,
  readRanks,
  readSettings,
  type TrainingSettings,
} from "./settings.ts";
import { filesOfSource, readSource } from "./source.ts";
import { adviseOn, describeOutcome, describeStart, outcomeOf } from "./text.ts";
import { lengthOf, type TrainingRun, runTraining } from "./training.ts";
import { readTuned, tuneMethod, type TuningReport } from "./tuning.ts";

/**
 * Trains a network, prints its progress and writes the report. The exit code reports an interrupting signal. Several
 * ranks are started as separate processes, which all call this function; only the first prints and writes.
 *
 * @param config the file with the options
 */
export async function train(
  request: TrainRequest,
  { stdout, stderr }: Terminal,
  config?: string,
): Promise<number> {
  const { world, asked } = await openRanks(request);
  const isFirst = world === undefined || world.rank === 0;
  const source = readSource(asked);
  const given = readSettings(asked, kindOf(source));
  const places = isFirst ? readPlaces(asked) : withoutFiles(readPlaces(asked));
  const tuned = readTuned(asked.tune, given.method);
  const ranks = readRanks(asked);
  const outputs = isFirst ? checkPlaces(places, [config, ...filesOfSource(source)]) : undefined;
  if (world === undefined && ranks > 1) {
    // errors that one process can detect are reported once, before several start
    await refuseOldRun(places);
    await loadProblem(source, given.seed, given.validation);
    return launchRanks(ranks, asked);
  }
  const output = isFirst ? makeOutput(asked.json, stdout) : silentOutput;
  const interruption = onInterrupt(() => {
    output.clear();
    if (isFirst) stderr.write("Stopping after this step; Ctrl-C again quits at once.\n");
  });
  let folder: LockedFolder | undefined;
  try {
    await refuseOldRun(places);
    const former =
      places.resume && places.checkpoint !== undefined ? formerLearnt(places.checkpoint) : undefined;
    const learnt = fromFirst(world, former);
    const problem = await loadProblem(source, given.seed, given.validation, learnt);
    const model = makeModel(problem, given.hidden, given.seed);
    optimizerOf(given.method, lengthOf(problem, given)); // throws if the schedule does not suit a run of this length
    if (places.checkpoint !== undefined) folder = await holdFolder(places.checkpoint);
    let settings = given;
    output.start(
      { command: commandOf(source, given), ...aboutOf(problem, model), ...flatSettings(given) },
      describeStart(problem, model, given),
    );
    let tuning: TuningReport | undefined;
    if (tuned !== undefined) {
      tuning = await tuneMethod(tuned, problem, model, given, output, interruption.signal);
      settings = { ...given, method: tuning.method };
    }
    const words = commandWords(source, settings);
    const begin = async (stretches: readonly Stretch[]): Promise<void> => {
      if (outputs?.checkpoint === undefined) return;
      for (const change of changedSettings(outputs.checkpoint, stretches)) output.note(change);
      await keepStretches(outputs.checkpoint, stretches);
      if (learnt === undefined) await keepLearnt(outputs.checkpoint, problem);
    };
    const keep = async (test: EpochTest): Promise<void> => {
      if (outputs?.checkpoint !== undefined) await keepTest(outputs.checkpoint, test);
    };
    const saving = { store: folder?.store, words, begin, keepTest: keep };
    const { signal } = interruption;
    const training = runTraining(problem, model, settings, places, saving, output, signal, world);
    if (outputs === undefined) {
      // rank 0 reports errors of any rank
      return await training.then(
        () => 0,
        () => 1,
      );
    }
    const run = await training;
    const repetition = repetitionOf(words, run.end, places.checkpoint);
    const result = testModel(problem, model, run.params);
    const { makeReport } = await import("./report.ts");
    const lower = lowerRate(settings, kindOf(source));
    const advice = adviseOn(run, settings, lower);
    await writeOutput(
      outputs.report,
      makeReport({ problem, model, settings, tuning, repetition, advice, run, result }),
    );
    if (outputs.save !== undefined)
      await saveNetwork(outputs.save, run.params, problem, model, repetition.commands);
    const outcome = outcomeOf(run, result, settings.seed, repetition.commands, places);
    output.done(outcome, describeOutcome(outcome, problem, result, advice, paintFor(stdout)));
    if (run.stopped === "diverged") throw diverged(run, settings, lower);
    return interruption.exitCode() ?? 0;
  } finally {
    output.clear();
    await folder?.release();
    interruption.dispose();
  }
}

/** Checked paths of the output files, which the first rank writes. */
interface CheckedOutputs {
  readonly report: OutputFile;
  readonly save: OutputFile | undefined;
  readonly checkpoint: OutputFolder | undefined;
}

/**
 * Checks the paths of all output files before any work is done.
 *
 * @throws DownhillError as `checkOutput`, for each path and if two are equal.
 */
function checkPlaces(places: OutputSettings, inputs: readonly (string | undefined)[]): CheckedOutputs {
  const { report, save, checkpoint, tensorboard } = places;
  refuseSameOutputs({ "--out": report, "--save": save }, checkpoint);
  if (tensorboard !== undefined) checkFolder(tensorboard, []); // event files have unique new names
  return {
    report: checkOutput(report, inputs),
    save: save === undefined ? undefined : checkOutput(save, inputs),
    checkpoint: checkpoint === undefined ? undefined : checkFolder(checkpoint, inputs),
  };
}

interface LockedFolder {
  readonly store: CheckpointStore;
  readonly release: () => Promise<void>;
}

/** Locks the folder of checkpoints for this run, from before the tuning until the report is written. */
async function holdFolder(path: string): Promise<LockedFolder> {
  const { lock, ...store } = checkpointFolder(path);
  return { store, release: (await lock?.()) ?? (async () => {}) };
}

/**
 * Checks that the folder contains no earlier run, unless the run resumes.
 *
 * @throws DownhillError `option` for a folder that already holds a run, unless it is resumed.
 */
async function refuseOldRun({ checkpoint: folder, resume }: OutputSettings): Promise<void> {
  if (folder === undefined || resume) return;
  const { checkpoint } = await checkpointFolder(folder).load();
  if (checkpoint === undefined) return;
  throw optionError(
    `--checkpoint ${folder} holds a run of ${counted(checkpoint.step, "step")}. Continue it with --resume, or name another folder.`,
  );
}

function aboutOf(
  { title, task, train: { rows }, validation, test }: LearningProblem,
  { sizes }: TrainableNetwork,
): object {
  return {
    data: title,
    task: task.kind,
    ...(task.kind === "classification" ? { classes: task.classes } : { target: task.target }),
    trainItems: rows.length,
    ...(validation === undefined ? {} : { validationItems: validation.rows.length }),
    testItems: test.rows.length,
    network: sizes,
  };
}

function diverged(
  { steps, epochs, error, test }: TrainingRun,
  { method }: TrainingSettings,
  lower: number,
): DownhillError {
  const rate = `Lower the learning rate: it is ${method.learningRate}, try --lr ${lower}.`;
  if (error?.code === "diverged") {
    const last = epochs.at(-1)?.epoch.loss ?? test.loss;
    return new DownhillError(
      "diverged",
      `training diverged: after epoch ${epochs.length} the loss is ${showLoss(last)}, far above its first value, and does not fall. ${rate} --divergence off disables this check.`,
    );
  }
  const [, operation, what, value] =
    /^([^:]+): its (\w+) became (\S+)/.exec(error?.cause instanceof Error ? error.cause.message : "") ?? [];
  const origin = operation === undefined ? "" : ` It began in ${operation}, whose ${what} became ${value}.`;
  return new DownhillError(
    "nan",
    `training diverged: loss or step are not finite at step ${steps + 1}, in epoch ${epochs.length + 1}. ${rate}${origin}`,
  );
}

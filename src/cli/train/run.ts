import { DownhillError } from "../../errors/index.ts";
import { checkpointFolder } from "../../train/index.ts";
import { onInterrupt } from "../shared/interrupt.ts";
import { paintFor } from "../shared/style.ts";
import { optionError } from "../shared/words.ts";
import { checkFolder, checkOutput, writeOutput } from "../shared/write-file.ts";
import { loadProblem, type Problem } from "./data.ts";
import { kindOf } from "./defaults.ts";
import { changedSettings, keepSettings } from "./former-settings.ts";
import { formerLearnt, keepLearnt } from "./learnt.ts";
import { optimizerOf } from "./method.ts";
import { makeModel, type Model } from "./model.ts";
import { makeOutput, showLoss } from "./output.ts";
import { testModel } from "./result.ts";
import { saveNetwork } from "./save.ts";
import {
  commandOf,
  lowerRate,
  type Places,
  readPlaces,
  readSettings,
  type Settings,
  type TrainRequest,
} from "./settings.ts";
import { readSource } from "./source.ts";
import { adviseOn, describeOutcome, describeStart, outcomeOf } from "./text.ts";
import { lengthOf, type Run, runTraining } from "./training.ts";
import { readTuned, tuneMethod, type Tuning } from "./tuning.ts";

/** Trains, tells of it, and writes the report; sets the exit code of the process. */
export async function train(request: TrainRequest): Promise<void> {
  const source = readSource(request);
  const given = readSettings(request, kindOf(source));
  const places = readPlaces(request);
  const tuned = readTuned(request.tune, given.method);
  for (const file of [places.report, places.save]) if (file !== undefined) checkOutput(file);
  if (places.checkpoint !== undefined) checkFolder(places.checkpoint);
  const output = makeOutput(request.json);
  const interruption = onInterrupt(() => {
    output.clear();
    process.stderr.write("Stopping after this step; Ctrl-C again quits at once.\n");
  });
  try {
    await refuseOldRun(places);
    const learnt =
      places.resume && places.checkpoint !== undefined ? formerLearnt(places.checkpoint) : undefined;
    const problem = await loadProblem(source, given.seed, given.validation, learnt);
    const model = makeModel(problem, given.hidden, given.seed);
    optimizerOf(given.method, lengthOf(problem, given)); // refuses what does not suit a run of this length
    let settings = given;
    output.start(
      { command: commandOf(source, given), ...aboutOf(problem, model), ...settingsOf(given) },
      describeStart(problem, model, given),
    );
    let tuning: Tuning | undefined;
    if (tuned !== undefined) {
      tuning = await tuneMethod(tuned, problem, model, given, output, interruption.signal);
      settings = { ...given, method: tuning.method };
    }
    if (places.checkpoint !== undefined) {
      const flat = settingsOf(settings);
      if (places.resume) for (const change of changedSettings(places.checkpoint, flat)) output.note(change);
      await keepSettings(places.checkpoint, flat);
      if (learnt === undefined) await keepLearnt(places.checkpoint, problem);
    }
    const command = commandOf(source, settings);
    const run = await runTraining(problem, model, settings, places, output, interruption.signal);
    const result = testModel(problem, model, run.params);
    const { makeReport } = await import("./report.ts");
    const lower = lowerRate(settings, kindOf(source));
    const advice = adviseOn(run, settings, lower);
    await writeOutput(
      places.report,
      makeReport({ problem, model, settings, tuning, command, advice, run, result }),
    );
    if (places.save !== undefined) await saveNetwork(places.save, run.params, problem, model, command);
    const outcome = outcomeOf(run, result, settings.seed, places);
    output.done(outcome, describeOutcome(outcome, problem, result, advice, paintFor(process.stdout)));
    const code = interruption.exitCode();
    if (code !== undefined) process.exitCode = code;
    if (run.stopped === "diverged") throw diverged(run, settings, lower);
  } finally {
    output.clear();
    interruption.dispose();
  }
}

/** @throws DownhillError `option` for a folder that holds a run already, unless that is to go on. */
async function refuseOldRun({ checkpoint: folder, resume }: Places): Promise<void> {
  if (folder === undefined || resume) return;
  const { checkpoint } = await checkpointFolder(folder).load();
  if (checkpoint === undefined) return;
  throw optionError(
    `--checkpoint ${folder} holds a run of ${checkpoint.step} steps. Go on with it by --resume, or name another folder.`,
  );
}

function aboutOf({ title, task, train: { rows }, validation, test }: Problem, { sizes }: Model): object {
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

/** The settings as one flat object, for programs. */
function settingsOf({ method, ...rest }: Settings): Readonly<Record<string, unknown>> {
  const { optimizer, learningRate, momentum, schedule, plateau, clip } = method;
  const { options } = optimizer;
  return {
    optimizer: optimizer.name,
    ...(Object.keys(options).length === 0 ? {} : { options }),
    learningRate,
    momentum,
    schedule,
    plateau,
    clip,
    ...rest,
  };
}

function diverged({ steps, epochs, error, test }: Run, { method }: Settings, lower: number): DownhillError {
  const rate = `Lower the learning rate: it is ${method.learningRate}, try --lr ${lower}.`;
  if (error?.code === "diverged") {
    const last = epochs.at(-1)?.epoch.loss ?? test.loss;
    return new DownhillError(
      "diverged",
      `training diverged: after epoch ${epochs.length} the loss is ${showLoss(last)}, far above what it began with, and does not come down. ${rate} --divergence off goes on.`,
    );
  }
  const [, operation, what, value] =
    /^(\w+): its (\w+) became (\S+)/.exec(error?.cause instanceof Error ? error.cause.message : "") ?? [];
  const origin = operation === undefined ? "" : ` It began in ${operation}, whose ${what} became ${value}.`;
  return new DownhillError(
    "nan",
    `training diverged: loss or step are not finite at step ${steps + 1}, in epoch ${epochs.length + 1}. ${rate}${origin}`,
  );
}

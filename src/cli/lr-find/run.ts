import type { MlpParams } from "../../numeric/nn/index.ts";
import type { GeneralOptimizer, Schedule } from "../../numeric/optim/index.ts";
import { type LrRange, lrRangeTest } from "../../training/train/index.ts";
import { onInterrupt } from "../shared/interrupt.ts";
import { makeOptimizer } from "../shared/optimizers.ts";
import { pictureFormatter } from "../shared/picture/formatter.ts";
import { columnsOf, paintFor } from "../shared/style.ts";
import type { Terminal } from "../shared/terminal.ts";
import { optionError, quote, readCount, readNumber } from "../shared/words.ts";
import { checkOutput, writeOutput } from "../shared/write-file.ts";
import { loadProblem, type LearningProblem } from "../train/data.ts";
import { kindOf } from "../train/defaults.ts";
import { aroundStepper, type OptimizationMethod, methodWords } from "../train/method.ts";
import { type Batch, makeModel, type TrainableNetwork } from "../train/model.ts";
import { optionsWhere, trainRequest } from "../train/options.ts";
import { readSettings, type TrainingSettings } from "../train/settings.ts";
import { filesOfSource, readSource, type DataSource, sourceWords } from "../train/source.ts";
import { networkInWords } from "../train/text.ts";
import { trainingBatches } from "../train/training.ts";
import type { FindRequest } from "./command.ts";
import type { RangeTestReport } from "./found.ts";
import { rangeProgram } from "./program.ts";
import { rangePage, rangePicture } from "./page.ts";
import { showRange } from "./text.ts";

/** Runs the test and writes the requested output. The exit code reports an interrupting signal. */
export async function findRates(request: FindRequest, { stdout, stderr }: Terminal): Promise<number> {
  const { json, out: named } = request;
  const draw =
    named === undefined
      ? undefined
      : await pictureFormatter("--out", named, { picture: rangePicture, page: rangePage });
  const shared = new Set<string>(optionsWhere(({ lrFind }) => lrFind !== undefined));
  const asked = trainRequest(
    Object.fromEntries(Object.entries(request).filter(([name]) => shared.has(name))),
  );
  const source = readSource(asked);
  const out = named === undefined ? undefined : checkOutput(named, filesOfSource(source));
  const settings = readSettings(asked, kindOf(source));
  refuseRate(settings.method);
  const range = readRange(request);
  const interruption = onInterrupt(() => {
    stderr.write("Stopping after this step; Ctrl-C again quits at once.\n");
  });
  try {
    const problem = await loadProblem(source, settings.seed);
    const model = makeModel(problem, settings.hidden, settings.seed);
    const { method, seed } = settings;
    const found: RangeTestReport = {
      range: await lrRangeTest<MlpParams, unknown, Batch>({
        params: model.start,
        loss: model.loss,
        data: trainingBatches(problem, settings),
        optimizer: (rate) => optimizerWith(method, rate),
        seed,
        signal: interruption.signal,
        ...range,
      }),
      isLinear: request.linear,
      about: aboutOf(problem, model, settings),
      next: undefined,
      program: rangeProgram(source, problem, model, settings, range),
    };
    const shown = { ...found, next: nextCommand(source, settings, found.range) };
    if (out !== undefined && draw !== undefined) await writeOutput(out, await draw(shown));
    if (json) stdout.write(`${JSON.stringify(asJson(shown, settings))}\n`);
    else {
      stdout.write(showRange(shown, paintFor(stdout), columnsOf(stdout)));
      if (out !== undefined) stdout.write(`\npicture: ${out}\n`);
    }
    return interruption.exitCode() ?? 0;
  } finally {
    interruption.dispose();
  }
}

function optimizerWith(method: OptimizationMethod, learningRate: Schedule): GeneralOptimizer<unknown> {
  const { optimizer, momentum } = method;
  const options = { ...optimizer.options, ...(momentum === undefined ? {} : { momentum }), learningRate };
  return aroundStepper(method, makeOptimizer({ name: optimizer.name, options }));
}

function refuseRate({ optimizer, isRateGiven, schedule }: OptimizationMethod): void {
  if (isRateGiven || schedule !== undefined) {
    throw optionError("--optimizer: the learning rate is what the test varies; set --from and --to.");
  }
  if (optimizer.name === "lbfgs" || optimizer.name === "rprop") {
    throw optionError(
      `--optimizer: ${optimizer.name} finds its step lengths itself; there is no rate to find.`,
    );
  }
}

type RangeTestSettings = Partial<Record<"from" | "to" | "steps" | "smoothing" | "divergence", number>> & {
  readonly shape: "linear" | "exponential";
};

function readRange(request: FindRequest): RangeTestSettings {
  const read = <T>(
    name: "from" | "to" | "steps" | "smoothing" | "divergence",
    reader: (name: string, text: string) => T,
  ): Record<string, T> => {
    const text = request[name];
    return text === undefined ? {} : { [name]: reader(`--${name}`, text) };
  };
  const positive = (name: string, text: string): number => readNumber(name, text, { from: 0, above: true });
  const range: RangeTestSettings = {
    ...read("from", positive),
    ...read("to", positive),
    ...read("steps", readCount),
    ...read("smoothing", (name, text) => (text === "0" ? 0 : readCount(name, text))),
    ...read("divergence", (name, text) => readNumber(name, text, { from: 1, above: true })),
    shape: request.linear ? "linear" : "exponential",
  };
  const { from = 1e-6, to = 10, steps = 100 } = range;
  if (!(to > from)) throw optionError(`--to must be above --from, ${from}; got ${to}.`);
  if (steps < 10) throw optionError(`--steps must be 10 or more, got ${steps}.`);
  return range;
}

function aboutOf(
  { title, train }: LearningProblem,
  { sizes }: TrainableNetwork,
  { method, batch }: TrainingSettings,
): string {
  const { optimizer, momentum } = method;
  const options = [
    ...(momentum === undefined || momentum === 0 ? [] : [`momentum ${momentum}`]),
    ...Object.entries(optimizer.options).map(([name, value]) => `${name} ${String(value)}`),
  ];
  const items = batch === "full" ? "all items per step" : `batches of ${batch}`;
  const name = `${optimizer.name}${options.length === 0 ? "" : ` with ${options.join(", ")}`}`;
  return `${title}, ${train.rows.length.toLocaleString("en")} items; network ${networkInWords(sizes)}; ${name}, ${items}`;
}

/**
 * Returns the suggested command, which trains with a rate that cycles between the rates found; `undefined` if none were
 * found.
 */
function nextCommand(
  source: DataSource,
  { method }: TrainingSettings,
  { suggestion }: LrRange,
): string | undefined {
  if (suggestion === null) return undefined;
  const schedule = `cyclic base=${Number(suggestion.base.toPrecision(2))} max=${Number(suggestion.max.toPrecision(2))}`;
  const words = ["downhill", "train", ...sourceWords(source), ...methodWords({ ...method, schedule })];
  return words.map(quote).join(" ");
}

function asJson({ range, next, about }: RangeTestReport, { method, seed }: TrainingSettings): object {
  const { stopped, suggestion, best, rates, losses, smoothed } = range;
  return {
    about,
    optimizer: method.optimizer.name,
    seed,
    stopped,
    suggestion,
    best,
    next,
    rates,
    losses,
    smoothed,
  };
}

import { type Figure, rateDrops, trainingReport } from "../../training/train/index.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { isNumber } from "../shared/call-text.ts";
import { counted } from "../shared/words.ts";
import { augmentationWords } from "./augmentation.ts";
import type { LearningProblem } from "./data.ts";
import type { TrainableNetwork } from "./model.ts";
import { duration, percent, showLoss } from "./output.ts";
import type { Repetition } from "./run-history.ts";
import { classScores, type ClassifiedItem, type TestResult } from "./result.ts";
import type { TrainingSettings } from "./settings.ts";
import { networkInWords } from "./text.ts";
import type { TrainingRun, StepRecord } from "./training.ts";
import { type TuningReport, tuningFigure } from "./tuning.ts";

/** The data from which the report of a run is made. */
export interface ReportSource {
  readonly problem: LearningProblem;
  readonly model: TrainableNetwork;
  readonly settings: TrainingSettings;
  /** The tuning of the hyper-parameters, if any. */
  readonly tuning: TuningReport | undefined;
  /** Commands that reproduce the run. */
  readonly repetition: Repetition;
  /** Advice for the user. */
  readonly advice: readonly string[];
  readonly run: TrainingRun;
  readonly result: TestResult;
}

const mostImages = 40;
const mostRows = 20;
const mostClasses = 30; // limit of the table of classes

/** Makes the HTML report of a run. */
export function makeReport(source: ReportSource): string {
  const { problem, model, tuning, repetition, run, advice } = source;
  return trainingReport({
    title: problem.title,
    subtitle: `A network of ${networkInWords(model.sizes)} trained on ${counted(problem.train.rows.length, "item")}, tested on ${count(problem.test.rows.length)} it never saw`,
    results: results(source),
    notes: [...stops(run), ...advice, ...repetition.notes, ...problem.notes],
    figures: [
      ...curves(source),
      ...lossBySteps(run),
      ...judgements(source),
      ...layers(source),
      ...(tuning === undefined ? [] : [tuningFigure(tuning)]),
      graph(source),
    ],
    settings: [...settingsOf(source), ...repetition.former],
    ...(repetition.commands.length === 0 ? {} : { command: repetition.commands }),
    provenance: problem.provenance,
  });
}

function results({
  problem,
  run,
  result,
  settings,
}: ReportSource): { name: string; value: string; note?: string }[] {
  const n = problem.test.rows.length;
  const first =
    result.kind === "classification"
      ? {
          name: "Test accuracy",
          value: percent(result.accuracy),
          note: `${n - result.mistakes.length} of ${n} right`,
        }
      : {
          name: "Test R²",
          value: result.r2.toFixed(4),
          note: `root mean squared error ${Number(result.rmse.toPrecision(4))}`,
        };
  const last = run.epochs.at(-1)?.epoch;
  return [
    first,
    { name: "Test loss", value: showLoss(run.test.loss) },
    ...(run.best === undefined
      ? []
      : [
          {
            name: "Validation loss",
            value: showLoss(run.best.value),
            note: `best, in epoch ${run.best.epoch}`,
          },
        ]),
    ...(last === undefined ? [] : [{ name: "Training loss", value: showLoss(last.loss) }]),
    {
      name: "Epochs",
      value: `${run.epochs.length}${run.epochs.length < settings.epochs ? ` of ${settings.epochs}` : ""}`,
    },
    { name: "Training time", value: duration(run.seconds), ...waitOf(run) },
  ];
}

/** Returns, as a note, the fraction of the time spent waiting for data. Empty if it is at most 5 %. */
function waitOf({ time: { data, compute } }: TrainingRun): { note?: string } {
  const share = data / (data + compute);
  return share > 0.05 ? { note: `${percent(share)} of it waiting for data` } : {};
}

function stops({ stopped, steps, epochs, error }: TrainingRun): string[] {
  switch (stopped) {
    case "finished":
      return [];
    case "aborted":
      return [
        `The run was stopped after ${counted(steps, "step")}, in epoch ${epochs.length + 1}. The results are those of the parameters at that point.`,
      ];
    case "early-stopping":
      return [
        `The run was stopped after ${counted(epochs.length, "epoch")}, because the validation loss stopped improving.`,
      ];
    case "diverged":
      if (error?.code === "diverged") {
        return [
          `The run diverged and was stopped after ${counted(epochs.length, "epoch")}: the loss is far above its first value and does not fall. Use a lower learning rate.`,
        ];
      }
      return [
        `The run diverged: loss or step were not finite at step ${count(steps + 1)}, in epoch ${epochs.length + 1}. The results are those of the parameters before it. Use a lower learning rate.`,
      ];
    default:
      return stopped satisfies never;
  }
}

function curves({ run, result }: ReportSource): Figure[] {
  const { epochs } = run;
  if (epochs.length < 2) return []; // a single value is not a curve
  const hasValidation = epochs.some(({ epoch }) => epoch.validation !== undefined);
  const watched =
    "Training: mean over the epoch, while the network learns. " +
    (hasValidation ? "Validation: items held out for decisions. " : "") +
    "Test: the held-out part after each epoch, which affects no decision.";
  const gap = Number.NaN;
  const marks = rateDrops(epochs.map(({ epoch }) => epoch));
  const across = marks.length === 0 ? "" : " Dashed: where the learning rate was lowered.";
  const lossOfTest = epochs.map(({ test }) => test?.loss ?? gap);
  const accuracyOfTest = epochs.map(({ test }) => test?.metrics["accuracy"] ?? gap);
  const isClassification = result.kind === "classification";
  const loss: Figure = {
    kind: "lines",
    title: isClassification ? "Loss (cross-entropy)" : "Loss (mean squared error)",
    caption: watched + across + (isClassification ? "" : " In squared standard deviations of the target."),
    series: [
      { name: "training", values: epochs.map(({ epoch }) => epoch.loss) },
      ...(hasValidation
        ? [{ name: "validation", values: epochs.map(({ epoch }) => epoch.validation?.loss ?? gap) }]
        : []),
      { name: "test", values: lossOfTest },
    ],
    marks,
  };
  const accuracy: Figure = {
    kind: "lines",
    title: "Accuracy",
    caption: "The share of items classified correctly, on the same parts.",
    unit: "percent",
    series: [
      { name: "training", values: epochs.map(({ epoch }) => epoch.metrics["accuracy"] ?? gap) },
      ...(hasValidation
        ? [
            {
              name: "validation",
              values: epochs.map(({ epoch }) => epoch.validation?.metrics["accuracy"] ?? gap),
            },
          ]
        : []),
      { name: "test", values: accuracyOfTest },
    ],
  };
  const rates = epochs.map(({ epoch }) => epoch.learningRate ?? gap);
  const rate: Figure = {
    kind: "lines",
    title: "Learning rate",
    caption: "At the last step of each epoch.",
    series: [{ name: "learning rate", values: rates }],
  };
  const figures = [loss, ...(isClassification ? [accuracy] : [])];
  return isConstant(rates) ? figures : [...figures, rate];
}

function isConstant(rates: readonly number[]): boolean {
  return rates.every((rate) => rate === rates[0]);
}

function judgements({ problem, model, run, result }: ReportSource): Figure[] {
  const { task } = problem;
  if (result.kind === "regression") {
    const target = task.kind === "regression" ? task.target : "target";
    return [
      {
        kind: "scatter",
        title: "Predictions on the test part",
        caption: "Correct predictions lie on the line.",
        xLabel: `${target}, actual`,
        yLabel: "predicted",
        points: result.points,
      },
    ];
  }
  const classes = task.kind === "classification" ? task.classes : [];
  const { counts, mistakes } = result;
  const confusion: Figure = {
    kind: "confusion",
    title: "Confusion matrix of the test part",
    caption: "Rows are true classes, columns predicted classes.",
    classes,
    counts,
  };
  const tables = [confusion, classTable(counts, classes)];
  if (mistakes.length === 0) return tables;
  return [
    ...tables,
    problem.image === undefined
      ? mistakeTable(mistakes, classes)
      : mistakeImages({ problem, model, run }, problem.image, mistakes, classes),
  ];
}

function classTable(counts: readonly (readonly number[])[], classes: readonly string[]): Figure {
  const show = (part: number | undefined): string => (part === undefined ? "–" : percent(part));
  const all = classScores(counts).map((score, i) => ({ name: classes[i]!, ...score }));
  const shown =
    all.length <= mostClasses ? all : all.sort((a, b) => (a.f1 ?? 0) - (b.f1 ?? 0)).slice(0, mostClasses);
  return {
    kind: "table",
    title: "Classes",
    caption: `Precision: share of the items predicted as the class that belong to it. Recall: share of its items that were predicted as it. F1: their harmonic mean.${shown.length < all.length ? ` The ${mostClasses} of ${all.length} with the lowest F1.` : ""}`,
    head: ["class", "precision", "recall", "F1", "items"],
    rows: shown.map(({ name, precision, recall, f1, support }) => [
      name,
      show(precision),
      show(recall),
      show(f1),
      String(support),
    ]),
  };
}

/** Describes how many items are shown, as in `the 40 most certain of 57 mistakes`. */
function howMany(shown: number, all: number): string {
  if (all === 1) return "The only mistake";
  const which = shown < all ? `The ${shown} most certain of ${all}` : `All ${all}`;
  return `${which} mistakes, the most certain first`;
}

function mistakeImages(
  { problem: { test }, model, run }: Pick<ReportSource, "problem" | "model" | "run">,
  { width, height }: { readonly width: number; readonly height: number },
  mistakes: readonly ClassifiedItem[],
  classes: readonly string[],
): Figure {
  const size = width * height;
  const shown = mistakes.slice(0, mostImages);
  const pixels = shown.map(({ index }) =>
    Float32Array.from(test.x.data.subarray(index * size, (index + 1) * size)),
  );
  const weights = model.weigh(
    run.params,
    shown.map(({ label, predicted }, i) => ({ inputs: pixels[i]!, taken: predicted, actual: label })),
  );
  return {
    kind: "images",
    title: "Misclassified",
    caption: `${howMany(shown.length, mistakes.length)}: true class → predicted class, with its probability. The second image shows the pixels that mattered, by the derivative of the score of the predicted class minus that of the true class: more ink favours the mistake at orange pixels and opposes it at blue ones.`,
    width,
    height,
    images: shown.map(({ label, predicted, probability, row }, i) => ({
      pixels: pixels[i]!,
      weights: weights.subarray(i * size, (i + 1) * size),
      label: `${classes[label]!} → ${classes[predicted]!}`,
      note: percent(probability),
      description: `image ${row}: a ${classes[label]!} predicted as ${classes[predicted]!} with ${percent(probability)} certainty`,
    })),
  };
}

function mistakeTable(mistakes: readonly ClassifiedItem[], classes: readonly string[]): Figure {
  const shown = mistakes.slice(0, mostRows);
  return {
    kind: "table",
    title: "Misclassified",
    caption: `${howMany(shown.length, mistakes.length)}. Rows of data are counted from 1.`,
    head: ["row", "actual", "taken for", "certainty"],
    rows: shown.map(({ row, label, predicted, probability }) => [
      String(row + 1),
      classes[label]!,
      classes[predicted]!,
      percent(probability),
    ]),
  };
}

/** Returns two figures: the layers of the network with their sizes, and the curves of their gradient norms by step. */
function layers({ model: { sizes, start }, run }: ReportSource): Figure[] {
  const names = start.layers.map((_, i) => `layer ${i + 1}`);
  const last = names.length - 1;
  const { steps, norms } = gradientCurves(run.records, names.length);
  const boxes: Figure = {
    kind: "layers",
    title: "Layers",
    layers: [
      { name: "input", lines: [counted(sizes[0]!, "number")] },
      ...names.map((name, i) => {
        const [from, to] = [sizes[i]!, sizes[i + 1]!];
        const [first, final] = [norms[i]!.at(0), norms[i]!.at(-1)];
        return {
          name,
          lines: [
            `${count(from)} → ${count(to)}${i === last ? "" : ", then relu"}`,
            counted(from * to + to, "parameter"),
            ...(first === undefined ? [] : [`gradient ${showNumber(first, 3)} … ${showNumber(final!, 3)}`]),
          ],
        };
      }),
    ],
  };
  if (steps.length < 2) return [boxes];
  return [
    boxes,
    {
      kind: "lines",
      title: "Gradients",
      caption: "The length of the gradient by the parameters of each layer, at each step.",
      series: names.map((name, i) => ({ name, values: norms[i]! })),
      x: { label: "step", values: steps },
    },
  ];
}

/** Returns a curve for each layer: at each step, the norm of its gradient, of weights and bias together. */
function gradientCurves(
  records: readonly StepRecord[],
  layerCount: number,
): { readonly steps: readonly number[]; readonly norms: readonly number[][] } {
  return {
    steps: records.map(({ step }) => step),
    norms: Array.from({ length: layerCount }, (_, i) =>
      records.map(({ norms }) => Math.hypot(norms[2 * i]!, norms[2 * i + 1]!)),
    ),
  };
}

function lossBySteps({ records }: TrainingRun): Figure[] {
  if (records.length < 2) return [];
  return [
    {
      kind: "lines",
      title: "Loss by step",
      caption: "The loss of the batch of each step, before the step. Select a part to see its detail.",
      series: [{ name: "batch", values: records.map(({ loss }) => loss) }],
      x: { label: "step", values: records.map(({ step }) => step) },
    },
  ];
}

function graph({ model }: ReportSource): Figure {
  return {
    kind: "drawing",
    title: "Dependency graph",
    caption:
      "The loss of one item, from its inputs and the parameters downwards; below each line is its adjoint, from which the gradient is computed upwards.",
    svg: model.graph(),
  };
}

function settingsOf({ settings, model, problem, run }: ReportSource): (readonly [string, string])[] {
  const { method, batch, accumulate, epochs, augmentation, validation, patience, seed } = settings;
  const { optimizer, learningRate, momentum, schedule, plateau, clip } = method;
  const options = Object.entries(optimizer.options);
  const isSteady =
    run.epochs.length > 0 && isConstant(run.epochs.map(({ epoch }) => epoch.learningRate ?? Number.NaN));
  const row = (name: string, value: string | number | undefined): (readonly [string, string])[] =>
    value === undefined ? [] : [[name, String(value)]];
  return [
    ["network", networkInWords(model.sizes)],
    ["optimiser", optimizer.name === "sgd" ? "sgd: stochastic gradient descent" : optimizer.name],
    ...options.flatMap(([name, value]) => row(name, String(value))),
    ["learning rate", `${learningRate}${isSteady ? ", the same at every step" : ""}`],
    ...row("momentum", momentum),
    ...row("schedule", schedule),
    ...row(
      "lowered at plateaus",
      plateau === undefined || !isNumber(plateau) ? plateau : `patience=${plateau}`,
    ),
    ...row("largest norm of a gradient", clip),
    [
      "batch",
      batch === "full"
        ? `all ${counted(problem.train.rows.length, "training item")}`
        : `${batch} item${batch === 1 ? "" : "s"}`,
    ],
    ...row("random changes", augmentation === undefined ? undefined : augmentationWords(augmentation)),
    ...row("batches per step", accumulate === 1 ? undefined : accumulate),
    ...row(
      "validation",
      validation === 0
        ? undefined
        : `${percent(validation)} of the data without the test part, drawn by the seed`,
    ),
    ...row(
      "patience",
      patience === undefined ? undefined : `${counted(patience, "epoch")} without a better validation loss`,
    ),
    ["epochs", String(epochs)],
    ["seed", `${seed}, of the split, the first parameters and the order of the items`],
    [
      "test part",
      problem.task.kind === "classification"
        ? "a fifth of the items, in proportion to the classes, drawn by the seed; at least one item of each class is trained on"
        : "a fifth of the rows, drawn by the seed",
    ],
  ];
}

function count(n: number): string {
  return n.toLocaleString("en");
}

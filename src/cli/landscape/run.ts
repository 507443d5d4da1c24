import { tensor } from "../../numeric/array/create.ts";
import { dataset, digits } from "../../training/data/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import {
  findMinima,
  type Interval,
  landscape,
  landscapeHtml,
  type LossSlice,
  race,
  type Race,
  type SliceDirections,
  type Study,
  zoo,
} from "../../pictures/landscapes/index.ts";
import { withProgram } from "../../pictures/plot/document.ts";
import { mlp, type MlpParams, softmaxCrossEntropy } from "../../numeric/nn/index.ts";
import { key } from "../../numeric/random/index.ts";
import { fit } from "../../training/train/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { readRacers } from "../race/racers.ts";
import { raceProgram } from "../race/program.ts";
import { constraintsOf, landscapeFormatter, show } from "../race/run.ts";
import { readDomain, withPlaces } from "../race/settings.ts";
import { readLandscape } from "../race/source.ts";
import { makeOptimizer, readOptimizer } from "../shared/optimizers.ts";
import { readWhere } from "../shared/where.ts";
import { plainTarget } from "../shared/plain-file.ts";
import type { TextOutput } from "../shared/terminal.ts";
import { counted, optionError, readChoice, readCount, readWhole } from "../shared/words.ts";
import { checkOutput } from "../shared/write-file.ts";
import type { LandscapeRequest } from "./command.ts";
import { landscapeProgram } from "./program.ts";

const usualOptimizer = "sgd(lr=0.1, momentum=0.9)";

/** Options of the digits (`digitsOptions`) and of formulas. */
const digitsOptions = ["directions", "resolution", "range", "items", "optimizer", "epochs", "batch", "hidden", "seed"] as const; // prettier-ignore
const formulaOptions = ["where", "start", "domain"] as const;
/** Steps of the search for the minimum of a formula without constraints. */
const searchSteps = 60;

/**
 * Computes a slice of the loss of a network that it trains on the digits, or solves a formula under constraints, and writes
 * the requested output.
 */
export async function showLandscape(request: LandscapeRequest, stream: TextOutput): Promise<void> {
  const { json } = request;
  const draw = request.out === undefined ? undefined : await landscapeFormatter(request.out); // reports a bad path before any work
  const inputs = [plainTarget(request.dataset ?? "")?.file];
  const out = request.out === undefined ? undefined : checkOutput(request.out, inputs);
  const isFormula = isLandscape(request.dataset);
  const strange = (isFormula ? digitsOptions : formulaOptions).find((name) => request[name] !== undefined);
  if (strange !== undefined)
    throw optionError(
      isFormula
        ? `--${strange} belongs to downhill landscape digits, not to a formula, which has --where, --start and --domain.`
        : `--${strange} belongs to a formula, as in downhill landscape "x^2 + y^2" --where "x + y >= 1".`,
    );
  if (isFormula) {
    const formula = findMinima(withPlaces(await readLandscape(request.dataset!, request.start, out), request)); // prettier-ignore
    const where = readWhere(request.where, { noun: "coordinate", names: formula.coordinates });
    const optimizers = where.length === 0 ? "lbfgs" : "";
    const racers = where.length === 0 ? readRacers(optimizers, searchSteps) : {};
    const shown = race(formula, racers, { steps: searchSteps, constraints: constraintsOf(where, formula) });
    const asked = {
      landscape: request.dataset!,
      optimizers,
      seed: 0,
      tolerances: undefined,
      constraints: where,
    };
    const program = raceProgram(shown, asked);
    const page = (): string => withProgram(landscapeHtml(shown), program!);
    const isPage = draw === landscapeHtml && program !== undefined;
    await show(shown, { out, draw: isPage ? page : draw, json }, stream);
    return;
  }
  const settings = readSettings(request);
  const slice = await sliceOfDigits(settings);
  const page = (shown: Study | Race | LossSlice): string =>
    withProgram(landscapeHtml(shown), landscapeProgram(settings));
  const drawn = draw === landscapeHtml ? page : draw;
  await show(json ? slice : studyOf(slice, settings), { out, draw: drawn, json }, stream);
}

/** True for a formula, or the name of a built-in landscape. A bare word otherwise names data. */
function isLandscape(text: string | undefined): boolean {
  return text !== undefined && (Object.hasOwn(zoo, text) || !/^[a-z][a-z-]*$/i.test(text));
}

/** Settings of a slice of the loss of a network that is trained on the digits. */
export interface SliceSettings {
  readonly directions: SliceDirections;
  readonly resolution: number;
  readonly range: Interval | undefined;
  readonly items: number;
  readonly optimizer: string;
  readonly epochs: number;
  readonly batch: number;
  readonly hidden: readonly number[];
  readonly seed: number;
}

function readSettings(request: LandscapeRequest): SliceSettings {
  const { dataset: name, directions, range, hidden = "32", seed } = request;
  if (name !== undefined && name !== "digits") {
    throw optionError(
      `${JSON.stringify(name)} is not a data set of downhill landscape, which has digits.${didYouMean(name, ["digits"])}`,
    );
  }
  const count = (option: "resolution" | "items" | "epochs" | "batch", initial: number): number => {
    const text = request[option];
    return text === undefined ? initial : readCount(`--${option}`, text);
  };
  const resolution = count("resolution", 31);
  if (resolution < 2 || resolution > 401) {
    throw optionError(`--resolution must be an integer from 2 to 401, got ${resolution}.`);
  }
  const plane =
    directions === undefined
      ? "pca"
      : readChoice("--directions", directions, ["pca", "filter-normalised", "random"]);
  const epochs = count("epochs", 12);
  if (plane === "pca" && epochs < 2) {
    throw optionError(
      `--epochs must be 2 or more for --directions pca, which are computed from the path; got ${epochs}.`,
    );
  }
  if (range !== undefined && range.split(":").length !== 2) {
    throw optionError(`--range is written as from:to, as in -1:1; got ${JSON.stringify(range)}.`);
  }
  return {
    directions: plane,
    resolution,
    range: range === undefined ? undefined : readDomain("--range", range, ["range"])[0],
    items: count("items", 600),
    optimizer: request.optimizer ?? usualOptimizer,
    epochs,
    batch: count("batch", 32),
    hidden:
      hidden === "none"
        ? []
        : hidden.split(",").map((size) => readCount("--hidden", size.trim(), " for each layer, or none")),
    seed: seed === undefined ? 0 : readWhole("--seed", seed),
  };
}

/** Computes a slice of the loss of a network trained on the digits. */
async function sliceOfDigits(settings: SliceSettings): Promise<LossSlice> {
  const { directions, resolution, range, epochs, batch, hidden, seed } = settings;
  const { images, labels, count } = digits();
  const items = Math.min(count, settings.items);
  const model = mlp([64, ...hidden, 10]);
  const start = model.init(key(seed));
  const steps = epochs * Math.ceil(count / batch);
  const choice = readOptimizer(settings.optimizer, { what: "--optimizer", steps });
  const path: MlpParams[] = [start];
  const run = fit({
    params: start,
    loss: (params, { x, y }) => softmaxCrossEntropy(model.apply(params, x), y),
    data: dataset({ x: { shape: [count, 64], dtype: "float32", data: images }, y: labels })
      .shuffle({ seed, when: "each-epoch" })
      .batch(batch),
    optimizer: makeOptimizer(choice),
    epochs,
    seed,
  });
  for await (const event of run) if (event.kind === "epoch") path.push(event.params);
  const x = tensor(images.slice(0, items * 64), { dtype: "float32", shape: [items, 64] });
  const y = tensor(labels.slice(0, items), { dtype: "int32" });
  const loss = (params: MlpParams): Tensor => softmaxCrossEntropy(model.apply(params, x), y);
  return landscape(loss, path.at(-1)!, {
    directions,
    path,
    resolution,
    seed,
    ...(range === undefined ? {} : { range: [range, range] }),
  });
}

function studyOf(
  slice: LossSlice,
  { epochs, batch, hidden, items, directions, optimizer }: SliceSettings,
): Study {
  const plane = {
    pca: "the plane in which training moved most",
    "filter-normalised": "a plane of two random directions, each filter as long as that of the network",
    random: "a plane of two random directions of length 1",
  }[directions];
  const layers = [64, ...hidden, 10].join("-");
  const [first, last] = [slice.path[0]!, slice.path.at(-1)!];
  return {
    name: "landscape",
    title: "A slice of a network's loss",
    claim: `The loss of a network ${layers} (${slice.parameters.toLocaleString("en")} parameters) on handwritten digits, on ${plane}, through the parameters after ${counted(epochs, "epoch")} of ${optimizer} in batches of ${batch}.`,
    findings: [
      `Over ${items.toLocaleString("en")} items the loss falls from ${showNumber(first.loss, 3)} at the start to ${showNumber(last.loss, 3)} at the end.`,
      ...(slice.explained === undefined
        ? [
            "Random directions are almost perpendicular to the path of training, which therefore seems short here. The plane of the principal directions (pca) shows it.",
          ]
        : [
            `The two directions hold ${showNumber(100 * (slice.explained[0] + slice.explained[1]), 3)} % of the variance of the path.`,
          ]),
    ],
    figures: [{ kind: "slice", title: "", slice }],
  };
}

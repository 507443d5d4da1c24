import type { Tensor } from "../../engine/ir/tensor.ts";
import { between, type Constraint } from "../../numeric/optim/index.ts";
import { drawLandscape } from "../../pictures/landscapes/draw/to-svg.ts";
import { withProgram } from "../../pictures/plot/document.ts";
import {
  findMinima,
  findPreset,
  type Landscape,
  landscapeHtml,
  landscapeText,
  type LossSlice,
  presets,
  race,
  type Race,
  type Study,
  zoo,
} from "../../pictures/landscapes/index.ts";
import { toJson } from "../shared/json.ts";
import { optimizerAliases, optimizerNames } from "../shared/optimizer-table.ts";
import { plainTarget } from "../shared/plain-file.ts";
import { columnsOf, type Paint, paintFor, type Style } from "../shared/style.ts";
import type { TextOutput } from "../shared/terminal.ts";
import { type PictureFormatter, pictureFormatter } from "../shared/picture/formatter.ts";
import { optionError, readCount, readNumber, readWhole } from "../shared/words.ts";
import { checkOutput, type OutputFile, writeOutput } from "../shared/write-file.ts";
import type { RaceRequest } from "./command.ts";
import { liveRacePage } from "./live-page.ts";
import { presetProgram, type RaceArguments, raceProgram } from "./program.ts";
import { readRacers, usualRacers } from "./racers.ts";
import { readWhere, type WrittenConstraint } from "../shared/where.ts";
import { readTolerances, withPlaces } from "./settings.ts";
import { readLandscape } from "./source.ts";

const usualLandscape = "rosenbrock";
const usualSteps = 300;
const mostSteps = 1_000_000;

/** Runs the race or the study, and writes the requested output. */
export async function showRace(request: RaceRequest, stream: TextOutput): Promise<void> {
  const { preset, list, json } = request;
  if (list) {
    stream.write(json ? `${JSON.stringify(listed())}\n` : showList(paintFor(stream)));
    return;
  }
  const draw = request.out === undefined ? undefined : await landscapeFormatter(request.out); // reports a bad path before any work
  const inputs = [plainTarget(request.landscape ?? "")?.file];
  const out = request.out === undefined ? undefined : checkOutput(request.out, inputs);
  if (preset !== undefined) {
    const study = await makeStudy(preset, request);
    const page = (): string => withProgram(landscapeHtml(study), presetProgram(preset));
    await show(study, { out, draw: draw === landscapeHtml ? page : draw, json }, stream);
    return;
  }
  const { shown, asked } = await runRace(request, out);
  const live = draw === landscapeHtml ? liveRacePage(shown, asked) : undefined;
  const program = live !== undefined && "reason" in live ? raceProgram(shown, asked) : undefined;
  const still = program === undefined ? draw : () => withProgram(landscapeHtml(shown), program);
  const drawn = live !== undefined && "page" in live ? () => live.page : still;
  await show(shown, { out, draw: drawn, json }, stream);
  if (live !== undefined && "reason" in live && !json)
    stream.write(`The page replays the runs and cannot compute new ones: ${live.reason}.\n`);
}

/** Draws a result to the file `out`, if any, and writes it to the stream as JSON or as text. */
export async function show(
  shown: Study | Race | LossSlice,
  {
    out,
    draw,
    json,
  }: {
    readonly out: OutputFile | undefined;
    readonly draw: PictureFormatter<Study | Race | LossSlice> | undefined;
    readonly json: boolean;
  },
  stream: TextOutput,
): Promise<void> {
  const paint = paintFor(stream);
  if (out !== undefined && draw !== undefined) await writeOutput(out, await draw(shown));
  if (json) {
    stream.write(`${toJson(shown)}\n`);
    return;
  }
  const columns = columnsOf(stream);
  stream.write(
    landscapeText(shown, {
      ...(columns === undefined ? {} : { columns }),
      paint: (role, text) => paint(styleOf(role), text),
    }),
  );
  if (out !== undefined) stream.write(`\n${paint("dim", "Written to")} ${out}\n`);
  else if (stream.isTTY === true) stream.write(`\n${paint("dim", sharing)}\n`);
}

/** Ways to share a drawing, shown at a terminal. */
const sharing =
  "To share it: --out NAME.svg is an animation, also for a README; NAME.html is a page to play with.";

const runStyles: readonly Style[] = ["blue", "yellow", "green", "magenta", "cyan", "red"];

function styleOf(role: "head" | "soft" | number): Style {
  return role === "head" ? "bold" : role === "soft" ? "dim" : runStyles[role % runStyles.length]!;
}

async function runRace(
  request: RaceRequest,
  out: OutputFile | undefined,
): Promise<{
  readonly shown: Race;
  readonly asked: RaceArguments;
}> {
  const steps = request.steps === undefined ? usualSteps : readCount("--steps", request.steps);
  if (steps > mostSteps)
    throw optionError(`--steps must be ${mostSteps.toLocaleString("en")} or less, got ${steps}.`);
  const noise = request.noise === undefined ? 0 : readNumber("--noise", request.noise, { from: 0 });
  const seed = request.seed === undefined ? 0 : readWhole("--seed", request.seed);
  const tolerances =
    request.tolerances === undefined ? undefined : readTolerances("--tolerances", request.tolerances);
  const named = request.landscape ?? usualLandscape;
  const read = await readLandscape(named, request.start, out);
  const landscape = findMinima(withPlaces(read, request));
  const optimizersText = request.optimizers ?? usualRacers(landscape);
  const constraints = readWhere(request.where, { noun: "coordinate", names: landscape.coordinates });
  const shown = race(landscape, readRacers(optimizersText, steps), {
    steps,
    noise,
    seed,
    constraints: constraintsOf(constraints, landscape),
    ...(tolerances === undefined ? {} : { tolerances }),
  });
  return { shown, asked: { landscape: named, optimizers: optimizersText, seed, tolerances, constraints } };
}

/** Returns the constraints of --where as functions of a point. */
export function constraintsOf(
  where: readonly WrittenConstraint[],
  { coordinates }: Landscape,
): Constraint<Tensor, []>[] {
  return where.map(({ text: name, low, high, value }) => {
    const of = (point: Tensor): Tensor =>
      value(Object.fromEntries(coordinates.map((c, i) => [c, point.at(i)])));
    return between(of, low, high, { name });
  });
}

async function makeStudy(name: string, request: RaceRequest): Promise<Study> {
  const stray = (
    ["landscape", "optimizers", "steps", "start", "domain", "tolerances", "where", "noise", "seed"] as const
  ).find((key) => request[key] !== undefined);
  if (stray !== undefined) {
    const what = stray === "landscape" ? `the landscape ${request.landscape!}` : `--${stray}`;
    throw optionError(`--preset ${name} has its own settings and cannot be combined with ${what}.`);
  }
  return await findPreset(name).make();
}

/**
 * Returns the formatter for a file, by the extension of its name.
 *
 * @throws DownhillError `option` for another extension, or if a package that draws the format is not installed.
 */
export async function landscapeFormatter(file: string): Promise<PictureFormatter<Study | Race | LossSlice>> {
  return await pictureFormatter<Study | Race | LossSlice>("--out", file, {
    picture: (shown) => drawLandscape(shown, false),
    animation: (shown) => drawLandscape(shown, true),
    page: landscapeHtml,
    others: { ".json": (shown) => `${toJson(shown)}\n` },
  });
}

function listed(): object {
  return {
    landscapes: Object.entries(zoo).map(([name, { formula, about, start, minima = [] }]) => ({
      name,
      formula,
      about,
      start,
      minima,
    })),
    presets: presets.map(({ name, title, claim }) => ({ name, title, claim })),
    optimizers: [...optimizerNames, ...Object.keys(optimizerAliases)],
  };
}

function showList(paint: Paint): string {
  const table = (rows: readonly (readonly [string, string])[]): string[] =>
    alignLeft(rows).map(([name, text]) => `  ${paint("cyan", name)}  ${text}`);
  return [
    paint("bold", "Landscapes"),
    ...table(Object.entries(zoo).map(([name, { about }]) => [name, about])),
    "",
    paint("bold", "Presets: downhill race --preset NAME"),
    ...table(presets.map(({ name, title }) => [name, title])),
    "",
    paint("bold", "Optimisers"),
    `  ${optimizerNames.join(", ")}`,
    ...table(
      Object.entries(optimizerAliases).map(([alias, { name, options }]) => [
        alias,
        `${name}(${Object.entries(options)
          .map(([key, value]) => `${key}=${value}`)
          .join(", ")})`,
      ]),
    ),
    "",
    'downhill race rosenbrock --optimizers "sgd(learningRate=0.001),adam" --out race.html',
    "",
  ].join("\n");
}

/** Pads the first cells of the rows to the same width. */
function alignLeft(rows: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => [name.padEnd(width), text]);
}

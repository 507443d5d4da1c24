// Runs optimisers from the current numbers.
import { readRacers, usualRacers } from "../../src/cli/race/racers.ts";
import { splitAtCommas } from "../../src/cli/shared/call-text.ts";
import { optimizerCode, readOptimizer } from "../../src/cli/shared/optimizers.ts";
import { drawLandscape } from "../../src/pictures/landscapes/draw/to-svg.ts";
import type { ChartSpec, SeriesSpec } from "../../src/pictures/plot/chart-spec.ts";
import type { Markup } from "../../src/pictures/plot/markup.ts";
import { valueChart } from "../../src/pictures/landscapes/draw/value-chart.ts";
import type { Landscape } from "../../src/pictures/landscapes/landscape.ts";
import { type Race, race, type RaceRun } from "../../src/pictures/landscapes/race.ts";
import { raceText } from "../../src/pictures/landscapes/race-program.ts";
import type { MapTrail } from "../live/landscape.tsx";
import { problemOf } from "../live/program.ts";
import type { Readable } from "./answer.ts";
import { type Place, placeOf } from "./place.ts";
import { heights, mapOf, sample } from "./plot.ts";
import type { Question, RunRow, Shown } from "./question.ts";
import { ViewError } from "./view-error.ts";

export const mostSteps = 20_000;

/**
 * Runs the given optimisers from the current numbers. Returns the descents on a contour map for two numbers, or on a
 * curve for one.
 */
export function descentsOf(readable: Readable, question: Question): Shown {
  const place = placeOf(readable, question);
  const { race: made, optimizers } = raceFrom(place, question);
  const { runs } = made;
  const rows = runs.map(rowOf);
  const progress = valueChart(made);
  const [x, y] = place.along;
  if (y !== undefined) {
    const trails = runs.map(({ name, points, values, outcome }): MapTrail => ({
      name,
      points,
      values,
      isLost: outcome === "diverged" || outcome === "escaped",
    }));
    return {
      view: "descent",
      kind: "map",
      map: mapOf(place),
      trails,
      progress,
      runs: rows,
      optimizers,
      along: [x!.name, y.name],
    };
  }
  return {
    view: "descent",
    kind: "curve",
    chart: curveOf(place, runs),
    progress,
    runs: rows,
    optimizers,
    along: [x!.name],
  };
}

/** The runs as a race, for a standalone page. */
export function raceOf(readable: Readable, question: Question): Race {
  const { race: made } = raceFrom(placeOf(readable, question), question);
  return {
    ...made,
    landscape: { ...made.landscape, name: readable.program.title, formula: readable.program.title },
  };
}

/** The runs as an animated picture. */
export function animationOf(readable: Readable, question: Question): Markup {
  return drawLandscape(raceOf(readable, question), true);
}

/** The runs as a program. Returns `undefined` for TypeScript, and if the runs vary only some of the program's numbers. */
export function descentProgram(readable: Readable, question: Question): string | undefined {
  const { program, numbers } = readable;
  const place = placeOf(readable, question);
  const isWhole = numbers.length === place.along.length;
  if (program.kind !== "text" || !isWhole || place.along.some(({ name }, i) => name !== numbers[i]!.name))
    return undefined;
  const { optimizers } = raceFrom(place, question);
  const runs = splitAtCommas(optimizers).map((text) => {
    const choice = readOptimizer(text, { what: "the optimisers", steps: question.steps });
    return { name: text.trim(), code: optimizerCode(choice) };
  });
  return raceText({ landscape: { formula: program.text }, start: place.at, steps: question.steps, runs });
}

/**
 * Runs the race and returns it with its optimisers as text. Without given optimisers, the rates are selected by the
 * curvature at the start.
 */
function raceFrom(
  { value, at, along }: Place,
  { optimizers: written, steps }: Question,
): { readonly race: Race; readonly optimizers: string } {
  if (!Number.isInteger(steps) || steps < 1 || steps > mostSteps)
    throw new ViewError("steps", `The steps must be an integer from 1 to ${mostSteps.toLocaleString("en")}.`);
  const landscape: Landscape = {
    name: "program",
    formula: "",
    about: "",
    coordinates: along.map(({ name }) => name),
    value,
    start: at,
    domain: along.map(({ range }) => range),
    minima: [],
    saddles: [],
    lowest: undefined,
    source: "",
  };
  const optimizers = written.trim() === "" ? usualRacers(landscape).replaceAll("),", "), ") : written;
  const racers = (() => {
    try {
      return readRacers(optimizers, steps);
    } catch (error) {
      throw new ViewError("optimizers", problemOf(error).message.replace(/^--optimizers: /, ""), error);
    }
  })();
  return { race: race(landscape, racers, { steps }), optimizers };
}

function rowOf({ name, values, outcome, divergedAt, escapedAt, points }: RaceRun): RunRow {
  const ends: Readonly<Record<RaceRun["outcome"], string>> = {
    arrived: "at the lowest value",
    "at-rest": "at rest",
    "under-way": "under way",
    escaped: `left what is drawn at step ${escapedAt ?? 0}`,
    diverged: `diverged at step ${divergedAt ?? 0}`,
  };
  return { name, steps: points.length - 1, value: values.at(-1)!, end: ends[outcome] };
}

const mostDots = 200; // maximum number of points per run

/** Chart of the program along one number, with the positions of each run. */
function curveOf(place: Place, runs: readonly RaceRun[]): ChartSpec {
  const [number] = place.along;
  const { x, y } = sample(place);
  const trails = runs.map(({ name, points, values }, i): SeriesSpec => ({
    name,
    x: points.slice(0, mostDots).map(([at]) => at!),
    y: values.slice(0, mostDots),
    draw: "dots",
    colour: i,
  }));
  return {
    title: `Runs along ${number!.name}`,
    x: { label: number!.name, domain: number!.range },
    y: { label: "value", domain: heights([y]) },
    series: [{ name: "value", x, y, colour: "ink" }, ...trails],
  };
}

// Optimisers from where the numbers are now.
import { readRacers } from "../../src/cli/race/racers.ts";
import type { ChartSpec, SeriesSpec } from "../../src/pictures/plot/chart-spec.ts";
import type { Landscape } from "../../src/pictures/landscapes/landscape.ts";
import { type Race, race, type RaceRun } from "../../src/pictures/landscapes/race.ts";
import type { MapTrail } from "../live/landscape.tsx";
import { problemOf } from "../live/program.ts";
import type { Readable } from "./answer.ts";
import { type Place, placeOf } from "./place.ts";
import { heights, mapOf, sample } from "./plot.ts";
import type { Question, RunRow, Shown } from "./question.ts";
import { ViewError } from "./view-error.ts";

export const mostSteps = 20_000;

/** Runs of the optimisers that were written, from the numbers as they are. */
export function descentsOf(readable: Readable, question: Question): Shown {
  const place = placeOf(readable, question);
  const { runs } = raceFrom(place, question);
  const rows = runs.map(rowOf);
  const progress = progressOf(runs);
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
      along: [x!.name, y.name],
    };
  }
  return {
    view: "descent",
    kind: "curve",
    chart: curveOf(place, runs),
    progress,
    runs: rows,
    along: [x!.name],
  };
}

/** The runs as a race, which has a page of its own. */
export function raceOf(readable: Readable, question: Question): Race {
  const made = raceFrom(placeOf(readable, question), question);
  return {
    ...made,
    landscape: { ...made.landscape, name: readable.program.title, formula: readable.program.title },
  };
}

function raceFrom({ value, at, along }: Place, { optimizers, steps }: Question): Race {
  if (!Number.isInteger(steps) || steps < 1 || steps > mostSteps)
    throw new ViewError(
      "steps",
      `The steps must be a whole number from 1 to ${mostSteps.toLocaleString("en")}.`,
    );
  const racers = (() => {
    try {
      return readRacers(optimizers, steps);
    } catch (error) {
      throw new ViewError("optimizers", problemOf(error).message.replace(/^--optimizers: /, ""), error);
    }
  })();
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
  return race(landscape, racers, { steps });
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

/** The value by step. */
function progressOf(runs: readonly RaceRun[]): ChartSpec {
  const all = runs.flatMap(({ values }) => values).filter((value) => Number.isFinite(value));
  const [least, most] = [
    all.reduce((a, b) => Math.min(a, b), Infinity),
    all.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  const isLog = least > 0 && most / least > 100;
  return {
    title: "The value by step",
    x: { label: "step", unit: "integer" },
    y: { label: "value", log: isLog },
    series: runs.map(({ name, values }, i): SeriesSpec => ({
      name,
      x: values.map((_, t) => t),
      y: values,
      colour: i,
    })),
  };
}

const mostDots = 200; // of a run

/** The curve, and where each run was on it. */
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

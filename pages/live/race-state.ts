// State of a race in a page, and the values derived from it.
import { computed, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Tensor } from "downhill";
import { valueChart } from "../../src/pictures/landscapes/draw/value-chart.ts";
import type { Landscape, Point } from "../../src/pictures/landscapes/landscape.ts";
import { lowestOf } from "../../src/pictures/landscapes/race.ts";
import type { PageState } from "./address.ts";
import type { ChartSpec } from "./chart.tsx";
import { type ContourMap, contourMap } from "./contour-map.ts";
import { type Descent, descentOf } from "./descent.ts";
import { type KnownGround, readGround } from "./ground.ts";
import { pointState } from "./landscape.tsx";
import { type Racer, optimizerOf, racerName, readRacers, writeRacers } from "./racers.ts";
import { readable } from "./readable.ts";

/** Initial settings of a race. */
export interface RaceStart {
  readonly formula: string;
  readonly start: Point;
  readonly racers: readonly Racer[];
  readonly steps: number;
  /** Known properties of the formula. Default: those in the zoo. */
  readonly known?: KnownGround;
}

/** A run with the racer that made it. */
export interface RacerRun extends Descent {
  readonly name: string;
  readonly racer: Racer;
}

/** A race that reacts to the reader's changes. */
export interface LiveRace {
  /** Returns the current settings of the race. */
  readonly settings: () => RaceStart;
  /** Keys under which the page's address stores the values of the race. */
  readonly keys: readonly string[];
  readonly formula: Signal<string>;
  /** Fault of the formula; empty if there is none. */
  readonly problem: ReadonlySignal<string>;
  readonly start: Signal<Point>;
  readonly racers: Signal<readonly Racer[]>;
  readonly steps: Signal<number>;
  /** The shown step. */
  readonly step: Signal<number>;
  readonly landscape: ReadonlySignal<Landscape>;
  readonly map: ReadonlySignal<ContourMap>;
  readonly runs: ReadonlySignal<readonly RacerRun[]>;
  readonly chart: ReadonlySignal<ChartSpec>;
}

/** Allowed number of steps of a race in a page. */
export const stepRange = { min: 10, max: 1000, step: 10 } as const;

/** Creates a race whose values are stored in the address of the page. */
export function liveRace(page: PageState, begin: RaceStart): LiveRace {
  const formula = page.text("f", begin.formula);
  const start = pointState(page, "start", begin.start);
  const racers = page.value<readonly Racer[]>("racers", begin.racers, readRacers, writeRacers);
  const steps = page.number("steps", begin.steps, stepRange);
  const step = page.number("step", stepRange.max, { min: 0, max: stepRange.max });
  const { value: ground, problem } = readable(formula, (text) =>
    text === begin.formula ? readGround(text, begin.known) : readGround(text),
  );
  const compiled = new Map<string, (from: Point, settings: Racer["settings"]) => Descent>();
  const runOf = (racer: Racer): Descent => {
    const { text, landscape } = ground.value;
    const key = JSON.stringify([text, racer.kind, racer.schedule, steps.value]);
    let run = compiled.get(key);
    if (run === undefined) {
      const value = (point: Tensor): Tensor => landscape.value(point);
      run = descentOf<Record<string, number>>(
        value,
        (settings) => optimizerOf(racer, steps.peek(), settings),
        steps.value,
      );
      if (compiled.size >= mostCompiled) compiled.clear();
      compiled.set(key, run);
    }
    return run(start.value, racer.settings);
  };
  const runs = computed(() =>
    racers.value.map((racer): RacerRun => ({ name: racerName(racer), racer, ...runOf(racer) })),
  );
  return {
    settings: () => ({
      formula: ground.value.text,
      start: start.value,
      racers: racers.value,
      steps: steps.value,
      ...(begin.known !== undefined && ground.value.text === begin.formula ? { known: begin.known } : {}),
    }),
    keys: ["f", "start", "racers", "steps", "step"],
    formula,
    problem,
    start,
    racers,
    steps,
    step,
    landscape: computed(() => ground.value.landscape),
    map: computed(() => contourMap(ground.value.text, ground.value.landscape, ground.value.box)),
    runs,
    chart: computed(() => {
      const { landscape } = ground.value;
      return valueChart({
        landscape,
        lowest: lowestOf(landscape, runs.value),
        steps: steps.value,
        runs: runs.value.map(({ name, values }, i) => ({ name: `${i + 1}. ${name}`, values })),
      });
    }),
  };
}

const mostCompiled = 32; // compiled runs by formula, optimiser, schedule and steps

/** Value of a run at a step, limited to its last step. */
export function valueAt({ values }: Descent, step: number): number {
  return values[Math.min(step, values.length - 1)]!;
}

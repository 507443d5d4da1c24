// A race with an adjustable formula, start, and optimisers.
import type { JSX } from "preact";
import { runSign } from "../../src/pictures/plot/markers.ts";
import { zoo } from "../../src/pictures/landscapes/zoo.ts";
import { Chart } from "./chart.tsx";
import { Drawing } from "./drawing.tsx";
import { Examples, shortNumber, Slider, TextField } from "./fields.tsx";
import { LandscapeMap } from "./landscape.tsx";
import { Player } from "./player.tsx";
import { type LiveRace, type RacerRun, stepRange, valueAt } from "./race-state.ts";
import {
  type Racer,
  type RacerId,
  racerKinds,
  racerOf,
  type ScheduleId,
  scheduleShapes,
  type Setting,
} from "./racers.ts";

const specimens = ["bowl", "rosenbrock", "himmelblau", "ravine", "many-minima", "saddle"] as const;

/** Map, values, player, and one row per optimiser. */
export function Race({ race }: { readonly race: LiveRace }): JSX.Element {
  const { formula, problem, start, steps, step, landscape, map, runs, chart } = race;
  const last = steps.value;
  return (
    <div class="race">
      <TextField value={formula} label="f(x, y) =" problem={problem}>
        <Examples
          current={formula.value}
          examples={specimens.flatMap((name) => {
            const { definition, start: from } = zoo[name] ?? {};
            if (typeof definition !== "string" || from === undefined) return [];
            const choose = (): void => {
              formula.value = definition;
              start.value = from;
            };
            return [{ name: name.replace("-", " "), text: definition, choose }];
          })}
        />
      </TextField>
      <div class="side-by-side">
        <LandscapeMap
          label={`Contours of ${formula.value} with the runs of ${runs.value.length} optimisers`}
          contours={map.value}
          trails={runs.value}
          step={step.value}
          start={start}
          minima={landscape.value.minima}
          saddles={landscape.value.saddles}
          hasTable={false}
        />
        <div>
          <Chart spec={{ ...chart.value, marks: [{ x: Math.min(step.value, last), label: "" }] }} />
          <Slider value={steps} label="steps of a run" {...stepRange} />
        </div>
      </div>
      <Player step={step} last={last} label="the race" />
      <Racers race={race} />
    </div>
  );
}

/** The optimisers with their settings and current results. */
function Racers({ race: { racers, runs, step } }: { readonly race: LiveRace }): JSX.Element {
  const change = (i: number, next: Racer | undefined): void => {
    racers.value = racers.value.flatMap((racer, k) => (k !== i ? [racer] : next === undefined ? [] : [next]));
  };
  return (
    <>
      <ol class="racers">
        {runs.value.map((run, i) => (
          <RacerRow run={run} i={i} step={step.value} change={(next) => change(i, next)} />
        ))}
      </ol>
      <label class="add-racer">
        Add an optimiser{" "}
        <select
          value=""
          onChange={(event) => {
            const kind = event.currentTarget.value;
            if (kind !== "") racers.value = [...racers.value, racerOf(kind as RacerId)];
            event.currentTarget.value = "";
          }}
        >
          <option value="">choose …</option>
          {Object.entries(racerKinds).map(([id, { name }]) => (
            <option value={id}>{name}</option>
          ))}
        </select>
      </label>
    </>
  );
}

function RacerRow({
  run,
  i,
  step,
  change,
}: {
  readonly run: RacerRun;
  readonly i: number;
  readonly step: number;
  readonly change: (next: Racer | undefined) => void;
}): JSX.Element {
  const { racer } = run;
  const { name, settings } = racerKinds[racer.kind];
  const shown = Math.min(step, run.points.length - 1);
  const point = run.points[shown]!;
  const place = point.map((x) => shortNumber(x)).join(", ");
  const isOver = run.isLost && shown === run.points.length - 1;
  return (
    <li class="racer">
      <svg class="dh-chart dl swatch" viewBox="0 -8 30 16" width="30" height="16" aria-hidden="true">
        <Drawing of={runSign(i)} />
      </svg>
      <strong>{name}</strong>
      <span class="racer-value">
        {isOver ? `lost after ${shown} steps` : `f = ${shortNumber(valueAt(run, step))} at (${place})`}
      </span>
      <button type="button" aria-label={`Remove ${name}`} onClick={() => change(undefined)}>
        Remove
      </button>
      <div class="racer-settings">
        {settings.map((setting) => (
          <Slider
            {...sliderOf(setting)}
            name={`${name}: ${setting.label}`}
            value={{
              get value() {
                return racer.settings[setting.key]!;
              },
              set value(value) {
                change({ ...racer, settings: { ...racer.settings, [setting.key]: value } });
              },
            }}
          />
        ))}
        <label>
          schedule{" "}
          <select
            value={racer.schedule}
            onChange={(event) => change({ ...racer, schedule: event.currentTarget.value as ScheduleId })}
          >
            {Object.entries(scheduleShapes).map(([id, schedule]) => (
              <option value={id} selected={id === racer.schedule}>
                {schedule.name}
              </option>
            ))}
          </select>
        </label>
      </div>
    </li>
  );
}

/**
 * Slider properties of a setting. The default step is a hundredth of the range, or a fiftieth of a power of ten on a
 * logarithmic scale.
 */
function sliderOf({
  label,
  min,
  max,
  isLog = false,
  step = isLog ? 0.02 : 0.01,
}: Setting): Pick<Required<Setting>, "label" | "min" | "max" | "step" | "isLog"> {
  return { label, min, max, step, isLog };
}

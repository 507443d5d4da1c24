// The race on the start page of the site: three optimisers from one start, which the reader drags.
import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { render } from "preact";
import { useRef } from "preact/hooks";
import { runSign } from "../../src/pictures/plot/markers.ts";
import { zoo } from "../../src/pictures/landscapes/zoo.ts";
import { pageState } from "../live/address.ts";
import { Drawing } from "../live/drawing.tsx";
import { shortNumber } from "../live/fields.tsx";
import { shareRace } from "../live/figure-programs.ts";
import { LandscapeMap } from "../live/landscape.tsx";
import { liveRace, valueAt } from "../live/race-state.ts";
import { racerOf } from "../live/racers.ts";
import { Share } from "../live/share.tsx";

const steps = 90;
const seconds = 7; // duration of a run
const names = ["gradient descent", "with momentum", "Adam"] as const;

const { definition, start } = zoo["himmelblau"]!;
// not connected to the address, which belongs to the page around the race
const race = liveRace(pageState(), {
  formula: definition as string,
  start,
  steps,
  racers: [
    racerOf("sgd", { lr: 0.008 }),
    racerOf("momentum", { lr: 0.002, momentum: 0.9 }),
    racerOf("adam", { lr: 0.3 }),
  ],
});
const isPlaying = signal(false);
const said = signal("");

/** The map, its player, and one line per optimiser with its current value. */
function HomeRace(): JSX.Element {
  const step = Math.min(race.step.value, steps);
  const map = useRef<HTMLDivElement>(null);
  const toggle = (): void => {
    if (isPlaying.value) isPlaying.value = false;
    else if (wantsLessMotion()) race.step.value = steps;
    else {
      if (step >= steps) race.step.value = 0;
      isPlaying.value = true;
    }
  };
  return (
    <>
      <div
        ref={map}
        class="home-map"
        onPointerUp={replay}
        onClick={(event) => {
          if (event.detail > 0) replay(); // its position, rounded to pixels, may have moved the start once more
        }}
      >
        <LandscapeMap
          label="Himmelblau's function with the runs of three optimisers"
          contours={race.map.value}
          trails={race.runs.value.map((run, i) => ({ ...run, name: names[i]! }))}
          step={step}
          start={race.start}
          minima={race.landscape.value.minima}
          hasTable={false}
          isPlain
        />
      </div>
      <div class="home-player" role="group" aria-label="Play the race">
        <button type="button" aria-pressed={isPlaying.value} onClick={toggle}>
          {isPlaying.value ? "Pause" : "Play"}
        </button>
        <input
          type="range"
          min={0}
          max={steps}
          step={1}
          value={step}
          aria-label="step of the race"
          onInput={(event) => {
            isPlaying.value = false;
            race.step.value = event.currentTarget.valueAsNumber;
          }}
        />
        <output>
          step {step} of {steps}
        </output>
      </div>
      <ul class="home-racers">
        {race.runs.value.map((run, i) => (
          <li>
            <svg class="dh-chart dl" viewBox="0 -8 30 16" width="30" height="16" aria-hidden="true">
              <Drawing of={runSign(i)} />
            </svg>
            <strong>{names[i]}</strong>
            <span>
              {run.isLost && step >= run.points.length - 1
                ? "diverged"
                : `f = ${shortNumber(Number(valueAt(run, step).toPrecision(2)))}`}
            </span>
          </li>
        ))}
      </ul>
      <div class="home-tools">
        <Share
          name="race"
          frame={map}
          link={() => Promise.resolve(linkTo(race.start.peek()))}
          say={(words) => (said.value = words)}
          {...shareRace(race.settings)}
        />
        <span role="status">{said}</span>
      </div>
    </>
  );
}

/** Address of the start page with a race from a given start. */
function linkTo(point: readonly number[]): string {
  return `${location.href.replace(/#.*$/s, "")}#start=${point.map((x) => Number(x.toPrecision(6))).join(",")}`;
}

/** The start in a shared address. Undefined if the address has no start on the map. */
function sharedStart(hash: string): readonly [number, number] | undefined {
  const [, x, y] = /^#start=(-?[\d.]+),(-?[\d.]+)$/.exec(hash) ?? [];
  const point = [Number(x), Number(y)] as const;
  return point.every((value) => Math.abs(value) <= 5) ? point : undefined;
}

/** Plays the race from its start, after the pointer has moved it. */
function replay(): void {
  race.step.value = wantsLessMotion() ? steps : 0;
  isPlaying.value = !wantsLessMotion();
}

/** A drag shows complete runs; a start moved by keys keeps the shown step. */
function follow(): () => void {
  let last = String(race.start.peek());
  return effect(() => {
    const now = String(race.start.value);
    if (now === last) return;
    last = now;
    isPlaying.value = false;
    race.step.value = steps;
  });
}

/** Advances the shown step while the race plays. */
function play(): () => void {
  return effect(() => {
    if (!isPlaying.value) return;
    const from = Math.min(race.step.peek(), steps);
    let [frame, begun] = [0, 0];
    const advance = (now: number): void => {
      begun ||= now;
      const next = Math.min(steps, from + Math.floor(((now - begun) * steps) / (1000 * seconds)));
      race.step.value = next;
      if (next < steps) frame = requestAnimationFrame(advance);
      else isPlaying.value = false;
    };
    frame = requestAnimationFrame(advance);
    return () => cancelAnimationFrame(frame);
  });
}

function wantsLessMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Shows the race in an element and plays it when it becomes visible. For readers who prefer reduced motion, it shows the complete
 * runs.
 *
 * @returns removes the race
 */
export function startRace(place: HTMLElement): () => void {
  race.start.value = sharedStart(location.hash) ?? start;
  race.step.value = wantsLessMotion() ? steps : 0;
  render(<HomeRace />, place);
  const ends = [play(), follow()];
  const watcher = new IntersectionObserver(([entry]) => {
    if (entry?.isIntersecting !== true) return;
    watcher.disconnect();
    isPlaying.value = !wantsLessMotion();
  });
  watcher.observe(place);
  return () => {
    watcher.disconnect();
    isPlaying.value = false;
    for (const end of ends) end();
    render(null, place);
  };
}

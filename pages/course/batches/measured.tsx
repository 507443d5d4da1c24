// Figures of the chapter that are measured in a worker.
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Choice, Drag, shortNumber } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { jobOf } from "../../live/job.ts";
import { counts, learnedEpochs, measuredSizes, type Measuring, type Told } from "./orders.ts";
import { StartStop } from "../../live/start-stop.tsx";
import {
  learned,
  learnedChart,
  memoryChart,
  noise,
  shift,
  speedChart,
  speeds,
  state,
  timeChart,
  timed,
  turn,
  versions,
} from "./state.ts";

function open(): Worker {
  return new Worker(new URL("./batches.worker.js", import.meta.url), { type: "module" });
}

const jobs = {
  throughput: jobOf<Measuring>(open),
  byTime: jobOf<Measuring>(open),
  augmentation: jobOf<Measuring>(open),
};

/** Stores a message of the worker in the state of the figures. */
function take(told: Told): void {
  switch (told.kind) {
    case "throughput":
      speeds.value = [...speeds.value, told.one];
      break;
    case "by-time":
      timed.value = told.runs;
      break;
    case "versions":
      versions.value = told.images;
      break;
    case "learned": {
      const which = told.isChanged ? "changed" : "plain";
      learned.value = { ...learned.value, [which]: [...learned.value[which], told.one] };
      break;
    }
  }
}

function measureTimes(): void {
  timed.value = [];
  jobs.byTime.start({ kind: "by-time" }, take);
}

/** Loss by time, as measured here. */
export function ByTime(): JSX.Element {
  return (
    <Figure
      id="by-time"
      title="By the clock"
      caption="Softmax regression on 1,797 handwritten digits, 12 epochs each. Only steps are timed, not the losses in between."
    >
      <StartStop
        job={jobs.byTime}
        label="Measure in this browser"
        start={measureTimes}
        first={measureTimes}
        progress={jobs.byTime.isRunning.value ? "measuring …" : ""}
      />
      {timed.value.length > 0 && (
        <>
          <Chart spec={timeChart.value} />
          <div class="scroll" role="group" tabIndex={0} aria-label="What twelve epochs cost">
            <table class="plain">
              <thead>
                <tr>
                  <th scope="col">batches</th>
                  <th scope="col">steps</th>
                  <th scope="col">items a second</th>
                  <th scope="col">seconds</th>
                  <th scope="col">loss</th>
                </tr>
              </thead>
              <tbody>
                {timed.value.map(({ name, steps, itemsPerSecond, seconds, losses }) => (
                  <tr>
                    <th scope="row">{name}</th>
                    <td>{steps.at(-1)!.toLocaleString("en")}</td>
                    <td>{Math.round(itemsPerSecond).toLocaleString("en")}</td>
                    <td>{shortNumber(seconds.at(-1)!)}</td>
                    <td>{shortNumber(losses.at(-1)!)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Figure>
  );
}

function measureSpeeds(): void {
  speeds.value = [];
  jobs.throughput.start({ kind: "throughput" }, take);
}

/** Items per second and memory by batch size, as measured here. */
export function Throughputs(): JSX.Element {
  return (
    <Figure
      id="throughput"
      title="Throughput and memory"
      caption="Training steps of a network of 64, 48 and 10 units, for an eighth of a second each size."
    >
      <StartStop
        job={jobs.throughput}
        label="Measure in this browser"
        start={measureSpeeds}
        first={measureSpeeds}
        progress={
          jobs.throughput.isRunning.value ? `${speeds.value.length} of ${measuredSizes.length} sizes` : ""
        }
      />
      {speeds.value.length > 0 && (
        <div class="side-by-side">
          <Chart spec={speedChart.value} />
          <Chart spec={memoryChart.value} />
        </div>
      )}
    </Figure>
  );
}

function learnBoth(): void {
  learned.value = { plain: [], changed: [] };
  jobs.augmentation.start(
    {
      kind: "augmentation",
      changes: { turn: turn.value, noise: noise.value, shift: Number(shift.value) },
    },
    take,
  );
}

/** Digits learned with and without random changes. */
export function Augmentation(): JSX.Element {
  const [plain, changed] = [learned.value.plain.at(-1), learned.value.changed.at(-1)];
  return (
    <Figure
      id="augmentation"
      title="Endless data"
      caption={`${counts.train} images to learn from, ${counts.test} others to be asked about, ${learnedEpochs} epochs.`}
      state={{ page: state, keys: ["turn", "noise", "shift"] }}
    >
      <p>
        Turn each image by at most <Drag value={turn} label="degrees" min={0} max={90} step={1} /> degrees,
        add noise of <Drag value={noise} label="noise" min={0} max={0.5} step={0.01} />.
      </p>
      <div class="controls">
        <Choice
          value={shift}
          label="Move it by at most"
          options={[
            ["0", "no pixel"],
            ["1", "one"],
            ["2", "two"],
          ]}
        />
      </div>
      <StartStop
        job={jobs.augmentation}
        label="Train both"
        start={learnBoth}
        first={learnBoth}
        progress={changed === undefined ? "" : `epoch ${changed.epoch} of ${learnedEpochs}`}
      />
      {versions.value.length > 0 && (
        <div class="versions">
          {versions.value.map((image, i) => (
            <Digit image={image} label={i === 0 ? "as it is" : `changed, ${i}`} />
          ))}
        </div>
      )}
      {plain !== undefined && changed !== undefined && (
        <>
          <Chart spec={learnedChart.value} />
          <p class="finding">
            After {plain.epoch} epochs, of the images that were not learned from:{" "}
            {shortNumber(100 * plain.testAccuracy)} % right without changes,{" "}
            {shortNumber(100 * changed.testAccuracy)} % with them. The gap between the two losses is{" "}
            {shortNumber(plain.testLoss - plain.trainLoss)} without, and{" "}
            {shortNumber(changed.testLoss - changed.trainLoss)} with.
          </p>
        </>
      )}
    </Figure>
  );
}

/** An image of 8 × 8 pixels. */
function Digit({ image, label }: { readonly image: readonly number[]; readonly label: string }): JSX.Element {
  return (
    <svg class="digit" viewBox="0 0 8 8" width="56" height="56" role="img" aria-label={label}>
      {image.map((ink, i) => (
        <rect
          x={i % 8}
          y={Math.floor(i / 8)}
          width={1.02}
          height={1.02}
          fill-opacity={Math.min(1, Math.max(0, ink)).toFixed(2)}
        />
      ))}
    </svg>
  );
}

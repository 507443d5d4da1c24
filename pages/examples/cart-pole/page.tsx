import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { pageState } from "../../live/address.ts";
import { Chart, type ChartSpec } from "../../live/chart.tsx";
import { Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { jobOf } from "../../live/job.ts";
import type { LivePage } from "../../live/page.tsx";
import { type Placed, Plane } from "../../live/plane.tsx";
import { Player } from "../../live/player.tsx";
import { StartStop } from "../../live/start-stop.tsx";
import { ProgramPart } from "../program-part.tsx";
import { bounds, episodeFrom, firstParams, horizon, poleLength, stepTime, tensorsOf } from "./cart.ts";
import { printed, program } from "./program.ts";
import type { Update } from "./training.ts";
import type { TrainingWork } from "./training.worker.ts";

const state = pageState();
const seed = state.number("seed", 1, { min: 1, max: 99, step: 1 });
const rate = state.number("rate", 0.03, { min: 0.001, max: 0.3 });
const updates = state.number("updates", 60, { min: 10, max: 200, step: 10 });
const tilt = state.number("tilt", 0.15, { min: -0.45, max: 0.45, step: 0.01 });
const step = state.number("step", 0, { min: 0, step: 1 });

const trained = signal<readonly Update[]>([]);
/** The update whose network drives the cart, limited to the last one. */
const chosen = signal(Infinity);
const training = jobOf<TrainingWork>(
  () => new Worker(new URL("./training.worker.js", import.meta.url), { type: "module" }),
);

const driver = computed(() => trained.value[Math.min(chosen.value, trained.value.length - 1)]);
const params = computed(() =>
  driver.value === undefined ? firstParams(Math.round(seed.value)) : tensorsOf(driver.value.params),
);
const episode = computed(() => episodeFrom(params.value, tilt.value));
const last = computed(() => episode.value.length - 1);
const holds = computed(() => episode.value.length === horizon);

function startTraining(): void {
  trained.value = [];
  chosen.value = Infinity;
  const order = {
    seed: Math.round(seed.value),
    rate: rate.value,
    updates: Math.round(updates.value),
    episodes: 32,
  };
  training.start(order, (update) => (trained.value = [...trained.value, update]));
}

const span = { x: [-2.9, 2.9], y: [-0.45, 1.5] } as const;
const axle = 0.25; // metres above the track
const cart = { width: 0.6, height: 0.2 };

/** The track, the cart and its pole at the current step, and the initial pole. */
function Cart({ spot, line, unit }: Placed): JSX.Element {
  const { place, angle, isRight } = episode.value[Math.min(step.value, last.value)]!;
  const [left, top] = spot(place - cart.width / 2, axle);
  const pole = (x: number, lean: number): string =>
    line([x, x + poleLength * Math.sin(lean)], [axle, axle + poleLength * Math.cos(lean)]);
  const way = isRight ? 1 : -1;
  const [from, to] = [place + way * 0.35, place + way * 0.7];
  return (
    <>
      <path d={line([-2.9, 2.9], [0, 0])} stroke="var(--faint)" />
      {[-bounds.place, bounds.place].map((end) => (
        <path d={line([end, end], [-0.12, 0.12])} stroke="var(--ink)" stroke-width={2} />
      ))}
      <path d={pole(0, tilt.value)} stroke="var(--faint)" stroke-dasharray="4 4" />
      <rect
        x={left}
        y={top}
        width={cart.width * unit}
        height={cart.height * unit}
        fill="var(--grid)"
        stroke="var(--ink)"
      />
      <g class="run-0">
        <path class="thick" style="stroke-width:5;stroke-linecap:round" d={pole(place, angle)} />
      </g>
      <g class="run-1">
        <path class="thick" d={line([from, to], [0.15, 0.15])} />
        <path class="thick" d={line([to - way * 0.08, to, to - way * 0.08], [0.21, 0.15, 0.09])} />
      </g>
    </>
  );
}

const motion = computed((): ChartSpec => {
  const seconds = episode.value.map((_, t) => t * stepTime);
  return {
    title: "The tilt of the pole and the place of the cart",
    x: { label: "seconds", domain: [0, horizon * stepTime] },
    y: { label: "tilt in radians, place in metres" },
    series: [
      { name: "tilt", x: seconds, y: episode.value.map(({ angle }) => angle) },
      { name: "place", x: seconds, y: episode.value.map(({ place }) => place) },
    ],
  };
});

function CartFigure(): JSX.Element {
  const seconds = (episode.value.length * stepTime).toFixed(1);
  const number = driver.value === undefined ? 0 : driver.value.update;
  return (
    <Figure
      id="cart"
      title="A pole on a cart"
      caption="Drag the tip of the pole to its initial tilt, or reach it by Tab and use the arrow keys. Then play. The arrow is the push of the network: 10 newtons to the left or to the right, 50 times per second."
      state={{ page: state, keys: ["tilt", "step"] }}
    >
      <Plane
        label={`A cart with a pole that leans by ${tilt.value.toFixed(2)} radians in the beginning`}
        {...span}
        handles={[
          {
            label: "tip of the pole in the beginning",
            at: [poleLength * Math.sin(tilt.value), axle + poleLength * Math.cos(tilt.value)],
            move: ([x, y]) => {
              const lean = Math.atan2(x!, Math.max(0.05, y! - axle));
              tilt.value = Number(Math.min(0.45, Math.max(-0.45, lean)).toFixed(3));
              step.value = 0;
            },
          },
        ]}
      >
        {(placed) => <Cart {...placed} />}
      </Plane>
      <Player
        step={step}
        last={last.value}
        label="the episode"
        seconds={Math.max(0.5, episode.value.length * stepTime)}
      />
      <p class="finding" role="status">
        {driver.value === undefined
          ? "The network that has learned nothing"
          : `The network after ${number} updates`}{" "}
        {holds.value
          ? `holds the pole for all of the ${seconds} seconds.`
          : `loses the pole after ${seconds} seconds.`}
      </p>
      <Chart spec={motion.value} />
    </Figure>
  );
}

const learning = computed((): ChartSpec => ({
  title: "How long the pole stands while the network learns",
  x: { label: "update", unit: "integer", domain: [0, Math.max(10, Math.round(updates.value))] },
  y: { label: "seconds, mean of 32 episodes", domain: [0, horizon * stepTime] },
  series: [
    {
      name: "mean episode",
      x: trained.value.map(({ update }) => update),
      y: trained.value.map(({ steps }) => steps * stepTime),
    },
  ],
}));

function TrainingFigure(): JSX.Element {
  const count = trained.value.length;
  return (
    <Figure
      id="training"
      title="Learning to hold it"
      caption="Each update simulates 32 episodes from random tilts, and changes the network by their gradient. The network of the chosen update drives the cart above."
      state={{ page: state, keys: ["seed", "rate", "updates"] }}
    >
      <div class="controls">
        <Slider value={rate} label="learning rate" min={0.001} max={0.3} isLog />
        <Slider value={updates} label="updates" min={10} max={200} step={10} />
        <Slider value={seed} label="seed" min={1} max={99} step={1} />
      </div>
      <StartStop
        job={training}
        label="Train"
        start={startTraining}
        first={startTraining}
        progress={
          count === 0
            ? ""
            : `update ${count} of ${Math.round(updates.value)}: ${(trained.value.at(-1)!.steps * stepTime).toFixed(1)} s`
        }
      />
      {count > 0 && <Chart spec={learning.value} />}
      {count > 1 && (
        <Slider
          value={{
            get value() {
              return Math.min(chosen.value, count - 1);
            },
            set value(to) {
              chosen.value = to;
              step.value = 0;
            },
          }}
          label="updates of the network that drives the cart"
          min={0}
          max={count - 1}
          step={1}
        />
      )}
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        This network learns to balance a pole from rewards alone. The only feedback is the time until the pole
        falls. Learning from rewards is called reinforcement learning, and this page shows its simplest
        method, the policy gradient.
      </p>
      <CartFigure />
      <p>
        An untrained network pushes in random directions, and the pole falls within a second. Train a network
        below, which takes some seconds. Play the result, then choose an earlier update and play again.
      </p>
      <TrainingFigure />
      <p>
        During training, the network computes the probability of a push to the right, and the push is drawn at
        random. A simulation that ends when the pole falls has no useful gradient. But the probability of the
        chosen pushes has one: its logarithm is a smooth function of the 97 parameters of the network.
      </p>
      <p>
        Each push gets a weight. It is the number of steps that followed the push, with later steps
        discounted, minus the mean of the other episodes at the same time. The gradient of{" "}
        <M>weight*log(p)</M>, summed over some thousand pushes, makes pushes with a positive weight more
        likely and the others less likely. This method is REINFORCE with a baseline. Adam uses its gradient.
      </p>
      <p>
        Try a learning rate of 0.3 with several seeds. Some networks learn within ten updates. Others soon
        become certain of a wrong action and stop exploring. At 0.001 almost nothing changes. The seed matters
        because the gradient is a noisy estimate. Then drag the tip to a tilt outside ±0.2, where no training
        episode began.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          The program computes the same gradient for a simpler problem, in which an action has no consequences
          except its reward. Three levers pay with different probabilities. The program prints how likely each
          lever is to be chosen after 60 updates.
        </p>
      </ProgramPart>
      <p>
        Policy gradients need many episodes, because each yields a single number. Here 2,000 episodes take
        seconds, because the simulation is compiled together with the network: 32 parallel episodes of 300
        steps in one loop.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };

import type { JSX } from "preact";
import { zoo } from "../../src/pictures/landscapes/zoo.ts";
import { pageState } from "../live/address.ts";
import { Figure } from "../live/figure.tsx";
import type { LivePage } from "../live/page.tsx";
import { liveRace } from "../live/race-state.ts";
import { Race } from "../live/race.tsx";
import { racerOf } from "../live/racers.ts";

const { definition, start, rates } = zoo["rosenbrock"]!;

const state = pageState();
const race = liveRace(state, {
  formula: String(definition),
  start,
  racers: [
    racerOf("sgd", { lr: rates.sgd }),
    racerOf("momentum", { lr: rates.momentum }),
    racerOf("rmsprop", { lr: rates.rmsprop }),
    racerOf("adam", { lr: rates.adam }),
  ],
  steps: 200,
});

function Body(): JSX.Element {
  return (
    <Figure id="race" title="The race" isWide state={{ page: state, keys: race.keys }}>
      <Race race={race} />
    </Figure>
  );
}

export const page: LivePage = { state, Body };

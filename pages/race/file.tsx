// Script of the page that `downhill race --out` writes: an interactive race, from the data in the page.
import type { JSX } from "preact";
import { render } from "preact";
import { pageState } from "../live/address.ts";
import { shareRace } from "../live/figure-programs.ts";
import { Figure } from "../live/figure.tsx";
import { Damages } from "../live/page.tsx";
import { liveRace } from "../live/race-state.ts";
import { Race } from "../live/race.tsx";
import { type RaceData, readRacers } from "../live/racers.ts";

const { racers, formula, start, steps, lowest, ...ground } = JSON.parse(
  document.getElementById("race")?.textContent ?? "",
) as RaceData;
const known = lowest === undefined ? ground : { ...ground, lowest: Number(lowest) };
const state = pageState();
const race = liveRace(state, { formula, start, steps, racers: readRacers(racers), known });

function Page(): JSX.Element {
  return (
    <>
      <Damages page={state} />
      <Figure
        id="live-race"
        title="The race"
        isWide
        state={{ page: state, keys: race.keys }}
        {...shareRace(race.settings)}
      >
        <Race race={race} />
      </Figure>
    </>
  );
}

const place = document.getElementById("page");
if (place !== null) {
  place.replaceChildren(); // static picture of the race, for browsers without scripts and for printing
  render(<Page />, place);
  void state.follow().then(() => (document.documentElement.dataset["alive"] = "yes"));
}

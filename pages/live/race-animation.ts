// A race as an animated picture.
import { drawLandscape } from "../../src/pictures/landscapes/draw/to-svg.ts";
import type { Markup } from "../../src/pictures/plot/markup.ts";
import { defineLandscape } from "../../src/pictures/landscapes/landscape.ts";
import { race } from "../../src/pictures/landscapes/race.ts";
import { tensor } from "downhill";
import type { GeneralOptimizer } from "downhill/optim";
import { readGround } from "./ground.ts";
import type { RaceStart } from "./race-state.ts";
import { optimizerOf, racerName } from "./racers.ts";

/** Draws a race as a picture that moves step by step, as `downhill race --out race.svg` does. */
export function raceAnimation({ formula, start, racers, steps, known }: RaceStart): Markup {
  const { landscape, box } = known === undefined ? readGround(formula) : readGround(formula, known);
  const { minima, saddles, lowest } = landscape;
  const shown = defineLandscape(formula, {
    start,
    domain: box,
    minima,
    saddles,
    ...(lowest === undefined ? {} : { lowest }),
  });
  const entries = racers.map((racer, i): [string, GeneralOptimizer<unknown>] => {
    const settings = Object.entries(racer.settings).map(([key, value]) => [key, tensor(value)] as const);
    return [`${i + 1}. ${racerName(racer)}`, optimizerOf(racer, steps, Object.fromEntries(settings))];
  });
  return drawLandscape(race(shown, Object.fromEntries(entries), { steps }), true);
}

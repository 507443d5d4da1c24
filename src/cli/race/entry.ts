import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill race`. */
export const raceEntry: LazyCommand = {
  description: "Watch optimisers run over a landscape",
  examples: [
    [
      'downhill race rosenbrock --optimizers "sgd(learningRate=0.001),adam" --steps 500 --out race.html',
      "two optimisers from one start, on a page to play and scrub; .svg and .json too",
    ],
    ['downhill race "x^4 - 2*x^2 + y^2" --start x=-0.1,y=1', "a landscape of your own, by its formula"],
    [
      "downhill race bowl.ts#bowl --start x=2,y=1 --out race.html",
      `a TypeScript function marked "use ad": of numbers, of one array, tuple or record`,
    ],
    ["downhill race ./f.js", "or as a module: f of (x, y), and optional exports start, domain, minima"],
    [
      'downhill race many-minima --optimizers "sgd(lr=0.1),sgd(lr=cyclic(max=7, step-size-up=15))"',
      "a schedule in place of a rate",
    ],
    [
      'downhill race rosenbrock --where "x + y <= 1" --out race.html',
      "a constraint: the feasible region, the path of minimize and the multiplier",
    ],
    ["downhill race bowl --noise 1 --seed 3", "gradients with noise, as of small batches"],
    ["downhill race --preset momentum", "a study: a claim, figures, and what was found"],
    ["downhill race --list", "lists landscapes, presets and optimisers"],
  ],
  computes: true,
  load: async () => anyCommand((await import("./command.ts")).raceCommand),
};

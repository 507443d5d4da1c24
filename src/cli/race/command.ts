import type { Command } from "../run.ts";
import type { OptionValues } from "../shared/option-values.ts";

const args = {
  landscape: {
    type: "positional",
    required: false,
    valueHint: "landscape",
    description:
      'a name of --list, a formula such as x^4 - 2*x^2 + y^2, or a module such as ./f.js (default rosenbrock)\nfile.ts#name: a TypeScript function marked "use ad"',
  },
  optimizers: {
    type: "string",
    valueHint: "list",
    description: "as in sgd(learningRate=0.01, momentum=0.9),adam (default: four that suit the landscape)",
  },
  steps: { type: "string", valueHint: "N", description: "updates of each run (default 300)" },
  start: { type: "string", valueHint: "point", description: "where to begin, as x=-1,y=2 or -1,2" },
  domain: { type: "string", valueHint: "box", description: "what to draw, as x=-2:2,y=-1:3 or -2:2,-1:3" },
  tolerances: {
    type: "string",
    valueHint: "t,t,…",
    description: "distances to the lowest value that count as reached (default 1e-2,1e-4,1e-8)",
  },
  where: {
    type: "string",
    valueHint: '"x + y <= 1"',
    isRepeatable: true,
    description:
      "a constraint of coordinates, with <=, >= or =, or two-sided as in 0 <= x - y <= 1; may be repeated\nminimize joins the race, and optimisers get the landscape plus a penalty",
  },
  noise: { type: "string", valueHint: "σ", description: "noise added to each gradient (default 0)" },
  seed: { type: "string", valueHint: "N", description: "seed of the noise (default 0)" },
  preset: { type: "string", valueHint: "name", description: "a study instead of a race; see --list" },
  list: { type: "boolean", description: "list landscapes, presets and optimisers" },
  json: { type: "boolean", description: "write one JSON object: every point of every run" },
  out: {
    type: "string",
    valueHint: "file",
    description: "draw it to a file: out.html, out.svg and out.gif (which move), out.png or out.json",
  },
} as const;

/** Values of the options of `downhill race`. */
export type RaceRequest = OptionValues<typeof args>;

/** `downhill race`: runs optimisers on a landscape. */
export const raceCommand: Command<typeof args> = {
  args,
  async run(given, terminal) {
    const { showRace } = await import("./run.ts");
    await showRace(given, terminal.stdout);
    return 0;
  },
};

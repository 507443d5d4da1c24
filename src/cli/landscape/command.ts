import type { Command } from "../run.ts";
import type { OptionValues } from "../shared/option-values.ts";

const args = {
  dataset: {
    type: "positional",
    required: false,
    valueHint: "what",
    description:
      'digits, the built-in handwritten digits (default), a formula such as x^4 - 2*x^2 + y^2, a landscape of downhill race --list, or a module\nfile.ts#name: a TypeScript function marked "use ad"',
  },
  where: {
    type: "string",
    valueHint: '"x + y <= 1"',
    isRepeatable: true,
    description:
      "for a formula: a constraint of coordinates, with <=, >= or =, or two-sided as in 0 <= x - y <= 1; may be repeated\ndraws the feasible region, the path of minimize and the forces at its end",
  },
  start: {
    type: "string",
    valueHint: "point",
    description: "for a formula: where the search begins, as x=-1,y=2 or -1,2",
  },
  domain: {
    type: "string",
    valueHint: "box",
    description: "for a formula: what to draw, as x=-2:2,y=-1:3 or -2:2,-1:3",
  },
  directions: {
    type: "string",
    valueHint: "word",
    description: "pca (default), filter-normalised or random: which plane through the parameters",
  },
  resolution: { type: "string", valueHint: "N", description: "points along each axis (default 31)" },
  range: {
    type: "string",
    valueHint: "from:to",
    description: "extent along both directions (default -1:1; for pca that of the path)",
  },
  items: { type: "string", valueHint: "N", description: "items for computing the loss (default 600)" },
  optimizer: {
    type: "string",
    valueHint: "text",
    description: "as in adam(learningRate=0.003) (default sgd(lr=0.1, momentum=0.9))",
  },
  epochs: { type: "string", valueHint: "N", description: "passes over the data (default 12)" },
  batch: { type: "string", valueHint: "N", description: "items a step (default 32)" },
  hidden: { type: "string", valueHint: "N,N,…", description: "sizes of hidden layers, or none (default 32)" },
  seed: { type: "string", valueHint: "N", description: "of parameters, order and directions (default 0)" },
  json: { type: "boolean", description: "write one JSON object: the values and the path" },
  out: {
    type: "string",
    valueHint: "file",
    description: "draw it to a file: out.html, out.svg and out.gif (which move), out.png or out.json",
  },
} as const;

/** Values of the options of `downhill landscape`. */
export type LandscapeRequest = OptionValues<typeof args>;

/** `downhill landscape`: draws a slice of a network's loss, or a formula with its feasible region. */
export const landscapeCommand: Command<typeof args> = {
  args,
  async run(given, terminal) {
    const { showLandscape } = await import("./run.ts");
    await showLandscape(given, terminal.stdout);
    return 0;
  },
};

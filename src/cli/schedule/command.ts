import type { Command } from "../run.ts";

const args = {
  name: {
    type: "positional",
    required: false,
    valueHint: "name",
    description: "the schedule, as cosine or cyclic; without one, lists them all",
  },
  steps: { type: "string", valueHint: "N", description: "steps to compute, from step 0 (default 100)" },
  json: { type: "boolean", description: "write one JSON object, with the rates and the momentum" },
  out: { type: "string", valueHint: "file", description: "draw it to a file: out.svg, out.png or out.html" },
  log: { type: "boolean", description: "draw on a logarithmic axis" },
  // Options of single schedules. An option that does not apply to the given schedule is refused with a list of those
  // that do.
  rate: { type: "string", valueHint: "rate", description: "the rate of constant" },
  from: { type: "string", valueHint: "rate", description: "the rate of the first step (default 0.1)" },
  to: { type: "string", valueHint: "rate", description: "the rate at the end (default 0)" },
  length: {
    type: "string",
    valueHint: "N",
    description: "steps that the schedule itself takes (default: those left by --warmup)",
  },
  factor: { type: "string", valueHint: "f", description: "factor of the rate" },
  every: { type: "string", valueHint: "N", description: "steps until it is multiplied, or divided, again" },
  at: { type: "string", valueHint: "N,N,…", description: "multi-step, sequential: steps of a change" },
  power: { type: "string", valueHint: "p", description: "polynomial: the exponent (default 2)" },
  decay: { type: "string", valueHint: "d", description: "inverse-time: added to the divisor" },
  after: { type: "string", valueHint: "word", description: "cosine: stay (default) or swing back and forth" },
  "first-steps": { type: "string", valueHint: "N", description: "cosine-restarts: length of the first run" },
  "steps-factor": {
    type: "string",
    valueHint: "f",
    description: "cosine-restarts: how much longer each run is (default 2)",
  },
  "from-factor": {
    type: "string",
    valueHint: "f",
    description: "cosine-restarts: how much lower each run begins (default 1)",
  },
  base: { type: "string", valueHint: "rate", description: "cyclic: the lowest rate (default 0.001)" },
  max: {
    type: "string",
    valueHint: "rate",
    description: "the highest rate (default, for cyclic 0.006, for one-cycle 0.1)",
  },
  "step-size-up": { type: "string", valueHint: "N", description: "cyclic: steps from --base to --max" },
  "step-size-down": {
    type: "string",
    valueHint: "N",
    description: "cyclic: steps back (default: as many as up)",
  },
  mode: {
    type: "string",
    valueHint: "word",
    description: "cyclic: triangular (default), triangular2 or exp_range\nplateau: min (default) or max",
  },
  gamma: { type: "string", valueHint: "γ", description: "cyclic: the factor per step of exp_range" },
  amplitude: {
    type: "string",
    valueHint: "formula",
    description: "cyclic: a custom height, as 0.9^(x-1), of the number of the cycle",
  },
  "amplitude-of": {
    type: "string",
    valueHint: "word",
    description: "cyclic: the variable of --amplitude, cycle (default) or step",
  },
  rise: {
    type: "string",
    valueHint: "share",
    description: "one-cycle: the share of the steps that rises (default 0.3)",
  },
  phases: { type: "string", valueHint: "N", description: "one-cycle: 2 (default) or 3" },
  shape: { type: "string", valueHint: "word", description: "one-cycle: cosine (default) or linear" },
  "base-momentum": { type: "string", valueHint: "β", description: "cyclic, one-cycle: the lowest momentum" },
  "max-momentum": { type: "string", valueHint: "β", description: "cyclic, one-cycle: the highest momentum" },
  parts: {
    type: "string",
    valueHint: "text",
    description: 'sequential, chained: as in "linear from=0 to=0.1; cosine from=0.1"',
  },
  formula: {
    type: "string",
    valueHint: "formula",
    description: "lambda, multiplicative: of the step, as 0.1*0.95^t",
  },
  rates: { type: "string", valueHint: "r,r,…", description: "list: one rate per step" },
  metrics: { type: "string", valueHint: "m,m,…", description: "plateau: the metric of each epoch" },
  patience: {
    type: "string",
    valueHint: "N",
    description: "plateau: bad epochs to tolerate before the rate is reduced (default 10)",
  },
  threshold: {
    type: "string",
    valueHint: "x",
    description: "plateau: the least improvement that counts (default 0.0001)",
  },
  "threshold-mode": {
    type: "string",
    valueHint: "word",
    description: "plateau: relative (default) or absolute",
  },
  cooldown: { type: "string", valueHint: "N", description: "plateau: epochs without counting (default 0)" },
  floor: { type: "string", valueHint: "rate", description: "plateau: the lowest rate (default 0)" },
  eps: { type: "string", valueHint: "x", description: "plateau: the least change made (default 1e-8)" },
  warmup: {
    type: "string",
    valueHint: "N",
    description: "any: N steps of linear warm-up to its first rate",
  },
  "warmup-from": { type: "string", valueHint: "rate", description: "any: where --warmup begins (default 0)" },
  "per-epoch": {
    type: "string",
    valueHint: "N",
    description: "any: count epochs of N steps instead of steps",
  },
} as const;

/** `downhill schedule`: prints and draws learning-rate schedules. */
export const scheduleCommand: Command<typeof args> = {
  args,
  async run({ name, steps, json, out, log, ...rest }, terminal) {
    const { drawSchedule } = await import("./run.ts");
    const given = Object.entries(rest);
    const texts = new Map(given.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
    const request = { name, steps, out, json, log, texts };
    await drawSchedule(request, terminal.stdout);
    return 0;
  },
};

// Programs of figures as TypeScript. They run as they are, in Node, Deno, Bun or a bundler, with downhill installed.
import { raceText } from "../../src/pictures/landscapes/race-program.ts";
import { compiledProgram, literal, textProgram } from "../../src/pictures/viz/gradient-program.ts";
import type { Program } from "./program.ts";
import type { RaceStart } from "./race-state.ts";
import { type Racer, type RacerId, racerName, type ScheduleId } from "./racers.ts";

/** Value and gradient of a reader's program at its arguments. */
export function gradientProgram(program: Program, args: readonly unknown[]): string {
  const values = args.map((arg) => literal(arg));
  if (program.kind === "plain")
    return compiledProgram(program.text, program.form.region.name, values, program.argnums);
  return textProgram(program.compiled, program.text, values);
}

/** A race of the pages, with its table. */
export function raceProgram({ formula, start, racers, steps, known = {} }: RaceStart): string {
  const runs = racers.map((racer, i) => ({
    name: `${i + 1}. ${racerName(racer)}`,
    code: optimizerCode(racer, steps),
  }));
  return raceText({ landscape: { formula, ...known }, start, steps, runs });
}

const optimizers: Readonly<Record<RacerId, string>> = {
  sgd: "sgd",
  momentum: "sgd",
  nesterov: "sgd",
  adagrad: "adagrad",
  rmsprop: "rmsprop",
  adam: "adam",
  amsgrad: "adam",
};

const flags: Readonly<Partial<Record<RacerId, string>>> = {
  nesterov: "nesterov: true",
  amsgrad: "amsgrad: true",
};

function optimizerCode({ kind, settings, schedule }: Racer, steps: number): string {
  const options = Object.entries(settings).map(([key, value]) =>
    key === "lr" ? `learningRate: ${rateCode(value, schedule, steps)}` : `${key}: ${value}`,
  );
  return `${optimizers[kind]}({ ${[...options, ...(flags[kind] === undefined ? [] : [flags[kind]])].join(", ")} })`;
}

/** JavaScript code of a learning rate with a schedule of `scheduleShapes`. */
function rateCode(rate: number, schedule: ScheduleId, steps: number): string {
  switch (schedule) {
    case "constant":
      return String(rate);
    case "step":
      return `stepDecay({ from: ${rate}, factor: 0.5, every: ${Math.max(1, Math.ceil(steps / 4))} })`;
    case "exponential":
      return `exponentialDecay({ from: ${rate}, factor: 0.01, every: ${steps} })`;
    case "cosine":
      return `cosineDecay({ from: ${rate}, steps: ${steps} })`;
    case "cyclic":
      return `cyclic({ base: ${rate / 10}, max: ${rate}, stepSizeUp: ${Math.max(1, Math.round(steps / 8))} })`;
    case "one-cycle":
      return `oneCycle({ max: ${rate}, steps: ${steps} })`;
    default:
      return schedule satisfies never;
  }
}

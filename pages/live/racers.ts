// Optimisers with their settings as data, for races in pages.
import { mul, type Tensor } from "downhill";
import {
  adagrad,
  adam,
  cosineDecay,
  cyclic,
  exponentialDecay,
  type GeneralOptimizer,
  oneCycle,
  rmsprop,
  type Schedule,
  sgd,
  stepDecay,
} from "downhill/optim";
import type { KnownGround } from "./ground.ts";
import { numberFrom, type NumberRange } from "./address.ts";

/** An adjustable setting of an optimiser. */
export interface Setting extends NumberRange {
  readonly key: string;
  /** Symbol in formulas: η, β. */
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly initial: number;
  /** Whether its slider is logarithmic. */
  readonly isLog?: boolean;
}

type Scalars = Readonly<Record<string, Tensor>>;
type Rate = Tensor | Schedule;

/** Key of a kind of optimiser in the address. */
export type RacerId = "sgd" | "momentum" | "nesterov" | "adagrad" | "rmsprop" | "adam" | "amsgrad";

/** A kind of optimiser that may take part. */
export interface RacerKind {
  readonly name: string;
  readonly settings: readonly Setting[];
  readonly make: (rate: Rate, settings: Scalars) => GeneralOptimizer<unknown>;
}

const rate = (initial: number): Setting => ({
  key: "lr",
  label: "rate η",
  min: 1e-5,
  max: 10,
  initial,
  isLog: true,
});
const kept = (key: string, label: string, initial: number): Setting => ({
  key,
  label,
  min: 0,
  max: 0.999,
  step: 0.001,
  initial,
});

/** Kinds of optimisers. Default rates suit a landscape a few units wide with curvatures of about 1. */
export const racerKinds: Readonly<Record<RacerId, RacerKind>> = {
  sgd: {
    name: "gradient descent",
    settings: [rate(0.1)],
    make: (learningRate) => sgd({ learningRate }),
  },
  momentum: {
    name: "momentum",
    settings: [rate(0.03), kept("momentum", "β", 0.9)],
    make: (learningRate, { momentum }) => sgd({ learningRate, momentum: momentum! }),
  },
  nesterov: {
    name: "Nesterov momentum",
    settings: [rate(0.03), kept("momentum", "β", 0.9)],
    make: (learningRate, { momentum }) => sgd({ learningRate, momentum: momentum!, nesterov: true }),
  },
  adagrad: {
    name: "Adagrad",
    settings: [rate(0.5)],
    make: (learningRate) => adagrad({ learningRate }),
  },
  rmsprop: {
    name: "RMSProp",
    settings: [rate(0.05), kept("alpha", "α", 0.99)],
    make: (learningRate, { alpha }) => rmsprop({ learningRate, alpha: alpha! }),
  },
  adam: {
    name: "Adam",
    settings: [rate(0.1), kept("beta1", "β₁", 0.9), kept("beta2", "β₂", 0.999)],
    make: (learningRate, { beta1, beta2 }) => adam({ learningRate, beta1: beta1!, beta2: beta2! }),
  },
  amsgrad: {
    name: "AMSGrad",
    settings: [rate(0.1), kept("beta1", "β₁", 0.9), kept("beta2", "β₂", 0.999)],
    make: (learningRate, { beta1, beta2 }) =>
      adam({ learningRate, beta1: beta1!, beta2: beta2!, amsgrad: true }),
  },
};

/** Key of a schedule in the address. */
export type ScheduleId = "constant" | "step" | "exponential" | "cosine" | "cyclic" | "one-cycle";

interface ScheduleShape {
  readonly name: string;
  /** Schedule as a fraction of the set rate, for a number of steps. Undefined if the rate is constant. */
  readonly shape?: (steps: number) => Schedule;
}

/** Schedules, each as a fraction of the set rate over a number of steps. */
export const scheduleShapes: Readonly<Record<ScheduleId, ScheduleShape>> = {
  constant: { name: "constant rate" },
  step: {
    name: "halved three times",
    shape: (steps: number) => stepDecay({ from: 1, factor: 0.5, every: Math.max(1, Math.ceil(steps / 4)) }),
  },
  exponential: {
    name: "exponential decay to 1 %",
    shape: (steps: number) => exponentialDecay({ from: 1, factor: 0.01, every: steps }),
  },
  cosine: { name: "cosine decay", shape: (steps: number) => cosineDecay({ from: 1, steps }) },
  cyclic: {
    name: "cyclic, a tenth and back",
    shape: (steps: number) => cyclic({ base: 0.1, max: 1, stepSizeUp: Math.max(1, Math.round(steps / 8)) }),
  },
  "one-cycle": { name: "one cycle", shape: (steps: number) => oneCycle({ max: 1, steps }) },
};

/** An optimiser with its settings. */
export interface Racer {
  readonly kind: RacerId;
  readonly settings: Readonly<Record<string, number>>;
  readonly schedule: ScheduleId;
}

/** Data of a race as stored in a standalone page. */
export interface RaceData extends Omit<KnownGround, "lowest"> {
  readonly formula: string;
  readonly start: readonly number[];
  /** The optimisers, encoded by {@link writeRacers}. */
  readonly racers: string;
  readonly steps: number;
  /** The lowest value as text, because JSON cannot store −∞. */
  readonly lowest?: string;
}

/** An optimiser with its initial settings, some of them overridden. */
export function racerOf(kind: RacerId, settings: Readonly<Record<string, number>> = {}): Racer {
  const usual = racerKinds[kind].settings.map(({ key, initial }) => [key, initial] as const);
  return { kind, settings: { ...Object.fromEntries(usual), ...settings }, schedule: "constant" };
}

/** Creates the optimiser of a racer, with its settings as scalar tensors. */
export function optimizerOf(
  { kind, schedule }: Racer,
  steps: number,
  settings: Scalars,
): GeneralOptimizer<unknown> {
  const given = settings["lr"]!;
  const share = scheduleShapes[schedule].shape?.(steps);
  const scheduled = share === undefined ? given : (((step: Tensor) => mul(given, share(step))) as Schedule);
  return racerKinds[kind].make(scheduled, settings);
}

/** Name of a racer, with its settings. */
export function racerName({ kind, settings, schedule }: Racer): string {
  const { name } = racerKinds[kind];
  const shown = racerKinds[kind].settings.map(
    ({ key, label }) => `${label.replace("rate ", "")} ${settings[key]!}`,
  );
  return `${name} (${shown.join(", ")}${schedule === "constant" ? "" : `, ${scheduleShapes[schedule].name}`})`;
}

/** Encodes racers as text: `sgd:lr=0.1;adam:lr=0.1,beta1=0.9,beta2=0.999,cosine`. */
export function writeRacers(racers: readonly Racer[]): string {
  return racers
    .map(({ kind, settings, schedule }) => {
      const parts = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
      return `${kind}:${[...parts, ...(schedule === "constant" ? [] : [schedule])].join(",")}`;
    })
    .join(";");
}

/**
 * Parses the text of racers.
 *
 * @throws Error for an unknown name or a number out of range
 */
export function readRacers(text: string): Racer[] {
  if (text === "") return [];
  return text.split(";").map((part) => {
    const [id = "", given = ""] = part.split(":");
    if (!Object.hasOwn(racerKinds, id))
      throw new Error(`${id} is none of ${Object.keys(racerKinds).join(", ")}`);
    let racer = racerOf(id as RacerId);
    for (const word of given.split(",")) {
      const [key = "", value] = word.split("=");
      const setting = racerKinds[racer.kind].settings.find((one) => one.key === key);
      if (value !== undefined && setting !== undefined)
        racer = { ...racer, settings: { ...racer.settings, [key]: numberFrom(value, setting) } };
      else if (value === undefined && Object.hasOwn(scheduleShapes, key))
        racer = { ...racer, schedule: key as ScheduleId };
      else throw new Error(`${id} has no setting ${word}`);
    }
    return racer;
  });
}

import {
  constantRate,
  cosineDecay,
  cosineRestarts,
  cyclic,
  exponentialDecay,
  inverseSquareRootDecay,
  inverseTimeDecay,
  linearDecay,
  multiStepDecay,
  oneCycle,
  polynomialDecay,
  type Schedule,
  stepDecay,
} from "../../numeric/optim/index.ts";
import { formulaCode } from "../shared/program-text.ts";
import { literal } from "../../pictures/viz/gradient-program.ts";
import { readFormula, type OptionReader } from "./reader.ts";

/** A schedule, and the expression of TypeScript that makes it. */
export interface CodedSchedule<S extends Schedule = Schedule> {
  readonly rate: S;
  readonly code: string;
}

/** A schedule that can be drawn. */
export interface DrawableSchedule extends CodedSchedule {
  readonly momentum?: CodedSchedule;
  /** Number of steps to draw by default. */
  readonly steps?: number;
  /** Unit of the horizontal axis if it is not a step. */
  readonly unit?: "epoch";
}

const makers = {
  constantRate,
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  inverseSquareRootDecay,
  inverseTimeDecay,
  linearDecay,
  multiStepDecay,
  oneCycle,
  polynomialDecay,
  stepDecay,
};
type Makers = typeof makers;

/** Calls a function of the library that makes a schedule from plain options. */
function coded<Name extends keyof Makers>(
  name: Name,
  options: Parameters<Makers[Name]>[0],
): CodedSchedule<ReturnType<Makers[Name]>> {
  const make = makers[name] as (given: typeof options) => ReturnType<Makers[Name]>;
  return { rate: make(options), code: `${name}(${literal(options)})` };
}

/** Adds the momentum of a schedule that has one. */
function withMomentum({
  rate,
  code,
}: CodedSchedule<Schedule & { readonly momentum: Schedule }>): DrawableSchedule {
  return { rate, code, momentum: { rate: rate.momentum, code: `${code}.momentum` } };
}

/** Writes a constant rate or a schedule as code. */
export function partCode(part: number | CodedSchedule): string {
  return typeof part === "number" ? String(part) : part.code;
}

/** A schedule of the command line. All options have defaults that show its shape. */
export interface ScheduleKind {
  readonly description: string;
  readonly make: (read: OptionReader) => DrawableSchedule;
}

/** Reads the option `from`, the rate of the first step. */
export function from(read: OptionReader): number {
  return read.number("from", read.rate);
}

/** Reads the option `length`, the number of steps of the schedule. */
export function length(read: OptionReader): number {
  return read.number("length", read.steps);
}

/** Returns the given fraction of a number of steps, at least one step. */
export function partOf(steps: number, part: number): number {
  return Math.max(1, Math.round(steps * part));
}

function to(read: OptionReader): number {
  return read.number("to", 0);
}

/**
 * Reads the options `from` and `to`, which are the rates at the start and the end, and `length`, the number of steps.
 */
function line(read: OptionReader): { readonly from: number; readonly to: number; readonly steps: number } {
  return { from: from(read), to: to(read), steps: length(read) };
}

/** Schedules that a single formula defines, by name. */
export const kinds: readonly (readonly [name: string, kind: ScheduleKind])[] = [
  [
    "constant",
    {
      description: "the same rate at every step",
      make: (read) => coded("constantRate", read.number("rate", read.rate)),
    },
  ],
  [
    "step",
    {
      description: "a staircase: multiplied by a factor every so many steps",
      make(read) {
        const every = partOf(read.steps, 0.25);
        return coded("stepDecay", {
          from: from(read),
          factor: read.number("factor", 0.5),
          every: read.number("every", every),
        });
      },
    },
  ],
  [
    "multi-step",
    {
      description: "multiplied by a factor at chosen steps",
      make(read) {
        const at = [partOf(read.steps, 0.5), partOf(read.steps, 0.75)];
        return coded("multiStepDecay", {
          from: from(read),
          factor: read.number("factor", 0.1),
          at: read.numbers("at", at),
        });
      },
    },
  ],
  [
    "linear",
    {
      description: "linear, down or up",
      make: (read) => coded("linearDecay", line(read)),
    },
  ],
  [
    "polynomial",
    {
      description: "a power of the remaining fraction of the run",
      make(read) {
        return coded("polynomialDecay", { ...line(read), power: read.number("power", 2) });
      },
    },
  ],
  [
    "exponential",
    {
      description: "smooth exponential decay by a factor in so many steps",
      make(read) {
        return coded("exponentialDecay", {
          from: from(read),
          factor: read.number("factor", 0.95),
          every: read.number("every", 1),
          to: read.maybeNumber("to") ?? null,
        });
      },
    },
  ],
  [
    "inverse-time",
    {
      description: "falls as 1/t",
      make(read) {
        const every = partOf(read.steps, 0.1);
        return coded("inverseTimeDecay", {
          from: from(read),
          decay: read.number("decay", 1),
          every: read.number("every", every),
        });
      },
    },
  ],
  [
    "inverse-square-root",
    {
      description: "falls as 1/√t",
      make(read) {
        const every = partOf(read.steps, 0.1);
        return coded("inverseSquareRootDecay", { from: from(read), every: read.number("every", every) });
      },
    },
  ],
  [
    "cosine",
    {
      description: "half a cosine down",
      make(read) {
        return coded("cosineDecay", { ...line(read), after: read.word("after", ["stay", "swing"], "stay") });
      },
    },
  ],
  [
    "cosine-restarts",
    {
      description: "half cosines with jumps back up between them: warm restarts, SGDR",
      make: (read) =>
        coded("cosineRestarts", {
          from: from(read),
          to: to(read),
          firstSteps: read.number("first-steps", partOf(read.steps, 1 / 7)),
          stepsFactor: read.number("steps-factor", 2),
          fromFactor: read.number("from-factor", 1),
        }),
    },
  ],
  ["one-cycle", { description: "one rise and one long fall, the momentum opposite", make: makeOneCycle }],
  ["cyclic", { description: "linear rises and falls, the momentum opposite", make: makeCyclic }],
];

function makeOneCycle(read: OptionReader): DrawableSchedule {
  const cycle = coded("oneCycle", {
    max: read.number("max", read.rate),
    steps: length(read),
    from: read.maybeNumber("from") ?? null,
    to: read.maybeNumber("to") ?? null,
    rise: read.number("rise", 0.3),
    phases: read.number("phases", 2) as 2 | 3, // checked by the schedule
    shape: read.word("shape", ["cosine", "linear"], "cosine"),
    baseMomentum: read.number("base-momentum", 0.85),
    maxMomentum: read.number("max-momentum", 0.95),
  });
  return withMomentum(cycle);
}

function makeCyclic(read: OptionReader): DrawableSchedule {
  // as in the paper, or the same ratio below the given rate
  const max = read.number("max", read.givenRate ?? 0.006);
  const base = read.number("base", read.givenRate === undefined ? 0.001 : max / 6);
  const up = read.number("step-size-up", partOf(read.steps, 0.125));
  const common = {
    base,
    max,
    stepSizeUp: up,
    stepSizeDown: read.number("step-size-down", up),
    baseMomentum: read.number("base-momentum", 0.8),
    maxMomentum: read.number("max-momentum", 0.9),
  };
  const formula = read.maybeText("amplitude");
  const mode = read.maybeWord("mode", ["triangular", "triangular2", "exp_range"]);
  const amplitudeOf = read.maybeWord("amplitude-of", ["cycle", "step"]);
  const gamma = read.maybeNumber("gamma");
  const plain = {
    ...common,
    ...(mode === undefined ? {} : { mode }),
    ...(amplitudeOf === undefined ? {} : { amplitudeOf }),
    ...(gamma === undefined ? {} : { gamma }),
  };
  const code = literal(plain);
  if (formula === undefined) return withMomentum({ rate: cyclic(plain), code: `cyclic(${code})` });
  return withMomentum({
    rate: cyclic({ ...plain, amplitude: readFormula("--amplitude", formula) }),
    code: `cyclic({ ...${code}, amplitude: ${formulaCode(formula)} })`,
  });
}

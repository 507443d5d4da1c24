import {
  chained,
  lambda,
  multiplicative,
  rateList,
  reduceOnPlateau,
  sequential,
  warmup,
} from "../../numeric/optim/index.ts";
import { literal } from "../../pictures/viz/gradient-program.ts";
import { formulaCode, numberFormulaCode } from "../shared/program-text.ts";
import {
  type CodedSchedule,
  type DrawableSchedule,
  from,
  length,
  partCode,
  partOf,
  type ScheduleKind,
} from "./kinds.ts";
import { ofNumbers, readFormula, type OptionReader } from "./reader.ts";

/**
 * Reads a schedule from a text such as `cosine from=0.1 length=90`, for the given number of steps. If the text sets no
 * rate, the rate of `within`, the options of the composed schedule, is used.
 */
type ReadPart = (text: string, steps: number, within: OptionReader) => number | CodedSchedule;

/** Creates the schedules that are composed of other schedules, of formulas or of lists. */
export function composites(part: ReadPart): readonly (readonly [name: string, kind: ScheduleKind])[] {
  return [
    [
      "warmup",
      {
        description: "a linear rise, then a constant rate",
        make(read) {
          const start = read.number("from", 0);
          const end = read.number("to", read.rate);
          const steps = read.number("length", partOf(read.steps, 0.1));
          const options = { from: start, steps };
          return { rate: warmup(end, options), code: `warmup(${end}, ${literal(options)})` };
        },
      },
    ],
    [
      "sequential",
      {
        description: "one schedule after another",
        make: (read) => makeSequential(read, part),
      },
    ],
    [
      "chained",
      {
        description: "the product of schedules",
        make(read) {
          const parts = splitParts(read.text("parts", "linear from=0.1 to=1 length=10; exponential"));
          const schedules = parts.map((text) => part(text, read.steps, read));
          return {
            rate: chained(schedules.map(rateOf)),
            code: `chained([${schedules.map(partCode).join(", ")}])`,
          };
        },
      },
    ],
    [
      "lambda",
      {
        description: "a formula of the step",
        make(read) {
          const formula = read.text("formula", () => `${read.rate()}*0.95^t`);
          return {
            rate: lambda(readFormula("--formula", formula)),
            code: `lambda(${formulaCode(formula)})`,
          };
        },
      },
    ],
    [
      "multiplicative",
      {
        description: "each rate is the one before it times a formula of the step",
        make(read) {
          const start = from(read);
          const formula = read.text("formula", "1/(1 + 0.01*t)");
          const factor = ofNumbers(readFormula("--formula", formula));
          const steps = length(read);
          return {
            rate: multiplicative({ from: start, factor, steps }),
            code: `multiplicative({ from: ${start}, factor: ${numberFormulaCode(formula)}, steps: ${steps} })`,
          };
        },
      },
    ],
    [
      "list",
      {
        description: "rates of your own, one per step",
        make(read) {
          const rates = read.numbers("rates", () =>
            [1, 1, 0.5, 0.5, 0.1].map((share) => share * read.rate()),
          );
          return { rate: rateList(rates), code: `rateList(${literal(rates)})`, steps: rates.length };
        },
      },
    ],
    [
      "plateau",
      {
        description: "multiplied by a factor when a metric has stopped improving",
        make: makePlateau,
      },
    ],
  ];
}

function rateOf(part: number | CodedSchedule): number | CodedSchedule["rate"] {
  return typeof part === "number" ? part : part.rate;
}

function splitParts(text: string): string[] {
  return text.split(";").map((part) => part.trim());
}

function makeSequential(read: OptionReader, part: ReadPart): DrawableSchedule {
  const parts = splitParts(
    read.text("parts", () => `linear from=${read.rate() / 10} to=${read.rate()}; cosine`),
  );
  const even = parts.slice(1).map((_, i) => partOf(read.steps, (i + 1) / parts.length));
  const at = read.numbers("at", parts.length === 2 ? [partOf(read.steps, 0.1)] : even);
  const schedules = parts.map((text, i) => {
    const start = i === 0 ? 0 : (at[i - 1] ?? 0);
    return part(text, Math.max(1, (at[i] ?? read.steps) - start), read);
  });
  return {
    rate: sequential(schedules.map(rateOf), { at }),
    code: `sequential([${schedules.map(partCode).join(", ")}], { at: ${literal(at)} })`,
  };
}

/** Computes the learning rate of each epoch from the metrics: a metric affects the rates of the epochs after it. */
function makePlateau(read: OptionReader): DrawableSchedule {
  const learningRate = from(read);
  // a metric that falls for a while and then stays constant
  const falling = Array.from({ length: read.steps }, (_, epoch) => 1 / (1 + Math.min(epoch, read.steps / 4)));
  const metrics = read.maybeNumbers("metrics") ?? falling;
  const { init, update } = reduceOnPlateau({
    learningRate,
    mode: read.word("mode", ["min", "max"], "min"),
    factor: read.number("factor", 0.1),
    patience: read.number("patience", 10),
    threshold: read.number("threshold", 1e-4),
    thresholdMode: read.word("threshold-mode", ["relative", "absolute"], "relative"),
    cooldown: read.number("cooldown", 0),
    floor: read.number("floor", 0),
    eps: read.number("eps", 1e-8),
  });
  let state = init();
  const rates = metrics.map((metric) => {
    const { rate } = state;
    state = update(metric, state).state;
    return rate;
  });
  const all = [...rates, state.rate];
  return {
    rate: rateList(all),
    code: `rateList(${literal(all)})`,
    steps: metrics.length + 1,
    unit: "epoch",
  };
}

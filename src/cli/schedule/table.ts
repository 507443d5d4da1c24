import { DownhillError } from "../../engine/errors/index.ts";
import { perEpoch, sequential, warmup } from "../../numeric/optim/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { literal } from "../../pictures/viz/gradient-program.ts";
import { type OptionCall, isNumber, readCall } from "../shared/call-text.ts";
import { composites } from "./composites.ts";
import { type CodedSchedule, type DrawableSchedule, kinds, type ScheduleKind } from "./kinds.ts";
import { makeReader, type OptionReader } from "./reader.ts";

/** All schedules of the command line by name. */
export const schedules: ReadonlyMap<string, ScheduleKind> = new Map([...kinds, ...composites(readPart)]);

/**
 * Finds a schedule by its name: `cosine`, or `cosineDecay` as in the library.
 *
 * @throws DownhillError `option` for an unknown name, with the nearest valid one.
 */
export function findSchedule(name: string): readonly [name: string, kind: ScheduleKind] {
  const written = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
  const key = written.replace(/-decay$/, "");
  const kind = schedules.get(key);
  if (kind !== undefined) return [key, kind];
  const near = didYouMean(key, schedules.keys());
  const all = near === "" ? ` There are ${[...schedules.keys()].join(", ")}.` : near;
  throw new DownhillError("option", `${JSON.stringify(name)} is not a schedule.${all}`);
}

/**
 * Reads a schedule from a text such as `cosine from=0.1 length=90`; a number is a constant rate.
 *
 * @throws DownhillError `option`, with the part that cannot be read.
 */
function readPart(text: string, steps: number, within: OptionReader): number | CodedSchedule {
  if (isNumber(text)) return Number(text);
  const { name, options } = readText("--parts", text);
  const [key, kind] = findSchedule(name);
  const reader = makeReader(key, options, steps, "", within.givenRate);
  const { rate, code } = kind.make(reader);
  reader.finish();
  return { rate, code };
}

/** The run that a schedule is for. */
export interface ScheduleContext {
  /** Name of the option that holds the text, for messages: `--schedule`. */
  readonly what: string;
  /** Number of steps of the run. */
  readonly steps: number;
  /** Returns the rate that the schedule begins at or rises to. Called only if the text does not set one. */
  readonly rate?: () => number;
  /** Number of steps per epoch, used by `per-epoch` without a number. */
  readonly stepsPerEpoch?: number;
}

/**
 * Reads the schedule of a text, `cosine warmup=100` or `cosine(warmup=100)`. Every schedule accepts the options
 * `warmup`, `warmup-from`, `per-epoch`.
 *
 * @throws DownhillError `option` and `range`, with the part that cannot be read.
 */
export function readSchedule(
  text: string,
  { what, steps, rate, stepsPerEpoch }: ScheduleContext,
): DrawableSchedule & { readonly name: string } {
  const { name, options } = readText(what, text);
  const [key, kind] = findSchedule(name);
  if (key === "plateau") {
    throw new DownhillError(
      "option",
      `${what}: plateau depends on a metric instead of the step: use --plateau of downhill train.`,
    );
  }
  const texts = new Map(options);
  if (texts.get("per-epoch") === "true" && stepsPerEpoch !== undefined) {
    texts.set("per-epoch", String(stepsPerEpoch));
  }
  return { name: key, ...makeSchedule(kind, makeReader(key, texts, steps, "", rate)) };
}

/** Parses `cosine from=0.1 length=90` and `cosine(from=0.1, length=90)`. */
function readText(what: string, text: string): OptionCall {
  if (/^[\w-]+\s*\(/.test(text)) return readCall(what, text);
  const [name = "", ...words] = text.trim().split(/\s+/);
  if (name === "") {
    const beside = what === "--parts" ? " beside a semicolon" : "";
    throw new DownhillError("option", `${what}: a schedule is missing${beside}.`);
  }
  const options = new Map<string, string>();
  for (const word of words) {
    const [, option, value] = /^([\w-]+)=(.+)$/.exec(word) ?? [];
    if (word === "per-epoch") {
      options.set(word, "true");
    } else if (option === undefined || value === undefined) {
      throw new DownhillError(
        "option",
        `${what}: options are written as name=value, without blanks, as in cosine from=0.1; got ${JSON.stringify(word)}.`,
      );
    } else options.set(option, value);
  }
  return { name, options };
}

/**
 * Makes a schedule of a kind, with the options that every schedule accepts: a warm-up, epochs in place of steps. The
 * schedule itself gets the remaining steps.
 */
export function makeSchedule(kind: ScheduleKind, reader: OptionReader): DrawableSchedule {
  const warm = reader.maybeWhole("warmup", 0);
  const warmFrom = reader.maybeNumber("warmup-from");
  const epoch = reader.maybeWhole("per-epoch", 1);
  if (warm === undefined && warmFrom !== undefined) {
    throw new DownhillError("option", "--warmup-from needs --warmup, the number of steps.");
  }
  const left = (reader.steps - (warm ?? 0)) / (epoch ?? 1);
  const made = kind.make({ ...reader, steps: Math.max(1, Math.round(left)) });
  reader.finish();
  const counted = epoch === undefined ? made : countedIn(made, epoch);
  if (warm === undefined) return counted;
  const options = { steps: warm, ...(warmFrom === undefined ? {} : { from: warmFrom }) };
  const warmed = {
    ...counted,
    rate: warmup(counted.rate, options),
    code: `warmup(${counted.code}, ${literal(options)})`,
  };
  const { momentum } = counted;
  if (momentum === undefined || warm === 0) return warmed;
  // the momentum stays at its first value during the warm-up
  const first = momentum.rate(0);
  return {
    ...warmed,
    momentum: {
      rate: sequential([first, momentum.rate], { at: [warm] }),
      code: `sequential([${first}, ${momentum.code}], { at: [${warm}] })`,
    },
  };
}

/** Changes the schedule once per epoch instead of at each step. */
function countedIn(made: DrawableSchedule, stepsPerEpoch: number): DrawableSchedule {
  const change = ({ rate, code }: CodedSchedule): CodedSchedule => ({
    rate: perEpoch(rate, stepsPerEpoch),
    code: `perEpoch(${code}, ${stepsPerEpoch})`,
  });
  const { momentum } = made;
  return { ...made, ...change(made), ...(momentum === undefined ? {} : { momentum: change(momentum) }) };
}

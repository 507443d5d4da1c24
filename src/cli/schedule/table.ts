import { DownhillError } from "../../errors/index.ts";
import { perEpoch, type Schedule, sequential, warmup } from "../../optim/index.ts";
import { didYouMean } from "../../util/suggest.ts";
import { composites } from "./composites.ts";
import { type Kind, kinds, type Made } from "./kinds.ts";
import { makeReader, type Reader } from "./reader.ts";

/** All schedules of the command line by name. */
export const schedules: ReadonlyMap<string, Kind> = new Map([...kinds, ...composites(readPart)]);

/**
 * The schedule of a name: `cosine`, and `cosineDecay` as the library has it.
 *
 * @throws DownhillError `option` for an unknown one, with the nearest.
 */
export function findSchedule(name: string): readonly [name: string, kind: Kind] {
  const written = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
  const key = written.replace(/-decay$/, "");
  const kind = schedules.get(key);
  if (kind !== undefined) return [key, kind];
  const near = didYouMean(key, schedules.keys());
  const all = near === "" ? ` There are ${[...schedules.keys()].join(", ")}.` : near;
  throw new DownhillError("option", `${JSON.stringify(name)} is no schedule.${all}`);
}

/**
 * A schedule as a text, `cosine from=0.1 length=90`; a number is a constant rate.
 *
 * @throws DownhillError `option`, naming what cannot be read.
 */
function readPart(text: string, steps: number): number | Schedule {
  if (text !== "" && Number.isFinite(Number(text))) return Number(text);
  const [name = "", ...words] = text.split(/\s+/);
  if (name === "") throw new DownhillError("option", "--parts: a schedule is missing beside a semicolon.");
  const [key, kind] = findSchedule(name);
  const texts = new Map<string, string>();
  for (const word of words) {
    const [, option, value] = /^([\w-]+)=(.+)$/.exec(word) ?? [];
    if (option === undefined || value === undefined) {
      throw new DownhillError(
        "option",
        `--parts: options are written as name=value, without blanks, as in cosine from=0.1; got ${JSON.stringify(word)}.`,
      );
    }
    texts.set(option, value);
  }
  const reader = makeReader(key, texts, steps, "");
  const { rate } = kind.make(reader);
  reader.finish();
  return rate;
}

/**
 * The schedule of a kind, with what may be put around any: a warm-up, epochs in place of steps. What is left of the steps
 * is the schedule's.
 */
export function makeSchedule(kind: Kind, reader: Reader): Made {
  const warm = reader.maybeWhole("warmup", 0);
  const warmFrom = reader.maybeNumber("warmup-from");
  const epoch = reader.maybeWhole("per-epoch", 1);
  if (warm === undefined && warmFrom !== undefined) {
    throw new DownhillError("option", "--warmup-from needs --warmup, the number of steps.");
  }
  const left = (reader.steps - (warm ?? 0)) / (epoch ?? 1);
  const made = kind.make({ ...reader, steps: Math.max(1, Math.round(left)) });
  reader.finish();
  const counted = epoch === undefined ? made : around(made, (schedule) => perEpoch(schedule, epoch));
  if (warm === undefined) return counted;
  const rate = warmup(counted.rate, { steps: warm, ...(warmFrom === undefined ? {} : { from: warmFrom }) });
  const { momentum } = counted;
  if (momentum === undefined || warm === 0) return { ...counted, rate };
  // the momentum waits where it begins
  return { ...counted, rate, momentum: sequential([momentum(0), momentum], { at: [warm] }) };
}

function around(made: Made, change: (schedule: Schedule) => Schedule): Made {
  return {
    ...made,
    rate: change(made.rate),
    ...(made.momentum === undefined ? {} : { momentum: change(made.momentum) }),
  };
}

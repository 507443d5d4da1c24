import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FitResult, Stretch } from "../../training/train/index.ts";
import { isTurbo } from "../../engine/runtime/index.ts";
import { toJson } from "../shared/json.ts";
import { version } from "../../engine/util/version.ts";
import { quote } from "../shared/words.ts";
import { fileIn, type OutputFolder, writeOutput } from "../shared/write-file.ts";

/** Settings as one flat object. */
export type FlatSettings = Readonly<Record<string, unknown>>;

/**
 * Settings of a stretch of a run, as stored in its checkpoints. A stretch lasts from the beginning of the run, or from
 * where it was resumed, until it is resumed again.
 */
export interface StretchSettings {
  /** Words of the command that trains such a run from beginning to end. */
  readonly command: readonly string[];
  /** Versions of downhill and of its runtime. Other versions may produce other last bits. */
  readonly version: string;
  readonly engine: string;
  readonly settings: FlatSettings;
}

/** A stretch with the known part of its settings. Runs of programs and of earlier versions may have none. */
interface StretchRecord extends Stretch {
  readonly settings?: Partial<StretchSettings>;
}

/** File in the checkpoint folder with the stretches of the run and their settings. */
const fileName = "settings.json";

/** Returns the settings to store in checkpoints for the stretch of the run that begins now. */
export function stretchSettings(words: readonly string[], settings: FlatSettings): StretchSettings {
  const { name } = process.release;
  return {
    command: isTurbo() ? [...words, "--turbo"] : words,
    version,
    engine: `${name === "node" ? "Node" : name} ${process.versions.node}`,
    settings: JSON.parse(toJson(settings)) as FlatSettings,
  };
}

/** Writes the stretches of a run to its checkpoint folder. */
export async function keepStretches(folder: OutputFolder, stretches: readonly Stretch[]): Promise<void> {
  const shown = knownStretches(folder, stretches).map(({ settings, ...place }) => ({
    ...place,
    ...settings,
    ...(settings?.command === undefined ? {} : { command: showCommand(settings.command) }),
  }));
  await writeOutput(fileIn(folder, fileName), `${toJson({ stretches: shown }, 2)}\n`);
}

/**
 * Returns notes on the settings in which a resumed run differs from its earlier stretches, one per setting. A larger
 * number of epochs is not listed, because it is the usual purpose of resuming. Empty if the earlier settings are
 * unknown.
 */
export function changedSettings(folder: string, stretches: readonly Stretch[]): readonly string[] {
  const [former, now] = knownStretches(folder, stretches)
    .slice(-2)
    .map(({ settings }) => settings?.settings);
  return former === undefined || now === undefined ? [] : differences(former, now);
}

function differences(former: FlatSettings, now: FlatSettings): readonly string[] {
  return changedNames(former, now).map(
    (name) => `${name} was ${showSetting(former[name])} so far and is ${showSetting(now[name])} from now on`,
  );
}

/** Returns the names of settings that differ, except for the length of the run. */
function changedNames(former: FlatSettings, now: FlatSettings): readonly string[] {
  return [...new Set([...Object.keys(former), ...Object.keys(now)])].filter(
    (name) => name !== "epochs" && showSetting(former[name]) !== showSetting(now[name]),
  );
}

export function showSetting(value: unknown): string {
  return value === undefined || value === null ? "none" : JSON.stringify(value);
}

/** Commands that reproduce a run, with notes. */
export interface Repetition {
  /** The commands that reproduce the run to the last bit, in order; empty if unknown. */
  readonly commands: readonly string[];
  /** Notes for the user who reproduces the run. */
  readonly notes: readonly string[];
  /** The stretches before the last one: where each ended, and its settings that differ from those of the last. */
  readonly former: readonly (readonly [until: string, settings: string])[];
}

/** The facts needed to reproduce a run. */
export interface RunEnd extends Pick<FitResult<unknown, unknown>, "epoch" | "batch" | "stretches"> {
  /** True if the user stopped it before its end. */
  readonly isStopped: boolean;
  /** Number of batches per epoch. */
  readonly batchCount: number;
}

/**
 * Returns the commands that reproduce a run whose last stretch was made with these words. This is one command if all
 * stretches are parts of the same run. Otherwise it is one command per stretch, each saving to a new folder up to the
 * end of the stretch.
 */
export function repetitionOf(
  words: readonly string[],
  { epoch, batch, stretches, isStopped, batchCount }: RunEnd,
  folder: string | undefined,
): Repetition {
  const last = { step: 0, epoch: 0, batch: 0, settings: stretchSettings(words, {}) };
  const known = folder === undefined || stretches.length === 0 ? [last] : knownStretches(folder, stretches);
  const batchesAt = (place: { readonly epoch: number; readonly batch: number }): number =>
    place.epoch * batchCount + place.batch;
  const end = batchesAt({ epoch, batch });
  const done = known.filter((stretch, i) => i === 0 || batchesAt(stretch) < end);
  const former = done.slice(0, -1).map((stretch, i) => {
    const until = batchesAt(done[i + 1]!).toLocaleString("en");
    return [`until batch ${until}`, describeFormer(stretch, done.at(-1)!)] as const;
  });
  const parts: { command: readonly string[]; from: number }[] = [];
  for (const stretch of done) {
    const command = stretch.settings?.command;
    if (command === undefined) return { commands: [], notes: [unknownBegin], former };
    const before = parts.at(-1);
    if (before !== undefined && isSameRun(before.command, command)) before.command = command;
    else parts.push({ command, from: batchesAt(stretch) });
  }
  const place = `${folder ?? ""}-again`;
  const commands = parts.map(({ command }, i) => {
    const to = parts[i + 1]?.from ?? (isStopped ? end : undefined);
    const isWhole = to === undefined || to === 0 || to === epochsOf(command) * batchCount;
    return showCommand([
      ...command,
      ...(parts.length > 1 ? ["--checkpoint", place] : []),
      ...(i > 0 ? ["--resume"] : []),
      ...(isWhole ? [] : ["--until", String(to)]),
    ]);
  });
  return { commands, notes: otherEngines(done), former };
}

/** Describes an earlier stretch, as in `learningRate 0.1, momentum none; begun 2026-01-02T03:04:05Z`. */
function describeFormer({ settings, time }: StretchRecord, last: StretchRecord): string {
  const [was, is] = [settings?.settings, last.settings?.settings];
  const names = was === undefined || is === undefined ? [] : changedNames(was, is);
  const what =
    was === undefined
      ? "settings unknown"
      : names.map((name) => `${name} ${showSetting(was[name])}`).join(", ") || "the same settings";
  return `${what}${time === undefined ? "" : `; begun ${time}`}`;
}

const unknownBegin =
  "The settings of the first epochs of this run are unknown: it was begun by a program, or by an earlier version.";

/** Returns a note if some stretches were made by other versions than the last one. Otherwise empty. */
function otherEngines(stretches: readonly StretchRecord[]): readonly string[] {
  const makers = stretches.map(({ settings }) => `downhill ${settings?.version} on ${settings?.engine}`);
  const all = [...new Set(makers)];
  return all.length < 2
    ? []
    : [`Parts of this run were made by ${all.join(" and by ")}: the last bits may differ.`];
}

/**
 * True if two commands make the same run apart from its length. Without a schedule, the number of epochs may differ,
 * because it only affects the length.
 */
function isSameRun(a: readonly string[], b: readonly string[]): boolean {
  const isLength = (words: readonly string[], i: number): boolean =>
    words[i - 1] === "--epochs" && !words.includes("--schedule");
  return a.length === b.length && a.every((word, i) => word === b[i] || (isLength(a, i) && isLength(b, i)));
}

function epochsOf(words: readonly string[]): number {
  return Number(words[words.indexOf("--epochs") + 1]);
}

function showCommand(words: readonly string[]): string {
  return words.map(quote).join(" ");
}

/** Returns the stretches of a run. The settings of the first one may be known only from the file. */
function knownStretches(folder: string, stretches: readonly Stretch[]): readonly StretchRecord[] {
  const known = stretches.map(({ settings, ...place }) => ({ ...place, settings: readSettings(settings) }));
  const [first, ...rest] = known;
  if (first === undefined || first.settings.settings !== undefined) return known;
  const former = formerSettings(folder);
  return former === undefined ? known : [{ ...first, settings: { settings: former } }, ...rest];
}

/**
 * Returns the settings of the last stretch of a run as one flat object; `undefined` if they are unknown, as for runs of
 * programs.
 */
export function lastSettings(folder: string, stretches: readonly Stretch[]): FlatSettings | undefined {
  return knownStretches(folder, stretches).at(-1)?.settings?.settings;
}

/** Returns the words of the command that made this stretch of a run; `undefined` if a program made it. */
export function wordsOfStretch({ settings }: Stretch): readonly string[] | undefined {
  return readSettings(settings).command;
}

/** Validates the settings in a checkpoint. They may have any origin, and their commands are shown for execution. */
function readSettings(value: unknown): Partial<StretchSettings> {
  if (typeof value !== "object" || value === null) return {};
  const { command, version: made, engine, settings } = value as Readonly<Record<string, unknown>>;
  const isCommand =
    Array.isArray(command) &&
    command.every((word) => typeof word === "string") &&
    command[0] === "downhill" &&
    command[1] === "train";
  return {
    ...(isCommand ? { command } : {}),
    ...(typeof made === "string" ? { version: made } : {}),
    ...(typeof engine === "string" ? { engine } : {}),
    ...(isObject(settings) ? { settings } : {}),
  };
}

/**
 * Returns the settings in the folder of a run whose checkpoints contain none. An earlier version stored the settings of
 * the last stretch there. `undefined` if the folder has no readable settings.
 */
function formerSettings(folder: string): FlatSettings | undefined {
  try {
    const settings: unknown = JSON.parse(readFileSync(join(folder, fileName), "utf8"));
    if (!isObject(settings)) return undefined;
    const { stretches } = settings;
    if (stretches === undefined) return settings;
    return Array.isArray(stretches) ? readSettings(stretches[0]).settings : undefined;
  } catch {
    return undefined; // a run of the user's own program, or a truncated file: there is nothing to compare with
  }
}

function isObject(value: unknown): value is FlatSettings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

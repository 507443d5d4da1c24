import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { readSavedRun } from "../../training/train/checkpoint/codec.ts";
import { checkpointFolder, type EpochRecord } from "../../training/train/index.ts";
import { quote } from "../shared/words.ts";
import { type EpochTest, keptTests } from "../train/kept-tests.ts";
import { optionsWhere, writtenOption } from "../train/options.ts";
import { lastSettings, type FlatSettings, showSetting, wordsOfStretch } from "../train/run-history.ts";

/** A run as read from its folder. */
export interface ComparedRun {
  readonly folder: string;
  /** Name of the run in the comparison. */
  readonly name: string;
  readonly steps: number;
  readonly history: readonly EpochRecord[];
  /** Results on the test part by epoch. Empty for runs of programs and of earlier versions. */
  readonly tests: ReadonlyMap<number, EpochTest>;
  /** Settings of the run as one flat object; `undefined` for runs that a program has made. */
  readonly settings: FlatSettings | undefined;
  readonly warnings: readonly string[];
}

/**
 * Reads the runs in the given folders.
 *
 * @throws DownhillError `file` for a folder without a run, `data` for a damaged run, `option` for a folder given twice.
 */
export async function readRuns(folders: readonly string[]): Promise<ComparedRun[]> {
  const twice = folders.find((folder, i) => folders.indexOf(folder) < i);
  if (twice !== undefined) throw new DownhillError("option", `${twice} is given twice.`);
  const names = namesOf(folders);
  return Promise.all(folders.map(async (folder, i) => readRun(folder, names[i]!)));
}

/**
 * Returns the names of the runs in these folders: the last components of the paths if they all differ and contain
 * letters or digits, else the whole paths.
 */
function namesOf(folders: readonly string[]): readonly string[] {
  const short = folders.map((folder) => basename(folder));
  return new Set(short).size === short.length && short.every((name) => /\w/.test(name)) ? short : folders;
}

async function readRun(folder: string, name: string): Promise<ComparedRun> {
  if (!existsSync(folder)) throw noRun(folder, "there is no such folder");
  if (!statSync(folder).isDirectory()) throw noRun(folder, "this is a file, not the folder of a run");
  const { checkpoint, warnings } = await checkpointFolder(folder).load();
  if (checkpoint === undefined) throw noRun(folder, "there is no checkpoint in it");
  const { step, history, stretches } = readSavedRun(checkpoint);
  const words = stretches.map((stretch) => wordsOfStretch(stretch)).findLast((one) => one !== undefined);
  const settings = lastSettings(folder, stretches);
  const data = words === undefined ? {} : { data: dataOf(words) };
  return {
    folder,
    name,
    steps: step,
    history,
    tests: await keptTests(folder),
    settings: settings === undefined ? undefined : { ...data, ...settings },
    warnings,
  };
}

/** Returns the words of a run's command that select its data: those before the first other option. */
function dataOf(words: readonly string[]): string {
  const from = words.findIndex((word, i) => i >= 2 && word.startsWith("--") && !sources.has(word));
  return words.slice(2, from < 0 ? undefined : from).join(" ");
}

/** Options that select the data; they come first in the command. */
const sources: ReadonlySet<string> = new Set(
  optionsWhere(({ source, type }) => source !== undefined && type !== "positional").map(writtenOption),
);

function noRun(folder: string, why: string): DownhillError {
  return new DownhillError(
    "file",
    `${folder}: ${why}. A run is saved by downhill train … --checkpoint ${quote(folder)}.`,
  );
}

/** A setting that differs between runs: its name and its value in each run. */
export type SettingDifference = readonly [name: string, ...values: string[]];

/**
 * Returns the settings that differ between the runs, with their values as text. The settings of runs of programs are
 * unknown.
 */
export function differencesOf(runs: readonly ComparedRun[]): SettingDifference[] {
  const names = new Set(runs.flatMap(({ settings }) => Object.keys(settings ?? {})));
  return [...names]
    .map((name): SettingDifference => [
      name,
      ...runs.map(({ settings }) => (settings === undefined ? "not known" : textOf(settings[name]))),
    ])
    .filter(([, ...values]) => new Set(values).size > 1);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : showSetting(value);
}

/** A curve over the epochs, for each run that has it. */
export interface ComparedCurve {
  readonly title: string;
  readonly unit: "number" | "percent";
  /**
   * Values of the curve, one per epoch, by the index of the run; NaN for epochs without a value. Runs without any
   * finite value are left out.
   */
  readonly values: ReadonlyMap<number, readonly number[]>;
}

/** Returns the curves to overlay: losses, metrics and rates, on the training, validation and test parts. */
export function curvesOf(runs: readonly ComparedRun[]): ComparedCurve[] {
  const metrics = [...new Set(runs.flatMap(({ history }) => Object.keys(history[0]?.metrics ?? {})))];
  const unitOf = (metric: string): "number" | "percent" => (metric === "accuracy" ? "percent" : "number");
  const curve = (
    title: string,
    unit: "number" | "percent",
    of: (record: EpochRecord, test: EpochTest | undefined) => number | undefined,
  ): ComparedCurve => {
    const values = runs.map(({ history, tests }) =>
      history.map((record) => of(record, tests.get(record.epoch)) ?? Number.NaN),
    );
    const known = [...values.entries()].filter(([, all]) => all.some(Number.isFinite));
    return { title, unit, values: new Map(known) };
  };
  return [
    curve("Training loss", "number", ({ loss }) => loss),
    curve("Validation loss", "number", ({ validation }) => validation?.loss),
    curve("Test loss", "number", (_, test) => test?.loss),
    ...metrics.flatMap((metric) => [
      curve(`Training ${metric}`, unitOf(metric), (record) => record.metrics[metric]),
      curve(`Validation ${metric}`, unitOf(metric), ({ validation }) => validation?.metrics[metric]),
      curve(`Test ${metric}`, unitOf(metric), (_, test) => test?.metrics[metric]),
    ]),
    curve("Learning rate", "number", ({ learningRate }) => learningRate),
  ].filter(({ values }) => values.size > 0);
}

import { tensor } from "../../numeric/array/create.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { compileText } from "../../numeric/syntax/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";

/** Rate of schedules without a given rate. */
const initialRate = 0.1;

/** Value of an option, as shown in the output. */
export type ScheduleOptionValue = number | string | readonly number[];

/** Default value of an option. A function is called only if the option is absent. */
export type Initial<T> = T | (() => T);

/** Reads the options of one schedule from their texts, and records their names and values. */
export interface OptionReader {
  /** Number of steps of the schedule. */
  readonly steps: number;
  /** Returns the rate at which the schedule begins or to which it rises, unless its own options set it. */
  readonly rate: () => number;
  /** Returns the rate that the user or the run has set; `undefined` if `rate` returns a built-in default. */
  readonly givenRate: (() => number) | undefined;
  /** The values read, by their names on the command line. */
  readonly values: ReadonlyMap<string, ScheduleOptionValue>;
  number(name: string, initial: Initial<number>): number;
  maybeNumber(name: string): number | undefined;
  /** Reads an optional integer of at least `from`; `undefined` if it was not given. */
  maybeWhole(name: string, from: number): number | undefined;
  numbers(name: string, initial: Initial<readonly number[]>): readonly number[];
  maybeNumbers(name: string): readonly number[] | undefined;
  word<const W extends string>(name: string, words: readonly W[], initial: W): W;
  maybeWord<const W extends string>(name: string, words: readonly W[]): W | undefined;
  text(name: string, initial: Initial<string>): string;
  maybeText(name: string): string | undefined;
  /**
   * Throws for options that the schedule does not have.
   *
   * @throws DownhillError `option` for an unused option, with the list of valid ones.
   */
  finish(): void;
}

/**
 * Makes a reader of the options of the schedule `owner`.
 *
 * @param mark prefix of option names as users write them: `--`, or nothing.
 * @param rate returns the rate that the user or the run has set, if any.
 */
export function makeReader(
  owner: string,
  texts: ReadonlyMap<string, string>,
  steps: number,
  mark: string,
  rate?: () => number,
): OptionReader {
  const values = new Map<string, ScheduleOptionValue>();
  const known = new Set<string>();
  const take = <T extends ScheduleOptionValue>(name: string, read: (text: string) => T): T | undefined => {
    known.add(name);
    const text = texts.get(name);
    if (text === undefined) return undefined;
    const value = read(text);
    values.set(name, value);
    return value;
  };
  const filled = <T extends ScheduleOptionValue>(
    name: string,
    value: T | undefined,
    initial: Initial<T>,
  ): T => {
    if (value !== undefined) return value;
    const instead = typeof initial === "function" ? initial() : initial;
    values.set(name, instead);
    return instead;
  };
  const asNumber = (name: string) => (text: string) => readNumber(`${mark}${name}`, text);
  const reader: OptionReader = {
    steps,
    rate: rate ?? (() => initialRate),
    givenRate: rate,
    values,
    maybeNumber: (name) => take(name, asNumber(name)),
    maybeWhole: (name, from) =>
      take(name, (text) => {
        const value = Number(text);
        if (/^\d+$/.test(text) && value >= from) return value;
        throw option(`${mark}${name} must be an integer of ${from} or more, got ${JSON.stringify(text)}.`);
      }),
    number: (name, initial) => filled(name, reader.maybeNumber(name), initial),
    maybeText: (name) => take(name, (text) => text),
    text: (name, initial) => filled(name, reader.maybeText(name), initial),
    maybeNumbers: (name) =>
      take<readonly number[]>(name, (text) => text.split(",").map((part) => asNumber(name)(part))),
    numbers: (name, initial) => filled(name, reader.maybeNumbers(name), initial),
    maybeWord: (name, words) =>
      take(name, (text) => {
        const word = words.find((one) => one === text);
        if (word !== undefined) return word;
        const all = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
        throw option(`${mark}${name} must be ${all}, got ${JSON.stringify(text)}.${didYouMean(text, words)}`);
      }),
    word: (name, words, initial) => filled(name, reader.maybeWord(name, words), initial),
    finish() {
      const stray = [...texts.keys()].find((name) => !known.has(name));
      if (stray === undefined) return;
      const names = [...known].map((name) => `${mark}${name}`);
      const near = didYouMean(`${mark}${stray}`, names);
      throw option(
        `${owner} has no ${mark}${stray}.${near === "" ? ` It takes ${names.join(", ")}.` : near}`,
      );
    },
  };
  return reader;
}

/** Reads a finite number. */
function readNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw option(`${name} must be a number, got ${JSON.stringify(text)}.`);
}

/**
 * Reads a formula of one variable, which may have any name, as a function of tensors.
 *
 * @throws DownhillError `syntax` for an invalid formula, `option` for a formula of several names.
 */
export function readFormula(name: string, text: string): (x: Tensor) => Tensor {
  const { inputs, evaluate } = compileText(text);
  if (inputs.length <= 1) return (x) => evaluate(inputs.length === 0 ? [] : [x]);
  throw option(`${name}: a formula of one number, as in 0.1*0.95^t; this one has ${inputs.join(", ")}.`);
}

/** Adapts a function of tensors to plain numbers. */
export function ofNumbers(f: (x: Tensor) => Tensor): (x: number) => number {
  return (x) => f(tensor(x)).item();
}

function option(message: string): DownhillError {
  return new DownhillError("option", message);
}

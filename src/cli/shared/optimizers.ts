import { DownhillError } from "../../engine/errors/index.ts";
import * as optim from "../../numeric/optim/index.ts";
import type { GeneralOptimizer } from "../../numeric/optim/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { literal } from "../../pictures/viz/gradient-program.ts";
import { readSchedule } from "../schedule/table.ts";
import { type OptionCall, isNumber, readCall } from "./call-text.ts";
import { optimizerAliases, optimizerNames } from "./optimizer-table.ts";

/** Options of an optimiser by their names in the library: numbers, words, flags, lists, schedules. */
export type OptimizerOptions = Readonly<Record<string, unknown>>;

type OptimizerFactory = (options?: OptimizerOptions) => GeneralOptimizer<unknown>;

/** Returns the function that creates an optimiser. It checks its own options, so that they may come from a text. */
function makerOf(name: string): OptimizerFactory {
  return (optim as unknown as Readonly<Record<string, OptimizerFactory>>)[name]!;
}

/** The run that an optimiser is for. */
export interface OptimizerContext {
  /** Name of the option that holds the text, for messages: `--optimizer`. */
  readonly what: string;
  /** Number of steps of the run, over which schedules of the learning rate extend. */
  readonly steps: number;
}

/** An optimiser by its name in the library, with the options that the user wrote, as values. */
export interface OptimizerChoice {
  readonly name: string;
  readonly options: OptimizerOptions;
  /** The options that are schedules, as code. */
  readonly schedules?: Readonly<Record<string, string>>;
}

/**
 * Reads `adam` and `adam(learningRate=0.01, beta1=0.8, amsgrad)`: the names of the library; `lr` stands for
 * `learningRate` and `weight-decay` for `weightDecay`; `momentum`, `nesterov` and `amsgrad` are aliases. A learning
 * rate may be a schedule: `sgd(lr=cosine(from=0.1))`.
 *
 * @throws DownhillError `option` and `range`, with the invalid part and the nearest valid one.
 * @example
 * readOptimizer("adam(beta1=0.8, amsgrad)", { what: "--optimizer", steps: 100 });
 * // { name: 'adam', options: { beta1: 0.8, amsgrad: true } }
 */
export function readOptimizer(text: string, context: OptimizerContext): OptimizerChoice {
  const choice = readChoice(text, context);
  makeOptimizer(choice); // throws for invalid options
  return choice;
}

/** Reads a choice without checking its options, because the caller may add others before the optimiser checks them. */
export function readChoice(text: string, context: OptimizerContext): OptimizerChoice {
  const call = resolveAlias(readCall(context.what, text));
  const name = findOptimizer(context.what, call.name);
  const options: Record<string, unknown> = {};
  const schedules: Record<string, string> = {};
  for (const [written, value] of call.options) {
    const key = written === "lr" ? "learningRate" : camelCase(written);
    if (Object.hasOwn(options, key)) {
      throw new DownhillError("option", `${context.what}: ${name} has ${key} twice.`);
    }
    const read = readValue(value);
    if (key === "learningRate" && typeof read === "string") {
      const { rate, code } = readSchedule(value, context);
      options[key] = rate;
      schedules[key] = code;
    } else options[key] = read;
  }
  return { name, options, ...(Object.keys(schedules).length === 0 ? {} : { schedules }) };
}

/** Writes a choice as code. */
export function optimizerCode({ name, options, schedules = {} }: OptimizerChoice): string {
  const entries = Object.entries(options).map(
    ([key, value]) => `${key}: ${schedules[key] ?? literal(value)}`,
  );
  return entries.length === 0 ? `${name}()` : `${name}({ ${entries.join(", ")} })`;
}

/** Makes the optimiser of a choice. Options other than the learning rate may follow schedules too. */
export function makeOptimizer({ name, options }: OptimizerChoice): GeneralOptimizer<unknown> {
  const make = makerOf(name);
  const scheduled = Object.keys(options).filter(
    (key) => key !== "learningRate" && typeof options[key] === "function",
  );
  if (scheduled.length === 0) return make(options);
  return optim.injectHyperparameters(make, options, scheduled);
}

/** Replaces an alias by its optimiser and preset options. Written options override the preset ones. */
export function resolveAlias({ name, options }: OptionCall): OptionCall {
  const key = name.toLowerCase();
  const alias = Object.hasOwn(optimizerAliases, key) ? optimizerAliases[key] : undefined;
  if (alias === undefined) return { name, options };
  return { name: alias.name, options: new Map([...Object.entries(alias.options), ...options]) };
}

/**
 * Finds the name of an optimiser in the library, regardless of case and hyphens.
 *
 * @throws DownhillError `option` for an unknown name.
 */
function findOptimizer(what: string, written: string): string {
  const plain = written.toLowerCase().replaceAll("-", "");
  const found = optimizerNames.find((name) => name.toLowerCase() === plain);
  if (found !== undefined) return found;
  const names = [...optimizerNames, ...Object.keys(optimizerAliases)];
  const near = didYouMean(written, names);
  const all = near === "" ? ` There are ${names.join(", ")}.` : near;
  throw new DownhillError("option", `${what}: ${JSON.stringify(written)} is not an optimiser.${all}`);
}

function readValue(text: string): unknown {
  const inside = /^\[(.*)\]$/s.exec(text)?.[1] ?? text;
  const parts = inside.split(",");
  if (parts.length > 1 && parts.every(isNumber)) return parts.map(Number);
  if (isNumber(text)) return Number(text);
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  return text;
}

/** Converts `weight-decay` to `weightDecay`. */
export function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

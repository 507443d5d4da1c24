import type { ArgsDef } from "citty";
import { DownhillError } from "../engine/errors/index.ts";
import { didYouMean } from "../engine/util/suggest.ts";
import { betweenValues } from "./shared/repeated.ts";
import { optionName } from "./help.ts";

/**
 * Normalises the words after a command: first options as `--name=value` and `--flag`, then `--` and the positional
 * words. Values of an option that may be repeated are joined.
 *
 * A word that begins with `-` but does not have the form of an option, such as `-x^2`, is positional.
 *
 * @throws DownhillError `option` for unknown options (which citty alone would ignore), repeated or incomplete ones, and
 *   missing positional words. Also for too many positional words, unless `any` number is allowed.
 */
export function normaliseArguments(words: readonly string[], args: ArgsDef, any = false): string[] {
  const options: string[] = [];
  const positional: string[] = [];
  const seen = new Set<string>();
  const repeated = new Map<string, readonly string[]>();
  let onlyPositional = false;

  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (onlyPositional || !looksLikeOption(word)) {
      positional.push(word);
      continue;
    }
    if (word === "--") {
      onlyPositional = true;
      continue;
    }
    const equals = word.indexOf("=");
    const written = equals < 0 ? word : word.slice(0, equals);
    const option = findOption(written, args);
    if (option === undefined) throw unknownOption(written, args);
    const { name, isFlag, isNegated } = option;
    if (seen.has(name) && !isRepeatable(args, name))
      throw new DownhillError("option", `${written} is given twice.`);
    seen.add(name);
    if (isFlag) {
      if (equals >= 0) throw new DownhillError("option", `${written} takes no value.`);
      options.push(isNegated ? `--no-${name}` : `--${name}`);
      continue;
    }
    const value = equals < 0 ? words[++i] : word.slice(equals + 1);
    if (value === undefined || value === "" || (equals < 0 && findOption(value, args) !== undefined)) {
      throw new DownhillError("option", `${written} needs a value: ${written} ${hintOf(args, name)}.`);
    }
    if (isRepeatable(args, name)) repeated.set(name, [...(repeated.get(name) ?? []), value]);
    else options.push(`--${name}=${value}`);
  }
  for (const [name, values] of repeated) options.push(`--${name}=${values.join(betweenValues)}`);

  const needed = Object.entries(args).filter(
    ([, { type, required }]) => type === "positional" && required === true,
  );
  const missing = needed[positional.length];
  if (missing !== undefined) {
    throw new DownhillError("option", `the ${missing[1].valueHint ?? missing[0]} is missing.`);
  }
  const most = Object.values(args).filter(({ type }) => type === "positional").length;
  const extra = positional[most];
  if (extra !== undefined && !any) {
    const quote = most > 0 ? " Quote arguments that contain blanks." : "";
    throw new DownhillError("option", `unexpected argument ${JSON.stringify(extra)}.${quote}`);
  }
  return [...options, "--", ...positional];
}

/**
 * Inserts `--` before the first positional word, so that all words from there on are treated as positional. A `--` that
 * is already there is not doubled.
 */
export function endOptions(words: readonly string[], args: ArgsDef): string[] {
  let i = 0;
  for (; i < words.length && looksLikeOption(words[i]!) && words[i] !== "--"; i++) {
    const option = words[i]!.includes("=") ? undefined : findOption(words[i]!, args);
    if (option?.isFlag === false) i++; // its value
  }
  return words[i] === "--" ? [...words] : [...words.slice(0, i), "--", ...words.slice(i)];
}

/** True for an option that may be given several times. Its values are joined by `betweenValues`. */
function isRepeatable(args: ArgsDef, name: string): boolean {
  return (args[name] as { readonly isRepeatable?: boolean } | undefined)?.isRepeatable === true;
}

function looksLikeOption(word: string): boolean {
  return /^--$|^--?[A-Za-z][\w-]*(=.*)?$/s.test(word);
}

interface OptionMatch {
  readonly name: string;
  readonly isFlag: boolean;
  readonly isNegated: boolean;
}

function findOption(written: string, args: ArgsDef): OptionMatch | undefined {
  for (const [name, arg] of Object.entries(args)) {
    if (arg.type === "positional") continue;
    const isFlag = arg.type === "boolean";
    const alias = "alias" in arg && arg.alias !== undefined ? [arg.alias].flat() : [];
    const spellings = [
      `--${name}`,
      ...alias.map((short) => (short.length === 1 ? `-${short}` : `--${short}`)),
    ];
    if (spellings.includes(written)) return { name, isFlag, isNegated: false };
    if (isFlag && written === `--no-${name}`) return { name, isFlag, isNegated: true };
  }
  return undefined;
}

function unknownOption(written: string, args: ArgsDef): DownhillError {
  const names = optionNames(args);
  const near = didYouMean(written, names);
  const all = near === "" ? ` There are ${names.join(", ")}.` : near;
  const text = Object.values(args).some(({ type }) => type === "positional") && !written.startsWith("--");
  const hint = text ? ` If it is not an option, put -- before it.` : "";
  return new DownhillError("option", `unknown option ${written}.${all}${hint}`);
}

/** Lists the options of a command as written on the command line, for messages. */
function optionNames(args: ArgsDef): string[] {
  return [
    ...Object.entries(args).flatMap(([name, arg]) =>
      arg.type === "positional" ? [] : [optionName(name, arg)],
    ),
    "--help",
  ];
}

function hintOf(args: ArgsDef, name: string): string {
  return `<${args[name]?.valueHint ?? "value"}>`;
}

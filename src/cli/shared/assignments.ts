import { DownhillError } from "../../engine/errors/index.ts";
import { compileText } from "../../numeric/syntax/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { splitAtCommas } from "./call-text.ts";

/**
 * Reads a value for each input of a formula, from `x=2,y=3`, else from `starts`. A value may be a constant formula:
 * `x=pi/2`.
 *
 * @throws DownhillError `option` for missing, unknown and repeated inputs, and for invalid numbers.
 */
export function readValues(
  option: string,
  text: string,
  inputs: readonly string[],
  starts: ReadonlyMap<string, number> = new Map(),
): number[] {
  const given = new Map([...starts, ...readAssignments(option, text, inputs)]);
  const missing = inputs.filter((name) => !given.has(name));
  if (missing.length > 0) {
    const example = inputs.map((name) => `${name}=${given.get(name) ?? "…"}`).join(",");
    throw new DownhillError(
      "option",
      `${option} has no value for ${missing.join(", ")}: write ${option} ${example}.`,
    );
  }
  return inputs.map((name) => given.get(name) ?? Number.NaN);
}

/** Reads a seed from `x=1,y=0`, or from the name of one input, whose differential is 1; the others are 0. */
export function readSeed(text: string, inputs: readonly string[]): number[] {
  const bare = text.trim();
  if (!bare.includes("=")) {
    checkInput("--seed", bare, inputs);
    return inputs.map((name) => (name === bare ? 1 : 0));
  }
  const given = readAssignments("--seed", text, inputs);
  return inputs.map((name) => given.get(name) ?? 0);
}

/** Reads comma-separated names of inputs. */
export function readNames(option: string, text: string, inputs: readonly string[]): string[] {
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) checkInput(option, name, inputs);
  return names;
}

function readAssignments(option: string, text: string, inputs: readonly string[]): Map<string, number> {
  return readPairs(option, text, { noun: "input", names: inputs }, (name, value) =>
    readNumber(option, name, value),
  );
}

/** A set of names that a user may give, and the word for such a name. */
export interface NameSet {
  /** Word for such a name in messages: `input`, `parameter`. */
  readonly noun: string;
  readonly names: readonly string[];
}

/**
 * Reads the values of names from `a=…,b=…`, each value with `read`.
 *
 * @throws DownhillError `option` for unknown and repeated names.
 */
export function readPairs<T>(
  option: string,
  text: string,
  known: NameSet,
  read: (name: string, value: string) => T,
): Map<string, T> {
  const given = new Map<string, T>();
  for (const part of splitAtCommas(text)) {
    const equals = part.indexOf("=");
    if (equals < 0) {
      throw new DownhillError(
        "option",
        `${option}: ${JSON.stringify(part.trim())} is not an assignment: write ${option} ${known.names.map((name) => `${name}=…`).join(",") || "x=…"}.`,
      );
    }
    const name = part.slice(0, equals).trim().normalize("NFC");
    checkName(option, name, known);
    if (given.has(name)) throw new DownhillError("option", `${option} gives ${name} twice.`);
    given.set(name, read(name, part.slice(equals + 1)));
  }
  return given;
}

/**
 * Reads a number, `nan`, `inf`, `-inf` or a constant formula such as `pi/2`. Case does not matter for the words.
 *
 * @throws DownhillError `option` for any other text.
 */
export function readNumber(option: string, name: string, text: string): number {
  const plain = Number(text);
  if (text.trim() !== "" && Number.isFinite(plain)) return plain;
  const words: ReadonlyMap<string, number> = new Map([
    ["nan", Number.NaN],
    ["inf", Infinity],
    ["-inf", -Infinity],
    ["infinity", Infinity],
    ["-infinity", -Infinity],
  ]);
  const word = words.get(text.trim().toLowerCase());
  if (word !== undefined) return word;
  const no = (why: string): DownhillError =>
    new DownhillError("option", `${option}: the value of ${name} is ${JSON.stringify(text.trim())}, ${why}`);
  if (text.trim() === "") throw no("write a number");
  try {
    const compiled = compileText(text);
    if (compiled.inputs.length > 0 || compiled.statements.length > 1) throw no("which is not a number");
    return compiled.evaluate([]).item();
  } catch (error) {
    if (error instanceof DownhillError && error.code === "syntax")
      throw no(`which is not a number: ${error.message}`);
    throw error;
  }
}

function checkInput(option: string, name: string, inputs: readonly string[]): void {
  checkName(option, name, { noun: "input", names: inputs });
}

function checkName(option: string, name: string, { noun, names }: NameSet): void {
  if (names.includes(name)) return;
  const near = didYouMean(name, names);
  const all = names.length === 0 ? ` It has no ${noun}s.` : ` Its ${noun}s are ${names.join(", ")}.`;
  throw new DownhillError(
    "option",
    `${option}: the text has no ${noun} ${JSON.stringify(name)}.${near === "" ? all : near}`,
  );
}

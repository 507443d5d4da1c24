import { didYouMean } from "../util/suggest.ts";
import { DownhillError } from "./index.ts";

/**
 * Refuses options that `operation` does not know, and suggests the most similar known one.
 *
 * `undefined` counts as no options, and an option that is `undefined` counts as omitted. `null` is allowed only
 * for `nullable` options: otherwise it would count as omitted too, although other libraries give it a meaning
 * (`axis: null`).
 *
 * @throws DownhillError `option` for an unknown name, for `null`, and for options that are not an object.
 * @example
 * checkOptions("batch", { droplast: true }, ["dropLast"]);
 * // DownhillError: batch: unknown option "droplast". Did you mean "dropLast"?
 */
export function checkOptions(
  operation: string,
  given: unknown,
  allowed: readonly string[],
  nullable: readonly string[] = [],
): void {
  if (given === undefined) return;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new DownhillError(
      "option",
      `${operation}: the options must be an object, as in ${example(allowed)}; got ${show(given)}.`,
    );
  }
  const values = given as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (!allowed.includes(name)) throw unknownOption(operation, given, name, allowed);
    if (values[name] === null && !nullable.includes(name)) {
      throw new DownhillError(
        "option",
        `${operation}: ${name} must not be null. Leave it out, and it is what it is by default.`,
      );
    }
  }
}

function unknownOption(
  operation: string,
  given: object,
  name: string,
  allowed: readonly string[],
): DownhillError {
  const kind: unknown = given.constructor?.name;
  if (typeof kind === "string" && kind !== "Object" && !Object.hasOwn(given, "constructor")) {
    return new DownhillError(
      "option",
      `${operation}: the options must be an object, as in ${example(allowed)}; got a ${kind}.`,
    );
  }
  const hint = synonymOf(name, allowed) || didYouMean(name, allowed) || ` It takes ${list(allowed)}.`;
  return new DownhillError("option", `${operation}: unknown option ${JSON.stringify(name)}.${hint}`);
}

/**
 * Like `checkOptions`, for options that are required.
 *
 * @throws DownhillError `option`, also if there are none.
 */
export function checkNeededOptions(operation: string, given: unknown, allowed: readonly string[]): void {
  if (given === undefined) {
    throw new DownhillError("option", `${operation}: needs options, as in ${example(allowed)}; got none.`);
  }
  checkOptions(operation, given, allowed);
}

/**
 * Refuses a value that is not one of the allowed words.
 *
 * @throws DownhillError `option`, with the allowed words and the most similar one.
 * @example
 * checkChoice("shuffle", "when", "each-epochs", ["each-epoch", "once"]);
 * // DownhillError: shuffle: when must be "each-epoch" or "once", got "each-epochs". Did you mean "each-epoch"?
 */
export function checkChoice(
  operation: string,
  option: string,
  value: unknown,
  allowed: readonly string[],
): void {
  if (typeof value === "string" && allowed.includes(value)) return;
  const hint = typeof value === "string" ? didYouMean(value, allowed) : "";
  const words = allowed.map((word) => JSON.stringify(word)).join(" or ");
  throw new DownhillError("option", `${operation}: ${option} must be ${words}, got ${show(value)}.${hint}`);
}

/**
 * Refuses a value that is neither `true` nor `false`. It refuses tensors too, because JavaScript considers every tensor
 * true, whatever it contains.
 *
 * @throws DownhillError `option`.
 */
export function checkFlag(operation: string, option: string, value: unknown): void {
  if (typeof value === "boolean") return;
  const isTensor = typeof value === "object" && value !== null && "dtype" in value && "shape" in value;
  const repair = isTensor
    ? `a tensor, whose value is not known while the program is made. Hand it on as an argument of its own: a plain ` +
      `boolean stays one under every transform. To choose by the value of a tensor use where or cond.`
    : `${show(value)}.`;
  throw new DownhillError("option", `${operation}: ${option} must be true or false, got ${repair}`);
}

/** Calls `checkFlag` for each option of `names` that is given. */
export function checkFlags(operation: string, given: object | undefined, names: readonly string[]): void {
  for (const name of names) {
    const value = (given as Readonly<Record<string, unknown>> | undefined)?.[name];
    if (value !== undefined) checkFlag(operation, name, value);
  }
}

/** For names of options in other libraries, in lower case without `_`: the names of these options here. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  epsilon: ["eps"],
  lr: ["learningRate"],
  stepsize: ["learningRate"],
  betas: ["beta1", "beta2"],
  b1: ["beta1"],
  b2: ["beta2"],
  rho: ["alpha"],
  l2: ["weightDecay"],
  dim: ["axis"],
  dims: ["axis"],
  axes: ["axis"],
};

/**
 * Suggestion for an option name of another library, to append to a message; empty if the options are not allowed
 * here.
 */
function synonymOf(name: string, allowed: readonly string[]): string {
  const plain = name.toLowerCase().replaceAll("_", "");
  const meant = Object.hasOwn(synonyms, plain) ? synonyms[plain]! : [];
  if (meant.length === 0 || !meant.every((option) => allowed.includes(option))) return "";
  return ` Did you mean ${meant.map((option) => JSON.stringify(option)).join(" and ")}?`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "no options" : names.join(", ");
}

function example(allowed: readonly string[]): string {
  return allowed.length === 0 ? "{}" : `{ ${allowed[0]}: … }`;
}

/** Short text of a value for a message, at most one line. */
function show(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

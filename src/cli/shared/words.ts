import { DownhillError } from "../../engine/errors/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";

/** The valid range of a numeric option, as shown in messages. */
export interface NumberWords {
  readonly from: number;
  readonly to?: number;
  /** True if `from` itself is not allowed. */
  readonly above?: boolean;
}

/**
 * Reads one of a few words.
 *
 * @throws DownhillError `option`, with all words and the nearest.
 */
export function readChoice<const W extends string>(name: string, value: string, words: readonly W[]): W {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  const near = didYouMean(value, words);
  throw optionError(
    `${name} must be ${words.filter((word) => word !== "auto").join(" or ")}, got ${JSON.stringify(value)}.${near}`,
  );
}

/**
 * Reads a finite number within a range.
 *
 * @throws DownhillError `option`, with the range.
 */
export function readNumber(name: string, text: string, { from, to = Infinity, above }: NumberWords): number {
  const value = Number(text);
  const isInside = above === true ? value > from : value >= from;
  if (text.trim() !== "" && Number.isFinite(value) && isInside && value <= to) return value;
  const least = above === true ? `above ${from}` : `of ${from} or more`;
  const range =
    to === Infinity ? `a number ${least}` : `a number ${above === true ? "above" : "from"} ${from} to ${to}`;
  throw optionError(`${name} must be ${range}, got ${JSON.stringify(text)}.`);
}

/**
 * Reads an integer of at least 1.
 *
 * @param also other valid values, for the message: `, or "full"`.
 * @throws DownhillError `option`.
 */
export function readCount(name: string, text: string, also = ""): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value;
  throw optionError(`${name} must be an integer of 1 or more${also}, got ${JSON.stringify(text)}.`);
}

/** Reads an integer. @throws DownhillError `option`. */
export function readWhole(name: string, text: string): number {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw optionError(`${name} must be an integer, got ${JSON.stringify(text)}.`);
}

/** Formats a count with its noun: "1 step", "1,200 steps". */
export function counted(n: number, noun: string): string {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}

/** Quotes a word for a shell if necessary. */
export function quote(word: string): string {
  return /^[\w./:,=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Creates the error for misuse of the command line. */
export function optionError(message: string): DownhillError {
  return new DownhillError("option", message);
}

import { DownhillError } from "../../engine/errors/index.ts";

/** A name with options in parentheses, as in `adam(beta1=0.8, amsgrad)`. */
export interface OptionCall {
  readonly name: string;
  /** Texts of the options, by their names as the user wrote them. */
  readonly options: ReadonlyMap<string, string>;
}

/**
 * Reads `name` and `name(option=value, …)`. An option without a value is `true`. Comma-separated numbers are one list,
 * so that `multi-step(at=30,60)` has one option.
 *
 * @param what name of the option that holds the text, for messages: `--optimizer`.
 * @throws DownhillError `option` for any other form, and for a repeated option.
 * @example
 * readCall("--optimizer", "adam(beta1=0.8, amsgrad)").options.get("amsgrad"); // 'true'
 */
export function readCall(what: string, text: string): OptionCall {
  const [, name, inside] = /^\s*([\w-]+)\s*(?:\((.*)\))?\s*$/s.exec(text) ?? [];
  if (name === undefined) {
    throw wrong(what, `is written as name, or name(option=value, …); got ${JSON.stringify(text)}.`);
  }
  const options = new Map<string, string>();
  let last: string | undefined;
  for (const part of inside === undefined || inside.trim() === "" ? [] : splitAtCommas(inside)) {
    const word = part.trim();
    const [, option, value] = /^([\w-]+)\s*=\s*(.+)$/s.exec(word) ?? [];
    if (option === undefined && last !== undefined && isNumber(word)) {
      options.set(last, `${options.get(last)!},${word}`);
      continue;
    }
    const key = option ?? word;
    if (!/^[A-Za-z][\w-]*$/.test(key)) {
      throw wrong(what, `${name}: options are written as name=value, got ${JSON.stringify(word)}.`);
    }
    if (options.has(key)) throw wrong(what, `${name} has ${key} twice.`);
    options.set(key, value ?? "true");
    last = value === undefined ? undefined : key;
  }
  return { name, options };
}

/** Splits a text at commas that are not inside parentheses, brackets or braces. */
export function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if ("([{".includes(text[i]!)) depth++;
    else if (")]}".includes(text[i]!)) depth--;
    else if (text[i] === "," && depth <= 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** True if a text is a finite number. */
export function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function wrong(what: string, message: string): DownhillError {
  return new DownhillError("option", `${what} ${message}`);
}

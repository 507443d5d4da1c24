import type { Markup } from "../plot/markup.ts";
import { element } from "../plot/markup.ts";

/**
 * A piece of a formula with its kind, which determines the type: names are set in italics, functions and numbers
 * upright.
 */
export interface MathPiece {
  readonly kind: "name" | "function" | "number" | "mark";
  readonly text: string;
}

const word = /[\p{L}_$][\p{L}\p{N}_$.′']*/uy;
const number = /\d+(?:\.\d+)?(?:e-?\d+)?/y;
/**
 * Matches an integer exponent with its operator, such as `^2`, unless a name, a number or another power follows
 * directly.
 */
const power = /(?:\^|\*\*)(-?\d+)(?![\p{L}\p{N}_.^]|\*\*)/uy;

/** Converts an integer to a superscript: `-12` becomes `⁻¹²`. */
function raised(digits: string): string {
  return digits.replace(/./g, (digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]!));
}

/**
 * Splits a formula into pieces for typesetting: `*` becomes `·`, a hyphen used as sign or operator becomes a minus
 * sign, and integer exponents become superscripts.
 *
 * @example
 * mathPieces("da = -x^2 * 2").map(({ text }) => text).join(""); // "da = −x² · 2"
 */
export function mathPieces(formula: string): MathPiece[] {
  const pieces: MathPiece[] = [];
  const push = (kind: MathPiece["kind"], text: string): void => {
    const last = pieces.at(-1);
    if (kind === "mark" && last?.kind === "mark")
      pieces[pieces.length - 1] = { kind, text: last.text + text };
    else pieces.push({ kind, text });
  };
  let at = 0;
  while (at < formula.length) {
    word.lastIndex = at;
    const name = word.exec(formula)?.[0];
    if (name !== undefined) {
      push(formula[at + name.length] === "(" && name !== "d" ? "function" : "name", name);
      at += name.length;
      continue;
    }
    number.lastIndex = at;
    const digits = number.exec(formula)?.[0];
    if (digits !== undefined) {
      push("number", digits.replace("-", "−"));
      at += digits.length;
      continue;
    }
    power.lastIndex = at;
    const exponent = power.exec(formula);
    if (exponent !== null) {
      push("mark", raised(exponent[1]!));
      at += exponent[0].length;
      continue;
    }
    const character = String.fromCodePoint(formula.codePointAt(at)!);
    push("mark", character === "*" ? "·" : character === "-" ? "−" : character);
    at += character.length;
  }
  return pieces;
}

/** Converts a formula to an HTML element, with names in italics. */
export function mathMarkup(formula: string): Markup {
  const pieces = mathPieces(formula);
  return element(
    "span",
    { class: "math" },
    ...pieces.map(({ kind, text }) => (kind === "name" ? element("i", {}, text) : text)),
  );
}

/** Converts a formula or value to plain text with the symbols that `mathPieces` substitutes, such as `·` for `*`. */
export function setText(formula: string): string {
  return mathPieces(formula)
    .map(({ text }) => text)
    .join("");
}

import type { Span } from "./span.ts";
import { syntaxError } from "./span.ts";

/** Operators and punctuation; look-alike characters (`·`, `×`, `÷`, `−`, `≤`, …) are read as these. */
export type Punctuator =
  "+" | "-" | "*" | "/" | "%" | "^" | "<" | "<=" | ">" | ">=" | "==" | "!=" | "=" | "(" | ")" | "," | "?";

/** A token of the language. The kind `end` follows the last token. */
export type Token =
  | { readonly kind: "number"; readonly value: number; readonly span: Span }
  | { readonly kind: "name"; readonly name: string; readonly span: Span }
  | { readonly kind: "mark"; readonly mark: Punctuator; readonly span: Span }
  | { readonly kind: "separator"; readonly span: Span } // ";" or the end of a line
  | { readonly kind: "end"; readonly span: Span };

const marks: ReadonlyMap<string, Punctuator> = new Map([
  ["**", "^"],
  ["<=", "<="],
  [">=", ">="],
  ["==", "=="],
  ["!=", "!="],
  ["+", "+"],
  ["-", "-"],
  ["−", "-"],
  ["*", "*"],
  ["·", "*"],
  ["×", "*"],
  ["/", "/"],
  ["÷", "/"],
  ["%", "%"],
  ["^", "^"],
  ["<", "<"],
  [">", ">"],
  ["≤", "<="],
  ["≥", ">="],
  ["≠", "!="],
  ["=", "="],
  ["(", "("],
  [")", ")"],
  [",", ","],
  ["?", "?"],
]);

const blanks = /[^\S\n\r]+|#[^\n]*/y;
const newline = /\r?\n|\r/y;
const number = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const name = /[\p{ID_Start}_$][\p{ID_Continue}₀-₉$′']*/uy;

/**
 * Splits a text into tokens. A line ends a statement unless a parenthesis is open or the line cannot end there
 * (`a +`). Comments run from `#` to the end of the line.
 *
 * @throws DownhillError `syntax` at a character that is not part of the language.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let open = 0; // number of open parentheses
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };

  while (at < text.length) {
    const blank = match(blanks);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const start = at;
    const span = (length: number): Span => ({ start, end: (at = start + length) });

    const end = match(newline);
    if (end !== undefined || text[at] === ";") {
      const here = span(end?.length ?? 1);
      if (end === undefined || (open <= 0 && mayEndLine(tokens.at(-1))))
        tokens.push({ kind: "separator", span: here });
      continue;
    }
    const digits = match(number);
    if (digits !== undefined) {
      tokens.push({ kind: "number", value: Number(digits), span: span(digits.length) });
      continue;
    }
    const word = match(name);
    if (word !== undefined) {
      // Unicode spellings that look equal (composed, decomposed) are one name.
      tokens.push({ kind: "name", name: word.normalize("NFC"), span: span(word.length) });
      continue;
    }
    const spelling = marks.has(text.slice(at, at + 2)) ? text.slice(at, at + 2) : text[at]!;
    const mark = marks.get(spelling);
    if (mark === undefined) throw strangeCharacter(text, at);
    if (mark === "(") open++;
    if (mark === ")") open--;
    tokens.push({ kind: "mark", mark, span: span(spelling.length) });
  }
  tokens.push({ kind: "end", span: { start: text.length, end: text.length } });
  return tokens;
}

/** True if a statement may end after this token: not after an operator, a comma or an opening parenthesis. */
function mayEndLine(token: Token | undefined): boolean {
  return token !== undefined && (token.kind !== "mark" || token.mark === ")" || token.mark === "?");
}

const hints: ReadonlyMap<string, string> = new Map([
  ["[", "this language has no arrays; group with ( )"],
  ["{", "group with ( )"],
  ["}", "group with ( )"],
  ["]", "group with ( )"],
  ["!", "there is no factorial, and “not equal” is !="],
  ["&", "choose with where(condition, a, b)"],
  ["|", "for the absolute value write abs(x)"],
  [":", "assign with =, choose with where(condition, a, b)"],
  ["√", "write sqrt(x)"],
  ["²", "write x^2"],
  ["³", "write x^3"],
]);

function strangeCharacter(text: string, at: number): Error {
  const character = String.fromCodePoint(text.codePointAt(at)!);
  const hint = hints.get(character);
  const shown = /[\p{Cc}\p{Cf}\p{Zs}]/u.test(character)
    ? `the character U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`
    : `“${character}”`;
  return syntaxError(
    text,
    { start: at, end: at + character.length },
    `${shown} has no meaning here${hint === undefined ? "" : `: ${hint}`}`,
  );
}

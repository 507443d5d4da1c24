// Converts common notations of formulas (`2xy`, `x²`, `sin²x`, `√2`, `½`, `|x|`, `0,5x`, `Math.sin(x)`, LaTeX) to the syntax of the library.
import { constants, functions } from "../../src/numeric/syntax/functions.ts";

type Token =
  | { readonly kind: "number" | "name" | "function" | "raised"; readonly text: string }
  | { readonly kind: "mark"; readonly text: string };

/** Precedence of a product without a sign after `/`: `1/2x` is (1/2)·x (loose) or 1/(2x) (tight). */
type Binding = "loose" | "tight";

const lookalikes: ReadonlyMap<string, string> = new Map([
  ...[..."·⋅∙•×∗"].map((c) => [c, "*"] as const),
  ...[..."−–—"].map((c) => [c, "-"] as const),
  ...[..."÷∕⁄:"].map((c) => [c, "/"] as const),
  ...[..."[{"].map((c) => [c, "("] as const),
  ...[..."]}"].map((c) => [c, ")"] as const),
  ["∞", "inf"],
]);
const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿˣʸ";
const plainForms = "0123456789+-()nxy";

/**
 * Readings of a formula: one, or two if products without a sign follow a division. An invalid text is returned in a
 * form that the library rejects with a reason.
 *
 * @param names names that the formula may use; a word of several of them, such as `xy`, is their product
 */
export function readingsOf(text: string, names: readonly string[]): readonly string[] {
  const side = withoutMixedNumbers(withoutLeftSide(withoutAssignment(withoutLatex(text), names)));
  const right = withDifferentials(withDecimalPoints(withoutSyntaxOfPrograms(side)), names);
  const plain = [...right].map((c) => lookalikes.get(c) ?? c).join("");
  const tokens = tokensOf(plain, names);
  if (tokens === undefined) return [plain];
  return [...new Set((["loose", "tight"] as const).map((binding) => written(tokens, binding)))];
}

const symbolsOfLatex: ReadonlyMap<string, string> = new Map([
  ["cdot", "*"],
  ["times", "*"],
  ["div", "/"],
  ["left", ""],
  ["right", ""],
  ["partial", "∂"],
  ["Delta", "Δ"],
  ["varepsilon", "ε"],
  ["epsilon", "ε"],
]);

/** Replaces LaTeX: `\frac{a}{b}` becomes `((a)/(b))`, `\sin` becomes `sin`; dollar signs around a formula are removed. */
function withoutLatex(text: string): string {
  if (!/[\\$]/.test(text)) return text;
  return withoutFractions(text)
    .replaceAll(/\\(?<word>[A-Za-z]+)/g, (_, word: string) => ` ${symbolsOfLatex.get(word) ?? word}`)
    .replaceAll(/\\[^A-Za-z]|\$/g, " ");
}

function withoutFractions(text: string): string {
  const from = text.search(/\\[dt]?frac\s*\{/);
  if (from < 0) return text;
  const [over, afterOver] = braced(text, from);
  const [under, after] = braced(text, afterOver);
  return `${text.slice(0, from)}((${withoutFractions(over)})/(${withoutFractions(under)}))${withoutFractions(text.slice(after))}`;
}

/** Returns the content of the first pair of braces from a position on, and the position after it. */
function braced(text: string, from: number): readonly [content: string, after: number] {
  const open = text.indexOf("{", from);
  let depth = 0;
  for (let i = open < 0 ? text.length : open; i < text.length; i++) {
    if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return [text.slice(open + 1, i), i + 1];
  }
  throw new Error("A closing } is missing after \\frac.");
}

/** Replaces `x -= 3` by `x - (3)`, and writes `=` for other signs of an assignment: `x ← 3`, `x := 3`, `x -> 3`. */
function withoutAssignment(text: string, names: readonly string[]): string {
  const { name, sign, right } =
    /^\s*(?<name>\p{L}+)\s*(?<sign>[-+*/])=(?<right>[^=]+)$/u.exec(text)?.groups ?? {};
  if (name !== undefined && names.includes(name)) return `${name} ${sign!} (${right!})`;
  return text.replace(/←|→|:=|<-|[-=]>/, "=");
}

/** Removes the left side of `dz/dx = 2*x`, which names the answer, and the full stop of a sentence. */
function withoutLeftSide(text: string): string {
  const right = text
    .replace(/[.…]+\s*$/, "")
    .replace(/^\s*(?:d\p{L}+\s*\/\s*d\p{L}+|\p{L}+['′](?:\(\p{L}+\))?)\s*:/u, "");
  return /^\s*(?:[\p{L}∂][^=<>!]*)?=(?<right>[^=]*\S[^=]*)$/u.exec(right)?.groups?.["right"] ?? right;
}

/** Removes the parts of a statement around its formula: `return Math.sin(x);` becomes `sin(x)`. */
function withoutSyntaxOfPrograms(text: string): string {
  return text
    .replace(/^\s*return\b/, "")
    .replace(/;\s*$/, "")
    .replaceAll(/\b(?:Math|np|numpy|jnp|torch)\.(?=\p{L})/gu, "");
}

/**
 * Replaces other notations of a differential `dx` among the names: `∂x`, `Δx`, a derivative by time (`dx/dt`, `∂x/∂t`, `ẋ`), and
 * `x'`.
 */
function withDifferentials(text: string, names: readonly string[]): string {
  const varying = names.filter((name) => names.includes(`d${name}`));
  if (varying.length === 0) return text;
  const any = varying.join("|");
  const notations = [
    ...(names.includes("t") ? [] : [`[d∂](?<rate>${any})\\s*/\\s*[d∂]t(?![\\p{L}\\d])`]),
    `[∂δΔ](?<partial>${any})`,
    `(?<marked>${any})(?:\u0307|['′])`,
  ];
  return text.normalize("NFD").replaceAll(new RegExp(notations.join("|"), "gu"), (...found) => {
    const { rate, partial, marked } = found.at(-1) as Readonly<Record<string, string | undefined>>;
    return ` d${rate ?? partial ?? marked!} `;
  });
}

const vulgarFraction = /(?:(?<whole>\d+)\s*)?(?<fraction>[¼-¾⅐-⅞])/g;
const mixedNumber = /(?<![\d.,/^]\s*)(?<whole>\d+)\s+(?<over>\d+)\s*\/\s*(?<under>\d+)(?![\d.,])/g;

/** Replaces fractions after an integer by their sum with it: `1½` and `1 1/2` become `(1+1/2)`; `½` becomes `(1/2)`. */
function withoutMixedNumbers(text: string): string {
  return text
    .replaceAll(vulgarFraction, (_, whole: string | undefined, fraction: string) => {
      const plain = fraction.normalize("NFKD").replace("⁄", "/");
      return whole === undefined ? `(${plain})` : `(${whole}+${plain})`;
    })
    .replaceAll(mixedNumber, (found, whole: string, over: string, under: string) =>
      Number(over) < Number(under) ? `(${whole}+${over}/${under})` : found,
    );
}

/** Replaces decimal commas by points: `0,5x` becomes `0.5x`. The commas of `max(1,2)` separate arguments. */
function withDecimalPoints(text: string): string {
  const groups: boolean[] = []; // for each open parenthesis, whether commas separate arguments in it
  return text.replaceAll(/(?<name>\p{L}*)\(|\)|(?<=\d),(?=\d)/gu, (found, name: string | undefined) => {
    if (found === ")") groups.pop();
    else if (found !== ",") groups.push((functions.get(name!)?.most ?? 1) > 1);
    else if (groups.at(-1) !== true) return ".";
    return found;
  });
}

const pattern =
  /(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿˣʸ]+)|(?<word>[\p{ID_Start}_$](?:(?![ⁿˣʸ])[\p{ID_Continue}₀-₉$′'])*)|(?<mark>\*\*|<=|>=|==|!=|\S)/gu;

/** Tokens of a formula; `undefined` if it contains a comment or a second statement. */
function tokensOf(text: string, names: readonly string[]): Token[] | undefined {
  if (/[#;\n\r]/.test(text.trim())) return undefined;
  return [...text.matchAll(pattern)].flatMap(({ groups }): Token[] => {
    const {
      number,
      word,
      raised: superscript,
      mark,
    } = groups as Readonly<Record<string, string | undefined>>;
    if (number !== undefined) return [{ kind: "number", text: number }];
    if (word !== undefined)
      return partsOf(word, names) ?? callWithoutSpace(word, names) ?? [{ kind: "name", text: word }];
    if (superscript !== undefined)
      return [
        { kind: "raised", text: [...superscript].map((c) => plainForms[superscripts.indexOf(c)]!).join("") },
      ];
    return [{ kind: "mark", text: mark! }];
  });
}

/** Tokens of a function and its argument without a space, such as `sin6x`; `undefined` for another word. */
function callWithoutSpace(word: string, names: readonly string[]): Token[] | undefined {
  const { name, argument } = /^(?<name>\p{L}+)(?<argument>\d.*)$/u.exec(word)?.groups ?? {};
  if (name === undefined || !functions.has(name)) return undefined;
  return [{ kind: "function", text: name }, ...(tokensOf(argument!, names) ?? [])];
}

const longestWord = 40; // maximum number of letters of a product without signs

/**
 * Splits a word into a product of known names, optionally ending with a function. The longest names are tried first.
 * `undefined` if the word is no such product.
 */
function partsOf(word: string, names: readonly string[]): Token[] | undefined {
  const parts = exactPartsOf(word, names);
  const isCased = word !== word.toLowerCase();
  return parts ?? (isCased ? exactPartsOf(word.toLowerCase(), names) : undefined); // `Sin(X)`
}

function exactPartsOf(word: string, names: readonly string[]): Token[] | undefined {
  if (word === "") return [];
  const known = [...names, ...constants.keys()];
  if (known.includes(word)) return [{ kind: "name", text: word }];
  if (functions.has(word)) return [{ kind: "function", text: word }];
  if (word.length > longestWord) return undefined;
  for (const name of known.toSorted((a, b) => b.length - a.length)) {
    if (!word.startsWith(name)) continue;
    const rest = exactPartsOf(word.slice(name.length), names);
    if (rest !== undefined) return [{ kind: "name", text: name }, ...rest];
  }
  return undefined;
}

/** State of the conversion of tokens to text with explicit products and parentheses. */
interface Writer {
  readonly tokens: readonly Token[];
  readonly binding: Binding;
  at: number;
  /** Number of open absolute value bars. */
  bars: number;
}

function written(tokens: readonly Token[], binding: Binding): string {
  const w: Writer = { tokens, binding, at: 0, bars: 0 };
  let text = "";
  while (w.at < tokens.length) {
    text += sum(w);
    if (w.at < tokens.length) text += tokens[w.at++]!.text; // unmatched parenthesis, which the library rejects
  }
  return text;
}

function isMark(w: Writer, text: string): boolean {
  const token = w.tokens[w.at];
  return token?.kind === "mark" && token.text === text;
}

function beginsFactor(w: Writer): boolean {
  const token = w.tokens[w.at];
  if (token === undefined || token.kind === "raised") return false;
  return (
    token.kind !== "mark" || token.text === "(" || token.text === "√" || (token.text === "|" && w.bars === 0)
  );
}

/** Converts everything up to a closing parenthesis or bar. */
function sum(w: Writer): string {
  let text = "";
  let before = "";
  while (w.at < w.tokens.length && !isMark(w, ")") && !(isMark(w, "|") && w.bars > 0)) {
    if (beginsFactor(w)) text += product(w, before);
    else {
      before = w.tokens[w.at++]!.text;
      text += ` ${before} `;
    }
  }
  return text;
}

function product(w: Writer, before: string): string {
  const factors: string[] = [];
  while (beginsFactor(w)) {
    const isSecondNumber = w.tokens[w.at]!.kind === "number" && w.tokens[w.at - 1]?.kind === "number";
    // Two adjacent numbers are not a product.
    if (factors.length > 0 && isSecondNumber) factors.push(`${factors.pop()!} ${power(w)}`);
    else factors.push(power(w));
  }
  const text = factors.join("*");
  return before === "/" && w.binding === "tight" && factors.length > 1 ? `(${text})` : text;
}

function power(w: Writer): string {
  const base = factor(w);
  const exponent = exponentOf(w);
  return exponent === undefined ? base : `${base}^(${exponent})`;
}

function exponentOf(w: Writer): string | undefined {
  const token = w.tokens[w.at];
  if (token?.kind === "raised") {
    w.at++;
    return token.text;
  }
  if (!isMark(w, "^") && !isMark(w, "**")) return undefined;
  w.at++;
  let sign = "";
  while (isMark(w, "-") || isMark(w, "+")) sign += w.tokens[w.at++]!.text;
  return beginsFactor(w) ? sign + power(w) : sign;
}

function factor(w: Writer): string {
  const { kind, text } = w.tokens[w.at++]!;
  if (kind === "function") return callOf(w, text);
  if (kind !== "mark") return text;
  if (text === "√") return `sqrt(${beginsFactor(w) ? power(w) : ""})`;
  if (text === "|") {
    w.bars++;
    const inside = sum(w);
    w.bars--;
    return close(w, "|", `abs(${inside}`);
  }
  w.at--;
  return group(w);
}

/** Converts a parenthesised group. */
function group(w: Writer): string {
  w.at++;
  const bars = w.bars;
  w.bars = 0;
  const inside = sum(w);
  w.bars = bars;
  return close(w, ")", `(${inside}`);
}

function close(w: Writer, mark: string, text: string): string {
  if (!isMark(w, mark)) return text;
  w.at++;
  return `${text})`;
}

/** Converts a call: `sin(x)`, `sin x`, `sin 2x`, `sin²x`. */
function callOf(w: Writer, name: string): string {
  const isRaised = w.tokens[w.at]?.kind === "raised";
  const exponent = exponentOf(w);
  const argument = isMark(w, "(") ? group(w) : `(${factorsOf(w)})`;
  if (isRaised && exponent === "-1" && functions.has(`a${name}`)) return `a${name}${argument}`; // sin⁻¹x
  const call = name + argument;
  return exponent === undefined ? call : `(${call})^(${exponent})`;
}

/** Factors after a function without parentheses, up to the next function. */
function factorsOf(w: Writer): string {
  const factors: string[] = [];
  while (beginsFactor(w) && (factors.length === 0 || w.tokens[w.at]!.kind !== "function"))
    factors.push(power(w));
  return factors.join("*");
}

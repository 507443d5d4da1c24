import { DownhillError } from "../../engine/errors/index.ts";
import { looksLikeNumber } from "./cells.ts";

/** One record of separated text. */
export interface TextRecord {
  readonly cells: readonly string[];
  /** Line on which it begins, counted from 1. */
  readonly line: number;
}

/** Position in a text: the index of a character and its line. */
export interface TextPosition {
  readonly at: number;
  readonly line: number;
}

/**
 * Yields the records of separated text.
 *
 * RFC 4180: a cell that begins with `"` ends at the next single `"`, and may contain separators and line ends; `""` in
 * it means one quote. Lines end in LF, CRLF, or, in a text without LF, in CR. A quote inside an unquoted cell is an
 * ordinary character. A blank line is a record of one empty cell.
 *
 * @throws DownhillError `data` for a quote that is never closed, and for characters between a closing quote and the
 *   separator.
 */
export function* records(text: string, separator: string, name: string): Generator<TextRecord, undefined> {
  const lineEnd = text.includes("\n") ? "\n" : "\r";
  yield* recordsFrom(text, { at: skipMark(text), line: 1 }, separator, lineEnd, name, true);
  return undefined;
}

/** Returns the index of the first character after a byte order mark, which some spreadsheets write. */
export function skipMark(text: string): number {
  return text.startsWith("\uFEFF") ? 1 : 0;
}

/**
 * Yields the records of a text from a position on. Returns the position it reached: the end, or, if more text is to
 * come, the beginning of the first record that may be incomplete.
 */
export function* recordsFrom(
  text: string,
  start: TextPosition,
  separator: string,
  lineEnd: "\n" | "\r",
  name: string,
  isLast: boolean,
): Generator<TextRecord, TextPosition> {
  let { at, line } = start;
  let quote = text.indexOf('"', at);
  while (at < text.length) {
    const newline = text.indexOf(lineEnd, at);
    let end = newline === -1 ? text.length : newline;
    let cells: string[];
    let lines = 1;
    // Search again only after passing the quote: otherwise a text without quotes would be scanned to its end for every
    // line.
    if (quote !== -1 && quote < at) quote = text.indexOf('"', at);
    if (quote === -1 || quote > end) {
      const content = text.endsWith("\r", end) ? end - 1 : end;
      cells = text.slice(at, content).split(separator);
    } else {
      const record = quotedRecord(text, at, separator, lineEnd, name, line, isLast);
      if (record === undefined) return { at, line };
      ({ cells, end, lines } = record);
    }
    if (end === text.length && !isLast) return { at, line };
    yield { cells, line };
    line += lines;
    at = end + 1;
  }
  return { at: text.length, line };
}

interface QuotedRecord {
  readonly cells: string[];
  /** Index of the line end after the record. */
  readonly end: number;
  /** Number of lines of the record. */
  readonly lines: number;
}

/**
 * Parses a record with quotes cell by cell. Returns `undefined` if a quote is open at the end of a text of which more
 * is to come.
 *
 * @throws DownhillError `data` for a quote that is never closed, and for characters between a closing quote and the
 * separator.
 */
function quotedRecord(
  text: string,
  start: number,
  separator: string,
  lineEnd: string,
  name: string,
  line: number,
  isLast: boolean,
): QuotedRecord | undefined {
  const cells: string[] = [];
  let lines = 1;
  let at = start;
  let newline = -2; // not searched for yet
  for (;;) {
    if (text[at] === '"') {
      const close = closingQuote(text, at);
      if (close === -1) {
        if (!isLast) return undefined;
        const where = `${name}: line ${line + lines - 1}, cell ${cells.length + 1}`;
        throw new DownhillError(
          "data",
          `${where}: the quote " that opens this cell is never closed. Close or remove it.`,
        );
      }
      const raw = text.slice(at + 1, close);
      cells.push(raw.replaceAll('""', '"'));
      lines += raw.split(lineEnd).length - 1;
      at = close + 1;
      if (lineEnd === "\n" && text[at] === "\r" && (at + 1 === text.length || text[at + 1] === "\n")) at++;
      if (at < text.length && text[at] !== separator && text[at] !== lineEnd) {
        const where = `${name}: line ${line + lines - 1}, cell ${cells.length}`;
        throw new DownhillError(
          "data",
          `${where}: ${JSON.stringify(text[at])} follows the closing quote. Write a quote inside a quoted cell twice, as "".`,
        );
      }
    } else {
      // Search again only after passing the line end: otherwise a long line would be scanned to its end for every cell.
      if (newline !== -1 && newline < at) newline = text.indexOf(lineEnd, at);
      const rest = text.slice(at, newline === -1 ? text.length : newline);
      const comma = rest.indexOf(separator);
      const bare = comma === -1 ? rest : rest.slice(0, comma);
      cells.push(comma === -1 && bare.endsWith("\r") ? bare.slice(0, -1) : bare);
      at += bare.length;
    }
    if (at >= text.length || text[at] === lineEnd) return { cells, end: at, lines };
    at++;
  }
}

/** Returns the index of the quote that closes the cell opened by the quote at `open`; −1 if the cell is not closed. */
function closingQuote(text: string, open: number): number {
  for (let at = open + 1; ; at += 2) {
    at = text.indexOf('"', at);
    if (at === -1 || text[at + 1] !== '"') return at;
  }
}

/**
 * Detects the separator of a text: the most frequent of tab, `;`, `|` and `,` in its first line that is not empty, not
 * counting quoted parts. Of equally frequent ones the first in this list wins; without any it is a comma. If another
 * separator splits the line into numbers with commas, the commas are decimal commas: `1,5;2,25`.
 */
export function detectSeparator(text: string): string {
  const counts = new Map(["\t", ";", "|", ","].map((separator) => [separator, 0]));
  let quoted = false;
  let line = ""; // the first line that is not empty, without quoted parts
  for (const character of text.slice(0, 65_536)) {
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character !== "\n" && character !== "\r") {
      const count = counts.get(character);
      if (count !== undefined) counts.set(character, count + 1);
      line += character;
      continue;
    } else if (line !== "") break;
  }
  const [most] = [...counts].reduce((best, other) => (other[1] > best[1] ? other : best), [",", 0]);
  const others = [...counts.keys()].filter((separator) => separator !== "," && line.includes(separator));
  const isOfNumbers = (separator: string): boolean => line.split(separator).every(looksLikeNumber);
  return most === "," ? (others.find(isOfNumbers) ?? most) : most;
}

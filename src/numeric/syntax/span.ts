import { DownhillError } from "../../engine/errors/index.ts";
import { cells } from "../../engine/util/cells.ts";

/** A range of the source text, in UTF-16 code units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** An error in a text, with its position. */
export class TextError extends DownhillError implements Span {
  readonly start: number;
  readonly end: number;

  constructor(message: string, { start, end }: Span) {
    super("syntax", message);
    this.start = start;
    this.end = end;
  }
}

const widest = 100; // characters of the source shown around an error

/**
 * A `syntax` error that shows the line and a caret under the error.
 *
 * @example
 * syntaxError("x + sinn(y)", { start: 4, end: 8 }, "there is no function sinn: did you mean sin?");
 * // there is no function sinn: did you mean sin?
 * //   x + sinn(y)
 * //       ^^^^
 */
export function syntaxError(text: string, span: Span, message: string): TextError {
  const line = text.slice(0, span.start).split("\n").length;
  const lineStart = text.lastIndexOf("\n", span.start - 1) + 1;
  const newline = text.indexOf("\n", span.start);
  const lineEnd = newline < 0 ? text.length : newline;

  const from = Math.max(lineStart, span.start - widest);
  const to = Math.min(lineEnd, Math.max(span.start, Math.min(span.end, lineEnd)) + widest);
  const before = (from > lineStart ? "…" : "") + text.slice(from, span.start);
  const after = text.slice(span.start, to) + (to < lineEnd ? "…" : "");
  const marked = text.slice(span.start, Math.min(span.end, to));
  const carets = "^".repeat(Math.max(1, cells(marked)));
  const where = text.trimEnd().includes("\n") ? `line ${line}: ` : "";
  return new TextError(`${where}${message}\n  ${plain(before + after)}\n  ${blank(before)}${carets}`, span);
}

/** Replaces control characters in a text, because a terminal would interpret them. */
function plain(text: string): string {
  return [...text]
    .map((c) =>
      c === "\t" || (c.codePointAt(0)! >= 0x20 && !(c >= "\u007f" && c <= "\u009f")) ? c : "\ufffd",
    )
    .join("");
}

/** Blanks of the same width as the text. Tabs are kept, so that the columns align. */
function blank(text: string): string {
  return [...text].map((c) => (c === "\t" ? "\t" : " ".repeat(cells(c)))).join("");
}

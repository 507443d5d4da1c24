import { DownhillError } from "../../../engine/errors/index.ts";
import type { Node } from "./ast.ts";

/** A text and the file that it is from, as messages show it. */
export interface SourceText {
  readonly text: string;
  readonly file: string;
}

/**
 * Ordinary code that is outside of what can be differentiated: `reason` says what and how to repair it; the message shows the
 * line with a caret too. `start` and `end` count UTF-16 units of the text, line and column count from 1.
 */
export class PlainError extends DownhillError {
  readonly reason: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly start: number;
  readonly end: number;

  constructor(source: SourceText, node: Node, reason: string) {
    const { line, column } = placeOf(lineStarts(source), node.start);
    super("plain", `${source.file}:${line}:${column}: ${reason}\n${caretLine(source.text, line, column)}`);
    this.reason = reason;
    this.file = source.file;
    this.line = line;
    this.column = column;
    this.start = node.start;
    this.end = node.end;
  }
}

/** Message for code that is nested deeper than the stack of the engine allows. */
export const nestedTooDeep =
  "the code is nested too deeply here: give inner parts names of their own (const part = …), or write a loop.";

const startsOf = new WeakMap<SourceText, readonly number[]>();

/** The offsets at which the lines of a text begin. */
export function lineStarts(source: SourceText): readonly number[] {
  let starts = startsOf.get(source);
  if (starts === undefined) {
    const ends = [...source.text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)];
    startsOf.set(source, (starts = [0, ...ends.map((end) => end.index + end[0].length)]));
  }
  return starts;
}

/** Line and column of an offset, which count from 1, by where lines begin. */
export function placeOf(
  starts: readonly number[],
  offset: number,
): { readonly line: number; readonly column: number } {
  let [line, above] = [0, starts.length];
  while (above - line > 1) {
    const middle = (line + above) >> 1;
    if (starts[middle]! <= offset) line = middle;
    else above = middle;
  }
  return { line: line + 1, column: offset - starts[line]! + 1 };
}

function caretLine(text: string, line: number, column: number): string {
  const shown = text.split(/\r\n|[\n\r\u2028\u2029]/)[line - 1]!;
  const indent = shown.slice(0, column - 1).replace(/[^\t]/g, " "); // tabs stay tabs, so that the caret stands below
  return `  ${shown}\n  ${indent}^`;
}

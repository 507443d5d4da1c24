import { DownhillError } from "../../../engine/errors/index.ts";
import type { Node } from "./ast.ts";

/** Source text and its file name for messages. */
export interface SourceText {
  readonly text: string;
  readonly file: string;
}

/**
 * Error for code outside of the differentiable language. `reason` states the fault and the repair; the message also
 * shows the source line with a caret. `start` and `end` count UTF-16 units of the text; line and column count from 1.
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

/** Returns the offsets of the first character of each line. */
export function lineStarts(source: SourceText): readonly number[] {
  let starts = startsOf.get(source);
  if (starts === undefined) {
    const ends = [...source.text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)];
    startsOf.set(source, (starts = [0, ...ends.map((end) => end.index + end[0].length)]));
  }
  return starts;
}

/** Returns line and column of an offset, both counted from 1. `starts` are the offsets of the lines. */
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
  const indent = shown.slice(0, column - 1).replace(/[^\t]/g, " "); // keep tabs, so that the caret is aligned
  return `  ${shown}\n  ${indent}^`;
}

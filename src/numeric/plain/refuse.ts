import { DownhillError } from "../../engine/errors/index.ts";
import type { Position } from "../../engine/region/region.ts";
import type { Node } from "./ast.ts";

/** A text and the file that it is from, as messages show it. */
export interface Source {
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

  constructor(source: Source, node: Node, reason: string) {
    const { line, column } = placeOf(source.text, node.start);
    super("plain", `${source.file}:${line}:${column}: ${reason}\n${caretLine(source.text, line, column)}`);
    this.reason = reason;
    this.file = source.file;
    this.line = line;
    this.column = column;
    this.start = node.start;
    this.end = node.end;
  }
}

/** Line and column of an offset, which count from 1. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split(/\r\n|[\n\r\u2028\u2029]/);
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

function caretLine(text: string, line: number, column: number): string {
  const shown = text.split(/\r\n|[\n\r\u2028\u2029]/)[line - 1]!;
  const indent = shown.slice(0, column - 1).replace(/[^\t]/g, " "); // tabs stay tabs, so that the caret stands below
  return `  ${shown}\n  ${indent}^`;
}

/** Where a node stands, with its text up to `end` on one line. */
export function positionOf(source: Source, node: Node, end: number = node.end): Position {
  const text = source.text.slice(node.start, end).replace(/\s+/g, " ").trim();
  return { ...placeOf(source.text, node.start), text };
}

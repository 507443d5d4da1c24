import { visible } from "../help.ts";

/** Breaks a text at blanks into lines of at most `width` cells. Longer words are not broken. */
export function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last !== "" && visible(last) + 1 + visible(word) > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

/** Breaks a line at blanks so that it fits the terminal; continuation lines are indented. `undefined`: no limit. */
export function wrapLine(line: string, columns: number | undefined): string[] {
  if (columns === undefined || visible(line) <= columns) return [line];
  const indent = /^ */.exec(line)![0];
  const next = `${indent}      `;
  const lines: string[] = [];
  let current = indent;
  let width = indent.length;
  let isEmpty = true;
  for (const word of line.slice(indent.length).split(/(?<= )(?! )/)) {
    if (!isEmpty && width + visible(word.trimEnd()) > columns) {
      lines.push(current.trimEnd());
      current = next;
      width = next.length;
    }
    current += word;
    width += visible(word);
    isEmpty = false;
  }
  return [...lines, current.trimEnd()];
}

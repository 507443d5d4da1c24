import { styleText } from "node:util";

/** Styles of the command's output. */
export type Style =
  "bold" | "dim" | "italic" | "underline" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

/** Applies a style to a text, or leaves the text plain. */
export type Paint = (style: Style, text: string) => string;

const plain: Paint = (_, text) => text;
const coloured: Paint = (style, text) =>
  text === "" ? "" : styleText(style, text, { validateStream: false });

/**
 * Returns colours for a terminal and none for other streams or if `TERM` is `dumb`. `NO_COLOR` (if not empty) always
 * turns them off; else `FORCE_COLOR` turns them on, or off if it is 0 (https://no-color.org).
 */
export function paintFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint {
  if ((env["NO_COLOR"] ?? "") !== "") return plain;
  const force = env["FORCE_COLOR"] ?? "";
  if (force !== "") return force === "0" ? plain : coloured;
  return stream.isTTY === true && env["TERM"] !== "dumb" ? coloured : plain;
}

/**
 * Returns the width of the terminal in columns. `undefined` if the stream is not a terminal or the width is unknown
 * (0); lines may then have any length.
 */
export function columnsOf(stream: {
  readonly isTTY?: boolean;
  readonly columns?: number;
}): number | undefined {
  return stream.isTTY === true && stream.columns !== 0 ? stream.columns : undefined;
}

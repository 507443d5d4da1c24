import { styleText } from "node:util";

/** Styles of the command's output. */
export type Style =
  "bold" | "dim" | "italic" | "underline" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

/** Dresses a text in a style, or leaves it plain. */
export type Paint = (style: Style, text: string) => string;

const plain: Paint = (_, text) => text;
const coloured: Paint = (style, text) =>
  text === "" ? "" : styleText(style, text, { validateStream: false });

/**
 * Colours for a terminal, none for anything else. `NO_COLOR` (any value) turns them off and `FORCE_COLOR` (other than
 * 0) on; https://no-color.org.
 */
export function paintFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint {
  if ((env["NO_COLOR"] ?? "") !== "") return plain;
  const force = env["FORCE_COLOR"] ?? "";
  if (force !== "") return force === "0" ? plain : coloured;
  return stream.isTTY === true && env["TERM"] !== "dumb" ? coloured : plain;
}

/**
 * Columns of the terminal; `undefined` where there is none and lines may be as long as they like, or where it does not
 * know its width and says 0.
 */
export function columnsOf(stream: {
  readonly isTTY?: boolean;
  readonly columns?: number;
}): number | undefined {
  return stream.isTTY === true && stream.columns !== 0 ? stream.columns : undefined;
}

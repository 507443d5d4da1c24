import { extname } from "node:path";
import { type Markup, writeMarkup } from "../../../pictures/plot/markup.ts";
import { optionError } from "../words.ts";
import { toGif, toPng } from "./bitmap.ts";
import { checkPackages } from "./packages.ts";

/** Converts a result to the content of a file. */
export type PictureFormatter<T> = (shown: T) => string | Promise<Uint8Array>;

/** The formats of a result: its picture, its animated picture if it moves, and others by extension. */
export interface PictureFormats<T> {
  /** The picture of .svg and .png files. */
  readonly picture: (shown: T) => Markup;
  /** The animated picture of .svg and .gif files. Without it there are no .gif files. */
  readonly animation?: (shown: T) => Markup;
  /** The page: the format of .html files. */
  readonly page: (shown: T) => string;
  /** Formats of other files by extension, such as `.json`. */
  readonly others?: Readonly<Record<string, (shown: T) => string>>;
}

/**
 * Returns the formatter for a file by the extension of its name, before any work. A `.svg` file moves if the result has
 * an animation.
 *
 * @param option the option that names the file, for messages
 * @throws DownhillError `option` for another extension, or if a package that draws the format is not installed.
 */
export async function pictureFormatter<T>(
  option: string,
  file: string,
  { picture, animation, page, others = {} }: PictureFormats<T>,
): Promise<PictureFormatter<T>> {
  const formats = new Map<string, PictureFormatter<T>>([
    [".html", page],
    [".svg", (shown) => `${writeMarkup((animation ?? picture)(shown))}\n`],
    [".png", async (shown) => await toPng(picture(shown))],
    ...(animation === undefined
      ? []
      : [[".gif", async (shown: T) => await toGif(animation(shown))] as const]),
    ...Object.entries(others),
  ]);
  const extension = extname(file).toLowerCase();
  const format = formats.get(extension === ".htm" ? ".html" : extension);
  if (format === undefined) {
    const names = [...formats.keys()];
    throw optionError(
      `${option}: the name must end in ${names.slice(0, -1).join(", ")} or ${names.at(-1)!}, and ${JSON.stringify(file)} does not.`,
    );
  }
  await checkPackages(option, file);
  return format;
}

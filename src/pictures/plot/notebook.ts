/** Representations of a value in a notebook, by media type, such as `image/svg+xml`. */
type MediaBundle = Readonly<Record<string, string>>;

/**
 * Makes a result display itself in notebooks: the Jupyter kernel of Deno calls the method `Symbol.for("Jupyter.display")`
 * of the last value of a cell. The method is not enumerable, so that copies and comparisons ignore it.
 *
 * @param media draws the value. It imports the drawing when it is called, so that programs without notebooks do not
 *   load it.
 */
export function displayedBy<T extends object>(value: T, media: (value: T) => Promise<MediaBundle>): T {
  return Object.defineProperty(value, Symbol.for("Jupyter.display"), {
    value: async () => await media(value),
  });
}

/** Representations of a value in a notebook, by media type, such as `image/svg+xml`. */
type MediaBundle = Readonly<Record<string, string>>;

/**
 * Makes a result display itself in notebooks: the Jupyter kernel of Deno calls the method `Symbol.for("Jupyter.display")`
 * of the last value of a cell. The method is not enumerable, so that copies and comparisons ignore it.
 *
 * @param media draws the value. It imports the drawing by `importByName`, so that programs without notebooks do not contain it.
 */
export function displayedBy<T extends object>(value: T, media: (value: T) => Promise<MediaBundle>): T {
  return Object.defineProperty(value, Symbol.for("Jupyter.display"), {
    value: async () => await media(value),
  });
}

/**
 * Imports a module of this package by its public name. Bundlers do not follow the import, because the name is a variable;
 * notebooks run the published package, in which it works.
 */
export async function importByName(name: string): Promise<unknown> {
  return await import(/* webpackIgnore: true */ /* @vite-ignore */ name);
}

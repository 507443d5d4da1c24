/** Allocates unique WGSL identifiers. */
export interface WgslNames {
  readonly take: (name: string) => string;
}

/**
 * Creates an allocator of identifiers. They consist of a prefix, the letters, digits and underscores of the name, and a
 * number, so that none is a reserved word, a predeclared name or a helper.
 */
export function makeWgslNames(): WgslNames {
  let count = 0;
  return {
    take(name) {
      const letters = name
        .slice(0, 40)
        .replaceAll(/[^A-Za-z0-9]+/g, "_")
        .replaceAll(/^_+|_+$/g, "");
      return `v${count++}${letters === "" ? "" : `_${letters}`}`;
    },
  };
}

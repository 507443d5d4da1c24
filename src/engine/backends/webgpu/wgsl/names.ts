/** Allocates unique WGSL identifiers. */
export interface WgslNames {
  readonly take: (name: string) => string;
}

/**
 * Creates an allocator of identifiers. An identifier consists of the prefix `v`, a number, and the letters and digits
 * of the given name, with underscores for other characters. It is therefore never a reserved word, a predeclared name
 * or a helper.
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

/** Version of this package, equal to the one in its manifest. */
export const version = "0.1.0";

/**
 * Hash of the sources of `dist/`. A build does not read caches of another build. The value is this word for
 * sources that were not built.
 */
export const buildId: string = "sources";

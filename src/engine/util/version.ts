/** Version of this package, equal to the one in its manifest. */
export const version = "0.1.0";

/**
 * Hash of the sources of `dist/`. A build ignores the caches that another build has written. In sources that were not
 * built, the value is this word.
 */
export const buildId: string = "sources";

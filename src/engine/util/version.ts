/** The version of this package, as its manifest has it. */
export const version = "0.1.0";

/** What `dist/` was built from, a hash: what one build wrote for itself another one does not read. Of sources that were not built, this word. */
export const buildId: string = "sources";

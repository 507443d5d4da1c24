// Tuning constants for contractions, measured on Zen 5 with V8 of Node 20 and 24. The bench rows that determine them
// begin with `matmul`.

/** Bytes of packed rows, and of packed columns, per block. Together they fill about half of a 1 MB cache. */
export const blockBytes: number = 96 * 1024;
export const stripBytes: number = 256 * 1024;
/** Maximum bytes of packed columns for all summands that are kept from part to part. */
export const keptStripBytes: number = 1024 * 1024;
/** Bytes of an operand that stays in the first-level cache in any access order, so that packing saves nothing. */
export const nearBytes: number = 24 * 1024;
/**
 * Maximum bytes between summands for which contiguous rows are read in place, because the next lines are prefetched.
 */
export const closeBytes: number = 1024;
/** Bytes of a memory page. Stores a multiple of it apart share cache lines with loads between them. */
export const pageBytes: number = 4096;

/** Bytes of a cache line. */
export const cacheLine: number = 64;

/** Bytes of partial sums in a product of a row and a matrix, chosen to stay in the first-level cache. */
export const segmentBytes: number = 16 * 1024;
/** Minimum columns and summands for reading the matrix of a row-matrix product sequentially. */
export const leastStreamed = { columns: 64, sums: 8 } as const;
/** Matrix rows read at once, with few and with many registers. Each has its factor in a register. */
export const streamTerms = { few: 4, many: 8 } as const;
/** Parts into which the columns of a row-matrix product are divided, for threads. */
export const streamParts: number = 8;

/** Maximum summands for which the loop over products is inside the function that computes one. */
export const mostTinySums: number = 8;
/** Maximum summands for which accesses of `out` dominate. */
export const mostShallowSums: number = 16;
/** Elements of `out` beyond which writing them dominates, for one or two summands each. */
export const largeOutput: number = 4096;

/**
 * Minimum products of a strip and its rows for which it may be a part with one panel. Below, a part costs more than it
 * shares.
 */
export const leastStripProducts: number = 1 << 17;
/** Target number of parts of a strip: about 8 for threads to share; 32 for few rows, where only strips are parts. */
export const wantedParts = { usual: 8, fewRows: 32 } as const;

/** Maximum entries of a distance table that holds all summands rather than those of one block. */
export const mostTableEntries: number = 32_768;

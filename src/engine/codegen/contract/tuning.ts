// Tuning constants for contractions, measured on Zen 5 with V8 of Node 20 and 24. The bench rows that determine them
// begin with `matmul`.

/** Bytes of packed rows, and of packed columns, per block. Together they fill about half of a 1 MB cache. */
export const blockBytes: number = 96 * 1024;
export const stripBytes: number = 256 * 1024;
/**
 * Maximum size in bytes of a packed strip, for all of its summands, that is kept so that the next part of the strip
 * need not pack it again.
 */
export const keptStripBytes: number = 1024 * 1024;
/**
 * Maximum number of bytes of an operand for which packing saves nothing, because it stays in the first-level cache in
 * any access order.
 */
export const nearBytes: number = 24 * 1024;
/**
 * Maximum number of bytes between summands for which contiguous rows are read without packing, because the hardware
 * prefetches the next lines.
 */
export const closeBytes: number = 1024;
/** Bytes of a memory page. Loads and stores whose addresses differ by a multiple of it share cache lines. */
export const pageBytes: number = 4096;

/** Bytes of a cache line. */
export const cacheLine: number = 64;

/** Bytes of partial sums in a product of a row and a matrix, chosen to stay in the first-level cache. */
export const segmentBytes: number = 16 * 1024;
/** Minimum numbers of columns and summands of a row-matrix product for which the matrix is read sequentially. */
export const leastStreamed = { columns: 64, sums: 8 } as const;
/**
 * Number of matrix rows that a row-matrix product reads at once, with few and with many registers. Each row has its
 * factor in a register.
 */
export const streamTerms = { few: 4, many: 8 } as const;
/** Number of parts of the columns of a row-matrix product that threads can share. */
export const streamParts: number = 8;

/**
 * Maximum number of summands for which a product is so small that one function contains the loop over all products of a
 * batch.
 */
export const mostTinySums: number = 8;
/** Maximum number of summands for which the accesses of `out` take more time than the products. */
export const mostShallowSums: number = 16;
/**
 * Number of elements of `out` above which writing them takes more time than computing them from one or two summands
 * each.
 */
export const largeOutput: number = 4096;

/**
 * Minimum number of products of one panel, with all its rows, for which the panel may be a part of its own. For smaller
 * parts, the overhead exceeds the gain from threads.
 */
export const leastStripProducts: number = 1 << 17;
/**
 * Target number of parts of a strip: about 8, so that threads can share them; 32 for few rows, where each strip is one
 * part.
 */
export const wantedParts = { usual: 8, fewRows: 32 } as const;

/**
 * Maximum number of entries of a distance table that covers all summands. Larger contractions have a table for one
 * block of summands.
 */
export const mostTableEntries: number = 32_768;

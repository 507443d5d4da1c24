// What is right for the machines that contractions run on. The figures are of Zen 5 with V8 from Node 20 and 24; rows of the bench
// that decide about them begin with `matmul`.

/** Bytes of packed rows, and of packed columns, that are worked on at once: the two fill about half of a cache of 1 MB. */
export const blockBytes: number = 96 * 1024;
export const stripBytes: number = 256 * 1024;
/** Bytes of packed columns up to which those of all summands are kept from part to part. */
export const keptStripBytes: number = 1024 * 1024;
/** Bytes of an operand that stays in the nearest cache however it is read, so that packing it saves nothing. */
export const nearBytes: number = 24 * 1024;
/** Bytes from summand to summand up to which rows that lie side by side are read in place: the next lines are fetched ahead. */
export const closeBytes: number = 1024;
/** Bytes of a page of memory: stores a multiple of it apart share lines of the cache with loads between them. */
export const pageBytes: number = 4096;

/** Bytes of a line of the cache. */
export const cacheLine: number = 64;

/** Bytes of sums of a row times a matrix that are worked on at once: they stay in the nearest cache. */
export const segmentBytes: number = 16 * 1024;
/** Columns and summands from which a row times a matrix is read from end to end. */
export const leastStreamed = { columns: 64, sums: 8 } as const;
/** Rows of the matrix that are read at once, with few registers and with many: each has a factor in a register. */
export const streamTerms = { few: 4, many: 8 } as const;
/** Parts that the columns of a row times a matrix are cut into, for threads. */
export const streamParts: number = 8;

/** Summands of products so small that the loop over them stands in the function that computes one. */
export const mostTinySums: number = 8;
/** Summands up to which `out` is what is read and written most. */
export const mostShallowSums: number = 16;
/** Elements of `out` beyond which, with one or two summands each, writing them is what takes time. */
export const largeOutput: number = 4096;

/** Products of a strip and its rows from which it may be a part of one panel: below, a part costs more than it shares. */
export const leastStripProducts: number = 1 << 17;
/** Parts of a strip that there should be: some eight for threads to share, and of few rows, where strips alone are parts, 32. */
export const wantedParts = { usual: 8, fewRows: 32 } as const;

/** Entries of a table of distances that holds all summands at once, and not those of one block. */
export const mostTableEntries: number = 32_768;

// Constants of module generation, apart from those of plans (`engine/codegen`).

/**
 * Minimum bytes of all temporaries for which they share memory with the temporaries of other modules, which are used at
 * other times.
 */
export const sharedTemporaries = 65_536;

/** Maximum number of arguments of a routine that are passed; more are stored in memory. */
export const mostPassed = 8;

/**
 * Maximum number of arguments, results and temporaries of a routine, and of locals that a part receives from other
 * parts, that are locals of a function. Engines allow 50,000 locals per function. Beyond the maximum they stay in
 * memory and are accessed there.
 */
export const mostIncoming = 10_000;

/** Maximum number of parameters that engines allow (limits of the WebAssembly JavaScript interface). */
export const mostParams = 1000;

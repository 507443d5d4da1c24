// Constants of module generation, apart from those of plans (`engine/codegen`).

/**
 * Minimum bytes of the temporaries of a module for which they share memory with the temporaries of other modules, which
 * are used at other times.
 */
export const sharedTemporaries = 65_536;

/** Maximum number of arguments of a routine that are passed; more are stored in memory. */
export const mostPassed = 8;

/**
 * Default limits of a function. Engines allow 50,000 locals and 1000 parameters (limits of the WebAssembly JavaScript
 * interface).
 */
export const functionLimits = { mostIncoming: 10_000, mostParams: 1000 } as const;

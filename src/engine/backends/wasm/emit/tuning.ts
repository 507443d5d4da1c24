// What modules are written by, other than plans (`engine/codegen`).

/** Bytes of all temporaries from which they lie where those of other modules do, which need them at other times. */
export const sharedTemporaries = 65_536;

/** Arguments of a routine up to which they are passed; more are put into memory. */
export const mostPassed = 8;

/**
 * Arguments, results and temporaries of a routine, and locals that a part of it takes from other parts, up to which each has a local of
 * its own. Engines let a function have 50,000 locals. More stay in memory, where they are read and written in place.
 */
export const mostIncoming = 10_000;

/** Parameters that engines let a function have (limits of the JavaScript interface of WebAssembly). */
export const mostParams = 1000;

// What code is written by for engines of WebAssembly, other than what every device shares (`engine/codegen`).

/** Weight (`weightOf`) that one function may have before it is cut into parts: engines optimise larger ones slowly or not at all. */
export const heaviestFunction = 3000;

/** Work, in weight, that one call of a kernel does: engines replace a function by a better one only between calls. */
export const workOfCall = 65_536;

/** Bytes of all temporaries from which they lie where those of other modules do, which need them at other times. */
export const sharedTemporaries = 65_536;

/** Arguments of a routine up to which they are passed; more are put into memory. */
export const mostPassed = 8;

/** Parameters that engines let a function have (limits of the JavaScript interface of WebAssembly). */
export const mostParams = 1000;

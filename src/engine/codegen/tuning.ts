// Constants of plans and estimates, for every device. Each has its unit and its reason.

/**
 * Iterations assumed for a loop whose count is known only at run time, when a backend is chosen. Few, because
 * WebAssembly gains little for few iterations.
 */
export const unknownIterationsOfBackends = 16;

/** The same when loops become functions. Many, because a long loop left inline stays slow and on one thread. */
export const unknownIterationsOfLoops = 64;

/**
 * Scalar operations assumed for a call of a procedure when a backend is chosen, that is, for a transcendental function.
 */
export const operationsOfCall = 20;

/** Weight of a call compared with elements that are fetched lane by lane. */
export const weightOfCall = 100;

/** Weight of folding one value, in the same comparison. */
export const weightOfFold = 5;

/** Maximum iterations of inner loops that count there. Longer rows fill vectors of their own. */
export const shortRow = 8;

/** Inner loops with these numbers of iterations are computed as one vector each, so they count as filling it. */
export const filledRows: readonly number[] = [4, 5];

/** Maximum weight of a vectorised loop. Heavier loops stay scalar. */
export const heaviestVectorised = 4000;

/**
 * Maximum weight of the values of a fold that are computed in lanes: about 10,000 operations. In lanes an operation
 * takes two locals or more, and a function has at most 50,000. Plain statements are split into several functions.
 */
export const heaviestFold = 60_000;

/** Weight of other work that pays for fetching one element lane by lane. */
export const weightOfGather = 12;

/**
 * The same where the alternative is to compute short rows one by one. Measured: sums and maxima are below, scaled rows
 * at this value.
 */
export const weightOfShortGather = 8;

/** A loop stays inline if its work is at most this fraction of the work of one call. */
export const inlinePart: number = 1 / 16;

/** Weight of an iteration above which a `while` loop runs a fixed number of iterations per call. */
export const longBody = 64;

/** Iterations of a call are a multiple of this number, so that few calls end within a vector. */
export const callMultiple = 64;

/** Minimum iterations per call if iterations are short. */
export const fewestPerCall = 512;

/**
 * Minimum number of calls that threads share, for a loop and for a product: about 20 µs of work. Measured: a call takes
 * from 0.1 to 0.6 µs where loops use 256-bit vectors, and products take longer for their weight.
 */
export const sharedCalls = 64;
export const sharedProductCalls = 16;

/** Calls of loops that take as long as a call of products. */
export const callsOfProducts = 8;

/**
 * Minimum and maximum work of a part of a product, in calls, and the target number of parts between these limits.
 * Threads that share it then finish at about the same time.
 */
export const fewestPartCalls = 4;
export const mostPartCalls = 16;
export const partsOfProduct = 32;

/**
 * Maximum weight of a procedure that is inlined into the vector loop that calls it, and of all procedures inlined into
 * one loop.
 */
export const inlinedProcedure = 900;
export const inlinedAltogether = 4000;

/** Maximum weight of a branch that is computed for all lanes without testing whether any lane takes it. */
export const cheapBranch = 24;

/** Number of values computed before they are folded. They stay in the first-level cache until then. */
export const blockLength = 256;

/** Minimum operations per value for which 256-bit vectors gain more than storing and reading the value costs. */
export const manyOperations = 12;

/** Maximum weight of the body of a fold that is repeated for each remaining value. */
export const shortFold = 40;

/** Time of a group of four lanes. A group of eight takes 2, or 1 as a 256-bit vector, and a single index 1. */
export const timeOfFour = 1.2;

/**
 * Time of a group of two 256-bit vectors, where one vector takes 1. Measured with the functions of float32 and float64:
 * from 0.85 to 1 per number, 0.7 for random numbers.
 */
export const timeOfTwoWide = 1.8;

/** Work of an iteration, in weight, from which it waits more for its own results than for memory. */
export const waitingBody = 64;

/**
 * Maximum work of an iteration that is written for twice as many lanes. More code takes longer to compile than it
 * saves.
 */
export const heaviestTwice = 900;

/**
 * Maximum weight of a loop body within lanes that is unrolled by two: about 25 operations, for which the index, its
 * comparison and addresses are significant. The two loops of bench row plain-convolution take 0.8 and 0.7 of the
 * instructions.
 */
export const heaviestPair = 200;

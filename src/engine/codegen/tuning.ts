// Constants of plans and estimates, for every device. Each has its unit and its reason.

/**
 * Iterations assumed, when a backend is chosen, for a loop whose count is known only at run time. The number is low
 * because WebAssembly gains little for few iterations.
 */
export const unknownIterationsOfBackends = 16;

/**
 * Iterations assumed, when loops become functions, for a loop whose count is known only at run time. The number is high
 * because a long loop that stays inline runs slowly and on one thread.
 */
export const unknownIterationsOfLoops = 64;

/**
 * Scalar operations assumed for the call of a procedure, that is, of a transcendental function, when a backend is
 * chosen.
 */
export const operationsOfCall = 20;

/** Weight of a call in the comparison of work with the cost of fetching elements lane by lane. */
export const weightOfCall = 100;

/** Weight of folding one value in the comparison of work with the cost of fetching elements lane by lane. */
export const weightOfFold = 5;

/**
 * An inner loop with fewer iterations than this does not fill vectors of its own. The outer loop may then be vectorised
 * instead, if that pays for fetching elements lane by lane.
 */
export const shortRow = 8;

/**
 * Numbers of iterations below `shortRow` for which an inner loop is nevertheless vectorised itself, because they fill a
 * vector of four lanes well enough.
 */
export const filledRows: readonly number[] = [4, 5];

/** Maximum weight of a vectorised loop. Heavier loops stay scalar. */
export const heaviestVectorised = 4000;

/**
 * Maximum weight of the values of a fold that are computed in lanes: about 10,000 operations. In lanes an operation
 * takes two locals or more, and a function has at most 50,000. Plain statements are split into several functions.
 */
export const heaviestFold = 60_000;

/**
 * Elements that are fetched lane by lane do not keep a loop without inner loops from being vectorised if the loop does at
 * least this much other work per such element, in units of weight.
 */
export const weightOfGather = 12;

/**
 * Like `weightOfGather`, for a loop around short inner loops, compared with computing these one by one. Measured: sums
 * and maxima are below, scaled rows at this value.
 */
export const weightOfShortGather = 8;

/** A loop stays inline if its work is at most this fraction of the work that one call of a function should do. */
export const inlinePart: number = 1 / 16;

/** Weight of an iteration above which a `while` loop runs only a fixed number of iterations per call. */
export const longBody = 64;

/** The number of iterations per call is a multiple of this, so that few calls end in the middle of a vector. */
export const callMultiple = 64;

/** Minimum iterations per call if iterations are short. */
export const fewestPerCall = 512;

/**
 * Minimum number of calls that threads share, for a loop and for a product: about 20 µs of work. Measured: a call takes
 * from 0.1 to 0.6 µs where loops use 256-bit vectors, and products take longer for their weight.
 */
export const sharedCalls = 64;
export const sharedProductCalls = 16;

/** Number of calls of loops that take as long as one call of a matrix product. */
export const callsOfProducts = 8;

/**
 * Minimum work of a part of a product, maximum work, and between these limits the target number of parts. Work is
 * measured in calls. Threads that share the parts then finish at about the same time.
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

/**
 * Time of a group of four lanes. The unit is the time of a single iteration. A group of eight lanes takes 2, or 1 if
 * the engine merges its two vectors into a 256-bit vector.
 */
export const timeOfFour = 1.2;

/**
 * Time of a group of two 256-bit vectors, in units of the time of one vector. Measured with the functions of float32
 * and float64: from 0.85 to 1 per number, 0.7 for random numbers.
 */
export const timeOfTwoWide = 1.8;

/** Run time of an iteration, in units of weight, from which it waits more for its own results than for memory. */
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

/**
 * Minimum number of equal loops or products that share a function. Fewer keep code of their own, with the addresses of
 * their buffers as constants.
 */
export const fewestRepeats = 4;

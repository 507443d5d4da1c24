// What plans and estimates go by, for every device. Each number has its unit and its reason.

/**
 * Iterations that a loop counts for of which only the run can tell how many it makes, where a backend is chosen: few, since
 * WebAssembly gains little where they are not many.
 */
export const unknownIterationsOfBackends = 16;

/** The same where loops become functions: many, since a long one that does not stays slow, and on one thread. */
export const unknownIterationsOfLoops = 64;

/** Scalar operations that a call of a procedure counts for where a backend is chosen: a transcendental function. */
export const operationsOfCall = 20;

/** Weight that the same counts for beside elements that are fetched one by one. */
export const weightOfCall = 100;

/** Weight of folding in a value, there. */
export const weightOfFold = 5;

/** Iterations of loops within that count at most, there: of so many on they fill vectors of their own. */
export const shortRow = 8;

/** Loops within of so many iterations are done by one vector each: they count as filling it. */
export const filledRows: readonly number[] = [4, 5];

/** Weight beyond which a loop is not written for several lanes: heavier ones stay as they are. */
export const heaviestVectorised = 4000;

/**
 * Weight beyond which the values of a fold are not computed in lanes: some 10,000 operations. In lanes an operation takes two locals or
 * more, and a function has at most 50,000; plain statements are cut into several functions.
 */
export const heaviestFold = 60_000;

/** Weight of other work that makes up for an element that has to be fetched for each lane alone. */
export const weightOfGather = 12;

/**
 * The same where the alternative is to compute short rows one by one. As measured, sums and largest elements are below, scaled
 * rows at it.
 */
export const weightOfShortGather = 8;

/** A loop stays in the function that it stands in if its work is this part of what one call does, or less. */
export const inlinePart: number = 1 / 16;

/** Weight of an iteration from which on a loop without bounds runs some iterations a call. */
export const longBody = 64;

/** Iterations of a call are a multiple of this, so that few calls end within a vector. */
export const callMultiple = 64;

/** Iterations that a call makes at least where they are short. */
export const fewestPerCall = 512;

/**
 * Calls from which on threads share them, of a loop and of a product: some 20 µs of work. As measured, a call takes from 0.1 to
 * 0.6 µs where loops are vectors of 256 bits, and products take longer for their weight.
 */
export const sharedCalls = 64;
export const sharedProductCalls = 16;

/** Calls of loops that take as long as a call of products. */
export const callsOfProducts = 8;

/**
 * Calls that a part of a product does at least and at most, and how many parts there are in between: threads that share it end at
 * about the same time.
 */
export const fewestPartCalls = 4;
export const mostPartCalls = 16;
export const partsOfProduct = 32;

/** Weight up to which a procedure is written into the vector loop that calls it, and how much such a loop takes in altogether. */
export const inlinedProcedure = 900;
export const inlinedAltogether = 4000;

/** Weight up to which a branch is computed for all lanes without asking whether any lane takes it. */
export const cheapBranch = 24;

/** Values that are computed before they are folded: they lie in the first-level cache until then. */
export const blockLength = 256;

/** Operations a value from which on vectors of 256 bits gain more than it costs to store and read it. */
export const manyOperations = 12;

/** Weight up to which the body of a fold is copied for each value that is left over. */
export const shortFold = 40;

/** What a group of four lanes takes, where one of eight takes 2, or 1 as a vector of 256 bits, and an index by itself 1. */
export const timeOfFour = 1.2;

/**
 * What a group of two vectors of 256 bits takes, where one takes 1: from 0.85 to 1 a number, 0.7 where random numbers are drawn, as measured with the
 * functions of float32 and float64.
 */
export const timeOfTwoWide = 1.8;

/** Work of an iteration, in weight, from which on it waits more for its own results than for memory. */
export const waitingBody = 64;

/** Work of an iteration up to which it is written for twice as many lanes: more code than that takes longer to compile than it saves. */
export const heaviestTwice = 900;

/**
 * Weight of the body of a loop within lanes up to which it is written twice: some 25 operations, beside which the index, its comparison and
 * addresses count. The two loops of bench row plain-convolution take 0.8 and 0.7 of the instructions.
 */
export const heaviestPair = 200;

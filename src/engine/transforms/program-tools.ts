import type { TransformTools } from "../ir/primitive.ts";
import { interned } from "../trace/intern.ts";
import { batchProgram } from "./batch.ts";
import { jvpProgram } from "./jvp.ts";
import { partialEvalProgram } from "./partial-eval.ts";
import { installTools } from "./tools.ts";
import { transposeProgram } from "./transpose.ts";

/** Transforms of programs that rules of structured primitives receive. */
const tools: TransformTools = {
  jvpProgram: (program, nonzero, instantiate, masked) =>
    jvpProgram(program, nonzero, instantiate, masked, tools),
  partialEvalProgram: (program, unknown, instantiate, atHand = [], isRepeated = true) =>
    partialEvalProgram(program, unknown, instantiate, { atHand, isRepeated }, tools),
  transposeProgram: (program, linear, accumulate, masked) =>
    transposeProgram(program, linear, accumulate, masked, tools),
  batchProgram: (program, size, batched, instantiate) =>
    batchProgram(program, size, batched, instantiate, tools),
  intern: interned,
};

// One of the import-time effects of the library (see `sideEffects` in package.json). Every module that creates
// programs for structured primitives imports this one.
installTools(tools);

import { DownhillError } from "../errors/index.ts";
import type { TransformTools } from "../ir/primitive.ts";

let installed: TransformTools | undefined;

/** Provides the transforms of programs: bundles without loops, branches and jit do without. */
export function installTools(given: TransformTools): void {
  installed = given;
}

function need(): TransformTools {
  if (installed !== undefined) return installed;
  throw new DownhillError(
    "internal",
    "internal: the transforms of programs are not installed; import makeProgram or jit, and use it.",
  );
}

/** The transforms of programs, as the rules of structured primitives receive them. */
export const tools: TransformTools = {
  jvpProgram: (...args) => need().jvpProgram(...args),
  partialEvalProgram: (...args) => need().partialEvalProgram(...args),
  transposeProgram: (...args) => need().transposeProgram(...args),
  batchProgram: (...args) => need().batchProgram(...args),
  intern: (program) => need().intern(program),
};

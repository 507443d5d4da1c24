import { DownhillError } from "../errors/index.ts";
import type { TransformTools } from "../ir/primitive.ts";

let installed: TransformTools | undefined;

/** Installs the transforms of programs. Bundles without loops, branches and jit do not contain them. */
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

/** Transforms of programs that rules of structured primitives receive. They throw until `installTools` was called. */
export const tools: TransformTools = {
  jvpProgram: (...args) => need().jvpProgram(...args),
  partialEvalProgram: (...args) => need().partialEvalProgram(...args),
  transposeProgram: (...args) => need().transposeProgram(...args),
  batchProgram: (...args) => need().batchProgram(...args),
  intern: (program) => need().intern(program),
};

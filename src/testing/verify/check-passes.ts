// Checks the result of each pass while `verify` is on.
import { internalError } from "../../engine/errors/index.ts";
import { checkProgram, isProgram } from "../../engine/ir/index.ts";
import * as k from "../../engine/kernel/build.ts";
import { checkRoutine } from "../../engine/kernel/check.ts";
import { printRoutine } from "../../engine/kernel/index.ts";
import type { Routine } from "../../engine/kernel/index.ts";
import { scalarFunctions } from "../../engine/prims/scalar-functions.ts";
import { checkRegion, lowerRegion, printRegion } from "../../engine/region/index.ts";
import type { LoweringStage } from "../../engine/region/index.ts";
import type { Region } from "../../engine/region/form/region.ts";
import { currentVerifier } from "../../engine/runtime/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import type { PassObserver } from "../../engine/util/after-pass.ts";

/**
 * Checks that the program, region or routine that a pass returned is well formed. Does nothing while `verify` is off.
 *
 * @throws DownhillError `internal`, naming the pass and showing its result.
 */
export const checkAfterPass: PassObserver = (made, pass, donated = []) => {
  if (checked.has(made) || currentVerifier().watchProgram === undefined) return;
  try {
    if (isProgram(made)) checkProgram(made);
    else if ("results" in made) checkRegion(made as Region, scalarFunctions);
    else checkRoutine(made as Routine, donatedInputs(made as Routine, donated));
    checked.add(made);
  } catch (error) {
    throw internalError(`after the pass "${pass}": ${(error as Error).message}\n${textOf(made)}\n`);
  }
};

/** Returns the names of the inputs that a routine may overwrite. */
function donatedInputs({ inputs }: Routine, donated: readonly boolean[]): string[] {
  return inputs.flatMap((port, i) =>
    donated[i] === true && port.kind === "buffer" ? [port.buffer.name] : [],
  );
}

/** Results of passes that were found to be well formed. Many passes return the program that they were given. */
const checked = /* @__PURE__ */ new WeakSet<object>();

/**
 * Formats a region or routine for an error message. The text of a program is empty, because its own check already shows
 * it.
 */
function textOf(made: object): string {
  if (isProgram(made)) return "";
  return "results" in made ? printRegion(made as Region) : printRoutine(made as Routine);
}

/**
 * Lowers a region and checks its routine after each pass.
 *
 * @throws DownhillError `internal`, showing the routine.
 */
export function checkLowering(region: Region): void {
  const stages: LoweringStage[] = [];
  const { routine, failure } = lowerRegion(region, scalarFunctions, { failedChecks: "end", stages });
  const last = must(stages.at(-1), "the statements of a region").statements;
  const prelude = k.makeBlock();
  prelude.statements.push(...routine.body.slice(0, routine.body.length - last.length));
  // Earlier stages may contain error sites that later ones have removed.
  if (failure === undefined) for (const [name, type] of failureLocals) prelude.let(name, k.constant(type, 0));
  for (const { pass, statements } of stages)
    checkAfterPass(
      { ...routine, body: [...prelude.statements, ...statements] },
      `${pass} (lowering of a region)`,
    );
}

/** Locals by which a routine reports an error (`FailureLocals`). */
const failureLocals = [
  ["failure", "i32"],
  ["failure.wanted", "f64"],
  ["failure.length", "i32"],
] as const;

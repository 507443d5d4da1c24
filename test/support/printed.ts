// Runs all printers of compiler output on random programs: none may throw, or omit a part.
import type { Program } from "downhill";
import { moduleText } from "../../src/engine/backends/wasm/encode/text.ts";
import { makeJsBackend } from "../../src/engine/backends/js/index.ts";
import { makeWasmBackend } from "../../src/engine/backends/wasm/index.ts";
import { planRoutine } from "../../src/engine/codegen/plan.ts";
import { printPlan } from "../../src/engine/codegen/print-plan.ts";
import { callSizes } from "../../src/engine/kernel/call-sizes.ts";
import { printRoutine } from "../../src/engine/kernel/print.ts";
import type { Routine } from "../../src/engine/kernel/scalar.ts";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { checkRegion } from "../../src/engine/region/form/check.ts";
import { lowerRegion } from "../../src/engine/region/lower/routine.ts";
import { printRegion } from "../../src/engine/region/form/print.ts";
import type { Region } from "../../src/engine/region/form/region.ts";
import { showLowering } from "../../src/engine/runtime/inspect.ts";
import { must } from "../../src/engine/util/assert-never.ts";

const target = { simd: true, wide: false, shares: false, chunkWork: 65_536 };
const [wasm, js] = [makeWasmBackend(), makeJsBackend(undefined, callSizes)];

/** Prints a region, its routine, the plan of that, and its code. @throws Error if a text lacks a part. */
export function expectPrintedRegion(region: Region): void {
  checkRegion(region, scalarFunctions);
  const { routine } = lowerRegion(region, scalarFunctions, { failedChecks: "end" });
  expectWhole(printRegion(region), printPlan(routine, planRoutine(routine, target)), ...codeOf(routine));
}

/** Prints a program, each stage of it, and its code. @throws Error if a text lacks a part. */
export function expectPrintedProgram(program: Program): void {
  expectWhole(showLowering(program).toString());
}

function codeOf(routine: Routine): string[] {
  const bytes = must(wasm.moduleOf, "the module of a routine")(routine);
  return [printRoutine(routine), moduleText(bytes), must(js.show, "the text of a routine")(routine)];
}

function expectWhole(...texts: readonly string[]): void {
  for (const text of texts)
    if (text === "" || /undefined|\[object/.test(text)) throw new Error(`a text misses a part:\n${text}`);
}

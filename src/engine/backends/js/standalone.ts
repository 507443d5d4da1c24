import type { TypedArray } from "../../kernel/executable.ts";
import { knownSizes } from "../../kernel/call-sizes.ts";
import { makeTemporaries } from "../../kernel/temporaries.ts";
import type { Procedure, Routine } from "../../kernel/scalar.ts";
import type { GeneratedSource } from "./source.ts";
import { partLimit, procedureSource, routineSource } from "./source.ts";

/** Declarations that the code of `standaloneProcedure` and `standaloneRoutine` needs before it, once. */
export const standalonePrelude = `const doubles = new Float64Array(1);
const words = new Int32Array(doubles.buffer);
const floats = new Float32Array(doubles.buffer);
const powers = new Float64Array(4096);
new Uint32Array(powers.buffer).forEach((_, i, all) => {
  if (i % 2 === 1) all[i] = (i >> 1) << 20;
});`;

/** Names that the prelude declares. */
export const preludeNames: readonly string[] = ["doubles", "words", "floats", "powers"];

/** JavaScript of a procedure that needs only the prelude: an expression whose value is the function. */
export function standaloneProcedure(procedure: Procedure): string {
  return standalone(procedureSource(procedure, partLimit), []);
}

/**
 * JavaScript of a routine with fixed sizes that needs only the prelude: an expression whose value is a function of
 * inputs and outputs like `CompiledRoutine`.
 */
export function standaloneRoutine(routine: Routine): string {
  return standalone(routineSource(routine, partLimit), makeTemporaries(routine, knownSizes(routine)).arrays);
}

function standalone({ text, tables, spillSize }: GeneratedSource, temps: readonly TypedArray[]): string {
  const lines = text
    .split("\n")
    .filter((line) => line !== `"use strict";`)
    .map((line) => (line === "" ? line : `  ${line}`));
  const made = temps.map((temp) => `new ${temp.constructor.name}(${temp.length})`);
  return [
    "((temps, tables, spill) => {",
    ...lines,
    `})([${made.join(", ")}], [${tables.map(tableText).join(", ")}], new Float64Array(${spillSize}))`,
  ].join("\n");
}

function tableText(table: TypedArray): string {
  const elements = Array.from(table, (x) => (Object.is(x, -0) ? "-0" : String(x)));
  return `new ${table.constructor.name}([${elements.join(", ")}])`;
}

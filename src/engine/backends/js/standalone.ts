import type { Procedure } from "../../kernel/scalar.ts";
import type { TypedArray } from "../../kernel/executable.ts";
import { partLimit, procedureSource } from "./source.ts";

/** What `standaloneProcedure` needs in front of it, once. */
export const standalonePrelude = `const doubles = new Float64Array(1);
const words = new Int32Array(doubles.buffer);
const floats = new Float32Array(doubles.buffer);
const powers = new Float64Array(4096);
new Uint32Array(powers.buffer).forEach((_, i, all) => {
  if (i % 2 === 1) all[i] = (i >> 1) << 20;
});`;

/** A procedure as JavaScript that needs nothing but the prelude: an expression whose value is the function. */
export function standaloneProcedure(procedure: Procedure): string {
  const { text, tables, spillSize } = procedureSource(procedure, partLimit);
  const lines = text
    .split("\n")
    .filter((line) => line !== `"use strict";`)
    .map((line) => (line === "" ? line : `  ${line}`));
  return [
    "((tables, spill) => {",
    ...lines,
    `})([${tables.map(tableText).join(", ")}], new Float64Array(${spillSize}))`,
  ].join("\n");
}

function tableText(table: TypedArray): string {
  const elements = Array.from(table, (x) => (Object.is(x, -0) ? "-0" : String(x)));
  return `new ${table.constructor.name}([${elements.join(", ")}])`;
}

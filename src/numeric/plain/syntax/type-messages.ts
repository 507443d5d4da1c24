// Messages about types that a function cannot compute with.
import type { Node } from "./ast.ts";
import type { Module } from "./module.ts";

export const accepted: string =
  "number, boolean, number[], Float64Array, Float32Array, Int32Array, Uint8Array, number[][], and objects, tuples and arrays of those";

export const optionalItem: string =
  "an item of a tuple is always there: write the items that may be missing as optional fields, as in { x: number; y?: number }.";
export const strings: string =
  'a string can be compared here if its type lists its cases, as in kind: "up" | "down", or an enum.';

/** Message for types without a fixed set of fields: `Record<string, number>`, `{ [name: string]: number }`, `Map`. */
export const openFields: string =
  "has any number of fields, and a derivative needs to know them. Name them, as in { a: number; b: number }, or take an array, number[], " +
  "with a constant for the index of each: const a = 0, b = 1; x[a].";

/** Message for maps and sets of numbers: how to pass their entries. */
export function entriesAdvice(name: "Map" | "Set"): string {
  return name === "Map"
    ? "cannot be read here: take a list of its entries, as in (terms: [number, number][]), and pass [...map]."
    : "cannot be read here: take an array of its items, as in (items: number[]), and pass [...set].";
}

export function unreadType(name: string, from: string): string {
  return `${name} is imported from ${JSON.stringify(from)}, which cannot be read here: declare it in this module, or in a file that it imports.`;
}

export function textOf({ text }: Module, { start, end }: Node): string {
  return text.slice(start, end).replace(/\s+/g, " ");
}

export function notAType(module: Module, node: Node): string {
  return `${textOf(module, node)} is not a type of values that can be computed with here; a function may take ${accepted}.`;
}

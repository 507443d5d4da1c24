import type { Program } from "./program.ts";
import { DeferredProgram, isProgram } from "./program.ts";

// Identity numbers of primitives and programs. Keys use identity because two primitives may share a name (users define
// their own).
const identities = new WeakMap<object, number>();
let next = 0;

/** Returns a unique number for a primitive or a program. */
export function identityOf(thing: object): number {
  let id = identities.get(thing);
  if (id === undefined) identities.set(thing, (id = next++));
  return id;
}

/**
 * Returns a text key of parameters. Equal parameters have equal keys if `programKey` returns equal keys for the
 * programs among them.
 */
export function paramsKey(params: unknown, programKey: (program: Program) => unknown): string {
  if (isProgram(params)) return String(programKey(params));
  if (params instanceof DeferredProgram) return String(programKey(params.program));
  if (Array.isArray(params)) {
    let key = "[";
    for (let i = 0; i < params.length; i++) key += `${i > 0 ? "," : ""}${paramsKey(params[i], programKey)}`;
    return `${key}]`;
  }
  if (typeof params === "object" && params !== null) {
    let key = "";
    for (const name of Object.keys(params))
      key += `${key === "" ? "{" : ","}${name}:${paramsKey((params as Record<string, unknown>)[name], programKey)}`;
    return key === "" ? "{}" : `${key}}`;
  }
  return Object.is(params, -0) ? "-0" : typeof params === "string" ? JSON.stringify(params) : String(params);
}

import type { Program } from "./program.ts";
import { DeferredProgram, isProgram } from "./program.ts";

// Two primitives may share a name (users define their own), so a key goes by identity.
const identities = new WeakMap<object, number>();
let next = 0;

/** A number for each primitive and program. */
export function identityOf(thing: object): number {
  let id = identities.get(thing);
  if (id === undefined) identities.set(thing, (id = next++));
  return id;
}

/** Parameters as text: equal ones have equal keys, where programs among them have equal keys. */
export function paramsKey(params: unknown, programKey: (program: Program) => unknown): string {
  if (isProgram(params)) return String(programKey(params));
  if (params instanceof DeferredProgram) return String(programKey(params.program));
  if (Array.isArray(params)) return `[${params.map((param) => paramsKey(param, programKey)).join(",")}]`;
  if (typeof params === "object" && params !== null) {
    return `{${Object.entries(params)
      .map(([key, value]) => `${key}:${paramsKey(value, programKey)}`)
      .join(",")}}`;
  }
  return Object.is(params, -0) ? "-0" : typeof params === "string" ? JSON.stringify(params) : String(params);
}

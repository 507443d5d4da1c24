import type { Primitive } from "./primitive.ts";
import type { Program, Var } from "./program.ts";
import { isProgram } from "./program.ts";
import { typeKey } from "./types.ts";

/**
 * A 128-bit hash of the structure of a program, as text: equal for programs that compute the same by the same equations,
 * whatever their values are called and wherever the user's code stands. Computed once a program.
 */
export function hashProgram(program: Program): string {
  let hash = hashes.get(program);
  if (hash === undefined) {
    const hasher = makeHasher();
    feedProgram(program, hasher.feed);
    hash = hasher.digest();
    hashes.set(program, hash);
  }
  return hash;
}

const hashes = new WeakMap<Program, string>();

// Two primitives may share a name (users define their own), so a hash goes by identity.
const primitiveIds = new WeakMap<Primitive, number>();
let nextPrimitive = 0;
/** A number for each primitive. */
export function primitiveId(prim: Primitive): number {
  let id = primitiveIds.get(prim);
  if (id === undefined) primitiveIds.set(prim, (id = nextPrimitive++));
  return id;
}

function feedProgram(program: Program, feed: (text: string) => void): void {
  const numbers = new Map<Var, number>();
  const number = (v: Var): number => {
    let n = numbers.get(v);
    if (n === undefined) numbers.set(v, (n = numbers.size));
    return n;
  };
  for (const v of program.ins) feed(`${number(v)}:${typeKey(v.type)}`);
  for (const eqn of program.eqns) {
    feed(`=${primitiveId(eqn.prim)}`);
    feed(paramsKey(eqn.params));
    for (const v of eqn.ins) feed(`${number(v)}`);
    for (const v of eqn.outs) feed(`${number(v)}:${typeKey(v.type)}`);
  }
  feed(`return ${program.outs.map(number).join(" ")}`);
}

/** Parameters as text: equal ones have equal keys; programs count by their structure. */
export function paramsKey(params: unknown): string {
  if (isProgram(params)) return hashProgram(params);
  if (Array.isArray(params)) return `[${params.map(paramsKey).join(",")}]`;
  if (typeof params === "object" && params !== null) {
    return `{${Object.entries(params)
      .map(([key, value]) => `${key}:${paramsKey(value)}`)
      .join(",")}}`;
  }
  return Object.is(params, -0) ? "-0" : typeof params === "string" ? JSON.stringify(params) : String(params);
}

/** Four independent multiplicative hashes of 32 bits over the characters of what is fed. */
function makeHasher(): { readonly feed: (text: string) => void; readonly digest: () => string } {
  let [a, b, c, d] = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]; // digits of pi
  const step = (code: number): void => {
    a = Math.imul(a ^ code, 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b ^ code ^ a, 0x85ebca77);
    b ^= b >>> 13;
    c = Math.imul(c ^ code ^ b, 0xc2b2ae3d);
    c ^= c >>> 16;
    d = Math.imul(d ^ code ^ c, 0x27d4eb2f);
    d ^= d >>> 14;
  };
  return {
    feed(text) {
      for (let i = 0; i < text.length; i++) step(text.charCodeAt(i));
      step(0x1f); // separates what is fed
    },
    digest: () => [a, b, c, d].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join(""),
  };
}

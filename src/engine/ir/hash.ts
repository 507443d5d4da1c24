import { refuseExtra } from "../errors/arguments.ts";
import { identityOf, paramsKey } from "./key.ts";
import type { Program, Var } from "./program.ts";
import { typeKey } from "./types.ts";

/**
 * A 128-bit hash of the structure of a program, as text: equal for programs that compute the same by the same equations,
 * whatever their values are called and wherever the user's code stands. Computed once a program.
 */
export function hashProgram(program: Program): string {
  if (arguments.length > 1) refuseExtra("hashProgram", arguments, 1);
  const known = hashes.get(program);
  if (known !== undefined) return known;
  const place = open.indexOf(program);
  if (place >= 0) {
    outermost = Math.min(outermost, place);
    return `^${open.length - place}`;
  }
  const before = outermost;
  outermost = open.length;
  const hasher = makeHasher();
  open.push(program);
  try {
    feedProgram(program, hasher.feed);
  } finally {
    open.pop();
  }
  const hash = hasher.digest();
  if (outermost >= open.length) hashes.set(program, hash); // by itself a part of a cycle has another hash
  outermost = Math.min(before, outermost);
  return hash;
}

const hashes = new WeakMap<Program, string>();
/** The programs being hashed, from outside in: one that holds itself is told by how far out it stands. */
const open: Program[] = [];
/** The place of the outermost of them that one inside referred to. */
let outermost = 0;

function feedProgram(program: Program, feed: (text: string) => void): void {
  const numbers = new Map<Var, number>();
  const number = (v: Var): number => {
    let n = numbers.get(v);
    if (n === undefined) numbers.set(v, (n = numbers.size));
    return n;
  };
  for (const v of program.ins) feed(`${number(v)}:${typeKey(v.type)}`);
  for (const eqn of program.eqns) {
    feed(`=${identityOf(eqn.prim)}`);
    feed(paramsKey(eqn.params, hashProgram));
    for (const v of eqn.ins) feed(`${number(v)}`);
    for (const v of eqn.outs) feed(`${number(v)}:${typeKey(v.type)}`);
  }
  feed(`return ${program.outs.map(number).join(" ")}`);
}

/** Four independent multiplicative hashes of 32 bits over the characters of what is fed. */
function makeHasher(): { readonly feed: (text: string) => void; readonly digest: () => string } {
  let [a, b, c, d] = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]; // digits of pi
  return {
    feed(text) {
      let [p, q, r, s] = [a, b, c, d]; // locals: most programs are hashed once, before any of this is compiled
      for (let i = 0; i <= text.length; i++) {
        const code = i < text.length ? text.charCodeAt(i) : 0x1f; // what separates the texts
        p = Math.imul(p ^ code, 0x9e3779b1);
        p ^= p >>> 15;
        q = Math.imul(q ^ code ^ p, 0x85ebca77);
        q ^= q >>> 13;
        r = Math.imul(r ^ code ^ q, 0xc2b2ae3d);
        r ^= r >>> 16;
        s = Math.imul(s ^ code ^ r, 0x27d4eb2f);
        s ^= s >>> 14;
      }
      a = p;
      b = q;
      c = r;
      d = s;
    },
    digest: () => [a, b, c, d].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join(""),
  };
}

import { refuseExtra } from "../errors/arguments.ts";
import type { Hasher } from "../util/hasher.ts";
import { makeHasher } from "../util/hasher.ts";
import { identityOf, paramsKey } from "./key.ts";
import type { Program, Var } from "./program.ts";
import type { ArrayType, DType } from "./types.ts";

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
    feedProgram(program, hasher);
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

/** Everything that matters of a program in one order, lists with their lengths first: two that differ are fed otherwise. */
function feedProgram({ ins, eqns, outs }: Program, hasher: Hasher): void {
  const numbers = new Map<Var, number>();
  const number = (v: Var): number => {
    let n = numbers.get(v);
    if (n === undefined) numbers.set(v, (n = numbers.size));
    return n;
  };
  const feedNew = (list: readonly Var[]): void => {
    hasher.feed(list.length);
    for (const v of list) {
      hasher.feed(number(v));
      feedType(v.type, hasher);
    }
  };
  feedNew(ins);
  hasher.feed(eqns.length);
  for (const eqn of eqns) {
    hasher.feed(identityOf(eqn.prim));
    hasher.feedText(paramsKey(eqn.params, hashProgram));
    hasher.feed(eqn.ins.length);
    for (const v of eqn.ins) hasher.feed(number(v));
    feedNew(eqn.outs);
  }
  hasher.feed(outs.length);
  for (const v of outs) hasher.feed(number(v));
}

const dtypes: readonly DType[] = ["float64", "float32", "int32", "uint32", "bool"];

function feedType({ dtype, weak, shape }: ArrayType, { feed }: Hasher): void {
  feed(2 * dtypes.indexOf(dtype) + (weak ? 1 : 0));
  feed(shape.length);
  for (const n of shape) feed(n);
}

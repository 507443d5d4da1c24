import { refuseExtra } from "../errors/arguments.ts";
import { digest } from "../util/digest.ts";
import { identityOf } from "./key.ts";
import type { Program, Var } from "./program.ts";
import { DeferredProgram, isProgram } from "./program.ts";
import type { ArrayType, DType } from "./types.ts";

/**
 * Returns a 128-bit structural hash of a program, as text. Programs with equal equations and types have equal hashes;
 * names and source locations do not count. Cached per program.
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
  const words: number[] = [];
  open.push(program);
  try {
    addProgram(program, words);
  } finally {
    open.pop();
  }
  const hash = digest(words);
  if (outermost >= open.length) hashes.set(program, hash); // the hash of a program inside an unfinished cycle depends on the cycle, so it is not cached
  outermost = Math.min(before, outermost);
  return hash;
}

const hashes = new WeakMap<Program, string>();
/**
 * Programs being hashed, outermost first. A recursive reference is hashed as its distance from the top of this stack.
 */
const open: Program[] = [];
/** Smallest index in `open` to which a recursive reference has referred so far. */
let outermost = 0;

/**
 * Appends everything that identifies a program to `words`, as int32 numbers. Each list is preceded by its length, so
 * that different programs yield different sequences.
 */
function addProgram({ ins, eqns, outs }: Program, words: number[]): void {
  const numbers = new Map<Var, number>();
  const number = (v: Var): number => {
    let n = numbers.get(v);
    if (n === undefined) numbers.set(v, (n = numbers.size));
    return n;
  };
  const addNew = (list: readonly Var[]): void => {
    words.push(list.length);
    for (const v of list) {
      words.push(number(v));
      addType(v.type, words);
    }
  };
  addNew(ins);
  words.push(eqns.length);
  for (const eqn of eqns) {
    words.push(identityOf(eqn.prim), eqn.ins.length);
    for (const v of eqn.ins) words.push(number(v));
    addNew(eqn.outs);
    addParams(eqn.params, words);
  }
  words.push(outs.length);
  for (const v of outs) words.push(number(v));
}

const dtypes: readonly DType[] = ["float64", "float32", "int32", "uint32", "bool"];

function addType({ dtype, weak, shape }: ArrayType, words: number[]): void {
  words.push(2 * dtypes.indexOf(dtype) + (weak ? 1 : 0), shape.length, ...shape);
}

/** Number for each kind of parameter, appended before the contents of the parameter. */
const kinds = { integer: 0, list: 1, record: 2, program: 3, text: 4, other: 5 };

/** Appends a parameter to the numbers that are hashed. Parameters with equal `paramsKey` append equal numbers. */
function addParams(params: unknown, words: number[]): void {
  if (typeof params === "number" && (params | 0) === params && !Object.is(params, -0)) {
    words.push(kinds.integer, params);
  } else if (Array.isArray(params)) {
    words.push(kinds.list, params.length);
    for (const param of params) addParams(param, words);
  } else if (isProgram(params)) {
    addText(kinds.program, hashProgram(params), words);
  } else if (params instanceof DeferredProgram) {
    addText(kinds.program, hashProgram(params.program), words);
  } else if (typeof params === "object" && params !== null) {
    const keys = Object.keys(params);
    words.push(kinds.record, keys.length);
    for (const key of keys) {
      words.push(numberOfKey(key));
      addParams((params as Readonly<Record<string, unknown>>)[key], words);
    }
  } else if (typeof params === "string") addText(kinds.text, params, words);
  else addText(kinds.other, Object.is(params, -0) ? "-0" : String(params), words);
}

/** Number assigned to each parameter name on first use. There are few names, and programs repeat them. */
const numbersOfKeys = new Map<string, number>();

function numberOfKey(key: string): number {
  let number = numbersOfKeys.get(key);
  if (number === undefined) numbersOfKeys.set(key, (number = numbersOfKeys.size));
  return number;
}

/** Appends a text to the numbers that are hashed, two UTF-16 code units per int32. */
function addText(kind: number, text: string, words: number[]): void {
  words.push(kind, text.length);
  for (let i = 0; i < text.length; i += 2) words.push(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
}

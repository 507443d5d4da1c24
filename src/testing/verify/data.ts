// Conversion of programs, regions and values to JSON data and back.
import { DownhillError } from "../../engine/errors/index.ts";
import type { Primitive, Program, Var } from "../../engine/ir/index.ts";
import { builtInNamed, DeferredProgram, isBuiltIn, isProgram } from "../../engine/ir/index.ts";
import type { ArrayType } from "../../engine/ir/types.ts";
import { arrayType } from "../../engine/ir/types.ts";

/** JSON data. A record with the key `$` represents a value that JSON does not have, such as NaN or a typed array. */
export type Json = number | string | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** An encoded value and all programs in it. Both contain a program as its index in `programs`. */
export interface EncodedData {
  readonly value: Json;
  readonly programs: readonly Json[];
}

const arrayClasses = { Float64Array, Float32Array, Int32Array, Uint32Array, Uint8Array };

/**
 * Encodes a value as JSON data: numbers, strings, booleans, null, `undefined`, arrays, typed arrays, plain records and
 * programs, arbitrarily nested.
 *
 * @throws DownhillError `option` for a function, symbol or bigint, which cannot be encoded.
 */
export function encode(value: unknown): EncodedData {
  const numbers = new Map<Program, number>();
  const programs: Json[] = [];
  const numberOf = (program: Program): number => {
    let n = numbers.get(program);
    if (n === undefined) {
      numbers.set(program, (n = numbers.size));
      programs[n] = null;
      programs[n] = encodeProgram(program, one);
    }
    return n;
  };
  const one = (x: unknown): Json => {
    switch (typeof x) {
      case "number":
        return Number.isFinite(x) && !Object.is(x, -0)
          ? x
          : { $: "number", text: Object.is(x, -0) ? "-0" : String(x) };
      case "string":
      case "boolean":
        return x;
      case "undefined":
        return { $: "undefined" };
      case "object":
        break;
      case "bigint":
      case "symbol":
      case "function":
        throw new DownhillError(
          "option",
          `verify: a ${typeof x} among the parameters of an equation cannot be stored as data.`,
        );
    }
    if (x === null) return null;
    if (Array.isArray(x)) return x.map(one);
    if (ArrayBuffer.isView(x))
      return { $: "array", of: x.constructor.name, elements: Array.from(x as Float64Array, one) };
    if (isProgram(x)) return { $: "program", number: numberOf(x) };
    if (x instanceof DeferredProgram) return { $: "deferred", number: numberOf(x.program) };
    return Object.fromEntries(Object.entries(x).map(([key, item]) => [key, one(item)]));
  };
  return { value: one(value), programs };
}

function encodeProgram({ name, ins, eqns, outs }: Program, one: (x: unknown) => Json): Json {
  const numbers = new Map<Var, number>();
  const vars: Json[] = [];
  const define = (v: Var): number => {
    numbers.set(v, vars.length);
    vars.push(one({ type: v.type, name: v.name }));
    return vars.length - 1;
  };
  const use = (v: Var): number => numbers.get(v) ?? define(v);
  return {
    name,
    ins: ins.map(define),
    eqns: eqns.map((eqn) => ({
      prim: eqn.prim.name,
      isBuiltIn: isBuiltIn(eqn.prim),
      ins: eqn.ins.map(use),
      outs: eqn.outs.map(define),
      params: one(eqn.params),
    })),
    outs: outs.map(use),
    vars,
  };
}

interface EncodedProgram {
  readonly name: string;
  readonly ins: readonly number[];
  readonly outs: readonly number[];
  readonly vars: readonly { readonly type: ArrayType; readonly name: string | undefined }[];
  readonly eqns: readonly {
    readonly prim: string;
    readonly isBuiltIn: boolean;
    readonly ins: readonly number[];
    readonly outs: readonly number[];
    readonly params: Json;
  }[];
}

/**
 * Decodes the result of `encode`. `primitives` are the custom primitives (`definePrimitive`) that the encoded programs
 * may use.
 *
 * @throws DownhillError `option` for an unknown primitive.
 */
export function decode({ value, programs }: EncodedData, primitives: readonly Primitive[] = []): unknown {
  const made = new Map<number, Program>();
  const program = (n: number): Program => {
    const known = made.get(n);
    if (known !== undefined) return known;
    const read = decodeProgram(programs[n] as never, one, primitives);
    made.set(n, read);
    return read;
  };
  const one = (x: Json): unknown => {
    if (typeof x !== "object" || x === null) return x;
    if (Array.isArray(x)) return x.map(one);
    const record = x as { readonly [key: string]: Json };
    const { $: mark, ...rest } = record;
    if (mark === undefined)
      return Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, one(item)]));
    if (mark === "number") return Number(rest["text"]);
    if (mark === "undefined") return undefined;
    if (mark === "program") return program(rest["number"] as number);
    if (mark === "deferred") return new DeferredProgram(() => program(rest["number"] as number));
    const Elements = arrayClasses[rest["of"] as keyof typeof arrayClasses];
    return new Elements((rest["elements"] as Json[]).map(one) as number[]);
  };
  return one(value);
}

function decodeProgram(
  encoded: EncodedProgram,
  one: (x: Json) => unknown,
  primitives: readonly Primitive[],
): Program {
  const vars = encoded.vars.map((v): Var => {
    const { type, name } = one(v as unknown as Json) as Var;
    return { type: arrayType(type.dtype, type.shape, type.weak), name };
  });
  const all = (list: readonly number[]): Var[] => list.map((i) => vars[i]!);
  return {
    name: encoded.name,
    ins: all(encoded.ins),
    eqns: encoded.eqns.map((eqn) => ({
      prim: primitiveOf(eqn, primitives),
      params: one(eqn.params),
      ins: all(eqn.ins),
      outs: all(eqn.outs),
    })),
    outs: all(encoded.outs),
  };
}

function primitiveOf(
  { prim: name, isBuiltIn: isOurs }: EncodedProgram["eqns"][number],
  primitives: readonly Primitive[],
): Primitive {
  const found = isOurs ? builtInNamed(name) : primitives.find((prim) => prim.name === name);
  if (found !== undefined) return found;
  const repair = isOurs ? 'Import all of "downhill" first.' : "Pass it in the option primitives.";
  throw new DownhillError("option", `repeatVerification: there is no primitive "${name}". ${repair}`);
}

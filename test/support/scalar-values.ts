// Values of the functions that regions apply to scalars: by `Math.*`, and by the engine's own procedures.
import type { BinaryOp, UnaryOp } from "../../src/engine/kernel/operations.ts";
import {
  binaryFunction,
  binaryType,
  hasBinary,
  hasUnary,
  unaryFunction,
  unaryType,
} from "../../src/engine/kernel/operations.ts";
import { interpBackend } from "../../src/engine/backends/interp/index.ts";
import * as k from "../../src/engine/kernel/build.ts";
import type { ScalarFunctions } from "../../src/engine/region/form/functions.ts";
import type { RegionType } from "../../src/engine/region/form/region.ts";

/** A function of scalars on arguments of certain types. */
export interface ScalarValue {
  readonly type: RegionType;
  readonly value: (...args: readonly number[]) => number;
}

/**
 * Finds a function by name, argument types and constant arguments (which choose the code of powers); `undefined` if
 * there is none.
 */
export type ScalarValues = (
  name: string,
  args: readonly RegionType[],
  constants?: readonly (number | undefined)[],
) => ScalarValue | undefined;

const unaryOps: Readonly<Record<string, UnaryOp>> = {
  neg: "neg",
  abs: "abs",
  sqrt: "sqrt",
  floor: "floor",
  ceil: "ceil",
  trunc: "trunc",
  round: "nearest",
  logicalNot: "not",
};

const binaryOps: Readonly<Record<string, BinaryOp>> = {
  add: "add",
  sub: "sub",
  mul: "mul",
  div: "div",
  rem: "rem",
  maximum: "max",
  minimum: "min",
  less: "lt",
  lessEqual: "le",
  equal: "eq",
  notEqual: "ne",
  bitwiseAnd: "and",
  bitwiseOr: "or",
  bitwiseXor: "xor",
};

/** Functions of one floating number, and of two; `pow(±1, ±∞)` and `pow(1, NaN)` are 1, unlike JavaScript's. */
const real: Readonly<Record<string, (x: number, y: number) => number>> = {
  exp: Math.exp,
  expm1: Math.expm1,
  exp2: (x) => 2 ** x,
  log: Math.log,
  log1p: Math.log1p,
  log2: Math.log2,
  log10: Math.log10,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  cbrt: Math.cbrt,
  sign: Math.sign,
  atan2: Math.atan2,
  pow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y),
  strongMul: (x, y) => (x === 0 ? 0 : x * y),
  strongDiv: (x, y) => (x === 0 ? 0 : x / y),
  maskedMul: (x, y) => (x === 0 && !Number.isFinite(y) ? 0 : x * y),
  maskedMulBoth: (x, y) => (y === 0 || (x === 0 && !Number.isFinite(y)) ? 0 : x * y),
  maskedDiv: (x, y) => (x === 0 && !(Math.abs(y) > 0) ? 0 : x / y),
};
const ofTwo = new Set(["atan2", "pow", "strongMul", "strongDiv", "maskedMul", "maskedMulBoth", "maskedDiv"]);

/** The functions by what `Math` and the table of the kernel's operations say: right, but not in their last bits. */
export const plainScalarValues: ScalarValues = (name, args) => {
  const [type = "f64", second] = args;
  if (args.length > 2 || args.length === 0 || (second !== undefined && second !== type)) return undefined;
  const unary = args.length === 1 ? unaryOps[name] : undefined;
  if (unary !== undefined && hasUnary(unary, type))
    return { type: unaryType(unary, type) as RegionType, value: unaryFunction(unary, type) };
  const binary = args.length === 2 ? binaryOps[name] : undefined;
  if (binary !== undefined && hasBinary(binary, type))
    return { type: binaryType(binary, type) as RegionType, value: binaryFunction(binary, type) };
  if (name === "sign" && type === "i32" && args.length === 1) return { type, value: (x) => Math.sign(x) };
  const f = real[name];
  if (f === undefined || ofTwo.has(name) !== (args.length === 2)) return undefined;
  if (type === "f64") return { type, value: f };
  return type === "f32" ? { type, value: (x, y) => Math.fround(f(x, y)) } : undefined;
};

/** The functions by the code that each becomes, run by the interpreter: the bits that every backend gives. */
export function engineScalarValues(functions: ScalarFunctions): ScalarValues {
  const made = new Map<string, ScalarValue | undefined>();
  const make = (
    name: string,
    args: readonly RegionType[],
    constants: readonly (number | undefined)[],
  ): ScalarValue | undefined => {
    const f = functions.get(name);
    const type = f?.typeOf(args);
    if (f === undefined || type === undefined) return undefined;
    const block = k.makeBlock();
    const params = args.map((of, i) => ({ kind: "scalar", name: `x${i}`, type: of }) as const);
    const value = f.lower(
      params.map(({ type: of, name: x }, i) => {
        const known = constants[i];
        return known === undefined ? k.local(of, x) : k.constant(of, known);
      }),
      block,
    );
    const run = interpBackend.compile({
      name,
      inputs: params,
      outputs: [{ kind: "scalar", value }],
      temps: [],
      arenaBytes: 0,
      body: block.statements,
    });
    return {
      type,
      value(...xs) {
        const outs = [0];
        run(xs, outs);
        return outs[0]!;
      },
    };
  };
  return (name, args, constants = []) => {
    const fixed = name === "pow" ? constants : [];
    const key = `${name} ${args.join(" ")} ${fixed.join(" ")}`;
    if (!made.has(key)) made.set(key, make(name, args, fixed));
    return made.get(key);
  };
}

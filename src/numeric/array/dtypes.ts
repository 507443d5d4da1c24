import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { BooleanLike } from "../../engine/ir/tensor.ts";
import type { ArrayType, DType } from "../../engine/ir/types.ts";
import { arrayType, isDType } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { numberBeside, promoteTypes as promoted } from "./promote.ts";

/** Kinds of dtypes, from the narrowest on: `bool` is no number. */
export type DTypeKind =
  "floating" | "signedinteger" | "unsignedinteger" | "integer" | "inexact" | "number" | "generic";

const kinds: readonly DTypeKind[] = [
  "floating",
  "signedinteger",
  "unsignedinteger",
  "integer",
  "inexact",
  "number",
  "generic",
];

/** What floating numbers of a dtype can be. */
export interface FloatInfo {
  readonly dtype: DType;
  /** Bits of a number, of its fraction and of its exponent. */
  readonly bits: number;
  readonly nmant: number;
  readonly nexp: number;
  /** The distance from 1 to the next number above it, and to the next one below it. */
  readonly eps: number;
  readonly epsneg: number;
  readonly max: number;
  readonly min: number;
  /** The least number above 0 with all digits, and the least of all. */
  readonly smallestNormal: number;
  readonly smallestSubnormal: number;
  /** `smallestNormal` by its older name. */
  readonly tiny: number;
}

/** What whole numbers of a dtype can be. */
export interface IntegerInfo {
  readonly dtype: DType;
  readonly bits: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The dtype that operands have together: of tensors, of numbers, which adapt to what stands beside them, and of dtypes by name.
 *
 * @throws DownhillError `dtype` for what is none of these, `option` without operands.
 * @example
 * resultType(tensor([1], { dtype: "float32" }), 2);  // "float32"
 * resultType("int32", "float32");                    // "float32"
 */
export function resultType(...operands: readonly (BooleanLike | DType)[]): DType {
  if (operands.length === 0)
    throw new DownhillError("option", 'resultType: needs an operand, as in resultType(x, "float32").');
  const numbers = operands.filter((x) => typeof x === "number");
  const others = operands.flatMap((x): readonly ArrayType[] => {
    if (typeof x === "number") return [];
    if (typeof x === "string") return [arrayType(readDType("resultType", x), [])];
    return [asTensor(x, "resultType").type];
  });
  const join = (a: ArrayType, b: ArrayType): ArrayType => {
    const { dtype, weak } = promoted(a, b);
    return arrayType(dtype, [], weak);
  };
  const [first, ...rest] = others;
  if (first === undefined) return "float64";
  // numbers adapt to what all others have together
  const joined = numbers.reduce(
    (type, x) => join(type, numberBeside(x, type) ?? asTensor(x, "resultType").type),
    rest.reduce(join, first),
  );
  return joined.dtype;
}

/**
 * The dtype that two dtypes have together, as `resultType` of them.
 *
 * @throws DownhillError `dtype` for what is no dtype.
 * @example
 * promoteTypes("int32", "float32"); // "float32"
 */
export function promoteTypes(a: DType, b: DType): DType {
  if (arguments.length > 2) refuseExtra("promoteTypes", arguments, 2);
  const [left, right] = [a, b].map((dtype) => arrayType(readDType("promoteTypes", dtype), []));
  return promoted(left!, right!).dtype;
}

/**
 * Whether a dtype is another one or of a kind: `floating` (and `inexact`), `signedinteger`, `unsignedinteger`, `integer`, `number`,
 * `generic` (all of them). As in NumPy, `bool` is no number.
 *
 * @throws DownhillError `dtype` for what is no dtype, `option` for what is no kind either.
 * @example
 * issubdtype(tensor(1).dtype, "floating"); // true
 * issubdtype("bool", "integer");           // false
 */
export function issubdtype(dtype: DType, kind: DType | DTypeKind): boolean {
  if (arguments.length > 2) refuseExtra("issubdtype", arguments, 2);
  const given = readDType("issubdtype", dtype);
  if (isDType(kind)) return given === kind;
  const isFloat = given === "float64" || given === "float32";
  switch (kind) {
    case "floating":
    case "inexact":
      return isFloat;
    case "signedinteger":
      return given === "int32";
    case "unsignedinteger":
      return given === "uint32";
    case "integer":
      return given === "int32" || given === "uint32";
    case "number":
      return given !== "bool";
    case "generic":
      return true;
    default: {
      const odd: unknown = kind;
      if (typeof odd !== "string" || !kinds.includes(kind))
        throw new DownhillError(
          "option",
          `issubdtype: there is no kind ${JSON.stringify(odd)}. There are the dtypes, and ${kinds.join(", ")}.`,
        );
      return assertNever(kind, "issubdtype");
    }
  }
}

/**
 * What floating numbers of a dtype can be, by NumPy's names in camelCase.
 *
 * @throws DownhillError `dtype` for one that is not floating.
 * @example
 * finfo("float32").eps; // 1.1920928955078125e-7
 * finfo("float64").max; // 1.7976931348623157e+308
 */
export function finfo(dtype: DType): FloatInfo {
  if (arguments.length > 1) refuseExtra("finfo", arguments, 1);
  const given = readDType("finfo", dtype);
  if (given !== "float64" && given !== "float32")
    throw new DownhillError("dtype", `finfo: ${given} is not floating. For whole numbers there is iinfo.`);
  const [bits, nmant, nexp] = given === "float64" ? ([64, 52, 11] as const) : ([32, 23, 8] as const);
  const eps = 2 ** -nmant;
  const most = 2 ** (nexp - 1) - 1; // the largest exponent
  const max = (2 - eps) * 2 ** most;
  const smallestNormal = 2 ** (1 - most);
  const smallestSubnormal = smallestNormal * eps;
  return {
    dtype: given,
    bits,
    nmant,
    nexp,
    eps,
    epsneg: eps / 2,
    max,
    min: -max,
    smallestNormal,
    smallestSubnormal,
    tiny: smallestNormal,
  };
}

/**
 * What whole numbers of a dtype can be.
 *
 * @throws DownhillError `dtype` for one that is not of whole numbers.
 * @example
 * iinfo("int32").max;  // 2147483647
 * iinfo("uint32").max; // 4294967295
 */
export function iinfo(dtype: DType): IntegerInfo {
  if (arguments.length > 1) refuseExtra("iinfo", arguments, 1);
  const given = readDType("iinfo", dtype);
  if (given === "int32") return { dtype: given, bits: 32, min: -(2 ** 31), max: 2 ** 31 - 1 };
  if (given === "uint32") return { dtype: given, bits: 32, min: 0, max: 2 ** 32 - 1 };
  throw new DownhillError(
    "dtype",
    `iinfo: ${given} is not of whole numbers. For floating ones there is finfo.`,
  );
}

function readDType(operation: string, dtype: unknown): DType {
  if (isDType(dtype)) return dtype;
  throw new DownhillError(
    "dtype",
    `${operation}: unknown dtype ${String(dtype)}. Use float64, float32, int32, uint32 or bool.`,
  );
}

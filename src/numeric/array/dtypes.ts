import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { BooleanLike } from "../../engine/ir/tensor.ts";
import type { ArrayType, DType } from "../../engine/ir/types.ts";
import { arrayType, isDType } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { numberBeside, promoteTypes as promoted } from "./promote.ts";

/** Categories of dtypes for `issubdtype`, from specific to general. `bool` belongs only to `generic`. */
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

/** Limits and precision of a floating dtype, as `finfo` returns them. */
export interface FloatInfo {
  readonly dtype: DType;
  /** Total bits, bits of the fraction, and bits of the exponent. */
  readonly bits: number;
  readonly nmant: number;
  readonly nexp: number;
  /** Distance from 1 to the next larger number, and to the next smaller one. */
  readonly eps: number;
  readonly epsneg: number;
  readonly max: number;
  readonly min: number;
  /** The smallest positive number of full precision, and the smallest positive number. */
  readonly smallestNormal: number;
  readonly smallestSubnormal: number;
  /** Older name of `smallestNormal`. */
  readonly tiny: number;
}

/** Limits of an integer dtype, as `iinfo` returns them. */
export interface IntegerInfo {
  readonly dtype: DType;
  readonly bits: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The dtype that operands promote to: tensors, plain numbers (which adapt to the other operands), and dtype names.
 * @throws DownhillError `dtype` for anything else, `option` without operands.
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
  // plain numbers adapt to the promoted dtype of all other operands
  const joined = numbers.reduce(
    (type, x) => join(type, numberBeside(x, type) ?? asTensor(x, "resultType").type),
    rest.reduce(join, first),
  );
  return joined.dtype;
}

/**
 * The dtype that two dtypes promote to; the same as `resultType` of both.
 * @throws DownhillError `dtype` for an unknown dtype.
 * @example
 * promoteTypes("int32", "float32"); // "float32"
 */
export function promoteTypes(a: DType, b: DType): DType {
  if (arguments.length > 2) refuseExtra("promoteTypes", arguments, 2);
  const [left, right] = [a, b].map((dtype) => arrayType(readDType("promoteTypes", dtype), []));
  return promoted(left!, right!).dtype;
}

/**
 * True if a dtype equals another dtype or belongs to a kind: `floating` (and `inexact`), `signedinteger`,
 * `unsignedinteger`, `integer`, `number`, `generic` (all dtypes). As in NumPy, `bool` is not a `number`.
 * @throws DownhillError `dtype` for an unknown dtype, `option` for an unknown kind.
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
          `issubdtype: unknown kind ${JSON.stringify(odd)}. Give a dtype, or one of ${kinds.join(", ")}.`,
        );
      return assertNever(kind, "issubdtype");
    }
  }
}

/**
 * Limits and precision of a floating dtype, by NumPy's names in camelCase.
 * @throws DownhillError `dtype` for a dtype that is not floating.
 * @example
 * finfo("float32").eps; // 1.1920928955078125e-7
 * finfo("float64").max; // 1.7976931348623157e+308
 */
export function finfo(dtype: DType): FloatInfo {
  if (arguments.length > 1) refuseExtra("finfo", arguments, 1);
  const given = readDType("finfo", dtype);
  if (given !== "float64" && given !== "float32")
    throw new DownhillError("dtype", `finfo: ${given} is not floating. For integers use iinfo.`);
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
 * Limits of an integer dtype.
 * @throws DownhillError `dtype` for a dtype that is not an integer dtype.
 * @example
 * iinfo("int32").max;  // 2147483647
 * iinfo("uint32").max; // 4294967295
 */
export function iinfo(dtype: DType): IntegerInfo {
  if (arguments.length > 1) refuseExtra("iinfo", arguments, 1);
  const given = readDType("iinfo", dtype);
  if (given === "int32") return { dtype: given, bits: 32, min: -(2 ** 31), max: 2 ** 31 - 1 };
  if (given === "uint32") return { dtype: given, bits: 32, min: 0, max: 2 ** 32 - 1 };
  throw new DownhillError("dtype", `iinfo: ${given} is not an integer dtype. For floating dtypes use finfo.`);
}

function readDType(operation: string, dtype: unknown): DType {
  if (isDType(dtype)) return dtype;
  throw new DownhillError(
    "dtype",
    `${operation}: unknown dtype ${String(dtype)}. Use float64, float32, int32, uint32 or bool.`,
  );
}

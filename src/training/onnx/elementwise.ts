import { isFloating } from "../../engine/ir/types.ts";
import type { DType } from "../../engine/ir/types.ts";
import type { ConvertParams } from "../../engine/prims/linear.ts";
import type { EquationWriter, EquationOperands } from "./form.ts";
import { cast, wrapped } from "./form.ts";
import { formulaOf } from "./formulas.ts";
import { elementTypeOf } from "./graph-builder.ts";
import { writeFormula } from "./write-formula.ts";

/** Writes a primitive that has a formula, for the element type of its last operand; `undefined` if it has none. */
export function elementwise(
  name: string,
  { g, ins, types }: EquationOperands,
  params: object,
): string | undefined {
  const { dtype } = types.at(-1) ?? {};
  if (dtype === undefined) return undefined;
  const type = elementTypeOf(dtype);
  const { both, exponent } = params as { readonly both?: boolean; readonly exponent?: number };
  const formula = formulaOf(both === true ? `${name}Both` : name, type);
  if (formula === undefined) return undefined;
  const [x = "", y = "", z = ""] = ins;
  return writeFormula(g, type, formula, { x, y, z, ...(exponent !== undefined && { exponent }) });
}

/** For each integer dtype, the range to which conversions from floats saturate. */
const ranges: Partial<Record<DType, { readonly least: number; readonly most: number }>> = {
  int32: { least: -(2 ** 31), most: 2 ** 31 - 1 },
  uint32: { least: 0, most: 2 ** 32 - 1 },
};

export const convert: EquationWriter = ({ g, ins, types }, { dtype }: Pick<ConvertParams, "dtype">) => {
  const [x, from] = [ins[0]!, types[0]!.dtype];
  const to = elementTypeOf(dtype);
  if (from === dtype) return x;
  if (dtype === "bool") return writeFormula(g, elementTypeOf(from), "!(x == 0)", { x });
  const range = ranges[dtype];
  if (range === undefined || from === "bool") return cast(g, x, to);
  if (isFloating(from)) {
    // In float64, which represents every int32, because a cast out of range is undefined.
    const formula = "w = real(x); Min(Max(w == w ? w : 0, least), most)";
    return cast(g, writeFormula(g, "float64", formula, { x, ...range }), to);
  }
  const long = from === "uint32" ? x : cast(g, x, "int64");
  if (dtype === "uint32") return wrapped(g, long);
  const half = 2 ** 31;
  const moved = wrapped(g, writeFormula(g, "int64", "x + half", { x: long, half }));
  return writeFormula(g, "int64", "int32(x - half)", { x: moved, half });
};

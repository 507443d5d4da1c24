import { isFloating } from "../ir/types.ts";
import type { DType } from "../ir/types.ts";
import type { ConvertParams } from "../prims/linear.ts";
import type { Form, Operands } from "./form.ts";
import { cast, expanded, reshaped, wrapped } from "./form.ts";
import { formulaOf } from "./formulas.ts";
import { elementTypeOf } from "./graph-builder.ts";
import { writeFormula } from "./write-formula.ts";

/** Where results of words without sign may have more bits than these. */
const growing: ReadonlySet<string> = new Set(["add", "sub", "mul", "neg"]);

/** The result of a primitive that has a formula, for elements of the kind of its last operand. */
export function elementwise(name: string, { g, ins, types }: Operands, params: object): string | undefined {
  const { dtype } = types.at(-1) ?? {};
  if (dtype === undefined) return undefined;
  const type = elementTypeOf(dtype);
  const { both, exponent } = params as { readonly both?: boolean; readonly exponent?: number };
  const formula = formulaOf(both === true ? `${name}Both` : name, type);
  if (formula === undefined) return undefined;
  const [x = "", y = "", z = ""] = ins;
  const out = writeFormula(g, type, formula, { x, y, z, ...(exponent !== undefined && { exponent }) });
  return dtype === "uint32" && growing.has(name) ? wrapped(g, out) : out;
}

/** The range of integers that a number saturates to. */
const ranges: Partial<Record<DType, { readonly least: number; readonly most: number }>> = {
  int32: { least: -(2 ** 31), most: 2 ** 31 - 1 },
  uint32: { least: 0, most: 2 ** 32 - 1 },
};

export const convert: Form = ({ g, ins, types }, { dtype }: Pick<ConvertParams, "dtype">) => {
  const [x, from] = [ins[0]!, types[0]!.dtype];
  const to = elementTypeOf(dtype);
  if (from === dtype) return x;
  if (dtype === "bool") return writeFormula(g, elementTypeOf(from), "!(x == 0)", { x });
  const range = ranges[dtype];
  if (range === undefined || from === "bool") return cast(g, x, to);
  if (isFloating(from)) {
    // in float64, which holds every int32: out of range the result of a cast is undefined
    const formula = "w = real(x); Min(Max(w == w ? w : 0, least), most)";
    return cast(g, writeFormula(g, "float64", formula, { x, ...range }), to);
  }
  const long = from === "uint32" ? x : cast(g, x, "int64");
  if (dtype === "uint32") return wrapped(g, long);
  const half = 2 ** 31;
  const moved = wrapped(g, writeFormula(g, "int64", "x + half", { x: long, half }));
  return writeFormula(g, "int64", "int32(x - half)", { x: moved, half });
};

/** One word of the block of Threefry-2x32 of the counter (0, c): words without sign are int64 here. */
export const threefry: Form = (
  { g, ins, types },
  { word, lead }: { readonly word: string; readonly lead: number },
) => {
  const counters = types[1]!.shape;
  const half = (i: number): string => {
    const picked = g.node("Gather", [ins[0]!, g.scalar("int64", i)], { axis: lead });
    return reshaped(g, picked, counters.map((n, axis) => (axis < lead ? n : 1))); // prettier-ignore
  };
  const write = (formula: string, x: string, y: string | number, n = 0): string =>
    writeFormula(g, "int64", formula, { x, y, up: 2 ** n, down: 2 ** (32 - n), word: 2 ** 32 });
  const sum = (x: string, y: string | number): string => write("Mod(x + y, word)", x, y);
  const [k0, k1] = [half(0), half(1)];
  const keys = [k0, k1, write("BitwiseXor(BitwiseXor(x, y), 466688986)", k0, k1)]; // 0x1BD11BDA
  let [x0, x1] = [k0, sum(ins[1]!, k1)];
  const rotations = [[13, 15, 26, 6], [17, 29, 16, 24]]; // prettier-ignore
  for (let group = 1; group <= 5; group++) {
    for (const n of rotations[(group - 1) % 2]!) {
      x0 = sum(x0, x1);
      x1 = write("BitwiseXor(y, Mod(x * up, word) + x / down)", x1, x0, n);
    }
    x0 = sum(x0, keys[group % 3]!);
    x1 = sum(sum(x1, keys[(group + 1) % 3]!), group);
  }
  const all = [x0, x1].map((x) => expanded(g, x, counters)) as [string, string];
  return word === "first" ? all[0] : word === "second" ? all[1] : g.node("BitwiseXor", all);
};

import type { Shape } from "../../engine/util/shape.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import type { EquationWriter, EquationOperands } from "./form.ts";
import { cast, counted, expanded, reshaped } from "./form.ts";
import { writeFormula } from "./write-formula.ts";

/**
 * Writes four rounds of Threefry-2x32 with these rotations, and the key injection that follows. Unsigned words are
 * represented as int64.
 */
function rounds(rotations: readonly number[], group: number): string {
  const mix = rotations.map(
    (n) => `a = Mod(a + b, w); b = BitwiseXor(a, Mod(b * ${2 ** n}, w) + b / ${2 ** (32 - n)});`,
  );
  return `${mix.join("")} a = Mod(a + k${group % 3}, w); b = Mod(b + k${(group + 1) % 3} + ${group}, w);`;
}

/**
 * Writes the formula `result` in the words a and b of the Threefry block of the counter (0, x). Counters have, or
 * broadcast to, the shape of the result.
 */
function ofBlocks(
  { g, ins }: EquationOperands,
  { lead, shape, counters }: { readonly lead: number; readonly shape: Shape; readonly counters: string },
  result: string,
): string {
  const half = (i: number): string => {
    const picked = g.node("Gather", [ins[0]!, g.scalar("int64", i)], { axis: lead });
    return reshaped(g, picked, shape.map((n, axis) => (axis < lead ? n : 1))); // prettier-ignore
  };
  const rotations = [[13, 15, 26, 6], [17, 29, 16, 24]]; // prettier-ignore
  const formula = [
    "k2 = BitwiseXor(BitwiseXor(k0, k1), 466688986); a = k0; b = Mod(x + k1, w);", // 0x1BD11BDA
    ...[1, 2, 3, 4, 5].map((group) => rounds(rotations[(group - 1) % 2]!, group)),
    result,
  ].join("");
  const out = writeFormula(g, "int64", formula, { x: counters, k0: half(0), k1: half(1), w: 2 ** 32 });
  return expanded(g, out, shape);
}

const word = "BitwiseXor(a, b)";

/** Writes the first or second word of the Threefry block of each counter. */
export const threefry: EquationWriter = (
  operands,
  { word: wanted, lead }: { readonly word: "first" | "second"; readonly lead: number },
) => {
  const place = { lead, shape: operands.types[1]!.shape, counters: operands.ins[1]! };
  return ofBlocks(operands, place, wanted === "first" ? "a" : "b");
};

interface DrawLayout {
  readonly shape: Shape;
  readonly lead: number;
}

/**
 * Like `ofBlocks`, with the index of each element in `shape`, in row-major order, as its counter. Counters are the same
 * for all leading axes.
 */
function ofPlaces(operands: EquationOperands, { shape, lead }: DrawLayout, result: string): string {
  const { g, outs } = operands;
  const counters = reshaped(g, counted(g, sizeOf(shape)), [
    ...outs[0]!.shape.slice(0, lead).fill(1),
    ...shape,
  ]);
  return ofBlocks(operands, { lead, shape: outs[0]!.shape, counters }, result);
}

export const randomBits: EquationWriter = (operands, params: DrawLayout) => ofPlaces(operands, params, word);

export const randomUnit: EquationWriter = (operands, params: DrawLayout) => {
  const { g, outs } = operands;
  const type = outs[0]!.dtype === "float32" ? "float32" : "float64";
  const upper = ofPlaces(operands, params, type === "float32" ? `${word} / 512` : "a * 1048576 + b / 4096");
  return writeFormula(g, type, "x * step", {
    x: cast(g, upper, type),
    step: type === "float32" ? 2 ** -23 : 2 ** -52,
  });
};

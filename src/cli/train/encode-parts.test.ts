import { expect, test } from "vitest";
import { encodeFeatures, fitFeatures, fitStandardiser, standardise } from "../../training/data/index.ts";
import { readTable } from "../../training/io/index.ts";
import { encodeParts, notesOnSpread } from "./encode-parts.ts";

const table = readTable(
  "height,site,same\n9,north,1\n,south,1\n8.25,north,1\n7,,1\n1e3,west,1\n6,south,1\n",
  { missing: "keep" },
);
const [training, rest] = [Int32Array.of(0, 1, 3), Int32Array.of(4, 2, 5)];

test("parts have the bits of the whole table encoded, standardised and rounded", () => {
  const encoder = fitFeatures(table, { rows: training, missing: "mean", indicator: true });
  const { x, inputs } = encodeFeatures(table, encoder);
  const width = inputs.length;
  const { mean, std, constant } = fitStandardiser(x, { rows: training });
  const isNumber = inputs.map(({ kind }) => kind === "number");
  const scale = {
    mean: mean.map((value, i) => (isNumber[i]! ? value : 0)),
    std: std.map((value, i) => (isNumber[i]! ? value : 1)),
    constant: constant.filter((i) => isNumber[i]!),
  };
  const whole = Float32Array.from(standardise(x, scale).data);
  const encoded = encodeParts(table, encoder, [training, rest], undefined);
  expect(encoded.scale).toEqual(scale);
  expect(encoded.inputs).toEqual(inputs);
  for (const [i, rows] of [training, rest].entries())
    expect(encoded.parts[i]).toEqual({
      shape: [3, width],
      dtype: "float32",
      data: Float32Array.from(
        [...rows].flatMap((row) => [...whole.subarray(row * width, (row + 1) * width)]),
      ),
    });
  expect(encoded.notes).toEqual([
    "same: the same in all training rows, so it carries no information.",
    '1 row has a "site" that no training row has ("west"): it counts as none of the categories.',
  ]);
  const again = encodeParts(table, encoder, [rest, training], scale);
  expect(again.parts[1]).toEqual(encoded.parts[0]);
  expect(again.scale).toBe(scale);
});

test("notes on spread count values as a set does: missing values are one, and 0 equals -0", () => {
  const rows = Int32Array.from({ length: 8 }, (_, i) => i);
  const note = (values: number[], scaled: number[]): string[] =>
    notesOnSpread(
      { name: "t", rows: 8, columns: [{ kind: "number", name: "x", values: Float64Array.from(values) }] },
      "x",
      scaled,
      rows,
    );
  const flat = [0, 0, 0, 0, -0, -0, -0, 1];
  expect(note([1, 2, 3, 4, 5, 6, 7, 1e300], flat)).toEqual([
    '"x" is 1e+300 in row 8, so far from the rest that most of its values are the same to a network. Correct it, remove the row, or leave the column out.',
  ]);
  expect(note([1, 1, 1, 1, 1, 1, 1, 1e300], flat)).toEqual([]); // two values, and both are left
  expect(note([1, 2, NaN, NaN, NaN, NaN, NaN, NaN], flat)).toEqual([]); // three, and two are left
  expect(note([1, 2, 3, NaN, NaN, NaN, NaN, NaN], flat)).toHaveLength(1); // four, and two are left
});

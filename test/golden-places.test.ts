// Reading and writing by index against reference values made with PyTorch 2.6 and 2.13
// (test/testdata/golden/places.json).
import type { AxisSelector, Tensor } from "downhill";
import { at, indices, maxAt, minAt, mulAt, setAt } from "downhill";
import type { Op } from "./support/golden.ts";
import { checkFile } from "./support/golden.ts";

type Index =
  number | "ellipsis" | { readonly index: number[] } | { readonly slice: readonly (number | null)[] };
const placeOf = (given: Index): AxisSelector => {
  if (given === "ellipsis") return "...";
  if (typeof given === "number") return given;
  if ("index" in given) return given.index;
  const [start, end, step] = given.slice.map((bound) => bound ?? undefined);
  return { start, end, step };
};

/** A mask as nested booleans, which compiled functions know at compile time. */
const rowsOf = (mask: Tensor, rows: number): boolean[][] => {
  const flat = Array.from(mask.data(), (flag) => flag !== 0);
  const n = mask.shape.at(-1)!;
  return Array.from({ length: rows }, (_, i) => (mask.ndim === 1 ? flat : flat.slice(i * n, i * n + n)));
};

const ops: Readonly<Record<string, Op>> = {
  "Tensor.__getitem__": ([x], { index }) => at(x!, ...(index as Index[]).map(placeOf)),
  masked_select: ([x, mask]) => at(x!, rowsOf(mask!, x!.shape[0]!)),
  scatter: ([x, i, source]) => setAt(x!, source!, i!, indices(i!.shape, 1)),
  scatter_reduce([x, i, source], { reduce, include_self: withSelf }) {
    const [word, neutral] =
      reduce === "prod" ? ([mulAt, 1] as const) : reduce === "amax" ? ([maxAt, -Infinity] as const) : ([minAt, Infinity] as const); // prettier-ignore
    return word(withSelf === true ? x! : setAt(x!, neutral, i!), source!, i!);
  },
  index_copy: ([x, i, source]) => setAt(x!, source!, i!),
  index_fill: ([x, i], { value }) => setAt(x!, value as number, i!),
  slice_scatter: ([x, source], { start, end, step }) =>
    setAt(x!, source!, { start: start as number, end: end as number, step: step as number }),
  select_scatter: ([x, source], { index }) => setAt(x!, source!, null, index as number),
  diagonal_scatter: ([x, source]) => setAt(x!, source!, [0, 1, 2], [0, 1, 2]),
  masked_scatter([x, mask, source]) {
    const rows = rowsOf(mask!, x!.shape[0]!);
    return setAt(x!, at(source!, { end: rows.flat().filter(Boolean).length }), rows);
  },
};

checkFile("places", ops);

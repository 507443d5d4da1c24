import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { at, grad, greater, jit, tensor, vmap } from "downhill";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import { extent } from "../../../test/support/extent.ts";
import * as searching from "./search.ts";

const { argwhere, digitize, nonzero, searchsorted, unique } = searching;

interface Given {
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}
/** A case of testdata/search.py, with NumPy's result. */
interface Case {
  readonly name: string;
  readonly args: readonly Given[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly outs: readonly Given[];
}
const { cases } = JSON.parse(readFileSync(new URL("testdata/search.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
};
const make = ({ shape, data }: Given): Tensor => tensor(data.map(Number), { shape });
type Anything = (...given: unknown[]) => Tensor | Tensor[];
const all = { returnIndex: true, returnInverse: true, returnCounts: true } as const;
/** Calls the function of a case; `size` fixes lengths that depend on values. */
function call({ name, options, outs }: Case, args: readonly Tensor[], size?: number): Tensor[] {
  const weights = options["weights"] as Given | undefined;
  const numbers = name.startsWith("segment") ? [args[0], args[1]!.astype("int32")] : name === "bincount" ? [args[0]!.astype("int32")] : args; // prettier-ignore
  const isSized = size !== undefined && ["unique", "nonzero", "argwhere", "bincount"].includes(name);
  const out = (d as unknown as Record<string, Anything>)[name]!(...numbers, {
    ...options,
    ...(name === "unique" && all),
    ...(weights && { weights: make(weights) }),
    ...(isSized && { size: outs[0]!.shape[0] }),
    ...(isSized && name === "bincount" && { minlength: undefined }),
  });
  return [out].flat();
}

describe("the cases of NumPy", () => {
  const close = (out: Tensor, { shape, data }: Given, name: string): void => {
    expect(out.shape, name).toEqual(shape);
    Array.from(out.data()).forEach((value, i) => {
      const wanted = Number(data[i]);
      // quotients of a density may be rounded in another order
      if (!Object.is(value + 0, wanted + 0)) expect(value, name).toBeCloseTo(wanted, 14);
    });
  };

  test.each([...new Set(cases.map(({ name }) => name))])("%s", (name) => {
    expect.hasAssertions();
    for (const [k, given] of cases.filter((other) => other.name === name).entries()) {
      const args = given.args.map(make);
      call(given, args).forEach((out, i) => close(out, given.outs[i]!, JSON.stringify(given.options)));
      if (k % extent(4, 1) !== 1 % extent(4, 1)) continue;
      const compiled = jit((...xs: Tensor[]) => call(given, xs, 0));
      compiled(...args).forEach((out, i) => close(out, given.outs[i]!, `compiled ${name}`));
    }
  });
});

test("nonzero selects the same elements as the mask, in compiled functions the given number", () => {
  const x = tensor([
    [3, -1],
    [0.5, -2],
  ]);
  expect(at(x, ...nonzero(greater(x, 0))).tolist()).toEqual(at(x, greater(x, 0)).tolist());
  const positive = jit((y: Tensor) => at(y, ...nonzero(greater(y, 0), { size: 3 })));
  expect(positive(x).tolist()).toEqual([3, 0.5, 3]);
  expect(nonzero(x, { size: 6, fill: -1 }).map((along) => along.tolist())).toEqual([
    [0, 0, 1, 1, -1, -1],
    [0, 1, 0, 1, -1, -1],
  ]);
  expect(argwhere([0, 1, 2], { size: 1 }).tolist()).toEqual([[1]]);
  expect(vmap((row: Tensor) => nonzero(greater(row, 0), { size: 1, fill: -1 })[0]!)(x).tolist()).toEqual([
    [0],
    [0],
  ]);
});

test("unique fills up with its smallest value, or with the given one", () => {
  expect(unique([5, 2, 5], { size: 4 }).tolist()).toEqual([2, 5, 2, 2]);
  expect(jit((x: Tensor) => unique(x, { size: 4, fill: 0 }))([5, 2, 5]).tolist()).toEqual([2, 5, 0, 0]);
  expect(unique([5, 2, 7], { size: 2, returnCounts: true }).map((t) => t.tolist())).toEqual([
    [2, 5],
    [1, 1],
  ]);
  expect(unique(bool([1, 0, 1])).dtype).toBe("bool");
});

test("unique compares whole items along an axis, like NumPy", () => {
  const x = [[[1, 2], [0, 5]], [[1, 2], [0, 4]], [[1, 2], [0, 5]]]; // prettier-ignore
  expect(unique(x, { axis: 0 }).tolist()).toEqual([[[1, 2], [0, 4]], [[1, 2], [0, 5]]]); // prettier-ignore
  expect(unique(x, { axis: 1 }).tolist()).toEqual([[[0, 5], [1, 2]], [[0, 4], [1, 2]], [[0, 5], [1, 2]]]); // prettier-ignore
  expect(unique(x, { axis: -1 }).tolist()).toEqual(x);
  const rows = [[3, 1], [2, 9], [3, 1], [2, 8]]; // prettier-ignore
  const all = { axis: 0, returnIndex: true, returnInverse: true, returnCounts: true } as const;
  const expected = [[[2, 8], [2, 9], [3, 1]], [3, 1, 0], [2, 1, 2, 0], [1, 1, 2]]; // prettier-ignore
  expect(unique(rows, all).map((t) => t.tolist())).toEqual(expected);
  const compiled = jit((t: Tensor) => unique(t, { ...all, size: 3 }));
  expect(compiled(rows).map((t) => t.tolist())).toEqual(expected);
  expect(jit((t: Tensor) => unique(t, { axis: 0, size: 4, fill: 7 }))(rows).tolist()).toEqual([
    [2, 8],
    [2, 9],
    [3, 1],
    [7, 7],
  ]);
  expect(unique([[NaN, 1], [NaN, 1]], { axis: 0 }).tolist()).toEqual([[NaN, 1]]); // prettier-ignore
  expect(unique(tensor([], { shape: [0, 3] }), { axis: 0 }).shape).toEqual([0, 3]);
  expect(unique(tensor([], { shape: [3, 0] }), { axis: 0 }).shape).toEqual([1, 0]);
  const weighted = (t: Tensor): Tensor => unique(t, { axis: 0 }).mul([[1, 10], [100, 1000]]).sum(); // prettier-ignore
  expect(grad(weighted)([[3, 1], [2, 9], [3, 1]]).tolist()).toEqual([[100, 1000], [1, 10], [0, 0]]); // prettier-ignore
  expect(() => unique(rows, { axis: 2 })).toThrow(/^unique: axis/);
});

test("the derivative of unique flows to the first of equal elements", () => {
  expect(grad((x: Tensor) => unique(x).mul([1, 10]).sum())([5, 2, 5]).tolist()).toEqual([10, 1, 0]);
});

test.each<[() => unknown, string]>([
  [
    () => jit((x: Tensor) => nonzero(x)[0]!)([1, 0]),
    "nonzero: the length of the result depends on values, which are not known while the function is traced. Give the length, as in { size: 10 }.",
  ],
  [() => jit((x: Tensor) => unique(x))([1, 0]), "unique: the length of the result depends on values"],
  [() => nonzero(1), "nonzero: f64[] has no axes, so its elements have no indices."],
  [() => nonzero([1], { size: -1 }), "nonzero: -1 in shape [-1] is not a size."],
  [() => searchsorted([[1]], 1), "searchsorted: f64[1,1] must be a vector in ascending order."],
  [
    () => searchsorted([1], 1, { side: "middle" as never }),
    'searchsorted: side must be "left" or "right", got "middle".',
  ],
  [() => digitize([1], [1, 3, 2]), "digitize: the bounds f64[3] neither ascend nor descend."],
])("refuses misuse %#", (action, message) => {
  expect(action).toThrow(message);
});

describe("searches", () => {
  const numbers = f64([0.5, -1.5, 0.5, 2, -1.5]);
  checkFamily(searching, {
    nonzero: [
      on(
        (x) => nonzero(x, { size: 3 }),
        [{ ins: [i32([0, 2, 0, 1])] }, { ins: [bool([1, 0, 1, 1], [2, 2])] }],
      ),
    ],
    argwhere: [on((x) => argwhere(x, { size: 3 }), [{ ins: [i32([0, 2, 0, 1])] }])],
    unique: [
      on((x) => unique(x, { size: 4, fill: 7 }), [{ ins: [i32([3, 1, 3])] }]),
      on((x) => unique(x, { size: 5, ...all }), [{ ins: [i32([3, 1, 3, 0, 1])] }]),
      on(
        (x) => unique(x, { size: 5 }),
        [{ ins: [f64([0.5, -1.5, 0.75, 2, -2.5])] }, { ins: [f32([0.5, -1.5, 0.75, 2, -2.5])] }],
      ),
    ],
    searchsorted: [
      on((s, v) => searchsorted(s, v), [{ ins: [f64([-1, 0, 0.5, 2]), numbers] }]),
      on(
        (s, v) => searchsorted(s, v, { side: "right" }),
        [{ ins: [i32([-1, 0, 0, 2]), i32([0, 5], [2, 1])] }],
      ),
    ],
    digitize: [
      on((x) => digitize(x, [-1, 0.5, 1]), [{ ins: [numbers] }]),
      on((x, b) => digitize(x, b), [{ ins: [numbers, f64([1, 0.5, -1])] }]),
    ],
  });
});

import { expect, test } from "vitest";
import type { PlainType } from "../form/form.ts";
import {
  type ValueLeaf,
  leavesOf,
  putTogether,
  takeApart,
  takeLike,
  type Template,
  templateOf,
} from "./values.ts";

const number: PlainType = { kind: "number" };
const array: PlainType = { kind: "array", of: "any" };
const point: PlainType = {
  kind: "record",
  fields: [
    { name: "x", type: number },
    { name: "ys", type: { kind: "array", of: "number[]" } },
  ],
};
const f64 = (): Iterator<"f64"> => new Array<"f64">(20).fill("f64").values();

function taken(
  type: PlainType,
  value: unknown,
  lead = 0,
): { readonly leaves: ValueLeaf[]; readonly template: Template } {
  const leaves: ValueLeaf[] = [];
  return { leaves, template: takeApart(type, value, f64(), { path: "p", lead }, leaves) };
}

test("values survive unpacking and rebuilding, with the array types of the input", () => {
  const everything: PlainType = {
    kind: "record",
    fields: [
      { name: "a", type: number },
      { name: "b", type: array },
      { name: "c", type: { kind: "matrix" } },
      { name: "d", type: { kind: "list", item: point } },
      { name: "e", type: { kind: "tuple", items: [number, array] } },
    ],
  };
  const value = {
    a: 1,
    b: Float32Array.of(2, 3).length === 2 ? Float64Array.of(2, 3) : [],
    c: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    d: [
      { x: 1, ys: [2, 3] },
      { x: 4, ys: [5, 6] },
      { x: 7, ys: [8, 9] },
    ],
    e: [1, [2]],
  };
  const { leaves, template } = taken(everything, value);
  expect(leaves.map((leaf) => leaf.dims)).toEqual([[], [2], [2, 3], [3], [3, 2], [], [1]]);
  expect(leavesOf(template)).toBe(leaves.length);
  expect(putTogether(template, leaves)).toEqual(value);
});

test("a typed array of the right type is not copied", () => {
  const xs = Float64Array.of(1, 2);
  expect(taken(array, xs).leaves[0]!.data).toBe(xs);
});

test("an array without rows and a list without items have empty operands", () => {
  expect(taken({ kind: "matrix" }, []).leaves).toEqual([{ data: new Float64Array(0), dims: [0, 0] }]);
  const { leaves, template } = taken({ kind: "list", item: point }, []);
  expect(leaves.map((leaf) => leaf.dims)).toEqual([[0], [0, 0]]);
  expect(putTogether(template, leaves)).toEqual([]);
});

test("a Jacobian is nested like the result, then like the argument", () => {
  const out = templateOf({ kind: "array", of: "number[]" }, f64());
  const inner = taken({ kind: "list", item: point }, [
    { x: 0, ys: [0] },
    { x: 0, ys: [0] },
  ]).template;
  const jacobian: Template = { kind: "jacobian", out, in: inner };
  // 3 results, 2 items
  const dx: ValueLeaf = { data: Float64Array.of(1, 2, 3, 4, 5, 6), dims: [3, 2] };
  const dys: ValueLeaf = { data: Float64Array.of(10, 20, 30, 40, 50, 60), dims: [3, 2, 1] };
  expect(putTogether(jacobian, [dx, dys])).toEqual([
    { x: [1, 3, 5], ys: [[10], [30], [50]] },
    { x: [2, 4, 6], ys: [[20], [40], [60]] },
  ]);
  // of a number, the derivative is as the argument; in a number, it is as the result
  const of = (o: PlainType, i: PlainType, value: unknown): Template => ({
    kind: "jacobian",
    out: templateOf(o, f64()),
    in: taken(i, value).template,
  });
  const row: ValueLeaf = { data: Float64Array.of(1, 2), dims: [2] };
  expect(putTogether(of(number, array, Float64Array.of(0, 0)), [row])).toEqual(Float64Array.of(1, 2));
  expect(putTogether(of({ kind: "array", of: "Float64Array" }, number, 0), [row])).toEqual(
    Float64Array.of(1, 2),
  );
});

test("second derivatives of a record are nested twice", () => {
  const { template } = taken({ kind: "tuple", items: [number, array] }, [0, [0, 0]]);
  const leaf = (dims: number[], ...data: number[]): ValueLeaf => ({
    data: dims.length === 0 ? data[0]! : Float64Array.from(data),
    dims,
  });
  const hessian = [leaf([], 1), leaf([2], 2, 3), leaf([2], 4, 5), leaf([2, 2], 6, 7, 8, 9)];
  expect(putTogether({ kind: "jacobian", out: template, in: template }, hessian)).toEqual([
    [1, [2, 3]],
    [
      [4, 5],
      [
        [6, 7],
        [8, 9],
      ],
    ],
  ]);
});

test("a batch has one more axis at each leaf", () => {
  const { leaves, template } = taken(point, { x: [1, 2], ys: [[3], [4]] }, 1);
  expect(leaves.map((leaf) => leaf.dims)).toEqual([[2], [2, 1]]);
  expect(putTogether({ kind: "batch", item: template }, leaves)).toEqual({ x: [1, 2], ys: [[3], [4]] });
  expect(takeLike({ kind: "batch", item: template }, { x: [1, 2], ys: [[3], [4]] }, "ct")).toEqual(leaves);
});

test("an empty list of lists has all the axes of its leaves", () => {
  const type: PlainType = { kind: "list", item: { kind: "list", item: point } };
  expect(taken(type, []).leaves.map((leaf) => leaf.dims)).toEqual([
    [0, 0],
    [0, 0, 0],
  ]);
  expect(taken(type, [[], []]).leaves.map((leaf) => leaf.dims)).toEqual([
    [2, 0],
    [2, 0, 0],
  ]);
});

test.each<[PlainType, unknown, string]>([
  [number, "2", "p must be a number, got a string."],
  [number, undefined, "p must be a number, got undefined."],
  [array, [1, "2"], "p: element 1 is a string, not a number."],
  [array, 3, "p must be an array of numbers, got 3."],
  [{ kind: "matrix" }, [[1, 2], [3]], "p: rows must be of equal length; there is one of 1 beside one of 2."],
  [point, { x: 1 }, "p.ys must be an array of numbers, got undefined."],
  [point, 1, "p must be an object with x, ys, got 1."],
  [
    { kind: "list", item: point },
    [
      { x: 1, ys: [1] },
      { x: 1, ys: [1, 2] },
    ],
    "p: the arrays of all items must be of equal length; in item 1 there is one of 2 beside one of 1. Items of different sizes can be fields of an object, or the items of a tuple, as in [Layer, Layer].",
  ],
  [{ kind: "tuple", items: [number, number] }, [1], "p must be an array of 2, got an array of 1."],
])("%j refuses %j and says what it is", (type, value, message) => {
  expect(() => taken(type, value)).toThrow(message);
});

test("an argument that sets sizes must be an integer", () => {
  const leaves: ValueLeaf[] = [];
  const i32 = ["i32"][Symbol.iterator]() as Iterator<"i32">;
  expect(() =>
    takeApart({ kind: "number", integer: true }, 2.5, i32, { path: "f(n)", lead: 0 }, leaves),
  ).toThrow("f(n) sets a size, a bound or an index, so it must be an integer below 2^31, got 2.5.");
});

test("a list of records and tuples is stored as one array per field, and is rebuilt from them", () => {
  const type: PlainType = {
    kind: "list",
    item: {
      kind: "record",
      fields: [
        { name: "at", type: { kind: "tuple", items: [{ kind: "number" }, { kind: "number" }] } },
        { name: "isOn", type: { kind: "boolean" } },
        { name: "k", type: { kind: "number", integer: true } },
      ],
    },
  };
  const items = [
    { at: [1, 2], isOn: true, k: 3 },
    { at: [4, 5], isOn: false, k: -6 },
  ];
  const types = ["f64", "f32", "bool", "i32"] as const;
  const take = (value: unknown): { readonly leaves: ValueLeaf[]; readonly template: Template } => {
    const leaves: ValueLeaf[] = [];
    const template = takeApart(type, value, [...types].values(), { path: "f: xs", lead: 0 }, leaves);
    return { leaves, template };
  };
  const { leaves, template } = take(items);
  expect(leaves).toEqual([
    { data: Float64Array.of(1, 4), dims: [2] },
    { data: Float32Array.of(2, 5), dims: [2] },
    { data: Int32Array.of(1, 0), dims: [2] },
    { data: Int32Array.of(3, -6), dims: [2] },
  ]);
  expect(putTogether(template, leaves)).toEqual(items);
  expect(() => take([...items, { at: [1, 2], isOn: true, k: 0.5 }])).toThrow("f: xs[2].k sets a size");
  expect(() => take([...items, { at: [1], isOn: true, k: 0 }])).toThrow("f: xs[2].at must be an array of 2");
});

test("a typed array with a detached buffer is refused, not treated as empty", () => {
  const x = new Float64Array([1, 2]);
  structuredClone(x.buffer, { transfer: [x.buffer] });
  expect(() => taken(array, x)).toThrow("p: the buffer of this Float64Array is detached");
  expect(taken(array, new Float64Array(0)).leaves).toHaveLength(1);
});

import { runInThisContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { describe, expect, test } from "vitest";
import { tensor } from "downhill";
import {
  countLeaves,
  firstDifference,
  flatten,
  leafPaths,
  mapLeaves,
  matchLeaves,
  treeKey,
  unflatten,
} from "./tree.ts";

const defOf = (value: unknown): ReturnType<typeof flatten>["def"] => flatten(value, "test").def;
const x = tensor([1, 2]);

describe("leaves and nodes", () => {
  test.each<[string, unknown, number]>([
    ["a tensor", x, 1],
    ["a number", 2, 1],
    ["a typed array", new Float32Array(3), 1],
    ["a list of numbers", [1, 2, 3], 1],
    [
      "a rectangular nest of numbers",
      [
        [1, 2],
        [3, 4],
      ],
      1,
    ],
    ["a list of tensors", [x, x], 2],
    ["a list of a tensor and numbers", [x, 1, 2], 3],
    ["an empty list", [], 0],
    ["an object", { w: x, b: [0, 0] }, 2],
    ["objects in lists in objects", { layers: [{ w: x }, { w: x, b: 1 }] }, 3],
    ["a list of booleans", [true, false], 1],
    ["a list of a number and a boolean", [1, true], 1],
    ["text, booleans, null and undefined", { a: "relu", b: null, c: undefined, d: true }, 0],
    ["an object without prototype", Object.assign(Object.create(null) as object, { w: 1 }), 1],
  ])("%s", (_, value, leaves) => {
    const flat = flatten(value, "test");
    expect(flat.leaves).toHaveLength(leaves);
    expect(countLeaves(flat.def)).toBe(leaves);
    expect(leafPaths(flat.def, "p")).toHaveLength(leaves);
    expect(unflatten(flat.def, flat.leaves)).toEqual(value);
  });

  test.each<[string, unknown]>([
    ["a function", () => 1],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["a bigint", 1n],
    ["a symbol", Symbol("s")],
  ])("%s is refused", (_, value) => {
    expect(() => flatten({ a: value }, "grad")).toThrow(
      "neither a tensor nor a plain array or object of tensors",
    );
  });
});

describe("names", () => {
  test("are plain names, those that JavaScript gives a meaning too", () => {
    const value = JSON.parse(
      '{"__proto__": 1, "constructor": 2, "hasOwnProperty": 3, "toString": 4}',
    ) as object;
    const { leaves, def } = flatten(value, "test");
    const back = unflatten(def, leaves) as Record<string, number>;
    expect(Object.entries(back)).toEqual(Object.entries(value));
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
  });

  test("show in paths as code would write them", () => {
    expect(leafPaths(defOf({ layers: [{ w: x }], "two words": x, ünïcode: x, "a\nb": x }), "params")).toEqual(
      ["params.layers[0].w", 'params["two words"]', "params.ünïcode", 'params["a\\nb"]'],
    );
  });
});

describe("structures", () => {
  test("have equal keys where they are equal", () => {
    expect(treeKey(defOf({ a: x, b: [x, "t"] }))).toBe(treeKey(defOf({ a: 1, b: [2, "t"] })));
    const different = [
      { a: x },
      { b: x },
      [x],
      x,
      { a: [x] },
      { a: x, b: "t" },
      { a: x, b: "u" },
      { a: x, b: null },
      { a: x, b: undefined },
      { "a:*,b": x },
      { a: x, b: true },
      { a: x, b: false },
      { a: x, b: "true" },
    ];
    expect(new Set(different.map((value) => treeKey(defOf(value)))).size).toBe(different.length);
  });

  test("that differ are told by the first place", () => {
    const difference = (a: unknown, b: unknown): string | undefined =>
      firstDifference(defOf(a), defOf(b), "p");
    expect(difference({ a: x }, { a: x })).toBeUndefined();
    expect(difference({ a: x }, { a: [x, x] })).toMatchInlineSnapshot(
      `"p.a should be a tensor but is an array"`,
    );
    expect(difference({ a: [x, x] }, { a: [x] })).toMatchInlineSnapshot(
      `"p.a should have 2 items but has 1"`,
    );
    expect(difference({ a: x, b: x }, { a: x })).toMatchInlineSnapshot(`"p lacks "b""`);
    expect(difference({ a: x }, { a: x, b: x })).toMatchInlineSnapshot(`"p has "b", which is not expected"`);
    expect(difference({ a: "s" }, { a: "t" })).toMatchInlineSnapshot(`"p.a should be s"`);
    expect(difference({ a: x }, x)).toMatchInlineSnapshot(`"p should be an object but is a tensor"`);
  });

  test("are read as what is expected, where they could be one thing or another", () => {
    const expected = { mask: x, empty: x, pair: [x, x], flag: true };
    const given = { mask: true, empty: [], pair: [1, 2], flag: true };
    expect(matchLeaves("scan", defOf(expected), given, "the carry")).toEqual([true, [], 1, 2]);
    expect(() => matchLeaves("scan", defOf(expected), { ...given, flag: false }, "the carry")).toThrow(
      "scan: the carry.flag should be true.",
    );
    expect(flatten({ i: 0, done: false }, "scan", "leaf").leaves).toEqual([0, false]);
  });

  test("match whatever the order of the keys", () => {
    const given = { b: { d: [21, x], c: 20 }, a: 10 };
    expect(matchLeaves("update", defOf({ a: 1, b: { c: 2, d: [x, 3] } }), given, "the gradients")).toEqual([
      10,
      20,
      21,
      x,
    ]);
    expect(firstDifference(defOf({ a: 1, b: x }), defOf({ b: x, a: [x] }), "p")).toBe(
      "p.a should be a tensor but is an array",
    );
  });

  test("are mapped leaf by leaf", () => {
    const plus = (a: unknown, b: unknown): number => (a as number) + (b as number);
    expect(mapLeaves("update", plus, { w: 1, v: { u: 2 } }, { v: { u: 20 }, w: 10 })).toEqual({
      w: 11,
      v: { u: 22 },
    });
    expect(() => mapLeaves("update", plus, { w: 1 }, { v: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: update: argument 2 lacks "w".]`,
    );
  });
});

/** Object with many keys, among them names that objects inherit and names of temporary properties. */
function wide(n: number): Record<string, number> {
  const names = ["b", "constructor", "a", ...Array.from({ length: n - 3 }, (_, i) => `p${i}`)];
  return Object.fromEntries(names.map((name, i) => [name, i]));
}

test.each([127, 128, 1000])("an object of %i keys keeps their order and its prototype", (n) => {
  const value = wide(n);
  const { def, leaves } = flatten(value, "test");
  const built = unflatten(def, leaves) as Record<string, number>;
  expect(Object.entries(built)).toEqual(Object.entries(value));
  expect(Object.getPrototypeOf(built)).toBe(Object.prototype);
});

test("objects of many keys are hash tables, because copies of long lists of properties take quadratic time", () => {
  setFlagsFromString("--allow-natives-syntax");
  const isList = runInThisContext("(object) => %HasFastProperties(object)") as (object: object) => boolean;
  const built = (n: number): object => {
    const { def, leaves } = flatten(wide(n), "test");
    return unflatten(def, leaves) as object;
  };
  expect([50, 1000].map((n) => isList(built(n)))).toEqual([true, false]);
});

// Loops that read and make the items of lists, compiled for each structure and without compiled text.
import { describe, expect, test } from "vitest";
import { moduleFrom } from "../../../../test/support/plain-agreement.ts";
import { grad, valueAndGrad } from "../../../index.ts";
import { elaborate } from "../elaborate/elaborate.ts";
import type { PlainType } from "../form/form.ts";
import { functionOf } from "./attach.ts";
import { makeItems, readItems } from "./item-loops.ts";
import { elementsOf, type ItemShape, shapeOfType } from "./lists.ts";
import { makers } from "./templates.ts";

const number: PlainType = { kind: "number" };
const truth: PlainType = { kind: "boolean" };
const record = (fields: Readonly<Record<string, PlainType>>): PlainType => ({
  kind: "record",
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
});
const tuple = (...items: readonly PlainType[]): PlainType => ({ kind: "tuple", items });

/** Types of items, with items of them and what is no such item. */
const shapes: Readonly<Record<string, readonly [PlainType, readonly unknown[], readonly unknown[]]>> = {
  "one field": [record({ a: number }), [{ a: 1 }, { a: NaN }], [{}, 1, null, undefined, { a: "1" }]],
  "two fields": [
    record({ a: number, b: number }),
    [
      { a: 1, b: 2 },
      { b: -0, a: 3, more: 4 },
    ],
    [{ a: 1 }, { a: 1, b: true }, { a: 1, b: null }, [1, 2]],
  ],
  "names that are no identifiers": [
    record({ "a b": number, 'q"': number, constructor: number }),
    [{ "a b": 1, 'q"': 2, constructor: 3 }],
    [{ "a b": 1, 'q"': 2 }],
  ],
  "five fields, one of them a boolean": [
    record({ a: number, b: number, c: truth, d: number, e: number }),
    [{ a: 1, b: 2, c: true, d: 3, e: 4 }],
    [{ a: 1, b: 2, c: 1, d: 3, e: 4 }],
  ],
  pairs: [
    tuple(number, number),
    [
      [1, 2],
      [3, 4],
    ],
    [[1], [1, 2, 3], { 0: 1, 1: 2, length: 2 }, [1, , 2], ["1", 2]], // oxlint-disable-line no-sparse-arrays
  ],
  triples: [tuple(number, number, number), [[1, 2, 3]], [[1, 2], Float64Array.of(1, 2, 3)]],
  nested: [
    record({ at: tuple(number, record({ x: number })), on: truth }),
    [{ at: [1, { x: 2 }], on: false }],
    [{ at: [1, {}], on: false }, { at: 1, on: true }, { at: [1, { x: 2 }] }],
  ],
};

/** The shape of an item with this type, of numbers of float64. */
function shapeOf(type: PlainType): ItemShape {
  const types = new Array<"f64">(20).fill("f64");
  return shapeOfType(type, types.values())!;
}

function emptyArrays(shape: ItemShape, n: number) {
  return elementsOf(shape).map((element) => new makers[element](n));
}

describe.each([true, false])("compiled from text: %s", (asText) => {
  test.each(Object.entries(shapes))("%s", (_, [type, items, wrong]) => {
    const shape = shapeOf(type);
    const [read, make] = [readItems(shape, asText), makeItems(shape, asText)];
    const arrays = emptyArrays(shape, items.length);
    expect(read(items, arrays)).toBe(true);
    const made = make(items.length, arrays);
    expect(made).toEqual(items.map((item) => (type.kind === "record" ? withoutMore(type, item) : item)));
    for (const item of wrong) {
      const mixed = [items[0], item];
      expect(read(mixed, emptyArrays(shape, 2)), JSON.stringify(item)).toBe(false);
    }
  });
});

/** An item without fields that its type does not name, which are left out as they are everywhere. */
function withoutMore(type: PlainType, item: unknown): unknown {
  if (type.kind !== "record") return item;
  return Object.fromEntries(
    type.fields.map(({ name }) => [name, (item as Readonly<Record<string, unknown>>)[name]]),
  );
}

test("a field named __proto__ is an own property", () => {
  const shape = shapeOf(record({ ["__proto__"]: number }));
  const [made] = makeItems(shape, true)(1, [[7]]);
  expect(Object.keys(made as object)).toEqual(["__proto__"]);
});

type Point = { x: number; y: number };
const energy = functionOf(
  elaborate(
    moduleFrom(
      'export function f(ps: { x: number; y: number }[], m: number[][] = [[1]]): number { "use ad"; let s = 0; for (const p of ps) s += p.x * p.x * p.y; return s * m[0][0]; }',
    ),
    "f",
  ),
  () => [],
) as (ps: Point[], m?: number[][]) => number;

describe("calls", () => {
  const points = (): Point[] => [
    { x: 1, y: 2 },
    { x: 3, y: 4 },
  ];

  test("see changes by the caller, and return new objects", () => {
    const ps = points();
    const slope = grad(energy);
    for (let i = 0; i < 3; i++) {
      ps[0]!.x = i;
      ps.push({ x: i, y: 1 });
      const expected = ps.map(({ x, y }) => ({ x: 2 * x * y, y: x * x }));
      const [first, second] = [slope(ps), slope(ps)];
      expect(first).toEqual(expected);
      expect(first[0]).not.toBe(second[0]);
      first[0]!.x = 99;
      expect(slope(ps)).toEqual(expected);
      expect(valueAndGrad(energy)(ps)[0]).toBe(energy(ps));
    }
  });

  test("with a getter that calls the function again", () => {
    const slope = grad(energy);
    slope(points());
    const tricky = points();
    Object.defineProperty(tricky[1]!, "x", {
      get: () =>
        slope([
          { x: 5, y: 6 },
          { x: 7, y: 8 },
        ])[0]!.y,
    });
    expect(slope(tricky)).toEqual([
      { x: 4, y: 1 },
      { x: 200, y: 625 },
    ]);
    const later = [[1]];
    Object.defineProperty(later, "0", {
      get: () => [
        slope([
          { x: 9, y: 9 },
          { x: 9, y: 9 },
        ])[0]!.y / 81,
      ],
    });
    expect(slope(points(), later)).toEqual([
      { x: 4, y: 1 },
      { x: 24, y: 9 },
    ]);
    Object.defineProperty(tricky[1]!, "y", {
      get: () => {
        throw new RangeError("no y");
      },
    });
    expect(() => slope(tricky)).toThrow("no y");
    expect(slope(points())).toEqual([
      { x: 4, y: 1 },
      { x: 24, y: 9 },
    ]);
  });

  test.each([
    [[{ x: 1 }], "ps[0].y must be a number, got undefined"],
    [[{ x: 1, y: 2 }, undefined], "ps[1] must be an object with x, y, got undefined"],
    [[{ x: 1, y: "2" }], "ps[0].y must be a number, got a string"],
    [new Array<Point>(2), "ps[0] must be an object with x, y, got undefined"],
    [{ length: 1, 0: { x: 1, y: 2 } }, "ps must be an array, got an object"],
  ])("of %j are refused as ever, known structures or not", (wrong, message) => {
    const slope = grad(energy);
    const call = (): unknown => slope(wrong as Point[]);
    expect(call).toThrow(message);
    slope(points());
    slope(points());
    expect(call).toThrow(message);
  });

  test("with rows of unequal lengths are refused", () => {
    const slope = grad(energy);
    slope(points(), [[1, 2]]);
    expect(() => slope(points(), [[1, 2], [3]])).toThrow("rows must be of equal length");
    expect(slope(points(), [[2, 2]])[0]).toEqual({ x: 8, y: 2 });
  });
});

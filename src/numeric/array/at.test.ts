import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { NestedNumbers, AxisSelector, Tensor } from "downhill";
import { arange, foriLoop, grad, greater, jit, jvp, tensor, vmap, zeros } from "downhill";
import { checkFamily, f64, i32, on } from "../../../test/support/op-table.ts";
import { extent } from "../../../test/support/extent.ts";
import { checkGrads } from "../../testing/check-grads.ts";
import * as reading from "./at.ts";
import { addAt, maxAt, minAt, mulAt, setAt } from "./set-at.ts";

const { at } = reading;
const writers = { setAt, addAt, mulAt, minAt, maxAt };
type Word = keyof typeof writers;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const matrix = f64(numbers(12), [3, 4]);
const cube = f64(numbers(24), [2, 3, 4]);

interface Given {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
/** A case drawn by testdata/places.py, with what NumPy makes of it. */
interface Case {
  readonly shape: readonly number[];
  readonly places: readonly AxisSelector[];
  readonly read: Given;
  readonly values: Given;
  readonly written: Readonly<Partial<Record<Word, readonly number[]>>>;
}
const { cases } = JSON.parse(readFileSync(new URL("testdata/places.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
};
const make = ({ shape, data }: Given): Tensor => tensor(data, { shape });
const sizeOf = ({ shape }: { readonly shape: readonly number[] }): number => shape.reduce((a, b) => a * b, 1);
const startOf = (given: Case): Tensor =>
  make({ shape: given.shape, data: Array.from({ length: sizeOf(given) }, (_, i) => i + 1) });
/** Integers as values of the call, as compiled code has them; masks and all else as they are. */
const dynamic = (
  places: readonly AxisSelector[],
): { readonly given: Tensor[]; place(given: readonly Tensor[]): AxisSelector[] } => {
  const isDynamic = (place: AxisSelector): boolean =>
    typeof place === "number" || (Array.isArray(place) && typeof place.flat(9)[0] !== "boolean");
  const given = places.filter(isDynamic).map((place) => tensor(place as NestedNumbers, { dtype: "int32" }));
  return {
    given,
    place(traced) {
      let next = 0;
      return places.map((place) => (isDynamic(place) ? traced[next++]! : place));
    },
  };
};
/** In the quick extent every third case, the others in thorough runs. */
const some = cases.filter((_, i) => i % extent(6, 1, 3) === 0);

describe("the cases of NumPy", () => {
  test("are read", () => {
    for (const given of cases) {
      const out = at(startOf(given), ...given.places);
      expect(out.shape, JSON.stringify(given.places)).toEqual(given.read.shape);
      expect(Array.from(out.data()), JSON.stringify(given.places)).toEqual(given.read.data);
    }
  });

  test("are written", () => {
    for (const given of cases) {
      for (const [word, data] of Object.entries(given.written)) {
        const out = writers[word as Word](startOf(given), make(given.values), ...given.places);
        expect(out.shape).toEqual(given.shape);
        expect(Array.from(out.data()), `${word} ${JSON.stringify(given.places)}`).toEqual(data);
      }
    }
  });

  test("are the same compiled, with places that are values of the call", () => {
    for (const given of some) {
      const { given: places, place } = dynamic(given.places);
      const all = Object.entries(given.written);
      const f = jit((x: Tensor, v: Tensor, ...traced: Tensor[]) => [
        at(x, ...place(traced)),
        ...all.map(([word]) => writers[word as Word](x, v, ...place(traced))),
      ]);
      const [read, ...written] = f(startOf(given), make(given.values), ...places);
      expect(Array.from(read!.data()), JSON.stringify(given.places)).toEqual(given.read.data);
      expect(written.map((out) => Array.from(out.data()))).toEqual(all.map(([, data]) => data));
    }
  });
});

describe("derivatives", () => {
  /** Numbers of which no two are the same, so that nothing ties. */
  const apart = ({ shape }: { readonly shape: readonly number[] }, offset: number): Tensor => {
    return tensor(
      Array.from({ length: sizeOf({ shape }) }, (_, i) => Math.sin(offset + 1.7 * i) * 1.3 + 0.01 * i),
      { shape },
    );
  };

  test("of places drawn at random are those of differences", () => {
    const drawn = cases.filter(({ read }, i) => read.data.length > 0 && i % extent(40, 3, 16) === 0);
    for (const given of drawn) {
      const f = (x: Tensor, v: Tensor): Tensor[] => [
        at(x.mul(x), ...given.places),
        ...Object.keys(given.written).map((word) =>
          writers[word as Word](x.mul(x), v.mul(v), ...given.places),
        ),
      ];
      const args = [apart(given, 1), apart(given.values, 0.3)];
      expect(checkGrads(f, args, { order: 1 }).comparisons).toBeGreaterThan(0);
    }
  });

  test("of the second order too", () => {
    const i = [2, 0, 2, 1];
    for (const f of Object.values(writers))
      expect(
        checkGrads((x: Tensor, v: Tensor) => f(x, v, i), [apart({ shape: [3] }, 1), apart({ shape: [4] }, 2)])
          .worst,
      ).toBeLessThan(1e-7);
  });

  test("setAt sends that of a place that comes twice to the last value", () => {
    const f = (x: Tensor, v: Tensor): Tensor => setAt(x, v, [1, 0, 1]).mul([1, 10, 100]).sum();
    for (const way of [grad(f, { argnums: [0, 1] }), jit(grad(f, { argnums: [0, 1] }))])
      expect(way([1, 2, 3], [4, 5, 6]).map((g) => g.tolist())).toEqual([
        [0, 0, 100],
        [0, 1, 10],
      ]);
  });

  test("mulAt has the right one where a factor is 0", () => {
    const f = (x: Tensor, v: Tensor): Tensor => mulAt(x, v, [0, 0, 0]).sum();
    const [dx, dv] = grad(f, { argnums: [0, 1] })([2], [3, 0, 5]);
    expect([dx.tolist(), dv.tolist()]).toEqual([[0], [0, 30, 0]]);
  });

  test.each([
    ["minAt", minAt],
    ["maxAt", maxAt],
  ])("%s shares that of a tie evenly", (_, f) => {
    const tied = (x: Tensor, v: Tensor): Tensor => f(x, v, [0, 0]).sum();
    expect(grad(tied, { argnums: [0, 1] })([2, 7], [2, 2]).map((g) => g.tolist())).toEqual([
      [1 / 3, 1],
      [1 / 3, 1 / 3],
    ]);
    const one = (x: Tensor, v: Tensor): Tensor => f(x, v, 0).sum();
    expect(grad(one, { argnums: [0, 1] })([2, 7], 2).map((g) => g.tolist())).toEqual([[0.5, 1], 0.5]);
  });

  test("what was overwritten has none, also where it is infinite", () => {
    const f = (x: Tensor): Tensor => setAt(x.sqrt(), 1, { end: 1 }).sum();
    expect(grad(f)([0, 4]).tolist()).toEqual([0, 0.25]);
    expect(grad((x: Tensor) => at(x.sqrt(), [1]).sum())([0, 4]).tolist()).toEqual([0, 0.25]);
  });
});

describe("masks", () => {
  const x = [3, -1, 4, -1.5];

  test("choose eagerly, in derivatives too", () => {
    expect(at(x, greater(x, 0)).tolist()).toEqual([3, 4]);
    expect(grad((y: Tensor) => at(y.mul(y), greater(y, 0)).sum())(x).tolist()).toEqual([6, 0, 8, 0]);
    expect(
      at(
        [
          [1, 2],
          [3, 4],
        ],
        [
          [true, false],
          [true, true],
        ],
      ).tolist(),
    ).toEqual([1, 3, 4]);
    expect(setAt(x, [1, 2], greater(x, 0)).tolist()).toEqual([1, -1, 2, -1.5]);
  });

  test("of traced values choose what is written alike, and are refused else", () => {
    const f = jit((y: Tensor) => [
      setAt(y, 0, greater(0, y)),
      mulAt(y, -1, greater(0, y)),
      minAt(y, 3.5, greater(y, 0)),
      addAt(y.reshape([2, 2]), [10, 20], greater(y.slice(0, 2), 0)).reshape([4]),
    ]);
    expect(f(x).map((y) => y.tolist())).toEqual([
      [3, 0, 4, 0],
      [3, 1, 4, 1.5],
      [3, -1, 3.5, -1.5],
      [13, 19, 4, -1.5],
    ]);
    expect(() => jit((y: Tensor) => at(y, greater(y, 0)))(x)).toThrow(
      "at: what the mask bool[4] chooses is not known while the function is traced, and the result has as many elements. Write where(mask, x, 0), which keeps them all, or take at most so many by at(x, ...nonzero(mask, { size })).",
    );
    expect(() => jit((y: Tensor) => setAt(y, [1, 2], greater(y, 0)))(x)).toThrow("setAt: what the mask");
  });

  test("that are known serve in compiled functions", () => {
    expect(jit((y: Tensor) => at(y, [true, false, false, true]))(x).tolist()).toEqual([3, -1.5]);
  });
});

test("items of a batch have places of their own", () => {
  const i = i32([2, 0, 1, 1, 1, 2], [3, 2]);
  const items = (f: (x: Tensor, j: Tensor) => Tensor): unknown =>
    [0, 1, 2].map((k) => f(at(matrix, k), at(i, k)).tolist());
  const all: readonly ((x: Tensor, j: Tensor) => Tensor)[] = [
    (x, j) => at(x, j),
    (x, j) => at(x.reshape([4, 1]), at(j, 0), at(j, 1).mul(0)),
    ...Object.values(writers).map((f) => (x: Tensor, j: Tensor) => f(x, [0.25, 0.5], j)),
    ...Object.values(writers).map((f) => (x: Tensor, j: Tensor) => f(x, 0.5, at(j, 0))),
  ];
  for (const f of all) expect(vmap(f)(matrix, i).tolist()).toEqual(items(f));
});

test("in a loop an item is written in place, with its derivative", () => {
  const powers = (x: Tensor): Tensor =>
    foriLoop(0, 4, (i, all) => setAt(all, x.pow(i.add(1)), i), zeros([4]));
  expect(jit(powers)(2).tolist()).toEqual([2, 4, 8, 16]);
  expect(jit(grad((x) => powers(x).mul(arange(4)).sum()))(2).item()).toBe(4 + 24 + 96);
  expect(jvp(powers, [2], [1])[1].tolist()).toEqual([1, 4, 12, 32]);
});

test("booleans and integers are written as they are", () => {
  expect(setAt([true, true], false, 0).tolist()).toEqual(tensor([false, true]).tolist());
  expect(maxAt(i32([1, 2, 3]), [5, 6], [0, 0]).tolist()).toEqual([6, 2, 3]);
  expect(() => addAt([true], 1, 0)).toThrow("addAt: takes numbers, not bool[1].");
  expect(() => setAt(i32([1, 2]), 0.5, 0)).toThrow("setAt: values of f64[] do not fit into i32[2].");
});

describe("misuse is refused", () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  test.each<[() => unknown, string]>([
    [() => at(x, 2), "at: place 2 is out of range for f64[2,3], whose first axis has 2."],
    [() => at(x, 0, -4), "at: place -4 is out of range for f64[2,3], whose axis 1 has 3."],
    [() => at(x, [0, 2]), "at: place 2 is out of range for f64[2,3]"],
    [() => setAt(x, 0, null, 3), "setAt: place 3 is out of range for f64[2,3], whose axis 1 has 3."],
    [
      () => jit((y: Tensor) => setAt(y, 0, -3))(x),
      "setAt: place -3 is out of range for f64[2,3], whose first axis has 2.",
    ],
    [
      () => jit((y: Tensor) => y.at(1, -4))(x),
      "at: place -4 is out of range for f64[2,3], whose axis 1 has 3.",
    ],
    [() => at(1, 0), "at: places for 1 axis, and f64[] has 0."],
    [() => at(x, 0, 0, 0), "at: places for 3 axes, and f64[2,3] has 2."],
    [() => at(x, "...", 0, "..."), 'at: "..." comes twice'],
    [() => at(x, 0.5), "at: place 0.5 is out of range"],
    [() => at(x, { from: 1 } as never), 'at: unknown option "from".'],
    [
      () => at(x, { step: 0 }),
      "at: range { step: 0 } of axis 0 needs whole numbers and a step that is not 0.",
    ],
    [() => at(x, true as never), "at: true is no place. Give an integer, a range"],
    [() => at(x, ":" as never), 'at: ":" is no place.'],
    [() => at(x, undefined as never), "at: undefined is no place."],
    [
      () => at(x, [true, false, true]),
      "at: the mask bool[3] must have the sizes of the axes of f64[2,3] that it is of: [2], from axis 0 on.",
    ],
    [() => at(x, [0, 1, 1], [0, 1]), "at: places i32[3] and i32[2] do not broadcast to one shape."],
    [
      () => setAt(x, [1, 2], 0),
      "setAt: values are f64[2]; these places of f64[2,3] have shape [3], and values that or one that is repeated to it.",
    ],
  ])("%#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("at", () => {
  checkFamily(reading, {
    at: [
      on((x) => at(x, -1), [{ ins: [f64(numbers(4))] }, { ins: [matrix] }]),
      on(at, [
        { ins: [f64(numbers(6), [3, 2]), i32([0], [])] },
        { ins: [f64(numbers(6), [3, 2]), i32([2, 0])] },
      ]),
      on((x, i) => at(x, "new", i, { start: 3, step: -2 }), [{ ins: [matrix, i32([0, 2, -1])] }]),
      on(
        (x, i, j) => at(x, i, null, j),
        [{ ins: [cube, i32([1, 0, 1]), i32([3, 1, 3])] }, { ins: [cube, i32([1], []), i32([3], [])] }],
      ),
      on((x, i, j) => at(x, "...", i, j), [{ ins: [cube, i32([1, 0], [2, 1]), i32([3, 1])] }]),
    ],
  });
});

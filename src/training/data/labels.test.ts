import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeLabels } from "./labels.ts";

describe("encodeLabels", () => {
  test("numbers the classes in order", () => {
    expect(encodeLabels(["oak", "ash", "oak"])).toEqual({
      classes: ["ash", "oak"],
      labels: Int32Array.of(1, 0, 1),
    });
    expect(encodeLabels([10, 9, -1, 10])).toEqual({
      classes: [-1, 9, 10],
      labels: Int32Array.of(2, 1, 0, 2),
    });
    expect(encodeLabels(Float64Array.of(3, 1)).classes).toEqual([1, 3]);
    // c10 used to come before c2
    expect(encodeLabels(["c10", "c2", "c1", "b3", "c02", "c"]).classes).toEqual([
      "b3",
      "c",
      "c1",
      "c02",
      "c2",
      "c10",
    ]);
    expect(encodeLabels(["v1.10", "v1.9", "v1.9a", "9", "10", "x"]).classes).toEqual([
      "9",
      "10",
      "v1.9",
      "v1.9a",
      "v1.10",
      "x",
    ]);
    expect(encodeLabels(["constructor", "__proto__"]).classes).toEqual(["__proto__", "constructor"]);
  });

  test("can be decoded to every label, and lists each class once", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (values) => {
        const { classes, labels } = encodeLabels(values);
        expect(Array.from(labels, (i) => classes[i])).toEqual(values);
        expect(new Set(classes).size).toBe(classes.length);
      }),
    );
  });

  test("refuses no labels, NaN and mixtures", () => {
    expect(() => encodeLabels([])).toThrow("encodeLabels: there are no labels.");
    expect(() => encodeLabels([1, Number.NaN])).toThrow("but label 1 is NaN");
    expect(() => encodeLabels<number | string>([1, "1"])).toThrow(
      'all text or all numbers, but label 1 is "1".',
    );
  });
});

test.each([undefined, null, 3])("encodeLabels of %s reports that a list is required", (values) => {
  expect(() => encodeLabels(values as never)).toThrow(
    "encodeLabels: expected a list of strings or numbers, got ",
  );
});

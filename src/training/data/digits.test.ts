import { readFileSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { digits } from "./digits.ts";

describe("digits", () => {
  const set = digits();

  test("equal data/digits.csv.gz in every pixel and label", () => {
    const file = gunzipSync(readFileSync(new URL("../../../data/digits.csv.gz", import.meta.url))).toString(
      "utf8",
    );
    const rows = file
      .trim()
      .split("\n")
      .map((line) => line.split(",").map(Number));
    expect(set.count).toBe(1797);
    expect(rows.length).toBe(1797);
    expect(Array.from(set.labels)).toEqual(rows.map((row) => row[64]));
    expect(Array.from(set.images, (x) => x * 16)).toEqual(rows.flatMap((row) => row.slice(0, 64)));
  });

  test("report their provenance", () => {
    const { height, width, classes, provenance, images, labels } = set;
    expect({ height, width, classes }).toEqual({ height: 8, width: 8, classes: 10 });
    expect(provenance).toContain("CC BY 4.0");
    expect(images).toBeInstanceOf(Float32Array);
    expect(labels).toBeInstanceOf(Int32Array);
    expect([Math.min(...images), Math.max(...images)]).toEqual([0, 1]);
    expect(new Set(labels).size).toBe(10);
  });

  test("are new arrays in each call", () => {
    digits().images.fill(7);
    expect(Math.max(...digits().images)).toBe(1);
  });

  test("take less than 50 KB", () => {
    expect(statSync(new URL("digits.generated.ts", import.meta.url)).size).toBeLessThan(50_000);
  });
});

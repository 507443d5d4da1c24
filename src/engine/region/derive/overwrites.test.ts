import { describe, expect, test } from "vitest";
import { formOfText } from "../../../../test/support/plain-region.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import { gradient } from "./gradient.ts";
import type { TransposeOptions } from "./options.ts";
import type { Region } from "../form/region.ts";
import { walkStmts } from "../form/walk.ts";

const regionOf = (text: string): Region => formOfText(text).region;

/** Number of tapes of a gradient. */
function tapesOf(region: Region, options: TransposeOptions = {}): number {
  const back = gradient(
    region,
    region.params.map(({ type }) => type === "f64"),
    scalarFunctions,
    { wanted: "values gradient", ...options },
  );
  let tapes = 0;
  walkStmts(back.body, (stmt) => void (stmt.kind === "array" && stmt.name.includes("_tape") && tapes++));
  return tapes;
}

/**
 * A function that fills a table of n + 1 rows and m + 1 columns. Each element depends on the elements at the indices
 * `reads`.
 */
const table = (rows: string, columns: string, ...reads: readonly string[]): string => `
  export function f(x: Float64Array, y: Float64Array, n: number): number {
    "use ad";
    const width = y.length + 1;
    const cost = new Float64Array((x.length + 1) * width);
    for (let j = 0; j < width; j++) cost[j] = j * x[0]!;
    ${rows} {
      cost[i * width] = x[i - 1]!;
      ${columns} {
        let t = x[i - 1]! * y[j - 1]!;
        ${reads.map((at) => `t += cost[${at}]! * cost[${at}]!;`).join(" ")}
        cost[i * width + j] = t;
      }
    }
    return cost[x.length * width + y.length]!;
  }`;
const rowsDown = "for (let i = 1; i <= x.length; i++)";
const columnsRight = "for (let j = 1; j < width; j++)";

describe("elements of a table that is filled row by row", () => {
  test("are read again in the backward pass and not saved, if nothing has overwritten them", () => {
    const neighbours = ["(i - 1) * width + j", "i * width + j - 1", "(i - 1) * width + j - 1"];
    const region = regionOf(table(rowsDown, columnsRight, ...neighbours));
    expect(tapesOf(region)).toBe(0);
    expect(tapesOf(region, { reread: false })).toBe(3);
  });

  test("are read again in descending loops", () => {
    const region = regionOf(
      table(
        "for (let i = x.length; i >= 1; i--)",
        "for (let j = width - 1; j >= 1; j--)",
        "(i - 1) * width + j",
      ),
    );
    expect(tapesOf(region)).toBe(1); // the row above is overwritten later
    const ahead = table("for (let i = x.length - 1; i >= 1; i--)", columnsRight, "(i + 1) * width + j");
    expect(tapesOf(regionOf(ahead))).toBe(0);
  });

  test.each([
    ["of the next row", rowsDown, columnsRight, "(i - 1) * width + width + j"],
    ["at an index that depends on n", rowsDown, columnsRight, "i * width + j - n"],
    ["of one row only", rowsDown, columnsRight, "j"],
  ])("are saved if they may change: %s", (name, rows, columns, at) => {
    const region = regionOf(table(rows, columns, at));
    expect(tapesOf(region)).toBe(name === "of one row only" ? 0 : 1);
  });
});

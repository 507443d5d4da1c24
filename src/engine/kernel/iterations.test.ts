import { describe, expect, test } from "vitest";
import * as k from "./build.ts";
import { knownIterations, likelyIterations } from "./iterations.ts";

const [i, end, runEnd] = [k.local("i32", "i"), k.local("i32", "end"), k.local("i32", "runEnd")];

describe("how many iterations a loop makes", () => {
  test("is known between numbers, and from any expression to that plus a number", () => {
    expect(knownIterations({ from: k.i32(3), to: k.i32(10) })).toBe(7);
    expect(knownIterations({ from: k.i32(10), to: k.i32(3) })).toBe(0);
    const place = k.mul(i, k.i32(5));
    expect(knownIterations({ from: place, to: k.binary("add", place, k.i32(5)) })).toBe(5);
    expect(knownIterations({ from: i, to: k.binary("add", place, k.i32(5)) })).toBeUndefined();
    expect(knownIterations({ from: k.i32(0), to: end })).toBeUndefined();
  });

  test("is estimated from its definitions, and otherwise the given default", () => {
    const known = new Map([["runEnd", k.min(k.binary("add", i, k.i32(512)), end)]]);
    expect(likelyIterations({ from: i, to: runEnd }, 64, known)).toBe(512);
    expect(likelyIterations({ from: i, to: runEnd }, 64)).toBe(64);
    expect(likelyIterations({ from: k.i32(0), to: k.i32(4) }, 64)).toBe(4);
    const circle = new Map([
      ["end", runEnd],
      ["runEnd", end],
    ]);
    expect(likelyIterations({ from: i, to: runEnd }, 16, circle)).toBe(16);
  });
});

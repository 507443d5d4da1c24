import { describe, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";
import {
  checkSecond,
  checkTangent,
  checkTranspose,
  firstFault,
} from "../../../../test/support/region-checks.ts";

describe("random regions", () => {
  test.each(["forward", "reverse"] as const)("have second derivatives, %s over reverse", (way) => {
    expect(firstFault(3000, extent(3, 15_000, 10), checkSecond(way))).toBeUndefined();
  });

  test("have transposes that agree with their tangents", () => {
    expect(firstFault(1000, extent(15, 30_000, 60), checkTranspose())).toBeUndefined();
  });

  test.each([
    { recompute: false },
    { reread: false },
    { fuse: false },
    { common: false },
    { hoist: false },
    { localise: false, tables: false },
    { coverage: false, reorder: false, sums: false },
    {
      recompute: false,
      fuse: false,
      common: false,
      hoist: false,
      coverage: false,
      reorder: false,
      sums: false,
    },
    { checkpoint: true },
    { checkpoint: true, fuse: false },
    { checkpoint: 1 },
    { checkpoint: 2, fuse: false },
    { checkpoint: 3 },
  ])("have equal transposes with %o", (options) => {
    expect(firstFault(2000, extent(4, 10_000, 15), checkTranspose(options))).toBeUndefined();
  });

  test("have the tangents that dual numbers yield", () => {
    expect(firstFault(1, extent(15, 30_000, 60), checkTangent)).toBeUndefined();
  });
});

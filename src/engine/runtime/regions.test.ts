import { describe, expect, test } from "vitest";
import { evaluateRegion } from "../../../test/support/evaluate-region.ts";
import * as r from "../../../test/support/region-text.ts";
import { sizedInterp } from "../backends/interp/index.ts";
import { makeJsBackend } from "../backends/js/index.ts";
import { makeWasmBackend } from "../backends/wasm/index.ts";
import { callSizes } from "../kernel/call-sizes.ts";
import { checkRoutine } from "../kernel/check.ts";
import { printRoutine } from "../kernel/print.ts";
import { scalarFunctions } from "../prims/scalar-functions.ts";
import { checkRegion } from "../region/check.ts";
import type { Region } from "../region/region.ts";
import type { RegionArgument, RegionOutcome } from "./regions.ts";
import { callOf, compileRegion } from "./regions.ts";

const backends = [
  ["the interpreter", sizedInterp],
  ["JavaScript", makeJsBackend(undefined, callSizes)],
  ["WebAssembly", makeWasmBackend()],
] as const;

const plain = (values: readonly RegionOutcome[]): unknown =>
  values.map((x) => (typeof x === "number" ? x : { data: [...x.data], dims: x.dims }));

/** Holds what each backend gives, or throws, to what a walk over the tree gives. */
function agree(region: Region, ...calls: readonly (readonly RegionArgument[])[]): void {
  checkRegion(region, scalarFunctions);
  for (const [, backend] of backends) {
    const code = compileRegion(region, backend);
    checkRoutine(code.lowered.routine);
    const call = callOf(code, region);
    for (const args of calls) {
      let wanted: unknown;
      let isFailure = false;
      try {
        wanted = plain(evaluateRegion(region, args).results as RegionOutcome[]);
      } catch {
        isFailure = true;
      }
      if (isFailure) expect(() => call(args)).toThrow();
      else expect(plain(call(args)), printRoutine(code.lowered.routine)).toEqual(wanted);
    }
    code.drop();
  }
}

const xs = (...data: readonly number[]): RegionArgument => ({ data, dims: [data.length] });

describe("regions run as a walk over their tree does", () => {
  test("sums, products and branches over an array", () => {
    agree(
      r.region(
        [r.arrayParam("x"), r.realParam("a")],
        [
          r.declare("s", r.f64(0)),
          r.loop("i", r.i32(0), r.lengthOf("x"), [
            r.when(
              r.less(r.load("x", r.int("i")), r.real("a")),
              [r.set("s", r.add(r.real("s"), r.load("x", r.int("i"))))],
              [r.set("s", r.sub(r.real("s"), r.f64(1)))],
            ),
          ]),
        ],
        [r.scalarResult(r.real("s"))],
      ),
      [xs(1, 2, 3, 4), 2.5],
      [xs(), 1],
      [xs(5), 7],
    );
  });

  test("checked places, in and out of range, with neighbours", () => {
    const region = r.region(
      [r.arrayParam("x"), r.intParam("k")],
      [
        r.array("y", r.lengthOf("x")),
        r.loop("i", r.i32(0), r.lengthOf("x"), [
          r.store(
            "y",
            r.int("i"),
            r.add(r.load("x", r.add(r.int("i"), r.int("k")), 1), r.load("x", r.int("i"), 2)),
            0,
          ),
        ]),
      ],
      [r.arrayResult("y")],
    );
    agree(region, [xs(1, 2, 3), 0], [xs(1, 2, 3), 1], [xs(1, 2, 3), -1], [xs(1), 0], [xs(), 5]);
  });
});

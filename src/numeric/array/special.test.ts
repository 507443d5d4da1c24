import { describe } from "vitest";
import { broadcasting, checkFamily, f64, floats, i32, on } from "../../../test/support/op-table.ts";
import * as functions from "./special.ts";

const f = functions;
const positive = [1.5, 2, 0.25, 3, 0.5, 7];
const shapes = [0.5, 2.5, 0.25, 7, 25, 30];
const places = [0.25, 4, 0.5, 6, 20, 35];
const few = floats(positive).slice(0, 4);
const whole = { ins: [i32([1, 2])] };

describe("special functions", () => {
  checkFamily(f, {
    lgamma: [on(f.lgamma, [...few, whole])],
    digamma: [on(f.digamma, [...few, whole])],
    polygamma: [
      on((x) => f.polygamma(0, x), few),
      on((x) => f.polygamma(2, x), [{ ins: [f64([1.5, 2])] }, whole]),
    ],
    zeta: [
      on((q) => f.zeta(1.5, q), [{ ins: [f64([0.5, 2])] }, whole]),
      on((q) => f.zeta([[2], [3]], q), [{ ins: [f64([0.5, 2])] }]),
    ],
    gammainc: [on(f.gammainc, [...broadcasting(shapes, places), { ins: [i32([1, 2]), 2] }])],
    gammaincc: [on(f.gammaincc, [...broadcasting(shapes, places), { ins: [i32([1, 2]), 2] }])],
  });
});

import { describe, expect, test } from "vitest";
import { grad, jit, jvp, type Tensor } from "downhill";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as a from "./arithmetic.ts";

const x = { ins: [f64([0.7, -1.3, 2.1])] };
const single = { ins: [f32([0.7, -1.3])] };
const positive = { ins: [f64([0.7, 1.3, 2.1])] };
const pair = { ins: [f64([5.3, -5.3, 2.5, -2.5]), f64([2, 2, -1.1, -1.1])] };
const wide = {
  ins: [f64([0.5, 1.5, -2.2]), f32([0.75, -1.25])].with(1, f64([[0.3], [-1.7]].flat(), [2, 1])),
};
const singles = { ins: [f32([5.3, -5.3]), f32([2, 3])] };
const whole = { ins: [i32([7, -7, 7, -7]), i32([2, 2, -2, -2])] };

describe("arithmetic", () => {
  checkFamily(a, {
    mod: [on(a.mod, [pair, singles, whole])],
    remainder: [on(a.remainder, [pair])],
    fmod: [on(a.fmod, [pair])],
    floorDivide: [on(a.floorDivide, [pair, singles, whole])],
    divmod: [on(a.divmod, [pair, whole])],
    modf: [on(a.modf, [x, single])],
    floatPower: [on(a.floatPower, [{ ins: [f64([1.5, 2]), f64([2.5, -1])] }])],
    rsqrt: [on(a.rsqrt, [positive])],
    hypot: [on(a.hypot, [pair, wide, singles, { ins: [f64([0]), f64([0])], differentiable: false }])],
    signbit: [on(a.signbit, [x])],
    copysign: [on(a.copysign, [pair, wide])],
    heaviside: [on(a.heaviside, [{ ins: [f64([-1, 2]), f64([0.3, 0.4])] }])],
    nanToNum: [on((y) => a.nanToNum(y), [x, { ins: [f64([NaN, Infinity, 1])], differentiable: false }])],
    sinc: [on(a.sinc, [x, single, { ins: [f64([0, 0.1, -0.3, 1e-8])] }])],
    logaddexp: [on(a.logaddexp, [pair, wide, singles, { ins: [f64([1, 2]), f64([1, 2])] }])],
    logaddexp2: [on(a.logaddexp2, [pair, wide])],
    xlogy: [on(a.xlogy, [{ ins: [f64([0, 1.5]), f64([2, 0.5])] }])],
    deg2rad: [on(a.deg2rad, [x])],
    rad2deg: [on(a.rad2deg, [x])],
    radians: [on(a.radians, [x])],
    degrees: [on(a.degrees, [x])],
    fmax: [on(a.fmax, [pair, wide])],
    fmin: [on(a.fmin, [pair, wide])],
    ldexp: [on((y) => a.ldexp(y, 3), [x])],
    frexp: [on(a.frexp, [x, single])],
    nextafter: [on(a.nextafter, [{ ins: [f64([1, -2.5]), f64([2, -9])], differentiable: false }])],
    isInf: [on(a.isInf, [x])],
    isPosInf: [on(a.isPosInf, [x])],
    isNegInf: [on(a.isNegInf, [x])],
    logicalXor: [on(a.logicalXor, [{ ins: [bool([1, 0, 1]), bool([1, 1, 0])] }])],
  });

  const slopes = (f: (x: Tensor, y: Tensor) => Tensor, u: number[], v: number[]): unknown =>
    grad((s: Tensor, t: Tensor) => f(s, t).sum(), { argnums: [0, 1] })(u, v).map((g) => g.tolist());

  test("logaddexp has its second derivative where both are equal", () => {
    const f = (y: Tensor): Tensor => grad((z: Tensor) => a.logaddexp(z, 1))(y);
    expect([f, jit(f)].map((g) => grad(g)(1).item())).toEqual([0.25, 0.25]);
    expect(slopes(a.logaddexp, [-Infinity], [-Infinity])).toEqual([[0.5], [0.5]]);
    expect(slopes(a.logaddexp, [-Infinity], [0])).toEqual([[0], [1]]);
  });

  test("xlogy has the logarithm as its slope at 0, and none where that is infinite", () => {
    expect(slopes(a.xlogy, [0, 0, 0], [2, 0, Infinity])).toEqual([[Math.log(2), 0, 0], [0, 0, 0]]); // prettier-ignore
  });

  test("hypot has slope 0 at the origin, and no overflow in its derivative", () => {
    expect(slopes(a.hypot, [0, 3e200], [0, 4e200])).toEqual([[0, 0.6], [0, expect.closeTo(0.8, 15)]]); // prettier-ignore
  });

  test("the derivatives of sinc at 0 are those of its series", () => {
    const second = grad(grad(a.sinc));
    expect(grad(a.sinc)(0).item()).toBe(0);
    expect(second(0).item()).toBeCloseTo(-(Math.PI ** 2) / 3, 14);
    expect(grad(grad(second))(0).item()).toBeCloseTo(Math.PI ** 4 / 5, 12);
    // πx cos πx − sin πx would lose all digits here
    expect(grad(a.sinc)(1e-6).item() / ((-(Math.PI ** 2) / 3) * 1e-6)).toBeCloseTo(1, 11);
  });

  test("the mantissa has the slope of a power of 2", () => {
    expect(grad((y: Tensor) => a.frexp(y)[0])(12).item()).toBe(1 / 16);
  });

  test("fmax takes the number beside a NaN, and so does its derivative", () => {
    expect(slopes(a.fmax, [NaN, 1], [2, NaN])).toEqual([[0, 1], [1, 0]]); // prettier-ignore
  });

  test("floorDivide is constant between its steps", () => {
    expect(jvp((y: Tensor) => a.floorDivide(y, 2), [5], [1])[1].item()).toBe(0);
  });
});

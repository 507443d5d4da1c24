import { afterEach, describe, expect, test } from "vitest";
import { configure, grad, jit, jvp, tensor, type DType, type Tensor } from "downhill";
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

const slopes = (f: (x: Tensor, y: Tensor) => Tensor, u: number[], v: number[]): unknown =>
  grad((s: Tensor, t: Tensor) => f(s, t).sum(), { argnums: [0, 1] })(u, v).map((g) => g.tolist());

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

  test("logaddexp has its second derivative at equal operands", () => {
    const f = (y: Tensor): Tensor => grad((z: Tensor) => a.logaddexp(z, 1))(y);
    expect([f, jit(f)].map((g) => grad(g)(1).item())).toEqual([0.25, 0.25]);
    expect(slopes(a.logaddexp, [-Infinity], [-Infinity])).toEqual([[0.5], [0.5]]);
    expect(slopes(a.logaddexp, [-Infinity], [0])).toEqual([[0], [1]]);
  });

  test("the derivative of xlogy at x = 0 is log y, or 0 where that is infinite", () => {
    expect(slopes(a.xlogy, [0, 0, 0], [2, 0, Infinity])).toEqual([[Math.log(2), 0, 0], [0, 0, 0]]); // prettier-ignore
  });

  test("hypot has derivative 0 at the origin, and its derivative does not overflow", () => {
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

  test("the derivative of the mantissa is a power of 2", () => {
    expect(grad((y: Tensor) => a.frexp(y)[0])(12).item()).toBe(1 / 16);
  });

  test("fmax and its derivative ignore a NaN operand", () => {
    expect(slopes(a.fmax, [NaN, 1], [2, NaN])).toEqual([[0, 1], [1, 0]]); // prettier-ignore
  });

  test("floorDivide is constant between its steps", () => {
    expect(jvp((y: Tensor) => a.floorDivide(y, 2), [5], [1])[1].item()).toBe(0);
  });
});

/** A generator of pseudo-random 32-bit words (xorshift). */
function words(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/**
 * Pairs of numbers of a dtype with random bits. Half of the floats are of similar size, so that not all quotients are
 * 0.
 */
function randomPairs(dtype: DType, count: number): readonly [number[], number[]] {
  const next = words(2463534242);
  const view = new DataView(new ArrayBuffer(8));
  const one = (): number => {
    if (dtype === "int32") return next() | 0;
    if (dtype === "uint32") return next();
    view.setUint32(0, next());
    view.setUint32(4, next());
    const x = dtype === "float64" ? view.getFloat64(0) : view.getFloat32(0);
    return Number.isFinite(x) ? x : one();
  };
  const round = dtype === "float32" ? Math.fround : (x: number): number => x;
  const isFloat = dtype === "float64" || dtype === "float32";
  const divisors = Array.from({ length: count }, one);
  const dividends = divisors.map((y, i) => {
    if (!isFloat) return i % 4 === 0 ? Math.imul(y, 3) >> (dtype === "int32" ? 0 : 31) : one();
    const x = round(y * round((next() / 2 ** 16) * 2 ** ((next() % 40) - 8)) * (next() % 2 === 0 ? 1 : -1));
    return i % 2 === 0 && Number.isFinite(x) ? x : one();
  });
  return [dividends.map((x) => (dtype === "uint32" ? x >>> 0 : x)), divisors];
}

/** A finite number as an integer times 2⁻¹⁰⁷⁴. */
function exactOf(x: number): bigint {
  const [mantissa, exponent] = a.frexp(x).map((t) => t.item()) as [number, number];
  const shift = exponent - 53 + 1074;
  const digits = BigInt(mantissa * 2 ** 53);
  return shift >= 0 ? digits << BigInt(shift) : digits >> BigInt(-shift);
}

function exactFloor(x: number, y: number): { quotient: bigint; rest: bigint } {
  const [n, d] = [exactOf(x), exactOf(y)];
  let quotient = n / d;
  if (n % d !== 0n && n < 0n !== d < 0n) quotient -= 1n;
  return { quotient, rest: n - quotient * d };
}

describe.each(["interpreter", "js", "wasm"] as const)("on %s", (backend) => {
  afterEach(() => configure({}));

  test.each(["int32", "uint32", "float64", "float32"] as const)(
    "floorDivide, divmod and mod of random pairs of %s over the full range are exact",
    (dtype) => {
      const [xs, ys] = randomPairs(dtype, 400);
      configure({ backend, reproducible: true });
      const both = jit((u: Tensor, v: Tensor) => [a.floorDivide(u, v), ...a.divmod(u, v), a.mod(u, v)]);
      const results = both(tensor(xs, { dtype }), tensor(ys, { dtype })).map((t) => [...t.data()]);
      configure({});
      const isFloat = dtype === "float64" || dtype === "float32";
      const [digits, unit] = dtype === "float64" ? [53, 2 ** -52] : [24, 2 ** -23];
      const round = dtype === "float32" ? Math.fround : (value: number): number => value;
      xs.forEach((u, i) => {
        const [floored, quotient, rest, modulo] = results.map((row) => row[i]!) as [number, number, number, number]; // prettier-ignore
        expect([quotient, rest]).toEqual([floored, modulo]);
        if (ys[i] === 0) return;
        const exact = exactFloor(u, ys[i]!);
        const wanted = round(Number(exact.quotient));
        if (isFloat && Math.abs(wanted) > 2 ** digits && Number.isFinite(wanted))
          expect(Math.abs(floored - wanted)).toBeLessThanOrEqual(unit * Math.abs(wanted));
        else expect([u, ys[i], floored + 0]).toEqual([u, ys[i], wanted]);
        // the exact remainder may need more digits than the dtype has: x + y for a tiny x
        const least = exactOf(modulo) - exact.rest;
        if (!isFloat) expect(least).toBe(0n);
        else expect(Math.abs(Number(least))).toBeLessThanOrEqual(Math.abs(Number(exact.rest)) * unit);
      });
    },
  );
});

test("floorDivide near overflow and at the edges of integers", () => {
  const whole = (x: number, y: number): number =>
    a
      .floorDivide(i32([x]), i32([y]))
      .at(0)
      .item();
  expect(whole(2147483647, -2)).toBe(-1073741824);
  expect(whole(-2147483648, 3)).toBe(-715827883);
  expect(whole(-2147483648, -1)).toBe(-2147483648); // wraps
  expect(whole(5, 0)).toBe(0);
  expect(a.floorDivide(1.7e308, -1e308).item()).toBe(-2);
  expect(a.divmod(-1.5e308, 1e308).map((t) => t.item())).toEqual([-2, 1e308 - 0.5e308]);
  expect([1, -1, 0].map((x) => a.floorDivide(x, 0).item())).toEqual([Infinity, -Infinity, NaN]);
  expect([1, -1].map((x) => a.floorDivide(x, Infinity).item())).toEqual([0, -1]);
});

test("nextafter steps over subnormal numbers, powers of 2, 0 and the greatest number in both directions", () => {
  const bits = new DataView(new ArrayBuffer(8));
  for (const dtype of ["float64", "float32"] as const) {
    const isDouble = dtype === "float64";
    const [least, normal, greatest] = isDouble
      ? [2 ** -1074, 2 ** -1022, Number.MAX_VALUE]
      : [2 ** -149, 2 ** -126, (2 - 2 ** -23) * 2 ** 127];
    /** The next larger number after a positive one, computed from its bits. */
    const above = (x: number): number => {
      if (isDouble) {
        bits.setFloat64(0, x);
        bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
        return bits.getFloat64(0);
      }
      bits.setFloat32(0, x);
      bits.setUint32(0, bits.getUint32(0) + 1);
      return bits.getFloat32(0);
    };
    const next = jit((x: Tensor, y: Tensor) => a.nextafter(x, y));
    const exponents = Array.from({ length: isDouble ? 2098 : 277 }, (_, i) => i - (isDouble ? 1074 : 149));
    const sizes = [0, ...exponents.map((n) => 2 ** n), normal - least, 3 * least, 1.75, 2 ** 100, greatest];
    const x = tensor([...sizes, ...sizes.map((size) => -size)], { dtype });
    const wanted = sizes.map(above);
    expect([...next(x, tensor([...sizes.map(() => Infinity), ...sizes.map(() => -Infinity)], { dtype })).data()]).toEqual([...wanted, ...wanted.map((y) => -y)]); // prettier-ignore
    const back = tensor([...wanted, ...wanted.map((y) => -y)], { dtype });
    expect([...next(back, tensor(0, { dtype })).data()]).toEqual([...sizes, ...sizes.map((size) => -size)]);
    expect([...next(tensor([-0, 0, NaN, 1], { dtype }), tensor([1, -1, 1, NaN], { dtype })).data()]).toEqual([least, -least, NaN, NaN]); // prettier-ignore
  }
  expect(a.nextafter(0, 1).item()).toBe(5e-324);
  expect(slopes(a.nextafter, [0, -0, 1, NaN, 1], [1, -1, 2, 1, NaN])).toEqual([[1, 1, 1, NaN, NaN], [0, 0, 0, NaN, NaN]]); // prettier-ignore
});

import type { ScalarType } from "../../src/engine/kernel/scalar.ts";

const max = Number.MAX_VALUE;
const tiny = Number.MIN_VALUE;
const max32 = 3.4028234663852886e38;
const tiny32 = 1.401298464324817e-45;
const [MIN, MAX, UMAX] = [-2147483648, 2147483647, 4294967295];

const bothSigns = (values: readonly number[]): number[] => values.flatMap((x) => [x, -x]);
/** Numbers of each type at which operations have special cases. */
export const scalarSpecials: Readonly<Record<ScalarType, readonly number[]>> = {
  f64: [
    NaN,
    ...bothSigns([
      0,
      1,
      0.5,
      1.5,
      2.5,
      0.1,
      1 / 3,
      7,
      0.49999999999999994,
      Infinity,
      tiny,
      max,
      2.2250738585072014e-308,
    ]),
    ...bothSigns([
      2 ** 31,
      2 ** 31 - 1,
      2 ** 31 + 1,
      2 ** 32,
      2 ** 32 - 1,
      4503599627370495.5,
      2 ** 52 + 1,
      2 ** 53,
      1e300,
    ]),
  ],
  f32: [
    NaN,
    ...bothSigns([
      0,
      1,
      0.5,
      1.5,
      2.5,
      0.1,
      1 / 3,
      7,
      Infinity,
      tiny32,
      max32,
      2 ** 31,
      8388607.5,
      1e-40,
      1e30,
    ]),
  ].map(Math.fround),
  i32: [0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, 65537, 0x55555555, MIN, MIN + 1, MAX, MAX - 1],
  u32: [0, 1, 2, 3, 7, 31, 32, 33, 65537, 0x55555555, MAX, MAX + 1, UMAX - 1, UMAX],
  bool: [0, 1],
};

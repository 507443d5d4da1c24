// Numbers that carry derivatives along two directions and the mixed second derivative. A region evaluated with them
// yields exact derivatives, from a separate table of derivatives. Unselected values contribute nothing: 0 times any
// slope is 0.
import type { RegionType } from "../../src/engine/region/form/region.ts";
import type { Domain } from "./evaluate-region.ts";
import { numbers } from "./evaluate-region.ts";
import type { ScalarValues } from "./scalar-values.ts";

/** A number x with its derivatives along the directions a and b, and along both. */
export interface HyperDual {
  readonly x: number;
  readonly a: number;
  readonly b: number;
  readonly ab: number;
}

/** Derivatives of a function at arguments x and y with value f: by x, y, x x, x y, y y. */
type Slopes = (x: number, y: number, f: number) => readonly number[];

/** First and second derivatives of functions of one argument. */
export const unary: Readonly<Record<string, (x: number, f: number) => readonly [number, number]>> = {
  neg: () => [-1, 0],
  abs: (x) => [Math.sign(x), 0],
  sqrt: (_, f) => [1 / (2 * f), -1 / (4 * f ** 3)],
  cbrt: (x, f) => [1 / (3 * f * f), -2 / (9 * f * f * x)],
  exp: (_, f) => [f, f],
  expm1: (_, f) => [f + 1, f + 1],
  exp2: (_, f) => [Math.LN2 * f, Math.LN2 ** 2 * f],
  log: (x) => [1 / x, -1 / x ** 2],
  log1p: (x) => [1 / (1 + x), -1 / (1 + x) ** 2],
  log2: (x) => [Math.LOG2E / x, -Math.LOG2E / x ** 2],
  log10: (x) => [Math.LOG10E / x, -Math.LOG10E / x ** 2],
  sin: (x, f) => [Math.cos(x), -f],
  cos: (x, f) => [-Math.sin(x), -f],
  tan: (_, f) => [1 + f * f, 2 * f * (1 + f * f)],
  asin: (x) => [(1 - x * x) ** -0.5, x * (1 - x * x) ** -1.5],
  acos: (x) => [-((1 - x * x) ** -0.5), -x * (1 - x * x) ** -1.5],
  atan: (x) => [1 / (1 + x * x), (-2 * x) / (1 + x * x) ** 2],
  sinh: (x, f) => [Math.cosh(x), f],
  cosh: (x, f) => [Math.sinh(x), f],
  tanh: (_, f) => [1 - f * f, -2 * f * (1 - f * f)],
  asinh: (x) => [(1 + x * x) ** -0.5, -x * (1 + x * x) ** -1.5],
  acosh: (x) => [(x * x - 1) ** -0.5, -x * (x * x - 1) ** -1.5],
  atanh: (x) => [1 / (1 - x * x), (2 * x) / (1 - x * x) ** 2],
};

/** Derivatives of functions of two arguments. At a tie, both arguments of `max` and `min` have half the slope. */
export const binary: Readonly<Record<string, Slopes>> = {
  add: () => [1, 1, 0, 0, 0],
  sub: () => [1, -1, 0, 0, 0],
  mul: (x, y) => [y, x, 0, 1, 0],
  strongMul: (x, y) => [y, x, 0, 1, 0],
  maskedMul: (x, y) => [y, x, 0, 1, 0],
  maskedMulBoth: (x, y) => [y, x, 0, 1, 0],
  div: (x, y) => [1 / y, -x / y ** 2, 0, -1 / y ** 2, (2 * x) / y ** 3],
  strongDiv: (x, y) => [1 / y, x === 0 ? 0 : -x / y ** 2, 0, -1 / y ** 2, (2 * x) / y ** 3],
  maskedDiv: (x, y) => [1 / y, -x / y ** 2, 0, -1 / y ** 2, (2 * x) / y ** 3],
  rem: (x, y) => [1, -Math.trunc(x / y), 0, 0, 0],
  maximum: (x, y) => [x > y ? 1 : x === y ? 0.5 : 0, y > x ? 1 : x === y ? 0.5 : 0, 0, 0, 0],
  minimum: (x, y) => [x < y ? 1 : x === y ? 0.5 : 0, y < x ? 1 : x === y ? 0.5 : 0, 0, 0, 0],
  pow(x, y, f) {
    const log = x === 0 && y >= 0 ? 0 : Math.log(x);
    const [once, twice] = [x ** (y - 1), x ** (y - 2)];
    return [y === 0 ? 0 : y * once, f * log, y * (y - 1) * twice, once * (1 + y * log), f * log * log];
  },
  atan2(y, x) {
    const r = x * x + y * y;
    const mixed = (2 * x * y) / r ** 2;
    return [x / r, -y / r, -mixed, (y * y - x * x) / r ** 2, mixed];
  },
};

/** Hyper-dual numbers; values are those of `values`, and derivatives are never rounded to float32. */
export function hyperDuals(values: ScalarValues): Domain<HyperDual> {
  const plain = numbers(values);
  const constant = (x: number): HyperDual => ({ x, a: 0, b: 0, ab: 0 });
  return {
    from: constant,
    number: ({ x }) => x,
    convert(to, from, value) {
      const x = plain.convert(to, from, value.x);
      return isReal(to) && isReal(from) ? { ...value, x } : constant(x);
    },
    apply(name, args, constants) {
      const f = plain.apply(name, args, constants);
      if (f === undefined) return undefined;
      const [one, two] = [unary[name], binary[name]];
      const isSmooth = isReal(f.type) && args.every(isReal);
      return {
        type: f.type,
        value(x, y) {
          const value = y === undefined ? f.value(x.x) : f.value(x.x, y.x);
          if (!isSmooth) return constant(value);
          if (y === undefined && one !== undefined) {
            const [d, dd] = one(x.x, value);
            return chain(value, x, constant(0), [d, 0, dd, 0, 0]);
          }
          return y !== undefined && two !== undefined
            ? chain(value, x, y, two(x.x, y.x, value))
            : constant(value);
        },
      };
    },
  };
}

export function chain(value: number, x: HyperDual, y: HyperDual, slopes: readonly number[]): HyperDual {
  const [fx, fy, fxx, fxy, fyy] = slopes as [number, number, number, number, number];
  return {
    x: value,
    a: times(x.a, fx) + times(y.a, fy),
    b: times(x.b, fx) + times(y.b, fy),
    ab:
      times(x.ab, fx) +
      times(y.ab, fy) +
      times(x.a * x.b, fxx) +
      times(x.a * y.b + y.a * x.b, fxy) +
      times(y.a * y.b, fyy),
  };
}

// a zero tangent contributes nothing, and neither does the operand that `maximum` did not select, even with an infinite
// tangent
const times = (tangent: number, slope: number): number =>
  tangent === 0 || slope === 0 ? 0 : tangent * slope;
const isReal = (type: RegionType): boolean => type === "f64" || type === "f32";

import { describe, expect, test } from "vitest";
import { grad, type Tensor } from "downhill";
import { checkFamily, f32, f64, on } from "../../../test/support/op-table.ts";
import * as module from "./fft.ts";

const { fourier } = module;
const numbers = (n: number, from = 1): number[] =>
  Array.from({ length: n }, (_, i) => Math.sin(3 * i + from));
const complex = (n: number, shape: number[], make = f64) => ({ ins: [make(numbers(n), shape), make(numbers(n, 2), shape)] }); // prettier-ignore
const by =
  (axis: number, sign: 1 | -1 = -1) =>
  (re: Tensor, im: Tensor) =>
    fourier(re, im, { axis, sign });

describe("Fourier transforms", () => {
  checkFamily(
    module,
    {
      fourier: [
        on(by(0), [complex(4, [4]), complex(6, [6]), complex(5, [5], f32), complex(1, [1])]),
        on(by(1, 1), [complex(12, [2, 3, 2])]),
        on(by(0, 1), [complex(16, [8, 2]), complex(14, [14])]),
      ],
    },
    { radicesOf: "works on lengths", turns: "creates tables" },
  );

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 26, 30, 60, 64, 121])("of %i numbers equal the defining sum", (n) => {
    const [x, y] = [numbers(n), numbers(n, 2)];
    const [re, im] = fourier(f64(x), f64(y), { axis: 0, sign: -1 }).map((out) => out.tolist() as number[]);
    for (let k = 0; k < n; k++) {
      let [a, b] = [0, 0];
      for (let j = 0; j < n; j++) {
        const angle = (-2 * Math.PI * ((j * k) % n)) / n;
        a += x[j]! * Math.cos(angle) - y[j]! * Math.sin(angle);
        b += x[j]! * Math.sin(angle) + y[j]! * Math.cos(angle);
      }
      expect(Math.abs(re![k]! - a) + Math.abs(im![k]! - b)).toBeLessThan(2e-15 * n);
    }
  }); // prettier-ignore

  test("refuse a length with a large prime factor", () => {
    expect(() =>
      fourier(f64(numbers(17)), f64(numbers(17)), { axis: 0, sign: 1 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fourier: axis 0 of f64[17] has a prime factor above 13.]`,
    );
  });

  test("an unused result does not contribute to the derivative", () => {
    expect(grad((x) => fourier(x, x, { axis: 0, sign: -1 })[0].sum())([1, 2]).tolist()).toEqual([2, 0]);
  });
});

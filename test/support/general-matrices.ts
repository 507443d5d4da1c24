// Real matrices with their eigenvalues, square roots and logarithms to 17 digits (test/testdata/linalg).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Tensor } from "downhill";
import { root } from "./snippets.ts";

/** Real and imaginary parts of complex numbers. */
export interface ComplexNumbers {
  readonly re: readonly number[];
  readonly im: readonly number[];
}

export interface GeneralMatrix {
  readonly name: string;
  readonly a: readonly (readonly number[])[];
  /** Change of an eigenvalue by a relative rounding error of size 1; null for matrices that lack eigenvectors. */
  readonly condition: number | null;
  readonly values: ComplexNumbers;
  readonly sqrtm: ComplexNumbers | null;
  readonly logm: ComplexNumbers | null;
}

export const generalMatrices = JSON.parse(
  readFileSync(join(root, "test/testdata/linalg/general-matrices.json"), "utf8"),
) as readonly GeneralMatrix[];

export const numbersOf = ({ re, im }: { readonly re: Tensor; readonly im: Tensor }): ComplexNumbers => ({
  re: [...re.data()],
  im: [...im.data()],
});

/** Largest distance of an element to the nearest unused element of a list; the order does not matter. */
export function distanceOfSets(found: ComplexNumbers, wanted: ComplexNumbers): number {
  const free = new Set(wanted.re.keys());
  let worst = found.re.length === wanted.re.length ? 0 : Infinity;
  found.re.forEach((re, i) => {
    const distances = [...free].map((j) => [Math.hypot(re - wanted.re[j]!, found.im[i]! - wanted.im[j]!), j]);
    const [distance, j] = distances.reduce((x, y) => (y[0]! < x[0]! ? y : x), [Infinity, -1]);
    free.delete(j!);
    worst = Math.max(worst, distance!);
  });
  return worst;
}

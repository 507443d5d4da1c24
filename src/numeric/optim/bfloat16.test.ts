import { grad, jit, sum, type Tensor, tensor, transpose } from "downhill";
import { muon } from "downhill/optim";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extent } from "../../../test/support/extent.ts";
import { roundToBfloat16 } from "./bfloat16.ts";
import { orthogonalize, orthogonalizeInBfloat16 } from "./muon.ts";

/**
 * Rounding by the bits of a float32: the upper half, plus one if the lower half is above its middle, or at the middle
 * and the upper half odd. No −0.
 */
function bfloat16(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer);
  bits[0] = (bits[0]! + 0x7fff + ((bits[0]! >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0]! + 0;
}

describe("rounding to bfloat16", () => {
  const round = jit((x: Tensor) => roundToBfloat16(x));
  const check = (numbers: readonly number[]): void => {
    for (const rounded of [round(tensor(numbers)), roundToBfloat16(tensor(numbers))]) {
      expect([...rounded.data()]).toEqual(numbers.map(bfloat16));
    }
  };

  test("agrees with rounding of the bits, for numbers of every size and sign", () => {
    const number = fc.integer({ min: 0, max: 0xffffffff }).map((bits) => {
      const x = new Float32Array(Uint32Array.of(bits).buffer)[0]!;
      return Math.abs(x) < 3e38 ? x : 2 ** -130; // avoids NaN
    });
    fc.assert(
      fc.property(fc.array(number, { minLength: 500, maxLength: 500 }), (numbers) => check(numbers)),
      { seed: 1, numRuns: extent(15, 100, 40) },
    );
  });

  test("rounds ties to even, across a power of two, and via float32", () => {
    const step = 2 ** -7; // spacing of bfloat16 from 1 to 2
    const middles = Array.from({ length: 128 }, (_, k) => 1 + (k + 0.5) * step);
    const near = middles.flatMap((x) => [x, x + 2 ** -23, x - 2 ** -23, x + 2 ** -40]);
    check([0, 1, 2 - 2 ** -23, ...near, ...near.map((x) => -x), ...near.map((x) => x * 2 ** -126)]);
    check(near.flatMap((x) => [(x - 1) * 2 ** -126, (1 - x) * 2 ** -126]));
  });

  test("has the derivative of the identity", () => {
    expect(grad((x: Tensor) => sum(roundToBfloat16(x).mul([1, 1 / 3])))([0.1, 7]).tolist()).toEqual([
      1,
      1 / 3,
    ]);
  });
});

describe("a matrix made orthogonal in bfloat16", () => {
  type Matrix = readonly (readonly number[])[];
  /** The definition, element by element. */
  const plainly = (x: Matrix, steps: number): Matrix => {
    const [a, b, c] = [3.4445, -4.775, 2.0315].map(Math.fround) as [number, number, number];
    const product = (p: Matrix, q: Matrix): Matrix =>
      p.map((row) => q[0]!.map((_, j) => Math.fround(row.reduce((s, v, k) => s + v * q[k]![j]!, 0))));
    const each = (p: Matrix, f: (v: number, i: number, j: number) => number): Matrix =>
      p.map((row, i) => row.map((v, j) => bfloat16(f(v, i, j))));
    const length = Math.sqrt(x.flat().reduce((total, v) => total + bfloat16(v) ** 2, 0));
    let y = each(x, (v) => bfloat16(v) / Math.max(bfloat16(length), bfloat16(1e-7)));
    for (let k = 0; k < steps; k++) {
      const gram = each(product(y, y[0]!.map((_, j) => y.map((row) => row[j]!))), (v) => v); // prettier-ignore
      const square = product(gram, gram);
      const factor = each(gram, (v, i, j) => b * v + Math.fround(c * square[i]![j]!));
      const moved = product(factor, y);
      y = each(y, (v, i, j) => a * v + moved[i]![j]!);
    }
    return y;
  };
  const numbers = fc.integer({ min: 1, max: 5 }).chain((n) =>
    fc.integer({ min: n + 1, max: 7 }).chain((m) => {
      const number = fc.integer({ min: -2000, max: 2000 }).map((k) => k / 1000); // of one size, so that sums are almost exact
      const row = fc.array(number, { minLength: m, maxLength: m });
      return fc.array(row, { minLength: n, maxLength: n });
    }),
  );

  test("agrees with the definition, wide or tall, in float64 and float32", () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 0, max: 5 }), (x, steps) => {
        const expected = plainly(x, steps);
        const wide = tensor(x);
        expect(orthogonalizeInBfloat16(wide, steps, 1e-7).tolist()).toEqual(expected);
        expect(transpose(orthogonalizeInBfloat16(transpose(wide), steps, 1e-7)).tolist()).toEqual(expected);
        const single = orthogonalizeInBfloat16(tensor(x, { dtype: "float32" }), steps, 1e-7);
        expect([single.dtype, single.tolist()]).toEqual(["float32", expected]);
      }),
      { seed: 2, numRuns: extent(20, 200, 60) },
    );
  });

  test("is within eight bits of the full-precision matrix, with similar derivatives", () => {
    const x = tensor([[1, -2, 0.5], [0.3, 0.4, 2]]); // prettier-ignore
    const coarse = orthogonalizeInBfloat16(x, 5, 1e-7).data();
    orthogonalize(x, 5, 1e-7)
      .data()
      .forEach((v, i) => expect(Math.abs(coarse[i]! - v)).toBeLessThan(0.05));
    const slope = (f: typeof orthogonalize): readonly number[] => [
      ...grad((y: Tensor) => sum(f(y, 1, 1e-7).mul([[1, 2, 3], [4, 5, 6]])))(x).data(), // prettier-ignore
    ];
    const exact = slope(orthogonalize);
    slope(orthogonalizeInBfloat16).forEach((s, i) => expect(Math.abs(s - exact[i]!)).toBeLessThan(0.1));
  });

  test("is used by muon with nsPrecision bfloat16", () => {
    const gradient = tensor([[1, -2], [0.5, 3]]); // prettier-ignore
    const params = { w: gradient };
    const { init, update } = muon({ learningRate: 1, weightDecay: 0, momentum: 0, nsPrecision: "bfloat16" });
    const step = update({ w: gradient }, init(params), params).updates.w;
    expect(step.tolist()).toEqual(orthogonalizeInBfloat16(gradient, 5, 1e-7).mul(-1).tolist());
  });
});

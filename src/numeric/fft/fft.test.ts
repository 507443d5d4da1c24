import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { concatenate, expandDims, grad, jit, jvp, ones, tensor, vjp, vmap, zeros, Tensor } from "downhill";
import * as fourier from "downhill/fft";
import { complex, fft, ifft, irfft, rfft, type Complex } from "downhill/fft";
import { checkPrimitive } from "downhill/testing";
import { checkSamples } from "../../testing/check-primitive.ts";
import { extent } from "../../../test/support/extent.ts";
import { checkFile } from "../../../test/support/golden.ts";
import { root } from "../../../test/support/snippets.ts";

interface Given {
  readonly shape: readonly number[];
  readonly re: readonly number[];
  readonly im?: readonly number[];
}
interface Case {
  readonly f: string;
  readonly x: Given;
  readonly options: object;
  readonly out: Given;
}
const { cases } = JSON.parse(readFileSync(join(root, "test/testdata/numpy/fft.json"), "utf8")) as {
  cases: Case[];
};
const functions = fourier as unknown as Readonly<
  Record<string, (x: Complex | Tensor, options: object) => Complex | Tensor>
>;

const made = ({ shape, re, im }: Given, dtype: "float64" | "float32"): Complex | Tensor => {
  const part = (numbers: readonly number[]): Tensor => tensor([...numbers], { shape, dtype });
  return im === undefined ? part(re) : { re: part(re), im: part(im) };
};
/** The largest difference, relative to the largest number. */
const difference = (out: Complex | Tensor, expected: Given): number => {
  const given = out instanceof Tensor ? [out] : [out.re, out.im];
  const wanted = expected.im === undefined ? [expected.re] : [expected.re, expected.im];
  expect(given.map((part) => part.shape)).toEqual(wanted.map(() => expected.shape));
  const scale = Math.max(1e-3, ...wanted.flat().map(Math.abs));
  return Math.max(
    ...given.flatMap((part, i) => Array.from(part.data(), (v, j) => Math.abs(v - wanted[i]![j]!) / scale)),
  );
};

describe("as NumPy", () => {
  test.each([...new Set(cases.map(({ f }) => f))])("%s", (name) => {
    for (const [i, { f, x, options, out }] of cases.filter((one) => one.f === name).entries()) {
      const what = `${f} of ${x.shape.join()} ${JSON.stringify(options)}`;
      expect(difference(functions[f]!(made(x, "float64"), options), out), what).toBeLessThan(2e-15);
      if (i % extent(3, 1, 1) !== 0) continue;
      expect(difference(functions[f]!(made(x, "float32"), options), out), `${what} in float32`).toBeLessThan(
        8e-7,
      );
    }
  });

  test("compiled", () => {
    for (const { f, x, options, out } of cases.filter((_, i) => i % 9 === 0)) {
      const compiled = jit((y: Complex | Tensor) => functions[f]!(y, options));
      expect(difference(compiled(made(x, "float64") as never), out)).toBeLessThan(2e-15);
    }
  });
});

const pair = (x: Tensor): Complex => ({ re: x.at("...", 0), im: x.at("...", 1) });
const asPairs = ({ re, im }: Complex): Tensor =>
  concatenate([expandDims(re, -1), expandDims(im, -1)], { axis: -1 });
checkFile("fft", {
  "fft.fft": ([x]) => asPairs(fft(x!)),
  "fft.rfft": ([x], { norm }) => asPairs(rfft(x!, norm === undefined ? {} : { norm: norm as "ortho" })),
  "fft.irfft": ([x], { n }) => irfft(pair(x!), { n: n as number }),
  "fft.fft2": ([x]) => asPairs(fourier.fft2(x!)),
});

describe("every rule holds", () => {
  const numbers = (n: number, from = 1): Tensor =>
    tensor(Array.from({ length: n }, (_, i) => Math.sin(3 * i + from)));
  const parts = (n: number): { readonly ins: readonly Tensor[] }[] => [{ ins: [numbers(n), numbers(n, 2)] }];
  const of = (f: (x: Complex) => Complex) => (re: Tensor, im: Tensor) => {
    const out = f({ re, im });
    return [out.re, out.im];
  };
  test.each<[string, (re: Tensor, im: Tensor) => Tensor | readonly Tensor[], number]>([
    ["fft of a length of small factors", of((x) => fft(x)), 6],
    ["fft of a prime length", of((x) => fft(x)), 17],
    ["ifft", of((x) => ifft(x, { norm: "ortho" })), 5],
    ["irfft", (re, im) => irfft({ re, im }), 4],
    ["complex products", of((x) => complex.mul(x, complex.conj(complex.add(x, 1)))), 3],
    ["complex quotients", of((x) => complex.div(x, complex.sub(2, x))), 3],
    ["complex powers of e", of((x) => complex.exp(x)), 3],
    ["lengths and angles", (re, im) => [complex.abs({ re, im }), complex.angle({ re, im })], 3],
  ])("of %s", (name, f, n) => {
    // A prime length is a convolution of other lengths, so that its program is long; its rules hold if theirs do.
    const only = n === 17 && extent(0, 1, 1) === 0 ? 0 : undefined;
    expect(checkSamples(f, parts(n), { name }, () => only).samples).toBe(1);
  });
  test("of cosine transforms", () => {
    for (const type of extent(0, 1) === 1 ? ([1, 2, 3, 4] as const) : ([2] as const))
      for (const n of [4, 5])
        expect(checkPrimitive((x: Tensor) => fourier.dct(x, { type, norm: "ortho" }), [{ ins: [numbers(n)] }], { name: "dct", modes: ["reverse"], order: 1 }).samples).toBe(1); // prettier-ignore
  });
  test("of rfft", () => {
    for (const n of [6, 5]) expect(checkPrimitive((x: Tensor) => of(() => rfft(x))(x, x), [{ ins: [numbers(n)] }], { name: "rfft" }).samples).toBe(1); // prettier-ignore
  });
});

describe("Fourier transforms", () => {
  test("long transforms are split, and their inverses restore the input", () => {
    for (const n of [1024, 1000, 729, 1009]) {
      const x = { re: tensor(Array.from({ length: n }, (_, i) => Math.sin(i * i))), im: ones([n]) };
      const back = jit((y: Complex) => ifft(fft(y)))(x);
      expect(complex.abs(complex.sub(back, x)).max().item()).toBeLessThan(4e-15);
    }
  });

  test("the cotangent has the derivatives in both parts, as in PyTorch", () => {
    // L = |X_1|² for x of two elements: X_1 = x_0 − x_1
    const loss = (x: Complex): Tensor => complex.abs(fft(x)).square().at(1);
    const slope = grad(loss)({ re: [3, 1], im: [1, 0] });
    const found = [slope.re.tolist(), slope.im.tolist()].flat() as number[];
    [4, -4, 2, -2].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 12));
  });

  test("a complex number is a tree node under every transform", () => {
    const x = { re: tensor([[1, 2], [3, 4]]), im: zeros([2, 2]) }; // prettier-ignore
    const rows = vmap((row: Complex) => fft(row))(x);
    expect(rows.re.tolist()).toEqual([[3, -1], [7, -1]]); // prettier-ignore
    const [, tangent] = jvp((y: Complex) => ifft(y), [x], [x]);
    expect(tangent.re.tolist()).toEqual([[1.5, -0.5], [3.5, -0.5]]); // prettier-ignore
    const [, pull] = vjp((y: Complex) => fft(y), x);
    expect(pull({ re: ones([2, 2]), im: zeros([2, 2]) })[0].re.tolist()).toEqual([[2, 0], [2, 0]]); // prettier-ignore
  });

  test("operands that do not fit are named, with a repair", () => {
    expect(() => fft(3)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fft: f64[] has no axis to transform along.]`,
    );
    expect(() => fft([1, 2], { axis: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fft: axis 1 is out of range for f64[2]: axes run from -1 to 0.]`,
    );
    expect(() => fft([1, 2], { n: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fft: n must be an integer from 1 to 2147483647, got 0.]`,
    );
    expect(() => fft([1, 2], { norm: "orth" as never })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fft: norm must be "backward" or "ortho" or "forward", got "orth". Did you mean "ortho"?]`,
    );
    expect(() => rfft({ re: [1], im: [1] } as never)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: rfft: takes real numbers. For complex numbers use fft.]`,
    );
    expect(() => fft({ re: [1, 2], im: [1] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fft: the real part is f64[2] and the imaginary part f64[1]; they must have the same shape.]`,
    );
    expect(() => fourier.fft2([1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fft2: f64[2] has 1 axes, but 2 are to be transformed.]`,
    );
    expect(() => fourier.fftn([[1, 2]], { axes: [0, 1], shape: [2] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fftn: shape has 1 sizes, for 2 axes.]`,
    );
    expect(() => complex.add([1, 2], [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: complex.add: shapes are incompatible: f64[2] and f64[3].]`,
    );
    expect(() => fourier.fftfreq(2.5)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fftfreq: n must be an integer from 1 to 2147483647, got 2.5.]`,
    );
  });

  test("cosine transforms with the norm ortho are orthogonal, and idct is the inverse of each type", () => {
    for (const type of [1, 2, 3, 4] as const) {
      const x = tensor([3, -1, 4, 1, -5, 9]);
      const y = fourier.dct(x, { type, norm: "ortho" });
      expect(y.square().sum().item()).toBeCloseTo(133, 12);
      for (const norm of ["backward", "ortho", "forward"] as const) {
        const back = fourier.idct(fourier.dct(x, { type, norm }), { type, norm });
        expect(back.sub(x).abs().max().item()).toBeLessThan(1e-14);
      }
    }
  });

  test("misuse of cosine transforms is refused", () => {
    expect(() => fourier.dct([1, 2], { type: 5 as never })).toThrow("dct: type must be 1, 2, 3 or 4, got 5.");
    expect(() => fourier.idct([1], { type: 1 })).toThrow(
      "idct: type 1 needs at least two elements along the axis, got 1.",
    );
    expect(() => fourier.dct({ re: [1], im: [1] } as never)).toThrow("dct: takes real numbers.");
    expect(() => fourier.dct(3)).toThrow("dct: f64[] has no axis to transform along.");
  });

  test("frequencies agree with NumPy", () => {
    expect(fourier.fftfreq(5, { d: 0.5 }).tolist()).toEqual([0, 0.4, 0.8, -0.8, -0.4]);
    expect(fourier.rfftfreq(4).tolist()).toEqual([0, 0.25, 0.5]);
    expect(complex.of([1, 2]).im.tolist()).toEqual([0, 0]);
  });
});

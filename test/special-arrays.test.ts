// Reductions and pairs of numbers on zeros, infinities, NaN, ties and edges against reference values made with PyTorch
// 2.6 and 2.13 (test/testdata/golden/special-arrays.json), with intended differences.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { tensor, vjp } from "downhill";
import { root } from "./support/snippets.ts";

type Flat = readonly (number | string)[];
interface Given {
  readonly shape: readonly number[];
  readonly data: Flat;
}
interface Case {
  readonly op: string;
  readonly args?: Readonly<Record<string, number>>;
  readonly note?: string;
  readonly inputs: readonly Given[];
  readonly outputs: readonly Given[];
  readonly grad_for_ones: readonly (Flat | null)[] | null;
}

const ops: Readonly<
  Record<string, (xs: readonly Tensor[], args: Readonly<Record<string, number>>) => Tensor>
> = {
  std: ([x], { correction = 1 }) => d.std(x!, { ddof: correction }),
  "std correction=0": ([x]) => d.std(x!),
  "std (equal values)": ([x]) => d.std(x!, { ddof: 1 }),
  "std (one element)": ([x]) => d.std(x!, { ddof: 1 }),
  var: ([x], { correction = 1 }) => d.variance(x!, { ddof: correction }),
  prod: ([x]) => d.prod(x!),
  "prod (empty)": ([x]) => d.prod(x!),
  cumprod: ([x]) => d.cumprod(x!),
  cummax: ([x]) => d.cummax(x!),
  cummin: ([x]) => d.cummin(x!),
  median: ([x]) => d.median(x!),
  fmin: ([x, y]) => d.fmin(x!, y!),
  fmax: ([x, y]) => d.fmax(x!, y!),
  copysign: ([x, y]) => d.copysign(x!, y!),
  logaddexp: ([x, y]) => d.logaddexp(x!, y!),
  hypot: ([x, y]) => d.hypot(x!, y!),
  xlogy: ([x, y]) => d.xlogy(x!, y!),
  floor_divide: ([x, y]) => d.floorDivide(x!, y!),
  sinc: ([x]) => d.sinc(x!),
  clamp: ([x, low, high], { min, max }) => d.clip(x!, low ?? tensor(min!), high ?? tensor(max!)),
};

/** Intended differences: pattern of the lines, and the reason. */
const byDesign: readonly (readonly [line: RegExp, reason: string])[] = [
  [
    /^fm(in|ax) .* at (.+), \2: 0\.5/,
    "two equal numbers have half of the derivative each, as those of maximum",
  ],
  [/^fm(in|ax) .* at NaN, NaN/, "of two NaN the second counts"],
  [/^copysign .* at -?Infinity/, "the slope is that of the sign, not result / x"],
  [/^logaddexp .* at -Infinity, -Infinity/, "two equal infinities have half of the derivative each"],
  [
    /^cumm(in|ax) (zeros|inf|neginf)/,
    "equal elements share the derivative evenly, as those of max; PyTorch gives it to the last one",
  ],
  [/^cumm(in|ax) nan/, "the slope of NaN is NaN, as that of max"],
  [/^cumprod nan .* at NaN: 4/, "the slope in an element does not depend on it"],
  [
    /^(cum)?prod (inf|neginf) .*: -?Infinity, reference NaN/,
    "a product of the other factors, not result / x",
  ],
  [/^clamp .*gradient 1 at 0, 1, 1/, "where both bounds are one number the lower one has the derivative"],
  [/^var inf/, "the mean is infinite, and all distances from it are NaN"],
  [/^hypot .* at -?0, -?0: 0/, "the length at 0 is a minimum, as that of norm"],
  [/^xlogy .* at -?0, -?(0|NaN): 0/, "what a mask did not choose has no part in the derivative"],
];

const { cases } = JSON.parse(
  readFileSync(join(root, "test/testdata/golden/special-arrays.json"), "utf8"),
) as { cases: Case[] };
const close = (a: number, b: number): boolean =>
  Object.is(a + 0, b + 0) || Math.abs(a - b) <= Math.max(1e-9 * Math.abs(b), 1e-16);

test("values and gradients equal PyTorch's, except for intended differences", () => {
  const found = cases.flatMap(({ op, args = {}, note = "", inputs, outputs, grad_for_ones: grads }) => {
    const name = op.replace("torch.", "");
    const xs = inputs.map(({ data, shape }) => tensor(data.map(Number), { shape }));
    const [out, pullback] = vjp((...ys: Tensor[]) => ops[name]!(ys, args), ...xs);
    const slopes = grads === null ? [] : pullback(d.onesLike(out));
    const lines: string[] = [];
    const compare = (what: string, actual: Tensor, expected: Flat): void =>
      actual.data().forEach((value, i) => {
        const at = xs.map((x) => x.data()[x.shape[0] === actual.shape[0] ? i : 0]).join(", ");
        if (!close(value, Number(expected[i])))
          lines.push(`${name} ${note} ${what} at ${at}: ${value}, reference ${expected[i]!}`);
      });
    compare("value", out, outputs[0]!.data);
    slopes.forEach((g, i) => grads?.[i] && compare(`gradient ${i}`, g, grads[i]));
    return lines;
  });
  expect(found.filter((line) => !byDesign.some(([pattern]) => pattern.test(line)))).toEqual([]);
  expect(byDesign.filter(([pattern]) => !found.some((line) => pattern.test(line)))).toEqual([]);
});

import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, softmax, sum, tensor, vmap } from "downhill";
import { gumbelSoftmax } from "downhill/nn";
import { gumbel, key, keys } from "downhill/random";

const logits = [1, -0.5, 0.25];

describe("gumbelSoftmax", () => {
  test("is the softmax of the logits and Gumbel noise, divided by the temperature", () => {
    const noise = gumbel(key(3), 3);
    const wanted = softmax(tensor(logits).add(noise).div(0.7));
    expect(gumbelSoftmax(key(3), logits, { temperature: 0.7 }).tolist()).toEqual(wanted.tolist());
    const columns = gumbelSoftmax(key(3), [[1, 2], [3, 4]], { axis: 0 }); // prettier-ignore
    expect(sum(columns, { axis: 0 }).tolist()).toEqual([1, 1]);
  });

  test("hard samples are exactly one-hot, with the frequencies of softmax", () => {
    const draws = vmap((k: Tensor) => gumbelSoftmax(k, logits, { hard: true, temperature: 0.3 }))(keys(key(1), 4000)); // prettier-ignore
    expect(draws.data().every((x) => x === 0 || x === 1)).toBe(true);
    const expected = softmax(logits).data();
    sum(draws, { axis: 0 }).div(4000).data().forEach((p, i) => expect(Math.abs(p - expected[i]!)).toBeLessThan(0.032)); // prettier-ignore
  });

  test("hard samples have the derivatives of soft ones", () => {
    const slope = (hard: boolean): unknown =>
      grad((z: Tensor) => gumbelSoftmax(key(5), z, { hard }).mul([1, 2, 4]).sum())(logits).tolist();
    expect(slope(true)).toEqual(slope(false));
    expect(gumbelSoftmax(key(5), tensor(logits, { dtype: "float32" }), { hard: true }).dtype).toBe("float32");
    const cooled = (t: Tensor): Tensor => gumbelSoftmax(key(5), logits, { temperature: t }).at(0);
    const h = 1e-6;
    const difference = (cooled(tensor(0.8 + h)).item() - cooled(tensor(0.8 - h)).item()) / (2 * h);
    expect(grad(cooled)(0.8).item()).toBeCloseTo(difference, 8);
  });

  test("misuse is refused", () => {
    expect(() => gumbelSoftmax(key(0), logits, { temperature: 0 })).toThrow(
      "gumbelSoftmax: temperature must be a positive number, got 0.",
    );
    expect(() => gumbelSoftmax(key(0), logits, { axis: 1 })).toThrow("gumbelSoftmax: axis 1 is out of range");
    expect(() => gumbelSoftmax(key(0), logits, { tau: 1 } as never)).toThrow(
      'gumbelSoftmax: unknown option "tau"',
    );
  });
});

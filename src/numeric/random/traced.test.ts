import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { jit, scan, sum, tensor, vmap } from "downhill";
import { bernoulli, bits, foldIn, key, split } from "downhill/random";

const words = (keys: readonly (Tensor | Uint32Array)[]): number[][] =>
  keys.map((k) => (k instanceof Uint32Array ? [...k] : [...k.data()]));

describe("keys that are tensors", () => {
  test("have the same words after split and foldIn as keys outside of transforms", () => {
    const k = key(7);
    expect(words(split(tensor(k), 3))).toEqual(words(split(k, 3)));
    expect(words([foldIn(tensor(k), 5)])).toEqual(words([foldIn(k, 5)]));
    expect(words([foldIn(tensor(k), tensor(5, { dtype: "int32" }))])).toEqual(words([foldIn(k, 5)]));
    const jitted = jit((traced: Tensor, n: Tensor) => [...split(traced), foldIn(traced, n)]);
    expect(words(jitted(tensor(k), tensor(9, { dtype: "uint32" })))).toEqual(
      words([...split(k), foldIn(k, 9)]),
    );
  });

  test("are refused if they are not keys", () => {
    expect(() => split(tensor([1, 2]))).toThrow(
      "split: a key tensor must have two words, u32[2]; got f64[2].",
    );
    expect(() => foldIn(tensor(key(0)), 0.5)).toThrow("foldIn: the number must be an integer from 0");
    expect(() => foldIn(tensor(key(0)), tensor(0.5))).toThrow(
      "foldIn: data must be an integer scalar, got f64[].",
    );
    expect(() => foldIn(key(0), -1)).toThrow(
      "foldIn: the number must be an integer from 0 to 4294967295, got -1.",
    );
  });
});

describe("bernoulli", () => {
  test("is true with its probability, as the bits determine", () => {
    const n = 100_000;
    for (const p of [0, 0.1, 0.5, 0.9, 1]) {
      const drawn = bernoulli(key(3), p, [n]);
      const count = sum(drawn).item();
      expect(Math.abs(count - n * p)).toBeLessThanOrEqual(5 * Math.sqrt(n * p * (1 - p))); // five standard deviations
    }
    const first = bits(key(3), 8);
    expect([...bernoulli(key(3), 0.3, [8]).data()]).toEqual(
      [...first.data()].map((b) => Number((b >>> 9) * 2 ** -23 < 0.3)),
    );
  });

  test("draws differently for another key, in jitted functions, loops and batches", () => {
    const draw = jit((k: Tensor) => bernoulli(k, 0.5, [64]));
    const at = (seed: number): string =>
      draw(tensor(key(seed)))
        .data()
        .join("");
    expect(at(1)).toBe(bernoulli(key(1), 0.5, [64]).data().join(""));
    expect(at(1)).not.toBe(at(2));
    const rows = vmap((k: Tensor) => bernoulli(k, 0.5, [64]))(
      tensor([...key(1), ...key(2)], { dtype: "uint32", shape: [2, 2] }),
    );
    expect([rows.at(0).data().join(""), rows.at(1).data().join("")]).toEqual([at(1), at(2)]);
    const [, looped] = scan((k: Tensor) => [foldIn(k, 1), bernoulli(k, 0.5, [4])], tensor(key(1)), null, {
      length: 3,
    });
    expect(looped.shape).toEqual([3, 4]);
    expect(looped.at(1).data().join("")).toBe(
      bernoulli(foldIn(key(1), 1), 0.5, [4])
        .data()
        .join(""),
    );
  });

  test.each<[() => unknown, string]>([
    [() => bernoulli(key(0), 1.5, [1]), "bernoulli: p must be between 0 and 1, got 1.5."],
    [
      () => bernoulli(3 as never, 0.5, [1]),
      "bernoulli: the first argument must be a key, two words in a Uint32Array; got the number 3.",
    ],
    [() => bernoulli(key(0), 0.5, [-1]), "bernoulli: -1 in shape [-1] is not a size"],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { grad, jit, jvp, makeProgram, tensor, unstack } from "downhill";
import { blockDiag } from "downhill/linalg";
import { ravel } from "downhill/tree";
import { extent } from "../../../test/support/extent.ts";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import { engine } from "../runtime/engine.ts";
import { mul } from "./arithmetic.ts";
import { full } from "./linear.ts";
import * as pieces from "./pieces.ts";
import { reshape, sum } from "./shape.ts";

const { concatenate, split } = pieces;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i + 1));
const twenty = Array.from({ length: 20 }, (_, i) => (i === 3 ? 0 : 1 + (i % 2)));
const total = twenty.reduce((n, size) => n + size, 0);

describe("pieces of arrays", () => {
  checkFamily(pieces, {
    concatenate: [
      on(
        (...xs) => concatenate(xs, 0),
        [
          { ins: [f64(numbers(2)), f64(numbers(3))] },
          { ins: [f32(numbers(2)), f32([]), f32(numbers(1))] },
          { ins: [f64(numbers(2)), f64(numbers(2)), f64(numbers(1)), f64(numbers(1))] },
          { ins: [f64(numbers(3))] },
          { ins: [i32([1, 2]), i32([3])] },
          { ins: [f64([], [0, 2]), f64(numbers(2), [1, 2])] },
        ],
      ),
      on((...xs) => concatenate(xs, 1), [{ ins: [f64(numbers(4), [2, 2]), f64(numbers(6), [2, 3])] }]),
    ],
    split: [
      on((x) => split(x, 0, [2, 0, 3])[2]!, [{ ins: [f64(numbers(5))] }]),
      on(
        (x) => concatenate(split(x, 0, twenty).toReversed(), 0),
        [{ ins: [f64(numbers(total))] }, { ins: [f32(numbers(total))] }],
      ),
      on(
        (x) => split(x, 1, twenty)[4]!,
        [
          { ins: [f64(numbers(2 * total), [2, total])] },
          { ins: [i32(numbers(2 * total).map(Math.round), [2, total])] },
        ],
      ),
    ],
  });

  test("very many arrays are concatenated, eagerly, jitted and in gradients", () => {
    const n = extent(1000, 3000);
    const joined = (x: Tensor): Tensor => {
      const parts = Array.from({ length: n }, (_, i) => reshape(mul(x, full(x.type, i)), [1]));
      return sum(concatenate(parts, 0), [0]);
    };
    expect(joined(tensor(2)).item()).toBe((n - 1) * n);
    expect(jit(grad(joined))(2).item()).toBe(((n - 1) * n) / 2);
  });

  test("shapes that do not match are named", () => {
    expect(() => concatenate([f64([1], [1, 1]), f64([1, 2], [1, 2])], 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: concatenate: f64[1,2] does not fit f64[1,1] along axis 0.]`,
    );
  });

  const list = (n: number): Tensor[] => Array.from({ length: n }, (_, i) => tensor([i + 0.5, 1]));
  const gradient = (f: (xs: Tensor[]) => Tensor) => grad(f as never) as unknown as (xs: Tensor[]) => Tensor[];
  const squares = (join: (xs: Tensor[]) => Tensor) => (xs: Tensor[]) => join(xs).mul(join(xs)).sum();

  test.each<readonly [name: string, run: (n: number) => unknown]>([
    ["gradient of stack", (n) => gradient(squares((xs) => d.stack(xs, { axis: 1 })))(list(n))],
    [
      "gradient of stack of scalars",
      (n) => gradient(squares((xs) => d.stack(xs)))(list(n).map((x) => x.at(0))),
    ],
    ["gradient of concatenate", (n) => gradient(squares((xs) => d.concatenate(xs)))(list(n))],
    ["gradient of vstack", (n) => gradient(squares((xs) => d.vstack(xs)))(list(n))],
    ["gradient of unstack", (n) => grad((x: Tensor) => unstack(x).reduce((a, b) => a.mul(b)))(d.ones([n]))],
    [
      "second derivative of stack",
      (n) => jvp(gradient(squares((xs) => d.stack(xs))) as never, [list(n)] as never, [list(n)] as never),
    ],
    ["split", (n) => d.split(d.ones([2 * n]), n)],
    ["ravel and unravel", (n) => ravel(list(n))[1](d.ones([2 * n]))],
    ["blockDiag", (n) => blockDiag(list(n).map((x) => reshape(x, [1, 2])))],
  ])("%s: the number of compilations does not grow with the number of pieces", (_, run) => {
    const before = engine.compilations;
    run(80);
    expect(engine.compilations - before).toBeLessThan(10);
  });

  test("traced programs are linear in the number of pieces, in every order of derivatives", () => {
    const equations = (f: (xs: Tensor[]) => unknown, n: number): number =>
      makeProgram(f as never)(list(n)).eqns.length;
    const second = (xs: Tensor[]): unknown =>
      jvp(gradient(squares((ys) => d.stack(ys))) as never, [xs] as never, [xs] as never);
    for (const f of [gradient(squares((xs) => d.stack(xs))), second]) {
      const [few, many] = [equations(f, 100), equations(f, 200)];
      expect(many).toBeLessThanOrEqual(2 * few);
    }
  });

  test("parts that are not read do not contribute to the derivative", () => {
    const x = tensor(Array.from({ length: 20 }, (_, i) => i));
    const f = (y: Tensor): Tensor => unstack(d.sqrt(y))[4]!;
    expect(grad(f)(x).tolist()).toEqual(Array.from(x.data(), (_, i) => (i === 4 ? 0.25 : 0)));
    expect(jit(grad(f))(x).tolist()).toEqual(grad(f)(x).tolist());
  });

  test("results of eager pieces are separate copies", () => {
    const x = tensor(
      new Float32Array(40).map((_, i) => i),
      { shape: [2, 20] },
    );
    const parts = unstack(x, { axis: 1 });
    expect(parts.map((part) => part.tolist())).toEqual(Array.from({ length: 20 }, (_, i) => [i, 20 + i]));
    expect(d.stack(parts, { axis: 1 }).tolist()).toEqual(x.tolist());
    expect(d.slice(x, [1, 2], [3, 7]).tolist()).toEqual([[23, 24, 25, 26]]);
    expect(d.slice(x, null, [3, 4]).tolist()).toEqual([[3], [23]]);
    expect(d.concatenate([d.tensor([true, false]), d.tensor([true])]).tolist()).toEqual([1, 0, 1]);
  });
});

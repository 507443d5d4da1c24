import { describe, expect, test } from "vitest";
import { grad, matmul, type Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as module from "./einsum.ts";

const { einsum } = module;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const a = f64(numbers(6), [2, 3]);
const b = f64(numbers(12), [3, 4]);
const cube = f64(numbers(12), [2, 3, 2]);
const by =
  (formula: string) =>
  (...xs: Tensor[]) =>
    einsum(formula, ...xs);

/** The sum by its definition, over all values of all index letters. */
function byDefinition(formula: string, xs: readonly Tensor[]): number[] {
  const [left, output] = formula.split("->") as [string, string];
  const terms = left.split(",");
  const sizes = new Map<string, number>();
  terms.forEach((term, i) => [...term].forEach((letter, axis) => sizes.set(letter, xs[i]!.shape[axis]!)));
  const letters = [...output, ...[...sizes.keys()].filter((letter) => !output.includes(letter))];
  const at = (term: string, index: ReadonlyMap<string, number>): number =>
    [...term].reduce((sum, letter) => sum * sizes.get(letter)! + index.get(letter)!, 0);
  const out = new Array<number>([...output].reduce((n, letter) => n * sizes.get(letter)!, 1)).fill(0);
  const visit = (depth: number, index: Map<string, number>): void => {
    const letter = letters[depth];
    if (letter === undefined) {
      out[at(output, index)]! += terms.reduce(
        (product, term, i) => product * xs[i]!.data()[at(term, index)]!,
        1,
      );
      return;
    }
    for (let i = 0; i < sizes.get(letter)!; i++) visit(depth + 1, index.set(letter, i));
  };
  visit(0, new Map());
  return out;
}

describe("einsum", () => {
  checkFamily(module, {
    einsum: [
      on(by("ij,jk->ki"), [{ ins: [a, b] }]),
      on(by("ij,jk->ik"), [
        { ins: [f32(numbers(6), [2, 3]), f32(numbers(6), [3, 2])] },
        { ins: [i32([1, 2], [1, 2]), i32([3, 4], [2, 1])] },
      ]),
      on(by("ii->i"), [{ ins: [f64(numbers(9), [3, 3])] }]),
      on(by("iji->j"), [{ ins: [cube] }]),
      on(by("ij->"), [{ ins: [a] }]),
      on(by("bij,bjk->bik"), [{ ins: [cube, f64(numbers(12), [2, 2, 3])] }]),
      on(by("i,j,k->kij"), [{ ins: [f64([1, 2]), f64([3, 4, 5]), f64([0.5, 0.25])] }]),
      on(by("...i,...i->..."), [{ ins: [a, a] }, { ins: [f64([1, 2]), f64([3, 4])] }]),
    ],
  });

  const cases: [string, Tensor[]][] = [
    ["ij->ji", [a]],
    ["ij,jk->ik", [a, b]],
    ["ij,jk->", [a, b]],
    ["ij,jk->j", [a, b]],
    ["ij,jk,kl->il", [a, b, f64(numbers(8), [4, 2])]],
    ["ij,ij->ij", [a, a]],
    ["ij,kl->lijk", [a, b]],
    ["iji,jk->k", [cube, b]],
    ["aa,a->a", [f64(numbers(9), [3, 3]), f64(numbers(3))]],
    ["abc,abd,ab->cd", [cube, cube, a]],
  ];
  test.each(cases)("%s equals the sum of its definition", (formula, xs) => {
    const expected = byDefinition(formula, xs);
    const out = Array.from(einsum(formula, ...xs).data());
    expect(out).toHaveLength(expected.length);
    out.forEach((y, i) => expect(y).toBeCloseTo(expected[i]!, 13));
  });

  test("without an arrow, the letters that occur once are in alphabetical order", () => {
    expect(einsum("ba", a).shape).toEqual([3, 2]);
    expect(einsum("ij,jh", a, b).shape).toEqual([4, 2]);
    expect(einsum("...ij,...jk", cube, f64(numbers(4), [2, 2, 1])).shape).toEqual([2, 3, 1]);
  });

  test.each<[() => unknown, string]>([
    [() => einsum("ij,jk->ik", a), 'einsum: cannot read "ij,jk->ik": it has 2 operands, and 1 are given.'],
    [() => einsum("ijk->i", a), '"ijk" names 3 axes, operand 0 is f64[2,3].'],
    [() => einsum("i->i", a), '"i" names 1 axes, operand 0 is f64[2,3].'],
    [() => einsum("ij,ij->i", a, b), 'einsum: "i" of "ij,ij->i" is 2 and 3 long (operand 1 is f64[3,4]).'],
    [() => einsum("ij->k", a), '"k" of the result is in no operand.'],
    [() => einsum("ij->ii", a), "a letter of the result occurs twice."],
    [() => einsum("i1->i", a), '"i1" is not a list of letters.'],
    [() => einsum("ij->i->j", a), "it has more than one ->."],
    [() => einsum("...j->j", a), "the result lacks ...."],
    [() => einsum(a as never), "the first argument must be a string"],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("axes of ...", () => {
  test.each<[string, readonly number[], readonly number[], readonly number[]]>([
    ["...ij,...jk->...ik", [1, 2, 2], [3, 2, 2], [3, 2, 2]],
    ["...ij,...jk->...ik", [3, 2, 2], [1, 2, 2], [3, 2, 2]],
    ["...ij,...jk->...ik", [4, 1, 2, 2], [3, 2, 2], [4, 3, 2, 2]],
    ["...ij,...jk->...ik", [1, 1, 2, 2], [1, 2, 2], [1, 1, 2, 2]],
    ["...ij,...jk->...ik", [1, 2, 2], [0, 2, 2], [0, 2, 2]],
  ])(
    "of 1 and more are broadcast as those of matmul, and threw: %s of %j and %j",
    (formula, left, right, shape) => {
      const make = (sizes: readonly number[]): Tensor =>
        f64(numbers(sizes.reduce((n, m) => n * m, 1)), [...sizes]);
      const [u, v] = [make(left), make(right)];
      const out = einsum(formula, u, v);
      expect(out.shape).toEqual(shape);
      expect(out.tolist()).toEqual(matmul(u, v).tolist());
      const gradient = (f: (x: Tensor, y: Tensor) => Tensor): unknown[] =>
        grad((x: Tensor, y: Tensor) => f(x, y).mul(f(x, y)).sum(), { argnums: [0, 1] })(u, v).map(
          (g) => g.shape,
        );
      expect(gradient((x, y) => einsum(formula, x, y))).toEqual([left, right]);
    },
  );

  test("work for three operands, and without a result term", () => {
    const x = f64(numbers(6), [3, 2]);
    expect(einsum("...i,...i,...i->...", f64([1, 2], [1, 2]), x, x).shape).toEqual([3]);
    expect(einsum("...i,i...", f64([1, 2], [1, 2]), f64(numbers(6), [2, 3])).shape).toEqual([3]);
    expect(() => einsum("...i,...i->...", f64(numbers(4), [2, 2]), x)).toThrow('"..." of');
  });
});

import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../test/support/op-table.ts";
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

/** The sum by its definition, over all values of all letters. */
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
  test.each(cases)("%s is the sum of its definition", (formula, xs) => {
    const expected = byDefinition(formula, xs);
    const out = Array.from(einsum(formula, ...xs).data());
    expect(out).toHaveLength(expected.length);
    out.forEach((y, i) => expect(y).toBeCloseTo(expected[i]!, 13));
  });

  test("without an arrow the letters that occur once stand in the order of the alphabet", () => {
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
    [() => einsum("ij->ii", a), "a letter of the result comes twice."],
    [() => einsum("i1->i", a), '"i1" is no list of letters.'],
    [() => einsum("ij->i->j", a), "it has more than one ->."],
    [() => einsum("...j->j", a), "the result lacks ...."],
    [() => einsum(a as never), "the first argument is a text"],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

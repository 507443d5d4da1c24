import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addPolynomials,
  constantPolynomial,
  hasName,
  multiplyPolynomials,
  namePolynomial,
  namesIn,
  type Polynomial,
  renamed,
  samePolynomial,
  splitBy,
} from "./polynomial.ts";

const names = ["i", "j", "ij", "n"];

/** Polynomials with up to four terms of degree three at most. */
const polynomials = fc
  .array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.array(fc.constantFrom(...names), { maxLength: 3 })), {
    maxLength: 4,
  })
  .map((terms) =>
    terms.reduce<Polynomial>(
      (p, [coefficient, factors]) =>
        addPolynomials(
          p,
          factors.reduce(
            (product, name) => multiplyPolynomials(product, namePolynomial(name))!,
            constantPolynomial(coefficient),
          ),
        ),
      constantPolynomial(0),
    ),
  );

const values = fc
  .record({ i: fc.integer(), j: fc.integer(), ij: fc.integer(), n: fc.integer() })
  .map((numbers) => new Map(Object.entries(numbers).map(([name, value]) => [name, BigInt(value)])));

/** The exact value of a polynomial. */
function valueOf(p: Polynomial, at: ReadonlyMap<string, bigint>): bigint {
  let sum = 0n;
  for (const [term, coefficient] of p) {
    const factors = term === "" ? [] : term.split(" ");
    sum += factors.reduce((product, name) => product * at.get(name)!, BigInt(coefficient));
  }
  return sum;
}

/** Checks that no term has the coefficient 0, and that the names of each term are in order. */
function expectNormalForm(p: Polynomial): void {
  expect([...p.values()]).not.toContain(0);
  expect([...p.keys()].map((term) => term.split(" ").toSorted().join(" "))).toEqual([...p.keys()]);
}

describe("polynomials", () => {
  test("sums, differences and products have the values of their operands' values, in normal form", () => {
    fc.assert(
      fc.property(polynomials, polynomials, values, fc.integer({ min: -3, max: 3 }), (p, q, at, factor) => {
        const [x, y] = [valueOf(p, at), valueOf(q, at)];
        const sum = addPolynomials(p, q, factor);
        const product = multiplyPolynomials(p, q)!;
        expect(valueOf(sum, at)).toBe(x + BigInt(factor) * y);
        expect(valueOf(product, at)).toBe(x * y);
        [p, sum, product].forEach(expectNormalForm);
      }),
      { numRuns: 100 },
    );
  });

  test("a split by a name puts them together again, without the name in its parts", () => {
    fc.assert(
      fc.property(polynomials, fc.constantFrom(...names), values, (p, name, at) => {
        const split = splitBy(p, name);
        const isSquared = [...p.keys()].some(
          (term) => term.split(" ").filter((other) => other === name).length > 1,
        );
        expect(split === undefined).toBe(isSquared);
        if (split === undefined) return;
        expect(valueOf(split.factor, at) * at.get(name)! + valueOf(split.rest, at)).toBe(valueOf(p, at));
        expect(hasName(split.factor, name) || hasName(split.rest, name)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test("names are replaced all at once, and terms that become equal are added up", () => {
    const swap = new Map([["i", "j"], ["j", "i"]]); // prettier-ignore
    fc.assert(
      fc.property(polynomials, values, (p, at) => {
        const swapped = new Map(at).set("i", at.get("j")!).set("j", at.get("i")!);
        const found = renamed(p, swap);
        expect(valueOf(found, at)).toBe(valueOf(p, swapped));
        expectNormalForm(found);
      }),
      { numRuns: 100 },
    );
    const difference = addPolynomials(namePolynomial("i"), namePolynomial("j"), -1);
    expect(renamed(difference, new Map([["i", "j"]])).size).toBe(0);
  });

  test("a name is found as a whole, not as a part of another", () => {
    expect(hasName(namePolynomial("ij"), "i")).toBe(false);
    const product = multiplyPolynomials(namePolynomial("n"), namePolynomial("i"))!;
    expect(names.filter((name) => hasName(product, name))).toEqual(["i", "n"]);
    expect(namesIn(product)).toEqual(["i", "n"]);
    expect(namesIn(constantPolynomial(3))).toEqual([]);
  });

  test("two are the same if all their coefficients are equal", () => {
    const [i, n] = [namePolynomial("i"), namePolynomial("n")];
    expect(samePolynomial(addPolynomials(i, n), addPolynomials(n, i))).toBe(true);
    expect(samePolynomial(i, addPolynomials(i, n))).toBe(false);
    expect(samePolynomial(addPolynomials(i, n), i)).toBe(false);
    expect(samePolynomial(i, addPolynomials(i, i))).toBe(false);
    expect(samePolynomial(constantPolynomial(0), new Map())).toBe(true);
  });

  test("a product with more than 24 terms before its terms are added up is not computed", () => {
    const sum = (count: number): Polynomial =>
      Array.from({ length: count }, (_, k) => namePolynomial(`x${k}`)).reduce((p, q) => addPolynomials(p, q));
    expect(multiplyPolynomials(sum(4), sum(6))?.size).toBeGreaterThan(0);
    expect(multiplyPolynomials(sum(5), sum(5))).toBeUndefined();
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addPolynomials,
  constantPolynomial,
  multiplyPolynomials,
  namePolynomial,
  type Polynomial,
} from "../../loops/polynomial.ts";
import {
  atomExpr,
  indexBounds,
  isNeverNegative,
  isSum,
  lengthAtom,
  leastOver,
  onlyName,
} from "./whole-numbers.ts";

const [i, j, n] = ["i", "j", "n"].map(namePolynomial) as [Polynomial, Polynomial, Polynomial];
const c = constantPolynomial;
const sub = (x: Polynomial, y: Polynomial): Polynomial => addPolynomials(x, y, -1);
const isNatural = (name: string): boolean => name === "n";

/** The value of a polynomial at numbers. */
const valueOf = (p: Polynomial, at: Readonly<Record<string, number>>): number =>
  [...p].reduce(
    (sum, [term, coefficient]) =>
      sum + (term === "" ? [] : term.split(" ")).reduce((product, name) => product * at[name]!, coefficient),
    0,
  );

test("the only name of a polynomial name − c is found for c ≥ 0, and not in others", () => {
  expect(onlyName(i)).toBe("i");
  expect(onlyName(sub(i, c(1)))).toBe("i");
  const others = [
    addPolynomials(i, c(1)),
    addPolynomials(i, i),
    addPolynomials(i, j),
    multiplyPolynomials(i, j)!,
    sub(c(0), i),
    c(3),
    c(0),
  ];
  expect(others.map(onlyName)).toEqual(others.map(() => undefined));
});

test("a sum has terms that are at least 0: natural names with coefficients that are not negative", () => {
  expect(isSum(addPolynomials(n, c(2)), isNatural)).toBe(true);
  expect(isSum(c(0), isNatural)).toBe(true);
  expect(isSum(sub(n, c(1)), isNatural)).toBe(false);
  expect(isSum(addPolynomials(n, i), isNatural)).toBe(false);
  expect(isSum(multiplyPolynomials(n, i)!, isNatural)).toBe(false);
});

test("a loop index has the bounds of its direction", () => {
  const local = (name: string) => ({ kind: "local", type: "i32", name }) as const;
  const of = (name: string): Polynomial => namePolynomial(name);
  const loop = { kind: "for", index: "i", from: local("a"), to: local("b"), body: [] } as const;
  const bounds = (step: number): unknown =>
    indexBounds({ ...loop, step }, (bound) => (bound.kind === "local" ? of(bound.name) : undefined));
  expect(bounds(1)).toEqual({ least: of("a"), greatest: sub(of("b"), c(1)) });
  expect(bounds(-2)).toEqual({ least: addPolynomials(of("b"), c(1)), greatest: of("a") });
});

test("the least value of a polynomial over ranges is never above a value within them", () => {
  const coefficient = fc.integer({ min: -3, max: 3 });
  const ranges = [
    { name: "i", least: c(0), greatest: sub(n, c(1)) },
    { name: "j", least: i, greatest: addPolynomials(i, c(2)) },
  ];
  let proved = 0;
  fc.assert(
    fc.property(coefficient, coefficient, coefficient, coefficient, (a, b, d, e) => {
      const p = [i, j, n, c(1)].reduce((sum, q, k) => addPolynomials(sum, q, [a, b, d, e][k]), c(0));
      if (!isNeverNegative(p, ranges, isNatural)) return;
      proved++;
      let least = Infinity;
      for (let size = 1; size <= 5; size++)
        for (let at = 0; at < size; at++)
          for (let next = at; next <= at + 2; next++)
            least = Math.min(least, valueOf(p, { i: at, j: next, n: size }));
      expect(least).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 300, seed: 1 },
  );
  expect(proved).toBeGreaterThan(20);
});

test("differences of bounds and indices are never negative", () => {
  const range = { name: "i", least: c(0), greatest: sub(n, c(1)) };
  expect(isNeverNegative(sub(sub(n, c(1)), i), [range], isNatural)).toBe(true);
  expect(isNeverNegative(sub(sub(n, c(2)), i), [range], isNatural)).toBe(false);
  expect(isNeverNegative(i, [range], isNatural)).toBe(true);
  expect(isNeverNegative(sub(i, c(1)), [range], isNatural)).toBe(false);
  expect(isNeverNegative(i, [{ ...range, least: undefined }], isNatural)).toBe(false);
});

test("the least value is unknown for squares and for factors of unknown sign", () => {
  const range = { name: "i", least: c(0), greatest: n };
  expect(leastOver(multiplyPolynomials(i, i)!, range, isNatural)).toBeUndefined();
  expect(leastOver(multiplyPolynomials(i, j)!, range, isNatural)).toBeUndefined();
  expect(leastOver(n, range, isNatural)).toBe(n);
  expect(leastOver(sub(n, i), range, isNatural)).toEqual(c(0));
});

test("names of lengths are read back, also of arrays with colons in their names", () => {
  expect(atomExpr(lengthAtom("x", 1))).toEqual({ kind: "length", type: "i32", array: "x", axis: 1 });
  expect(atomExpr(lengthAtom("a:b", 0))).toEqual({ kind: "length", type: "i32", array: "a:b", axis: 0 });
  expect(atomExpr("i")).toEqual({ kind: "local", type: "i32", name: "i" });
});

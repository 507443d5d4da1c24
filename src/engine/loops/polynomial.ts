// Polynomials with integer coefficients, used to compare indices and to check them against array bounds.

/**
 * Polynomial as a map from term to integer coefficient. A term is its names in alphabetical order, joined by spaces;
 * the constant term is the empty string. Its value is the exact integer, without wrapping.
 */
export type Polynomial = ReadonlyMap<string, number>;

/** Maximum number of terms of a product, before equal terms are added. Larger products are not computed. */
const mostTerms = 24;

const zero: Polynomial = /* @__PURE__ */ new Map();
export const one: Polynomial = /* @__PURE__ */ new Map([["", 1]]);

export function constantPolynomial(value: number): Polynomial {
  return value === 0 ? zero : new Map([["", value]]);
}

/** Returns the polynomial whose value is that of the variable `name`. */
export function namePolynomial(name: string): Polynomial {
  return new Map([[name, 1]]);
}

/** Computes the polynomial x + factor · y. */
export function addPolynomials(x: Polynomial, y: Polynomial, factor = 1): Polynomial {
  if (y.size === 0) return x;
  const sum = new Map(x);
  y.forEach((coefficient, term) => addTerm(sum, term, factor * coefficient));
  return sum;
}

function addTerm(sum: Map<string, number>, term: string, coefficient: number): void {
  const total = (sum.get(term) ?? 0) + coefficient;
  if (total === 0) sum.delete(term);
  else sum.set(term, total);
}

/** Computes the product x · y; `undefined` if x and y have too many terms. */
export function multiplyPolynomials(x: Polynomial, y: Polynomial): Polynomial | undefined {
  if (x.size * y.size > mostTerms) return undefined;
  const product = new Map<string, number>();
  x.forEach((ca, a) => y.forEach((cb, b) => addTerm(product, joined(a, b), ca * cb)));
  return product;
}

function joined(a: string, b: string): string {
  if (a === "" || b === "") return a + b;
  return [...namesOf(a), ...namesOf(b)].toSorted().join(" ");
}

export function namesOf(term: string): readonly string[] {
  return term === "" ? [] : term.split(" ");
}

export function namesIn(p: Polynomial): readonly string[] {
  return [...p.keys()].flatMap(namesOf);
}

export function hasName(p: Polynomial, name: string): boolean {
  let has = false;
  p.forEach((_, term) => (has ||= term === name || (term.includes(name) && namesOf(term).includes(name))));
  return has;
}

/** Replaces names in a polynomial by other names. */
export function renamed(p: Polynomial, names: ReadonlyMap<string, string>): Polynomial {
  if (names.size === 0) return p;
  const of = new Map<string, number>();
  for (const [term, coefficient] of p) {
    const other = namesOf(term)
      .map((name) => names.get(name) ?? name)
      .toSorted()
      .join(" ");
    addTerm(of, other, coefficient);
  }
  return of;
}

/**
 * Splits `p` into `factor · name + rest`, where `rest` does not contain the name. `undefined` if a term contains the
 * name more than once.
 */
export function splitBy(
  p: Polynomial,
  name: string,
): { readonly factor: Polynomial; readonly rest: Polynomial } | undefined {
  if (!hasName(p, name)) return { factor: zero, rest: p };
  const [factor, rest] = [new Map<string, number>(), new Map<string, number>()];
  for (const [term, coefficient] of p) {
    const names = namesOf(term);
    const others = names.filter((other) => other !== name);
    if (others.length === names.length) rest.set(term, coefficient);
    else if (others.length === names.length - 1) factor.set(others.join(" "), coefficient);
    else return undefined;
  }
  return { factor, rest };
}

export function samePolynomial(x: Polynomial, y: Polynomial): boolean {
  const isIn = (other: Polynomial) => (coefficient: number, term: string) =>
    (is &&= (other.get(term) ?? 0) === coefficient);
  let is = true;
  x.forEach(isIn(y));
  y.forEach(isIn(x));
  return is;
}

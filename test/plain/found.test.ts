// The smallest programs that showed a fault, named for the fault.
import { describe, expect, test } from "vitest";
import { faultOfPlain } from "../support/plain-faults.ts";
import { formOfText, functionOfText } from "../support/plain-region.ts";

interface Found {
  /** Name of the fault or of the contract. */
  readonly name: string;
  /** A marked function of a number, an array of three numbers, an integer, and an array of integers. */
  readonly text: string;
  /** True until the fault is fixed. */
  readonly isBroken?: true;
}

const found: readonly Found[] = [
  {
    name: "rows that Array.from makes of filled arrays keep the value that fill wrote",
    text: `export function f(u, x, n, k) {
  "use ad";
  const t = Array.from({ length: 2 }, () => new Float64Array(3).fill(0.5));
  t[0][1] = u * x[0];
  return t[1][2] * u + t[0][1];
}`,
  },
  {
    name: "arrays of two lengths are chosen by ? :",
    text: `export function f(u, x, n, k) {
  "use ad";
  let s = 0;
  for (let i = 0; i < n; i++) {
    const a = u * x[i] > 0.2 ? x : [u, Math.sin(u)];
    for (const v of a) s += v * v * u;
  }
  return s;
}`,
  },
  {
    name: "powers of constants have a range, so that the search for integers ends",
    text: `export function f(u, x, n, k) {
  "use ad";
  let s = 0;
  for (let i = 0; i < n; i++) {
    let [a, b] = [(1.5 + x[i] ** 2) ** Math.tanh(1.7), x[i] * u];
    s += a * b;
  }
  return s;
}`,
  },
  {
    name: "callbacks of Array.from take the index as their second parameter",
    text: `export function f(u, x, n, k) {
  "use ad";
  const t = Array.from({ length: 3 }, (_, i) => Math.sin(u * x[i]));
  return t[0] + t[1] * t[2];
}`,
  },
  {
    name: "conditions of counted loops may read elements at indices that are read themselves",
    text: `export function f(u, x, n, k) {
  "use ad";
  let s = u;
  for (let i = 0; i < n && x[k[i]] < 0.9; i++) s = s * x[i] + 1;
  return s;
}`,
  },
  {
    name: "rows of literals are written to at run-time indices",
    text: `export function f(u, x, n, k) {
  "use ad";
  const d = [[u, x[0]], [x[1], x[2]]];
  d[0][k[1]] += Math.sin(u);
  return d[0][0] * d[0][1] + d[1][0];
}`,
  },
  {
    name: "conditions of counted loops may read rows at indices that are read themselves",
    text: `export function f(u, x, n, k) {
  "use ad";
  const m = [[u, x[0]], [x[1], x[2]]];
  let s = u;
  for (let i = 0; i < n && m[k[i] % 2][1] < 0.9; i++) s = s * x[i] + 1;
  return s;
}`,
  },
  {
    name: "a bound that the head of a loop declares itself",
    text: `export function f(u, x, n, k) {
  "use ad";
  let s = u;
  for (let i = 0, m = x.length; i < m; i++) s += x[i] * x[m - 1 - i];
  for (let i = 0, m = n - 1; i < m && x[i] < 2; i++, m--) s *= x[m];
  return s;
}`,
  },
  {
    name: "a loop whose test looks ahead by an integer",
    text: `export function f(u, x, n, k) {
  "use ad";
  let s = u;
  for (let i = 0; i + 1 < x.length; i++) s += x[i] * x[i + 1];
  for (let i = 2; 0 <= i - 1; i--) s += x[i] * x[i - 1];
  for (let i = 0; 1 + i <= u * 4; i++) s *= x[i];
  return s;
}`,
  },
];

const types = "(u: number, x: number[], n: number, k: readonly number[]): number";

describe("found", () => {
  test.each(found.filter(({ isBroken }) => isBroken !== true))("$name", ({ text }) => {
    const f = functionOfText(text) as (...args: never[]) => unknown;
    const form = formOfText(text.replace("(u, x, n, k)", types));
    const args = [0.4, [0.3, -0.8, 0.6], 3, [2, 0, 1]];
    const subject = { form, f, args, wrt: [0, 1], secondOrder: true, throughBackends: true };
    expect(faultOfPlain(subject)).toBeUndefined();
  });
});

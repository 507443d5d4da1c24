import { expect, test } from "vitest";
import { dualFunction, dualOperations, OutOfRange } from "./dual-javascript.ts";
import type { HyperDual } from "./hyper-dual.ts";

const operations = dualOperations((x) => x);
const at = (x: number, a: number, b: number): HyperDual => ({ x, a, b, ab: 0 });

test("translated JavaScript gives the value, both first derivatives and the mixed second one", () => {
  const f = dualFunction(
    `export function f(x, y, n) {
  let s = 0;
  const z = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    z[i] += x * y;
    if (i % 2 === 0) continue;
    s += Math.sin(z[i]) / (1 + i);
  }
  return -s;
}`,
    operations,
  );
  const [x, y] = [0.7, 1.3];
  const { x: value, a, b, ab } = f(at(x, 1, 0), at(y, 0, 1), 2) as HyperDual;
  const p = x * y;
  expect(value).toBeCloseTo(-Math.sin(p) / 2, 15);
  expect(a).toBeCloseTo((-y * Math.cos(p)) / 2, 15);
  expect(b).toBeCloseTo((-x * Math.cos(p)) / 2, 15);
  expect(ab).toBeCloseTo(-(Math.cos(p) - p * Math.sin(p)) / 2, 15);
});

test("an access beyond the ends of an array throws, where JavaScript gives undefined", () => {
  const f = dualFunction("export function f(x, i) { return x[i] * 2; }", operations);
  expect(f([1, 2], 1)).toBe(4);
  for (const i of [-1, 2, 0.5]) expect(() => f([1, 2], i)).toThrow(OutOfRange);
});

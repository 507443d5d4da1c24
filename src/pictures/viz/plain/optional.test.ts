import { expect, test } from "vitest";
import { formOfText } from "../../../../test/support/plain-region.ts";
import { tracePlain } from "./trace.ts";

const form = formOfText(`export function f(x: number, k = 2, o: { rate?: number } = {}) {
  "use ad";
  const rate = o.rate ?? 0.5;
  if (x > 9) throw new RangeError(\`x is \${x}\`);
  return x * k * rate;
}`);

test("omitted arguments are not inputs", () => {
  expect(tracePlain(form, [3]).inputs).toEqual([{ name: "x", value: 3, derivative: 1 }]);
  expect(tracePlain(form, [3, 4, { rate: 1 }]).inputs).toEqual([
    { name: "x", value: 3, derivative: 4 },
    { name: "k", value: 4, derivative: 3 },
    { name: "o.rate", value: 1, derivative: 12 },
  ]);
});

test("a thrown error has its values and its class", () => {
  expect(() => tracePlain(form, [10])).toThrow(RangeError);
  expect(() => tracePlain(form, [10])).toThrow(/x is 10/);
});

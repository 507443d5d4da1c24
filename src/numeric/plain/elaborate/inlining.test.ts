import { expect, test } from "vitest";
import { formOfText } from "../../../../test/support/plain-region.ts";

/**
 * Source with helpers f0 … fn, each of which calls the previous one twice, and a marked function that calls fn. `more`
 * is added to the body of f0.
 */
function doubling(n: number, more = ""): string {
  const lines = Array.from(
    { length: n },
    (_, i) => `function f${i + 1}(x: number) { return f${i}(x) + f${i}(x + 1); }`,
  );
  const marked = `export function f(x: number) { "use ad"; return f${n}(x); }`;
  return [`function f0(x: number) { ${more} return x * x + 1; }`, ...lines, marked].join("\n");
}

test("helpers that call one another twice at 40 levels are refused with the chain of calls", () => {
  let message = "";
  try {
    formOfText(doubling(40, `const unused = () => ${"1 + ".repeat(5000)}1;`), "f");
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain("plain.ts:42:");
  expect(message).toContain("their copies exceed 1,000,000 syntax nodes");
  expect(message).toContain("plain.ts:42: f calls f40: 1 copy\n");
  expect(message).toContain("plain.ts:41: f40 calls f39 2 times: 2 copies\n");
  expect(message).toContain("plain.ts:40: f39 calls f38 2 times: 4 copies\n");
  expect(message).toContain("more calls\n");
  expect(message).toContain("const y = f(x)");
});

test("helpers with a few thousand calls are copied", () => {
  const text = doubling(8);
  expect(formOfText(text, "f").region.results).toHaveLength(1);
});

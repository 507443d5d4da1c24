import { describe, expect, test } from "vitest";
import { transform } from "../src/transform.ts";

const nothing = (): undefined => undefined;
const transformed = (code: string): string => transform(code, "/src/loss.ts", nothing)!.code;

describe("the text of a module", () => {
  test("keeps its lines, and the bodies of functions", () => {
    const code = `#!/usr/bin/env node
"use strict";
export function loss(x: number) {
  "use ad";
  return x * x;
}
`;
    const lines = transformed(code).split("\n");
    expect(lines.length).toBe(code.split("\n").length);
    expect(lines[0]).toBe("#!/usr/bin/env node");
    expect(lines[1]).toMatch(
      /^"use strict";import \{ attachForm as \$attachForm\d, .* from "downhill\/plain";/,
    );
    expect(lines[2]).toBe("export function loss(x: number) {");
    expect(lines[3]).toMatch(
      /^ {2}"use ad";; if \(\$handle\d\?\.takesTensors\(arguments\)\) return \$handle\d\.call\(arguments\);$/,
    );
    expect(lines[4]).toBe("  return x * x;");
  });

  test("stays as it is where nothing is marked", () => {
    expect(transform("export const f = 1;", "a.ts", nothing)).toBeUndefined();
    expect(transform("// functions that use ad\nexport const f = 1;", "a.ts", nothing)).toBeUndefined();
  });

  test("gets names that it does not hold", () => {
    const code = `const $attachForm0 = 1; const f = (x: number) => { "use ad"; return x; };`;
    expect(transformed(code)).not.toContain("attachForm as $attachForm0,");
  });

  test("attaches a form at the block of a function, or at its module", () => {
    const inner = transformed(`export function outer(k: number) {
  "use strict";
  return f(1);
  function f(x: number) { "use ad"; return k * x; }
}`);
    expect(inner.split("\n")[1]).toMatch(
      /^ {2}"use strict"; const \$handle\d = \$attachForm\d\(f, \$form\d, \(\) => \[k\]\);/,
    );
    const unnamed = transformed(`export default function (x: number) { "use ad"; return x; }`);
    expect(unnamed).toMatch(/export default function \$unnamed\d ?\(x: number\)/);
    expect(unnamed).toMatch(/Object\.defineProperty\(\$unnamed\d, "name", \{ value: "default" \}\)/);
    const inCase = transformed(`export function g(k: number) {
  switch (k) {
    case 0: return f(1);
    case 1: function f(x: number) { "use ad"; return x; }
  }
  return 0;
}`);
    expect(inCase).toMatch(/case 1: +var \$handle/);
  });

  test("holds what transforms are compiled to, if that is asked for, where their options are written out", () => {
    const code = `import { grad as g, jit, valueAndGrad } from "downhill";
function loss(x: number, y: number) { "use ad"; return x * Math.sin(y); }
const f = jit((x: number) => { "use ad"; return x * x; });
g(loss, { argnums: 1 }); valueAndGrad(loss, { argnums: [0, 1] }); g(loss, { argnums: f(1) }); loss(1, 2); jit(g(loss));
`;
    const stepsIn = (text: string): string[] =>
      [...text.matchAll(/"steps":"(.*?)"/g)].map(([, steps]) => steps!);
    expect(stepsIn(transformed(code))).toEqual([]);
    const { code: text } = transform(code, "/src/loss.ts", nothing, { precompile: ["node"] })!;
    expect(stepsIn(text)).toEqual(["gradient 01", "values gradient 11", "gradient 10", ""]);
    expect(text.split("\n").length).toBe(code.split("\n").length);
    const without = transform(code.replace(/"downhill"/, '"elsewhere"'), "a.ts", nothing, { precompile: ["node"] })!; // prettier-ignore
    expect(without.code).not.toContain("withRecords");
  });

  test("keeps the name of an expression, which its wrapper has too", () => {
    expect(transformed(`const f = (x: number) => { "use ad"; return x; };`)).toMatch(
      /, \(\) => \[\], "f"\);$/,
    );
    expect(transformed(`const all = { g: function (x: number) { "use ad"; return x; } };`)).toMatch(
      /\[\], "g"\) \};$/,
    );
  });

  test("wraps a method of an object, whose key stays where it is", () => {
    expect(transformed(`const a = { f(x: number) { "use ad"; return x; }, g: 1 };`)).toMatch(
      /const a = \{ f: \$wrapForm\d\(function \(x: number\) \{ "use ad"; return x; \}, \$form\d, \(\) => \[\], "f"\), g: 1 \};$/,
    );
  });

  test.each([
    [`class A {\n  k = 2; f(x: number) { "use ad"; return this.k * x; } }`, "2:10: f is a method"],
    [`class A { static f(x: number) { "use ad"; return super.g(x); } }`, "1:11: f is a method"],
    [`const a = { get f() { "use ad"; return 1; } };`, "1:13: f is an accessor"],
  ])("%s: a method that uses its object is refused where it is", (code, message) => {
    expect(() => transformed(code)).toThrow(`/src/loss.ts:${message}`);
    expect(() => transformed(code)).toThrow(/function f\(.*\) \{ "use ad"; … \}/);
    expect(() => transformed(code)).toThrow(/\n *\^$/);
  });

  test("replaces methods of a class when the class is evaluated", () => {
    const text = transformed(
      `export class A { static f(x: number) { "use ad"; return A.g(x); } static g(x: number) { return x * x; } h(x: number) { "use ad"; return A.g(x) + 1; } }`,
    );
    const code = text
      .replaceAll(": number", "")
      .replace("export class A", "class A")
      .replace(/import \{.*?\} from "downhill\/plain";/, "const $wrapForm1 = (f, form, captured, name) => (x) => [name, f(x), form.version];"); // prettier-ignore
    // oxlint-disable-next-line eslint/no-new-func, typescript/no-implied-eval, typescript/no-unsafe-call
    const made = new Function(`${code}\nreturn [A.f(3), new A().h(3), Object.keys(A)];`)() as unknown;
    expect(made).toEqual([["f", 9, 1], ["h", 10, 1], []]);
  });

  test("leaves out a default that may compute with tensors", () => {
    const text = transformed(
      `function f(x: number, k = 2, m: number = x * k, { n = m }: { n?: number } = {}) { "use ad"; return x * n; }`,
    );
    expect(text).toMatch(
      /k = 2, m: number = \$handle\d\?\.takesTensors\(arguments\) \? undefined : \(x \* k\),/,
    );
    expect(text).toMatch(
      /\{ n = \$handle\d\?\.takesTensors\(arguments\) \? undefined : \(m\) \}: \{ n\?: number \} = \{\}\)/,
    );
  });

  test("what cannot be parsed says so", () => {
    expect(() => transformed(`function f(x: number) { "use ad"; return x + ; }`)).toThrow(
      /loss\.ts: Unexpected token/,
    );
  });
});

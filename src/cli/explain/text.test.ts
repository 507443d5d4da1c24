import { describe, expect, test } from "vitest";
import { compileText } from "../../numeric/syntax/index.ts";
import { traceText } from "../../pictures/viz/index.ts";
import { showTrace } from "./text.ts";
import type { Paint } from "../shared/style.ts";

const plain: Paint = (_, text) => text;
const explain = (text: string, at?: readonly number[], columns?: number): string =>
  showTrace(traceText(compileText(text), at === undefined ? {} : { at }), plain, columns);

test("the notes' example with values, in full", () => {
  expect(explain("x*y + sin(x)", [2, 3])).toMatchInlineSnapshot(`
    "Program
      x            = 2           stored: x
      y            = 3           stored: y
      a = x * y    = 6
      b = sin(x)   = 0.9092974   stored: cos(x)
      z = a + b    = 6.909297

    Forward mode with dx = 1, dy = 0
      x            = 2           dx                     = 1
      y            = 3           dy                     = 0
      a = x * y    = 6           da = dx * y + x * dy   = 3
      b = sin(x)   = 0.9092974   db = dx * cos(x)       = -0.4161468
      z = a + b    = 6.909297    dz = da + db           = 2.583853
      result: ∂z/∂x = dz = 2.583853

    Forward mode with dx = 0, dy = 1
      x            = 2           dx                     = 0
      y            = 3           dy                     = 1
      a = x * y    = 6           da = dx * y + x * dy   = 2
      b = sin(x)   = 0.9092974   db = dx * cos(x)       = 0
      z = a + b    = 6.909297    dz = da + db           = 2
      result: ∂z/∂y = dz = 2

    Reverse mode from ∂s/∂z = 1 back to the inputs
      ∂s/∂z = 1                                           seed
      z = a + b   transposed: dz = da + db
        ∂s/∂a = ∂s/∂z                      = 1
        ∂s/∂b = ∂s/∂z                      = 1
      b = sin(x)   transposed: db = dx * cos(x)
        ∂s/∂x += ∂s/∂b * cos(x)            = -0.4161468   uses cos(x)
      a = x * y   transposed: da = dx * y + x * dy
        ∂s/∂x += ∂s/∂a * y                 = 3            uses y
        ∂s/∂y = x * ∂s/∂a                  = 2            uses x
      ∂s/∂x = ∂s/∂b * cos(x) + ∂s/∂a * y   = 2.583853     sum of 2 from b, a
      gradient: ∂s/∂x = 2.583853, ∂s/∂y = 2

    Stored in the forward pass
      cos(x)   kept at b   used again for ∂s/∂x from b
      y                    used again for ∂s/∂x from a
      x                    used again for ∂s/∂y from a

    What each input can affect
      x affects a, b, z
      y affects a, z

    Check against central differences
      ∂s/∂x   = 2.583853163   difference 2.583853163   error 1.3e-11   ok
      ∂s/∂y   = 2             difference 2             error 1.7e-11   ok
    "
  `);
});

test("the notes' example without values, in full", () => {
  expect(explain("a = x*y; b = sin(x); z = a + b")).toMatchInlineSnapshot(`
    "Program
      x            = ?    stored: x
      y            = ?    stored: y
      a = x * y
      b = sin(x)          stored: cos(x)
      z = a + b

    Forward mode with dx = ?, dy = ?
      x               dx
      y               dy
      a = x * y       da = dx * y + x * dy
      b = sin(x)      db = dx * cos(x)
      z = a + b       dz = da + db

    Reverse mode from ∂s/∂z = 1 back to the inputs
      ∂s/∂z = 1                               seed
      z = a + b   transposed: dz = da + db
        ∂s/∂a = ∂s/∂z
        ∂s/∂b = ∂s/∂z
      b = sin(x)   transposed: db = dx * cos(x)
        ∂s/∂x += ∂s/∂b * cos(x)               uses cos(x)
      a = x * y   transposed: da = dx * y + x * dy
        ∂s/∂x += ∂s/∂a * y                    uses y
        ∂s/∂y = x * ∂s/∂a                     uses x
      ∂s/∂x = ∂s/∂b * cos(x) + ∂s/∂a * y      sum of 2 from b, a

    Stored in the forward pass
      cos(x)   kept at b   used again for ∂s/∂x from b
      y                    used again for ∂s/∂x from a
      x                    used again for ∂s/∂y from a

    What each input can affect
      x affects a, b, z
      y affects a, z
    "
  `);
});

test("results that are inputs or constants", () => {
  expect(explain("x", [2])).toContain("x is the result itself");
  expect(explain("2 * 3", [])).toContain("the result depends on no input");
  expect(explain("a = y + 1; z = x", [2, 3])).toMatch(/∂s\/∂y = 0 +the result does not depend on it/);
});

describe("on a narrow terminal", () => {
  const text = "u = x*y; v = sin(u); w = u*v + exp(u)";

  test("a differential moves below its line if there is no room beside it", () => {
    const narrow = explain(text, [1, 2], 60);
    expect(narrow).toContain("  v = sin(u)  = 0.9092974\n      dv = du * cos(u)  = -0.8322937\n");
    expect(explain(text, [1, 2], 200)).toContain("  v = sin(u)   = 0.9092974   dv = du * cos(u)");
  });
});

describe("the check", () => {
  test.each([
    ["log(x)", -1],
    ["x^x", 0],
  ])("%s at %d is reported as not comparable instead of a wrong rule", (text, x) => {
    const shown = explain(text, [x]);
    expect(shown).toContain("the values nearby are not finite: nothing to compare with");
    expect(shown).not.toMatch(/differs|NaN +error/);
  });

  // earlier, abs(x) at 0 was reported as 0 and ok, and relu(x) as a differing gradient
  test.each([
    ["abs(x)", 0, "= 0   a kink: slope -1 on the left, 1 on the right; 0 is a convention"],
    ["relu(x)", 0, "= 0   a kink: slope 0 on the left, 1 on the right; 0 is a convention"],
    ["max(x, 2*x)", 0, "= 1.5   a kink: slope 1 on the left, 2 on the right; 1.5 is a convention"],
    ["3*abs(x - 1) + x^2", 1, "= 2   a kink: slope -1 on the left, 5 on the right; 2 is a convention"],
  ])("reports the kink of %s at %d", (text, x, expected) => {
    expect(explain(text, [x])).toContain(expected);
  });

  test.each([
    ["x*abs(x)", 0],
    ["x^2", 0],
    ["1e6*x^2", 0.5],
    ["exp(20*x)", 1],
    ["abs(x)", 1e-3],
    ["sqrt(x)", 1e-12],
    ["1/x", 1e-3],
    ["sin(1000*x)", 1],
  ])("sees no kink of %s at %d", (text, x) => {
    const shown = explain(text, [x]);
    expect(shown).not.toContain("kink");
    expect(shown).toMatch(/ ok\n/);
  });

  test("is omitted without inputs", () => {
    expect(explain("5", [])).not.toContain("Check");
  });
});

test("a second name of a value has a line", () => {
  expect(explain("a = x*x; z = a", [2])).toContain("\n  a = x * x   = 4\n  z = a       = 4\n");
});

test("long lists are shortened, and long lines wrap on a terminal", () => {
  const sum = Array.from({ length: 100 }, (_, i) => `sin(x + ${i})`).join(" + ");
  expect(explain(sum, [1])).toMatch(/x affects (?:v\d+, ){10}… and \d+ more\n/);
  const lines = explain("x^x + exp(x)", [2], 60).split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
});

test("a condition that is evaluated twice is shown once", () => {
  expect(explain("x^x", [2])).not.toMatch(/(x == 0) & \1/);
});

test("the maximum of two values is shown as in the formula", () => {
  expect(explain("max(x, y) + min(x, y)", [1, 2])).toMatch(/= max\(x, y\)[^]*= min\(x, y\)/);
});

test("styles do not affect the alignment of columns", () => {
  const table = traceText(compileText("x*y + sin(x)"), { at: [2, 3] });
  const styled = showTrace(table, (_, text) => (text === "" ? "" : `\u001b[1m${text}\u001b[0m`), undefined);
  expect(styled.replaceAll(/\u001b\[\d+m/g, "")).toBe(explain("x*y + sin(x)", [2, 3]));
});

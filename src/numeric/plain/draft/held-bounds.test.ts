import { describe, expect, test } from "vitest";
import { formOfText } from "../../../../test/support/plain-region.ts";
import { walkStmts } from "../../../engine/region/form/walk.ts";

/** The type of the local `i` of a function of these statements. */
function typeOfI(body: string): string | undefined {
  const text = `export function f(x: number[], y: number[], t: number, n: number) { "use ad"; let s = 0; ${body} return s; }`;
  let type: string | undefined;
  walkStmts(formOfText(text).region.body, (stmt) => {
    if (stmt.kind === "let" && stmt.name === "i") ({ type } = stmt.value);
  });
  return type;
}

describe("an index that a loop counts", () => {
  test.each([
    ["below a length", "let i = 0; while (i < x.length && x[i]! < t) i++; s = x[i]!;"],
    ["below a length, beside something else", "let i = 0; while (s < t && i < x.length) { s += t; if (s > 1) s -= x[i]!; i++; }"], // prettier-ignore
    ["below a number, in steps", "let i = 0; while (i <= 10) { if (s > t) s += x[i]!; i += 3; }"],
    ["down to 0", "let i = x.length - 1; while (i >= 0) { if (s < t) s += x[i]!; i--; }"],
    ["below what another local holds", "const m = x.length; let i = 0; while (i < m) { if (s < t) s += x[i]!; i++; }"], // prettier-ignore
    ["in a branch", "let i = 0; while (s < t) { s += t; if (i < y.length) { i++; } if (s > 2) s += x[i]!; }"],
    ["in a loop within, which leaves it alone", "let i = 0; while (i < y.length) { for (let j = 0; j < 2; j++) if (s < t) s += x[i]!; i++; }"], // prettier-ignore
  ])("%s is a machine integer", (_, body) => {
    expect(typeOfI(body)).toBe("i32");
  });

  test.each([
    ["no bound", "let i = 0; while (s < t) { s += t; if (s > 2) s += x[i]!; i++; }"],
    ["a bound that may be any number", "let i = 0; while (i < n) { if (s < t) s += x[i]!; i++; }"],
    [
      "a bound that moves",
      "let m = x.length; let i = 0; while (i < m) { if (s > t) s -= x[i]!; m *= 2; i++; }",
    ],
    ["a bound that it has left", "let i = 0; while (i < 10) { i = i * 3; if (s > t) s -= x[i]!; i++; }"],
    ["a bound of a loop within", "let i = 0; while (s < t) { s += t; for (let j = 0; j < 3; j++) { if (s > 2) s += x[i]!; i++; } if (i < 5) s += t; }"], // prettier-ignore
    ["the bound of the other branch", "let i = 0; while (s < t) { s += t; if (i < 5) { s += t; } else { i++; } if (s > 2) s += x[i]!; }"], // prettier-ignore
    ["one of two bounds", "let i = 0; while (i < 5 || s < t) { s += t; if (s > 2) s += x[i]!; i++; }"],
    ["the element of an array", "let i = 0; while (i < y[0]!) { if (s < t) s += x[i]!; i++; }"],
  ])("with %s is a number", (_, body) => {
    expect(typeOfI(body)).toBe("f64");
  });
});

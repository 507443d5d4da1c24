import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordOutput } from "../../../test/support/command.ts";
import { readLeftSide } from "./left-side.ts";
import { runFit, fitReport } from "./run.ts";
import { optionValues } from "../shared/option-values.ts";
import { fitCommand, type FitRequest } from "./command.ts";

let folder: string;
let growth: string;
let model: string;
const x = Array.from({ length: 9 }, (_, i) => i / 2);
const noise = [0.01, -0.02, 0.03, 0, -0.01, 0.02, -0.03, 0.01, 0];
const y = x.map((xi, i) => Number(Math.exp(0.5 + 0.3 * xi + noise[i]!).toFixed(6)));
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-left-"));
  growth = file("growth.csv", `x,y,n\n${x.map((xi, i) => `${xi},${y[i]!},${i - 3}`).join("\n")}\n`);
  model = file(
    "line.ts",
    'export function line(x: number, a: number, b: number): number {\n  "use ad";\n  return a + b * x;\n}\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const nothing: FitRequest = optionValues(fitCommand.args, { starts: "4" });
const report = (formula: string) => fitReport({ ...nothing, data: growth, formula });

/** Slope, intercept and the sum of squares of the straight line through points. */
function line(v: readonly number[]): { readonly a: number; readonly b: number; readonly rest: number } {
  const mean = (list: readonly number[]): number => list.reduce((s, one) => s + one, 0) / list.length;
  const [mx, mv] = [mean(x), mean(v)];
  const b = mean(x.map((xi, i) => (xi - mx) * (v[i]! - mv))) / mean(x.map((xi) => (xi - mx) ** 2));
  const a = mv - b * mx;
  return { a, b, rest: v.reduce((s, vi, i) => s + (vi - a - b * x[i]!) ** 2, 0) };
}

describe("a left side that is an expression", () => {
  test("is accepted; residuals, R² and errors refer to its values", async () => {
    const { fit, formula, drawing } = await report("log(y) = a + b*x");
    const want = line(y.map(Math.log));
    expect(formula.text).toBe("log(y) = a + b * x");
    expect(fit.params["a"]).toBeCloseTo(want.a, 10);
    expect(fit.params["b"]).toBeCloseTo(want.b, 10);
    expect(fit.sumOfSquares).toBeCloseTo(want.rest, 12);
    const spread = Math.sqrt(want.rest / 7 / x.reduce((s, xi) => s + (xi - 2) ** 2, 0));
    expect(fit.standardErrors["b"]).toBeCloseTo(spread, 10);
    expect(drawing.yName).toBe("log(y)");
  });

  test("is solved for its column if the inverse is known", async () => {
    const { solved, fit } = await report("log(y) = a + b*x");
    expect(solved!.column).toBe("y");
    const fitted = [...fit.fitted.data()];
    solved!.fitted.forEach((value, i) => expect(value).toBeCloseTo(Math.exp(fitted[i]!), 12));
    expect(solved!.curve!.low[0]).toBeLessThan(solved!.curve!.value[0]!);
    const falling = (await report("-2*log(y) = a + b*x")).solved!;
    expect(falling.curve!.low[0]).toBeLessThan(falling.curve!.value[0]!);
    expect(falling.fitted[0]).toBeCloseTo(solved!.fitted[0]!, 10);
    expect((await report("y^2 = a + b*x")).solved).toBeUndefined();
    expect((await report("y/(1 + y) = a + b*x")).solved).toBeUndefined();
  });

  test.each([
    ["log10(y)", 2.5],
    ["log2(y/3)", 2.5],
    ["exp(-y)", 0.7],
    ["sqrt(y + 1)", 3],
    ["2 - 1/y", 3],
    ["ln(2*y) - 1", 3],
  ])("%s has an inverse", (text, value) => {
    const side = readLeftSide(text, "table", ["y"]);
    const data = { columns: new Map([["y", Float64Array.of(value)]]), rows: 1, lines: undefined, notes: [] };
    expect(side.inverse!(side.values("table", data)[0]!)).toBeCloseTo(value, 12);
  });

  test("is explained, in words and as JSON", async () => {
    const write = async (json: boolean): Promise<string> => {
      const stream = recordOutput(80);
      const request = { ...nothing, data: growth, formula: "log(y) = a + b*x", json };
      expect(await runFit(request, { stdout: stream, stderr: stream })).toBe(0);
      return stream.text().replaceAll(/\u001b\[\d+m/g, "");
    };
    const text = (await write(false)).replaceAll(/\s+/g, " ");
    expect(text).toContain("Residuals, R² and the errors of parameters are those of log(y)");
    expect(text).toContain("they estimate its median, not its mean");
    const found = JSON.parse(await write(true)) as {
      readonly target: string;
      readonly fitted: number[];
      readonly solved: { readonly column: string; readonly fitted: number[] };
    };
    expect(found.target).toBe("log(y)");
    expect(found.solved.fitted[3]).toBeCloseTo(Math.exp(found.fitted[3]!), 12);
  });

  test("may precede a function in a file", async () => {
    const [{ fit }, formula] = [await report(`log(y) = ${model}#line`), await report("log(y) = a + b*x")];
    expect(fit.params["b"]).toBeCloseTo(formula.fit.params["b"]!, 10);
  });

  test.each([
    ["log(n) = a + b*x", "line 2: log(n) is NaN, because n is -3. Correct the row or take it out."],
    ["log(z) = a + b*x", "the left side log(z) contains z, which is not a column of"],
    ["2*3 = a + b*x", "the left side 2 * 3 contains no column of"],
    ["log(y) = a + b*y", "the column y is on both sides: log(y) cannot be fitted by itself."],
    ["log(y) = a + * b", "a value is missing before *\n  log(y) = a + * b\n               ^"],
    ["log(y) = 2*x", "there is nothing to fit"],
  ])("refuses %s", async (formula, message) => {
    await expect(report(formula)).rejects.toThrow(message);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tensor } from "downhill";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import { downhill } from "../../../test/support/command.ts";
import { readWhere } from "../shared/where.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-where-"));
  const y = [5.02, 3.82, 2.97, 2.41, 1.95, 1.65];
  writeFileSync(join(folder, "decay.csv"), `x,y\n${y.map((yi, i) => `${i},${yi}`).join("\n")}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fit = (words: readonly string[]) =>
  downhill(["fit", "decay.csv", "y = a*exp(-b*x) + c", "--start", "a=4,b=0.3,c=1", ...words], {
    cwd: folder,
  });

test("--where is repeatable, and the report lists active constraints with their multipliers", async () => {
  const { status, stdout } = await fit([
    "--where",
    "a + c <= 4.9",
    "--where",
    "0 <= b <= 3",
    "--out",
    "fit.html",
  ]);
  expect(status).toBe(0);
  const text = stdout.replaceAll(/ +/g, " ");
  expect(text).toMatch(
    /constraint value multiplier\na \+ c <= 4\.9 4\.9 0\.2\d+ active\n0 <= b <= 3 0\.3\d+ 0\n/,
  );
  expect(text).toContain("The multiplier is the fall of Σ r² per unit by which a limit is raised.");
  const page = readFileSync(join(folder, "fit.html"), "utf8");
  expect(page).toContain("<h2>Constraints</h2>");
  expect(page).toContain("a + c &lt;= 4.9");
});

testInCi("--json has constraints, and parameters that they determine have no error", async () => {
  const { stdout } = await fit(["--where", "c = 1; a >= 2*c", "--json"]);
  const found = JSON.parse(stdout) as {
    readonly parameters: Readonly<Record<string, { value: number; standardError: number | string }>>;
    readonly constraints: readonly object[];
    readonly degreesOfFreedom: number;
    readonly reason: string;
  };
  expect(found).toMatchObject({ reason: "solved", degreesOfFreedom: 4 });
  expect(found.parameters["c"]!.value).toBeCloseTo(1, 9);
  expect(found.parameters["c"]!.standardError).toBe("NaN");
  expect(found.constraints).toMatchObject([
    { constraint: "c = 1", low: 1, high: 1, active: true },
    { constraint: "a >= 2 * c", low: 0, high: "Infinity", active: false },
  ]);
});

testInCi("a conflict ends with code 1 and names the constraints", async () => {
  const { status, stdout } = await fit(["--where", "a + b >= 3", "--where", "a + b <= 2"]);
  expect(status).toBe(1);
  expect(stdout.replaceAll(/\s+/g, " ")).toContain("In conflict are: a + b >= 3, a + b <= 2.");
});

const known = { noun: "parameter", names: ["a", "b", "e"] };

test.each([
  ["a + b <= 1", "a + b <= 1", -Infinity, 1, 5],
  ["1 >= a+b", "1 >= a + b", -Infinity, 1, 5],
  ["a ≥ 2*b", "a >= 2 * b", 0, Infinity, -4],
  ["a == b", "a = b", 0, 0, -1],
  ["2*3 <= a*b <= 10", "2 * 3 <= a * b <= 10", 6, 10, 6],
  ["1 >= a >= -pi", "1 >= a >= -pi", -Math.PI, 1, 2],
  ["where(a < 1, a, b) = 3", "where(a < 1, a, b) = 3", 3, 3, 3],
])("%s limits an expression", (text, shown, low, high, value) => {
  const [constraint, ...others] = readWhere(text, known);
  expect(others).toEqual([]);
  expect(constraint).toMatchObject({ text: shown, low, high });
  expect(constraint!.value({ a: tensor(2), b: tensor(3) }).item()).toBe(value);
});

test("a chain of three expressions is two constraints", () => {
  expect(readWhere("0 <= a <= b", known).map(({ text }) => text)).toEqual(["0 <= a", "a <= b"]);
  expect(readWhere(undefined, known)).toEqual([]);
});

test.each([
  ["a + b", "--where: a constraint compares two expressions, as in a + b <= 1\n  a + b\n  ^^^^^"],
  ["a < 1", "--where: write <=, because a search cannot tell < from <=\n  a < 1\n    ^"],
  ["a != 1", "--where: a constraint cannot exclude one value; write <=, >= or ="],
  [
    "0 <= a >= 1",
    "--where: a two-sided constraint has two <= or two >=, as in 0 <= a <= 1\n  0 <= a >= 1\n         ^^",
  ],
  ["0 <= a <= b <= 1", "a constraint has at most two comparisons; write two of them"],
  ["3 <= a <= 2", "--where: 3 <= a <= 2 allows no value: 3 is above 2."],
  ["<= 1", "--where: an expression is missing here"],
  ["1 <= 2", "--where: 1 <= 2 names no parameter. The parameters are a, b, e."],
  ["a + d <= 1", "--where: a + d <= 1 uses d, which is not a parameter."],
  ["sinn(a) <= 1", "there is no function sinn: did you mean sin?\n  sinn(a)\n  ^^^^"],
  ["a <= 2*sinn(b)", "there is no function sinn: did you mean sin?\n  2*sinn(b)\n    ^^^^"],
])("%s is refused with a repair", (text, message) => {
  expect(() => readWhere(text, known)).toThrow(message);
});

test("a column in a constraint is refused", async () => {
  const { status, stderr } = await fit(["--where", "a <= x"]);
  expect(status).not.toBe(0);
  expect(stderr).toContain(
    "a <= x uses x, which is not a parameter. It is a column, and has another value in each row: write a number instead.",
  );
});

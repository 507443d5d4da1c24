import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as library from "downhill";
import { co2 } from "downhill/data";
import * as landscapes from "downhill/landscapes";
import * as optim from "downhill/optim";
import * as plain from "downhill/plain";
import { key, normal } from "downhill/random";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import { downhill, recordOutput } from "../../../test/support/command.ts";
import { programOf, runProgram } from "../../../test/support/run-program.ts";
import { runFit, fitReport } from "./run.ts";
import { optionValues } from "../shared/option-values.ts";
import { fitCommand, type FitRequest } from "./command.ts";

let folder: string;
let decay: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-fit-"));
  const noise = normal(key(5), 40).data();
  const rows = Array.from({ length: 40 }, (_, i) => {
    const x = i / 4;
    const err = 0.03 + 0.02 * (i % 3);
    return `${x},${(4 * Math.exp(-0.5 * x) + 1 + err * noise[i]!).toFixed(5)},${err},${i === 7 ? 0 : 1}`;
  });
  decay = file("decay.csv", `x,y,err,counts\n${rows.join("\n")}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const nothing: FitRequest = optionValues(fitCommand.args, {});
const report = (data: string, formula: string, options: Partial<FitRequest> = {}) =>
  fitReport({ ...nothing, starts: "4", data, formula, ...options });

/** Returns the output for a terminal of the given width or for a pipe. */
async function written(
  data: string,
  formula: string,
  options: Partial<FitRequest> = {},
  columns?: number,
): Promise<string> {
  const stream = recordOutput(columns);
  const request = { ...nothing, data, formula, ...options };
  await runFit(request, { stdout: stream, stderr: stream });
  return stream.text().replaceAll(/\u001b\[\d+m/g, "");
}

const formula = "y = a*exp(-b*x) + c";

describe("the program of the page", () => {
  const modules = {
    downhill: library,
    "downhill/landscapes": landscapes,
    "downhill/optim": optim,
    "downhill/plain": plain,
  };
  const check = async (text: string, options: Partial<FitRequest> = {}): Promise<string> => {
    const out = join(folder, "program.html");
    const all = { ...options, starts: "4" };
    await written(decay, text, { ...all, out });
    const program = programOf(readFileSync(out, "utf8"));
    const { fit: found } = await report(decay, text, all);
    const printed = await runProgram(program, modules);
    const [params, errors] = printed
      .split("\n")
      .map((line) => JSON.parse(line.slice(line.indexOf("{"))) as Record<string, number>);
    expect(Object.keys(params!)).toEqual(Object.keys(found.params));
    for (const [name, value] of Object.entries(params!)) {
      expect(value).toBeCloseTo(found.params[name]!, 5);
      expect(errors![name]).toBeCloseTo(found.standardErrors[name]!, 5);
    }
    return program;
  };

  test.each<[string, Partial<FitRequest>]>([
    ["y = a*exp(-b*x) + c", {}],
    ["y = a*exp(-b*x) + c", { sigma: "err", "absolute-sigma": true, bounds: "a=0:10,b=0:", start: "b=0.3" }],
    ["y = a*exp(-b*x) + c", { weights: "counts", loss: "soft-l1", "loss-scale": "0.1", level: "0.9" }],
    ["log(y) = a + b*x", {}],
    ["y = a*exp(-b*x) + c", { where: "a + c <= 4.8; b >= 0.1*a" }],
    ["y = a*erf(b*x) + c", { start: "a=-4,b=0.2,c=5" }],
    ["y = level", {}],
  ])("repeats %s with %o", async (text, options) => void (await check(text, options)));

  test("contains a function of a file, with tuples and records", async () => {
    const path = file(
      "decay.ts",
      `const half = 0.5;
export function decay(at: { x: number }, p: [number, number], floor: number): number {
  "use ad";
  return p[0] * Math.exp(-p[1] * at.x) + floor + 0 * half;
}
`,
    );
    expect(await check(`y = ${path}#decay`, { start: "p0=4,p1=0.5,floor=1" })).toContain("const half = 0.5");
  });
});

describe("CO2 at Mauna Loa", () => {
  const season = "A*sin(2*pi*f*(year-1990) + p)";

  testInCi("its season, found without start values, has a period of one year", async () => {
    const { fit: found } = await report("co2", `co2 = a + b*(year-1990) + c*(year-1990)^2 + ${season}`);
    expect(Math.abs(found.params["f"]! - 1)).toBeLessThan(0.001);
    expect(found.params["A"]).toBeGreaterThan(2.5);
    expect(found.params["A"]).toBeLessThan(3.2);
    expect(found.rSquared).toBeGreaterThan(0.998);
    expect(found.undetermined).toEqual([]);
  });

  test("trend and season by the year are those of the normal equations", async () => {
    const text = "co2 = a + b*(year-1990) + c*(year-1990)^2 + s*sin(2*pi*year) + k*cos(2*pi*year)";
    const { fit: found } = await report("co2", text);
    const { year, co2: y } = co2();
    const columns = [
      () => 1,
      (t: number) => t - 1990,
      (t: number) => (t - 1990) ** 2,
      (t: number) => Math.sin(2 * Math.PI * t),
      (t: number) => Math.cos(2 * Math.PI * t),
    ].map((f) => Array.from(year, f));
    const dot = (u: ArrayLike<number>, v: ArrayLike<number>): number =>
      Array.from(u).reduce((total, ui, i) => total + ui * v[i]!, 0);
    // the normal equations hold: residuals are orthogonal to every column
    const residuals = Array.from(found.residuals.data());
    for (const column of columns) {
      const cosine = dot(residuals, column) / Math.sqrt(dot(residuals, residuals) * dot(column, column));
      expect(Math.abs(cosine)).toBeLessThan(1e-9);
    }
    expect(found.sumOfSquares).toBeCloseTo(dot(residuals, residuals), 6);
    const mean = y.reduce((a, b) => a + b) / y.length;
    expect(found.rSquared).toBeCloseTo(
      1 - dot(residuals, residuals) / y.reduce((total, yi) => total + (yi - mean) ** 2, 0),
      10,
    );
  });

  test("is reported with its lines, dates and licence", async () => {
    const out = join(folder, "co2.html");
    const text = await written("co2", `co2 = a + b*(year-1990) + c*(year-1990)^2 + ${season}`, {
      out,
      start: "f=1",
    });
    expect(text).toContain("Neighbouring residuals are similar");
    for (const line of text.replace(out, "").split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(readFileSync(out, "utf8")).toContain("Scripps CO2 Program");
    const dated = file("dated.csv", "Date,n\n2000-01-01,1\n2000-07-02,2\n2001-01-01,3\n2001-07-02,4.1\n");
    const found = await report(dated, "n = a + b*Date");
    expect(found.data.columns.get("Date")![1]).toBeCloseTo(2000.5, 12);
    expect(found.fit.params["b"]).toBeCloseTo(2.06, 1);
    const told = (await written(dated, "n = a + b*Date")).replaceAll("\n", " ");
    expect(told).toContain("Date holds dates, which count as years: 2000-01-01 is 2000.000.");
  });
});

describe("the output", () => {
  test.each([undefined, 120, 80, 50])(
    "for a width of %s contains parameters, figures and pictures",
    async (columns) => {
      const starts = columns === undefined ? nothing.starts : "3";
      const text = await written(decay, formula, { starts }, columns);
      expect(text).toMatch(/^y = a \* exp\(-b \* x\) \+ c\n/);
      expect(text).toMatch(/\na +4\.0\d+ +0\.0\d+ +3\.\d+ … 4\.\d+\n/);
      expect(text).toContain("R² 0.99");
      expect(text).toContain("degrees of freedom 37");
      expect(text).toContain(`${starts} starts led here`);
      expect(text).toContain("y against x");
      expect(text).toContain("\nResiduals\n");
      expect(text).toMatch(/●[^]*[\u2801-\u28ff]/);
      expect(text).not.toMatch(/NaN|undefined/);
      for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(columns ?? 80);
    },
  );

  test("as JSON is one object with everything", async () => {
    const text = await written(decay, formula, { json: true, bounds: "c=1.1:" });
    expect(text.trimEnd()).not.toContain("\n");
    const object = JSON.parse(text) as Record<string, unknown>;
    expect(object).toMatchObject({
      formula: "y = a * exp(-b * x) + c",
      rows: 40,
      target: "y",
      columns: ["x"],
      parameters: { c: { value: 1.1, standardError: "NaN", atBound: true, determined: true } },
      level: 0.95,
      loss: "squares",
      lossScale: null,
      degreesOfFreedom: 38,
    });
    for (const name of ["fitted", "residuals"]) expect(object[name]).toHaveLength(40);
  });

  const withoutScript = (page: string): string => page.replace(/<script>.*<\/script>/s, "");
  test.each(["svg", "html"])(
    "as %s has data, curve, band and residuals, light and dark",
    async (extension) => {
      const out = join(folder, `fit.${extension}`);
      expect(await written(decay, formula, { out })).toContain(`Picture written to ${out}`);
      const text = readFileSync(out, "utf8");
      expect(text).toMatch(extension === "svg" ? /^<svg xmlns/ : /^<!doctype html>/);
      expect(text).toContain("color-scheme:light dark");
      expect(text).toContain("95 % confidence band");
      expect(withoutScript(text).match(/h0/g)!.length).toBe(extension === "svg" ? 81 : 2 * 81); // dots: twice the data, and the legend; in pages for two widths
      expect(text).toMatch(/class="band" d="M[\d.,L]+Z"/);
      expect(text).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
      expect(withoutScript(text)).not.toMatch(/NaN|undefined|Infinity/);
    },
  );

  test("of very many rows is thinned out in pictures, with a note", async () => {
    const rows = Array.from({ length: 9000 }, (_, i) => `${i},${i % 7}`);
    const out = join(folder, "many.svg");
    await written(file("many.csv", `x,y\n${rows.join("\n")}\n`), "y = a + b*x", { out });
    const text = readFileSync(out, "utf8");
    expect(text).toContain("data, one row in 3");
    expect(text.match(/h0/g)!.length).toBe(6001);
  });

  test("of several columns plots observed against fitted values", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => [1 + (i % 5), 1 + ((i * 7) % 11)] as const);
    const table = rows.map(([u, v]) => `${u},${v},${3 * u ** 1.5 * Math.exp(-0.1 * v)}`);
    const several = file("several.csv", `u,v,z\n${table.join("\n")}\n`);
    const text = await written(several, "z = k*u^n*exp(-b*v)");
    expect(text).toMatch(/\nn +1\.5 /);
    expect(text).toContain("z of the data against fitted z");
  });

  test("of a constant draws it over the rows", async () => {
    const text = await written(decay, "y = m");
    expect(text).toContain("y against row");
    expect(text).toContain("R² 0 ");
  });
});

describe("options", () => {
  test("--start, --bounds, --level and --starts reach the fit", async () => {
    const given = await report(decay, formula, { start: "a=4,b=1/2,c=1" });
    expect(given.fit.starts.followed).toBe(2);
    const bounded = await report(decay, formula, { bounds: "b=0.6:0.7,c=:5" });
    expect(bounded.fit.params["b"]).toBe(0.6);
    expect(bounded.fit.atBound).toEqual(["b"]);
    const [wide, narrow] = await Promise.all(
      ["0.99", "0.5"].map(async (level) => (await report(decay, formula, { level })).fit.intervals["a"]!),
    );
    expect(wide![1] - wide![0]).toBeGreaterThan(3 * (narrow![1] - narrow![0]));
    expect((await report(decay, formula, { starts: "3" })).fit.starts.followed).toBe(3);
  });

  test("--sigma, --absolute-sigma and --weights name columns", async () => {
    const plain = await report(decay, formula);
    const sigma = await report(decay, formula, { sigma: "err" });
    expect(sigma.fit.params["b"]).not.toBe(plain.fit.params["b"]);
    // the errors that generated the data
    expect(Math.abs(sigma.fit.reducedChiSquared - 1)).toBeLessThan(0.6);
    const absolute = await report(decay, formula, { sigma: "err", "absolute-sigma": true });
    const ratio = absolute.fit.standardErrors["a"]! / sigma.fit.standardErrors["a"]!;
    expect(ratio).toBeCloseTo(sigma.fit.reducedChiSquared ** -0.5, 8);
    expect((await report(decay, formula, { weights: "counts" })).fit.degreesOfFreedom).toBe(36);
  });

  test("--loss counts outliers less, with an estimated or given scale", async () => {
    const spoilt = file("spoilt.csv", readFileSync(decay, "utf8").replaceAll(/^(2|4|6|8),[\d.]+/gm, "$1,9"));
    const robust = await report(spoilt, formula, { loss: "cauchy" });
    expect(Math.abs(robust.fit.params["b"]! - 0.5)).toBeLessThan(0.05);
    expect(robust.fit.lossScale).toBeLessThan(0.2);
    expect((await report(spoilt, formula, { loss: "huber", "loss-scale": "0.1" })).fit.lossScale).toBe(0.1);
    expect(await written(spoilt, formula, { loss: "arctan" })).toContain("Errors are approximate");
  });

  test("--max-iterations ends a fit early, with a note and exit code 1", async () => {
    const stream = recordOutput();
    const request = { ...nothing, data: decay, formula, start: "a=1,b=9,c=0", "max-iterations": "1" };
    expect(await runFit(request, { stdout: stream, stderr: stream })).toBe(1);
    expect(stream.text()).toContain("It stopped at --max-iterations before it converged.");
  });

  test("Ctrl-C ends the search, and the best parameters so far are reported", async () => {
    const [stdout, stderr] = [recordOutput(), recordOutput()];
    const before = process.listenerCount("SIGINT");
    const request = { ...nothing, data: decay, formula, start: "a=1,b=9,c=0", json: true };
    const ended = runFit(request, { stdout, stderr });
    while (process.listenerCount("SIGINT") === before) await new Promise(setImmediate);
    process.emit("SIGINT", "SIGINT");
    expect(await ended).toBe(130);
    expect(stderr.text()).toContain("Ctrl-C again quits at once");
    const found = JSON.parse(stdout.text()) as { reason: string; sumOfSquares: number };
    expect(found.reason).toBe("aborted");
    const { fit } = await report(decay, formula, { start: "a=1,b=9,c=0" });
    expect(found.sumOfSquares).toBeGreaterThan(fit.sumOfSquares);
    expect(process.listenerCount("SIGINT")).toBe(before);
  });

  test("--missing skip leaves rows out and names their lines; unused columns may have gaps", async () => {
    const gaps = file("gaps.csv", "x,y,other\n0,1,\n1,NA,2\n2,3,\n3,4.1,\n\n4,,1\n5,6,\n");
    await expect(report(gaps, "y = a + b*x")).rejects.toThrow(
      'gaps.csv: line 3, column "y": the value is missing. Fill it in, or leave such rows out with --missing skip.',
    );
    const text = await written(gaps, "y = a + b*x", { missing: "skip" });
    expect(text.replaceAll("\n", " ")).toContain("2 of 6 rows left out for missing values: lines 3, 7.");
  });

  test("--no-header and names with blanks", async () => {
    const bare = file("bare.csv", "0,1\n1,3\n2,5\n3,7\n");
    expect((await report(bare, "column2 = a + b*column1", { header: false })).fit.params["b"]).toBeCloseTo(
      2,
      9,
    );
    const blanks = file("blanks.csv", "time (s),adjusted CO2\n0,1\n1,3\n2,5.1\n");
    const { formula: read } = await report(blanks, "adjusted_CO2 = a + b*time_s_");
    expect([read.target, read.columns]).toEqual(["adjusted_CO2", ["time_s_"]]);
  });
});

describe("a function in a file", () => {
  const models = [
    'export function decay(x: number, p: { a: number; b: number; c: number }) { "use ad"; return p.a * Math.exp(-p.b * x) + p.c; }',
    // a kink in a branch, which no formula has
    "export function dose(x: number, limit: number, p: [number, number]) {",
    '  "use ad";',
    "  let y = p[1];",
    "  if (x < limit) y += p[0] * x; else y += p[0] * limit;",
    "  return y;",
    "}",
    'export function rows(x: number[]) { "use ad"; return x[0]!; }',
    'export function times(x: number, n: number) { "use ad"; let s = 0; for (let i = 0; i < n; i++) s += x; return s; }',
    'export function pair(x: number, a: number) { "use ad"; return { x, a }; }',
    "// each row builds on the one before",
    "export function cool(x: number[], p: { rate: number; start: number }, room: number): number[] {",
    '  "use ad";',
    "  const y = new Array<number>(x.length).fill(0);",
    "  y[0] = p.start;",
    "  for (let i = 1; i < x.length; i++) y[i] = room + (y[i - 1]! - room) * Math.exp(-p.rate * (x[i]! - x[i - 1]!));",
    "  return y;",
    "}",
    'export function short(x: number[], a: number): number[] { "use ad"; return [a * x[0]!, a]; }',
    'export function mixed(x: number, a: number): number[] { "use ad"; return [a * x, a]; }',
    'export function weights(x: number[], w: number[]): number[] { "use ad"; return x.map((v, i) => v * w[i]!); }',
    'export function data(x: number, err: number) { "use ad"; return x + err; }',
    'export function own(y: number, a: number) { "use ad"; return y * a; }',
    'export function none(X: number, a: number) { "use ad"; return X * a; }',
    'export function same(x: number, p: { x: number }) { "use ad"; return x * p.x; }',
    // optional arguments keep their defaults unless they are columns
    'export function shifted(x: number, p: { a: number; b: number; c: number }, shift = 0, o: { scale?: number } = {}, err?: number) { "use ad"; return p.a * Math.exp(-p.b * (x - shift)) * (o.scale ?? 1) + p.c + (err ?? 0); }',
  ].join("\n");
  let source: string;
  beforeAll(() => {
    source = file("models.ts", models);
  });

  test("fits like the same formula, from the same starts, in pictures too", async () => {
    const [own, asFormula] = [
      await report(decay, `y = ${source}#decay`, { sigma: "err" }),
      await report(decay, formula, { sigma: "err" }),
    ];
    expect(own.formula).toMatchObject({ text: "y = decay(x, a, b, c)", target: "y", columns: ["x"] });
    expect(own.formula.parameters).toEqual(["a", "b", "c"]);
    for (const name of ["a", "b", "c"]) {
      expect(own.fit.params[name]).toBeCloseTo(asFormula.fit.params[name]!, 6);
      expect(own.fit.standardErrors[name]).toBeCloseTo(asFormula.fit.standardErrors[name]!, 6);
    }
    const shifted = await report(decay, `y = ${source}#shifted`, {});
    expect(shifted.formula).toMatchObject({ text: "y = shifted(x, a, b, c, err)", columns: ["x", "err"] });
    expect(shifted.formula.parameters).toEqual(["a", "b", "c"]);
    const text = await written(decay, `${source}#decay`, { bounds: "c=1.1:", starts: "3" });
    expect(text).toMatch(/^y = decay\(x, a, b, c\)\n/);
    expect(text).toContain("y against x");
    expect(text).toContain("at its bound below");
  });

  test("has branches, parameters in tuples, and a start", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${i / 3},${1 + 2 * Math.min(i / 3, 4.2)}`);
    const dose = file("dose.csv", `x,response\n${rows.join("\n")}\n`);
    const { formula: read, fit: found } = await report(dose, `${source}#dose`, { start: "limit=3" });
    expect(read.target).toBe("response"); // the only unused column
    expect(read.parameters).toEqual(["limit", "p0", "p1"]);
    expect(["limit", "p0", "p1"].map((name) => found.params[name]!.toFixed(6))).toEqual([
      "4.200000",
      "2.000000",
      "1.000000",
    ]);
  });

  test("takes whole columns if rows depend on others, and draws its values for the rows", async () => {
    const times = [0, 1, 2.5, 3, 5, 8, 13];
    const rows = times.map((t) => `${t},${20 + 60 * Math.exp(-0.3 * t)}`);
    const cooling = file("cooling.csv", `x,y\n${rows.join("\n")}\n`);
    const {
      formula: read,
      fit: found,
      drawing,
    } = await report(cooling, `${source}#cool`, { start: "rate=1,start=50,room=10" });
    expect(read).toMatchObject({
      text: "y = cool(x, rate, start, room)",
      columns: ["x"],
      parameters: ["rate", "start", "room"],
    });
    expect(["rate", "start", "room"].map((name) => found.params[name]!.toFixed(6))).toEqual([
      "0.300000",
      "80.000000",
      "20.000000",
    ]);
    expect(Array.from(drawing.curve.x)).toEqual(times);
    expect(drawing.curve.value[6]).toBeCloseTo(20 + 60 * Math.exp(-0.3 * 13), 6);
    expect(await written(cooling, `${source}#cool`, { start: "rate=1" })).toMatch(
      /^y = cool\(x, rate, start, room\)\n/,
    );
  });

  test("may precede or follow the data on the command line", async () => {
    const before = await downhill(["fit", `${source}#decay`, decay, "--json"]);
    const behind = await downhill(["fit", decay, `y=${source}#decay`, "--json"]);
    expect(before.stderr).toBe("");
    expect(before.stdout).toBe(behind.stdout);
  });

  test.each([
    [
      "rows",
      "rows is to be a function of one row: of numbers, or of tuples or records of numbers (or give an array, of arrays that are whole columns); x is an array",
    ],
    ["short", "short gives 2 numbers for "],
    ["mixed", "mixed gives an array, so that it takes whole columns: x must be an array, as x: number[]."],
    [
      "weights",
      "weights takes the array w, which is no column: arrays are columns, and parameters are numbers.",
    ],
    ["times", "n sets sizes, bounds or indices and has no derivative"],
    ["pair", "pair returns more than one number"],
    ["data", "there is nothing to fit: all arguments of data are columns."],
    ["none", "none takes no column, so X, a would all be parameters. The columns are x, y, err, counts."],
    ["same", "same takes x twice."],
    ["own", "fit: name the column that own computes: x = file.ts#own. Unused columns are x, err, counts."],
    ["decya", "decya is not marked, or not there; marked functions: decay, dose,"],
  ])("%s is refused with a remedy", async (name, message) => {
    await expect(report(decay, `${source}#${name}`)).rejects.toThrow(message);
  });

  test("an absent column, or one that the model uses", async () => {
    await expect(report(decay, `z = ${source}#decay`)).rejects.toThrow('has no column "z" to fit.');
    await expect(report(decay, `y = ${source}#own`)).rejects.toThrow("own computes y from y itself.");
  });
});

describe("misuse is refused with a remedy", () => {
  test.each<[string, Partial<FitRequest>, string]>([
    [
      "y = a*expp(-b*x)",
      {},
      "there is no function expp: did you mean exp?\n  y = a*expp(-b*x)\n        ^^^^",
    ],
    ["Y = a*x", {}, 'has no column "Y" to fit. Did you mean "y"? The columns are x, y, err, counts.'],
    [
      "y = a + b*X",
      {},
      "the formula uses no column but y, so a, b, X would all be parameters. Is the column x meant by X?",
    ],
    ["a*x", {}, "the formula must name the column that it describes: write y = a*x."],
    ["y = x", {}, "there is nothing to fit: all names of the formula are columns."],
    ["y = a*y", {}, "y is used in its own definition"],
    ["x = 2; y = a*x", {}, "x is a column of"],
    [formula, { start: "d=1" }, '--start: the text has no parameter "d". Its parameters are a, b, c.'],
    [formula, { start: "a=inf" }, "--start: a must be finite, got inf."],
    [formula, { start: "a" }, '--start: "a" is not an assignment: write --start a=…,b=…,c=….'],
    [formula, { bounds: "a=1" }, "--bounds: a needs its ends, as in a=0:10, a=0: or a=:10"],
    [formula, { bounds: "a=2:1" }, "--bounds: a must be from low to high, got 2:1."],
    [formula, { bounds: "a=x:1" }, '--bounds: the value of a is "x", which is not a number'],
    [formula, { sigma: "er" }, 'has no column "er". Did you mean "err"?'],
    [formula, { sigma: "err", weights: "err" }, "give --sigma or --weights, not both"],
    [formula, { sigma: "counts" }, "sigma must be finite numbers above 0, got 0 for row 7."],
    [formula, { "absolute-sigma": true }, "--absolute-sigma needs --sigma"],
    [
      formula,
      { loss: "hubr" },
      '--loss must be squares, soft-l1, huber, cauchy, arctan, tukey or tolerant, got "hubr". Did you mean "huber"?',
    ],
    [formula, { "loss-scale": "1" }, "--loss-scale is for robust losses"],
    [formula, { loss: "huber", "loss-scale": "0" }, '--loss-scale must be a number above 0, got "0".'],
    [formula, { level: "95" }, '--level must be a number between 0 and 1, got "95".'],
    [formula, { starts: "0" }, "--starts must be an integer from 1 to 1,000"],
    [formula, { "max-iterations": "x" }, "--max-iterations must be an integer"],
    [formula, { missing: "keep" }, '--missing must be error, skip or drop, got "keep".'],
    [formula, { decimal: "dot" }, '--decimal must be point or comma, got "dot".'],
    [formula, { out: "fit.gif" }, '--out: the name must end in .html, .svg or .png, and "fit.gif" does not.'],
    ["y = a*ln(-x-1)", {}, "the model is not finite at all rows for any start that was tried."],
  ])("%s %o", async (text, options, message) => {
    const request = { ...nothing, data: decay, formula: text, ...options };
    await expect(runFit(request, { stdout: recordOutput(), stderr: recordOutput() })).rejects.toThrow(
      message,
    );
  });

  test("missing files, files with text, and rows of unequal length", async () => {
    await expect(report("CO2", formula)).rejects.toThrow("the only built-in data set is co2");
    const words = file("words.csv", "x,y\n1,2\n2,abc\n");
    await expect(report(words, "y = a*x")).rejects.toThrow(
      'words.csv: line 3, column "y": "abc" is not a number. Correct it or take the row out.',
    );
    await expect(report(file("head.csv", "x,y\n"), "y = a*x")).rejects.toThrow("Is --no-header meant?");
    const kinds = file("kinds.csv", "x,y\nash,2\noak,3\n");
    await expect(report(kinds, "y = a*x")).rejects.toThrow(
      'kinds.csv: line 2, column "x": "ash" is neither a number nor a date such as 2001-12-31.',
    );
    const ragged = file("ragged.csv", "x,y\n1,2\n2\n");
    await expect(report(ragged, "y = a*x")).rejects.toThrow(
      "ragged.csv: line 3 has 1 cell, but line 1 has 2.",
    );
    const few = file("few.csv", "x,y\n1,2\n2,3\n");
    await expect(report(few, formula)).rejects.toThrow("2 rows cannot determine 3 parameters (a, b, c).");
  });

  test.each<[string, (i: number) => string, string]>([
    [
      "a target near 1e200",
      (i) => `${i},${2 * i + 1}e200`,
      'far.csv: line 2, column "y" is 1e+200: too large for its square',
    ],
    [
      "one value of 1e200",
      (i) => `${i},${i === 5 ? "1e200" : i}`,
      'line 7, column "y" is 1e+200: too large for its square',
    ],
    [
      "a target near 1e-200",
      (i) => `${i},${2 * i + 1}e-200`,
      'column "y" is 3.9e-199: so small that its square is 0',
    ],
  ])("%s is reported with its column", async (_, row, message) => {
    const far = file("far.csv", `x,y\n${Array.from({ length: 20 }, (__, i) => `${row(i)}\n`).join("")}`);
    await expect(report(far, "y = a + b*x")).rejects.toThrow(message);
  });

  test("a column with 1e300 is reported if it makes errors wrong", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i === 7 ? "1e300" : i},${2 * i + (i % 3)}\n`).join(
      "",
    );
    const far = file("far-x.csv", `x,y\n${rows}`);
    const text = (await written(far, "y = a + b*x")).replaceAll(/\n */g, " ");
    expect(text).toContain(
      "x is 1e+300 in line 9: squares of such numbers cannot be summed, so errors are wrong.",
    );
    expect((await written(far, "y = a + b*(x/1e300)")).replaceAll(/\n */g, " ")).not.toContain(
      "cannot be summed",
    );
  });

  test("decimal commas are read, and --decimal resolves ambiguous ones", async () => {
    const commas = file(
      "commas.csv",
      `x;y\n${Array.from({ length: 12 }, (_, i) => `${i},5;${2 * i + 1},25\n`).join("")}`,
    );
    const { params } = (await report(commas, "y = a + b*x")).fit;
    expect([params["a"], params["b"]].map((value) => Math.round(value! * 1e6) / 1e6)).toEqual([0.25, 2]);
    const doubtful = file("doubtful.csv", "x;y\n1;1,250\n2;1,500\n3;1,750\n");
    await expect(report(doubtful, "y = a + b*x")).rejects.toThrow("with --decimal point or --decimal comma.");
    expect((await report(doubtful, "y = a + b*x", { decimal: "comma" })).fit.params["b"]).toBeCloseTo(
      0.25,
      9,
    );
  });

  test("a parameter that the data do not determine is named, with a remedy", async () => {
    const text = (await written(decay, "y = a*b*exp(-k*x) + c")).replaceAll(/\n */g, " ");
    expect(text).toContain("The data do not determine a, b separately");
    expect(text).toContain("fix one with --bounds a=1:1.");
    const fixed = await report(decay, "y = a*b*exp(-k*x) + c", { bounds: "a=1:1" });
    expect(fixed.fit.undetermined).toEqual([]);
    expect(fixed.fit.params["b"]).toBeCloseTo(4, 0);
    const unused = await written(decay, "y = a + n*0 + b*x");
    expect(unused).toMatch(/\nn +0 +– +– +not determined by the data\n/);
    expect(unused).toMatch(/\na +\d\.\d+ +\d\.\d+ /);
  });

  // earlier, the parameter a was taken for the initial of a column "adjusted", and yaer was not considered
  test("the suggested column is the one nearest to the misspelt name", async () => {
    const table = file("yaer.csv", "year,adjusted,co2\n0,1,1\n1,2,3\n2,3,4\n3,1,8\n");
    await expect(report(table, "co2 = a + b*yaer")).rejects.toThrow("Is the column year meant by yaer?");
    await expect(report(table, "co2 = a + b")).rejects.toThrow("would all be parameters. The columns are");
  });

  // earlier, e was always the number 2.718…, and a column named max could not be used
  test("a column with the name of a constant or function takes precedence, with a note", async () => {
    const table = file("named.csv", "e,max,y\n1,0,3\n2,1,5.1\n3,1,6.9\n4,2,9\n");
    const { fit: found } = await report(table, "y = a*e + b");
    expect(found.params["a"]).toBeCloseTo(2, 1);
    expect((await written(table, "y = a*e + b")).replaceAll(/\n */g, " ")).toContain(
      `e is the column of ${table} here, not the number 2.718.`,
    );
    expect((await report(table, "y = a*max + max(b, 0)")).formula.columns).toEqual(["max"]);
    expect((await report(table, "e = a*y + b")).formula.target).toBe("e");
  });

  test("a name similar to a column, and e, cause notes", async () => {
    const near = file("near.csv", "time,dose,y\n0,1,1\n1,2,3\n2,3,4\n3,1,8\n");
    const text = (await written(near, "y = tme + b*dose")).replaceAll(/\n */g, " ");
    expect(text).toContain("tme is not a column, so it is a parameter. Is the column time meant?");
    expect(await written(decay, "y = a*x + e")).toContain("e is the number 2.718… here, not a parameter.");
  });
});

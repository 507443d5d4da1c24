import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findLandscape, race, type Race, zoo } from "downhill/landscapes";
import { adam, sgd } from "downhill/optim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordOutput } from "../../../test/support/command.ts";
import { extent, testInCi } from "../../../test/support/extent.ts";
import { root } from "../../../test/support/snippets.ts";
import { optionValues } from "../shared/option-values.ts";
import { raceCommand, type RaceRequest } from "./command.ts";
import { showRace } from "./run.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-race-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns the output of a request for a terminal of the given width or for a pipe. */
async function written(request: Partial<RaceRequest>, columns?: number): Promise<string> {
  const stream = recordOutput(columns);
  await showRace(optionValues(raceCommand.args, request), stream);
  return stream.text();
}

const asJson = async (request: Partial<RaceRequest>): Promise<Race> =>
  JSON.parse(await written({ json: true, ...request })) as Race;

describe("downhill race", () => {
  test("--json has the runs of the library", async () => {
    const { runs, steps, start } = await asJson({
      landscape: "rosenbrock",
      optimizers: "sgd(learningRate=0.001), adam(lr=0.05, beta1=0.8)",
      steps: "50",
    });
    const expected = race(
      findLandscape("rosenbrock"),
      { a: sgd({ learningRate: 0.001 }), b: adam({ learningRate: 0.05, beta1: 0.8 }) },
      { steps: 50 },
    );
    expect({ steps, start }).toEqual({ steps: 50, start: [-1.2, 1] });
    expect(runs.map(({ name }) => name)).toEqual(["sgd(learningRate=0.001)", "adam(lr=0.05, beta1=0.8)"]);
    expect(runs.map(({ points }) => points)).toEqual(expected.runs.map(({ points }) => points));
  });

  const some = Object.keys(zoo).filter((_, i) => i % extent(3, 1, 1) === 0);
  test.each(some)("has four default optimisers for %s: none diverges", async (landscape) => {
    const { runs } = await asJson({ landscape });
    expect(runs).toHaveLength(4);
    expect(runs.filter(({ outcome }) => outcome === "diverged")).toEqual([]);
  });

  test("takes a formula, finds its minima, and guesses rates", async () => {
    const { landscape, runs } = await asJson({ landscape: "x^4 - 2*x^2 + y^2", start: "x=-0.1,y=1" });
    expect(landscape.minima.map((p) => p.map((x) => Math.round(x * 1e4) / 1e4 + 0))).toEqual([
      [-1, 0],
      [1, 0],
    ]);
    expect(runs[0]!.points[0]).toEqual([-0.1, 1]);
    expect(runs.filter(({ outcome }) => outcome === "diverged")).toEqual([]);
  });

  testInCi("reports why the page of a race cannot compute", async () => {
    const out = join(folder, "plays.html");
    const reasonOf = async (request: Partial<RaceRequest>): Promise<string> =>
      /cannot compute new ones: (.*)\.\n$/.exec(await written({ landscape: "bowl", out, ...request }))?.[1] ??
      "";
    expect(await reasonOf({ steps: "1001", optimizers: "adam" })).toBe("more than 1,000 steps");
    expect(readFileSync(out, "utf8")).toContain('"steps":1001,');
    expect(await reasonOf({ noise: "1", steps: "20" })).toBe("the gradients have noise");
    expect(await reasonOf({ optimizers: "lion", steps: "20" })).toBe(
      "an optimiser or an option that pages do not have",
    );
  });

  test("accepts a schedule as a rate, over the number of steps", async () => {
    const { runs } = await asJson({ landscape: "bowl", optimizers: "sgd(lr=cosine(from=0.4))", steps: "20" });
    expect(runs[0]!.rates![0]).toBe(0.4);
    expect(runs[0]!.rates![10]).toBeCloseTo(0.2, 12);
  });

  test("accepts noise, seed, tolerances, and a positional start", async () => {
    const options = { landscape: "bowl", noise: "0.5", steps: "20", tolerances: "0.5,0.1", start: "-1,2" };
    const [a, b, c] = [
      await asJson({ ...options, seed: "1" }),
      await asJson({ ...options, seed: "1" }),
      await asJson(options),
    ];
    expect(a.runs).toEqual(b.runs);
    expect(a.runs).not.toEqual(c.runs);
    expect(a.tolerances).toEqual([0.5, 0.1]);
    expect(a.start).toEqual([-1, 2]);
  });

  test("accepts the function of a module, with start and minima if exported", async () => {
    const file = join(folder, "f.mjs");
    writeFileSync(
      file,
      "export const f = (x, y) => x.sub(1).square().add(y.square());\nexport const start = [3, 3];\nexport const minima = [[1, 0]];\nexport const helper = () => 1;\n",
    );
    const { landscape, runs } = await asJson({ landscape: file, optimizers: "sgd(lr=0.1)" });
    expect(landscape.minima).toEqual([[1, 0]]);
    expect(runs[0]!.points[0]).toEqual([3, 3]);
    expect(runs[0]!.outcome).toBe("arrived");
  });

  test("runs rosenbrock by default, with map, chart and table", async () => {
    const text = await written({}, 80);
    expect(text).toContain("Rosenbrock");
    expect(text).toContain("a sgd(lr=");
    expect(text).toContain("to 1e−4");
  });

  test.each([
    ["svg", /^<svg /],
    ["html", /^<!doctype html>/],
    ["json", /^\{"landscape"/],
  ])("--out writes .%s", async (ending, pattern) => {
    const out = join(folder, `race.${ending}`);
    const text = await written({ landscape: "himmelblau", steps: "50", out });
    expect(readFileSync(out, "utf8")).toMatch(pattern);
    expect(text).toContain(`Written to ${out}`);
  });

  test("at a terminal it says how to share the race, unless it wrote a file", async () => {
    const small = { landscape: "himmelblau", steps: "20" };
    expect(await written(small, 100)).toContain("To share it: --out NAME.svg");
    expect(await written(small)).not.toContain("To share it");
    expect(await written({ ...small, out: join(folder, "shared.svg") }, 100)).not.toContain("To share it");
  });

  test("--preset runs a study", async () => {
    const text = await written({ preset: "momentum" });
    expect(text).toContain("Momentum against theory");
    expect(text).toContain("(√κ − 1)/(√κ + 1) = 0.8182");
    const study = JSON.parse(await written({ preset: "rates", json: true })) as { findings: string[] };
    expect(study.findings.length).toBeGreaterThan(0);
  });

  test("--list lists everything, as JSON too", async () => {
    const text = await written({ list: true });
    for (const name of [...Object.keys(zoo), "gradient-variance", "adafactor"]) expect(text).toContain(name);
    const lists = JSON.parse(await written({ list: true, json: true })) as Record<string, unknown[]>;
    expect(lists["landscapes"]).toHaveLength(Object.keys(zoo).length);
  });
});

describe("a plain function in a file", () => {
  const bowls = [
    "const centre = [1, -2];",
    "const pull = (t: number, to: number) => (t - to) ** 2;",
    'export function numbers(x: number, y: number) { "use ad"; return pull(x, centre[0]!) + 3 * pull(y, centre[1]!); }',
    'export function array(p: number[]) { "use ad"; let s = 0; for (let i = 0; i < p.length; i++) s += (i + 1) * pull(p[i]!, 1); return s; }',
    'export function tuple([x, y]: [number, number]) { "use ad"; return pull(x, 1) + 3 * pull(y, -2); }',
    'export function record({ east, north }: { east: number; north: number }) { "use ad"; return pull(east, 1) + 3 * pull(north, -2); }',
    // optional parameters and fields keep their defaults
    'export function optional(factor = 3, x: number, y: number) { "use ad"; return pull(x, 1) + factor * pull(y, -2); }',
    'export function fields(p: { east: number; north: number; factor?: number }) { "use ad"; return pull(p.east, 1) + (p.factor ?? 3) * pull(p.north, -2); }',
    'export function all(x = 9, y = 9) { "use ad"; return pull(x, 1) + 3 * pull(y, -2); }',
    'export function one(x: number) { "use ad"; return pull(x, 1); }',
    'export function rows(m: number[][]) { "use ad"; return m[0]![0]!; }',
    'export function mixed(x: number, p: number[]) { "use ad"; return x * p[0]!; }',
    'export function two(x: number, y: number) { "use ad"; return [x, y]; }',
    'export function times(x: number, n: number) { "use ad"; let s = 0; for (let i = 0; i < n; i++) s += x; return s; }',
    "let offset = 1;",
    "offset = 2;",
    'export function moved(x: number, y: number) { "use ad"; return x * y + offset; }',
    "export const plain = (x: number) => x;",
  ].join("\n");
  let file: string;
  let ofFormula: Promise<Race> | undefined;
  beforeAll(() => {
    file = join(folder, "bowls.ts");
    writeFileSync(file, bowls);
  });

  test.each([
    ["numbers", ["x", "y"]],
    ["tuple", ["x", "y"]],
    ["record", ["east", "north"]],
    ["optional", ["x", "y"]],
    ["fields", ["east", "north"]],
    ["all", ["x", "y"]],
  ])("of %s takes the same path as its formula", async (name, coordinates) => {
    const options = { optimizers: "sgd(lr=0.1), adam(lr=0.3)", start: "2,1.5", steps: "40" };
    const own = await asJson({ landscape: `${file}#${name}`, ...options });
    const formula = await (ofFormula ??= asJson({ landscape: "(x - 1)^2 + 3*(y + 2)^2", ...options }));
    expect(own.landscape.coordinates).toEqual(coordinates);
    for (const [i, { points }] of own.runs.entries()) {
      const expected = formula.runs[i]!.points;
      expect(points).toHaveLength(expected.length);
      points.flat().forEach((x, k) => expect(x).toBeCloseTo(expected.flat()[k]!, 9));
    }
    expect(own.landscape.minima[0]!.map((x) => Math.round(x * 1e4) / 1e4)).toEqual([1, -2]);
  });

  test("with the name of a built-in landscape gets its own rates", async () => {
    const steep = join(folder, "steep.ts");
    writeFileSync(
      steep,
      'export function bowl(x: number, y: number) { "use ad"; return 1e4 * (x * x + y * y); }',
    );
    const { landscape, runs } = await asJson({ landscape: steep });
    expect([landscape.name, landscape.formula]).toEqual(["bowl", `bowl of ${steep}`]);
    expect(runs[0]!.outcome).toBe("arrived");
  });

  test("of an array has as many coordinates as --start, or two; rates are estimated", async () => {
    const { landscape, runs } = await asJson({ landscape: `${file}#array` });
    expect(landscape.coordinates).toEqual(["x", "y"]);
    expect(runs.map(({ outcome }) => outcome)).not.toContain("diverged");
    const three = await asJson({ landscape: `${file}#array`, start: "0,2,3" });
    expect(three.landscape.coordinates).toEqual(["x1", "x2", "x3"]);
    expect(three.runs[0]!.points[0]).toEqual([0, 2, 3]);
  });

  testInCi("of one number, on a page, and in a file with only one", async () => {
    expect((await asJson({ landscape: `${file}#one`, start: "3" })).landscape.coordinates).toEqual(["x"]);
    const only = join(folder, "only.mjs");
    writeFileSync(
      only,
      '/** @param {number} x @param {number} y */\nexport function f(x, y) { "use ad"; return x ** 2 + Math.cosh(y); }\n',
    );
    const out = join(folder, "own.html");
    expect(await written({ landscape: only, out })).toContain("f of ");
    expect(readFileSync(out, "utf8")).toMatch(/^<!doctype html>/);
  });

  test.each([
    ["rows", "rows takes m: a matrix: a landscape is a function of numbers (x: number, y: number)"],
    ["mixed", "mixed takes x: a number, p: an array: a landscape is a function of numbers"],
    ["times", "times takes x: a number, n: an integer"],
    ["two", "two gives an array: a landscape returns one number."],
    ["moved", "moved reads offset, whose value is unknown because the file is not run"],
    ["plain", "plain is not marked, or not there; marked functions: numbers, array,"],
  ])("of another shape is refused: %s", async (name, message) => {
    await expect(written({ landscape: `${file}#${name}` })).rejects.toThrow(message);
  });

  test("a missing file", async () => {
    await expect(written({ landscape: "./none.ts#f" })).rejects.toThrow("cannot read ./none.ts");
  });
});

describe("misuse", () => {
  test.each<[Partial<RaceRequest>, string]>([
    [{ landscape: "rosenbrok" }, 'Did you mean "rosenbrock"?'],
    [{ landscape: "x +* y" }, "^"],
    [{ landscape: "./no-such-file.js" }, "cannot read ./no-such-file.js: there is no such file"],
    [{ optimizers: "adm" }, 'Did you mean "adam"?'],
    [{ optimizers: "adam(beta1=1)" }, "adam: beta1 must be"],
    [{ optimizers: "adam(rate=1)" }, 'adam: unknown option "rate"'],
    [{ steps: "0" }, "--steps must be an integer of 1 or more"],
    [{ steps: "2000000" }, "--steps must be 1,000,000 or less"],
    [{ start: "x=1" }, "--start has no y"],
    [{ start: "x=1,z=2" }, 'no coordinate "z"'],
    [{ start: "1,2,3" }, "--start has 3 of the 2 coordinates x, y"],
    [{ domain: "x=0:1,y=2" }, "--domain: the interval of y is written as from:to"],
    [{ domain: "x=1:0,y=0:1" }, "must have the lower end first"],
    [{ tolerances: "1e-2,no" }, "--tolerances must be numbers above 0 between commas"],
    [{ noise: "-1" }, "--noise must be a number of 0 or more"],
    [{ seed: "1.5" }, "--seed must be an integer"],
    [{ preset: "momentm" }, 'Did you mean "momentum"?'],
    [{ preset: "rates", steps: "5" }, "cannot be combined with --steps"],
    [{ preset: "rates", landscape: "bowl" }, "cannot be combined with the landscape bowl"],
    [{ out: "race.jpg" }, "must end in .html, .svg, .png, .gif or .json"],
    [{ out: "/no/such/folder/race.svg" }, "its folder does not exist"],
  ])("%o", async (request, message) => {
    await expect(written(request)).rejects.toThrow(message);
  });

  test("a module without a suitable function", async () => {
    const file = join(folder, "two.mjs");
    writeFileSync(file, "export const g = (x) => x;\nexport const h = (x) => x;\n");
    await expect(written({ landscape: file })).rejects.toThrow(
      "exports g, h: the landscape must be its default export",
    );
    const broken = join(folder, "broken.mjs");
    writeFileSync(broken, "export const f = (;\n");
    await expect(written({ landscape: broken })).rejects.toThrow("cannot load");
  });
});

describe("--where", () => {
  test("draws the feasible region, and lists the multipliers", async () => {
    const out = join(folder, "where.html");
    const text = await written({
      landscape: "x^2 + y^2",
      steps: "5",
      where: "x + y >= 1\n0 <= x - y <= 2",
      out,
    });
    expect(text).toMatch(/x \+ y >= 1 +active +−1\n/);
    expect(text).toContain("The page replays the runs and cannot compute new ones: it has constraints.");
    const page = readFileSync(out, "utf8");
    expect(page).toContain('class="outside"');
    expect(page).toContain("x + y &gt;= 1");
  });

  testInCi(
    "docs/pictures/forces.svg is up to date (the command in docs/constraints.md makes it)",
    async () => {
      const out = join(folder, "forces.svg");
      await written({
        landscape: "(x - 2)^2 + (y - 2)^2",
        start: "x=-0.5,y=0.5",
        domain: "x=-1:3,y=-1:2.5",
        where: "x^2 + y^2 <= 2\ny <= 0.8",
        optimizers: "sgd(lr=0.02)",
        steps: "60",
        out,
      });
      expect(readFileSync(out, "utf8")).toBe(readFileSync(join(root, "docs/pictures/forces.svg"), "utf8"));
    },
  );

  test("is refused with a repair", async () => {
    await expect(written({ landscape: "x^2 + y^2", where: "x + z <= 1" })).rejects.toThrow(
      "--where: x + z <= 1 uses z, which is not a coordinate. The coordinates are x, y.",
    );
    await expect(written({ preset: "adam-counterexample", where: "x <= 1" })).rejects.toThrow(
      "cannot be combined with --where",
    );
  });
});

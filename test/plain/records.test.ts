// Compiled forms of plain functions, stored as data for later runs: equal bits, and never the form of another function.
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { configure, grad, hessian, hvp, jacfwd, jacrev, jit, jvp, valueAndGrad } from "downhill";
import {
  attachForm,
  compile,
  offerCompilationCache,
  precompile,
  setCompilationCache,
  withRecords,
} from "downhill/plain";
import type { PlainForm } from "downhill/plain";
import { engine } from "../../src/engine/runtime/engine.ts";
import type { CompiledRecord, RecordStore } from "../../src/engine/runtime/region-records.ts";
import { keeperOf, makeRecords } from "../../src/engine/runtime/region-records.ts";
import { testOnPosix } from "../support/conditions.ts";
import { extent, testInCi } from "../support/extent.ts";
import { numbersIn } from "../support/plain-differences.ts";
import { formOfText } from "../support/plain-region.ts";
import type { PlainCase } from "./cases.ts";
import { byHand, fromFields, fromMethods } from "./cases.ts";

const isThorough = extent(0, 1, 1) === 1;

type AnyFunction = (...args: unknown[]) => unknown;
/** Argument types are unknown here. */
const differentiate = valueAndGrad as unknown as (f: AnyFunction, options: object) => AnyFunction;
const compiled = jit as unknown as (f: AnyFunction) => AnyFunction;

const textOf = (file: string): string => readFileSync(new URL(`${file}.ts`, import.meta.url), "utf8");
const texts = { functions: textOf("functions"), fields: textOf("fields"), methods: textOf("methods") };

afterEach(() => {
  engine.records = undefined;
  configure({});
});

/** Clears everything compiled before. */
function forget(): void {
  engine.regions?.clear();
}

/** A store that keeps texts in memory instead of files. */
function storeOf(texts: Map<string, string>): RecordStore {
  return {
    get(key) {
      const text = texts.get(key);
      return text === undefined ? undefined : (JSON.parse(text) as CompiledRecord);
    },
    put: (key, record) => void texts.set(key, JSON.stringify(record)),
  };
}

/** Result of a call and the number of regions it compiles. */
function run(call: () => unknown): { readonly numbers: readonly number[]; readonly compilations: number } {
  forget();
  const before = engine.compilations;
  const numbers = numbersIn(call());
  return { numbers, compilations: engine.compilations - before };
}

/** Runs a call without records, then while it writes records, then from the written records. */
function threeRuns(call: () => unknown) {
  const kept = new Map<string, string>();
  const without = run(call);
  engine.records = makeRecords(keeperOf(storeOf(kept)));
  const first = run(call);
  const second = run(call);
  return { without, first, second, kept };
}

/** The value and gradient of a function if it is differentiable, otherwise its results. */
function callOf({ f, args, wrt }: PlainCase, compiledForm: AnyFunction): () => unknown {
  const isNumber = typeof f(...(structuredClone(args) as never[])) === "number";
  const g = isNumber ? differentiate(compiledForm, { argnums: [...wrt] }) : compiled(compiledForm);
  return () => g(...args);
}

describe.each([
  ["functions", byHand],
  ["fields", fromFields],
  ["methods", fromMethods],
] as const)("plain %s", (file, cases) => {
  const functions = compile<Readonly<Record<string, AnyFunction>>>(texts[file], { file: `${file}.ts` });

  // each function by one of the backends, or by all
  describe.each([
    ["auto", 0],
    ["wasm", 1],
    ["js", 2],
  ] as const)("by the backend %s", (backend, turn) => {
    beforeEach(() => configure({ backend }));

    test.each(cases.filter((_, i) => isThorough || i % 3 === turn))(
      "$name has the same bits by a record, which compiles nothing",
      async (one) => {
        const { without, first, second, kept } = threeRuns(callOf(one, (await functions)[one.name]!));
        expect(kept.size).toBeGreaterThan(0);
        expect(first.numbers).toEqual(without.numbers);
        expect(second.numbers).toEqual(without.numbers);
        expect(first.compilations).toBe(without.compilations);
        expect(second.compilations).toBe(0);
      },
    );
  });
});

describe("a record", () => {
  const source = `export function loss(xs: number[], scale: number) {
  "use ad";
  let s = 0;
  for (let i = 0; i < xs.length; i++) s += Math.sin(xs[i]! * scale) ** 2;
  return s;
}
`;
  const xs = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i));
  const lossOf = async (text: string): Promise<AnyFunction> =>
    (await compile<Readonly<Record<"loss", AnyFunction>>>(text)).loss;

  test("is there for every transform that runs a region", async () => {
    const loss = (await lossOf(source)) as (xs: Float64Array, scale: number) => number;
    const f = jit(loss);
    const calls: Readonly<Record<string, () => unknown>> = {
      jit: () => f(xs, 2),
      grad: () => grad(loss)(xs, 2),
      both: () => valueAndGrad(loss, { argnums: [0, 1] })(xs, 2),
      jvp: () => jvp(loss, [xs, 2], [xs, 1]),
      jacfwd: () => jacfwd(loss, { argnums: 1 })(xs, 2),
      jacrev: () => jacrev(loss)(xs, 2),
      hessian: () => hessian(loss, { argnums: 1 })(xs, 2),
    };
    for (const [name, call] of Object.entries(calls)) {
      const { without, first, second } = threeRuns(call);
      engine.records = undefined;
      expect([first.numbers, second.numbers], name).toEqual([without.numbers, without.numbers]);
      expect(second.compilations, name).toBe(0);
      expect(without.compilations, name).toBeGreaterThan(0);
    }
  });

  test("of a derivative of a derivative is found after repeated differentiation", async () => {
    const { well } = await compile<{ well: (x: Float64Array) => number }>(
      `function well(x: Float64Array) { "use ad"; let s = 0; for (const y of x) s += Math.exp(y * y); return s; }`,
    );
    const { without, second, kept } = threeRuns(() => hvp(well, xs, xs));
    expect(second).toEqual({ numbers: without.numbers, compilations: 0 });
    expect(kept.size).toBe(1);
    const { compilations } = run(() => jvp(well, [xs], [xs]));
    expect(compilations).toBe(1);
    expect(kept.size).toBe(2);
  });

  test("serves arguments of every kind and length, for none of them is in it", async () => {
    const g = differentiate(await lossOf(source), { argnums: [0, 1] });
    const { kept } = threeRuns(() => g(xs, 2));
    const others = [Array.from(xs), xs.subarray(3), [], Array.from({ length: 1000 }, (_, i) => i)];
    const got = others.map((other) => run(() => g(other, -1)));
    engine.records = undefined;
    others.forEach((other, i) => expect(got[i]!.numbers).toEqual(run(() => g(other, -1)).numbers));
    expect(got.map(({ compilations }) => compilations)).toEqual([0, 0, 0, 0]);
    expect(kept.size).toBe(1);
  });

  test("serves a text with other names and lines, and reports errors at the new lines", async () => {
    const text = `export function loss(xs: number[], scale: number) {
  "use ad";
  if (scale < 0) throw new Error("the scale is negative");
  return xs[Math.floor(scale)]! * scale;
}`;
    const g = differentiate(await lossOf(text), { argnums: [0] });
    const { kept } = threeRuns(() => g([1, 2, 3], 1));
    const moved = `// a line\n\n${text.replaceAll("scale", "factor").replace("the factor is", "the scale is")}`;
    const other = differentiate(await lossOf(moved), { argnums: [0] });
    expect(run(() => other([1, 2, 3], 2))).toEqual({ numbers: [6, 0, 0, 2], compilations: 0 });
    for (const [call, title] of [[g, "plain.ts:3:"], [other, "plain.ts:5:"]] as const) expect(() => call([1], -1)).toThrow(title); // prettier-ignore
    const place = (call: AnyFunction): string => {
      try {
        call([1], 3);
      } catch (error) {
        return (error as Error).message;
      }
      return "no error";
    };
    const got = [g, other].map(place);
    engine.records = undefined;
    forget();
    expect(got).toEqual([g, other].map(place));
    expect(got[1]).toContain("xs[Math.floor(factor)]");
    expect(kept.size).toBe(1);
  });

  test("is replaced by code with all checks if a check before a loop fails", async () => {
    const text = `export function loss(xs: number[], n: number) {
  "use ad";
  let s = 0;
  for (let i = 0; i < n; i++) if (i < xs.length) s += xs[i]! ** 2;
  return s;
}`;
    const g = differentiate(await lossOf(text), { argnums: [0] });
    threeRuns(() => g([1, 2, 3], 3));
    const got = run(() => g([1, 2, 3], 5)).numbers;
    expect(got).toEqual([14, 2, 4, 6]);
    const text2 = text.replace("if (i < xs.length) s", "s");
    const h = differentiate(await lossOf(text2), { argnums: [0] });
    const { second } = threeRuns(() => h([1, 2, 3], 3));
    expect(second).toEqual({ numbers: [14, 2, 4, 6], compilations: 0 });
    expect(() => h([1, 2, 3], 5)).toThrow("index 3 is out of range, the length is 3 at plain.ts:4:");
  });

  test("makes room for tapes that outgrow it", async () => {
    const text = `export function loss(x: number, n: number) {
  "use ad";
  let y = x;
  let k = 0;
  while (k < n) { y = Math.sin(y) + x; k += 1; }
  return y;
}`;
    const g = differentiate(await lossOf(text), { argnums: [0] });
    const { without, second } = threeRuns(() => g(0.3, 5000));
    expect(second).toEqual({ numbers: without.numbers, compilations: 0 });
  });

  test("is compiled again if another build wrote it, or for another engine", async () => {
    const g = differentiate(await lossOf(source), { argnums: [0] });
    configure({ backend: "wasm" });
    const { without, kept } = threeRuns(() => g(xs, 2));
    const [[key, text]] = [...kept] as [[string, string]];
    const record = JSON.parse(text) as CompiledRecord;
    if (record.code.backend !== "wasm") throw new Error("it is WebAssembly");
    const { code } = record;
    const broken = { ...code.record.program, bytes: "" };
    const others: CompiledRecord[] = [
      { ...record, build: "another", code: { ...code, record: { ...code.record, program: broken } } },
      { ...record, code: { ...code, record: { target: "another", program: broken } } },
    ];
    for (const other of others) {
      kept.set(key, JSON.stringify(other));
      expect(run(() => g(xs, 2))).toEqual({ numbers: without.numbers, compilations: 1 });
      expect(kept.get(key)).toBe(text);
    }
  });

  test("has its own for each backend and each way to round", async () => {
    const g = differentiate(await lossOf(source), { argnums: [0] });
    const kept = new Map<string, string>();
    engine.records = makeRecords(keeperOf(storeOf(kept)));
    for (const options of [{ backend: "wasm" }, { backend: "js" }, { reproducible: true }] as const) {
      configure(options);
      expect(run(() => g(xs, 2)).compilations).toBe(1);
      expect(run(() => g(xs, 2)).compilations).toBe(0);
    }
    expect(kept.size).toBe(3);
    configure({ backend: "interpreter" });
    expect(run(() => g(xs, 2)).compilations).toBe(run(() => g(xs, 2)).compilations);
    expect(kept.size).toBe(3);
  });

  test("tells segments of a checkpoint from the whole", async () => {
    const { checkpoint } = await import("downhill");
    const loss = (await lossOf(source)) as (xs: Float64Array, scale: number) => number;
    const kept = new Map<string, string>();
    engine.records = makeRecords(keeperOf(storeOf(kept)));
    const [plain, segmented] = [loss, checkpoint(loss)].map((f) => run(() => grad(f)(xs, 2)));
    expect(segmented).toEqual(plain);
    expect(kept.size).toBe(2);
  });

  testInCi("shares its loops among threads like code compiled here", async () => {
    const { sines } = await compile<{ sines: AnyFunction }>(`function sines(xs: Float64Array) {
  "use ad";
  const ys = new Float64Array(xs.length);
  for (let i = 0; i < xs.length; i++) ys[i] = Math.sin(xs[i]!);
  return ys;
}`);
    const g = compiled(sines);
    configure({ backend: "wasm", threads: 2 });
    const many = Float64Array.from({ length: 100_000 }, (_, i) => Math.sin(i));
    const { without, second, kept } = threeRuns(() => [g(many), g(many)]);
    expect(second).toEqual({ numbers: without.numbers, compilations: 0 });
    const { code } = JSON.parse([...kept.values()][0]!) as CompiledRecord;
    expect(code.backend === "wasm" && code.record.program.shared?.tasks).toBeGreaterThan(0);
  });
});

describe("precompile", () => {
  const form = formOfText(texts.functions, "mixture");
  const one = byHand.find(({ name }) => name === "mixture")!;
  const attached = (given: PlainForm): AnyFunction => {
    const f = (): number => 0;
    attachForm(f, given, () => []);
    return f;
  };
  const calls = [{ transform: "valueAndGrad", argnums: one.wrt }, { transform: "jit" }] as const;
  const both = (f: AnyFunction) => [
    ...numbersIn(differentiate(f, { argnums: [...one.wrt] })(...one.args)),
    ...numbersIn(compiled(f)(...one.args)),
  ];

  test("compiles transforms of a function before they are called", () => {
    const without = run(() => both(attached(form)));
    const records = JSON.parse(JSON.stringify(precompile(form, calls, "node"))) as CompiledRecord[];
    expect(records.map(({ steps }) => steps)).toEqual([expect.stringContaining("values gradient"), ""]);
    const f = attached(withRecords(structuredClone(form), records));
    expect(run(() => both(f))).toEqual({ ...without, compilations: 0 });
    const other = (): unknown => (grad as unknown as (f: AnyFunction) => AnyFunction)(f)(...one.args);
    expect(run(other).compilations).toBe(1); // nothing was compiled for that target
  });

  test("for other engines changes nothing", () => {
    configure({ backend: "wasm" });
    const without = run(() => both(attached(form)));
    const f = attached(withRecords(structuredClone(form), precompile(form, calls, "page")));
    expect(run(() => both(f))).toEqual(without);
    expect(without.compilations).toBe(2);
    configure({ reproducible: true });
    const kept = attached(withRecords(structuredClone(form), precompile(form, calls, "node")));
    configure({ backend: "interpreter" });
    expect(run(() => both(kept)).compilations).toBe(2);
  });

  test("omits transforms of functions without a derivative", () => {
    const pair = formOfText(
      `function f(x: number, n: number): [number, number] { "use ad"; return [x * n, x]; }`,
      "f",
    );
    const asked = [
      { transform: "grad" },
      { transform: "grad", argnums: 5, hasAux: true },
      { transform: "grad", hasAux: true },
    ] as const;
    expect(precompile(pair, asked, "node").map(({ steps }) => steps)).toEqual(["gradient rest 10"]);
  });
});

const square = `export function loss(x: number) { "use ad"; return Math.sin(x) ** 2; }`;
const { loss } = await compile<{ loss: (x: number) => number }>(square);

describe("setCompilationCache", () => {
  const gradient = (): number => grad(loss)(1);
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "downhill-cache-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const own = (): string => join(folder, "downhill-compiled");
  const files = (): readonly string[] => readdirSync(own());

  test("stores compiled code in files, which later runs read", () => {
    const without = run(gradient);
    setCompilationCache(join(folder, "deep/within"));
    expect(run(gradient)).toEqual({ ...without, compilations: 1 });
    expect(run(gradient)).toEqual({ ...without, compilations: 0 });
    expect(readdirSync(join(folder, "deep/within"))).toEqual(["downhill-compiled"]);
    expect(readdirSync(join(folder, "deep/within/downhill-compiled"))).toEqual([
      expect.stringMatching(/^[0-9a-f]{16}\.json$/),
    ]);
    setCompilationCache(undefined);
    expect(run(gradient).compilations).toBe(1);
  });

  test("skips damaged files, and rewrites them", () => {
    const without = run(gradient);
    setCompilationCache(folder);
    run(gradient);
    const file = join(own(), files()[0]!);
    const good = readFileSync(file, "utf8");
    const digit = good.lastIndexOf("1");
    for (const bad of ["", "{", good.slice(0, -1), `${good.slice(0, digit)}2${good.slice(digit + 1)}`]) {
      writeFileSync(file, bad);
      expect(run(gradient)).toEqual({ ...without, compilations: 1 });
      expect(readFileSync(file, "utf8")).toBe(good);
    }
    expect(files()).toHaveLength(1);
  });

  test("only reads if it cannot write", () => {
    writeFileSync(join(folder, "file"), "");
    setCompilationCache(join(folder, "file"));
    expect(run(gradient).compilations).toBe(1);
    expect(run(gradient).compilations).toBe(1);
  });

  test("deletes the oldest records beyond the limit", async () => {
    const bytesOf = (): number => files().reduce((sum, name) => sum + statSync(join(own(), name)).size, 0);
    setCompilationCache(folder);
    run(gradient);
    const mostBytes = 3 * bytesOf();
    for (let k = 0; k < 8; k++) {
      setCompilationCache(folder, { mostBytes });
      const other = await compile<{ loss: (x: number) => number }>(square.replace("** 2", `* ${k + 2.5}`));
      run(() => grad(other.loss)(1));
      expect(bytesOf()).toBeLessThanOrEqual(mostBytes);
    }
    expect(files().length).toBeGreaterThan(0);
  });

  test("deletes nothing but its own records: no other files, folders or links, and survives them", () => {
    const foreign = ["package.json", "0123456789abcdef.csv", "downhill-compiled/notes.txt"];
    mkdirSync(own());
    for (const name of foreign) writeFileSync(join(folder, name), "x".repeat(1000));
    mkdirSync(join(own(), "fedcba9876543210.json"));
    symlinkSync(join(folder, "gone"), join(own(), "0123456789abcdef.json"));
    const all = (): string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
    const before = all();
    setCompilationCache(folder, { mostBytes: 1 });
    expect(run(gradient).compilations).toBe(1);
    expect(all()).toEqual(before); // its own record is above the limit, and gone
    setCompilationCache(folder);
    run(gradient);
    expect(run(gradient).compilations).toBe(0);
  });

  test("a folder at the path of a record does not prevent other records", async () => {
    setCompilationCache(folder);
    run(gradient);
    const [name] = files();
    rmSync(join(own(), name!));
    mkdirSync(join(own(), name!));
    run(gradient);
    const other = await compile<{ loss: (x: number) => number }>(square.replace("** 2", "* 7"));
    run(() => grad(other.loss)(1));
    expect(files()).toHaveLength(2);
    expect(files().filter((one) => one.endsWith(".part"))).toEqual([]);
  });

  testOnPosix.each([
    ["", 0o777],
    ["", 0o775],
    ["downhill-compiled", 0o702],
  ])("refuses a folder that other users can write to: %j, mode %i", (name, mode) => {
    mkdirSync(join(folder, name), { recursive: true });
    chmodSync(join(folder, name), mode);
    const message = `other users can write to ${join(folder, name)} (mode ${mode.toString(8)})`;
    expect(() => setCompilationCache(folder)).toThrow(message);
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    engine.records = undefined;
    offerCompilationCache(folder); // by tools that only load a program, which runs without a cache
    expect(warned.mock.calls).toEqual([[expect.stringContaining(message)]]);
    warned.mockRestore();
    expect(run(gradient).compilations).toBe(1);
    expect(run(gradient).compilations).toBe(1);
  });

  testOnPosix("refuses a folder of another user, and a link as its subfolder", () => {
    setCompilationCache(folder);
    run(gradient);
    const { getuid } = process;
    const user = getuid!();
    if (user === 0) chownSync(folder, 12_345, 12_345); // root's own folders are trusted by all
    process.getuid = () => (user === 0 ? 0 : user + 1);
    try {
      expect(() => setCompilationCache(folder)).toThrow(/belongs to another user \(uid \d+\)/);
    } finally {
      process.getuid = getuid!;
      if (user === 0) chownSync(folder, 0, 0);
    }
    rmSync(own(), { recursive: true });
    symlinkSync(tmpdir(), own());
    expect(() => setCompilationCache(folder)).toThrow("downhill-compiled");
  });

  testOnPosix(
    "makes its folders and files for itself alone to write, whatever the umask, and reads no other ones",
    () => {
      const before = process.umask(0);
      try {
        setCompilationCache(join(folder, "made"));
        run(gradient);
      } finally {
        process.umask(before);
      }
      const made = join(folder, "made/downhill-compiled");
      const file = join(made, readdirSync(made)[0]!);
      expect([made, file].map((one) => statSync(one).mode & 0o777)).toEqual([0o755, 0o644]);
      expect(run(gradient).compilations).toBe(0);
      chmodSync(file, 0o666);
      expect(run(gradient).compilations).toBe(1);
    },
  );

  test("reports missing files", () => {
    const { getBuiltinModule } = process;
    process.getBuiltinModule = () => undefined;
    try {
      expect(() => setCompilationCache(folder)).toThrow(
        "there are no files here, only in Node, Bun and Deno",
      );
    } finally {
      process.getBuiltinModule = getBuiltinModule;
    }
  });
});

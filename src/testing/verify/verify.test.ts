import type { Tensor } from "downhill";
import * as d from "downhill";
import { configure, grad, hvp, jacrev, jit, jvp, valueAndGrad } from "downhill";
import type { VerificationReport } from "downhill/testing";
import { repeatVerification, verifyStats } from "downhill/testing";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeFakeDevice, withDevice } from "../../../test/support/fake-device.ts";
import { marked } from "../../../test/support/marked.ts";
import { formOfText } from "../../../test/support/plain-region.ts";
import type { Equation } from "../../engine/ir/program.ts";
import type { ProgramPass } from "../../engine/passes/pipeline.ts";
import { pipeline } from "../../engine/passes/pipeline.ts";
import { scalarFunctions } from "../../engine/prims/scalar-functions.ts";
import { lowerRegion } from "../../engine/region/lower/routine.ts";
import type { Region, RegionExpr, RegionStmt } from "../../engine/region/form/region.ts";
import { mapBlocksOf, mapExpr, mapExpressionsOf } from "../../engine/region/form/walk.ts";
import { engine } from "../../engine/runtime/engine.ts";
import { jsForRegions } from "../../engine/runtime/sized-backend.ts";
import { compareOnce } from "./verifier.ts";
import { wrapForm } from "../../numeric/plain/call/attach.ts";

// other test files in this process share the device
afterAll(() => {
  engine.copies = undefined;
});

beforeEach(() => {
  compareOnce(false);
  configure({ verify: "first-call", verifyBudget: 1e6 });
});
afterEach(() => {
  compareOnce(true);
  configure({});
});

type Call = (...args: unknown[]) => unknown;

/** Creates a plain function from text. */
const plain = (text: string): Call & ((...args: never[]) => Tensor) => marked(text) as never;
/** Casts a transform of plain functions, without the types of functions over tensors. */
const taking = (transform: unknown): ((f: Call) => Call) => transform as never;
const [jitOf, gradOf] = [taking(jit), taking(grad)];

/** Returns the error of a call that must fail. */
function failureOf(call: () => unknown): Error & { readonly code?: string; readonly cause?: unknown } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("the call was not refused");
}

/** Returns the path of the file that an error names, which the test must remove. */
const fileIn = ({ message }: Error): string => /"([^"]+report\.json)"/.exec(message)![1]!;

/** Runs a function while a pass is replaced. */
function withPass<T>(name: string, wrong: ProgramPass, run: () => T): T {
  const list = pipeline as (readonly [string, ProgramPass])[];
  const at = list.findIndex(([own]) => own === name);
  const right = list[at]!;
  list[at] = [name, (program) => wrong(right[1](program))];
  engine.programs?.clear();
  try {
    return run();
  } finally {
    list[at] = right;
    engine.programs?.clear();
  }
}

/** Exchanges the operands of each difference, in loops too. */
const exchangesOperands: ProgramPass = (program) => ({
  ...program,
  eqns: program.eqns.map((eqn): Equation =>
    eqn.prim.name === "sub" ? { ...eqn, ins: eqn.ins.toReversed() } : eqn,
  ),
});

/** Runs a function while regions with these steps are replaced before compilation. */
function withRegions<T>(steps: RegExp, wrong: (region: Region) => Region, run: () => T): T {
  engine.records = {
    keeper: undefined,
    find(region) {
      if (!steps.test(region.steps)) return undefined;
      const lowered = lowerRegion(wrong(region.region()), scalarFunctions, { failedChecks: "end" });
      const { compile } = jsForRegions();
      const { name, params } = region.region();
      return { signatureOf: () => ({ name, params }), lowered, compiled: compile(lowered.routine), compile };
    },
  };
  try {
    return run();
  } finally {
    engine.records = undefined;
  }
}

/** Replaces a constant of a region. */
const exchanging =
  (from: number, to: number) =>
  (region: Region): Region => {
    const change = (expr: RegionExpr): RegionExpr =>
      mapExpr(expr, (x) => (x.kind === "const" && x.value === from ? { ...x, value: to } : x));
    const block = (stmts: readonly RegionStmt[]): RegionStmt[] =>
      stmts.map((stmt) => mapExpressionsOf(mapBlocksOf(stmt, block), change));
    return { ...region, body: block(region.body) };
  };

const energy = `function energy(x: number[]): number {
  "use ad";
  let s = 0;
  for (let i = 0; i < x.length; i++) s += 0.375 * x[i] * x[i] * x[i];
  return s;
}`;
const xs = [0.5, -1.25, 2, 0.75, -0.5, 3, 1, -2, 0.125];

describe("programs over tensors", () => {
  const f = (x: Tensor, y: Tensor): Tensor => x.mul(2).sub(y).sum();
  const point = [d.tensor([1, 2, 3]), d.tensor([0.5, 4, -1])] as const;

  test("agree with the interpreter, once per executable", () => {
    const before = verifyStats();
    const g = jit(f);
    expect(g(...point).item()).toBe(8.5);
    g(...point);
    expect(g.stats()).toMatchObject({ verified: 1, unverified: 0 });
    expect(verifyStats().verified - before.verified).toBe(1);
  });

  test("a pass that changes results is an internal error, which can be repeated", () => {
    const error = withPass("simplify", exchangesOperands, () => {
      const g = jit(f);
      const first = failureOf(() => g(...point));
      expect(failureOf(() => g(...point)).message).toContain("was compiled wrongly"); // in each call, until the result is correct
      expect(() => repeatVerification(fileIn(first))).toThrow("was compiled wrongly");
      return first;
    });
    expect(error).toMatchObject({ code: "internal", cause: { kind: "program", name: "f" } });
    for (const part of [
      "internal: f was compiled wrongly",
      "sub",
      "[1, 2, 3]",
      "0: -8.5",
      "0: 8.5",
      "repeatVerification(",
    ])
      expect(error.message).toContain(part);
    expect(repeatVerification(fileIn(error))).toBe("verified"); // now that the pass is correct again
    expect(repeatVerification(JSON.parse(JSON.stringify(error.cause)) as VerificationReport)).toBe(
      "verified",
    );
    rmSync(dirname(fileIn(error)), { recursive: true });
  });

  test("a pass that returns an invalid program is named", () => {
    const forgetsEquations: ProgramPass = (program) => ({ ...program, eqns: [] });
    const error = withPass("simplify", forgetsEquations, () => failureOf(() => jit(f)(...point)));
    expect(error).toMatchObject({ code: "internal" });
    expect(error.message).toContain('after the pass "simplify": internal: an output is not defined');
  });

  test("a donated argument is compared by its original values", () => {
    const step = jit((p: Tensor, g: Tensor) => p.sub(g.mul(0.5)), { donate: 0 });
    let p = d.full([4000], 1);
    p = step(p, d.full([4000], 0.25));
    expect(p.at(7).item()).toBe(0.875);
    expect(step.stats()).toMatchObject({ verified: 1 });
  });

  test("results whose sums are in another order agree within rounding", () => {
    const g = jit(grad((x: Tensor) => d.matmul(x, x).exp().sum()));
    g(
      d.tensor(
        Array.from({ length: 64 }, (_, i) => Math.sin(i)),
        { shape: [8, 8] },
      ),
    );
    expect(g.stats()).toMatchObject({ verified: 1, unverified: 0 });
  });

  test("errors keep their code and source location", () => {
    const third = plain(`function third(x: number[], i: number): number { "use ad"; return x[i]; }`);
    const g = jit((x: Tensor) => third(x, 7) as Tensor);
    expect(() => g(d.tensor([1, 2, 3]))).toThrow("index 7 is out of range, the length is 3 at plain.ts:1:");
    expect(failureOf(() => g(d.tensor([1, 2, 3])))).toMatchObject({ code: "range" });
  });

  test("calls beyond the budget are compared with fewer iterations, or count as unverified", () => {
    configure({ verify: "first-call", verifyBudget: 3000 });
    const product = jit((x: Tensor) => d.matmul(x, x));
    product(d.ones([24, 24]));
    expect(product.stats()).toMatchObject({ verified: 0, unverified: 1 });
    configure({ verify: "first-call", verifyBudget: 30_000 });
    const w = d.full([8, 8], 0.1);
    const decay = (x: Tensor): unknown =>
      d.scan((c: Tensor, y: Tensor) => [d.matmul(w, c).sub(y), c.sum()] as const, d.ones([8]), x);
    const loop = jit(decay);
    const long = d.full([1000], 0.25);
    loop(long);
    expect(loop.stats()).toMatchObject({ verified: 1, unverified: 0 });
    const error = withPass("simplify", exchangesOperands, () => failureOf(() => jit(decay)(long)));
    expect(error.message).toContain("was compiled wrongly");
    rmSync(dirname(fileIn(error)), { recursive: true });
  });
});

describe("a device with delayed results", () => {
  test("is compared when a result is read, and runs once", async () => {
    const device = makeFakeDevice(["f32", "i32"]);
    await withDevice(device, async () => {
      const before = verifyStats();
      const g = jit((x: Tensor) => x.mul(2).sub(x.sum()));
      const out = g(d.tensor([1, 2, 3], { dtype: "float32" }));
      expect(verifyStats().verified).toBe(before.verified);
      expect(Array.from(await out.read())).toEqual([-4, -2, 0]);
      expect(verifyStats().verified).toBe(before.verified + 1);
      expect(device.stats().runs).toBe(1);
    });
  });

  test("reading a wrong result fails", async () => {
    await withDevice(makeFakeDevice(["f32", "i32"]), async () => {
      const out = withPass("simplify", exchangesOperands, () =>
        jit((x: Tensor) => x.mul(2).sub(x.sum()))(d.tensor([1, 2, 3], { dtype: "float32" })),
      );
      const error = await out.read().then(
        () => undefined,
        (problem: Error) => problem,
      );
      expect(error?.message).toContain("was compiled wrongly");
      rmSync(dirname(fileIn(error!)), { recursive: true });
    });
  });
});

describe("plain functions", () => {
  const transforms: Readonly<Record<string, readonly [steps: RegExp, call: (f: Call) => unknown]>> = {
    "their values": [/^$/, (f) => jitOf(f)(xs)],
    "a gradient": [/^gradient \d+$/, (f) => gradOf(f)(xs)],
    "a value with its gradient": [/^values gradient \d+$/, (f) => taking(valueAndGrad)(f)(xs)],
    "a tangent": [/^tangent \d+$/, (f) => jvp(f as never, [xs] as never, [xs] as never)],
    cotangents: [/^cotangents \d+$/, (f) => taking(jacrev)(f)(xs)],
    "a Hessian times a vector": [
      /^gradient \d+, tangent \d+$/,
      (f) => hvp(f as never, xs as never, xs as never),
    ],
  };

  test.each(Object.entries(transforms))("%s: agree, and a fault is found", (_, [steps, call]) => {
    const before = verifyStats();
    call(plain(energy));
    const after = verifyStats();
    expect(after.verified).toBeGreaterThan(before.verified);
    expect({ ...after, verified: 0 }).toEqual({ ...before, verified: 0 });
    engine.regions?.clear();
    const error = withRegions(steps, exchanging(0.375, 0.5), () => {
      const wrong = failureOf(() => call(plain(energy)));
      expect(() => repeatVerification(fileIn(wrong))).toThrow("was compiled wrongly");
      return wrong;
    });
    expect(error).toMatchObject({ code: "internal", cause: { kind: "region" } });
    for (const part of ["energy was compiled wrongly", "0.375 * x[i]", "[0.5, -1.25, 2, 0.75"])
      expect(error.message).toContain(part);
    engine.regions?.clear();
    expect(repeatVerification(fileIn(error))).toBe("verified");
    rmSync(dirname(fileIn(error)), { recursive: true });
  });

  test("values are compared with the JavaScript function, also for gradients", () => {
    const other = `function energy(x: number[]): number { "use ad"; let s = 0; for (let i = 0; i < x.length; i++) s += x[i]; return s; }`;
    const f = wrapForm((() => 12) as never, formOfText(other), () => []) as unknown as Call;
    for (const call of [jitOf(f), gradOf(f)]) {
      const error = failureOf(() => call(xs));
      expect(error.message).toContain("but the oracle computes 12");
      engine.regions?.clear();
      expect(() => repeatVerification(error.cause as VerificationReport)).toThrow("the oracle computes 12");
      rmSync(dirname(fileIn(error)), { recursive: true });
    }
  });

  test("two sums in a loop of independent iterations agree", () => {
    const f = plain(`function f(x: number[][]): number {
      "use ad";
      const n = x.length, m = x[0].length;
      const v = new Array(m).fill(0);
      for (let j = 0; j < m; j++) {
        let s = 0, q = 0;
        for (let i = 0; i < n; i++) { s += x[i][j]; q += x[i][j] * x[i][j]; }
        v[j] = q / n - (s / n) ** 2;
      }
      let total = 0;
      for (let j = 0; j < m; j++) total += v[j];
      return total;
    }`);
    const x = Array.from({ length: 8 }, (_, i) =>
      Array.from({ length: 4 }, (__, j) => Math.sin(i * (j + 1)) + j),
    );
    expect(jitOf(f)(x)).toBeCloseTo(1.6646, 4);
    expect((gradOf(f)(x) as number[][])[0]![0]).toBeCloseTo(-0.0173, 4);
  });

  test("comparisons run on their own copies", () => {
    const f = plain(
      `function f(x: number[]): number { "use ad"; const y = x.slice(); y[0] = 5; return y[0] * x[1]; }`,
    );
    const x = Float64Array.of(1, 2);
    expect(jitOf(f)(x)).toBe(10);
    expect(Array.from(x)).toEqual([1, 2]);
  });

  const reading = (places: readonly number[]): string => `function pick(x: number[]): number {
    "use ad";
    let s = 0;
    ${places.map((i) => `s += x[${i}];`).join("\n    ")}
    return s;
  }`;

  test.each([
    ["that is missing", [9], 9, 1, "it ends without an error, but the oracle ends with one"],
    ["that should not be", [1], 1, 9, "it ends with an error, but the oracle does not"],
    [
      "at another position of the text",
      [1, 9],
      1,
      8,
      "range at plain.ts:4:10, but the oracle with range at plain.ts:5:10",
    ],
  ])("an error %s is a difference", (_, places, from, to, message) => {
    const call = (): unknown => gradOf(plain(reading(places)))([1, 2, 3]);
    if (places.includes(9)) expect(failureOf(call)).toMatchObject({ code: "range" });
    else call();
    engine.regions?.clear();
    const error = withRegions(/^gradient/, exchanging(from, to), () => failureOf(call));
    expect(error.message).toContain(message);
    rmSync(dirname(fileIn(error)), { recursive: true });
  });

  test("nothing is compared within a comparison", () => {
    const inner = jit((x: Tensor) => x.mul(3));
    const calls: number[] = [];
    const f = wrapForm(
      ((x: number) => (calls.push(x), inner(x).item())) as never,
      formOfText(`function f(x: number): number { "use ad"; return 3 * x; }`),
      () => [],
    ) as unknown as Call;
    const before = verifyStats().verified;
    expect(jitOf(f)(2)).toBe(6);
    expect(calls).toEqual([2]);
    expect(verifyStats().verified - before).toBe(1);
    expect(inner.stats().verified).toBe(0); // its own first call is still to come
    inner(2);
    expect(inner.stats().verified).toBe(1);
  });

  test("longer arrays than the budget allows are compared with shorter ones", () => {
    configure({ verify: "first-call", verifyBudget: 2000 });
    const before = verifyStats();
    const long = Array.from({ length: 5000 }, (_, i) => Math.sin(i));
    gradOf(plain(energy))(long);
    expect(verifyStats()).toEqual({ ...before, verified: before.verified + 1 });
    engine.regions?.clear();
    const error = withRegions(/^gradient/, exchanging(0.375, 0.5), () =>
      failureOf(() => gradOf(plain(energy))(long)),
    );
    expect((error.cause as VerificationReport).data.value).toMatchObject({ inputs: [{ dims: [16] }] });
    rmSync(dirname(fileIn(error)), { recursive: true });
  });

  const chaotic = `function orbit(x: number): number {
    "use ad";
    for (let i = 0; i < 80; i++) x = 3.9 * Math.exp(Math.log(x)) * (1 - x);
    return x;
  }`;

  test("an ill-conditioned function is not an error, and a larger difference mentions it", () => {
    const before = verifyStats();
    const orbit = plain(chaotic);
    for (const x of [0.31, 0.37, 0.41, 0.43]) {
      jitOf(orbit)(x);
      engine.regions?.clear();
    }
    expect(verifyStats().illConditioned).toBeGreaterThan(before.illConditioned);
    const error = withRegions(/^$/, exchanging(3.9, 390), () => failureOf(() => jitOf(orbit)(0.31)));
    expect(error.message).toContain("ill-conditioned");
    rmSync(dirname(fileIn(error)), { recursive: true });
  });
});

describe("configure", () => {
  const f = (): ((x: Tensor) => Tensor) => (x) => x.mul(2.5).exp();

  test("with always compares each call, and with off none", () => {
    const before = verifyStats().verified;
    configure({ verify: "always" });
    const g = jit(f());
    for (let i = 0; i < 3; i++) g(0.5);
    gradOf(plain(energy))(xs);
    gradOf(plain(energy))(xs);
    expect(verifyStats().verified - before).toBe(5);
    expect(g.stats().verified).toBe(1);
    configure({ verify: "off" });
    const off = jit(f());
    off(0.5);
    gradOf(plain(energy))(xs);
    expect(verifyStats().verified - before).toBe(5);
    expect(off.stats()).toMatchObject({ verified: 0, unverified: 0 });
  });

  test("names the import if no verifier is installed", () => {
    const { makeVerifier } = engine;
    engine.makeVerifier = undefined;
    try {
      expect(() => configure({ verify: "first-call" })).toThrow('verify needs import "downhill/testing"');
    } finally {
      engine.makeVerifier = makeVerifier;
    }
  });

  test("uses the mode of the environment by default", () => {
    const { defaults } = engine;
    const before = process.env["DOWNHILL_VERIFY"];
    engine.defaults = {};
    process.env["DOWNHILL_VERIFY"] = "first-call";
    try {
      configure({});
      const g = jit(f());
      g(0.5);
      expect(g.stats().verified).toBe(1);
      process.env["DOWNHILL_VERIFY"] = "sometimes";
      expect(() => configure({})).toThrow('verify must be "off" or "first-call" or "always"');
    } finally {
      engine.defaults = defaults;
      if (before === undefined) delete process.env["DOWNHILL_VERIFY"];
      else process.env["DOWNHILL_VERIFY"] = before;
    }
  });

  test.each([
    [{ verify: "sometimes" }, "verify"],
    [{ verifyBudget: 0 }, "verifyBudget must be a positive number"],
    [{ verifyBudget: Number.NaN }, "verifyBudget must be a positive number"],
  ])("refuses %o", (options, message) => {
    expect(() => configure(options as never)).toThrow(message);
  });
});

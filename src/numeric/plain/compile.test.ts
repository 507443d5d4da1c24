import type { Tensor } from "downhill";
import { grad, hessian, tensor, valueAndGrad } from "downhill";
import { describe, expect, test } from "vitest";
import type { RegionFailure } from "../../../test/support/evaluate-region.ts";
import { evaluateRegion } from "../../../test/support/evaluate-region.ts";
import { exportsOf, listed, moduleFrom, oxc, runBothWays } from "../../../test/support/plain-agreement.ts";
import { walkStmts } from "../../engine/region/form/walk.ts";
import { compile } from "./compile.ts";
import { elaborate } from "./elaborate/elaborate.ts";
import { formText } from "./form/form-text.ts";
import type { PlainForm } from "./form/form.ts";
import { markedFunctions } from "./syntax/module.ts";
import { loadParser } from "./syntax/parser.ts";

const loss = `
const scale = [1, 2];
const rate = 0.5;
export function loss(p: { w: number[]; b: number }, xs: Float64Array) {
  "use ad";
  let s = 0;
  for (let i = 0; i < xs.length; i++) s += (p.w[i % 2] * xs[i] * scale[i % 2] + p.b) ** 2;
  return s * rate;
}
`;

describe("compile", () => {
  test("returns the marked functions of a text, which compute values and derivatives", async () => {
    const functions = await compile<{ loss: (p: { w: number[]; b: number }, xs: Float64Array) => number }>(
      loss,
    );
    const p = { w: [0.5, -1], b: 0.25 };
    const xs = Float64Array.of(1, 2, 3);
    const expected = exportsOf(loss).loss!(p, xs) as number;
    expect(functions.loss(p, xs)).toBeCloseTo(expected, 14);
    const [value, gradient] = valueAndGrad(functions.loss)(p, xs);
    expect(value).toBeCloseTo(expected, 14);
    // residuals 0.75, −3.75, 1.75
    expect(gradient.b).toBeCloseTo(0.75 - 3.75 + 1.75, 12);
    expect(gradient.w[1]).toBeCloseTo(-3.75 * 2 * 2, 12);
    expect(functions.loss.name).toBe("loss");
  });

  test("accepts values of outside variables that are not literals in the text", async () => {
    const text =
      'const k: number = load(); declare function load(): number;\nexport const f = (x: number) => { "use ad"; return k * x; };';
    await expect(compile(text)).rejects.toThrow("the value of k is not known");
    const { f } = await compile(text, { captured: { k: 3 } });
    expect(f!(2)).toBe(6);
  });

  test("reports a helper of another module without a return on some paths at its own position", async () => {
    const helper = {
      file: "side.ts",
      text: "// two lines\nexport function side(x: number) { if (x > 0) return 1; }",
    };
    const text =
      'import { side } from "./side.ts";\n\n\nexport function f(x: number) { "use ad"; return x * side(x); }';
    await expect(compile(text, { resolve: () => helper })).rejects.toThrow(
      "side.ts:2:17: side ends without a return",
    );
  });

  test("reads constants that are computed from literals", async () => {
    const text = `const LOG_2PI = Math.log(2 * Math.PI);
const config = { rate: 3 ** 2, weights: [1, 2] };
const n = config.weights.length + config.rate;
export default function (x: number) { "use ad"; return x * LOG_2PI * n + config.rate; }`;
    const functions = await compile<{ default: (x: number) => number }>(text);
    expect(functions.default(2)).toBeCloseTo(2 * Math.log(2 * Math.PI) * 11 + 9, 12);
    expect(grad(functions.default)(2)).toBeCloseTo(Math.log(2 * Math.PI) * 11, 12);
  });

  test("a function that returns a marked function takes the values that it reads", async () => {
    const text = `export function makeLoss(xs: number[], scale: number) {
  return (w: number) => { "use ad"; let s = 0; for (const x of xs) s += (w * x) ** 2; return scale * s; };
}
export const makeOther = (k: number) => function (x: number) { "use ad"; return k * x; };`;
    type Loss = (w: number) => number;
    const { makeLoss, makeOther } = await compile<{
      makeLoss: (xs: number[], scale: number) => Loss;
      makeOther: (k: number) => Loss;
    }>(text);
    const [first, second] = [makeLoss([1, 2], 3), makeLoss([1], 1)];
    expect([first(2), second(2)]).toEqual([60, 4]);
    expect([grad(first)(2), grad(second)(2), grad(makeOther(7))(1)]).toEqual([60, 4, 7]);
  });

  test("reads literals of typed arrays", async () => {
    const { f } = await compile(`
      const a = Float64Array.of(1, 2), b = new Float32Array([3]), c = Int32Array.from([1, 0]);
      export function f(x: number) { "use ad"; return a[c[0]] * x + b[0]; }`);
    expect(f!(5)).toBe(13);
  });

  test("reports that no function is marked", async () => {
    await expect(compile("export const f = (x: number) => x;")).rejects.toThrow("no function is marked");
  });

  test("shows the position of a syntax error", async () => {
    await expect(compile("export function f(x: number { return x; }")).rejects.toThrow(
      /plain\.ts:1:29: .*\n {2}export.*\n {30}\^/,
    );
  });

  test("accepts tensors, and has second derivatives", async () => {
    const { f } = await compile<{ f: (x: number[]) => number }>(
      'function f(x: number[]) { "use ad"; let s = 1; for (const v of x) s *= Math.sin(v); return s; }',
    );
    const h = hessian(f)([1, 2]);
    expect(h[0]![1]).toBeCloseTo(Math.cos(1) * Math.cos(2), 12);
    expect(
      ((grad(f as never) as unknown as (x: Tensor) => Tensor)(tensor([1, 2])).tolist() as number[])[0],
    ).toBeCloseTo(Math.cos(1) * Math.sin(2), 12);
  });
});

describe("names from outside", () => {
  test("arrays, objects and variables of the module and of enclosing functions are read at each call", () => {
    const text = `
      const table = new Float64Array([1, 2, 3]);
      let gain = 2;
      export function louder() { gain *= 2; }
      const config = { steps: 3, weights: [[1, 2], [3, 4]] };
      function make(power: number) {
        const offset: number[] = [power, 1];
        return function inner(x: number) {
          "use ad";
          return (x * table[1] + gain + offset[0]) * config.weights[1][0] + power * helper(x) + config.steps;
        };
      }
      function helper(x: number) { return x * gain; }
      export const f = make(2);`;
    const module = moduleFrom(text);
    const form = elaborate(module, markedFunctions(module.program)[0]);
    expect(form.captured).toEqual([
      { name: "table", type: { kind: "array", of: "Float64Array" } },
      { name: "gain", type: { kind: "number" } },
      { name: "offset", type: { kind: "array", of: "number[]" } },
      {
        name: "config",
        type: {
          kind: "record",
          fields: [
            { name: "steps", type: { kind: "number" } },
            { name: "weights", type: { kind: "matrix" } },
          ],
        },
      },
      { name: "power", type: { kind: "number" } },
    ]);
    const weights = { data: [1, 2, 3, 4], dims: [2, 2] };
    const args = [5, { data: [1, 2, 3], dims: [3] }, 2, { data: [2, 1], dims: [2] }, 3, weights, 2];
    expect(evaluateRegion(form.region, args).results).toEqual([exportsOf(text).f!(5)]);
  });

  test("a constant object that is written to is not a compile-time constant", () => {
    const text =
      'let k = 2;\nexport function bump() { k = 3; }\nexport function f(x: number) { "use ad"; return x * k; }';
    expect(elaborate(moduleFrom(text), "f").captured).toEqual([{ name: "k", type: { kind: "number" } }]);
  });

  test("a reassigned variable does not have its initial value as a constant", async () => {
    const text = 'let k = 2;\nk = 3;\nexport function f(x: number) { "use ad"; return x * k; }';
    await expect(compile(text)).rejects.toThrow("the value of k is not known, since the text is not run");
    const { f } = await compile(text, { captured: { k: 3 } });
    expect(f!(2)).toBe(6);
  });

  test("a helper of the module does not read a variable of the same name around the marked function", () => {
    const text = `
      let k = Number(2);
      const helper = (x: number) => x * k;
      export function make(k: number) { return (x: number) => { "use ad"; return helper(x) + k; }; }`;
    const module = moduleFrom(text);
    expect(() => elaborate(module, markedFunctions(module.program)[0])).toThrow(
      "k is not visible in the scope of the marked function",
    );
  });

  test("helpers, constants and types are taken from other modules", () => {
    const files: Record<string, string> = {
      "./math.ts":
        'import { two as factor } from "./constants.ts"; export interface Point { x: number; y: number }\nexport const length = ({ x, y }: Point) => factor * Math.sqrt(x * x + y * y); export default function third(x: number) { if (x < 0) throw new Error("no"); return x / 3; } export { more as other } from "./constants.ts";',
      "./constants.ts": "export const two = 2; export function more(x: number) { return x + two; }",
    };
    const resolve = (specifier: string) => {
      const text = files[specifier];
      return text === undefined ? undefined : { text, file: specifier };
    };
    const text = `
      import third, { length, other, type Point } from "./math.ts";
      export function f(p: Point, q: Readonly<Point>) { "use ad"; return length(p) + third(q.x) + other(q.y); }`;
    const form = elaborate(moduleFrom(text, { resolve }), "f");
    expect(evaluateRegion(form.region, [3, 4, 6, 1]).results).toEqual([15]);
    // a guard in another module is reported at the call in the marked function
    expect(() => evaluateRegion(form.region, [3, 4, -6, 1])).toThrow("thrown: no at 3:86 (third(q.x))");
  });

  test("types are resolved through re-exports, and an unresolved type names its import", () => {
    const files: Record<string, string> = {
      "./all.ts":
        'export * from "./all.ts"; export * from "./types.ts"; export type { Inner as Core } from "./types.ts";',
      "./types.ts":
        "interface Inner { k: number } export type { Inner }; interface Spring { k: number; rest: Inner } export { Spring as Coil };",
    };
    const resolve = (specifier: string) => {
      const text = files[specifier];
      return text === undefined ? undefined : { text, file: specifier };
    };
    const text = (names: string): string => `
      import type { ${names} } from "./all.ts";
      import type { Gone } from "somewhere";
      export function f(a: Coil, b: Core) { "use ad"; return a.k * a.rest.k * b.k; }
      export function g(a: Gone) { "use ad"; return a.k; }`;
    const form = elaborate(moduleFrom(text("Coil, Core"), { resolve }), "f");
    expect(evaluateRegion(form.region, [2, 3, 4]).results).toEqual([24]);
    expect(() => elaborate(moduleFrom(text("Coil, Missing"), { resolve }), "f")).toThrow(
      "Core is not a type of values",
    );
    expect(() => elaborate(moduleFrom(text("Coil"), { resolve }), "g")).toThrow(
      'Gone is imported from "somewhere", which cannot be read here: declare it in this module, or in a file that it imports.',
    );
  });
});

test("guards report their position, and only the evaluated branch checks them", () => {
  const text = `export function f(x: number[], i: number) {
  "use ad";
  if (i === 7) throw new RangeError(\`not \${i}\`);
  const a = i > 2 ? x[i - 3] : 0;
  return a + x[i];
}`;
  const form = elaborate(moduleFrom(text), "f");
  const x = { data: [1, 2, 3], dims: [3] };
  expect(evaluateRegion(form.region, [x, 2]).results).toEqual([3]);
  const failure = (i: number): RegionFailure => {
    try {
      evaluateRegion(form.region, [x, i]);
    } catch (error) {
      return error as RegionFailure;
    }
    throw new Error("no failure");
  };
  expect(failure(7)).toMatchObject({
    reason: "thrown",
    message: expect.stringContaining("not ${i}") as string,
  });
  expect(failure(5).position).toEqual({ line: 5, column: 14, text: "x[i]" });
  expect(failure(9).position).toEqual({ line: 4, column: 21, text: "x[i - 3]" });
});

test("JavaScript parameters have the types of their JSDoc comments", () => {
  const text = `/**
 * @param {{ w: number[], b: number }} p weights
 * @param {Float64Array} xs
 */
export function f(p, xs) {
  "use ad";
  return p.w[0] * xs[1] + p.b;
}`;
  const form = elaborate(moduleFrom(text, { file: "a.js" }), "f");
  expect(form.params.map(({ type }) => type.kind)).toEqual(["record", "array"]);
});

test("results have the kinds of the text", () => {
  const text = `export function f(x: number[], n: number) {
    "use ad";
    const m = Array.from({ length: n }, (_, i) => [x[i], 2 * x[i]]);
    const rows = x.map((v) => ({ v, on: v > 1 }));
    const y = new Float32Array(2);
    y[0] = 0.1;
    return { m, rows, y, same: y, pair: [1, x[0]], flag: n > 1, point: { at: [n > 1, 2] } };
  }`;
  const { form, actual, expected } = runBothWays(text, [[1, 2, 3], 2], { name: "f" });
  expect(actual).toEqual(expected);
  expect(form.result).toMatchSnapshot();
  expect(form.params[1]!.type).toEqual({ kind: "number", integer: true });
});

test("the printed form keeps numbers that JSON cannot represent", () => {
  const text = `function f(x: number) {
    "use ad";
    const [a, b, c, d] = [Infinity, -Infinity, NaN, -0];
    if (x > 5) throw new Error("\\u2028 \\\\u0000NaN");
    return x > 1 ? a : x > 0 ? b : x > -1 ? c : d;
  }`;
  const form = elaborate(moduleFrom(text), "f");
  // oxlint-disable-next-line eslint/no-new-func, typescript/no-implied-eval, typescript/no-unsafe-call
  const read = new Function(`return ${formText(form)};`)() as PlainForm;
  expect(read).toEqual(form);
  const results = [2, 0.5, -0.5, -2].map((x) => evaluateRegion(read.region, [x]).results[0]);
  expect(results).toEqual([Infinity, -Infinity, NaN, -0]);
});

test("both parsers give the same forms", async () => {
  const acorn = await loadParser();
  for (const parse of [acorn, oxc]) {
    const form = elaborate(moduleFrom(loss, { parse }), "loss");
    expect(form).toEqual(elaborate(moduleFrom(loss), "loss"));
  }
  expect(listed([Float64Array.of(1)])).toEqual([[1]]);
});

describe("a number that is used as an index and changes", () => {
  /** Returns the region type of the local `at`. */
  const typeOf = (start: string, body: string): string => {
    const text = `function f(x: number[], a: number, n: number) {
      "use ad";
      let s = 0;
      let at = ${start};
      for (let i = 0; i < n; i++) { ${body} }
      return s * a;
    }`;
    const { region } = elaborate(moduleFrom(text), "f");
    let type = "";
    walkStmts(region.body, (stmt) => {
      if (stmt.kind === "let" && stmt.name === "at") ({ type } = stmt.value);
    });
    return type;
  };

  test("is a machine integer if it is used as an index before each change", () => {
    expect(typeOf("0", "s += x[at]; at += x.length - i - 2;")).toBe("i32");
    expect(typeOf("n - 1", "s += x[at]; at = at - s;")).toBe("f64"); // the subtracted number is unknown
    expect(typeOf("0", "if (x[at] > 0) { s += 1; at += 1; } else at += 2;")).toBe("i32");
    expect(typeOf("0", "x.slice(); s += x[at]; for (let j = 0; j < 2; j++) { s += x[at]; at += 1; }")).toBe(
      "i32",
    );
  });

  test("stays f64 if it may change without being used as an index", () => {
    expect(typeOf("0", "at += n; s += x[at];")).toBe("f64");
    expect(typeOf("0", "s += x[at]; at += 1; at += n;")).toBe("f64");
    expect(typeOf("0", "s += x[at]; at += 0.5;")).toBe("f64");
    expect(typeOf("0", "if (a > 0) s += x[at]; at += n;")).toBe("f64");
    expect(typeOf("0", "s += a > 0 ? x[at] : 0; at += n;")).toBe("f64");
    expect(typeOf("0", "s += x[at]; for (let j = 0; j < n; j++) at += n;")).toBe("f64");
    expect(typeOf("0", "while (x[i] > s) { s += x[at]; break; } at += n;")).toBe("f64");
  });
});

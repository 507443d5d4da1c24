import { beforeAll, describe, expect, test } from "vitest";
import { elaborate } from "../../../numeric/plain/elaborate/elaborate.ts";
import type { PlainForm } from "../../../numeric/plain/form/form.ts";
import type { Parse } from "../../../numeric/plain/syntax/module.ts";
import { parseModule } from "../../../numeric/plain/syntax/module.ts";
import { loadParser } from "../../../numeric/plain/syntax/parser.ts";
import { tracePlain } from "./trace.ts";

let parse: Parse;
let loss: PlainForm;
const formOf = (text: string): PlainForm => elaborate(parseModule(text, { parse, file: "f.ts" }));

beforeAll(async () => {
  parse = await loadParser();
  loss = formOf(lossText);
});

const lossText = `function loss(w: number[], xs: Float64Array, ys: Float64Array) {
  "use ad";
  let s = 0;
  for (let i = 0; i < ys.length; i++) {
    const r = w[0] * xs[i] + w[1] - ys[i];
    if (r > 0) s += r * r;
    else s -= r;
  }
  return s;
}`;
const args = [[2, -1], Float64Array.of(1, 2, 3), Float64Array.of(0, 5, 1)];

describe("a plain function explained by its own lines", () => {
  test("has the value and the gradient, by the chain rule over its steps", () => {
    const trace = tracePlain(loss, args);
    // Residuals 1, -2, 4.
    expect(trace.value).toBe(1 + 2 + 16);
    const derivatives = Object.fromEntries(trace.inputs.map(({ name, derivative }) => [name, derivative]));
    expect(derivatives["w[0]"]).toBe(2 * 1 * 1 - 2 + 2 * 4 * 3);
    expect(derivatives["w[1]"]).toBe(2 - 1 + 8);
    expect(derivatives["ys[1]"]).toBe(1);
  });

  // An operand was missing if its derivative was 0 at the given arguments.
  test("lists operands whose derivative is 0 at the arguments", () => {
    const trace = tracePlain(
      formOf('function f(x: number, y: number) { "use ad"; const a = x * y; return a; }'),
      [0, 3],
    );
    expect(trace.lines).toMatchObject([
      {
        local: [
          { source: "x", derivative: 3 },
          { source: "y", derivative: 0 },
        ],
      },
    ]);
  });

  test("shows one iteration of a loop, the first or the requested one, and their number", () => {
    const linesOf = (i: number | undefined): (string | number)[][] =>
      tracePlain(loss, args, new Map(i === undefined ? [] : [["i", i]])).lines.map((entry) =>
        entry.kind === "loop" ? [entry.line, entry.count] : [entry.line, entry.target, entry.value],
      );
    const first = [
      [3, "s", 0],
      [4, 3],
      [5, "r", 1],
      [6, "s", 1],
    ];
    expect(linesOf(undefined)).toEqual(first);
    expect(linesOf(1).slice(2)).toEqual([
      [5, "r", -2],
      [7, "s", 3],
    ]);
    expect(() => linesOf(3)).toThrow("no loop has an iteration i = 3");
  });

  test("the condition of a loop may read an element at its counter", () => {
    const text = `function f(x: number[], u: number) {
      "use ad";
      let s = 0;
      for (let i = 0; i < x.length && x[i]! > 0; i++) s += u * x[i]!;
      return s;
    }`;
    const { value, inputs, lines } = tracePlain(formOf(text), [[1, 2, -1, 4], 3]);
    expect(value).toBe(9);
    expect(inputs.map(({ derivative }) => derivative)).toEqual([3, 3, 0, 0, 3]);
    expect(lines.flatMap((line) => (line.kind === "loop" ? [line.count] : []))).toEqual([2]);
  });

  test("has local derivatives of each line, and the derivative of the result in its value", () => {
    const { lines } = tracePlain(loss, args, new Map([["i", 2]]));
    expect(lines.find((entry) => entry.line === 5)).toMatchObject({
      target: "r",
      derivative: 8,
      local: [
        { source: "w[0]", derivative: 3 },
        { source: "xs[2]", derivative: 2 },
        { source: "w[1]", derivative: 1 },
        { source: "ys[2]", derivative: -1 },
      ],
    });
  });

  test("a branch that was not chosen contributes nothing, although its derivative is infinite", () => {
    const root = formOf(`function root(x: number) {
      "use ad";
      const r = Math.sqrt(x);
      return x > 0 ? r : 0 * x;
    }`);
    expect(tracePlain(root, [0]).inputs[0]!.derivative).toBe(0);
  });

  test("indices out of range and invalid arguments are reported", () => {
    expect(() => tracePlain(loss, [[2], args[1], args[2]])).toThrow("the index 1 is out of range");
    expect(() => tracePlain(loss, [3, args[1], args[2]])).toThrow("w must be");
  });

  test("reports the values that compiled code saves, by statement, and their bytes, which grow with the iterations", () => {
    const form = formOf(`function f(x: number, n: number): number {
  "use ad";
  let y = x;
  for (let i = 0; i < n; i++) {
    const t = Math.sin(y);
    y = t * y;
  }
  let k = 0;
  while (y < 100) y = y * y + 2;
  return y + k;
}`);
    const of = (n: number) => tracePlain(form, [1.5, n]).tape;
    expect(of(4)).toEqual([
      { line: 5, column: 11, values: ["y", "t", "a factor"], bytesEach: 24, bytes: 96 },
      { line: 9, column: 19, values: ["y"], bytesEach: 8, bytes: expect.any(Number) as number },
    ]);
    expect(of(8)[0]!.bytes).toBe(192);
    // y grows from below 1.5 over 2 to 100 in few steps, and each step is saved once.
    expect(of(4)[1]!.bytes % 8).toBe(0);
    expect(of(4)[1]!.bytes).toBeLessThanOrEqual(5 * 8);
    // Iterations that share only sums run backward immediately.
    expect(tracePlain(loss, args).tape).toEqual([]);
  });
});

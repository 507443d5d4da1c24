// Errors that plain functions throw: their messages with values, and their classes.
import { expect, test } from "vitest";
import { exportsOf, moduleFrom } from "../../../test/support/plain-agreement.ts";
import { grad, jit, jvp, tensor, type Tensor, vmap } from "../../index.ts";
import { configure } from "../../engine/runtime/configure.ts";
import { functionOf, overTensors } from "./call/attach.ts";
import { compile } from "./compile.ts";
import { elaborate } from "./elaborate/elaborate.ts";

type F = (x: number, n?: number) => number;

function compiled(text: string): F {
  return functionOf(elaborate(moduleFrom(text), "f"), () => []) as F;
}

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

const firstLine = ({ message }: Error): string => message.split("\n  thrown by ")[0]!;

/** Thrown expressions, and the code around the function. */
const rows: readonly (readonly [thrown: string, around?: string])[] = [
  ["new Error('no')"],
  ["new RangeError(`rate must be positive, got ${x}`)"],
  ["new TypeError('x is ' + x + ' and n ' + n + '.')"],
  ["new Error(x + n + ' in all: ' + (x + n))"],
  ["new SyntaxError(`${x}`)"],
  ["new Error(`${x > 1} ${x < 1} ${!x} ${-0 * x} ${x / 0} ${0 / 0}`)"],
  [
    "new RangeError(`${x.toFixed(2)} ${(x * 100).toPrecision(3)} ${x.toExponential()} ${x.toString()} ${String(n)}`)",
  ],
  ["new Error(`x is ${x > 0 ? 'positive' : 'negative'}` + (n > 2 ? `, n is ${n}` : ''))"],
  ["new Error(`${unit}: ${x}${unit}`)", "const unit = 'metres';"],
  ['new Error(`a \\` \\${x} \\\\ ${x}\\n"`)'],
  ["new Error(x)"],
  ["RangeError(`called: ${x}`)"],
  ["new Error(`${[x, n].length} of ${Math.max(x, n)}`)"],
];

test.each(rows)("throw %s", (thrown, around = "") => {
  const text = `${around}\nexport function f(x: number, n = 3): number { "use ad"; const y = x * n; if (x < 100) throw ${thrown}; return y; }`;
  const [f, javascript] = [compiled(text), exportsOf(text)["f"]!];
  for (const x of [1.5, -2, 1e21]) {
    if (x > 100) {
      expect(grad(f)(x)).toBe(3);
      continue;
    }
    const expected = thrownBy(() => javascript(x));
    const calls: readonly (() => unknown)[] = [
      () => f(x),
      () => grad(f)(x),
      () => jvp(f, [x], [1]),
      () => jit(f)(x),
      () => jit((t: Tensor) => overTensors(f)(t))(tensor(x)),
      () => grad((t: Tensor) => overTensors(f)(t))(tensor(x)),
    ];
    for (const call of calls) {
      const error = thrownBy(call);
      expect(firstLine(error)).toBe(expected.message);
      expect(error).toBeInstanceOf(expected.constructor);
      expect((error as { readonly code?: string }).code).toBe("thrown");
      expect(error.message).toContain(" at example.ts:2:");
    }
  }
});

test("the values are those of the iteration that throws", () => {
  const f = compiled(`export function f(x: number, n = 10): number {
  "use ad";
  let s = x;
  for (let i = 0; i < n; i++) {
    s *= 2;
    if (s > 20) throw new RangeError(\`s is \${s} after \${i + 1} of \${n}\`);
  }
  return s;
}`);
  for (const call of [() => f(1.5), () => grad(f)(1.5), () => vmap(f)([0.001, 1.5])])
    expect(firstLine(thrownBy(call))).toBe("s is 24 after 4 of 10");
  expect(grad(f)(0.001)).toBe(1024);
});

test.each(["wasm", "js", "interpreter"] as const)("by the backend %s", (backend) => {
  configure({ backend });
  try {
    const f = compiled(
      'export function f(x: number): number { "use ad"; if (x < 0) throw new RangeError(`got ${x} and ${x > -1}`); return Math.sqrt(x); }',
    );
    for (const call of [
      () => f(-2.5),
      () => grad(f)(-2.5),
      () => jit((t: Tensor) => overTensors(f)(t))(tensor(-2.5)),
    ]) {
      const error = thrownBy(call);
      expect(error).toBeInstanceOf(RangeError);
      expect(firstLine(error)).toBe("got -2.5 and false");
    }
  } finally {
    configure({ backend: "auto" });
  }
});

test("an optional value is undefined in a text where it is absent", () => {
  const f = compiled(
    'export function f(x: number, k?: number): number { "use ad"; if (x < 0) throw new Error(`k is ${k}`); return x; }',
  );
  expect(firstLine(thrownBy(() => f(-1)))).toBe("k is undefined");
  expect(firstLine(thrownBy(() => f(-1, 2)))).toBe("k is 2");
});

test("an error is an instance of the program's class if the class is given, and otherwise only has its name", async () => {
  class RateError extends RangeError {
    override readonly name = "RateError";
    readonly extra = 7;
  }
  const text = `class RateError extends RangeError {}
const check = (x: number) => { if (x < 0) throw new RateError(\`rate \${x}\`); return x; };
export function f(x: number): number { "use ad"; return check(x) * x; }`;
  const { f } = await compile<{ f: F }>(text, { captured: { RateError } });
  for (const call of [() => f(-1), () => grad(f)(-1), () => jvp(f, [-1], [1]), () => grad(grad(f))(-1)]) {
    const error = thrownBy(call) as RateError;
    expect(error).toBeInstanceOf(RateError);
    expect([error.name, firstLine(error), error.extra]).toEqual(["RateError", "rate -1", 7]);
  }
  const without = thrownBy(() => grad(compiled(text))(-1));
  expect(without).toBeInstanceOf(Error);
  expect(without).not.toBeInstanceOf(RangeError);
  expect([without.name, firstLine(without)]).toEqual(["RateError", "rate -1"]);
});

test.each([
  ["new Error(`${[x]}`)", /the text of an error holds texts, numbers and booleans, and \[x\] is a tuple/],
  ["new Error(`${x.toFixed(200)}`)", /the number of digits is an integer from 0 to 100/],
  ["'text'", /only errors with a text can be thrown/],
])("refused: throw %s", (thrown, message) => {
  const text = `export function f(x: number): number { "use ad"; if (x < 0) throw ${thrown}; return x; }`;
  expect(() => compiled(text)).toThrow(message);
});

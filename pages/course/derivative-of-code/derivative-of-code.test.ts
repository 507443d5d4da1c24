// Computes the statements of the chapter.
import * as downhill from "downhill";
import * as random from "downhill/random";
import { beforeAll, expect, test } from "vitest";
import { Choices } from "../../../test/support/random-choices.ts";
import { randomText } from "../../../test/support/random-texts.ts";
import { runProgram } from "../../../test/support/run-program.ts";
import { emittedGradient } from "../../live/emitted.ts";
import { loadPlain, type Program, readProgram } from "../../live/program.ts";
import { compileText } from "../../../src/numeric/syntax/index.ts";
import { parse } from "../../../src/numeric/syntax/parse.ts";
import { postOrder } from "../../../src/numeric/syntax/ast.ts";
import { loop } from "../programs.ts";
import { best, differenceErrors, digitsOf, scientific } from "./differences.ts";
import { printed, program } from "./program.ts";
import { notesErrors } from "./state.ts";
import { derivativeText, readStage, sizesOf, writtenOut } from "./swell.ts";

beforeAll(loadPlain);

test("the ten lines print the output on the page", async () => {
  expect(await runProgram(program, { downhill })).toBe(printed);
});

test("errors of differences make a V: the prediction, and the slopes of its right side", () => {
  const { h, forward, central } = notesErrors;
  expect([10, 11]).toContain(digitsOf(best(h, central).error));
  expect(best(h, central).h).toBeGreaterThan(best(h, forward).h);
  const at = (errors: readonly number[], step: number): number =>
    errors[h.findIndex((one) => Math.abs(one / step - 1) < 1e-6)]!;
  expect(at(forward, 1e-2) / at(forward, 1e-3)).toBeCloseTo(10, 0);
  expect(at(central, 1e-1) / at(central, 1e-2)).toBeCloseTo(100, -1);
  expect(at(central, 1e-14)).toBeGreaterThan(1e3 * best(h, central).error);
});

test("a program without inputs has no differences", () => {
  const constant = readProgram("2 + 3")!;
  expect(differenceErrors({ program: constant, args: [], tape: constant.tape([]) }, 0)).toBeUndefined();
});

/** Number of operations in a formula. */
function count(text: string): number {
  const [statement] = parse(text);
  return postOrder(statement!.value!).filter(({ kind }) => kind !== "name" && kind !== "number").length;
}

test("the size of a derivative as one formula is that of the expanded formula, which is the derivative", () => {
  const stage = readStage("x*sin(x)");
  for (const { times, derivative } of sizesOf(stage, 3)) {
    const text = derivativeText(stage, times, 1e6);
    // The differential of the input counts as a name, and is written as 1.
    expect(count(text)).toBe(derivative);
    const f = (x: downhill.Tensor): downhill.Tensor => {
      let y = x;
      for (let i = 0; i < times; i++) y = stage.evaluate([y]);
      return y;
    };
    const written = compileText(text).evaluate([downhill.tensor(0.7)]);
    expect(written.item()).toBeCloseTo(downhill.grad(f)(0.7).item(), 12);
  }
});

test("repeated parts count repeatedly in one formula", () => {
  expect(writtenOut(compileText("x * sin(x)"))).toBe(sizesOf(readStage("x * sin(x)"), 1)[0]!.derivative);
  const twice = writtenOut(compileText("u = x * y\nz = u * u"))!;
  expect(twice).toBe(writtenOut(compileText("z = (x * y) * (x * y)")));
});

test("formulas grow by a factor each time, traced programs by a constant", () => {
  const sizes = sizesOf(readStage("4*x*(1 - x)"), 12);
  const ratio = (of: "derivative" | "automatic"): number => sizes[11]![of] / sizes[5]![of];
  expect(ratio("derivative")).toBeGreaterThan(2 ** 6);
  expect(ratio("automatic")).toBeLessThan(3);
});

test("a formula of several names is rejected, and a truncated derivative is marked", () => {
  expect(() => readStage("x*y")).toThrow("a formula of one name, such as 4*x*(1 - x): this one has x, y");
  expect(derivativeText(readStage("4*x*(1 - x)"), 12, 100)).toMatch(/^.{100} …$/);
});

/** Evaluates a JavaScript module and returns its exports. */
async function load(code: string): Promise<Readonly<Record<string, (...args: unknown[]) => unknown>>> {
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as never;
}

test("the JavaScript of a gradient gives the value and the gradient of the library", async () => {
  const check = async (one: Program, name: string, args: readonly number[]): Promise<void> => {
    const code = await emittedGradient(one);
    const [value, gradient] = (await load(code))[`${name}Grad`]!(...args) as [number, number | number[]];
    expect(value, code).toBeCloseTo(one.value(args), 10);
    [gradient].flat().forEach((x, i) => expect(x, code).toBeCloseTo(one.gradient(args)[i]!, 10));
  };
  await check(readProgram(loop)!, "grow", [0.2, 0.8]);
  for (let seed = 1; seed <= 12; seed++) {
    const numbers = random.randint(random.key(seed), [600], 0, 1_000_000).tolist() as number[];
    const { text, values } = randomText(new Choices(numbers));
    const one = readProgram(text)!;
    await check(
      one,
      "f",
      one.inputs.map(({ start }, i) => values[i] ?? Number(start)),
    );
  }
});

test("the code of a function that JavaScript lacks reports it", async () => {
  await expect(emittedGradient(readProgram("erf(x)")!)).rejects.toThrow("JavaScript has no function erf.");
});

test("numbers in the text are formulas with powers of ten", () => {
  expect(scientific(4.8123e-12, 1)).toBe("4.8*10^-12");
  expect(scientific(250, 0)).toBe("3*10^2");
});

// Computes the statements of the chapter.
import * as downhill from "downhill";
import { beforeAll, expect, test } from "vitest";
import * as random from "downhill/random";
import { Choices } from "../../../test/support/random-choices.ts";
import { randomText } from "../../../test/support/random-texts.ts";
import { runProgram } from "../../../test/support/run-program.ts";
import { compileText } from "../../../src/numeric/syntax/index.ts";
import { loadPlain, readProgram } from "../../live/program.ts";
import { adjointsOf, type Tape, tapeOfText } from "../../live/tape.ts";
import { chainOf, links } from "./chain.ts";
import { growthOf } from "./growth.ts";
import { placeSteps } from "./layers.ts";
import { pathsOfText } from "./page.tsx";
import { affectedBy, pathCounts, pathsFrom } from "./paths.ts";
import { printed, program } from "./program.ts";
import { twice } from "./state.ts";

beforeAll(loadPlain);

const tapeOf = (text: string, args: readonly number[]): Tape => tapeOfText(compileText(text), args);

test("the ten lines print the output on the page", async () => {
  expect(await runProgram(program, { downhill })).toBe(printed);
});

test("the chapter's program has the three paths of the prediction", () => {
  expect(pathsOfText).toBe(3);
  const tape = tapeOf(twice, [2, 3]);
  const found = pathsFrom(tape, 0, 12).map(({ steps, product }) => [
    steps.map((i) => tape.steps[i]!.name).join(""),
    product,
  ]);
  expect(found).toEqual([
    ["xuvz", 18],
    ["xuz", 24],
    ["xvz", 6],
  ]);
});

test("products along all paths add up to the derivative, on random programs", () => {
  let held = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const numbers = random.randint(random.key(seed), [600], 0, 1_000_000).tolist() as number[];
    const { text, values } = randomText(new Choices(numbers));
    const one = readProgram(text)!;
    const tape = one.tape(one.inputs.map(({ start }, i) => values[i] ?? Number(start)));
    const adjoints = adjointsOf(tape);
    const counts = pathCounts(tape);
    for (const input of tape.inputs) {
      if (counts[input]! > 2000) continue;
      held++;
      const paths = pathsFrom(tape, input, 2001);
      expect(paths.length, text).toBe(counts[input]);
      const sum = paths.reduce((total, { product }) => total + product, 0);
      const scale = Math.max(1, ...paths.map(({ product }) => Math.abs(product)));
      expect(Math.abs(sum - adjoints[input]!) / scale, text).toBeLessThan(1e-11);
      expect(affectedBy(tape, input).has(tape.result), text).toBe(counts[input]! > 0);
    }
  }
  expect(held).toBeGreaterThan(20);
});

test("x * x has two paths, and a value without effect on the result has none", () => {
  expect(pathsFrom(tapeOf("x * x", [3]), 0, 9).map(({ product }) => product)).toEqual([3, 3]);
  const tape = readProgram(
    'function f(x: number, y: number) { "use ad"; const u = y * 2; return x * x; }',
  )!.tape([3, 1]);
  expect(pathsFrom(tape, 1, 9)).toEqual([]);
});

test("paths double with each line that reads the previous one twice; arrows do not", () => {
  const growth = growthOf(20);
  expect(growth.map(({ paths }) => paths)).toEqual(Array.from({ length: 20 }, (_, i) => 2 ** (i + 1)));
  expect(growth.at(-1)).toEqual({ times: 20, paths: 1_048_576, arrows: 40 });
});

test("each value is below its operands, and no two values overlap", () => {
  for (const [text, most] of [
    [twice, 28],
    ["a = x*y; b = x*w; c = y*w; d = a*b; q = d*c + x", 28],
    [Array.from({ length: 40 }, (_, i) => `a${i} = x + ${i}*y`).join("\n") + "\nz = a0*a39", 28],
  ] as const) {
    const compiled = compileText(text);
    const tape = tapeOfText(
      compiled,
      compiled.inputs.map(() => 1),
    );
    const { placed, arrows } = placeSteps(tape, most);
    expect(placed.length).toBe(Math.min(most, tape.steps.length));
    expect(new Set(placed.map(({ layer, x }) => `${layer} ${x}`)).size).toBe(placed.length);
    for (const { from, to, through } of arrows) {
      expect(to.layer).toBeGreaterThan(from.layer);
      expect(through.map(({ layer }) => layer)).toEqual(
        Array.from({ length: to.layer - from.layer - 1 }, (_, i) => from.layer + 1 + i),
      );
      // Arrows pass between the values of each layer.
      for (const { layer, x } of through)
        expect(placed.some((one) => one.layer === layer && one.x === x)).toBe(false);
    }
    expect(arrows.length).toBe(
      tape.steps.slice(0, most).reduce((sum, { sources }) => sum + sources.length, 0),
    );
  }
});

test("the two factors of every chain multiply to the derivative of both functions together", () => {
  for (const [inner] of links)
    for (const [outer] of links)
      for (const x of [-2, -0.3, 0, 1.5]) {
        const { dudx, dzdu, dzdx } = chainOf(inner, outer, x);
        expect(dzdu * dudx, `${outer} of ${inner} at ${x}`).toBeCloseTo(dzdx, 12);
      }
});

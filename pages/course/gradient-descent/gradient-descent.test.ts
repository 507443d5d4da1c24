// Computes the statements of the chapter.
import * as downhill from "downhill";
import * as optim from "downhill/optim";
import { describe, expect, test } from "vitest";
import { runProgram } from "../../../test/support/run-program.ts";
import { examples, mostSteps, readHill } from "./hill.ts";
import { printed, program } from "./program.ts";

test("the ten lines print the output on the page", async () => {
  expect(await runProgram(program, { downhill, "downhill/optim": optim })).toBe(printed);
});

describe("example landscapes", () => {
  test.each(examples.map((example) => [example.name, example] as const))(
    "%s: from its start and at its rate the run falls",
    (_, { text, start, rate }) => {
      const { values, isLost } = readHill(text).descend(start, { rate });
      expect(isLost).toBe(false);
      expect(values.length).toBe(mostSteps + 1);
      expect(values.at(-1)!).toBeLessThan(values[0]!);
    },
  );

  test("the limit of the rate is 2/λ of the largest curvature at the minimum, for a reader's formula", () => {
    const { curvatures, descend } = readHill("a^2 + 3*b^2 + a*b");
    const [largest, least] = curvatures([0, 0]) as [number, number];
    expect(largest).toBeCloseTo(4 + Math.sqrt(5), 12); // of [[2, 1], [1, 6]]
    expect(least).toBeCloseTo(4 - Math.sqrt(5), 12);
    const end = (part: number): number => {
      const { values } = descend([0.3, 1], { rate: (part * 2) / largest });
      return values.at(-1)! / values[0]!;
    };
    expect(end(0.97)).toBeLessThan(1);
    expect(end(1.03)).toBeGreaterThan(1);
  });

  test("a formula that is not a function of two numbers is rejected", () => {
    expect(() => readHill("x^2")).toThrow("a function of two numbers, and this one has x");
    expect(() => readHill("x*y*z")).toThrow("this one has x, y, z");
    expect(() => readHill("x +")).toThrow("a value is missing after +");
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../../../../test/support/snippets.ts";
import type { SpecialPoints } from "../../../../../test/support/special-functions.ts";
import { measureSpecial, specialFunctions } from "../../../../../test/support/special-functions.ts";
import { seeded } from "../../../../../test/support/sampling.ts";
import { interpBackend } from "../../../backends/interp/index.ts";
import { jsBackend } from "../../../backends/js/index.ts";
import { checkProcedure } from "../../check.ts";

const points = JSON.parse(
  readFileSync(join(root, "test/testdata/special/special-functions.json"), "utf8"),
) as SpecialPoints;

describe.each(specialFunctions.map((each) => ({ name: each.procedure.name, each })))("$name", ({ each }) => {
  const { procedure } = each;
  const compute = jsBackend.compileProcedure(procedure);

  test("obeys the vocabulary", () => expect(() => checkProcedure(procedure)).not.toThrow());

  test("is within the stated distance of the values of mpmath", () => {
    const { ofAllowed, at } = measureSpecial(each, compute, points);
    expect(ofAllowed, `at ${at.join(", ")}`).toBeLessThanOrEqual(1);
  });

  test("terminates, with the bits of the interpreter, for numbers of every kind", () => {
    const interp = interpBackend.compileProcedure(procedure);
    const odd = [
      0,
      -0,
      1,
      -1,
      0.5,
      -2,
      Infinity,
      -Infinity,
      NaN,
      5e-324,
      1e-300,
      1e15,
      1e300,
      -1e300,
      1.7e308,
    ];
    const random = seeded(7);
    const draw = (): number =>
      random() < 0.5
        ? odd[Math.floor(random() * odd.length)]!
        : 10 ** (random() * 8 - 3) * (random() < 0.1 ? -1 : 1);
    for (let i = 0; i < 60; i++) {
      const x = procedure.params.map(draw);
      const [a, b] = [compute(...x), interp(...x)];
      expect(Object.is(a, b), `${x.join(", ")}: ${a} and ${b}`).toBe(true);
    }
  });
});

import { describe, expect, it } from "vitest";
import { seeded } from "../../../test/support/sampling.ts";
import { measure, transcendentals } from "../../../test/support/transcendentals.ts";
import { interpBackend } from "../../backends/interp/index.ts";
import { jsBackend } from "../../backends/js/index.ts";

const sameBits = (x: number, y: number): boolean => Object.is(x, y);

describe.each(transcendentals.map((each) => ({ name: each.procedure.name, each })))("$name", ({ each }) => {
  it(`is within ${each.bound} ulp of the true value`, () => {
    const { ulps, at } = measure(each, jsBackend.compileProcedure(each.procedure), 3000, 20);
    expect(ulps, `at ${at.join(", ")}`).toBeLessThan(each.bound);
  });

  it("has the same bits in the interpreter and in generated JavaScript", () => {
    const [interp, js] = [interpBackend, jsBackend].map((backend) =>
      backend.compileProcedure(each.procedure),
    );
    const random = seeded(7);
    const special = [0, -0, 1, -1, 0.5, Infinity, -Infinity, NaN, 5e-324, 1e308, -1e308];
    for (let i = 0; i < 500; i++) {
      const x = each.regions[i % each.regions.length]!.map((draw) =>
        random() < 0.1 ? special[Math.floor(random() * special.length)]! : draw(random),
      );
      const [a, b] = [interp!(...x), js!(...x)];
      expect(sameBits(a, b), `${x.join(", ")}: ${a} and ${b}`).toBe(true);
    }
  });
});

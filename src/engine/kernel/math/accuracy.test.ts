import { describe, expect, it } from "vitest";
import { seeded } from "../../../../test/support/sampling.ts";
import { measure, transcendentals } from "../../../../test/support/transcendentals.ts";
import { interpBackend } from "../../backends/interp/index.ts";
import { jsBackend } from "../../backends/js/index.ts";
import type { Procedure, Stmt } from "../scalar.ts";
import { extent } from "../../../../test/support/extent.ts";

/** Copy of a procedure without its shortcuts. */
function withoutShortcuts(procedure: Procedure): Procedure {
  const long = (block: readonly Stmt[]): Stmt[] =>
    block.flatMap((stmt) => (stmt.kind === "if" && stmt.shortcut === true ? long(stmt.otherwise) : [stmt]));
  return { ...procedure, body: long(procedure.body) };
}

describe.each(
  transcendentals
    .map((each) => ({ name: each.procedure.name, each, long: withoutShortcuts(each.procedure) }))
    .filter(({ each, long }) => long.body.some((stmt, i) => stmt !== each.procedure.body[i])),
)("$name", ({ each, long }) => {
  it("has the same bits if its shortcuts are not taken", () => {
    const [quick, slow] = [each.procedure, long].map(jsBackend.compileProcedure);
    const random = seeded(11);
    for (let i = 0; i < 20_000; i++) {
      const scale = 2 ** -Math.floor(random() * 40); // many near 0, and around each bound
      const x = (random() - 0.5) * (i % 2 === 0 ? 4 : 4 * scale);
      const [a, b] = [quick!(x, 1.5), slow!(x, 1.5)];
      expect(sameBits(a, b), `${x}: ${a} and ${b}`).toBe(true);
    }
  });
});

const sameBits = (x: number, y: number): boolean => Object.is(x, y);

describe.each(transcendentals.map((each) => ({ name: each.procedure.name, each })))("$name", ({ each }) => {
  it(`is within ${each.bound} ulp of the true value`, () => {
    const { ulps, at } = measure(
      each,
      jsBackend.compileProcedure(each.procedure),
      extent(400, 3000, 1000),
      20,
    );
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

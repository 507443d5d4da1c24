import { square, sub, sum, type Tensor } from "downhill";
import {
  defineLandscape,
  findLandscape,
  landscape,
  landscapeHtml,
  landscapeSvg,
  landscapeText,
  race,
} from "downhill/landscapes";
import { atLeast, atMost, equality, minimize, sgd } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";

const bowl = defineLandscape("x^2 + 2*y^2", { start: [-1.5, 1], domain: [[-2, 2], [-1.5, 1.5]] }); // prettier-ignore
const constraints = [
  equality((p: Tensor) => sub(p.at(1), square(p.at(0))), -1, { name: "parabola" }),
  atLeast((p: Tensor) => p.at(0), 0.2, { name: "right & <side>" }),
];
const onParabola = race(bowl, { gd: sgd({ learningRate: 0.02 }) }, { steps: 40, constraints });

describe("a race with constraints", () => {
  test("begins with minimize, which arrives where forces balance", () => {
    const { runs, region, lowest, landscape } = onParabola;
    expect(runs.map(({ name, outcome }) => [name, outcome])).toEqual([["minimize", "arrived"], ["gd", "under-way"]]); // prettier-ignore
    expect(lowest).toBeCloseTo(0.875, 9);
    expect(landscape.minima).toEqual([region!.result]);
    const [parabola, side] = region!.constraints;
    expect([parabola!.isActive, side!.isActive]).toEqual([true, false]);
    expect(parabola!.multiplier).toBeCloseTo(1, 7);
    // without a force of the second constraint, the first one balances the pull
    parabola!.force.forEach((push, i) => expect(push + region!.pull[i]!).toBeCloseTo(0, 7));
    expect(runs[0]!.points.at(-1)).toEqual(region!.result);
  });

  testInCi("has optimisers that see a penalty, whose lowest value is that of the solution", () => {
    const { runs, region } = race(bowl, { gd: sgd({ learningRate: 0.001 }) }, { steps: 3000, constraints });
    const [x, y] = runs[1]!.points.at(-1)!;
    expect(Math.hypot(x! - region!.result[0]!, y! - region!.result[1]!)).toBeLessThan(0.05);
    expect(Math.min(...runs[1]!.values)).toBeGreaterThan(0.875 - 1e-9);
  });

  test("is drawn with shaded sides, named curves, multipliers and two balanced arrows", () => {
    for (const drawn of [landscapeSvg(onParabola), landscapeHtml(onParabola)]) {
      expect(drawn).toContain("parabola  (λ = 1)");
      expect(drawn).toContain("right &amp; &lt;side&gt;");
      expect(drawn.match(/class="outside"/g)!.length).toBe(drawn.match(/class="limit is-active"/g)!.length);
      expect(drawn).toMatch(/class="limit"/);
      expect(drawn).toContain("shaded: infeasible");
      expect(drawn).toContain("Under the constraints the least value is 0.875, at (0.866, −0.25).");
    }
    const tips = [
      ...landscapeSvg(onParabola).matchAll(/class="shaft" d="M([\d.]+),([\d.]+)L([\d.]+),([\d.]+)"/g),
    ].map((found) => found.slice(1).map(Number));
    expect(tips).toHaveLength(2);
    const [pull, push] = tips.map(([x0, y0, x1, y1]) => [x1! - x0!, y1! - y0!]);
    expect(pull![0]! + push![0]!).toBeCloseTo(0, 0);
    expect(pull![1]! + push![1]!).toBeCloseTo(0, 0);
  });

  testInCi("is described in a terminal, where / marks what is infeasible", () => {
    const text = landscapeText(onParabola);
    expect(text).toMatch(/parabola +active +1\n/);
    expect(text).toMatch(/right & <side> +not active +0\n/);
    expect(text).toContain("////////");
    expect(text).toContain("==");
  });

  testInCi("without a solution has no arrows and says why", () => {
    const none = [atMost((p: Tensor) => sum(square(p)), -1, { name: "nothing" })];
    const shown = race(bowl, { gd: sgd({ learningRate: 0.02 }) }, { steps: 5, constraints: none });
    expect(shown.region!.reason).toBe("infeasible");
    expect(landscapeText(shown).replaceAll(/\s+/g, " ")).toContain(
      "No solution under the constraints: infeasible.",
    );
    expect(landscapeSvg(shown)).not.toContain('class="shaft"');
  });

  testInCi("shows constraints of more coordinates in the plane of the runs", () => {
    const space = defineLandscape("x^2 + 2*y^2 + 3*z^2");
    const shown = race(space, { gd: sgd({ learningRate: 0.1 }) }, { steps: 20, constraints: [atLeast((p: Tensor) => sum(p), 1, { name: "sum" })] }); // prettier-ignore
    expect(shown.region!.constraints[0]!.multiplier).toBeCloseTo(-12 / 11, 7);
    expect(landscapeSvg(shown)).toContain('class="outside"');
  });

  test("refuses vectors and lines", () => {
    const go = (constraint: Parameters<typeof race>[2]) => () => race(bowl, { gd: sgd() }, constraint);
    expect(go({ constraints: [atMost((p: Tensor) => p, 1)] })).toThrow(
      "race: constraint 1 must be a scalar with scalar limits",
    );
    expect(() => race(defineLandscape("x^2"), { gd: sgd() }, { constraints })).toThrow(
      "two or more coordinates",
    );
  });
});

describe("a slice with constraints", () => {
  const cost = (p: { w: Tensor }): Tensor => sum(square(sub(p.w, [2, 1, 0.5])));
  const disc = atMost((p: { w: Tensor }) => sum(square(p.w)), 1, { name: "ball" });
  const plane = equality((p: { w: Tensor }) => sum(p.w), 0.8, { name: "plane" });
  const path: { w: Tensor }[] = [];
  const found = minimize(cost, { w: [0, 0.5, 0] }, { constraints: [disc, plane], callback: ({ params }) => void path.push(params) }); // prettier-ignore
  const slice = landscape(cost, found.params, {
    directions: "pca",
    path,
    resolution: 15,
    constraints: [disc, plane],
    multipliers: found.multipliers.constraints,
  });

  test("has their values on the grid, and the multipliers", () => {
    const [ball, flat] = slice.constraints!;
    expect(ball).toMatchObject({ name: "ball", low: -Infinity, high: 1 });
    expect(flat!.multiplier).toBeCloseTo((found.multipliers.constraints[1] as Tensor).item(), 12);
    expect(ball!.values).toHaveLength(15);
    // the function on the plane is a paraboloid, so that second differences are constant
    const bend = (i: number): number => ball!.values[7]![i - 1]! - 2 * ball!.values[7]![i]! + ball!.values[7]![i + 1]!; // prettier-ignore
    expect(bend(3)).toBeCloseTo(bend(10), 9);
  });

  test("shades what they exclude and names their curves", () => {
    const drawn = landscapeSvg(slice);
    expect(drawn).toContain('class="outside"');
    expect(drawn).toMatch(/ball {2}\(λ = [\d.]+\)/);
    expect(drawn).toContain("Shaded: infeasible.");
    expect(landscapeHtml(slice)).toContain("Shaded: infeasible.");
    expect(landscapeText(slice)).toContain("/////");
  });

  test("refuses vectors and other lists", () => {
    const go = (constraints: unknown) => () => landscape(cost, found.params, { constraints } as never);
    expect(go([atMost((p: { w: Tensor }) => p.w, 1)])).toThrow("landscape: constraint 1 must be a scalar");
    expect(go([cost])).toThrow("landscape: constraints must be a list of equality");
  });
});

test("a race without constraints has no region", () => {
  expect(race(findLandscape("bowl"), { gd: sgd() }, { steps: 2 }).region).toBeUndefined();
});

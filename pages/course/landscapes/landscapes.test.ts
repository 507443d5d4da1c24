// Computes the statements of the chapter.
import * as downhill from "downhill";
import { describe, expect, test } from "vitest";
import { symmetricEigen } from "../../../src/pictures/landscapes/directions.ts";
import { runProgram } from "../../../test/support/run-program.ts";
import {
  type BasinQuestion,
  basins,
  basinSteps,
  coarseBasins,
  pathOf,
  runFrom,
  sharesOf,
  startOf,
} from "./basins.ts";
import { neurons, trainNeurons } from "./neurons.ts";
import { printed, program } from "./program.ts";
import { distances, predictedSteps, stepsToLeave } from "./saddle.ts";
import { kinds, leftAt, readTerrain } from "./terrain.ts";

test("the ten lines print the output on the page", async () => {
  expect(await runProgram(program, { downhill })).toBe(printed);
});

describe("kinds of landscapes", () => {
  const [convex, ripples, plateau, saddle, monkey] = kinds.map((kind) => {
    const terrain = readTerrain(kind.text);
    const runs = terrain.runs(kind.start, kind.rate);
    return { terrain, runs, left: runs.map((run) => leftAt(run, terrain)) };
  }) as unknown as [Kind, Kind, Kind, Kind, Kind];
  interface Kind {
    readonly terrain: ReturnType<typeof readTerrain>;
    readonly runs: ReturnType<ReturnType<typeof readTerrain>["runs"]>;
    readonly left: readonly (number | undefined)[];
  }

  test("the bowl is convex and the others are not", () => {
    expect(convex.terrain.leastCurvature.value).toBeGreaterThan(0);
    for (const { terrain } of [ripples, plateau, saddle, monkey])
      expect(terrain.leastCurvature.value, terrain.text).toBeLessThan(0);
  });

  test("on the bowl every method arrives, and its least curvature is 1", () => {
    expect(convex.terrain.leastCurvature.value).toBeCloseTo(1, 12);
    for (const left of convex.left) expect(left).toBeLessThan(100);
  });

  test("among many minima gradient descent stays in the first, and momentum gets to the lowest", () => {
    const [gd, momentum] = ripples.runs;
    expect(gd!.gradientNorms.at(-1)).toBeLessThan(1e-6);
    expect(gd!.values.at(-1)).toBeGreaterThan(0.5);
    expect(momentum!.values.at(-1)).toBeLessThan(1e-6);
  });

  test("on the plateau gradient descent hardly moves; RMSProp and Adam cross it", () => {
    const [gd, , rmsprop, adam] = plateau.left;
    expect(gd).toBeUndefined();
    const { points } = plateau.runs[0]!;
    expect(Math.hypot(points.at(-1)![0]! - points[0]![0]!, points.at(-1)![1]! - points[0]![1]!)).toBeLessThan(
      0.1,
    );
    expect(rmsprop).toBeLessThan(100);
    expect(adam).toBeLessThan(100);
  });

  test.each([
    ["saddle", saddle],
    ["monkey saddle", monkey],
  ] as const)("%s: gradient descent is the last to leave", (_, { left }) => {
    const [gd, ...others] = left;
    for (const other of others) expect(other!).toBeLessThan(gd! / 3);
  });
});

test.each([0.01, 0.05, 0.2])("at the rate %d the steps out of a saddle are those of theory", (rate) => {
  const steps = stepsToLeave(distances, rate);
  distances.forEach((distance, i) => {
    expect(Math.abs(steps[i]! - predictedSteps(distance, rate)), `${distance}`).toBeLessThanOrEqual(1);
  });
});

test("a thousandth beside the line costs some 80 steps, a millionth some 150", () => {
  const [near, nearer] = stepsToLeave([1e-3, 1e-6], 0.05);
  expect(Math.round(near! / 10)).toBe(8);
  expect(Math.round(nearer! / 10)).toBe(15);
});

describe("two neurons", () => {
  const still = { deviation: 0, seed: 0 };

  test("equal weights remain bitwise equal, at a loss above the lowest", () => {
    for (const { points, values } of trainNeurons([-0.5, -0.5], still)) {
      for (const [x, y] of points) expect(x).toBe(y);
      expect(values.at(-1)).toBeGreaterThan(0.02);
    }
  });

  test("equal weights end on a saddle", () => {
    const [{ points, gradientNorms }] = trainNeurons([-0.5, -0.5], still) as [
      ReturnType<typeof trainNeurons>[number],
    ];
    expect(gradientNorms.at(-1)).toBeLessThan(1e-6);
    const second = downhill.hessian(neurons.value)(downhill.tensor([...points.at(-1)!]));
    const [up, down] = symmetricEigen(second.tolist() as number[][]).values as [number, number];
    expect(up).toBeGreaterThan(0.01);
    expect(down).toBeLessThan(-0.01);
  });

  test.each([0, 1, 3])("a little noise separates them (seed %d)", (seed) => {
    for (const { points, values } of trainNeurons([-0.5, -0.5], { deviation: 0.1, seed })) {
      const [x, y] = points.at(-1)!;
      expect(Math.abs(x! - y!)).toBeGreaterThan(0.8);
      expect(values.at(-1)).toBeLessThan(0.02);
    }
  });

  test("from mirrored starts the runs are mirrored", () => {
    const [here, there] = [trainNeurons([1.9, 0.2], still), trainNeurons([0.2, 1.9], still)];
    here.forEach(({ points }, i) => {
      points.forEach(([x, y], t) => {
        // The two neurons are summed in another order.
        expect(there[i]!.points[t]![0]).toBeCloseTo(y!, 9);
        expect(there[i]!.points[t]![1]).toBeCloseTo(x!, 9);
      });
    });
    expect(neurons.minima).toEqual([
      [-1, 2],
      [2, -1],
    ]);
  });
});

describe("maps of starts", () => {
  const question: BasinQuestion = {
    text: "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    method: "gradient descent",
    rate: 0.01,
  };
  const box = [
    [-5.5, 5.5],
    [-5, 5],
  ] as const;

  test("all four minima of Himmelblau's function have a basin, and nothing is left over", () => {
    const shares = sharesOf(coarseBasins(question));
    expect(shares.map(({ kind }) => kind)).toEqual([0, 1, 2, 3, -1, -2]);
    for (const { share } of shares.slice(0, 4)) expect(share).toBeGreaterThan(0.15);
    expect(shares.slice(4).map(({ share }) => share)).toEqual([0, 0]);
  });

  test.each([
    ["gradient descent", 0.01],
    ["momentum", 0.005],
  ] as const)("%s: a cell has the colour of the minimum where its run is", (method, rate) => {
    const asked = { ...question, method, rate };
    const map = coarseBasins(asked);
    for (let cell = 0; cell < map.cells.length; cell += 61) {
      const { points } = runFrom(asked, startOf(box, map, cell));
      expect(points.length).toBe(basinSteps + 1);
      const [x, y] = points.at(-1)!;
      const [mx, my] = map.minima[map.cells[cell]!]!;
      expect(Math.hypot(x! - mx!, y! - my!), `cell ${cell}`).toBeLessThan(1e-2);
    }
  });

  test("finer maps are computed in batches, starting from the coarser one", () => {
    const maps = [...basins(question, 1)];
    expect(maps.map(({ columns }) => columns)).toEqual([32, 64, 64, 64, 64]);
    const [coarse, first] = maps;
    const last = first!.cells.at(-1)!; // not yet recomputed
    expect(last).toBe(coarse!.cells.at(-1));
    const [rough, fine] = [sharesOf(coarse!), sharesOf(maps.at(-1)!)];
    rough.forEach(({ share }, i) => expect(Math.abs(fine[i]!.share - share)).toBeLessThan(0.03));
  });

  test("longer steps fray the borders: more neighbours reach different minima", () => {
    const borders = (rate: number): number => {
      const { cells, columns } = coarseBasins({ ...question, rate });
      return cells.filter((cell, k) => k % columns > 0 && cells[k - 1] !== cell).length;
    };
    expect(borders(0.019)).toBeGreaterThan(2 * borders(0.005));
  });

  test("momentum leaves more starts away from the nearest minimum", () => {
    const nearest = (method: BasinQuestion["method"]): number => {
      const map = coarseBasins({ ...question, method, rate: 0.005 });
      return map.cells.filter((cell, k) => {
        const [x, y] = startOf(box, map, k);
        const gaps = map.minima.map(([mx, my]) => Math.hypot(x! - mx!, y! - my!));
        return gaps.indexOf(Math.min(...gaps)) === cell;
      }).length;
    };
    expect(nearest("momentum")).toBeLessThan(0.8 * nearest("gradient descent"));
  });

  test("the path around the cells of a kind has their area", () => {
    const map = coarseBasins(question);
    const size = { width: 320, height: 240 };
    const area = [...pathOf(map, 0, size).matchAll(/h([\d.]+)v([\d.]+)/g)].reduce(
      (sum, [, w, h]) => sum + Number(w) * Number(h),
      0,
    );
    expect(area / (size.width * size.height)).toBeCloseTo(sharesOf(map)[0]!.share, 6);
  });
});

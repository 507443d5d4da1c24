import { describe, expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import { digitImages, digitLabels, heldOutFrom } from "./data.ts";
import { codesOf, firstParams, paramsOf, picturesOf, pixels } from "./model.ts";
import { boundOf, digits, gridPaths, plane, prepare, way } from "./state.ts";
import { type Report, train, type TrainingOrder } from "./training.ts";

const order = { seed: 1, rate: 0.003, beta: 1, epochs: 12 } as const;

async function trained(more: Partial<TrainingOrder>): Promise<Report[]> {
  const reports: Report[] = [];
  await train({ ...order, ...more }, (report) => reports.push(report));
  return reports;
}

describe("training", () => {
  const usual = trained({});

  test("raises the bound, also on held-out digits", async () => {
    const reports = await usual;
    const bounds = reports.map(({ heldOut }) => boundOf(heldOut));
    expect(reports.map(({ snapshot }) => snapshot.epoch)).toEqual(reports.map((_, i) => i + 1));
    expect(bounds.at(-1)! - bounds[0]!).toBeGreaterThan(40); // nats per digit
    for (const { learned, heldOut } of reports) {
      expect(learned.divergence).toBeGreaterThan(0);
      expect(heldOut.likelihood).toBeLessThan(0); // the logarithm of a probability
    }
  });

  test("resumes from a snapshot as if it had not stopped", async () => {
    const [, , whole] = await trained({ epochs: 3 });
    const [{ snapshot: from }] = (await trained({ epochs: 1 })) as [Report];
    expect((await trained({ epochs: 2, from })).at(-1)).toEqual(whole);
  });

  testInCi(
    "a larger β draws codes to the prior, until they say nothing; a lower one then opens the plane",
    async () => {
      const [loose, tight] = (await Promise.all(
        [0.1, 100].map(async (beta) => (await trained({ beta })).at(-1)!),
      )) as [Report, Report];
      expect(loose.heldOut.divergence).toBeGreaterThan((await usual).at(-1)!.heldOut.divergence);
      expect(tight.heldOut.divergence).toBeLessThan(0.05);
      const pictures = picturesOf(paramsOf(tight.snapshot), [
        [-1, -1],
        [1, 1],
      ]);
      for (let i = 0; i < pixels; i++)
        expect(Math.abs(pictures[0]![i]! - pictures[1]![i]!)).toBeLessThan(0.25);
      const opened = (await trained({ from: tight.snapshot, epochs: 20 })).at(-1)!;
      expect(opened.heldOut.divergence).toBeGreaterThan(1);
    },
  );
});

test("the data are the digits, those held out at the end", () => {
  expect(digitImages(0).shape).toEqual([1797, pixels]);
  expect(digitImages(heldOutFrom).shape).toEqual([360, pixels]);
  expect(digitLabels().slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("the plane contains all codes, and the interpolation between digits starts and ends at their codes", async () => {
  await prepare();
  const { codes, reach } = plane.value;
  expect(codes).toEqual(codesOf(firstParams(6), digits().images));
  expect(Math.max(...codes.flat().map(Math.abs))).toBeLessThanOrEqual(reach);
  const { ends, codes: along, pictures } = way.value;
  expect(ends.map((i) => digits().labels[i])).toEqual([3, 8]);
  expect([along[0], along.at(-1)]).toEqual(ends.map((i) => codes[i]));
  const [first] = picturesOf(firstParams(6), [codes[ends[0]]!]);
  for (const [i, ink] of first!.entries()) expect(pictures[0]![i]).toBeCloseTo(ink, 5);
});

test("the pictures over the plane are drawn row by row, with a free line between", () => {
  const drawn = gridPaths.value.flatMap((d) => [...d.matchAll(/M(\d+) (\d+)\.5h(\d+)/g)]);
  expect(drawn.length).toBeGreaterThan(100);
  for (const [, column, row, run] of drawn) {
    expect(Number(row) % 9).not.toBe(8);
    expect((Number(column) % 9) + Number(run)).toBeLessThanOrEqual(8);
  }
});

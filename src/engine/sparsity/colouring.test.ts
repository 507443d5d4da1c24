import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extent } from "../../../test/support/extent.ts";
import { colourJacobian, costOf, isReverse, leastCost, transposePattern } from "./colouring.ts";
import type { SparsityPattern } from "./rows.ts";
import { starColouring, starPlaces, symmetrised } from "./star-colouring.ts";

function patternOf(rows: readonly (readonly number[])[], columns: number): SparsityPattern {
  const rowPointers = Int32Array.from({ length: rows.length + 1 }, (_, i) => rows.slice(0, i).reduce((n, row) => n + row.length, 0)); // prettier-ignore
  return { rows: rows.length, columns, rowPointers, columnIndices: Int32Array.from(rows.flat()) };
}

const rowsOf = ({ rows, rowPointers, columnIndices }: SparsityPattern): number[][] =>
  Array.from({ length: rows }, (_, i) => [...columnIndices.subarray(rowPointers[i], rowPointers[i + 1])]);

const drawnRows = (columns: number): fc.Arbitrary<number[][]> =>
  fc.array(
    fc.uniqueArray(fc.nat(columns - 1), { maxLength: 6 }).map((row) => row.toSorted((a, b) => a - b)),
    { minLength: 1, maxLength: 14 },
  );

/** Throws unless each entry is alone in the product that computes it. */
function checkDirect(pattern: SparsityPattern): void {
  const colouring = colourJacobian(pattern);
  const { forward, reverse } = colouring;
  const columns = rowsOf(transposePattern(pattern));
  rowsOf(pattern).forEach((row, i) => {
    for (const j of row) {
      const added = isReverse(colouring, i, j)
        ? columns[j]!.filter((other) => reverse.colours[other] === reverse.colours[i])
        : row.filter((other) => forward.colours[other] === forward.colours[j]);
      expect(added).toEqual([isReverse(colouring, i, j) ? i : j]);
      expect((isReverse(colouring, i, j) ? reverse.colours[i] : forward.colours[j])!).toBeGreaterThanOrEqual(
        0,
      );
    }
  });
}

describe("colouring", () => {
  test("each entry of a random pattern is alone in one pass", () => {
    fc.assert(
      fc.property(drawnRows(12), fc.boolean(), (rows, isDense) => {
        const all = Array.from({ length: 12 }, (_, j) => j);
        checkDirect(patternOf(isDense ? [all, ...rows] : rows, 12));
        // a dense column
        checkDirect(
          patternOf(
            rows.map((row) => [...new Set([0, ...row])].toSorted((a, b) => a - b)),
            12,
          ),
        );
      }),
      { seed: 1, numRuns: extent(100, 5000) },
    );
  });

  test("no colouring costs less than its lower bound, which dense rows and columns do not raise", () => {
    fc.assert(
      fc.property(drawnRows(12), (rows) => {
        const pattern = patternOf(rows, 12);
        expect(leastCost(pattern)).toBeLessThanOrEqual(costOf(colourJacobian(pattern)));
        expect(leastCost(transposePattern(pattern))).toBeLessThanOrEqual(1.5 * leastCost(pattern));
      }),
      { seed: 2, numRuns: extent(100, 5000) },
    );
    const diagonal = Array.from({ length: 50 }, (_, i) => [i]);
    const all = diagonal.flat();
    expect(leastCost(patternOf(diagonal, 50))).toBe(1);
    expect(leastCost(patternOf([all, ...diagonal], 50))).toBe(2.5); // one backward and one forward pass
    expect(
      leastCost(
        patternOf(
          Array.from(diagonal, (row, i) => (i === 0 ? [0] : [0, ...row])),
          50,
        ),
      ),
    ).toBe(2);
    expect(leastCost(patternOf([[], []], 3))).toBe(0);
  });

  test("a dense row and a dense column need three passes", () => {
    const n = 50;
    const rows = Array.from({ length: n }, (_, i) => (i === 0 ? Array.from({ length: n }, (_unused, j) => j) : [0, i])); // prettier-ignore
    const { forward, reverse } = colourJacobian(patternOf(rows, n));
    expect(forward.count + reverse.count).toBe(3);
  });

  test("blocks of two rows and three columns are computed by three forward passes", () => {
    const rows = Array.from({ length: 40 }, (_, i) => [0, 1, 2].map((j) => 3 * Math.floor(i / 2) + j));
    const { forward, reverse } = colourJacobian(patternOf(rows, 60));
    expect([forward.count, reverse.count]).toEqual([3, 0]); // two backward passes cost as much
  });

  test("each entry of a random symmetric pattern can be read directly", () => {
    fc.assert(
      fc.property(drawnRows(14), (given) => {
        const rows = Array.from({ length: 14 }, (_, i) => given[i] ?? []);
        const pattern = symmetrised(patternOf(rows, 14));
        const colouring = starColouring(pattern);
        const places = starPlaces(pattern, colouring);
        const neighbours = rowsOf(pattern);
        let p = 0;
        neighbours.forEach((row, i) => {
          for (const j of row) {
            const [colour, at] = [Math.floor(places[p]! / 14), places[p]! % 14];
            const summed = neighbours[at]!.filter((other) => colouring.colours[other] === colour);
            expect(summed).toEqual([at === i ? j : i]);
            p++;
          }
        });
      }),
      { seed: 2, numRuns: extent(100, 5000) },
    );
  });

  test("hubs have colours of their own", () => {
    const n = 20_000;
    const rowPointers = Int32Array.from({ length: n + 1 }, (_, i) => (i === 0 ? 0 : n + 2 * (i - 1)));
    const columnIndices = Int32Array.from({ length: 3 * n - 2 }, (_, p) => (p < n ? p : (p - n) % 2 === 0 ? 0 : 1 + Math.floor((p - n) / 2))); // prettier-ignore
    expect(starColouring({ rows: n, columns: n, rowPointers, columnIndices }).count).toBe(2);
  });
});

import { spySvg, spyText } from "downhill/viz";
import { describe, expect, test } from "vitest";
import { gridMatrix } from "../../../test/support/sparse-matrices.ts";
import { SparseMatrix, SparsePattern } from "../../numeric/sparse/index.ts";

const empty = SparsePattern.from({ shape: [0, 0], rowPointers: [0], columns: [] });

describe("spyText", () => {
  test("shows one dot per entry of a small matrix", () => {
    const grid = gridMatrix(3);
    const [summary, , ...lines] = spyText(grid).trimEnd().split("\n");
    expect(summary).toBe("9 × 9, 33 entries (40.7 %)");
    const dots = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80]; // by columns of a character
    const shown = lines
      .slice(0, -1)
      .flatMap((line, i) =>
        [...line]
          .slice(1, -1)
          .flatMap((character, j) =>
            dots.flatMap((bit, k) =>
              ((character.codePointAt(0)! - 0x2800) & bit) === 0
                ? []
                : [[4 * i + (k % 4), 2 * j + (k < 4 ? 0 : 1)]],
            ),
          ),
      );
    const entries = [...grid.columns].map((column, p) => [grid.pattern.rows[p]!, column]);
    expect(shown.map(String).toSorted()).toEqual(entries.map(String).toSorted());
  });

  test("shows a large matrix in a given width", () => {
    const lines = spyText(gridMatrix(30), { columns: 12 }).trimEnd().split("\n");
    expect(lines.slice(1).map((line) => [...line].length)).toEqual(lines.slice(1).map(() => 12));
    expect(spyText(empty)).toBe("0 × 0, 0 entries (0.00 %)\n┌┐\n└┘\n");
    expect(() => spyText([[1]] as never)).toThrow(
      "spyText: expects a SparseMatrix or a SparsePattern; got object.",
    );
    expect(() => spyText(empty, { columns: 2 })).toThrow(/^spyText: columns/);
  });
});

describe("spySvg", () => {
  test("draws each entry of a small matrix once", () => {
    const matrix = SparseMatrix.fromCoo({
      shape: [2, 3],
      rows: [0, 0, 1],
      columns: [0, 1, 2],
      values: [1, 2, 3],
    });
    const svg = spySvg(matrix, { title: "a < b" });
    expect(svg).toContain(`<path d="M0 0h2v1h-2zM2 1h1v1h-1z" fill-opacity="1"/>`);
    expect(svg).toContain("a &lt; b");
    expect(svg).toContain("2 × 3, 3 entries (50.0 %)");
  });

  test("draws a large matrix in cells, darker where they have more entries", () => {
    const svg = spySvg(gridMatrix(40), { size: 300 });
    expect(svg.match(/<path/g)!.length).toBeGreaterThan(1);
    expect(svg.length).toBeLessThan(100_000);
    expect(spySvg(empty)).not.toContain("<path");
    expect(() => spySvg(1 as never)).toThrow(
      "spySvg: expects a SparseMatrix or a SparsePattern; got number.",
    );
  });
});

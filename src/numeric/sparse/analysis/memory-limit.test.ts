import { analyse, normalProduct, SparseMatrix } from "downhill/sparse";
import { expect, test } from "vitest";

/** A matrix whose first row and column are full, with its diagonal. */
function arrowhead(n: number): SparseMatrix {
  const border = Array.from({ length: n - 1 }, (_, i) => i + 1);
  const zeros = border.map(() => 0);
  const rows = [0, ...zeros, ...border, ...border];
  const columns = [0, ...border, ...zeros, ...border];
  return SparseMatrix.fromCoo({ shape: [n, n], rows, columns, values: rows.map(() => 1) });
}

test("a factor above 4 GiB is refused before it is computed, with its size and a repair", () => {
  const { pattern } = arrowhead(33_000); // eliminating the first row fills the whole matrix
  for (const kind of ["ldl", "lu"] as const)
    expect(() => analyse(pattern, { kind, ordering: "natural" })).toThrow(
      `the factor of a matrix with 33000 rows would have 5.45e+8 entries (${kind === "ldl" ? "4.1" : "8.1"} GiB), but an array holds at most 4.0 GiB. Use the ordering "amd", or solve with lsmr`,
    );
});

test("a product AᵀA above 4 GiB is refused before it is computed", () => {
  const n = 50_000;
  const columns = Int32Array.from({ length: n }, (_, i) => i);
  const row = SparseMatrix.fromCoo({ shape: [1, n], rows: new Int32Array(n), columns, values: new Float64Array(n).fill(1) }); // prettier-ignore
  expect(() => normalProduct(row.pattern)).toThrow(
    'a row has 50000 entries, so AᵀA would have 2.50e+9 entries (18.6 GiB), but an array holds at most 4.0 GiB. Solve with lsmr (linearSolver: "lsmr")',
  );
});

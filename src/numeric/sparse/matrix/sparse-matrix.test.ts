import { grad, jit, jvp, scan, type Tensor, tensor, vmap } from "downhill";
import { dataset } from "downhill/data";
import { sgd } from "downhill/optim";
import { checkpointMemory, fit } from "downhill/train";
import { describe, expect, test } from "vitest";
import { SparseMatrix } from "./sparse-matrix.ts";
import { type PatternRecord, SparsePattern } from "./sparse-pattern.ts";

const record = { shape: [2, 3], rowPointers: [0, 2, 3], columns: [0, 2, 1] } as const;
const pattern = SparsePattern.from(record);
const matrix = SparseMatrix.of(pattern, [1, 2, 3]);

describe("a pattern", () => {
  test("is one object per content", () => {
    expect(SparsePattern.from({ ...record, columns: Int32Array.of(0, 2, 1) })).toBe(pattern);
    const others = [
      SparsePattern.from({ ...record, shape: [2, 4] }),
      SparsePattern.from({ ...record, columns: [1, 2, 1] }),
      SparsePattern.from({ ...record, rowPointers: [0, 1, 3], columns: [0, 1, 2] }),
    ];
    expect(new Set([pattern, ...others].map(({ key }) => key)).size).toBe(4);
  });

  test("is transposed with the source of each entry", () => {
    const { pattern: turned, from } = pattern.transposed;
    expect([turned.shape, [...turned.rowPointers], [...turned.columns], [...from]]).toEqual([
      [3, 2],
      [0, 1, 2, 3],
      [0, 1, 0],
      [0, 2, 1],
    ]);
    expect(turned.transposed.pattern).toBe(pattern);
    expect([...pattern.rows]).toEqual([0, 0, 1]);
  });

  test.each<[Partial<PatternRecord>, string]>([
    [{ shape: [2] as never }, "shape must be [rows, columns] with integers from 0 to 2147483647; got [2]."],
    [{ shape: [-1, 2] }, "got [-1,2]."],
    [{ rowPointers: [0, 3] }, "rowPointers must have rows + 1 = 3 elements; got 2."],
    [
      { rowPointers: [0, 2, 2] },
      "rowPointers must run from 0 to the number of columns given, 3; got 0 to 2.",
    ],
    [{ rowPointers: [0, 4, 3] }, "rowPointers must ascend; row 0 runs from 0 to 4."],
    [{ columns: [0, 3, 1] }, "row 0 has column 3, and the matrix has 3 columns, numbered from 0."],
    [{ columns: [2, 0, 1] }, "the columns of row 0 must ascend; 0 follows 2."],
    [{ columns: [0, 0, 1] }, "the columns of row 0 must ascend; 0 follows 0."],
    [{ columns: [0, 1.5, 1] }, "columns[1] is 1.5; expected an integer below 2³¹."],
    [{ columns: "abc" as never }, "columns must be an Int32Array or a list of integers; got string."],
  ])("refuses %j", (change, message) => {
    expect(() => SparsePattern.from({ ...record, ...change })).toThrow(message);
  });
});

describe("a sparse matrix", () => {
  test("has one float64 value per entry", () => {
    expect([matrix.shape, matrix.nnz, matrix.values.dtype]).toEqual([[2, 3], 3, "float64"]);
    expect(SparseMatrix.of(pattern, tensor([1, 2, 3], { dtype: "float32" })).values.dtype).toBe("float64");
    expect(() => SparseMatrix.of(pattern, [1, 2])).toThrow(
      "SparseMatrix.of: values must be f64[3], one per entry of the pattern; got f64[2].",
    );
    expect(() => SparseMatrix.of({} as never, [1])).toThrow("SparseMatrix.of: expects a pattern first");
    const empty = SparsePattern.from({ shape: [0, 0], rowPointers: [0], columns: [] });
    expect(SparseMatrix.of(empty, []).values.shape).toEqual([0]);
  });

  test("is a tree node whose only leaf is its values", () => {
    const squares = (m: SparseMatrix): Tensor => m.values.square().sum();
    expect(grad(squares)(matrix)).toBeInstanceOf(SparseMatrix);
    expect(grad(squares)(matrix).values.tolist()).toEqual([2, 4, 6]);
    const [, tangent] = jvp(squares, [matrix], [matrix]);
    expect(tangent.item()).toBe(28);
    const stacked = new SparseMatrix(pattern, tensor([[1, 2, 3], [4, 5, 6]])); // prettier-ignore
    expect(vmap(squares)(stacked).tolist()).toEqual([14, 77]);
    const [last] = scan(
      (m: SparseMatrix, x: Tensor) => [m.withValues(m.values.mul(x)), x] as const,
      matrix,
      [2, 3],
    );
    expect(last.values.tolist()).toEqual([6, 12, 18]);
  });

  test("is compiled once per pattern", () => {
    let traces = 0;
    const double = jit((m: SparseMatrix) => {
      traces++;
      return m.withValues(m.values.mul(2));
    });
    for (let i = 0; i < 3; i++)
      expect(double(matrix.withValues([i, 1, 2])).values.tolist()).toEqual([2 * i, 2, 4]);
    expect(double(matrix).pattern).toBe(pattern);
    expect(traces).toBe(1);
    const other = SparsePattern.from({ ...record, columns: [1, 2, 1] });
    expect(double(SparseMatrix.of(other, [1, 2, 3])).pattern).toBe(other);
    expect(traces).toBe(2);
  });

  test("and its pattern are refused by checkpoints, which store plain data", async () => {
    const train = async (params: {
      readonly w: Tensor;
      readonly more: SparseMatrix | SparsePattern;
    }): Promise<unknown> =>
      await fit({
        params,
        loss: (p) => p.w.mul(p.w),
        data: dataset({ x: [1] }).batch(1),
        optimizer: sgd({ learningRate: 0.1 }),
        checkpoint: { store: checkpointMemory() },
        epochs: 1,
      });
    const refusal = "a checkpoint holds plain arrays and objects, but params holds";
    await expect(train({ w: tensor(1), more: matrix })).rejects.toThrow(
      `${refusal} an instance of SparseMatrix`,
    );
    await expect(train({ w: tensor(1), more: pattern })).rejects.toThrow(
      `${refusal} a pattern of 3 entries in a 2 × 3 matrix.`,
    );
  });
});

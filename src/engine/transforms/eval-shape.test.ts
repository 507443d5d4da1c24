import { evalShape, matmul, sum, type Tensor, tensor, zeros } from "downhill";
import { describe, expect, test } from "vitest";

describe("evalShape", () => {
  const f = (
    p: { readonly w: Tensor; readonly b: Tensor },
    x: Tensor,
  ): { y: Tensor; all: readonly [Tensor, string] } => {
    const y = matmul(x, p.w).add(p.b);
    return { y, all: [sum(y), "sum"] };
  };
  const expected = { y: { shape: [5, 3], dtype: "float32" }, all: [{ shape: [], dtype: "float32" }, "sum"] };
  const dtype = "float32";

  test("tells shapes and dtypes of the result, nested as it is", () => {
    const p = { w: zeros([4, 3], { dtype }), b: zeros([3], { dtype }) };
    expect(evalShape(f, p, zeros([5, 4], { dtype }))).toEqual(expected);
  });

  test("takes shapes and dtypes in the place of tensors, scalars too", () => {
    const w = { shape: [4, 3], dtype } as const;
    expect(evalShape(f, { w, b: { shape: [], dtype } }, { dtype, shape: [5, 4] })).toEqual(expected);
  });

  test("computes and allocates nothing", () => {
    const { shape } = evalShape(
      (x: Tensor, y: Tensor) => matmul(x, y),
      { shape: [1e6, 1e6], dtype },
      { shape: [1e6, 2e6], dtype },
    );
    expect(shape).toEqual([1e6, 2e6]);
  });

  test("leaves alone what only looks like a shape", () => {
    const g = (p: { readonly shape: Tensor; readonly kind: string }): Tensor => p.shape;
    expect(evalShape(g, { shape: tensor([1, 2, 3]), kind: "float32" })).toEqual({
      shape: [3],
      dtype: "float64",
    });
    expect(evalShape((x: Tensor) => x, 3)).toEqual({ shape: [], dtype: "float64" });
  });

  test("throws what the function would", () => {
    expect(() => evalShape((x: Tensor, y: Tensor) => matmul(x, y), zeros([2, 3]), zeros([2, 3]))).toThrow(
      "matmul: ",
    );
    expect(() => evalShape(3 as never)).toThrow("evalShape: expects a function");
  });
});

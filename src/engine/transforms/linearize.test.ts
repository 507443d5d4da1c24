import { describe, expect, test, vi } from "vitest";
import type { Tensor } from "downhill";
import {
  cos,
  eye,
  grad,
  hvp,
  jacfwd,
  jacrev,
  jvp,
  linearize,
  linearTranspose,
  matmul,
  sin,
  tensor,
  vjp,
  vmap,
} from "downhill";

const f = (x: Tensor, y: Tensor): { a: Tensor; b: Tensor } => ({ a: x.mul(y), b: sin(x) });

describe("jvp, vjp and linearize", () => {
  test("agree on value and derivative", () => {
    const [out, tangent] = jvp(f, [2, 3], [1, 10]);
    expect([out.a.item(), out.b.item()]).toEqual([6, sin(2).item()]);
    expect([tangent.a.item(), tangent.b.item()]).toEqual([23, cos(2).item()]);
    const [same, linear] = linearize(f, 2, 3);
    expect(same.a.item()).toBe(6);
    expect(linear(1, 10).a.item()).toBe(23);
    const [, pullback] = vjp(f, 2, 3);
    expect(pullback({ a: 1, b: 10 }).map((g) => g.item())).toEqual([3 + 10 * cos(2).item(), 2]);
  });

  test("linearize and vjp run the function once", () => {
    const g = vi.fn((x: Tensor) => sin(x));
    const [, linear] = linearize(g, 1);
    linear(1);
    linear(2);
    const [, pullback] = vjp(g, 1);
    pullback(1);
    pullback(2);
    expect(g).toHaveBeenCalledTimes(2);
  });

  test("a linear map applied to all unit vectors at once is the Jacobian", () => {
    const g = (x: Tensor): Tensor => x.square();
    const [, linear] = linearize(g, [1, 2]);
    expect(vmap((v: Tensor) => linear(v))(eye(2)).tolist()).toEqual([
      [2, 0],
      [0, 4],
    ]);
    const [, pullback] = vjp(g, [1, 2]);
    expect(vmap((ct: Tensor) => pullback(ct)[0])(eye(2)).tolist()).toEqual([
      [2, 0],
      [0, 4],
    ]);
  });

  test("numbers given as tangents and cotangents take the dtype of what they belong to", () => {
    const x = tensor([1, 2], { dtype: "float32" });
    expect(jvp((a: Tensor) => a.mul(2), [x], [[1, 0]])[1].dtype).toBe("float32");
    expect(vjp((a: Tensor) => a.sum(), x)[1](1)[0].dtype).toBe("float32");
  });

  test("the tangent of an integer result is zero", () => {
    const [out, tangent] = jvp((x: Tensor) => x.astype("int32"), [2.5], [1]);
    expect([out.item(), tangent.item()]).toEqual([2, 0]);
  });

  test("what does not match is refused, with the way out", () => {
    const g = (x: Tensor): Tensor => x.mul(2);
    expect(() => jvp(g, [1], [[1, 2]])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: jvp: tangent 0 is f64[2], expected f64[].]`,
    );
    expect(() => jvp(g, 1 as unknown as [Tensor], [1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: jvp: primals must be an array with one entry an argument, as in jvp(f, [x], [dx]).]`,
    );
    expect(() => jvp(g, [1], [] as unknown as [Tensor])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: jvp: tangent 0 should be a tensor but is undefined.]`,
    );
    expect(() => jvp(g, [tensor(1, { dtype: "int32" })], [1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: jvp: argument 0 is i32[], and integers have no derivative. Convert it with astype("float64"), or let the function close over it.]`,
    );
    expect(() => hvp((x: Tensor) => x.sum(), [1, 2], [1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: hvp: tangent 0 is f64[1], expected f64[2].]`,
    );
    expect(() => vjp(g, [1, 2])[1](1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vjp: the cotangent is f64[], expected f64[2].]`,
    );
    expect(() =>
      vjp(f, 1, 2)[1]({ a: 1 } as unknown as { a: Tensor; b: Tensor }),
    ).toThrowErrorMatchingInlineSnapshot(`[DownhillError: vjp: the cotangent lacks "b".]`);
    expect(() =>
      vjp(f, 1, 2)[1](1 as unknown as { a: Tensor; b: Tensor }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vjp: the cotangent should be an object but is a tensor.]`,
    );
    expect(() => linearize(g, 1)[1]({} as unknown as Tensor)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: linearize: tangent 0 should be a tensor but is an object.]`,
    );
    expect(() => vjp(g, 1)[1](tensor(1, { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vjp: the cotangent is i32[], expected f64[]. Convert it with astype("float64").]`,
    );
  });
});

describe("linearTranspose", () => {
  const w = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);

  test("of a matrix is its transpose", () => {
    const t = linearTranspose((x: Tensor) => matmul(w, x), [0, 0]);
    expect(t([1, 10, 100]).tolist()).toEqual([531, 642]);
  });

  test("is itself linear, and its transpose is the function", () => {
    const t = linearTranspose((x: Tensor) => matmul(w, x), [0, 0]);
    expect(linearTranspose((ct: Tensor) => t(ct), [0, 0, 0])([1, 2]).tolist()).toEqual(
      matmul(w, [1, 2]).tolist(),
    );
    expect(grad((ct: Tensor) => t(ct).sum())([0, 0, 0]).tolist()).toEqual([3, 7, 11]);
  });

  test("takes nested arguments", () => {
    const t = linearTranspose((p: { a: Tensor; b: Tensor }) => p.a.mul(2).add(p.b.sum()), {
      a: 0,
      b: [0, 0],
    });
    const { a, b } = t(3);
    expect([a.item(), b.tolist()]).toEqual([6, [3, 3]]);
  });

  test("of what is not linear is refused", () => {
    expect(() => linearTranspose((x: Tensor) => sin(x), 0)(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: transpose: sin is not linear in its operand.]`,
    );
    expect(() => linearTranspose((x: Tensor) => x.mul(x), 0)(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: transpose: mul is not linear in its operand.]`,
    );
    const matrix = [[1, 2], [3, 4]]; // prettier-ignore
    for (const [name, f] of Object.entries({
      div: (x: Tensor) => x.div(x),
      pow: (x: Tensor) => x.pow(x),
      dotGeneral: (x: Tensor) => matmul(x, x),
    }))
      expect(() => linearTranspose(f, matrix)(matrix)).toThrow(
        `transpose: ${name} is not linear in its operand.`,
      );
  });
});

describe("a function that returns plain numbers", () => {
  const plain = (x: Tensor): Tensor => (x.ndim + 3) as never;

  test.each<[string, () => unknown]>([
    ["vjp", () => vjp(plain, 1)],
    ["jvp", () => jvp(plain, [1], [1])],
    ["linearize", () => linearize(plain, 1)],
    ["jacrev", () => jacrev(plain)(1)],
    ["jacfwd", () => jacfwd(plain)(1)],
    ["jacrev", () => jacrev((x: Tensor) => ({ y: [x.ndim, 2] as never as Tensor }))(1)],
  ])("is refused by %s, which gave zero in silence", (name, run) => {
    expect(run).toThrow(
      new RegExp(`^${name}: the function returned (the plain number 3|plain numbers only), so nothing`),
    );
  });

  test("may return them beside tensors", () => {
    const tangents = jvp((x: Tensor) => [x.mul(2), 3], [1], [1])[1];
    expect(tangents.map((t) => (t as Tensor).item())).toEqual([2, 0]);
  });
});

import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { cos, grad, jit, matmul, mul, sin, sum, tanh, tensor, valueAndGrad, vmap } from "downhill";

const f = (x: Tensor, y: Tensor): Tensor => x.mul(y).add(sin(x));

describe("grad", () => {
  test("is the derivative of x · y + sin x", () => {
    expect(grad(f)(2, 3).item()).toBe(3 + cos(2).item());
    expect(grad(f, { argnums: 1 })(2, 3).item()).toBe(2);
    expect(grad(f, { argnums: [0, 1] })(2, 3).map((g) => g.item())).toEqual([3 + cos(2).item(), 2]);
    expect(grad(f, { argnums: [1, 0] })(2, 3).map((g) => g.item())).toEqual([2, 3 + cos(2).item()]);
    expect(grad(f, { argnums: [1] })(2, 3)).toHaveLength(1);
    expect(grad(f, { argnums: [] })(2, 3)).toEqual([]);
  });

  test("has the structure of its argument", () => {
    interface Params {
      readonly layers: readonly { readonly w: Tensor; readonly b: Tensor }[];
      readonly scale: Tensor;
      readonly name: string;
    }
    const model = ({ layers, scale }: Params, x: Tensor): Tensor =>
      layers
        .reduce((h, { w, b }) => tanh(matmul(h, w).add(b)), x)
        .mul(scale)
        .sum();
    const params: Params = {
      layers: [
        {
          w: tensor([
            [1, 2],
            [3, 4],
          ]),
          b: tensor([0, 1]),
        },
        { w: tensor([[1], [2]]), b: tensor([0]) },
      ],
      scale: tensor(2),
      name: "small",
    };
    const g = grad(model)(params, tensor([[0.1, 0.2]]));
    expect(Object.keys(g)).toEqual(["layers", "scale", "name"]);
    expect(g.layers.map(({ w, b }) => [w.shape, b.shape])).toEqual([
      [[2, 2], [2]],
      [[2, 1], [1]],
    ]);
    expect(g.name).toBe("small");
    expect(g.scale.item()).toBeCloseTo(model(params, tensor([[0.1, 0.2]])).item() / 2, 14);
  });

  test("takes numbers, nests of numbers and typed arrays", () => {
    expect(grad((x) => x.square().sum())([1, 2]).tolist()).toEqual([2, 4]);
    expect(grad((x) => x.square().sum())([[1], [2]]).tolist()).toEqual([[2], [4]]);
    const g = grad((x) => x.square().sum())(Float32Array.of(1, 2));
    expect([g.dtype, g.tolist()]).toEqual(["float32", [2, 4]]);
  });

  test("hands through what else the function returns", () => {
    const g = (x: Tensor): [Tensor, { readonly half: Tensor; readonly label: string }] => [
      x.square(),
      { half: x.div(2), label: "a" },
    ];
    const [slope, aux] = grad(g, { hasAux: true })(3);
    expect([slope.item(), aux.half.item(), aux.label]).toEqual([6, 1.5, "a"]);
    const [[value, more], again] = valueAndGrad(g, { hasAux: true })(3);
    expect([value.item(), more.half.item(), again.item()]).toEqual([9, 1.5, 6]);
    // in a derivative of the derivative, what is handed through carries its own
    expect(grad((x: Tensor) => grad(g, { hasAux: true })(x)[1].half)(3).item()).toBe(0.5);
  });

  test("gives the value beside the gradient", () => {
    const [value, g] = valueAndGrad(f)(2, 3);
    expect([value.item(), g.item()]).toEqual([6 + sin(2).item(), 3 + cos(2).item()]);
    const [, both] = valueAndGrad(f, { argnums: [0, 1] })(2, 3);
    expect(both.map((x) => x.item())).toEqual([3 + cos(2).item(), 2]);
  });

  test("leaves integers alone where they are not differentiated", () => {
    const pick = (x: Tensor, i: Tensor): Tensor => x.at(i).square();
    expect(grad(pick)([1, 2, 3], tensor(1, { dtype: "int32" })).tolist()).toEqual([0, 4, 0]);
  });

  test("of a weak number stays weak", () => {
    const g = grad((x) => x.mul(x))(3);
    expect(mul(g, tensor([1], { dtype: "float32" })).dtype).toBe("float32");
  });
});

describe("what cannot be differentiated is refused, with the way out", () => {
  const loose = grad as unknown as (f: unknown, options?: unknown) => (...args: unknown[]) => unknown;

  test("a result that is no scalar", () => {
    expect(() => loose((x: Tensor) => x.mul(2))([1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: the function returned f64[2], and a gradient needs a scalar. Take a sum or mean of it, or use jacrev for all derivatives, jacfwd(jacrev(f)) for all second derivatives.]`,
    );
    expect(() => loose((x: Tensor) => [x, x])(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: the function must return one scalar, but returned 2 tensors. Use hasAux for what else it computes.]`,
    );
  });

  test("a plain number that nothing connects to the argument", () => {
    expect(() => loose(() => 3)(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: the function returned the plain number 3, so nothing connects it to its arguments. Compute with tensors throughout (x.mul(y), sin(x)), not with Math.* or item(). A function of plain numbers is differentiated as it is where "use ad" is its first line and downhill-plugin loads it.]`,
    );
    expect(() => loose(() => true)(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: the function returned the plain boolean true, so nothing connects it to its arguments. Compute with tensors throughout (x.mul(y), sin(x)), not with Math.* or item(). A function of plain numbers is differentiated as it is where "use ad" is its first line and downhill-plugin loads it.]`,
    );
  });

  test("nothing", () => {
    expect(() => loose((x: Tensor) => void x.mul(2))(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: the function returned nothing. Did it forget to return its result?]`,
    );
  });

  test("a promise", () => {
    expect(() => loose(async (x: Tensor) => Promise.resolve(x))(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: the function is async (it returned a Promise). A transform must see the whole computation at once: await the data first and pass it as an argument.]`,
    );
    expect(() => jit(async (x: Tensor) => Promise.resolve(x) as never)(1)).toThrow(
      "jit: the function is async",
    );
    expect(() => vmap(async (x: Tensor) => Promise.resolve(x) as never)([1])).toThrow(
      "vmap: the function is async",
    );
  });

  test("integers and booleans", () => {
    expect(() =>
      loose((x: Tensor) => x.mul(2))(tensor(3, { dtype: "int32" })),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: argument 0 is i32[], and integers have no derivative. Convert it with astype("float64"), or leave it out of argnums.]`,
    );
    expect(() =>
      loose((p: { mask: Tensor }) => sum(p.mask))({ mask: [true, false] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: argument 0.mask is bool[2], and booleans have no derivative. Convert it with astype("float64"), or leave it out of argnums.]`,
    );
    expect(() => loose((x: Tensor) => x.astype("int32").sum())([1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: the function returned i32[], and int32 has no derivative.]`,
    );
  });

  test("arguments that are not there", () => {
    expect(() => loose(f, { argnums: 2 })(1, 2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: argnums names argument 2, but the function was called with 2. Arguments count from 0.]`,
    );
    expect(() => loose(f, { argnums: -1 })(1, 2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: argnums holds -1; arguments count 0, 1, 2, …]`,
    );
    expect(() => loose(f, { argnums: [0, 0.5] })(1, 2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: argnums holds 0.5; arguments count 0, 1, 2, …]`,
    );
    expect(() => loose(f, { argnum: 1 })(1, 2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: unknown option "argnum". Did you mean "argnums"?]`,
    );
  });

  test("things that are no tensors", () => {
    expect(() => loose((x: Tensor) => x.mul(2))(new Date(0))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: an object of class Date is neither a tensor nor a plain array or object of tensors. Pass numbers, arrays of numbers, typed arrays or tensors, nested in plain arrays and objects; register of downhill/tree makes instances of a class of yours nodes too.]`,
    );
    expect(() => loose((x: Tensor) => x.mul(2))(() => 1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: a function is neither a tensor nor a plain array or object of tensors. Pass numbers, arrays of numbers, typed arrays or tensors, nested in plain arrays and objects; register of downhill/tree makes instances of a class of yours nodes too.]`,
    );
    expect(() => loose((x: Tensor) => x.mul(2))(1n)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: a bigint is neither a tensor nor a plain array or object of tensors. Pass numbers, arrays of numbers, typed arrays or tensors, nested in plain arrays and objects; register of downhill/tree makes instances of a class of yours nodes too.]`,
    );
    expect(() => loose((x: Tensor) => x.mul("2" as unknown as number))(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: mul: the string "2" is not a tensor. Pass a tensor, a number, an array of numbers or a typed array.]`,
    );
    expect(() => loose(3)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: expects a function, got number. Write grad((x) => …).]`,
    );
    expect(() => loose((x: Tensor) => [x, 1, 2], { hasAux: true })(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: grad: with hasAux the function must return [value, aux].]`,
    );
  });

  test("a value that outlives the function it was made in", () => {
    let kept: Tensor | undefined;
    grad((x) => (kept = x.mul(2)))(3);
    expect(() => kept!.add(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: add: an operand belongs to a jvp trace that has ended. A value made inside a transformed function was kept (in an outer variable, an array, a closure) and used after the function returned; return it from the function instead.]`,
    );
    jit((x) => (kept = x.mul(2)))(3);
    expect(() => sin(kept!)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sin: an operand belongs to a program trace that has ended. A value made inside a transformed function was kept (in an outer variable, an array, a closure) and used after the function returned; return it from the function instead.]`,
    );
    vmap((x) => (kept = x.mul(2)))([3]);
    expect(() => kept!.item()).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: item: this f64[] is a traced value inside a transform (vmap); its number is not known there. Return it from the function (see hasAux), and choose between values with where(…) instead of if.]`,
    );
    expect(() => grad((x) => x.mul(kept!))(1)).toThrow("an operand belongs to a vmap trace that has ended");
  });

  test("an operator of JavaScript on a traced value", () => {
    expect(() => loose((x: number) => x * x)(3)).toThrow("instead of x * y write x.mul(y)");
  });

  test("an error inside the function leaves no trace open", () => {
    expect(() =>
      loose(() => {
        throw new Error("mine");
      })(1),
    ).toThrow("mine");
    expect(() =>
      jit(() => {
        throw new Error("mine");
      })(),
    ).toThrow("mine");
    expect(tensor([1, 2]).mul(2).tolist()).toEqual([2, 4]); // evaluated, not staged
  });
});

import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { arange, jit, ones, tensor, zeros } from "downhill";

describe("a printed tensor", () => {
  test("shows booleans as true and false, but reads them as 1 and 0", () => {
    const x = tensor([[true, false]]);
    const [yes] = [x.at(0, 0)];
    expect([String(x), yes.toString(), inspect(yes), inspect(x)]).toEqual(["[[ true, false]]", "true", "bool[] true", "bool[1,2] [[ true, false]]"]); // prettier-ignore
    expect([x.tolist(), yes.item(), [...x.data()], JSON.stringify({ x })]).toEqual([[[1, 0]], 1, [1, 0], '{"x":[[1,0]]}']); // prettier-ignore
    expect(x.data()).toBeInstanceOf(Uint8Array);
  });
  test("shows its elements like NumPy", () => {
    const show = (x: Tensor): string => inspect(x, { colors: false });
    expect(show(tensor(2.5))).toMatchInlineSnapshot(`"2.5"`);
    expect(show(tensor(0.1, { dtype: "float32" }))).toMatchInlineSnapshot(`"f32[] 0.1"`);
    expect(show(tensor(true))).toMatchInlineSnapshot(`"bool[] true"`);
    expect(show(tensor([1, -2.5, 1e-10, 1e20]))).toMatchInlineSnapshot(
      `"f64[4] [                    1,                  -2.5,                 1e-10, 100000000000000000000]"`,
    );
    expect(show(tensor([NaN, Infinity, -0]))).toMatchInlineSnapshot(
      `"f64[3] [     NaN, Infinity,       -0]"`,
    );
    expect(show(tensor([1 / 3, 2 / 3], { dtype: "float32" }))).toMatchInlineSnapshot(
      `"f32[2] [0.333333, 0.666667]"`,
    );
    expect(
      show(
        tensor(
          [
            [1, 2],
            [3, 40],
          ],
          { dtype: "int32" },
        ),
      ),
    ).toMatchInlineSnapshot(`
      "i32[2,2]
      [[ 1,  2],
       [ 3, 40]]"
    `);
    expect(show(tensor([true, false]))).toMatchInlineSnapshot(`"bool[2] [ true, false]"`);
    expect(show(ones([2, 2, 2]))).toMatchInlineSnapshot(`
      "f64[2,2,2]
      [[[1, 1],
        [1, 1]],

       [[1, 1],
        [1, 1]]]"
    `);
    expect(show(zeros([0, 3]))).toMatchInlineSnapshot(`"f64[0,3] [] (shape [0,3])"`);
    expect(show(arange(2000).reshape([40, 50]))).toMatchInlineSnapshot(`
      "i32[40,50]
      [[   0,    1,    2, …,   47,   48,   49],
       [  50,   51,   52, …,   97,   98,   99],
       [ 100,  101,  102, …,  147,  148,  149],
       …,
       [1850, 1851, 1852, …, 1897, 1898, 1899],
       [1900, 1901, 1902, …, 1947, 1948, 1949],
       [1950, 1951, 1952, …, 1997, 1998, 1999]]"
    `);
  });

  test("is text in templates and numbers in JSON", () => {
    const x = tensor([[1, 2]]);
    expect(`x = ${x as unknown as string}`).toBe("x = [[1, 2]]");
    expect(JSON.stringify({ x, y: tensor(1.5) })).toBe('{"x":[[1,2]],"y":1.5}');
  });

  test("a traced value says that it has no numbers yet", () => {
    let text = "";
    jit((x) => {
      text = inspect(x);
      return x;
    })([1, 2]);
    expect(text).toMatchInlineSnapshot(`"Traced(f64[2])"`);
  });
});

describe("operators of JavaScript", () => {
  const x = tensor(2) as unknown as number;
  const repairs =
    "Instead of x * y write x.mul(y) or mul(x, y) (also add, sub, div, pow); instead of Math.sin(x) write sin(x), imported " +
    'from "downhill"; instead of x < y write less(x, y), and where(…) instead of if. For the plain number of a scalar use ' +
    "x.item(), for a text String(x).";

  test("throw, quote the line and say how to repair it", () => {
    const product = (): number => x * 3;
    expect(product).toThrow(
      `A tensor cannot be used with JavaScript's operators and Math, as in \`const product = (): number => x * 3;\`. ${repairs}`,
    );
    for (const action of [
      () => x + 3,
      () => -x,
      () => x < 3,
      () => Math.sin(x),
      () => x + ("" as unknown as number),
    ]) {
      expect(action).toThrow(repairs);
    }
    expect(() => Math.max(x, 0)).toThrow("instead of Math.max(x) write maximum(x)");
    expect(() => Math.exp(x) * x).toThrow("instead of Math.exp(x) write exp(x)");
  });
});

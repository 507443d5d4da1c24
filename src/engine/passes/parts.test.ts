import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  add,
  at,
  dynamicSlice,
  dynamicUpdateSlice,
  exp,
  foriLoop,
  grad,
  jit,
  makeProgram,
  matmul,
  minimum,
  mul,
  ones,
  scan,
  scatterAdd,
  slice,
  sum,
  tensor,
} from "downhill";
import { printRoutine } from "../kernel/print.ts";
import { lowerProgram } from "./lower.ts";
import { optimize } from "./pipeline.ts";

const matrix = tensor(Float64Array.from({ length: 12 }, (_, i) => Math.sin(i))).reshape([3, 4]);
const set = (x: Tensor, value: Tensor, i: Tensor | number, j: Tensor | number): Tensor =>
  dynamicUpdateSlice(x, value.reshape([1, 1]), [i, j]);

describe("a contiguous part of an array", () => {
  test("is read in place: an element of a matrix by its row and column is one load", () => {
    const f = (x: Tensor): Tensor =>
      foriLoop(0, 3, (i, s) => foriLoop(0, 4, (j, t) => t.add(x.at(i).at(j)), s), 0);
    expect(printRoutine(lowerProgram(optimize(makeProgram(f)(matrix))).routine)).toMatchInlineSnapshot(`
      "routine f(x: f64[12]) -> (f64) {
        let s: f64 = 0
        s = 0
        for step in 0..3 {
          let x_2: i32 = step
          let from: i32 = x_2 * 4
          let s_2: f64 = 0
          s_2 = s
          for step_2 in 0..4 {
            let x_3: i32 = step_2
            let v: f64 = x[from + x_3]
            let v_2: f64 = s_2 + v
            s_2 = v_2
          }
          s = s_2
        }
        return s
      }"
    `);
  });

  test("needs no copy of a table that a loop fills from it", () => {
    const f = (x: Tensor): Tensor =>
      foriLoop(
        1,
        3,
        (i, t) =>
          foriLoop(
            1,
            4,
            (j, u) => set(u, minimum(u.at(i.sub(1)).at(j), u.at(i).at(j.sub(1))).add(u.at(i).at(j)), i, j),
            t,
          ),
        x,
      );
    const routine = printRoutine(lowerProgram(optimize(makeProgram(f)(matrix))).routine);
    expect(routine.match(/temp .*f64\[4\]/gu)).toBeNull();
    const expected = matrix.tolist() as number[][];
    for (const i of [1, 2])
      for (const j of [1, 2, 3]) expected[i]![j]! += Math.min(expected[i - 1]![j]!, expected[i]![j - 1]!);
    expect(jit(f)(matrix).tolist()).toEqual(expected);
  });

  test.each<[string, (x: Tensor, i: Tensor) => [Tensor, Tensor]]>([
    [
      "is read after the array was changed",
      (x, i) => {
        const row = at(x, i);
        return [scatterAdd(x, [1], ones([1, 4])), row.mul(2)];
      },
    ],
    [
      "is read through a deferred value after that",
      (x, i) => {
        const [first, flat] = [slice(at(x, i), [1, 3]), at(x, i).reshape([2, 2])];
        return [scatterAdd(x, [1], ones([1, 4])), first.mul(2).add(flat)];
      },
    ],
    [
      "is read before and after another array reuses the memory",
      (x, i) => {
        const row = at(x, i);
        const next = exp(x.sub(row));
        return [next, row.mul(sum(next))];
      },
    ],
    [
      "is written to another position of the array",
      (x, i) => [dynamicUpdateSlice(x, at(x, i).reshape([1, 4]), [0, 0]), at(x, i)],
    ],
    ["is a result", (x, i) => [x.add(1), at(x, i)]],
    ["is changed itself", (x, i) => [exp(x), scatterAdd(at(x, i), [0], [5]).mul(2)]],
    [
      "is the start value of a loop",
      (x, i) => [
        x.add(1),
        scan((c: Tensor, y: Tensor) => [scatterAdd(c, [2], y.sum().reshape([1])), null], at(x, i), x)[0],
      ],
    ],
    [
      "is read by a loop that changes the array",
      (x, i) => {
        const row = at(x, i);
        return [foriLoop(0, 3, (_, y) => scatterAdd(y, [1], row.reshape([1, 4])), x), row];
      },
    ],
    ["is an operand of a product", (x, i) => [scatterAdd(x, [1], ones([1, 4])), matmul(x, at(x, i))]],
    ["is a block of whole rows", (x, i) => [x.add(1), mul(dynamicSlice(x, [i, 0], [2, 4]), 3)]],
    ["is a block within a row", (x, i) => [x.add(1), mul(dynamicSlice(x, [i, 1], [1, 2]), 3)]],
    [
      "is a part of a part",
      (x, i) => [x.add(1), mul(dynamicSlice(at(x.reshape([3, 2, 2]), i), [1, 0], [1, 2]), 3)],
    ],
  ])("has its values in a loop where it %s", (_, f) => {
    for (const place of [0, 1, 2, -1, -3]) {
      const i = tensor(place, { dtype: "int32" });
      const loop = (x: Tensor): [Tensor, Tensor] => scan((c: Tensor) => f(c, i), x, null, { length: 2 });
      const [last, ys] = jit(loop)(matrix);
      const [first, y0] = f(matrix, i);
      const [second, y1] = f(first, i);
      expect(last.tolist()).toEqual(second.tolist());
      expect(ys.tolist()).toEqual([y0.tolist(), y1.tolist()]);
    }
  });

  test("has the derivative of the array, also for negative indices, parts of parts and several dtypes", () => {
    const f = (x: Tensor): Tensor =>
      foriLoop(0, 3, (i, s) => foriLoop(0, 4, (j, t) => t.add(x.at(i).at(j).square().mul(j.add(1))), s), 0);
    const expected = (matrix.tolist() as number[][]).map((row) => row.map((value, j) => 2 * (j + 1) * value));
    expect(jit(grad(f))(matrix).tolist()).toEqual(expected);

    const element = (x: Tensor, i: Tensor, j: Tensor): Tensor =>
      add(x.reshape([3, 2, 2]).at(i).at(j).at(1).mul(3), at(x, i).at(0));
    const gradient = jit(grad(element));
    for (const dtype of ["int32", "uint32"] as const)
      for (const [i, j] of dtype === "int32"
        ? [
            [-1, 0],
            [1, -2],
            [-3, -1],
          ]
        : [
            [2, 0],
            [1, 1],
          ]) {
        const places = [tensor(i!, { dtype }), tensor(j!, { dtype })] as const;
        expect(gradient(matrix, ...places).tolist()).toEqual(grad(element)(matrix, ...places).tolist());
      }
  });
});

import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  add,
  at,
  concatenate,
  exp,
  foriLoop,
  grad,
  jit,
  makeProgram,
  matmul,
  max,
  mean,
  mul,
  scan,
  scatterAdd,
  slice,
  softmax,
  sub,
  sum,
  tensor,
  transpose,
} from "downhill";
import { interpBackend } from "../backends/interp/index.ts";
import type { Program } from "../ir/program.ts";
import { printProgram } from "../ir/print.ts";
import { printRoutine } from "../kernel/print.ts";
import { compileProgram } from "../runtime/executable.ts";
import { lowerProgram } from "./lower.ts";
import { optimize } from "./pipeline.ts";

const routineOf = (program: Program): string => printRoutine(lowerProgram(optimize(program)).routine);

/** An optimised program, one array per equation, and its loops after lowering. */
const beforeAfter = (program: Program): string =>
  `${printProgram(optimize(program))}\n=>\n${routineOf(program)}`;

const rows = tensor(Float64Array.from({ length: 12 }, (_, i) => Math.sin(i))).reshape([3, 4]);

describe("values without memory", () => {
  test("broadcast, shifted and constant arrays are computed where they are read", () => {
    const f = (x: Tensor, b: Tensor): Tensor[] => {
      const shifted = slice(x, [0, 3]);
      const first = exp(add(shifted, b));
      const [, total] = [first, sum(x)]; // separates the two readers
      return [mul(first, total), sub(shifted, b)];
    };
    expect(beforeAfter(makeProgram(f)([1, 2, 3, 4], 2))).toMatchInlineSnapshot(`
      "f(x:f64[4], b:f64[]) {
        a:f64[3] = slice[starts=[0] limits=[3] strides=[1]] x
        c:f64[3] = broadcast[shape=[3] axes=[]] b
        d:f64[3] = add a c
        e:f64[3] = exp d
        f:f64[] = sum[axes=[0]] x
        g:f64[3] = broadcast[shape=[3] axes=[]] f
        h:f64[3] = mul e g
        i:f64[3] = sub a c
        return h, i
      }
      =>
      routine f(x: f64[4], b: f64) -> (out0: f64[3], out1: f64[3]) {
        temp t: f64[3] at byte 0
        for each i in 0..3 {
          let e: i32 = i
          let x_2: f64 = x[i]
          let v: f64 = x_2 + b
          let v_2: f64 = exp(v)
          t[e] = v_2
          let v_3: f64 = x_2 - b
          out1[e] = v_3
        }
        let s: f64 = 0
        let sum: f64 = add of x[r] for r in 0..4
        s = sum
        for each e_2 in 0..3 {
          let x_3: f64 = t[e_2]
          let v_4: f64 = x_3 * s
          out0[e_2] = v_4
        }
      }"
    `);
  });

  test("are stored if an equation with its own loops reads them", () => {
    const f = (x: Tensor, w: Tensor): Tensor => matmul(slice(x, [1, 3]), w);
    const w = tensor([[1, 2], [3, 4]]); // prettier-ignore
    const routine = routineOf(makeProgram(f)([1, 2, 3, 4], w));
    expect(routine.match(/temp /gu)).toHaveLength(1);
    expect(jit(f)([1, 2, 3, 4], w).tolist()).toEqual([11, 16]);
  });

  test("a few concatenated arrays are assembled by the loop that reads them, without conditions", () => {
    const f = (x: Tensor, y: Tensor, b: Tensor): Tensor => mul(add(concatenate([x, y]), b), 2);
    expect(beforeAfter(makeProgram(f)([1, 2, 3], [4, 5], [1, 1, 1, 1, 1]))).toMatchInlineSnapshot(`
      "f(x:f64[3], y:f64[2], b:f64[5]) {
        a:f64[5] = concatenate[axis=0] x y
        c:f64[5] = add a b
        d:f64[] = full[value=2 dtype=float64 shape=[] weak=false]
        e:f64[5] = broadcast[shape=[5] axes=[]] d
        f:f64[5] = mul c e
        return f
      }
      =>
      routine f(x: f64[3], y: f64[2], b: f64[5]) -> (out0: f64[5]) {
        for each "i.0" in 0..3 {
          let "e.0": i32 = "i.0"
          let "v.0": f64 = x["i.0"]
          let "b_2.0": f64 = b["e.0"]
          let "v_2.0": f64 = "v.0" + "b_2.0"
          let "v_3.0": f64 = "v_2.0" * 2
          out0["e.0"] = "v_3.0"
        }
        for each "i.3" in 3..5 {
          let "e.3": i32 = "i.3"
          let "v.3": f64 = y["i.3" - 3]
          let "b_2.3": f64 = b["e.3"]
          let "v_2.3": f64 = "v.3" + "b_2.3"
          let "v_3.3": f64 = "v_2.3" * 2
          out0["e.3"] = "v_3.3"
        }
      }"
    `);
    expect(jit(f)([1, 2, 3], [4, 5], [1, 1, 1, 1, 1]).tolist()).toEqual([4, 6, 8, 10, 12]);
  });

  test("transposed arrays are read in the loop of the operation that reads them", () => {
    const f = (x: Tensor, y: Tensor): Tensor => mul(add(transpose(x), y), 2);
    expect(beforeAfter(makeProgram(f)(rows, transpose(rows)))).toMatchInlineSnapshot(`
      "f(x:f64[3,4], y:f64[4,3]) {
        a:f64[4,3] = transpose[axes=[1,0]] x
        b:f64[4,3] = add a y
        c:f64[] = full[value=2 dtype=float64 shape=[] weak=false]
        d:f64[4,3] = broadcast[shape=[4,3] axes=[]] c
        e:f64[4,3] = mul b d
        return e
      }
      =>
      routine f(x: f64[12], y: f64[12]) -> (out0: f64[12]) {
        for each i in 0..4 {
          for each j in 0..3 {
            let e: i32 = i * 3 + j
            let v: f64 = x[j * 4 + i]
            let y_2: f64 = y[e]
            let v_2: f64 = v + y_2
            let v_3: f64 = v_2 * 2
            out0[e] = v_3
          }
        }
      }"
    `);
  });

  test("are read through one another", () => {
    const f = (x: Tensor, y: Tensor): Tensor => mul(slice(add(slice(x, [1, 4]), 1), [0, 2]), y);
    expect(jit(f)([1, 2, 3, 4], [10, 100]).tolist()).toEqual([30, 400]);
  });
});

describe("folds", () => {
  test("absorb the loop before them: values that only they read are not stored", () => {
    const f = (x: Tensor): Tensor => sum(mul(sub(x, 1), x), { axis: 1 });
    expect(beforeAfter(makeProgram(f)(rows))).toMatchInlineSnapshot(`
      "f(x:f64[3,4]) {
        a:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
        b:f64[3,4] = broadcast[shape=[3,4] axes=[]] a
        c:f64[3,4] = sub x b
        d:f64[3,4] = mul c x
        e:f64[3] = sum[axes=[1]] d
        return e
      }
      =>
      routine f(x: f64[12]) -> (out0: f64[3]) {
        for each i in 0..3 {
          let from: i32 = i * 4
          let sum: f64 = add of v_2 for r in 0..4 {
            let x_2: f64 = x[from + r]
            let v: f64 = x_2 - 1
            let v_2: f64 = v * x_2
          }
          out0[i] = sum
        }
      }"
    `);
  });

  test("store values that other equations need, in the same loop", () => {
    const f = (x: Tensor): Tensor[] => {
      const y = exp(x);
      return [y, max(y, { axis: 1 })];
    };
    const routine = routineOf(makeProgram(f)(rows));
    expect(routine.match(/ r in /gu)).toHaveLength(1);
    expect(routine).not.toContain("temp");
  });

  test("do not overwrite what their loop still reads", () => {
    // the sums have the shape of a row, but may not reuse the operand's memory before all rows are read
    const square = tensor(Float64Array.from({ length: 16 }, (_, i) => i)).reshape([4, 4]);
    const f = (x: Tensor): Tensor => {
      const y = exp(mul(x, -0.1));
      return sum(y.reshape([2, 8]).mul(2).reshape([4, 4]).add(y), { axis: 1 });
    };
    const [got] = compileProgram(makeProgram(f)(square), interpBackend).run([square.slot!]);
    expect(got!.tolist()).toEqual(f(square).tolist());
  });

  test("give softmax, its mean and their gradients the bits of operation-by-operation evaluation", () => {
    const weights = tensor([0.5, -1, 2, 0.25]);
    const f = (x: Tensor): Tensor => mean(mul(softmax(add(x, weights)), weights));
    for (const g of [f, grad(f)]) expect(jit(g)(rows).tolist()).toEqual(g(rows).tolist());
  });
});

describe("vectors of which each loop iteration reads its own element", () => {
  test("have no memory: the indices that a loop counts through, which then need no clamping", () => {
    const f = (x: Tensor): Tensor =>
      scan(
        (s: Tensor, y: Tensor) => [s.add(y), null],
        foriLoop(1, 4, (i, s) => s.add(at(x, i).mul(at(x, i.sub(1)))), 0),
        slice(x, [1, 4]),
      )[0];
    expect(routineOf(makeProgram(f)([1, 2, 3, 4]))).toMatchInlineSnapshot(`
      "routine f(x: f64[4]) -> (f64) {
        let s: f64 = 0
        s = 0
        for step in 0..3 {
          let x_2: i32 = step
          let v: i32 = x_2 + 1
          let v_2: f64 = x[v]
          let v_3: i32 = v - 1
          let v_4: f64 = x[v_3]
          let v_5: f64 = v_2 * v_4
          let v_6: f64 = s + v_5
          s = v_6
        }
        let s_2: f64 = 0
        s_2 = s
        for step_2 in 0..3 {
          let x_3: f64 = x[step_2 + 1]
          let v_7: f64 = s_2 + x_3
          s_2 = v_7
        }
        return s_2
      }"
    `);
    expect(jit(f)([1, 2, 3, 4]).item()).toBe(2 + 6 + 12 + 9);
  });

  test("are read unchanged where the loop changes the array they are part of", () => {
    const f = (x: Tensor): Tensor => {
      const y = exp(x);
      return scan(
        (z: Tensor, v: Tensor) => [scatterAdd(z, [3], v.reshape([1])), null],
        y,
        slice(y, [1, 4]),
      )[0].mul(2);
    };
    expect(jit(f)([1, 2, 3, 4]).tolist()).toEqual(f(tensor([1, 2, 3, 4])).tolist());
  });
});

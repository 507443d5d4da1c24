import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { add, exp, grad, jit, makeProgram, mul, reshape, sqrt, sum, tensor } from "downhill";
import { checkProgram } from "../ir/check.ts";
import { printProgram } from "../ir/print.ts";
import { eliminateDeadCode } from "./pipeline.ts";
import { dropUnitAxes } from "./unit-axes.ts";

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

describe("axes of size 1", () => {
  test("are removed from values computed per row, before and after", () => {
    const f = (x: Tensor): Tensor => sqrt(sum(x, { axis: 1, keepdims: true }).div(3).add(1)).reshape([2]);
    const program = makeProgram(f)(x);
    const after = eliminateDeadCode(dropUnitAxes(program));
    checkProgram(after);
    expect(`${printProgram(program)}\n=>\n${printProgram(after)}`).toMatchInlineSnapshot(`
      "f(x:f64[2,3]) {
        a:f64[2] = sum[axes=[1]] x
        b:f64[2,1] = reshape[shape=[2,1]] a
        c:f64[] = full[value=3 dtype=float64 shape=[] weak=false]
        d:f64[2,1] = broadcast[shape=[2,1] axes=[]] c
        e:f64[2,1] = div b d
        f:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
        g:f64[2,1] = broadcast[shape=[2,1] axes=[]] f
        h:f64[2,1] = add e g
        i:f64[2,1] = sqrt h
        j:f64[2] = reshape[shape=[2]] i
        return j
      }
      =>
      f(x:f64[2,3]) {
        a:f64[2] = sum[axes=[1]] x
        b:f64[] = full[value=3 dtype=float64 shape=[] weak=false]
        c:f64[2] = broadcast[shape=[2] axes=[]] b
        d:f64[2] = div a c
        e:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
        f:f64[2] = broadcast[shape=[2] axes=[]] e
        g:f64[2] = add d f
        h:f64[2] = sqrt g
        return h
      }"
    `);
  });

  test("stay if an operand has them from elsewhere, or if the order of elements would change", () => {
    const f = (x: Tensor, column: Tensor): Tensor =>
      add(sum(x, { axis: 1, keepdims: true }), column).mul(exp(reshape(x, [3, 2]).reshape([2, 3])));
    const program = makeProgram(f)(x, [[1], [2]]);
    const after = dropUnitAxes(program);
    checkProgram(after);
    expect(jit(f)(x, [[1], [2]]).tolist()).toEqual(f(x, tensor([[1], [2]])).tolist());
  });

  test("are not moved to another axis", () => {
    const program = makeProgram((x: Tensor) => exp(reshape(x, [1, 2])))([[1], [2]]);
    expect(dropUnitAxes(program).eqns.map(({ outs }) => outs[0]!.type.shape)).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  test("change no gradient", () => {
    const f = (x: Tensor): Tensor =>
      sum(mul(x, x.sub(sum(x, { axis: 1, keepdims: true }).mul(0.5).reshape([2, 1]))));
    expect(jit(grad(f))(x).tolist()).toEqual(grad(f)(x).tolist());
  });
});

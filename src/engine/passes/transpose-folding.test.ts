import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, jit, makeProgram, matmul, sum, tensor, tanh } from "downhill";
import { checkProgram } from "../ir/check.ts";
import { printProgram } from "../ir/print.ts";
import { compileProgram } from "../runtime/executable.ts";
import { interpBackend } from "../backends/interp/index.ts";
import { dotGeneral } from "../prims/contract.ts";
import { permute } from "../prims/shape.ts";
import { foldTransposes } from "./transpose-folding.ts";
import { eliminateDeadCode, optimize } from "./pipeline.ts";

const zeros = (...shape: number[]): Tensor =>
  tensor(new Float64Array(shape.reduce((a, b) => a * b, 1))).reshape(shape);

describe("transposes around products", () => {
  test("are absorbed by the product, before and after", () => {
    const f = (x: Tensor, w: Tensor): Tensor => matmul(x.transpose(), w).transpose();
    const program = makeProgram(f)(zeros(3, 2), zeros(3, 4));
    const after = eliminateDeadCode(foldTransposes(program));
    checkProgram(after);
    expect(`${printProgram(program)}\n=>\n${printProgram(after)}`).toMatchInlineSnapshot(`
      "f(x:f64[3,2], w:f64[3,4]) {
        a:f64[2,3] = transpose[axes=[1,0]] x
        b:f64[2,4] = dotGeneral[contract=[[1],[0]] batch=[[],[]]] a w
        c:f64[4,2] = transpose[axes=[1,0]] b
        return c
      }
      =>
      f(x:f64[3,2], w:f64[3,4]) {
        a:f64[4,2] = dotGeneral[contract=[[0],[0]] batch=[[],[]] order=[1,0]] x w
        return a
      }"
    `);
  });

  test("of operands and of results are folded, each of them", () => {
    const names = (f: (x: Tensor, w: Tensor) => Tensor, x: Tensor, w: Tensor): string[] =>
      eliminateDeadCode(foldTransposes(makeProgram(f)(x, w))).eqns.map(({ prim }) => prim.name);
    const left = (x: Tensor, w: Tensor): Tensor => matmul(x.transpose(), w);
    const both = (x: Tensor, w: Tensor): Tensor => matmul(x.transpose(), w.transpose());
    const result = (x: Tensor, w: Tensor): Tensor => matmul(x, w).transpose();
    expect(names(left, zeros(3, 2), zeros(3, 4))).toEqual(["dotGeneral"]);
    expect(names(both, zeros(3, 2), zeros(4, 3))).toEqual(["dotGeneral"]);
    expect(names(result, zeros(2, 3), zeros(3, 4))).toEqual(["dotGeneral"]);
  });

  test("leave no transposes in the gradient of a layer", () => {
    const loss = (w: Tensor, x: Tensor): Tensor => sum(tanh(matmul(x, w)));
    const program = optimize(makeProgram(grad(loss, { argnums: [0, 1] }))(zeros(4, 2), zeros(3, 4)));
    expect(printProgram(program)).not.toContain("transpose");
  });

  test("stay if they are also read elsewhere", () => {
    const f = (x: Tensor, w: Tensor): Tensor => {
      const t = x.transpose();
      return matmul(t, w).add(sum(t));
    };
    expect(printProgram(optimize(makeProgram(f)(zeros(3, 2), zeros(3, 4))))).toContain("transpose");
    expect(
      jit(f)(
        [
          [1, 2],
          [3, 4],
        ],
        [[1], [1]],
      ).tolist(),
    ).toEqual([[14], [16]]);
  });

  test("cancel one another", () => {
    const program = optimize(
      makeProgram((x: Tensor) => x.transpose([1, 2, 0]).transpose([2, 0, 1]).neg())(zeros(2, 3, 4)),
    );
    expect(program.eqns.map((eqn) => eqn.prim.name)).toEqual(["neg"]);
  });

  test("of any rank give the same products", () => {
    const order = (rank: number): fc.Arbitrary<number[]> =>
      fc.shuffledSubarray(
        Array.from({ length: rank }, (_, i) => i),
        { minLength: rank, maxLength: rank },
      );
    const arbitrary = fc.record({
      left: order(4),
      right: order(3),
      out: order(3),
      data: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 120, maxLength: 120 }),
    });
    fc.assert(
      fc.property(arbitrary, ({ left, right, out, data }) => {
        // axes of x: batch 2, rows 3 and 2, sum 5; of y: batch 2, columns 2, sum 5; each in another order
        const [xShape, yShape] = [
          [2, 3, 2, 5],
          [2, 2, 5],
        ];
        const inverse = (axes: readonly number[]): number[] => axes.map((_, i) => axes.indexOf(i));
        const given = (shape: readonly number[], axes: readonly number[]): Tensor =>
          tensor(
            Float64Array.from(
              data.slice(
                0,
                shape.reduce((a, b) => a * b, 1),
              ),
            ),
          ).reshape(axes.map((a) => shape[a]!));
        const f = (x: Tensor, y: Tensor): Tensor => {
          const product = dotGeneral(permute(x, inverse(left)), permute(y, inverse(right)), {
            contract: [[3], [2]],
            batch: [[0], [0]],
          });
          return permute(product.reshape([2, 6, 2]), out);
        };
        const args = [given(xShape, left), given(yShape, right)] as const;
        const program = makeProgram(f)(...args);
        const [got] = compileProgram(program, interpBackend).run(args.map((x) => x.slot!));
        expect(got!.tolist()).toEqual(f(...args).tolist());
      }),
      { numRuns: 60 },
    );
  });
});

import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  exp,
  grad,
  less,
  logSoftmax,
  makeProgram,
  mul,
  slice,
  softmax,
  sub,
  sum,
  tensor,
  transpose,
  where,
  zeros,
} from "downhill";
import { gelu, layerNorm } from "downhill/nn";
import { interpBackend } from "../backends/interp/index.ts";
import { jsBackend } from "../backends/js/index.ts";
import { makeWasmBackend, wasmFeatures } from "../backends/wasm/index.ts";
import { checkProgram } from "../ir/check.ts";
import { printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import type { Backend, KernelValue } from "../kernel/executable.ts";
import { makeArray } from "../kernel/executable.ts";
import { scalarTypeOf } from "../ir/types.ts";
import { sizeOf } from "../util/shape.ts";
import { slotsOf, tensorOf } from "../../../test/support/cells.ts";
import { lowerProgram } from "./lower.ts";
import { eliminateDeadCode, optimize } from "./pipeline.ts";
import { fuseRows } from "./row-fusion.ts";

const anyRows = { elements: 1, bytes: 0 };
const rowByRow = (program: Program): Program => {
  const fused = eliminateDeadCode(fuseRows(optimize(program), anyRows));
  checkProgram(fused);
  return fused;
};
const loops = ({ eqns }: Program): number => eqns.filter(({ prim }) => prim.name === "rowLoop").length;

function numbers(shape: readonly number[], seed: number): Tensor {
  const n = sizeOf(shape);
  return tensor(Float32Array.from({ length: n }, (_, i) => Math.sin(7 * i + seed) * 2)).reshape(shape);
}

/** Results of a program, as bits. */
function run(program: Program, backend: Backend, ins: readonly Tensor[]): readonly (readonly number[])[] {
  const outs = program.outs.map(({ type: { dtype, shape } }): KernelValue => {
    return shape.length === 0 ? 0 : { array: makeArray(scalarTypeOf(dtype), sizeOf(shape)), offset: 0 };
  });
  const compiled = backend.compile(lowerProgram(program).routine);
  compiled(slotsOf(ins), outs);
  compiled.release?.();
  return program.outs.map(({ type }, i) => [...tensorOf(type, outs[i]!).data()]);
}

const normed = (x: Tensor, weight: Tensor, bias: Tensor): Tensor => gelu(layerNorm({ weight, bias }, x));

describe("values computed from rows and then combined with the rows again", () => {
  test("become one loop over the rows", () => {
    const centred = (x: Tensor): Tensor => mul(x, sub(x, sum(x, { axis: 1, keepdims: true })));
    expect(printProgram(rowByRow(makeProgram(centred)(numbers([4, 3], 1))))).toMatchInlineSnapshot(`
      "centred(x:f32[4,3]) {
        a:f32[4,3] = rowLoop[body=centred consts=0 rows=[4]] x
          centred(x:f32[3]) {
            a:f32[] = sum[axes=[0]] x
            b:f32[3] = broadcast[shape=[3] axes=[]] a
            c:f32[3] = sub x b
            d:f32[3] = mul x c
            return d
          }
        return a
      }"
    `);
  });

  type Three = (x: Tensor, w: Tensor, b: Tensor) => Tensor | readonly Tensor[];
  const cases: readonly (readonly [string, Three])[] = [
    [
      "the gradient of a layer norm with gelu",
      grad((x: Tensor, w: Tensor, b: Tensor) => sum(normed(x, w, b))),
    ],
    [
      "rows that are reduced and also needed themselves",
      (x, w, b) => {
        const y = exp(normed(x, w, b));
        return [y, ...grad((p: [Tensor, Tensor]) => sum(exp(normed(x, ...p))))([w, b]), sum(y, { axis: 0 })];
      },
    ],
    ["the gradient of a softmax", grad((x: Tensor, w: Tensor) => sum(mul(softmax(mul(x, w)), x)))],
    ["its logarithm under a mask", (x, w, b) => where(less(x, w), logSoftmax(where(less(x, b), x, -9)), x)],
  ];
  test.each(cases)("has the same bits on all backends: %s", (_, f) => {
    // 37 rows are blocks of two and one block of one; 130 elements are vectors and two more
    const ins = [numbers([37, 130], 1), numbers([130], 2), numbers([130], 3)] as const;
    const program = makeProgram(f)(...ins);
    const fused = rowByRow(program);
    expect(loops(fused)).toBeGreaterThan(0);
    const expected = run(program, interpBackend, ins);
    const backends = [interpBackend, jsBackend, makeWasmBackend({ relaxed: false })];
    if (wasmFeatures().threads)
      backends.push(makeWasmBackend({ relaxed: false, threads: 2, chunkWork: 256 }));
    for (const backend of backends) expect(run(fused, backend, ins)).toEqual(expected);
  });

  test("has temporaries for a sixteenth of the rows", () => {
    const program = makeProgram(cases[0]![1])(numbers([512, 64], 1), numbers([64], 2), numbers([64], 3));
    const bytes = (p: Program): number => lowerProgram(p).plan.arenaBytes;
    expect(bytes(rowByRow(program))).toBeLessThanOrEqual(bytes(optimize(program)) / 16);
  });

  test("iterates over all leading axes: heads and positions of attention", () => {
    const program = rowByRow(makeProgram((x: Tensor) => softmax(x))(numbers([2, 3, 5, 8], 1)));
    expect(loops(program)).toBe(1);
    expect(lowerProgram(program).plan.arenaBytes).toBeLessThanOrEqual(30 * 8 * 4);
  });

  test("is not fused if other equations intervene, or rows are read in another order", () => {
    const between = (x: Tensor): Tensor =>
      sub(x, sum(transpose(sum(x, { axis: 1, keepdims: true })), { axis: 0 }).reshape([4, 1]));
    const apart = (x: Tensor): Tensor => sub(transpose(x), sum(x, { axis: 1 }));
    const ofOtherRows = (x: Tensor): Tensor => sub(x, slice(sum(x, { axis: 1 }), [0, 4]));
    for (const [f, rows] of [
      [between, 4],
      [apart, 4],
      [ofOtherRows, 8],
    ] as const) {
      const x = numbers([rows, 4], 1);
      const program = makeProgram(f)(x);
      expect(run(rowByRow(program), interpBackend, [x])).toEqual(run(program, interpBackend, [x]));
    }
    expect(loops(rowByRow(makeProgram(apart)(numbers([4, 4], 1))))).toBe(0);
  });

  test("is applied from the given number of bytes on, which each connected part must have", () => {
    const twice = (x: Tensor, y: Tensor): readonly Tensor[] =>
      [x, y].map((rows) => sub(rows, sum(rows, { axis: 1, keepdims: true })));
    const rows = numbers([4, 8], 1);
    const count = (
      f: (...xs: Tensor[]) => Tensor | readonly Tensor[],
      ins: Tensor[],
      bytes: number,
    ): number => loops(fuseRows(optimize(makeProgram(f)(...ins)), { elements: 1, bytes }));
    const once = (x: Tensor): Tensor => sub(x, sum(x, { axis: 1, keepdims: true }));
    const readTwice = 2 * 4 * 8 * 4; // by the reduction and by the difference
    expect([count(once, [rows], readTwice), count(once, [rows], readTwice + 1)]).toEqual([1, 0]);
    const both = [rows, numbers([4, 8], 2)];
    expect([count(twice, both, readTwice), count(twice, both, readTwice + 1)]).toEqual([2, 0]);
  });

  test("is applied to arrays larger than the caches, with long rows", () => {
    const count = (rows: number, columns: number): number =>
      loops(optimize(makeProgram((x: Tensor) => softmax(x))(zeros([rows, columns], { dtype: "float32" }))));
    expect([count(64, 256), count(65_536, 16), count(4096, 256)]).toEqual([0, 0, 1]);
  });
});

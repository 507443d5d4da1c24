import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tensor } from "downhill";
import { broadcastTo, full, grad, makeProgram, mean, mul, sum, tensor, zeros } from "downhill";
import { extent } from "../../../test/support/extent.ts";
import { runPlain } from "../../../test/support/run-plain.ts";
import { interpBackend } from "../backends/interp/index.ts";
import { checkProgram } from "../ir/check.ts";
import { printProgram } from "../ir/print.ts";
import { eliminateDeadCode, optimize } from "./pipeline.ts";
import { sumBroadcasts } from "./broadcast-sums.ts";

test("the gradient of a bias whose cotangent is broadcast is a product, before and after", () => {
  const f = (b: Tensor, x: Tensor, c: Tensor): Tensor => sum(mul(x.add(b), c));
  const f32 = (...shape: number[]): Tensor => zeros(shape, { dtype: "float32" });
  const program = eliminateDeadCode(makeProgram(grad(f))(f32(3), f32(4, 3), f32()));
  const after = optimize(program);
  checkProgram(after);
  expect(`${printProgram(program)}\n=>\n${printProgram(after)}`).toMatchInlineSnapshot(`
    "f(x0:f32[3], x1:f32[4,3], x2:f32[]) {
      a:f32[4,3] = broadcast[shape=[4,3] axes=[]] x2
      b:f32[] = full[value=1 dtype=float32 shape=[] weak=false]
      c:f32[4,3] = broadcast[shape=[4,3] axes=[]] b
      d:f32[4,3] = mul c a
      e:f32[3] = sum[axes=[0]] d
      return e
    }
    =>
    f(x0:f32[3], x1:f32[4,3], x2:f32[]) {
      a:f32[3] = broadcast[shape=[3] axes=[]] x2
      b:f32[] = full[value=4 dtype=float32 shape=[] weak=false]
      c:f32[3] = broadcast[shape=[3] axes=[]] b
      d:f32[3] = mul a c
      e:f32[] = full[value=0 dtype=float32 shape=[] weak=false]
      f:f32[3] = broadcast[shape=[3] axes=[]] e
      g:f32[3] = add d f
      return g
    }"
  `);
});

test("the gradient of a bias under a sum is a constant, and so are sums of constants, before and after", () => {
  const f = (b: Tensor, x: Tensor): Tensor => sum(mul(x.add(b), 2));
  const program = eliminateDeadCode(makeProgram(grad(f))(zeros([3]), zeros([4, 3])));
  const after = optimize(program);
  expect(`${printProgram(program)}\n=>\n${printProgram(after)}`).toMatchInlineSnapshot(`
    "f(x0:f64[3], x1:f64[4,3]) {
      a:f64[] = full[value=2 dtype=float64 shape=[] weak=false]
      b:f64[4,3] = broadcast[shape=[4,3] axes=[]] a
      c:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
      d:f64[4,3] = broadcast[shape=[4,3] axes=[]] c
      e:f64[4,3] = mul d b
      f:f64[3] = sum[axes=[0]] e
      return f
    }
    =>
    f(x0:f64[3], x1:f64[4,3]) {
      a:f64[3] = full[value=8 dtype=float64 shape=[3] weak=false]
      return a
    }"
  `);
});

test("sums of broadcasts that would round differently stay", () => {
  const f = (x: Tensor): Tensor => sum(broadcastTo(x, [6, 3]), { axis: 0 });
  const text = (x: Tensor): string => printProgram(optimize(makeProgram(f)(x)));
  expect(text(zeros([3]))).toContain("sum[");
  expect(text(zeros([3], { dtype: "float32" }))).not.toContain("sum[");
  const tenths = (): Tensor => sum(full([6], 0.1));
  expect(printProgram(optimize(makeProgram(tenths)()))).toContain("sum[");
  // the operand is not broadcast along the other axis
  const rows = (x: Tensor): Tensor => mean(broadcastTo(x, [6, 3]), { axis: 1 });
  expect(printProgram(optimize(makeProgram(rows)(zeros([3], { dtype: "float32" }))))).toContain("sum[");
});

const numbers = fc.oneof(
  fc.constantFrom(0, -0, 1, 0.1, -0.375, 3e38, 1e-42, Infinity, NaN),
  fc.float({ noNaN: true }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

test("every bit equals that of the sum", () => {
  let changed = 0;
  fc.assert(
    fc.property(
      fc.constantFrom("float64", "float32", "int32", "uint32"),
      fc.array(numbers, { minLength: 3, maxLength: 3 }),
      fc.constantFrom([2, 3], [4, 3], [1, 3], [13, 3], [2, 5, 3]),
      fc.boolean(),
      (dtype, values, shape, isConstant) => {
        const dtypeOf = dtype as "float64";
        const isInteger = dtype === "int32" || dtype === "uint32";
        const x = tensor(values.map((v) => (isInteger ? Math.trunc(v) | 0 : v))).astype(dtypeOf);
        const whole = Math.trunc(values[0]!);
        const value = isInteger ? (dtype === "int32" ? whole | 0 : Math.abs(whole) >>> 0) : values[0]!;
        const axis = shape.slice(0, -1).map((_, i) => i);
        const f = (x: Tensor): Tensor =>
          sum(isConstant ? full(shape, value, { dtype: dtypeOf }) : broadcastTo(x, shape), { axis });
        const program = makeProgram(f)(x);
        const after = sumBroadcasts(program);
        checkProgram(after);
        if (printProgram(after) !== printProgram(program)) changed++;
        const [expected, actual] = [program, after].map((p) => [
          ...runPlain(p, interpBackend, [x])[0]!.data(),
        ]);
        expect(actual).toEqual(expected); // distinguishes −0 from 0
      },
    ),
    { numRuns: extent(100, 1000, 300), seed: 3 },
  );
  expect(changed).toBeGreaterThan(extent(40, 400, 150));
});

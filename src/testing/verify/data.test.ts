import * as d from "downhill";
import { expect, test } from "vitest";
import { hashProgram } from "../../engine/ir/hash.ts";
import { definePrimitive } from "../../engine/ir/primitive.ts";
import type { Program } from "../../engine/ir/program.ts";
import { traceProgram } from "../../engine/trace/staging.ts";
import type { EncodedData } from "./data.ts";
import { decode, encode } from "./data.ts";

/** Encodes a value as text and decodes it. */
const again = (value: unknown): unknown => decode(JSON.parse(JSON.stringify(encode(value))) as EncodedData);

test.each([
  [[0, -0, NaN, Infinity, -Infinity, 5e-324, 0.1]],
  [{ a: undefined, b: null, c: [true, "text"], d: { e: -1 } }],
  [
    [
      Float64Array.of(1, -0, NaN),
      Float32Array.of(0.5),
      Int32Array.of(-7),
      Uint8Array.of(1),
      Uint32Array.of(2 ** 31),
    ],
  ],
])("%o is restored unchanged", (value) => {
  expect(again(value)).toEqual(value);
});

test("programs are restored with their loops, branches and derivatives", () => {
  const f = (x: d.Tensor): d.Tensor => {
    const [last] = d.scan((c: d.Tensor, y: d.Tensor) => [d.tanh(c.add(y)), c] as const, d.tensor(0), x);
    return d.cond(
      last.greater(0),
      (y: d.Tensor) => y.mul(2),
      (y: d.Tensor) => y.neg(),
      last,
    );
  };
  const { program } = traceProgram("f", [d.ones([5]).type], (x) => [d.grad(f)(x)]);
  const back = again(program) as Program;
  expect(d.printProgram(back)).toBe(d.printProgram(program));
  expect(hashProgram(back)).toBe(hashProgram(program));
});

test("custom primitives must be passed", () => {
  const double = definePrimitive({
    name: "double",
    typeOf: ([x]) => [x!],
    derivative: { kind: "none", reason: "of a test" },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x]) => x! },
  });
  const v = { type: d.ones([2]).type };
  const program: Program = {
    name: "f",
    ins: [v],
    eqns: [{ prim: double, params: {}, ins: [v], outs: [v] }],
    outs: [v],
  };
  const encoded = encode(program);
  expect(() => decode(encoded)).toThrow('there is no primitive "double". Pass it in the option primitives');
  expect((decode(encoded, [double as never]) as Program).eqns[0]!.prim).toBe(double);
});

test("functions among parameters cannot be stored as data", () => {
  expect(() => encode({ f: () => 1 })).toThrow(
    "a function among the parameters of an equation cannot be stored as data",
  );
});

import { expect, test } from "vitest";
import { hashProgram } from "./hash.ts";
import { definePrimitive } from "./primitive.ts";
import type { Program, Var } from "./program.ts";
import { arrayType } from "./types.ts";

test("parameters that differ only in nested values have different hashes", () => {
  const prim = definePrimitive<object>({
    name: "same",
    typeOf: ([x]) => [x!],
    derivative: { kind: "constant" },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x]) => x! },
  });
  const withParams = (params: object): Program => {
    const x: Var = { type: arrayType("float64", []) };
    const y: Var = { type: arrayType("float64", []) };
    return { name: "f", ins: [x], eqns: [{ prim, params, ins: [x], outs: [y] }], outs: [y] };
  };
  const apart = hashProgram(withParams({ a: { b: 1 }, c: 2 }));
  expect(apart).not.toBe(hashProgram(withParams({ a: { b: 1, c: 2 } })));
  expect(apart).toBe(hashProgram(withParams({ a: { b: 1 }, c: 2 })));
});

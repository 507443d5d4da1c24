import { describe, expect, test } from "vitest";
import type { Primitive, Tensor } from "downhill";
import { bind1, cos, definePrimitive, DownhillError, kernel as k, mul, sin, square, tensor } from "downhill";
import { checkGrads, checkPrimitive } from "downhill/testing";

/** Returns the sine with parts of its record replaced. */
function sine(parts: Partial<Primitive<object>>): Primitive<object> {
  return definePrimitive<object>({
    name: "sine",
    typeOf: ([x]) => [x!],
    derivative: { kind: "smooth", jvp: ([dx], [x]) => [dx && mul(dx, cos(x!))] },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x]) => k.mul(x!, k.constant(x!.type, 2)) },
    ...parts,
  });
}

/** Returns a faulty product of a vector by 3. */
function triple(parts: Partial<Primitive<object>>): Primitive<object> {
  const prim: Primitive<object> = definePrimitive<object>({
    name: "triple",
    typeOf: ([x]) => [x!],
    derivative: {
      kind: "linear",
      operands: "all",
      transpose: ([ct], _, __, into) => into[0]?.add(bind1(prim, [ct!], {})),
    },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x]) => k.mul(x!, k.constant(x!.type, 3)) },
    ...parts,
  });
  return prim;
}

/** Returns the message that `f` throws. */
function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof DownhillError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no error";
}

describe("checkPrimitive", () => {
  test("accepts a correct primitive and reports its checks", () => {
    const report = checkPrimitive(triple({}), [{ ins: [[1, 2]] }, { ins: [0.5] }]);
    expect(report.samples).toBe(2);
    expect(report.comparisons).toBeGreaterThan(50);
    expect(report.differences).toBeLessThan(1e-11);
    expect(report.adjoint).toBeLessThan(1e-15);
    expect(report.batching).toBe(0);
  });

  test("finds a wrong forward rule", () => {
    const wrong = sine({ derivative: { kind: "smooth", jvp: ([dx]) => [dx] } });
    expect(messageOf(() => checkPrimitive(wrong, [{ ins: [[1, 2]] }]))).toMatchInlineSnapshot(
      `"check: checkPrimitive: sine, sample 0 (f64[2]): forward mode: the derivative of result 0 [0] in operand 0 [0] of f64[2] is 1, but 2 by differences (relative error 5.0e-1, tolerance 1e-7)."`,
    );
  });

  test("finds a wrong transpose rule", () => {
    const wrong = triple({
      derivative: { kind: "linear", operands: "all", transpose: ([ct], _, __, into) => into[0]?.add(ct!) },
    });
    expect(messageOf(() => checkPrimitive(wrong, [{ ins: [[1, 2]] }]))).toMatchInlineSnapshot(
      `"check: checkPrimitive: triple, sample 0 (f64[2]): forward and reverse mode are not adjoint: ⟨ct, J v⟩ is 0.5158830880217002, but ⟨Jᵀ ct, v⟩ is 0.17196102934056678."`,
    );
  });

  test("finds a wrong batching rule", () => {
    const total: Primitive<object> = triple({
      batch: ([x]) => ({ outs: [square(x!)], batched: [true] }),
    });
    expect(messageOf(() => checkPrimitive(total, [{ ins: [[1, 2]] }]))).toMatchInlineSnapshot(
      `"check: checkPrimitive: triple, sample 0 (f64[2]), over a batch in operand 0: result 0 [0,0] of f64[3,2] is 1, but 3 item by item."`,
    );
  });

  test("finds a result that is not a number of its dtype", () => {
    const wrong = triple({
      lowering: { kind: "elementwise", scalar: ([x]) => k.mul(k.convert("f64", x!), k.constant("f64", 3.1)) },
    });
    const x = tensor(0.5, { dtype: "float32" });
    expect(messageOf(() => checkPrimitive(wrong, [{ ins: [x] }]))).toMatchInlineSnapshot(
      `"check: checkPrimitive: triple, sample 0 (f32[]): result 0 holds 1.55, which is not a number of f32[]."`,
    );
  });

  test("requires samples", () => {
    expect(messageOf(() => checkPrimitive(sin, []))).toMatchInlineSnapshot(
      `"check: checkPrimitive: no samples were given."`,
    );
  });

  test.each<[unknown, unknown, string]>([
    [
      3,
      [{ ins: [1] }],
      "checkPrimitive: expects a primitive (see definePrimitive) or a function of tensors, got number.",
    ],
    [sin, 3, "checkPrimitive: samples must be an array. Write checkPrimitive(op, [{ ins: [0.5] }])."],
    [
      sin,
      [{ args: [2] }],
      'checkPrimitive: sample 0: unknown option "args". It takes ins, params, differentiable.',
    ],
    [
      sin,
      [{ ins: 2 }],
      "checkPrimitive: sample 0: ins must be an array of the operands, as in { ins: [0.5] }.",
    ],
    [sin, [[2]], "checkPrimitive: sample 0: the options must be an object, as in { ins: … }; got an array."],
  ])("reports the accepted arguments: %j, %j", (op, samples, message) => {
    expect(messageOf(() => checkPrimitive(op as Primitive, samples as []))).toBe(`option: ${message}`);
  });

  test("accepts an operation that captures a tensor", () => {
    const weights = tensor([1, 2]);
    const weighted = (x: Tensor): Tensor => mul(x, weights);
    expect(checkPrimitive(weighted, [{ ins: [[1, 2]] }]).adjoint).toBeLessThan(1e-15);
  });
});

describe("checkGrads", () => {
  test("checks nested arguments and results, to the requested order", () => {
    const f = (p: { w: Tensor; b: readonly Tensor[] }, x: Tensor): { y: Tensor } => ({
      y: sin(p.w.mul(x)).add(p.b[0]!),
    });
    const report = checkGrads(f, [{ w: tensor([0.3, 0.7]), b: [tensor(2)] }, tensor([1, 2])], { order: 3 });
    expect(report.worst).toBeLessThan(1e-9);
    expect(report.comparisons).toBeGreaterThan(50);
  });

  test("holds integers fixed", () => {
    const f = (x: Tensor, i: Tensor): Tensor => x.at(i).square();
    expect(checkGrads(f, [tensor([1, 2, 3]), tensor(1, { dtype: "int32" })]).worst).toBeLessThan(1e-11);
  });

  test("names the argument, the element and both numbers if a rule is wrong", () => {
    const wrong = sine({ derivative: { kind: "smooth", jvp: ([dx]) => [dx] } });
    const f = (p: { w: Tensor }): Tensor => bind1(wrong, [p.w], {});
    expect(messageOf(() => checkGrads(f, [{ w: tensor([[1, 2]]) }]))).toMatchInlineSnapshot(
      `"check: checkGrads: forward mode: the derivative of result 0 [0,0] in argument 0.w [0,0] of f64[1,2] is 1, but 2 by differences (relative error 5.0e-1, tolerance 1e-7)."`,
    );
    expect(
      messageOf(() => checkGrads(f, [{ w: tensor([[1, 2]]) }], { modes: ["reverse"] })),
    ).toMatchInlineSnapshot(
      `"check: checkGrads: reverse mode: the cotangent of argument 0.w [0,0] of f64[1,2] is -2.103834003056732, but -4.207668006113464 by differences (relative error 5.0e-1, tolerance 1e-7)."`,
    );
  });

  test("finds a wrong second derivative after a correct first one", () => {
    const inner = sine({ name: "cosine", derivative: { kind: "constant" } });
    const outer = sine({
      derivative: { kind: "smooth", jvp: ([dx], [x]) => [dx && mul(dx, bind1(inner, [x!], {}))] },
      lowering: { kind: "elementwise", scalar: ([x]) => k.mul(x!, x!) },
    });
    const f = (x: Tensor): Tensor => bind1(outer, [x], {});
    expect(checkGrads(f, [1.5], { order: 1 }).worst).toBeLessThan(1e-11);
    expect(messageOf(() => checkGrads(f, [1.5]))).toMatchInlineSnapshot(
      `"check: checkGrads: forward mode, then forward mode: the derivative of result 0 in argument 0 of f64[] is 0, but -1.313296757749382 by differences (relative error 1.0e+0, tolerance 1e-7)."`,
    );
  });

  test("refuses to check nothing", () => {
    const f = (x: Tensor): Tensor => x.mul(2);
    expect(messageOf(() => checkGrads(f, [tensor(3, { dtype: "int32" })]))).toBe(
      "dtype: checkGrads: there is nothing to check: no argument is floating-point (i32[]). " +
        'Integers and booleans have no derivative; convert one with astype("float64").',
    );
    expect(messageOf(() => checkGrads(f, 3 as never))).toBe(
      "tree: checkGrads: args must be an array of the arguments, got number. Write checkGrads(f, [x]).",
    );
  });

  test("names the invalid option", () => {
    const f = (x: Tensor): Tensor => x;
    expect(messageOf(() => checkGrads(f, [1], { tolerence: 1 } as object))).toMatchInlineSnapshot(
      `"option: checkGrads: unknown option "tolerence". Did you mean "tolerance"?"`,
    );
    expect(messageOf(() => checkGrads(f, [1], { order: 0 }))).toMatchInlineSnapshot(
      `"range: checkGrads: order must be 1, 2, 3, …, got 0."`,
    );
    expect(messageOf(() => checkGrads(f, [1], { eps: -1 }))).toMatchInlineSnapshot(
      `"range: checkGrads: eps must be positive, got -1."`,
    );
    expect(messageOf(() => checkGrads(f, [1], { modes: ["backward" as "reverse"] }))).toMatchInlineSnapshot(
      `"option: checkGrads: modes must be "forward" or "reverse", got "backward"."`,
    );
  });
});

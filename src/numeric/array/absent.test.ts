import assert from "node:assert";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { DownhillError } from "../../engine/errors/index.ts";
import * as downhill from "../../index.ts";
import { grad, tensor } from "../../index.ts";
import { functionsOnly, methodsAlongAxes, otherMethods } from "./method-names.generated.ts";

const x = tensor([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
// code that plain JavaScript allows
const plain = x as unknown as Record<string | number, never> & number[] & number;

const messageOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    expect((error as Error).stack).toMatch(/^.*\n +at .*absent\.test\.ts/);
    return (error as Error).message;
  }
  return "no error";
};

/** Other ways in which a tensor might be read as an array. */
const hint =
  ' A function of plain numbers is differentiated as it is where "use ad" is its first line and downhill-plugin loads it.';

describe("misuse that was undefined, ignored or a foreign error names the repair", () => {
  test.each<[string, () => unknown, string]>([
    ["length", () => plain.length, "x.length: a tensor has no length. Its sizes are x.shape, here [2,3]; that of the first axis is x.shape[0]." + hint],
    ["an item", () => plain[0], "x[0]: the items of a tensor are not properties of it. Write x.at(0), or x.tolist()[…] for plain numbers." + hint],
    ["the last item", () => plain[-1], "x[-1]: the items of a tensor are not properties of it. Write x.at(-1), or x.tolist()[…] for plain numbers." + hint],
    ["the name of a function", () => plain["sigmoid"], 'x.sigmoid: a tensor has no such property. Write sigmoid(x) and import sigmoid from "downhill", or import "downhill/methods", which has it as a method.'],
    ["the name of a function that is never a method", () => plain["einsum"], 'x.einsum: a tensor has no such property. Write einsum(x) and import einsum from "downhill".'],
    ["NumPy's name", () => plain["multiply"], "x.multiply: a tensor has no such property. Write x.mul(y)."],
    ["a transpose", () => plain["mT"], "x.mT: a tensor has no such property. Write matrixTranspose(x)."],
    ["PyTorch's name", () => plain["detach"], "x.detach: a tensor has no such property. Write stopGradient(x)."],
    ["JAX's writing", () => plain["set"], "x.set: a tensor has no such property. Write setAt(x, v, i): x.at(i) only reads."],
    ["a method of arrays", () => plain["forEach"], "x.forEach: a tensor has no such property. Write for (const v of x.tolist()), or a loop over x.at(i)."],
    ["a method of numbers", () => plain["toFixed"], "x.toFixed: a tensor has no such property. Write x.item().toFixed(…)."],
    ["TensorFlow.js's name", () => plain["dispose"], "x.dispose: a tensor has no such property. Write nothing: tensors are garbage-collected."],
    ["another case", () => plain["argMax"], "x.argMax: a tensor has no such property. Did you mean x.argmax?"],
    ["underscores", () => plain["log_softmax"], "x.log_softmax: a tensor has no such property. Did you mean logSoftmax(x)?"],
    ["a slip", () => plain["reshpe"], "x.reshpe: a tensor has no such property. Did you mean x.reshape?"],
  ])("%s", (_, action, message) => {
    expect(messageOf(action)).toBe(message);
  }); // prettier-ignore

  test.each<[string, () => unknown]>([
    ["spread", () => [...plain]],
    ["destructuring", () => { const [first] = plain; return first; }],
    ["a loop", () => { for (const row of plain) return row; return 0; }],
    ["Array.from", () => Array.from(plain)],
    ["a typed array", () => new Float64Array(plain)],
  ])("as a list: %s", (_, action) => {
    expect(messageOf(action)).toBe(
      "A tensor cannot be spread, destructured or iterated over like a list. Its numbers are x.tolist(); its items along the first axis, here 2, are x.at(i) for i from 0 to x.shape[0] − 1.",
    );
  }); // prettier-ignore

  test("assignment, which was ignored, throws", () => {
    expect(messageOf(() => { plain[0] = 5 as never; })).toMatch(/^x\[0\] = …: a tensor is immutable\. setAt\(x, value, 0\)/); // prettier-ignore
    expect(messageOf(() => { (x as { shape: unknown }).shape = [6]; })).toMatch(/^x\.shape = …: a tensor is immutable\. Write x\.reshape/); // prettier-ignore
  });

  test("inside a transform: a loop over x.length, which gave a zero gradient, throws", () => {
    const f = (y: typeof plain): never => {
      let sum = tensor(0);
      for (let i = 0; i < y.length; i++) sum = sum.add(y[i]!);
      return sum as never;
    };
    expect(messageOf(() => grad(f as never)([1, 2]))).toContain("x.shape[0]");
    expect(messageOf(() => grad(((y: typeof plain) => y[0]) as never)([1, 2]))).toContain("x.at(0)");
    const places = (y: typeof plain): never => y[tensor(0) as never] as never;
    expect(messageOf(() => grad(places as never)([1, 2]))).toContain("x.at(0)");
    expect(messageOf(() => grad(((y: typeof plain) => y[y as never]) as never)([1, 2]))).toContain("x.at(i)");
  });
});

test("a name that no library gives tensors stays undefined", () => {
  for (const name of [
    "foo",
    "then",
    "nodeType",
    "$$typeof",
    "asymmetricMatch",
    "value",
    "name",
    "render",
    "id",
  ]) {
    expect(plain[name]).toBeUndefined();
    expect(name in x).toBe(false);
  }
  expect("length" in x || 0 in x || Symbol.iterator in x).toBe(false);
  expect(x instanceof Object && plain.hasOwnProperty("type") && plain.valueOf() === (x as never)).toBe(true);
});

test("tools read the same properties as before", async () => {
  expect(await Promise.resolve(x)).toBe(x);
  expect(JSON.stringify({ x })).toBe('{"x":[[1,2,3],[4,5,6]]}');
  expect(inspect(x)).toBe("f64[2,3]\n[[1, 2, 3],\n [4, 5, 6]]");
  expect(inspect(x, { customInspect: false })).toContain("Tensor {");
  expect(Object.keys(structuredClone(tensor([1, 2])))).toEqual(Object.keys(x));
  expect(Array.isArray(x)).toBe(false);
  expect([0].concat(plain)).toHaveLength(2);
  expect(Object.prototype.toString.call(x)).toBe("[object Object]");
  for (const name in x) expect(Object.keys(x)).toContain(name);
});

test("deep equality of test runners distinguishes tensors by value", () => {
  const other = (last: number): unknown => tensor([[1, 2, 3], [4, 5, last]]); // prettier-ignore
  expect(x).toEqual(other(6));
  expect(x).toStrictEqual(other(6));
  expect(x).not.toEqual(other(7));
  expect({ a: [x] }).toMatchObject({ a: [other(6)] });
  assert.deepStrictEqual(x, other(6));
  assert.deepEqual(x, other(6));
  assert.notDeepStrictEqual(x, other(7));
});

test("each function that a repair names exists", () => {
  const exported = new Map<string, unknown>(Object.entries(downhill));
  for (const name of `${methodsAlongAxes} ${otherMethods} ${functionsOnly}`.split(" "))
    expect([name, typeof exported.get(name)]).toEqual([name, "function"]);
});

test("the shape that all scalars share cannot be changed", () => {
  expect(() => (tensor(1).shape as number[]).push(2)).toThrow(TypeError);
  expect(tensor(3).shape).toEqual([]);
});

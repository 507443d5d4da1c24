import { grad, jit, tensor, type Tensor, vmap } from "downhill";
import { dataset } from "downhill/data";
import { sgd } from "downhill/optim";
import { checkpointMemory, fit } from "downhill/train";
import { describe, expect, test } from "vitest";

/** `[[[ … [1] … ]]]`. */
function nested(levels: number): unknown {
  let value: unknown = [1];
  for (let i = 1; i < levels; i++) value = [value];
  return value;
}

function cyclic(): unknown[] {
  const a: unknown[] = [];
  a.push([0, 1], [a]);
  const b: unknown[] = [];
  b.push(b);
  return [a, b];
}

describe("an array that holds itself, which ended the process,", () => {
  const [late, first] = cyclic() as [unknown[], unknown[]];
  test("is an error with its path", () => {
    expect(() => tensor(first as never)).toThrow(
      "tensor: [0] is the argument again, so that it has no end. Leave the reference out.",
    );
    expect(() => tensor(late as never)).toThrow("tensor: a nested array is not rectangular");
    expect(() => dataset({ x: [first] as never, y: [1] })).toThrow(/x: \[0\]\[0\] is \[0\] again/);
    const settings = { a: { b: {} as object } };
    settings.a.b = { c: settings.a };
    const f = jit((_: unknown, x: Tensor) => tensor(x), { staticArgnums: [0] });
    expect(() => f(settings as never, 1)).toThrow("a.b.c is a again, so that it has no end");
  });

  test("is told apart from one that is only deep", () => {
    expect(() => tensor(nested(6000) as never)).toThrow(
      /^tensor: it is nested more than 1000 deep, at (\[0\]){12}…\. Put what lies that deep in a list\.$/,
    );
    const f = jit((_: unknown, x: Tensor) => tensor(x), { staticArgnums: [0] });
    expect(() => f(nested(20_000) as never, 1)).toThrow("nested more than 1000 deep");
    expect(f(nested(500) as never, 1)).toBeDefined();
  });
});

describe("parameters that hold themselves, which gave an error of the engine,", () => {
  const loop: { w: number; next?: unknown } = { w: 1 };
  loop.next = [{ back: loop }];
  const square = (p: { w: Tensor }): Tensor => p.w.mul(p.w);

  test.each<[string, () => unknown]>([
    ["grad", () => grad(square)(loop)],
    ["jit(square)", () => jit(square)(loop)],
    ["vmap", () => vmap(square as never)(loop as never)],
  ])("are an error of %s with their path", (name, run) => {
    expect(run).toThrow(`${name}: next[0].back is the argument again, so that it has no end.`);
  });

  test("are one of fit too, and so are those that are nested too deep", () => {
    let deep: unknown = { w: tensor(1) };
    for (let i = 0; i < 6000; i++) deep = { a: deep };
    const options = {
      loss: () => tensor(0),
      data: [{ x: tensor([1]) }],
      optimizer: sgd({ learningRate: 1 }),
      epochs: 1,
    };
    expect(() => fit({ ...options, params: loop as never })).toThrow(
      "fit: next[0].back is the argument again",
    );
    expect(() => fit({ ...options, params: deep as never })).toThrow(
      "fit: it is nested more than 1000 deep, at a.a.a.a.a.a.a.a.a.a.a.a…. Put what lies that deep in a list.",
    );
    expect(() => grad(square as never)([loop] as never)).toThrow("[0].next[0].back is [0] again");
  });

  test("may be nested as deep as a chain of some hundred", async () => {
    interface Chain {
      readonly w: Tensor;
      readonly next?: Chain;
    }
    let deep: Chain = { w: tensor(1) };
    for (let i = 0; i < 400; i++) deep = { w: tensor(i), next: deep };
    const options = {
      loss: (p: Chain) => p.w.mul(p.w),
      params: deep,
      data: [{ x: tensor([1]) }],
      optimizer: sgd({ learningRate: 0.1 }),
      checkpoint: { store: checkpointMemory() },
    };
    await fit({ ...options, epochs: 1 });
    const { params } = await fit({ ...options, epochs: 2, resume: true });
    expect(params.w.item()).toBeLessThan(399);
  });
});

test("a nest of shared rows that stands for more elements than an array can have is refused at once", () => {
  let rows: unknown = [1, 2];
  for (let i = 0; i < 40; i++) rows = [rows, rows];
  expect(() => tensor(rows as never)).toThrow(
    "tensor: a nested array of shape [2,2,2,2,2,2,2,2,…] is larger than any array can be.",
  );
  expect(() => grad((x: Tensor) => x.sum())(rows as never)).toThrow("grad: a nested array of shape [2,2,2");
});

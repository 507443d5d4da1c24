import { jit, tensor, type Tensor } from "downhill";
import { dataset } from "downhill/data";
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

test("a nest of shared rows that stands for more elements than an array can have is refused at once", () => {
  let rows: unknown = [1, 2];
  for (let i = 0; i < 40; i++) rows = [rows, rows];
  expect(() => tensor(rows as never)).toThrow(
    "tensor: a nested array of shape [2,2,2,2,2,2,2,2,…] is larger than any array can be.",
  );
});

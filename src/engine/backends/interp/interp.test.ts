import { describe, expect, test } from "vitest";
import * as k from "../../kernel/build.ts";
import type { KernelValue } from "../../kernel/executable.ts";
import type { Routine } from "../../kernel/scalar.ts";
import { countingInterp, interpBackend } from "./index.ts";

/** out[i] = a[i] · s + a[i], for a of 4 elements. */
function scaled(index: (i: ReturnType<typeof k.i32>) => ReturnType<typeof k.i32> = (i) => i): Routine {
  const block = k.makeBlock();
  block.for("i", k.i32(0), k.i32(4), (loop, i) => {
    const element = k.load("f64", "a", index(i));
    loop.store("out", i, k.add(k.mul(element, k.local("f64", "s")), element));
  });
  return {
    name: "scaled",
    inputs: [
      { kind: "buffer", buffer: { name: "a", type: "f64", size: 4 } },
      { kind: "scalar", name: "s", type: "f64" },
    ],
    outputs: [{ kind: "buffer", buffer: { name: "out", type: "f64", size: 4 } }],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

const four = (): KernelValue => ({ array: new Float64Array([1, 2, 3, 4]), offset: 0 });

describe("memory", () => {
  test("a buffer uses the caller's memory", () => {
    const out = new Float64Array(6);
    interpBackend.compile(scaled())(
      [{ array: Float64Array.of(9, 1, 2, 3, 4), offset: 1 }, 10],
      [{ array: out, offset: 2 }],
    );
    expect([...out]).toEqual([0, 0, 11, 22, 33, 44]);
  });

  test("an index outside of the buffer is rejected, even if the array is longer", () => {
    const run = interpBackend.compile(scaled((i) => k.add(i, k.i32(1))));
    expect(() => run([{ array: new Float64Array(9), offset: 0 }, 1], [four()])).toThrow(
      "internal: a[4] is outside of its 4 elements",
    );
  });

  test("an array of another type or too short is rejected", () => {
    const run = interpBackend.compile(scaled());
    expect(() => run([{ array: new Float32Array(4), offset: 0 }, 1], [four()])).toThrow(
      'internal: buffer "a" needs 4 elements of f64, got Float32Array of 4 at 0',
    );
    expect(() => run([{ array: new Float64Array(4), offset: 1 }, 1], [four()])).toThrow(
      /got Float64Array of 4 at 1/,
    );
  });

  test("a temporary does not start with zeros", () => {
    const run = interpBackend.compile({
      name: "f",
      inputs: [],
      outputs: [{ kind: "scalar", value: k.load("f64", "t", k.i32(1)) }],
      temps: [{ name: "t", type: "f64", size: 2, offset: 0 }],
      arenaBytes: 32,
      body: [],
    });
    const outputs = [0];
    run([], outputs);
    expect(outputs).toEqual([NaN]);
  });
});

describe("counts", () => {
  test("counts loads, stores and float operations of a run", () => {
    const backend = countingInterp();
    const run = backend.compile(scaled());
    run([four(), 2], [four()]);
    expect(backend.counts).toEqual({ loads: 8, stores: 4, flops: 8 });
    run([four(), 2], [four()]);
    expect(backend.counts.stores).toBe(8);
    backend.reset();
    expect(backend.counts).toEqual({ loads: 0, stores: 0, flops: 0 });
  });

  test("operations of procedures count each time they are called; comparisons and integers do not", () => {
    const square = k.procedure("square", [["x", "f64"]], (_, [x]) => k.mul(x!, x!));
    const both = k.procedure("both", [["x", "f64"]], (block, [x]) => {
      const i = block.let("i", k.add(k.convert("i32", x!), k.i32(1)));
      return k.select(k.lt(x!, k.convert("f64", i)), k.call(square, k.call(square, x!)), k.sqrt(x!));
    });
    const backend = countingInterp();
    expect(backend.compileProcedure(both)(3)).toBe(81);
    expect(backend.counts.flops).toBe(2);
    expect(backend.compileProcedure(square)(3)).toBe(9);
    expect(backend.counts.flops).toBe(3);
  });
});

describe("procedures", () => {
  test("take any number of arguments", () => {
    const sum = k.procedure(
      "sum",
      ["a", "b", "c", "d"].map((name) => [name, "f64"] as const),
      (_, args) => args.reduce((x, y) => k.add(x, y)),
    );
    const none = k.procedure("none", [], () => k.f64(7));
    expect(interpBackend.compileProcedure(sum)(1, 2, 3, 4)).toBe(10);
    expect(interpBackend.compileProcedure(none)()).toBe(7);
  });

  test("with one operation on swapped parameters are computed right", () => {
    const params = [
      ["x", "f64"],
      ["y", "f64"],
    ] as const;
    const minus = k.procedure("minus", params, (_, [x, y]) => k.sub(y!, x!));
    const twice = k.procedure("twice", params, (_, [x]) => k.add(x!, x!));
    expect(interpBackend.compileProcedure(minus)(1, 5)).toBe(4);
    expect(interpBackend.compileProcedure(twice)(1, 5)).toBe(2);
  });

  test("that are recursive are rejected", () => {
    const args = [k.local("f64", "x")];
    const loop = { name: "loop", params: [{ name: "x", type: "f64" as const }], body: [], result: k.f64(0) };
    loop.result = { kind: "call", type: "f64", procedure: loop, args };
    expect(() => interpBackend.compileProcedure(loop)).toThrow('internal: procedure "loop" calls itself');
  });
});

test("the inlined operations equal those of the table", () => {
  const quick = { f64: ["add", "sub", "mul", "div", "lt"], i32: ["add", "mul", "and", "lt"] } as const;
  const values = {
    f64: [NaN, 0, -0, 1, -2.5, Infinity, -Infinity, 5e-324, 1.7976931348623157e308],
    i32: [0, 1, -1, 7, 65537, 2147483647, -2147483648],
  };
  for (const type of ["f64", "i32"] as const) {
    for (const op of quick[type]) {
      const params = [
        ["x", type],
        ["y", type],
      ] as const;
      const plain = k.procedure(op, params, (_, [x, y]) => k.binary(op, x!, y!));
      const local = k.procedure(op, params, (block, [x, y]) => block.let("z", k.binary(op, x!, y!)));
      const [f, g] = [interpBackend.compileProcedure(plain), interpBackend.compileProcedure(local)];
      for (const x of values[type])
        for (const y of values[type]) expect(g(x, y), `${op}(${x}, ${y})`).toBe(f(x, y));
    }
  }
});

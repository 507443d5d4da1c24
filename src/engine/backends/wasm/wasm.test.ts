import { functionLimits } from "./emit/tuning.ts";
import { describe, expect, test, vi } from "vitest";
import * as k from "../../kernel/build.ts";
import type { BufferView, KernelValue } from "../../kernel/executable.ts";
import type { Expr, Port, Routine, ScalarType } from "../../kernel/scalar.ts";
import { layOutAtCall } from "../../kernel/sizes.ts";
import { interpBackend } from "../interp/index.ts";
import { makeArena } from "./host/arena.ts";
import { withModuleMemory } from "./host/module-memory.ts";
import { peepholesFor } from "./engines/peepholes.ts";
import { callableRoutine, instantiate } from "./host/call.ts";
import { makeWasmBackend, wasmArena, wasmBackend } from "./index.ts";
import { compileRoutine } from "./emit/routine.ts";
import { moduleText } from "./encode/text.ts";
import { n, nInput, port, products } from "../../../../test/support/run-time-routines.ts";
import { extent } from "../../../../test/support/extent.ts";

const textOf = (routine: Routine): string => moduleText(wasmBackend.moduleOf!(routine));

function scalar(name: string, type: ScalarType): Port {
  return { kind: "scalar", name, type };
}

function buffer(name: string, type: ScalarType, size: number): Port & { readonly kind: "buffer" } {
  return { kind: "buffer", buffer: { name, type, size } };
}

/** Routine `outK[i] = inK[i] + k` for `count` arrays of `n` elements, and the sum of `count` numbers. */
function many(count: number, n: number): Routine {
  const block = k.makeBlock();
  const names = Array.from({ length: count }, (_, j) => j);
  for (const j of names) {
    block.forEach(`i${j}`, k.i32(0), k.i32(n), (loop, i) =>
      loop.store(`out${j}`, i, k.add(k.load("f64", `in${j}`, i), k.local("f64", `x${j}`))),
    );
  }
  const sum = names.map((j) => k.local("f64", `x${j}`)).reduce(k.add);
  return {
    name: "many",
    inputs: names.flatMap((j) => [scalar(`x${j}`, "f64"), buffer(`in${j}`, "f64", n)]),
    outputs: [
      { kind: "scalar", value: sum },
      ...names.map((j) => buffer(`out${j}`, "f64", n)),
      { kind: "scalar", value: k.convert("u32", k.neg(sum)) },
    ],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

describe("sizes known only at the call", () => {
  test("code size grows linearly with the number of temporaries", () => {
    const bytes = (count: number): number => {
      const block = k.makeBlock();
      const temps = Array.from(
        { length: count },
        (_, j) => ({ type: "f64", size: n, name: `t${j}` }) as const,
      );
      for (const { name } of temps) block.store(name, k.i32(0), k.load("f64", "a", k.i32(0)));
      const routine: Routine = {
        name: "temporaries",
        inputs: [port("a", "f64", n), nInput],
        outputs: [],
        ...layOutAtCall(temps),
        body: block.statements,
      };
      return wasmBackend.moduleOf!(routine).length;
    };
    expect(bytes(80) - bytes(40)).toBeLessThan(3 * (bytes(40) - bytes(20)));
  });

  test("copies and temporaries of small arrays keep their memory between calls, large ones free it", () => {
    const block = k.makeBlock();
    const sizes = { type: "f64", size: n } as const;
    block.forEach("i", k.i32(0), n, (loop, i) =>
      loop.store("twice", i, k.mul(k.load("f64", "a", i), k.f64(2))),
    );
    block.forEach("j", k.i32(0), n, (loop, j) =>
      loop.store("out", j, k.add(k.load("f64", "twice", j), k.f64(1))),
    );
    const compiled = wasmBackend.compile({
      name: "double",
      inputs: [port("a", "f64", n), nInput],
      outputs: [port("out", "f64", n)],
      temps: [{ name: "twice", ...sizes, offset: 0 }],
      arenaBytes: k.mul(n, k.i32(8)),
      body: block.statements,
    });
    const call = (length: number): void => {
      const out = new Float64Array(length);
      compiled(
        [{ array: Float64Array.from({ length }, (_, i) => i), offset: 0 }, length],
        [{ array: out, offset: 0 }],
      );
      expect([...out]).toEqual(Array.from({ length }, (_, i) => 2 * i + 1));
    };
    const arena = wasmArena();
    const allocations = vi.spyOn(arena, "tryAllocate");
    const taken = vi.spyOn(arena, "allocate");
    const count = (): number => allocations.mock.calls.length + taken.mock.calls.length;
    call(100);
    const first = count();
    expect(first).toBe(3);
    for (const length of [100, 7, 120, 0]) call(length);
    expect(count()).toBe(first);
    call(5000);
    const { used } = arena.stats();
    call(50_000);
    call(50_000);
    expect(arena.stats().used).toBeLessThanOrEqual(used); // its memory for small arrays is freed too
    compiled.release?.();
    vi.restoreAllMocks();
  });

  test("an index below the length of a buffer is in range: valid reads need no branch", () => {
    const block = k.makeBlock();
    block.forEach("i", k.i32(0), n, (loop, i) =>
      loop.store("out", i, k.select(k.lt(i, k.i32(5)), k.load("f64", "a", i), k.f64(0))),
    );
    const text = textOf({
      name: "head",
      inputs: [port("a", "f64", n), nInput],
      outputs: [port("out", "f64", n)],
      temps: [],
      arenaBytes: 0,
      body: block.statements,
    });
    const [vectors] = text.slice(text.indexOf("loop $l1")).split("      end");
    expect(vectors).toContain("v128.load");
    expect(vectors).not.toMatch(/^ *if /m);
  });

  test("products of many rows or batches use the functions for known sizes", () => {
    for (const role of ["batch", "row"] as const)
      expect(textOf(products(role, false)), role).toMatch(/func \$(tile|dot\S*block)/);
    // sums with sizes known only at the call have loops of their own, generated before the backends
    expect(textOf(products("sum", false))).not.toMatch(/func \$(tile|dot)/);
  });
});

describe("a call", () => {
  test.each([
    [1, 3],
    [2, 3],
    [3, 47],
    [4, 49],
    [9, 200],
  ])("of %d numbers and arrays of %d elements, wherever these are stored", (count, n) => {
    const routine = many(count, n);
    const arena = wasmArena();
    const compiled = wasmBackend.compile(routine);
    const places: Record<string, () => BufferView> = {
      outside: () => ({ array: new Float64Array(n), offset: 0 }),
      "within a larger array": () => ({ array: new Float64Array(n + 5), offset: 3 }),
      "in kernel memory": () => ({
        array: arena.view("f64", arena.allocate(8 * n + 64, "code"), n + 4),
        offset: 2,
      }),
    };
    for (const [where, place] of Object.entries(places)) {
      const inputs = Array.from({ length: count }, (_, j): KernelValue[] => {
        const cell = place();
        for (let i = 0; i < n; i++) cell.array[cell.offset + i] = 10 * j + i;
        return [j + 0.5, cell];
      }).flat();
      const outputs: KernelValue[] = [0, ...Array.from({ length: count }, place), 0];
      compiled(inputs, outputs);
      const total = (count * count) / 2;
      expect(outputs[0], where).toBe(total);
      expect(outputs.at(-1), where).toBe(0); // saturated
      outputs.slice(1, -1).forEach((slot, j) => {
        const { array, offset } = slot as BufferView;
        const got = [...array.subarray(offset, offset + n)];
        expect(got, where).toEqual(Array.from({ length: n }, (_, i) => 10 * j + i + j + 0.5));
      });
    }
    compiled.release?.();
  });

  test("returns a uint32 as a nonnegative number", () => {
    const u32 = (value: number): Expr => k.constant("u32", value);
    const top: Routine = {
      name: "top",
      inputs: [scalar("x", "u32")],
      outputs: [{ kind: "scalar", value: k.add(k.local("u32", "x"), u32(4294967295)) }],
      temps: [],
      arenaBytes: 0,
      body: [],
    };
    const outputs: KernelValue[] = [0];
    wasmBackend.compile(top)([4294967295], outputs);
    expect(outputs).toEqual([4294967294]);
    const one = k.procedure("one", [["x", "u32"]], (_, [x]) => k.sub(x!, u32(1)));
    expect(wasmBackend.compileProcedure(one)(0)).toBe(4294967295);
  });

  test("with an array that is too short is rejected", () => {
    const compiled = wasmBackend.compile(many(1, 5));
    const short = { array: new Float64Array(6), offset: 2 };
    const long = { array: new Float64Array(6), offset: 0 };
    expect(() => compiled([1, short], [0, long, 0])).toThrow(
      /buffer "in0" needs 5 elements of f64, got Float64Array of 6 at 2/,
    );
    expect(() => compiled([1, long], [0, short, 0])).toThrow(/buffer "out0" needs 5 elements/);
  });

  test("after the release is rejected, and the memory is free again", () => {
    const arena = wasmArena();
    const compiled = makeWasmBackend().compile(many(2, 1000));
    const before = arena.stats().used;
    const cell = (): BufferView => ({ array: new Float64Array(1000), offset: 0 });
    compiled([1, cell(), 2, cell()], [0, cell(), cell(), 0]);
    const held = arena.stats().used;
    expect(held).toBeGreaterThanOrEqual(before + 4 * 8000);
    expect(compiled.size?.memoryBytes).toBeGreaterThanOrEqual(4 * 8000);
    compiled.release?.();
    expect(arena.stats().used).toBeLessThanOrEqual(held - 4 * 8000);
    expect(() => compiled([1, cell(), 2, cell()], [0, cell(), cell(), 0])).toThrow(
      /called after its release/,
    );
  });

  test("in a memory that is not shared has correct addresses after growth", () => {
    const arena = makeArena(false);
    const settings = {
      limit: 3000,
      simd: true,
      relaxed: false,
      manyRegisters: false,
      wide: false,
      peepholes: peepholesFor({ isRecent: true, wide: false, mayWiden: false }),
      threads: 1,
      chunkWork: 65536,
      namesLocals: false,
      ...functionLimits,
    };
    const routine = many(9, 60);
    const compiled = withModuleMemory(arena, (memory) => {
      const program = compileRoutine(routine, memory, settings);
      return callableRoutine(routine, program, instantiate(program, arena), memory);
    });
    const run = (): KernelValue[] => {
      const cell = (): BufferView => ({ array: new Float64Array(60).fill(2), offset: 0 });
      const outputs: KernelValue[] = [0, ...Array.from({ length: 9 }, cell), 0];
      compiled(Array.from({ length: 9 }, (_, j) => [j, cell()]).flat(), outputs);
      return outputs;
    };
    const before = run();
    arena.allocate(2 ** 27, "code");
    expect(run()).toEqual(before);
    expect((before[9] as BufferView).array[59]).toBe(10);
  });
});

test("code of very many statements is split into functions and has the interpreter's bits", () => {
  const values = [k.local("f64", "x"), k.local("f64", "y")];
  const block = k.makeBlock();
  let state = 1;
  const earlier = (): Expr => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return values[Math.max(0, values.length - 1 - ((state >>> 8) % 40))]!;
  };
  for (let i = 0; i < extent(30_000, 100_000); i++) {
    const [a, b] = [earlier(), earlier()];
    values.push(block.let(`v${i}`, k.sub(k.mul(k.f64(0.75), a), k.mul(k.f64(0.5), b))));
  }
  const routine: Routine = {
    name: "long",
    inputs: [scalar("x", "f64"), scalar("y", "f64")],
    outputs: [
      { kind: "scalar", value: values.at(-1)! },
      { kind: "scalar", value: k.local("f64", "v0") },
    ],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
  const [expected, got]: KernelValue[][] = [[], []];
  interpBackend.compile(routine)([0.3, 0.7], expected!);
  wasmBackend.compile(routine)([0.3, 0.7], got!);
  expect(got).toEqual(expected);
});

test("the text of a module has functions named after what they compute", () => {
  const text = textOf(many(1, 100_000));
  expect(text).toContain("(module $many");
  expect(text).toContain("$loop_i0");
  expect(text).toContain("f64x2.add");
});

test("a loop is a function that receives all of its values as parameters, up to the limit", () => {
  const values = 5; // from, to, two addresses and a number
  const parametersWith = (mostParams: number): number => {
    const text = moduleText(makeWasmBackend({ mostParams }).moduleOf!(many(1, 100_000)));
    const [head] = /\(func \$loop_i0.*/.exec(text)!;
    return head.match(/\(param/g)!.length;
  };
  expect([values + 1, values, values - 1].map(parametersWith)).toEqual([values, values, 2]);
});

/**
 * Routine of `count` layers. Each layer has a loop over all elements and a product, from temporary to temporary, so that
 * some buffers have constant addresses and others do not.
 */
function layered(count: number): Routine {
  const [rows, bytes] = [8, 8 * 8 * 8];
  const block = k.makeBlock();
  const at = { offset: k.i32(0) };
  const dims = [
    { role: "row", size: rows, out: rows, left: rows, right: 0 },
    { role: "column", size: rows, out: 1, left: 0, right: 1 },
    { role: "sum", size: rows, out: 0, left: 1, right: rows },
  ] as const;
  for (let j = 0; j < count; j++) {
    const from = j === 0 ? "x" : `h${j - 1}`;
    block.statements.push({
      kind: "contract",
      name: `product${j}`,
      type: "f64",
      out: { ...at, buffer: `p${j}` },
      left: { ...at, buffer: from },
      right: { ...at, buffer: `w${j}` },
      dims,
      accumulate: false,
    });
    block.forEach(`i${j}`, k.i32(0), k.i32(rows * rows), (loop, i) => {
      const value = loop.let(`v${j}`, k.sub(k.load("f64", `p${j}`, i), k.load("f64", from, i)));
      loop.store(j === count - 1 ? "out" : `h${j}`, i, k.div(value, k.f64(3)));
    });
  }
  const temps = Array.from({ length: 2 * count - 1 }, (_, j) => ({
    name: j < count ? `p${j}` : `h${j - count}`,
    type: "f64" as const,
    size: rows * rows,
    offset: j * bytes,
  }));
  return {
    name: "layered",
    inputs: [
      buffer("x", "f64", rows * rows),
      ...Array.from({ length: count }, (_, j) => buffer(`w${j}`, "f64", rows * rows)),
    ],
    outputs: [buffer("out", "f64", rows * rows)],
    temps,
    arenaBytes: temps.length * bytes,
    body: block.statements,
  };
}

test("equal layers share functions, so that a module grows by calls only", () => {
  const functions = (count: number): number => textOf(layered(count)).match(/^ {2}\(func /gm)!.length;
  expect(functions(24)).toBe(functions(12));
  const bytes = (count: number): number => wasmBackend.moduleOf!(layered(count)).length;
  expect((bytes(24) - bytes(12)) / 12).toBeLessThan(70);
});

test.each([3, 5, 24])("%i equal layers have the bits of the interpreter", (count) => {
  const routine = layered(count);
  const arrays = Array.from({ length: count + 1 }, (_, j) => ({
    array: Float64Array.from({ length: 64 }, (_zero, i) => Math.sin(1 + i + 64 * j)),
    offset: 0,
  }));
  const [expected, got] = [interpBackend, wasmBackend].map((backend) => {
    const out = { array: new Float64Array(64), offset: 0 };
    backend.compile(routine)(arrays, [out]);
    return out.array;
  });
  expect(got).toEqual(expected);
});

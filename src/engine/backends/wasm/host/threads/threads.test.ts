import { functionLimits } from "../../emit/tuning.ts";
import { setFlagsFromString } from "node:v8";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import * as k from "../../../../kernel/build.ts";
import type { BufferView, CompiledRoutine, KernelValue, TypedArray } from "../../../../kernel/executable.ts";
import { makeArray } from "../../../../kernel/executable.ts";
import { exp32, sin32, tanh32 } from "../../../../kernel/math/single/index.ts";
import { exp64 } from "../../../../kernel/math/index.ts";
import { printRoutine } from "../../../../kernel/print.ts";
import type { Dim, Expr, Port, Routine, ScalarType } from "../../../../kernel/scalar.ts";
import { extent as quickly, testInCi } from "../../../../../../test/support/extent.ts";
import { bufferSize, routines } from "../../../../../../test/support/random-routines.ts";
import { interpBackend, sizedInterp } from "../../../interp/index.ts";
import { wasmArena } from "../arena.ts";
import { withModuleMemory } from "../module-memory.ts";
import { peepholesFor } from "../../engines/peepholes.ts";
import { callableRoutine, instantiate } from "../call.ts";
import { detectFeatures } from "../features.ts";
import { compileRoutine } from "../../emit/routine.ts";
import type { EmitSettings } from "../../emit/unit.ts";
import type { Policy, ThreadPool } from "./pool.ts";
import { makePool } from "./pool.ts";
import { products, reversed, running } from "../../../../../../test/support/run-time-routines.ts";
import { lengthOf } from "../../../../../../test/support/buffer-length.ts";

setFlagsFromString("--experimental-wasm-relaxed-simd"); // on by default from Node 22 on

const arena = wasmArena();
/** Policy that always shares work. */
const always: Policy = {
  choose: () => ({ isShared: () => true, note: () => {}, alone: () => NaN }),
  gains: { isWorth: () => true, note: () => {} },
};
const pools: ThreadPool[] = [];

function openPool(threads: number): ThreadPool {
  const pool = makePool(threads, arena, always, 0);
  pools.push(pool);
  return pool;
}

vi.setConfig({ testTimeout: 120_000 }); // on a busy machine each thread often waits for a processor

afterAll(() => {
  for (const pool of pools) pool.close();
});

const settings: EmitSettings = {
  limit: 3000,
  simd: true,
  relaxed: false,
  manyRegisters: true,
  wide: false,
  peepholes: peepholesFor({ isRecent: true, wide: false, mayWiden: false }),
  threads: 1,
  chunkWork: 65536,
  namesLocals: false,
  ...functionLimits,
};

/**
 * Compiles a routine for the threads of a pool, or without one for the calling thread only, with the same division into
 * calls.
 */
function compile(routine: Routine, pool?: ThreadPool, options: Partial<EmitSettings> = {}): CompiledRoutine {
  return withModuleMemory(arena, (memory) => {
    const program = compileRoutine(routine, memory, { ...settings, threads: pool?.threads ?? 1, ...options });
    return callableRoutine(routine, program, instantiate(program, arena, pool), memory);
  });
}

/**
 * Starts a pool and waits until all its threads are up. They start on their own; the turns of the event loop deliver
 * errors.
 */
async function started(pool: ThreadPool): Promise<ThreadPool> {
  pool.start();
  while (pool.up() < pool.threads) await new Promise((resolve) => setImmediate(resolve));
  return pool;
}

/** Repeats `run` until other threads have done some of the work. */
function untilShared(pool: ThreadPool, run: () => void): void {
  const before = pool.doneByOthers();
  do run();
  while (pool.doneByOthers() === before);
}

const random = (i: number): number => Math.sin(i * 12.9898) * 3;

const filledOnce = new Map<string, TypedArray>();

/** New array of `n` values that depend only on the arguments. */
function filled(type: ScalarType, n: number, seed: number): TypedArray {
  const name = `${type} ${n} ${seed}`;
  const known = filledOnce.get(name) ?? fill(makeArray(type, n), type, seed);
  filledOnce.set(name, known);
  return known.slice();
}

function fill(array: TypedArray, type: ScalarType, seed: number): TypedArray {
  const isFloat = type === "f64" || type === "f32";
  for (let i = 0; i < array.length; i++) array[i] = isFloat ? random(i + seed) : (i * 7 + seed) % 11;
  return array;
}

/** Operands of a routine; equal on each call. */
function slotsFor(routine: Routine, scalar = 3): { inputs: KernelValue[]; outputs: KernelValue[] } {
  return {
    inputs: routine.inputs.map((port, n): KernelValue =>
      port.kind === "scalar"
        ? port.type === "bool"
          ? 1
          : scalar
        : { array: filled(port.buffer.type, lengthOf(port.buffer), n), offset: 0 },
    ),
    outputs: routine.outputs.map((port): KernelValue =>
      port.kind === "scalar" ? NaN : { array: makeArray(port.buffer.type, lengthOf(port.buffer)), offset: 0 },
    ),
  };
}

/** Operands of a routine whose input `n` sets its sizes; the arrays are large enough for every size derived from it. */
function slotsForLength(routine: Routine, n: number): [inputs: KernelValue[], outputs: KernelValue[]] {
  const room = 20 * n + 40;
  return [
    routine.inputs.map((port, seed): KernelValue =>
      port.kind === "scalar" ? n : { array: filled(port.buffer.type, room, seed), offset: 0 },
    ),
    routine.outputs.map((port): KernelValue =>
      port.kind === "scalar" ? NaN : { array: makeArray(port.buffer.type, room), offset: 0 },
    ),
  ];
}

function outcomeOf(run: CompiledRoutine, inputs: KernelValue[], outputs: KernelValue[]): number[] {
  run(inputs, outputs);
  return outputs.flatMap((slot) => (typeof slot === "number" ? [slot] : [...slot.array]));
}

/** Runs a routine once and returns its outputs: scalars and elements in order. */
function outcome(routine: Routine, run: CompiledRoutine): number[] {
  const { inputs, outputs } = slotsFor(routine);
  return outcomeOf(run, inputs, outputs);
}

function expectSame(got: readonly number[], expected: readonly number[], what: () => string): void {
  const place = got.findIndex((x, i) => !Object.is(x, expected[i]));
  if (place >= 0 || got.length !== expected.length)
    throw new Error(`${String(got[place])} instead of ${String(expected[place])} at ${place}: ${what()}`);
}

const buffer = (name: string, type: ScalarType, size: number): Port & { readonly kind: "buffer" } => ({
  kind: "buffer",
  buffer: { name, type, size },
});

/** Routine `c[i] = f(a[i], b[i])`. */
function elementwise(
  n: number,
  type: ScalarType,
  f: (x: Expr, y: Expr) => Expr,
  to: Expr = k.i32(n),
): Routine {
  const block = k.makeBlock();
  block.forEach("i", k.i32(0), to, (loop, i) =>
    loop.store("c", i, f(loop.let("x", k.load(type, "a", i)), loop.let("y", k.load(type, "b", i)))),
  );
  return {
    name: "elementwise",
    inputs: [buffer("a", type, n), buffer("b", type, n)],
    outputs: [buffer("c", type, n)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

const sums = elementwise(300_000, "f64", k.add);

const extent = (dims: readonly Dim<number>[], operand: "out" | "left" | "right"): number =>
  dims.reduce((last, dim) => last + Math.max(0, dim.size - 1) * dim[operand], 0) + 1;

function contraction(type: "f64" | "f32" | "i32", dims: readonly Dim<number>[], accumulate = false): Routine {
  const block = k.makeBlock();
  const at = (name: string): { buffer: string; offset: Expr } => ({ buffer: name, offset: k.i32(0) });
  const out = extent(dims, "out");
  if (accumulate)
    block.for("i", k.i32(0), k.i32(out), (loop, i) => loop.store("out", i, k.load(type, "before", i)));
  block.contract({
    name: "dot",
    type,
    out: at("out"),
    left: at("left"),
    right: at("right"),
    dims,
    accumulate,
  });
  return {
    name: "product",
    inputs: [
      buffer("left", type, extent(dims, "left")),
      buffer("right", type, extent(dims, "right")),
      buffer("before", type, out),
    ],
    outputs: [buffer("out", type, out)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

const row = (size: number, out: number, left: number): Dim<number> => ({
  role: "row",
  size,
  out,
  left,
  right: 0,
});
const column = (size: number, out: number, right: number): Dim<number> => ({
  role: "column",
  size,
  out,
  left: 0,
  right,
});
const sum = (size: number, left: number, right: number): Dim<number> => ({
  role: "sum",
  size,
  out: 0,
  left,
  right,
});
const batch = (size: number, out: number, left: number, right: number): Dim<number> => ({ role: "batch", size, out, left, right }); // prettier-ignore

const contractions: readonly (readonly [string, readonly Dim<number>[]])[] = [
  ["a product", [row(67, 90, 70), column(90, 1, 1), sum(70, 1, 90)]],
  ["a product, sizes powers of two", [row(64, 128, 256), column(128, 1, 1), sum(256, 1, 128)]],
  ["a product with long sums", [row(330, 35, 700), column(35, 1, 1), sum(700, 1, 35)]],
  ["a transposed left operand", [row(67, 90, 1), column(90, 1, 1), sum(70, 67, 90)]],
  ["a transposed right operand", [row(67, 90, 70), column(90, 1, 70), sum(70, 1, 1)]],
  ["a row times a matrix", [row(1, 900, 300), column(900, 1, 1), sum(300, 1, 900)]],
  ["a matrix times a column", [row(300, 1, 200), column(1, 1, 1), sum(200, 1, 1)]],
  ["a batch", [batch(5, 70 * 20, 70 * 30, 30 * 20), row(70, 20, 30), column(20, 1, 1), sum(30, 1, 20)]],
  ["many small ones", [batch(500, 9, 9, 9), row(3, 3, 3), column(3, 1, 1), sum(3, 1, 3)]],
  ["an outer product", [row(200, 150, 1), column(150, 1, 1), sum(1, 1, 150)]],
  [
    "a convolution",
    [
      row(8, 24 * 24, 75),
      column(24, 24, 28),
      column(24, 1, 1),
      sum(3, 25, 28 * 28),
      sum(5, 5, 28),
      sum(5, 1, 1),
    ],
  ],
];

describe("threads that share work", () => {
  let shared: ThreadPool | undefined; // for tests that do not change it

  test("compute the interpreter's bits for random routines, in units of one iteration", async () => {
    const pool = await started((shared ??= openPool(3)));
    let sharedLoops = 0;
    fc.assert(
      fc.property(routines(), (routine) => {
        const run = compile(routine, pool, { chunkWork: 1, limit: 60 });
        sharedLoops += run.size?.shared ?? 0;
        const expected = outcome(routine, interpBackend.compile(routine));
        for (let repeat = 0; repeat < 3; repeat++)
          expectSame(outcome(routine, run), expected, () => printRoutine(routine));
        run.release?.();
      }),
      { numRuns: quickly(60, 150), seed: 20250301 },
    );
    expect(sharedLoops).toBeGreaterThan(20);
    expect(pool.doneByOthers()).toBeGreaterThan(0);
    expect(bufferSize).toBeGreaterThan(2);
  });

  test("share loops and products with lengths known only at the call, with the interpreter's bits", async () => {
    const pool = await started((shared ??= openPool(3)));
    const routinesOfCalls = [reversed, running, products("batch", true), products("row", false)];
    for (const routine of routinesOfCalls) {
      for (const chunkWork of [1, 4096]) {
        const run = compile(routine, pool, { chunkWork });
        expect(run.size?.shared).toBeGreaterThan(0);
        const oracle = sizedInterp.compile(routine);
        for (const n of [0, 1, 9, 300, 5000, 40]) {
          const expected = outcomeOf(oracle, ...slotsForLength(routine, n));
          expectSame(
            outcomeOf(run, ...slotsForLength(routine, n)),
            expected,
            () => `${routine.name} of ${n}`,
          );
        }
        run.release?.();
      }
    }
    expect(pool.doneByOthers()).toBeGreaterThan(0);
  });

  test.each(contractions.map(([name, dims], i) => [name, dims, i] as const))(
    "compute the bits of a single thread: %s",
    async (_, dims, i) => {
      const pool = await started((shared ??= openPool(3)));
      const isRelaxed = detectFeatures().relaxed;
      const both = [false, true];
      for (const [n, type] of (["f32", "f64", "i32"] as const).entries()) {
        // the quick extent alternates between the two values of `accumulate`, each with one kind of rounding
        for (const accumulate of both.filter((one) => quickly(0, 1) === 1 || one === ((i + n) % 2 === 1))) {
          const roundings = both.filter((one) => one === accumulate || quickly(0, 1) === 1);
          for (const relaxed of isRelaxed ? roundings : [false]) {
            const routine = contraction(type, dims, accumulate);
            const options = { chunkWork: 1, relaxed };
            const expected = outcome(routine, compile(routine, undefined, options));
            const run = compile(routine, pool, options);
            expect(run.size?.shared).toBeGreaterThan(0);
            for (let repeat = 0; repeat < 2; repeat++)
              expectSame(outcome(routine, run), expected, () => `${type} ${accumulate} ${relaxed}`);
            run.release?.();
          }
        }
      }
    },
  );

  test.each([5, 2, 3].slice(0, quickly(1, 3)))(
    "compute the bits of a single thread with %d threads, with relaxed arithmetic",
    async (threads) => {
      const pool = await started(openPool(threads));
      const relaxed = detectFeatures().relaxed;
      const f = (x: Expr, y: Expr): Expr =>
        k.mulAdd(k.call(tanh32, x), k.call(exp32, k.neg(k.abs(y))), k.call(sin32, x));
      const routine = elementwise(200_003, "f32", f);
      const expected = outcome(routine, compile(routine, undefined, { relaxed }));
      const run = compile(routine, pool, { relaxed });
      expect(run.size?.shared).toBe(1);
      untilShared(pool, () => expectSame(outcome(routine, run), expected, () => "elementwise"));
      pool.close();
    },
  );

  testInCi(
    "have private memory within a kernel: for locals carried between its parts, and for products",
    async () => {
      const pool = await started(openPool(3));
      const n = 64;
      const block = k.makeBlock();
      block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
        const x = loop.let("x", k.load("f64", "in", i));
        let y = x;
        for (let step = 0; step < 12; step++)
          y = loop.let(`y${step}`, k.add(k.call(exp64, k.neg(k.abs(y))), x));
        loop.contract({
          name: "dot",
          type: "f64",
          out: { buffer: "out", offset: k.mul(i, k.i32(36)) },
          left: { buffer: "left", offset: k.i32(0) },
          right: { buffer: "right", offset: k.mul(i, k.i32(600)) },
          dims: [row(6, 6, 100), column(6, 1, 100), sum(100, 1, 1)],
          accumulate: false,
        });
        loop.store("sum", i, y);
      });
      const routine: Routine = {
        name: "private",
        inputs: [buffer("in", "f64", n), buffer("left", "f64", 600), buffer("right", "f64", 600 * n)],
        outputs: [buffer("out", "f64", 36 * n), buffer("sum", "f64", n)],
        temps: [],
        arenaBytes: 0,
        body: block.statements,
      };
      const options = { chunkWork: 1, limit: 1 };
      const expected = outcome(routine, interpBackend.compile(routine));
      expectSame(outcome(routine, compile(routine, undefined, options)), expected, () => "alone");
      const run = compile(routine, pool, options);
      for (let repeat = 0; repeat < 20; repeat++) untilShared(pool, () => expectSame(outcome(routine, run), expected, () => "shared")); // prettier-ignore
      pool.close();
    },
  );

  test("share loops with computed bounds if they are long", async () => {
    const pool = await started(openPool(2));
    const made = elementwise(200_000, "f64", (x, y) => k.call(exp64, k.mul(x, y)), k.local("i32", "n"));
    const routine: Routine = {
      ...made,
      inputs: [{ kind: "scalar", name: "n", type: "i32" }, ...made.inputs],
    };
    const [alone, run] = [compile(routine), compile(routine, pool)];
    for (const n of [-5, 0, 1, 1000, 150_001, 200_000]) {
      const [expected, got] = [slotsFor(routine, n), slotsFor(routine, n)];
      alone(expected.inputs, expected.outputs);
      const before = pool.doneByOthers();
      run(got.inputs, got.outputs);
      if (n <= 1000) expect(pool.doneByOthers()).toBe(before);
      else untilShared(pool, () => run(got.inputs, got.outputs));
      expectSame(
        [...(got.outputs[0] as BufferView).array],
        [...(expected.outputs[0] as BufferView).array],
        () => `${n}`,
      );
    }
    pool.close();
  });

  testInCi("do not share a routine with a statement of more outer locals than a function may have", () => {
    const made = elementwise(200_000, "f64", (x, y) => k.call(exp64, k.mul(x, y)));
    const block = k.makeBlock();
    const factor = k.local("f64", "factor");
    const values = Array.from({ length: 50_100 }, (_, i) => block.let(`v${i}`, k.mul(factor, k.f64(i))));
    block.if(k.lt(k.f64(0), factor), (then) =>
      values.forEach((value, i) => then.store("many", k.i32(i), value)),
    );
    const routine: Routine = {
      ...made,
      inputs: [{ kind: "scalar", name: "factor", type: "f64" }, ...made.inputs],
      outputs: [...made.outputs, buffer("many", "f64", values.length)],
      body: [...block.statements, ...made.body],
    };
    const pool = openPool(2);
    expectSame(
      outcome(routine, compile(routine, pool)),
      outcome(routine, interpBackend.compile(routine)),
      () => "",
    );
    pool.close();
  });

  test("are not started before work is long enough", () => {
    const pool = openPool(2);
    const short = compile(elementwise(1000, "f64", k.add), pool);
    expect(short.size?.shared).toBe(0);
    short(slotsFor(sums).inputs, slotsFor(sums).outputs);
    expect(pool.workers()).toHaveLength(0);
    const long = compile(sums, pool);
    expect(pool.workers()).toHaveLength(0);
    long(slotsFor(sums).inputs, slotsFor(sums).outputs);
    expect(pool.workers()).toHaveLength(1);
    pool.close();
  });

  test("join work that started without them", () => {
    const f = (x: Expr, y: Expr): Expr =>
      Array.from({ length: 10 }).reduce<Expr>((sum) => k.call(exp64, k.neg(k.mul(sum, y))), x);
    let doneByOthers = 0;
    for (let n = 500_000; doneByOthers === 0; n *= 2) {
      const routine = elementwise(n, "f64", f);
      const pool = openPool(2);
      const found = outcome(routine, compile(routine, pool)); // a single call, which starts the thread
      doneByOthers = pool.doneByOthers();
      pool.close();
      if (doneByOthers > 0) expectSame(found, outcome(routine, compile(routine)), () => "joined");
    }
    expect(doneByOthers).toBeGreaterThan(0);
  });

  test("are started after enough work to be worth it", () => {
    const pool = makePool(2, arena, always);
    pools.push(pool);
    const run = compile(sums, pool);
    const { inputs, outputs } = slotsFor(sums);
    let runs = 0;
    for (; pool.workers().length === 0; runs++) run(inputs, outputs);
    expect(runs).toBeGreaterThan(20); // each takes less than a millisecond
    expect(runs).toBeLessThan(1000);
    pool.close();
  });

  test("may end between runs: the others continue", async () => {
    const pool = await started(openPool(3));
    const run = compile(sums, pool);
    const expected = outcome(sums, compile(sums));
    untilShared(pool, () => expectSame(outcome(sums, run), expected, () => "all"));
    for (const worker of pool.workers()) {
      const before = pool.up();
      worker.terminate();
      for (let repeat = 0; repeat < 5; repeat++) expectSame(outcome(sums, run), expected, () => "one less");
      while (pool.up() === before) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(pool.up()).toBe(1);
    expectSame(outcome(sums, run), expected, () => "alone");
  });

  test("end when the pool closes, and compiled code runs without them", async () => {
    const pool = await started(openPool(3));
    const run = compile(sums, pool);
    const expected = outcome(sums, run);
    pool.close();
    expect(pool.up()).toBe(1);
    expectSame(outcome(sums, run), expected, () => "after the end");
  });

  test("do not hang a program if a kernel fails", async () => {
    const pool = await started(openPool(2));
    const broken = elementwise(300_000, "f64", (x) => k.add(x, k.load("f64", "a", k.i32(400_000_000))));
    const run = compile(broken, pool);
    const { inputs, outputs } = slotsFor(broken);
    // the engine's own error, unless only another thread met it
    expect(() => run(inputs, outputs)).toThrow(/out of bounds|a thread ended/);
    const next = compile(sums, pool);
    expectSame(outcome(sums, next), outcome(sums, compile(sums)), () => "afterwards");
    pool.close();
  });

  test("report a failure in their part, and later work is computed without them", async () => {
    const n = 400_000;
    const block = k.makeBlock();
    block.forEach("i", k.i32(0), k.i32(n), (loop, i) => {
      // beyond the end of the memory, right after the quarter that the calling thread takes first
      const at = loop.let("at", k.select(k.eq(i, k.i32(n / 4 + 100)), k.i32(400_000_000), i));
      loop.store("c", i, k.call(exp64, k.load("f64", "a", at)));
    });
    const broken: Routine = {
      name: "broken",
      inputs: [buffer("a", "f64", n)],
      outputs: [buffer("c", "f64", n)],
      temps: [],
      arenaBytes: 0,
      body: block.statements,
    };
    const expected = outcome(sums, compile(sums));
    let message = "";
    while (!message.includes("a thread ended in the middle of its part")) {
      const pool = await started(openPool(2));
      const run = compile(broken, pool);
      const next = compile(sums, pool);
      const { inputs, outputs } = slotsFor(broken);
      try {
        run(inputs, outputs);
      } catch (error) {
        message = String(error);
      }
      expect(message).toMatch(/out of bounds|a thread ended/);
      if (message.includes("a thread ended")) expect([pool.up(), pool.workers().length]).toEqual([1, 0]);
      expectSame(outcome(sums, next), expected, () => "afterwards");
      pool.close();
    }
  });

  testInCi("access arrays beyond the size of the memory at their start", async () => {
    const pool = await started(openPool(3));
    const n = 300_000;
    const before = arena.stats().size;
    const addresses: number[] = [];
    while (arena.stats().size === before) addresses.push(arena.allocate(8 * n, "code")); // some of them straddle the old end
    for (let i = 0; i < 3; i++) addresses.push(arena.allocate(8 * n, "code"));
    const expected = outcome(sums, compile(sums));
    const run = compile(sums, pool); // its bytes may also be there
    const { inputs, outputs } = slotsFor(sums);
    const slots = [...inputs, ...outputs].map((slot, k): KernelValue => {
      const array = arena.view("f64", addresses.at(k - 3)!, n);
      array.set((slot as BufferView).array);
      return { array, offset: 0 };
    });
    untilShared(pool, () => {
      run(slots.slice(0, 2), slots.slice(2));
      expectSame([...(slots[2] as BufferView).array], expected, () => "in memory that has grown");
    });
    for (const address of addresses) arena.free(address);
    pool.close();
  });

  testInCi("never confuse a module with an earlier one at the same address", async () => {
    const pool = await started(openPool(4));
    const { inputs, outputs } = slotsFor(sums);
    const alone: number[][] = [];
    for (let round = 0; round < quickly(60, 150); round++) {
      const which = round % 5;
      const routine = elementwise(300_000, "f64", (x, y) => k.add(k.mul(x, k.f64(which)), y));
      if (round < 5) alone.push(outcome(routine, compile(routine)));
      const run = compile(routine, pool);
      // some threads are still on their way to this work when it is done, released, and followed by the next
      run(inputs, outputs);
      run.release?.();
      const { array } = outputs[0] as BufferView;
      for (let i = 0; i < array.length; i += 997)
        if (array[i] !== alone[which]![i]) throw new Error(`${array[i]} instead of ${alone[which]![i]}`);
    }
    expect(pool.doneByOthers()).toBeGreaterThan(0);
    pool.close();
  });

  test("free their memory when they end, are not woken afterwards, and end once", async () => {
    const used = arena.stats().used;
    const pool = await started(openPool(3));
    pool.reserve(100_000);
    expect(arena.stats().used).toBeGreaterThan(used + 2 * 100_000);
    pool.close();
    pool.close();
    expect(arena.stats().used).toBeLessThan(used + 1000);
    pool.reserve(100_000);
    pool.start();
    expect(pool.workers()).toHaveLength(0);
    expect(arena.stats().used).toBeLessThan(used + 1000);
    const run = compile(sums, pool);
    expectSame(outcome(sums, run), outcome(sums, compile(sums)), () => "after the end");
    expect(pool.doneByOthers()).toBe(0);
  });

  test("that end while starting are not waited for", () => {
    const pool = openPool(4);
    const run = compile(sums, pool);
    const expected = outcome(sums, compile(sums));
    expectSame(outcome(sums, run), expected, () => "while they start");
    pool.close();
    for (let repeat = 0; repeat < 5; repeat++)
      expectSame(outcome(sums, run), expected, () => "after the end");
  });

  testInCi("keep few modules, and recompile those that they need again", async () => {
    const pool = await started(openPool(2));
    const all = Array.from({ length: 70 }, (_, i) => {
      const routine = elementwise(30_000, "f64", (x, y) => k.mul(k.add(x, k.f64(i)), k.call(exp64, y)));
      return { routine, run: compile(routine, pool), expected: outcome(routine, compile(routine)) };
    });
    for (const { routine, run, expected } of [...all, ...all])
      untilShared(pool, () => expectSame(outcome(routine, run), expected, () => "one of many"));
    pool.close();
  });
});

import { setFlagsFromString } from "node:v8";
import { afterAll, describe, expect, test } from "vitest";
import { makeModule } from "./module.ts";
import type { FunctionBody } from "./body.ts";
import { detectFeatures } from "../host/features.ts";
import type { Opcode, OpcodeName, ValueType } from "./opcodes.ts";
import { opcode, opcodes, signatureOf, widthOf } from "./opcodes.ts";
import type { Value } from "./testdata/reference.ts";
import {
  expected,
  floatLanes,
  ofFloats,
  ofIntegers,
  shapeOf,
  sizeOf,
  unsignedLanes,
} from "./testdata/reference.ts";
import { extent } from "../../../../../test/support/extent.ts";
import { testWith } from "../../../../../test/support/conditions.ts";

// Compiles every row of the opcode table in a module of its own and runs it.

setFlagsFromString("--experimental-wasm-relaxed-simd"); // on by default from Node 22 on
const features = detectFeatures();

const tested = new Set<OpcodeName>();

const i32s = [0, 1, -1, 2, 7, 31, 33, 127, 128, 255, 32767, 65536, 0x12345678, 2147483647, -2147483648].map(
  BigInt,
);
const i64s = [
  ...i32s,
  1n << 32n,
  (1n << 53n) + 1n,
  -(1n << 40n) - 1n,
  (1n << 63n) - 1n,
  -(1n << 63n),
  0xfedcba9876543210n,
];
const floats = [
  0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999997, 1e-40, 5e-324, 3.4e38, -1e300, 16777217, 2147483648,
];
const edges = [2147483647, 4294967295, 4294967296, -2147483648, -2147483649, 9.3e18, -1e19, 2e19, -0.9];
const hardFloats = [...floats, ...edges, Infinity, -Infinity, NaN];

const samples: Readonly<Record<ValueType, readonly Value[]>> = {
  i32: i32s.map((x) => ofIntegers([x], 32)),
  i64: i64s.map((x) => ofIntegers([x], 64)),
  f32: hardFloats.map((x) => ofFloats([x], 32)),
  f64: hardFloats.map((x) => ofFloats([x], 64)),
  v128: [
    ofIntegers([0n, 1n, -1n, 127n, -128n, 64n, -64n, 100n, 200n, 3n, 15n, 16n, 17n, 31n, 85n, 170n], 8),
    ofIntegers([15n, 14n, 13n, 3n, 2n, 1n, 0n, 7n, 7n, 8n, 9n, 120n, 127n, 126n, 1n, 2n], 8),
    ofIntegers([0n, 1n, -1n, 32767n, -32768n, 255n, -256n, 0x1234n], 16),
    ofIntegers([-32768n, 300n, -300n, -32768n, -32768n, 127n, 128n, 0x7fffn], 16),
    ofIntegers([0n, -1n, 2147483647n, -2147483648n], 32),
    ofIntegers([65535n, -65536n, 70000n, -2147483648n], 32),
    ofIntegers([(1n << 63n) - 1n, -(1n << 63n)], 64),
    ofIntegers([0xfedcba9876543210n, 0x0123456789abcdefn], 64),
    ofFloats([1.5, -0, 3e38, 1.0000001], 32),
    ofFloats([NaN, 0, -Infinity, 1.0000001], 32),
    ofFloats([2147483648, -3e9, 4294967040, -0.5], 32),
    ofFloats([1.0000000000000002, -0.5], 64),
    ofFloats([NaN, 4294967295.5], 64),
    ofFloats([-0, 1e300], 64),
    ofIntegers([0n, 0n], 64),
  ],
};

const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
const bytes = new Uint8Array(memory.buffer);
const resultAt = 256;

type Run = (...args: (number | bigint)[]) => unknown;

/** Compiles a module with one function, whose body `write` writes. The function may use the shared memory. */
function compile(
  params: readonly ValueType[],
  results: readonly ValueType[],
  write: (body: FunctionBody) => void,
): Run {
  const module = makeModule();
  module.importMemory("env", "memory", { initial: 1, maximum: 2, shared: true });
  write(module.function("run", { params, results, exported: true }).body);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  return instance.exports["run"] as Run;
}

const loadOf = (type: ValueType): OpcodeName => `${type}.load`;
const storeOf = (type: ValueType): OpcodeName => `${type}.store`;

/** Compiles a function that loads its operands from addresses 0, 16, 32, … and stores the result at `resultAt`. */
function compileRow(row: Opcode, write: (body: FunctionBody) => void): () => void {
  const run = compile([], [], (body) => {
    const [result] = signatureOf(row).results;
    if (result) body.i32Const(resultAt);
    for (const [i, type] of signatureOf(row).params.entries()) {
      body.i32Const(16 * i);
      body.memory(loadOf(type));
    }
    write(body);
    if (result) body.memory(storeOf(result));
  });
  return () => void run();
}

/** Cartesian product: all lists with one item of each of `lists`. */
function product<Item>(lists: readonly (readonly Item[])[]): Item[][] {
  return lists.reduce<Item[][]>(
    (all, list) => all.flatMap((start) => list.map((item) => [...start, item])),
    [[]],
  );
}

/**
 * Operands of each call. The quick extent takes every fifth list of three operands: any two samples of two operands
 * still occur together, with some samples of the third.
 */
function drawnFrom(all: readonly (readonly (readonly [place: number, sample: Value])[])[]): Value[][] {
  const isDrawn = (places: readonly number[]): boolean =>
    places.length < 3 || places.reduce((sum, place) => sum + place) % extent(5, 1) === 0;
  return all
    .filter((list) => isDrawn(list.map(([place]) => place)))
    .map((list) => list.map(([, sample]) => sample));
}

const isExact = /\.(abs|neg|copysign|reinterpret|splat|replace_lane|extract_lane)/;

/**
 * Whether each lane of `actual` equals that lane of one of `options`. All NaNs are equal, except for instructions that
 * only move bits.
 */
function agrees(row: Opcode, actual: Value, options: readonly Value[]): boolean {
  const [result] = signatureOf(row).results;
  const shape = shapeOf(result === "v128" ? (row.name.split(".")[0] ?? "") : (result ?? ""));
  const bits = unsignedLanes(actual, shape.bits);
  const isNan = (value: Value, lane: number): boolean =>
    shape.float && !isExact.test(row.name) && Number.isNaN(floatLanes(value, shape.bits)[lane]);
  return bits.every((lane, i) =>
    options.some(
      (option) => unsignedLanes(option, shape.bits)[i] === lane || (isNan(option, i) && isNan(actual, i)),
    ),
  );
}

/** Runs an instruction on all samples and describes the first wrong result, or returns `undefined`. */
function faultOf(row: Opcode, lane: number, write: (body: FunctionBody) => void): string | undefined {
  tested.add(row.name);
  const run = compileRow(row, write);
  const size = sizeOf(signatureOf(row).results[0] ?? "i32");
  for (const operands of drawnFrom(
    product(signatureOf(row).params.map((type) => [...samples[type].entries()])),
  )) {
    if (row.name.includes("_dot_i8x16_i7x16"))
      operands[1] = (operands[1] ?? new Uint8Array()).map((x) => x & 127);
    for (const [i, operand] of operands.entries()) bytes.set(operand, 16 * i);
    const options = expected(row, operands, lane);
    const call = `${row.name}, lane ${lane}, of ${operands.join(" ; ")}`;
    if (options === "trap") {
      if (!traps(run)) return `${call}: no trap`;
      continue;
    }
    run();
    const actual = bytes.slice(resultAt, resultAt + size);
    if (!agrees(row, actual, options)) return `${call}: ${actual.join()}, expected ${options.join(" or ")}`;
  }
  return undefined;
}

function traps(run: () => void): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError;
  }
}

const isFixed = (row: Opcode): boolean =>
  signatureOf(row).params.length > 0 && signatureOf(row).results.length > 0;
const isRelaxed = (row: Opcode): boolean => row.name.includes("relaxed");

describe("an instruction without immediates has the result of the specification", () => {
  const rows = opcodes().filter((row) => row.immediate === "none" && isFixed(row));
  test.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
    if (isRelaxed(row)) expect(features.relaxed).toBe(true);
    expect(faultOf(row, 0, (body) => body.op(row.name))).toBeUndefined();
  });
});

describe("an instruction with a lane index uses that lane", () => {
  const rows = opcodes().filter((row) => row.immediate === "lane");
  test.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
    const { bits } = shapeOf(row.name.split(".")[0] ?? "");
    for (let lane = 0; lane < 128 / bits; lane++)
      expect(faultOf(row, lane, (body) => body.lane(row.name, lane))).toBeUndefined();
  });
});

describe("loads and stores", () => {
  const pattern = Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 129) & 255);
  const rows = opcodes().filter((row) => widthOf(row) > 0 && !/rmw|notify|wait/.test(row.name));

  /** Expected result of a load that reads the bytes `read`. */
  function loaded(row: Opcode, read: Value, old: Value, lane: number): Value {
    const [, access = ""] = /(?:load)(.*)$/.exec(row.name) ?? [];
    const size = sizeOf(signatureOf(row).results[0] ?? "i32");
    const out = new Uint8Array(size);
    if (access.endsWith("_lane")) {
      out.set(old);
      out.set(read, lane * widthOf(row));
    } else if (access.endsWith("_splat")) {
      out.set(Array.from(out, (_, i) => read[i % widthOf(row)] ?? 0));
    } else if (/^\d+x/.test(access)) {
      const bits = Number(/^\d+/.exec(access)?.[0]);
      const lanes = unsignedLanes(read, bits);
      out.set(
        ofIntegers(
          lanes.map((x) => (access.endsWith("_s") ? BigInt.asIntN(bits, x) : x)),
          2 * bits,
        ),
      );
    } else {
      const negative = access.endsWith("_s") && (read.at(-1) ?? 0) >= 128;
      out.fill(negative ? 255 : 0);
      out.set(read);
    }
    return out;
  }

  test.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
    tested.add(row.name);
    const isLane = row.immediate === "memoryLane";
    const isAtomic = row.name.includes("atomic");
    const base = isAtomic ? 1000 : 1001; // others need no alignment
    for (let lane = 0; lane < (isLane ? 16 / widthOf(row) : 1); lane++) {
      for (const offset of [0, 8, 200]) {
        const old = samples.v128[7] ?? new Uint8Array(16);
        const write = (body: FunctionBody): void =>
          isLane ? body.memoryLane(row.name, lane, offset) : body.memory(row.name, offset);
        if (signatureOf(row).results.length > 0) {
          bytes.set(pattern, base + offset);
          bytes.set(old, 16);
          bytes.set(ofIntegers([BigInt(base)], 32), 0);
          compileRow(row, write)();
          const size = sizeOf(signatureOf(row).results[0] ?? "i32");
          const read = pattern.slice(0, widthOf(row));
          expect(Array.from(bytes.slice(resultAt, resultAt + size))).toEqual([
            ...loaded(row, read, old, lane),
          ]);
        } else {
          bytes.fill(9, base, base + 300);
          bytes.set(pattern, 16);
          bytes.set(ofIntegers([BigInt(base)], 32), 0);
          compileRow(row, write)();
          const stored = pattern.slice(lane * widthOf(row), (lane + 1) * widthOf(row));
          const wanted = new Uint8Array(300).fill(9);
          wanted.set(stored, offset);
          expect(Array.from(bytes.slice(base, base + 300))).toEqual([...wanted]);
        }
      }
    }
  });
});

describe("atomic read-modify-write instructions return the old value", () => {
  const rows = opcodes().filter((row) => row.name.includes("rmw"));
  const change: Readonly<Record<string, (old: bigint, x: bigint, y: bigint) => bigint>> = {
    add: (old, x) => old + x,
    sub: (old, x) => old - x,
    and: (old, x) => old & x,
    or: (old, x) => old | x,
    xor: (old, x) => old ^ x,
    xchg: (_, x) => x,
    cmpxchg: (old, x, y) => (old === x ? y : old),
  };
  test.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
    tested.add(row.name);
    const type = signatureOf(row).results[0] ?? "i32";
    const op = change[/rmw\d*\.([a-z]+)/.exec(row.name)?.[1] ?? ""];
    const run = compileRow(row, (body) => body.memory(row.name, 8));
    const bits = 8 * widthOf(row);
    for (const old of [0n, 5n, 0xfedcba9876543210n].map((x) => BigInt.asUintN(bits, x))) {
      for (const x of [old, 3n, -1n]) {
        const y = 0x77n;
        bytes.fill(9, 1000, 1032);
        bytes.set(ofIntegers([old], bits), 1008);
        bytes.set(ofIntegers([1000n], 32), 0);
        bytes.set(ofIntegers([x], 8 * sizeOf(type)), 16);
        bytes.set(ofIntegers([y], 8 * sizeOf(type)), 32);
        run();
        const result = bytes.slice(resultAt, resultAt + sizeOf(type));
        expect([...result]).toEqual([...ofIntegers([old], 8 * sizeOf(type))]);
        const after = op?.(old, type === "i64" && bits === 64 ? BigInt.asUintN(64, x) : x, y) ?? 0n;
        expect(Array.from(bytes.slice(1007, 1009 + widthOf(row)))).toEqual([
          9,
          ...ofIntegers([after], bits),
          9,
        ]);
      }
    }
  });
});

/**
 * Instructions whose effect is not a value computed from operands: each with a test that runs it and checks the effect.
 */
const others: Readonly<Partial<Record<OpcodeName, () => void>>> = {
  unreachable: () => expect(compile([], [], (body) => body.op("unreachable"))).toThrow("unreachable"),
  nop: () => expect(compile([], [], (body) => body.op("nop"))()).toBeUndefined(),
  block() {
    const run = compile(["i32"], ["i32"], (body) => {
      body.block("i32");
      body.localGet(0);
      body.end();
    });
    expect(run(5)).toBe(5);
  },
  loop() {
    const run = compile(["i32"], ["i32"], (body) => {
      const again = body.loop(); // doubles until 100 is reached
      body.localGet(0);
      body.i32Const(1);
      body.op("i32.shl");
      body.localTee(0);
      body.i32Const(100);
      body.op("i32.lt_s");
      body.brIf(again);
      body.end();
      body.localGet(0);
    });
    expect(run(3)).toBe(192);
  },
  if() {
    const run = compile(["i32"], ["i32"], (body) => {
      body.localGet(0);
      body.if("i32");
      body.i32Const(1);
      body.else();
      body.i32Const(2);
      body.end();
    });
    expect([run(7), run(0)]).toEqual([1, 2]);
  },
  br() {
    const run = compile([], ["i32"], (body) => {
      const out = body.block("i32");
      body.block("i32");
      body.i32Const(1);
      body.br(out);
      body.end();
      body.op("drop");
      body.i32Const(2);
      body.end();
    });
    expect(run()).toBe(1);
  },
  return() {
    const run = compile([], ["i32"], (body) => {
      body.i32Const(1);
      body.return();
      body.op("drop");
      body.i32Const(2);
    });
    expect(run()).toBe(1);
  },
  call() {
    const module = makeModule();
    const callee = module.function("callee", { results: ["i32"] });
    callee.body.i32Const(3);
    const { body } = module.function("run", { results: ["i32"], exported: true });
    body.call(callee);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()));
    expect((instance.exports["run"] as Run)()).toBe(3);
  },
  select() {
    const run = compile(["i32"], ["f64"], (body) => {
      body.f64Const(1.5);
      body.f64Const(2.5);
      body.localGet(0);
      body.op("select");
    });
    expect([run(1), run(0)]).toEqual([1.5, 2.5]);
  },
  select_t() {
    const run = compile(["i32"], ["f32"], (body) => {
      body.f32Const(1.5);
      body.f32Const(2.5);
      body.localGet(0);
      body.select("f32");
    });
    expect([run(1), run(0)]).toEqual([1.5, 2.5]);
  },
  "local.set"() {
    const run = compile(["i64"], ["i64"], (body) => {
      const copy = body.local("i64");
      body.localGet(0);
      body.localSet(copy);
      body.localGet(copy);
    });
    expect(run(-(1n << 60n))).toBe(-(1n << 60n));
  },
  "local.tee"() {
    const run = compile(["i32"], ["i32"], (body) => {
      const copy = body.local("i32");
      body.localGet(0);
      body.localTee(copy);
      body.localGet(copy);
      body.op("i32.add");
    });
    expect(run(21)).toBe(42);
  },
  "global.set"() {
    const module = makeModule();
    const global = module.global("global", -70000);
    const { body } = module.function("run", { params: ["i32"], results: ["i32"], exported: true });
    body.globalGet(global);
    body.localGet(0);
    body.globalSet(global);
    const run = new WebAssembly.Instance(new WebAssembly.Module(module.finish())).exports["run"] as Run;
    expect([run(9), run(0)]).toEqual([-70000, 9]);
  },
  "memory.atomic.notify"() {
    const run = compile([], ["i32"], (body) => {
      body.i32Const(0);
      body.i32Const(1);
      body.memory("memory.atomic.notify", 2300);
    });
    expect(run()).toBe(0); // no thread waits
  },
  "memory.atomic.wait32"() {
    const run = compile(["i32", "i64"], ["i32"], (body) => {
      body.i32Const(0);
      body.localGet(0);
      body.localGet(1);
      body.memory("memory.atomic.wait32", 2304);
    });
    bytes.set(ofIntegers([5n], 32), 2304);
    expect([run(4, -1n), run(5, 1000n)]).toEqual([1, 2]); // value differs; timed out after a microsecond
  },
  "memory.atomic.wait64"() {
    const run = compile(["i64", "i64"], ["i32"], (body) => {
      body.i32Const(0);
      body.localGet(0);
      body.localGet(1);
      body.memory("memory.atomic.wait64", 2304);
    });
    bytes.set(ofIntegers([1n << 40n], 64), 2304);
    expect([run(0n, -1n), run(1n << 40n, 1000n)]).toEqual([1, 2]);
  },
  "i32.const"() {
    for (const value of i32s)
      expect(compile([], ["i32"], (body) => body.i32Const(Number(value)))()).toBe(Number(value));
  },
  "i64.const"() {
    for (const value of i64s)
      expect(compile([], ["i64"], (body) => body.i64Const(value))()).toBe(BigInt.asIntN(64, value));
  },
  "f32.const"() {
    for (const value of hardFloats)
      expect(compile([], ["f32"], (body) => body.f32Const(value))()).toBe(Math.fround(value));
  },
  "f64.const"() {
    for (const value of hardFloats)
      expect(compile([], ["f64"], (body) => body.f64Const(value))()).toBe(value);
  },
  "v128.const"() {
    for (const value of samples.v128) {
      compileRow(opcode("v128.const"), (body) => body.v128Const(value))();
      expect(Array.from(bytes.slice(resultAt, resultAt + 16))).toEqual([...value]);
    }
  },
  "i8x16.shuffle"() {
    const lanes = [31, 0, 16, 1, 17, 2, 18, 15, 15, 30, 4, 4, 20, 19, 9, 8];
    bytes.set(
      Uint8Array.from({ length: 32 }, (_, i) => i + 100),
      0,
    );
    compileRow(opcode("i8x16.shuffle"), (body) => body.shuffle(lanes))();
    expect(Array.from(bytes.slice(resultAt, resultAt + 16))).toEqual(lanes.map((i) => i + 100));
  },
};

/** Further instructions that the tests of `others` use. */
const alongside: Readonly<Partial<Record<OpcodeName, readonly OpcodeName[]>>> = {
  block: ["end"],
  loop: ["br_if"],
  if: ["else"],
  br: ["drop"],
  "local.set": ["local.get"],
  "global.set": ["global.get"],
};

describe("control, variables, constants and memory", () => {
  test.each(Object.keys(others) as OpcodeName[])("%s", (name) => {
    for (const one of [name, ...(alongside[name] ?? [])]) tested.add(one);
    expect.hasAssertions();
    others[name]?.();
  });
});

testWith("all rows, which a sampled run skips", process.env["DOWNHILL_SAMPLE"] !== "1")(
  "every row of the table was tested",
  () => {
    expect(opcodes().filter(({ name }) => !tested.has(name)).map(({ name }) => name)).toEqual([]); // prettier-ignore
  },
);

test("names and codes are unique", () => {
  expect(new Set(opcodes().map(({ name }) => name)).size).toBe(opcodes().length);
  expect(new Set(opcodes().map((row) => row.code)).size).toBe(opcodes().length);
});

afterAll(() => setFlagsFromString("--no-experimental-wasm-relaxed-simd"));

import { setFlagsFromString } from "node:v8";
import { describe, expect, test } from "vitest";
import { checkRoutine } from "../../../../kernel/check.ts";
import type { TypedArray } from "../../../../kernel/executable.ts";
import { makeArray } from "../../../../kernel/executable.ts";
import { expandRoutine } from "../../../../kernel/expand.ts";
import * as k from "../../../../kernel/build.ts";
import type { Buffer, Contract, Dim, ScalarType } from "../../../../kernel/scalar.ts";
import { interpBackend } from "../../../interp/index.ts";
import { makeModule } from "../../encode/module.ts";
import { moduleText } from "../../encode/text.ts";
import { maximumPages } from "../../host/tuning.ts";
import type { ContractTarget } from "../../../../codegen/contract/target.ts";
import { addContract } from "./index.ts";
import { planContract } from "../../../../codegen/contract/plan.ts";
import { contractParams } from "./units.ts";
import { extent as quickly } from "../../../../../../test/support/extent.ts";

setFlagsFromString("--experimental-wasm-relaxed-simd"); // on by default from Node 22 on

type Statement = Pick<Contract<number>, "type" | "dims" | "accumulate">;

const strictModes: Readonly<Record<string, ContractTarget>> = {
  plain: { relaxed: false, manyRegisters: false, wide: false, partProducts: Infinity },
  "plain, in small parts": { relaxed: false, manyRegisters: false, wide: false, partProducts: 1 },
  wide: { relaxed: false, manyRegisters: true, wide: true, partProducts: 1000 },
};
const relaxedMode: ContractTarget = { relaxed: true, manyRegisters: true, wide: false, partProducts: Infinity }; // prettier-ignore

/** Number of elements of an operand, from the first to the last. */
function extent(dims: readonly Dim<number>[], operand: "out" | "left" | "right"): number {
  return dims.reduce((last, dim) => last + Math.max(0, dim.size - 1) * dim[operand], 0) + 1;
}

/** Computes the expected result: interprets the contraction as plain loops and writes `out`. */
function interpret({ type, dims, accumulate }: Statement, [out, left, right]: readonly TypedArray[]): void {
  const buffer = (name: string, array: TypedArray | undefined): Buffer => ({ name, type, size: array?.length ?? 0 }); // prettier-ignore
  const place = (name: string): Contract["out"] => ({ buffer: name, offset: k.i32(0) });
  const routine = {
    name: "contract",
    inputs: [
      { kind: "buffer", buffer: buffer("left", left) },
      { kind: "buffer", buffer: buffer("right", right) },
    ] as const,
    outputs: [{ kind: "buffer", buffer: buffer("out", out) }] as const,
    temps: [],
    arenaBytes: 0,
    body: [
      { kind: "contract", name: "c", type, out: place("out"), left: place("left"), right: place("right"), dims, accumulate }, // prettier-ignore
    ] as const,
  };
  checkRoutine(routine);
  const cell = (array: TypedArray | undefined): { array: TypedArray; offset: number } => ({
    array: array ?? makeArray(type, 0),
    offset: 0,
  });
  interpBackend.compile(expandRoutine(routine))([cell(left), cell(right)], [cell(out)]);
}

/**
 * Runs the generated functions on operands in a new memory. `last` is the operand that ends at the end of the memory.
 */
function runCompiled(
  statement: Statement,
  mode: ContractTarget,
  arrays: readonly TypedArray[],
  cuts: readonly number[],
  last: number,
): TypedArray {
  const module = makeModule();
  module.importMemory("env", "memory", { initial: 1, maximum: maximumPages });
  const contract = addContract(module, new Map(), "contract", statement, mode);
  const params = contractParams.map(() => "i32" as const);
  const { body } = module.function("run", { params, exported: true });
  params.forEach((_, i) => body.localGet(i));
  body.call(contract);

  const order = [0, 1, 2].toSorted((x, y) => Number(x === last) - Number(y === last));
  let bytes = (contract.workBytes + 127) & ~127;
  for (const array of arrays) bytes += array.byteLength + 64;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536), maximum: maximumPages });
  const end = memory.buffer.byteLength;
  const all = new Uint8Array(memory.buffer).fill(0x77);
  const places: number[] = [];
  let at = (contract.workBytes + 79) & ~15;
  for (const i of order) {
    const size = arrays[i]?.byteLength ?? 0;
    places[i] = i === last ? end - size : at;
    at += size + 40; // an odd number of scalars of padding: nothing needs to be aligned to vectors
  }
  const views = arrays.map((array, i) => {
    const view = new Uint8Array(memory.buffer, places[i], array.byteLength);
    view.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return view;
  });
  const before = all.slice();
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  const run = instance.exports["run"] as (...args: number[]) => void;
  const bounds = [0, ...cuts.map((cut) => Math.floor(cut * contract.units)), contract.units];
  for (let i = bounds.length - 2; i >= 0; i--)
    run(places[0] ?? 0, places[1] ?? 0, places[2] ?? 0, 64, bounds[i] ?? 0, bounds[i + 1] ?? 0, i < bounds.length - 2 ? 1 : 0); // prettier-ignore

  const out = makeArray(statement.type, arrays[0]?.length ?? 0);
  new Uint8Array(out.buffer).set(views[0] ?? []);
  // Only `out` and the work memory may have changed.
  before.set(views[0] ?? [], places[0]);
  before.set(all.subarray(64, 64 + contract.workBytes), 64);
  expect(areEqual(before, all)).toBe(true);
  return out;
}

function areEqual(x: Uint8Array, y: Uint8Array): boolean {
  return Buffer.compare(x, y) === 0;
}

/** Pseudo-random numbers in [0, 1) with a fixed seed. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function operands({ type, dims }: Statement, random: () => number): TypedArray[] {
  return (["out", "left", "right"] as const).map((operand) => {
    const array = makeArray(type, extent(dims, operand));
    const isFloat = type === "f32" || type === "f64";
    for (let i = 0; i < array.length; i++) {
      const x = random();
      array[i] = !isFloat ? x * 2 ** 32 : x < 0.05 ? -0 : x < 0.1 ? 0 : (random() - 0.5) * 4;
    }
    return array;
  });
}

/** Message about the first element whose bits differ. */
function difference(actual: TypedArray, wanted: TypedArray): string | undefined {
  const i = wanted.findIndex((x, j) => !Object.is(x, actual[j]));
  return i < 0 ? undefined : `element ${i} is ${actual[i]}, expected ${wanted[i]}`;
}

function faultOf(
  statement: Statement,
  mode: ContractTarget,
  random: () => number,
  cuts: readonly number[] = [],
  last = 1,
): string | undefined {
  const [out, left, right] = operands(statement, random) as [TypedArray, TypedArray, TypedArray];
  const wanted = out.slice();
  interpret(statement, [wanted, left, right]);
  const fault = difference(runCompiled(statement, mode, [out, left, right], cuts, last), wanted);
  return fault && `${fault} in ${JSON.stringify(statement)}`;
}

type Role = Dim["role"];
const dim = (role: Role, size: number, out: number, left: number, right: number): Dim<number> => ({ role, size, out, left, right }); // prettier-ignore

/** Dims of out[m, n] = Σ left[m, k] · right[k, n]. `stored` has one letter per operand: `n`, or `t` if transposed. */
function product(m: number, n: number, sums: number, stored: string): Dim<number>[] {
  return [
    dim("row", m, n, stored[0] === "t" ? 1 : sums, 0),
    dim("column", n, 1, 0, stored[1] === "t" ? sums : 1),
    dim("sum", sums, 0, stored[0] === "t" ? m : 1, stored[1] === "t" ? 1 : n),
  ];
}

/**
 * Dims of a convolution without padding: images [n, ci, h, w] by weights [co, ci, kh, kw], with stride and dilation.
 */
function convolution(
  n: number,
  ci: number,
  h: number,
  w: number,
  co: number,
  kh: number,
  kw: number,
  stride = 1,
  dilation = 1,
): Dim<number>[] {
  const oh = Math.floor((h - dilation * (kh - 1) - 1) / stride) + 1;
  const ow = Math.floor((w - dilation * (kw - 1) - 1) / stride) + 1;
  return [
    dim("batch", n, co * oh * ow, 0, ci * h * w),
    dim("row", co, oh * ow, ci * kh * kw, 0),
    dim("column", oh, ow, 0, stride * w),
    dim("column", ow, 1, 0, stride),
    dim("sum", ci, 0, kh * kw, h * w),
    dim("sum", kh, 0, kw, dilation * w),
    dim("sum", kw, 0, 1, dilation),
  ];
}

/** Dims of the derivative of such a convolution with respect to the weights: sums over images and output positions. */
function weightGradient(
  n: number,
  ci: number,
  h: number,
  w: number,
  co: number,
  kh: number,
  kw: number,
): Dim<number>[] {
  const [oh, ow] = [h - kh + 1, w - kw + 1];
  return [
    dim("row", co, ci * kh * kw, oh * ow, 0),
    dim("column", ci, kh * kw, 0, h * w),
    dim("column", kh, kw, 0, w),
    dim("column", kw, 1, 0, 1),
    dim("sum", n, 0, co * oh * ow, ci * h * w),
    dim("sum", oh, 0, ow, w),
    dim("sum", ow, 0, 1, 1),
  ];
}

const shapes: Readonly<Record<string, readonly Dim<number>[]>> = {
  scalar: [],
  "dot product": [dim("sum", 300, 0, 1, 1)],
  "outer product": product(37, 41, 1, "nn"),
  "square, whole tiles": product(16, 32, 256, "nn"),
  "ragged in everything": product(53, 45, 259, "nn"),
  "right transposed": product(53, 45, 67, "nt"),
  "left transposed": product(53, 145, 67, "tn"),
  "both transposed": product(61, 83, 66, "tt"),
  "large enough to pack both": product(70, 90, 100, "tn"),
  "several blocks of sums": product(9, 10, 777, "nn"),
  "no sums": product(5, 6, 0, "nn"),
  "no rows": product(0, 6, 3, "nn"),
  "one row": product(1, 150, 300, "nn"),
  "one row of a transposed matrix": product(1, 150, 300, "nt"),
  "two rows of a transposed matrix": product(2, 61, 45, "nt"),
  "one column": product(150, 1, 300, "nn"),
  "one column of a transposed matrix": product(150, 1, 300, "tn"),
  "ten columns": product(64, 10, 128, "nn"),
  "few long rows": product(3, 2000, 9, "nn"),
  "tiny matrices": [dim("batch", 33, 9, 9, 9), dim("row", 3, 3, 3, 0), dim("column", 3, 1, 0, 1), dim("sum", 3, 0, 1, 3)], // prettier-ignore
  "tiny matrices by transposed ones": [dim("batch", 33, 16, 16, 16), dim("row", 4, 4, 4, 0), dim("column", 4, 1, 0, 4), dim("sum", 4, 0, 1, 1)], // prettier-ignore
  "two batches": [dim("batch", 3, 400, 300, 240), dim("batch", 2, 200, 150, 120), dim("row", 10, 20, 15, 0), dim("column", 20, 1, 0, 1), dim("sum", 6, 0, 1, 20)], // prettier-ignore
  "a batch that shares its right operand": [dim("batch", 7, 60, 40, 0), dim("row", 5, 12, 8, 0), dim("column", 12, 1, 0, 1), dim("sum", 8, 0, 1, 12)], // prettier-ignore
  "out transposed": [dim("row", 30, 1, 17, 0), dim("column", 22, 30, 0, 1), dim("sum", 17, 0, 1, 22)],
  "out with gaps": [dim("row", 9, 60, 17, 0), dim("column", 14, 3, 0, 1), dim("sum", 17, 0, 1, 14)],
  "rows of two indices": [dim("row", 6, 8, 3, 0), dim("row", 5, 400, 90, 0), dim("column", 8, 1, 0, 1), dim("sum", 5, 0, 18, 8)], // prettier-ignore
  convolution: convolution(3, 4, 14, 15, 9, 3, 3),
  "convolution with many channels": convolution(1, 5, 9, 9, 40, 3, 3),
  "convolution with stride and dilation": convolution(2, 3, 15, 17, 5, 3, 2, 2, 2),
  "convolution of one dimension": convolution(2, 3, 1, 50, 4, 1, 7),
  "derivative by weights": weightGradient(3, 2, 12, 12, 6, 5, 5),
  "derivative by weights, odd width": weightGradient(2, 2, 9, 11, 3, 3, 3),
  "overlapping operands": [dim("row", 20, 30, 1, 0), dim("column", 30, 1, 0, 2), dim("sum", 11, 0, 1, 1)],
};

describe.each(Object.entries(strictModes))(
  "in mode %s a contraction has the bits of its plain loops",
  (_, mode) => {
    // prettier-ignore
    test.each(Object.keys(shapes))("%s", (name) => {
    const at = Object.keys(shapes).indexOf(name) + Object.values(strictModes).indexOf(mode);
    for (const [i, type] of (["f32", "f64", "i32"] as const).entries())
      // the quick extent tests one of the two and alternates over types, shapes and modes
      for (const accumulate of [false, true].filter((one) => Number(one) === (at + i) % 2 || quickly(0, 1) === 1)) {
        const statement = { type, dims: shapes[name] ?? [], accumulate };
        expect(faultOf(statement, mode, makeRandom(i + 1), [0.3, 0.7], i % 3)).toBeUndefined();
      }
  });
  },
);

/** Random dims of any role in any layout. Operands may overlap themselves, `out` may not. */
function randomDims(random: () => number): Dim<number>[] {
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 24];
  const drawn: { role: Role; size: number; strides: Record<"out" | "left" | "right", number> }[] = [];
  let work = 1;
  for (const [role, most] of [
    ["batch", 2],
    ["row", 2],
    ["column", 2],
    ["sum", 3],
  ] as const)
    // prettier-ignore
    for (let i = below(most + 1); i > 0; i--) {
      let size = role === "sum" && random() < 0.15 ? pick([255, 256, 257, 515]) : pick(sizes);
      if (work * size > 6000) size = 2;
      if (random() < 0.03) size = 0;
      work *= Math.max(1, size);
      drawn.push({ role, size, strides: { out: 0, left: 0, right: 0 } });
    }
  const absent = { out: "sum", left: "column", right: "row" };
  for (const operand of ["out", "left", "right"] as const) {
    const own = drawn.filter(({ role }) => role !== absent[operand]);
    const order = own
      .map((item, i) => ({ item, place: random() < 0.6 ? i : random() * own.length }))
      .toSorted((x, y) => y.place - x.place);
    let stride = pick([1, 1, 1, 2, 3]);
    for (const { item } of order) {
      if (operand !== "out" && random() < 0.12) {
        item.strides[operand] = pick([0, 1, 2]);
        continue;
      }
      item.strides[operand] = stride;
      stride = stride * Math.max(1, item.size) + (random() < 0.1 ? below(5) : 0);
    }
  }
  return drawn.map(({ role, size, strides }) => ({ role, size, ...strides }));
}

test("random contractions have the bits of their plain loops, however the work is split", () => {
  const random = makeRandom(2024);
  const types: readonly ScalarType[] = ["f32", "f32", "f64", "i32", "u32"];
  const kinds = new Set<string>();
  for (let i = 0; i < quickly(150, 1000); i++) {
    const type = types[i % types.length] ?? "f32";
    const statement = { type, dims: randomDims(random), accumulate: random() < 0.5 };
    const mode = Object.values(strictModes)[i % 3] ?? relaxedMode;
    const cuts = [random(), random()].toSorted((x, y) => x - y);
    expect(faultOf(statement, mode, random, cuts, i % 3)).toBeUndefined();
    const { left, right } = planContract(statement, mode);
    for (const [side, plan] of Object.entries({ left, right }))
      kinds.add(`${side} ${plan.packed ? "packed" : "direct"} ${plan.walk.kind} ${plan.stride === "table" ? "table" : "stride"}`); // prettier-ignore
  }
  expect([...kinds].toSorted()).toEqual([
    "left direct stride stride",
    "left direct table stride",
    "left packed stride stride",
    "left packed stride table",
    "left packed table stride",
    "left packed table table",
    "right direct stride stride",
    "right direct table stride",
    "right packed stride stride",
    "right packed stride table",
    "right packed table stride",
    "right packed table table",
  ]);
});

test("sums longer than the offset table are processed in blocks", () => {
  const dims = [dim("row", 3, 4, 1, 0), dim("column", 4, 1, 0, 1), dim("sum", 5, 0, 60_010, 7), dim("sum", 300, 0, 200, 11), dim("sum", 29, 0, 3, 50)]; // prettier-ignore
  const mode = strictModes["plain"] ?? relaxedMode;
  expect(faultOf({ type: "f32", dims, accumulate: false }, mode, makeRandom(7))).toBeUndefined();
});

test("work shared by threads has many small parts and bounded work memory", () => {
  const module = makeModule();
  module.importMemory("env", "memory", { initial: 1, maximum: maximumPages });
  const mode = { ...relaxedMode, relaxed: false, partProducts: 1 << 20 };
  const add = (dims: readonly Dim<number>[]): { units: number; workBytes: number } =>
    addContract(module, new Map(), "contract", { type: "f32", dims, accumulate: false }, mode);
  for (const stored of ["nn", "nt", "tn"]) {
    const large = add(product(512, 512, 512, stored));
    expect(large.units).toBeGreaterThanOrEqual(64);
    expect(large.workBytes).toBeLessThan(700_000); // all terms of a strip of columns, and one block of the terms of some rows
    const long = add(product(512, 512, 8192, stored));
    expect(long.units).toBeGreaterThanOrEqual(8);
    expect(long.workBytes).toBeLessThan(500_000); // a strip would be too large to keep
  }
  expect(add(product(4096, 10, 784, "nn")).units).toBeGreaterThanOrEqual(8);
  expect(add(convolution(32, 1, 28, 28, 8, 5, 5)).units).toBeGreaterThanOrEqual(8);
});

describe.each([false, true])(
  "relaxed sums (wide: %s) differ from strict ones at most in the last bits",
  (wide) => {
    test.each(Object.keys(shapes))("%s", (name) => {
      for (const type of ["f32", "f64"] as const) {
        const statement = { type, dims: shapes[name] ?? [], accumulate: type === "f64" };
        const [out, left, right] = operands(statement, makeRandom(5)) as [TypedArray, TypedArray, TypedArray];
        const wanted = out.slice();
        interpret(statement, [wanted, left, right]);
        const actual = runCompiled(statement, { ...relaxedMode, wide }, [out, left, right], [0.4], 2);
        // Each addition of a product of at most 4 is off by at most half an ulp of the largest possible sum.
        const sums = statement.dims.reduce((n, { role, size }) => (role === "sum" ? n * size : n), 1) + 1;
        const bound = 2 * sums * 4 * sums * (type === "f32" ? 2 ** -24 : 2 ** -53);
        const off = actual.findIndex((x, i) => !(Math.abs(x - (wanted[i] ?? 0)) <= bound));
        expect(
          off < 0 ? undefined : `element ${off} is ${actual[off]}, expected ${wanted[off]}`,
        ).toBeUndefined();
      }
    });
  },
);

test("contractions of one module share kernels", () => {
  const module = makeModule();
  module.importMemory("env", "memory", { initial: 1, maximum: maximumPages });
  const cache = new Map();
  const mode = strictModes["plain"] ?? relaxedMode;
  const add = (accumulate: boolean): unknown =>
    addContract(
      module,
      cache,
      "contract",
      { type: "f32", dims: product(64, 64, 64, "nn"), accumulate },
      mode,
    );
  add(false);
  const first = cache.size;
  add(false);
  expect(cache.size).toBe(first);
  add(true);
  expect(cache.size).toBeGreaterThan(first);
});

test("a single remaining column is packed by vectors, even if its neighbours are not contiguous", () => {
  const module = makeModule();
  module.importMemory("env", "memory", { initial: 1, maximum: maximumPages });
  const statement = { type: "f32", dims: product(53, 41, 259, "nt"), accumulate: false } as const;
  addContract(module, new Map(), "product", statement, strictModes["plain"] ?? relaxedMode);
  const functions = moduleText(module.finish()).split("(func $");
  const packing = functions.filter((text) => text.startsWith("pack_right_"));
  expect(packing.map((text) => /^\w+/.exec(text)?.[0])).toEqual(["pack_right_8", "pack_right_1"]);
  expect(packing.at(-1)).toMatch(/v128\.load32_zero[^]*v128\.store/);
  expect(packing.at(-1)).not.toContain("i32.store");
});

test("text of a kernel: pairs of vectors at offsets 0 and 16, adjacent stores after all loads", () => {
  const module = makeModule();
  module.importMemory("env", "memory", { initial: 1, maximum: maximumPages });
  const dims = product(2, 8, 20, "nn");
  addContract(module, new Map(), "product", { type: "f32", dims, accumulate: true }, { ...relaxedMode, relaxed: false }); // prettier-ignore
  const text = moduleText(module.finish());
  expect(text.slice(text.indexOf("(func $tile"))).toMatchInlineSnapshot(`
    "(func $tile_2x8.0 (param $left i32) (param $right i32) (param $out i32) (param $tiles i32) (param $sums i32) (param $table i32) (param $add i32) (param $scratch i32)
        (local $sum0_0 v128) (local $sum0_1 v128) (local $sum1_0 v128) (local $sum1_1 v128) (local $left_at i32)
        (local $right_at i32) (local $entry i32) (local $factor v128) (local $right0 v128) (local $right1 v128)
        (local $count i32)
        (local.set $tiles (local.get $tiles))
        loop $l0
          (local.set $sum0_0 (v128.const i32x4 0 0 0 0))
          (local.set $sum0_1 (v128.const i32x4 0 0 0 0))
          (local.set $sum1_0 (v128.const i32x4 0 0 0 0))
          (local.set $sum1_1 (v128.const i32x4 0 0 0 0))
          (local.set $left_at (local.get $left))
          (local.set $right_at (local.get $right))
          (local.set $count (i32.const 20))
          loop $l1
            (local.set $right0 (v128.load (local.get $right_at)))
            (local.set $right1 (v128.load offset=16 (local.get $right_at)))
            (f32x4.mul (local.tee $factor (v128.load32_splat (local.get $left_at))) (local.get $right0))
            (local.get $sum0_0)
            f32x4.add
            local.set $sum0_0
            (local.set $sum0_1 (f32x4.add (f32x4.mul (local.get $factor) (local.get $right1)) (local.get $sum0_1)))
            (f32x4.mul (local.tee $factor (v128.load32_splat offset=80 (local.get $left_at))) (local.get $right0))
            (local.get $sum1_0)
            f32x4.add
            local.set $sum1_0
            (local.set $sum1_1 (f32x4.add (f32x4.mul (local.get $factor) (local.get $right1)) (local.get $sum1_1)))
            (local.set $left_at (i32.add (local.get $left_at) (i32.const 4)))
            (local.set $right_at (i32.add (local.get $right_at) (i32.const 32)))
            (br_if $l1 (local.tee $count (i32.add (local.get $count) (i32.const -1))))
          end
          (local.set $sum0_0 (f32x4.add (v128.load (local.get $out)) (local.get $sum0_0)))
          (local.set $sum0_1 (f32x4.add (v128.load offset=16 (local.get $out)) (local.get $sum0_1)))
          (local.set $sum1_0 (f32x4.add (v128.load offset=32 (local.get $out)) (local.get $sum1_0)))
          (local.set $sum1_1 (f32x4.add (v128.load offset=48 (local.get $out)) (local.get $sum1_1)))
          (v128.store (local.get $out) (local.get $sum0_0))
          (v128.store offset=16 (local.get $out) (local.get $sum0_1))
          (v128.store offset=32 (local.get $out) (local.get $sum1_0))
          (v128.store offset=48 (local.get $out) (local.get $sum1_1))
          (local.set $left (i32.add (local.get $left) (i32.const 160)))
          (local.set $out (i32.add (local.get $out) (i32.const 64)))
          (br_if $l0 (local.tee $tiles (i32.add (local.get $tiles) (i32.const -1))))
        end
      )
    )
    "
  `);
});

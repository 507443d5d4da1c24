import { expect, test } from "vitest";
import type { ModuleBuilder } from "./module.ts";
import { makeModule } from "./module.ts";
import { opcodes, widthOf } from "./opcodes.ts";
import { assemble } from "./testdata/assemble.ts";
import { moduleText } from "./text.ts";

/** Bytes of a module without the local names, which the text keeps only if they are identifiers. */
function code(module: Uint8Array): Uint8Array {
  // The custom section "name" is the last one and starts with id 0, its length and 4 "name".
  const marker = [4, 0x6e, 0x61, 0x6d, 0x65];
  for (let i = module.length - 5; i > 0; i--)
    if (marker.every((byte, j) => module[i + j] === byte)) return module.subarray(0, i - 3);
  return module;
}

function expectRoundTrip(module: ModuleBuilder): string {
  const bytes = module.finish();
  const text = moduleText(bytes);
  const again = assemble(text);
  expect(moduleText(again).replaceAll(/\$[\w.]+/g, "$")).toBe(text.replaceAll(/\$[\w.]+/g, "$"));
  expect(code(again)).toEqual(code(bytes));
  return text;
}

test("text of a module: indented blocks, named functions and locals", () => {
  const module = makeModule("example");
  module.importMemory("env", "memory", { initial: 1, maximum: 65536, shared: true });
  const { body } = module.function("sum of squares", {
    params: ["i32", "i32"],
    paramNames: ["from", "to"],
    results: ["f32"],
    exported: true,
  });
  const sum = body.local("v128", "sum");
  body.v128Const(new Uint8Array(new Float32Array([0.1, 0, 0, -2]).buffer));
  body.localSet(sum);
  const out = body.block();
  const again = body.loop();
  body.localGet(0);
  body.localGet(1);
  body.op("i32.ge_u");
  body.brIf(out);
  body.localGet(0);
  body.memory("v128.load", 16);
  body.localGet(sum);
  body.op("f32x4.add");
  body.localSet(sum);
  body.br(again);
  body.end();
  body.end();
  body.localGet(sum);
  body.lane("f32x4.extract_lane", 2);
  expect(moduleText(module.finish())).toMatchInlineSnapshot(`
    "(module $example
      (import "env" "memory" (memory 1 65536 shared))
      (func $sum_of_squares (export "sum of squares") (param $from i32) (param $to i32) (result f32)
        (local $sum v128)
        (local.set $sum (v128.const f32x4 0.1 0 0 -2))
        block $l0
          loop $l1
            (br_if $l0 (i32.ge_u (local.get $from) (local.get $to)))
            (local.set $sum (f32x4.add (v128.load offset=16 (local.get $from)) (local.get $sum)))
            br $l1
          end
        end
        (f32x4.extract_lane 2 (local.get $sum))
      )
    )
    "
  `);
});

test("assembling the text gives the same bytes, for all instructions", () => {
  const module = makeModule("all");
  const imported = module.importFunction("env", "f", ["i32"], ["f64"]);
  module.importMemory("env", "memory", { initial: 1, maximum: 2 });
  module.global("seven", -7);
  const all = module.function("all", { params: ["i32", "v128"], results: ["i32"], exported: true });
  const callee = module.function("callee", { params: ["f32"], results: ["f32"] });
  callee.body.localGet(0);
  const { body } = all;
  const [a, b] = [body.local("i64"), body.local("f32")];
  // The body is not valid: only the encoding matters.
  for (const row of opcodes()) {
    if (row.immediate === "none" && !["end", "else", "return"].includes(row.name)) body.op(row.name);
    if (row.immediate === "lane") body.lane(row.name, 1);
    if (row.immediate === "memory") body.memory(row.name, widthOf(row) * 1000);
    if (row.immediate === "memoryLane") body.memoryLane(row.name, 1, 0);
  }
  const outer = body.block("v128");
  const inner = body.loop();
  body.if("f64");
  body.br(outer);
  body.else();
  body.brIf(inner);
  body.end();
  body.end();
  body.end();
  for (const value of [0, 63, 64, -64, -65, 2147483647, -2147483648]) body.i32Const(value);
  for (const value of [0n, -1n, (1n << 63n) - 1n, -(1n << 63n)]) body.i64Const(value);
  for (const value of [0, -0, 0.1, Infinity, -Infinity, NaN, 5e-324, 1e300]) {
    body.f32Const(value);
    body.f64Const(value);
    body.v128Const(new Uint8Array(new Float64Array([value, 1]).buffer));
    body.v128Const(new Uint8Array(new Float32Array([value, 1, 1, value]).buffer));
  }
  body.v128Const(Array.from({ length: 16 }, (_, i) => 255 - i));
  body.shuffle(Array.from({ length: 16 }, (_, i) => 31 - i));
  body.call(imported);
  body.call(callee);
  body.select("v128");
  body.localGet(a);
  body.localSet(b);
  body.localTee(0);
  body.globalGet(0);
  body.globalSet(0);
  body.return();
  const text = expectRoundTrip(module);
  for (const { name } of opcodes()) expect(text).toContain(name === "select_t" ? "select (result" : name);
});

test("a module finished for running keeps the names of functions, not of locals", () => {
  const module = makeModule("example");
  const { body } = module.function("half", { params: ["f64"], paramNames: ["whole"], results: ["f64"] });
  const part = body.local("f64", "part");
  body.localGet(0);
  body.f64Const(0.5);
  body.op("f64.mul");
  body.localTee(part);
  const [read, run] = [module.finish(), module.finish(false)];
  expect(moduleText(read)).toMatch(/\$half.*\$whole[^]*\$part/);
  expect(moduleText(run)).toMatch(/\$half/);
  expect(moduleText(run)).not.toMatch(/\$whole|\$part/);
  expect(code(run)).toEqual(code(read));
});

test("locals with equal names are distinguished", () => {
  const module = makeModule();
  const { body } = module.function("f");
  for (const name of ["x", "y", "x"]) body.localGet(body.local("i32", name));
  expect(moduleText(module.finish()).match(/local.get [^)]*/g)).toEqual([
    "local.get $x.0",
    "local.get $y",
    "local.get $x.2",
  ]);
});

test("vector constants are printed as the floats that they hold", () => {
  const shown = (
    array: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
  ): string => {
    const module = makeModule();
    module.function("f", { results: ["v128"] }).body.v128Const(new Uint8Array(array.buffer));
    return /v128.const ([^)]*)/.exec(moduleText(module.finish()))?.[1] ?? "";
  };
  expect(shown(new Float32Array([1, 1, 1, 1]))).toBe("f32x4 1 1 1 1");
  expect(shown(new Float64Array([1, 1]))).toBe("f64x2 1 1");
  expect(shown(new Float64Array([0.1, -0.1]))).toBe("f64x2 0.1 -0.1");
  expect(shown(new Uint32Array([2 ** 31 - 1, 1, 2, 3]))).toBe("i32x4 0x7fffffff 1 2 3");
});

test("operands that do not fit on the line precede their instruction, constants in the lane type of the instruction", () => {
  const module = makeModule();
  const { body } = module.function("f", { params: ["v128"], results: ["v128"] });
  const constant = (value: number): void => body.v128Const(new Uint8Array(Float32Array.of(value, value, value, value).buffer)); // prettier-ignore
  for (const value of [1e-9, 0.1, 1 / 3]) {
    body.localGet(0);
    constant(value);
    body.op("f32x4.mul");
  }
  body.op("f32x4.add");
  body.op("f32x4.add");
  constant(2);
  body.op("i32x4.add");
  const text = expectRoundTrip(module);
  expect(text.slice(text.indexOf("(func"))).toMatchInlineSnapshot(`
    "(func $f (param v128) (result v128)
        (f32x4.mul (local.get $0) (v128.const f32x4 1e-9 1e-9 1e-9 1e-9))
        (f32x4.mul (local.get $0) (v128.const f32x4 0.1 0.1 0.1 0.1))
        (f32x4.mul (local.get $0) (v128.const f32x4 0.33333334 0.33333334 0.33333334 0.33333334))
        f32x4.add
        f32x4.add
        (v128.const i32x4 0x40000000 0x40000000 0x40000000 0x40000000)
        i32x4.add
      )
    )
    "
  `);
});

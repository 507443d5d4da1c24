import { describe, expect, test } from "vitest";
import { binary, convert, f64, i32, local, procedure, unary } from "../kernel/build.ts";
import { checkProcedure } from "../kernel/check.ts";
import type { CompiledProcedure } from "../kernel/executable.ts";
import { binaryOperations, hasBinary, hasUnary, unaryOperations } from "../kernel/operations.ts";
import type { BinaryOp, Procedure, ScalarType, UnaryOp } from "../kernel/scalar.ts";
import { interpBackend } from "./interp/index.ts";
import { jsBackend } from "./js/index.ts";
import { wasmBackend } from "./wasm/index.ts";
import { scalarSpecials } from "../../../test/support/scalar-specials.ts";

const backends = [interpBackend, jsBackend, wasmBackend];
const types: readonly ScalarType[] = ["f64", "f32", "i32", "u32", "bool"];

const max = Number.MAX_VALUE;
const max32 = 3.4028234663852886e38;
const tiny = Number.MIN_VALUE;
const tiny32 = 1.401298464324817e-45;
const [MIN, MAX, UMAX] = [-2147483648, 2147483647, 4294967295];

const unaryOps = Object.keys(unaryOperations) as UnaryOp[];
const binaryOps = Object.keys(binaryOperations) as BinaryOp[];

/** An operation alone, and between locals that are set, because backends generate different code for the two. */
function unaryForms(op: UnaryOp, type: ScalarType): Procedure[] {
  return [
    procedure(op, [["x", type]], (_, [x]) => unary(op, x!)),
    procedure(op, [["x", type]], (block, [x]) => {
      const y = block.let("y", x!);
      const z = block.let("z", unary(op, y));
      block.set(z, unary(op, y));
      return z;
    }),
  ];
}

function binaryForms(op: BinaryOp, type: ScalarType): Procedure[] {
  const params = [
    ["x", type],
    ["y", type],
  ] as const;
  return [
    procedure(op, params, (_, [x, y]) => binary(op, x!, y!)),
    procedure(op, params, (block, [x, y]) => {
      const z = block.let("z", binary(op, x!, y!));
      block.set(z, binary(op, x!, y!));
      return z;
    }),
  ];
}

function compileAll(procedures: readonly Procedure[]): CompiledProcedure[] {
  procedures.forEach(checkProcedure);
  return procedures.flatMap((made) => backends.map((backend) => backend.compileProcedure(made)));
}

/** Result on which all functions agree. NaN represents every NaN, since payloads do not count. */
function agreed(functions: readonly CompiledProcedure[], args: readonly number[], what: string): number {
  const results = functions.map((f) => f(...args));
  for (const result of results) expect(result, `${what}(${args.map(show).join(", ")})`).toBe(results[0]);
  return results[0]!;
}

function show(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

describe("an operation yields the same bits in every backend", () => {
  for (const op of unaryOps) {
    test.each(types.filter((type) => hasUnary(op, type)))(`${op} of %s`, (type) => {
      const functions = compileAll(unaryForms(op, type));
      for (const x of scalarSpecials[type]) {
        if (Number.isNaN(x) && /Word|bitsOf/.test(op)) continue; // the bits of a NaN do not count
        agreed(functions, [x], op);
      }
    });
  }
  for (const op of binaryOps) {
    test.each(types.filter((type) => hasBinary(op, type)))(`${op} of %s`, (type) => {
      const functions = compileAll(binaryForms(op, type));
      for (const x of scalarSpecials[type])
        for (const y of scalarSpecials[type]) agreed(functions, [x, y], op);
    });
  }
  for (const from of types) {
    test.each(types)(`conversion from ${from} to %s`, (to) => {
      const form = { name: "to", params: [{ name: "x", type: from }], body: [] };
      const x = local(from, "x");
      const functions = compileAll([{ ...form, result: { kind: "convert", type: to, x } }]);
      for (const value of scalarSpecials[from]) agreed(functions, [value], `${from} to ${to} of`);
    });
  }
});

// [operation, type, arguments, result]: derived by hand from the comments of the vocabulary.
const rows: readonly (readonly [UnaryOp | BinaryOp, ScalarType, readonly number[], number])[] = [
  ["neg", "f64", [0], -0],
  ["neg", "f64", [-2.5], 2.5],
  ["neg", "f32", [-0], 0],
  ["neg", "i32", [MIN], MIN],
  ["neg", "i32", [0], 0],
  ["neg", "u32", [1], UMAX],
  ["neg", "u32", [0], 0],
  ["abs", "f64", [-0], 0],
  ["abs", "f64", [-Infinity], Infinity],
  ["abs", "f32", [-1.5], 1.5],
  ["abs", "i32", [MIN], MIN],
  ["abs", "i32", [-7], 7],
  ["abs", "u32", [UMAX], UMAX],
  ["sqrt", "f64", [2], Math.SQRT2],
  ["sqrt", "f64", [-1], NaN],
  ["sqrt", "f64", [-0], -0],
  ["sqrt", "f32", [2], 1.4142135381698608],
  ["floor", "f64", [-0.5], -1],
  ["floor", "f32", [2.5], 2],
  ["ceil", "f64", [-0.5], -0],
  ["ceil", "f32", [2.5], 3],
  ["trunc", "f64", [-0.5], -0],
  ["trunc", "f32", [-2.5], -2],
  ["nearest", "f64", [0.5], 0],
  ["nearest", "f64", [-0.5], -0],
  ["nearest", "f64", [1.5], 2],
  ["nearest", "f64", [2.5], 2],
  ["nearest", "f64", [-2.5], -2],
  ["nearest", "f64", [-1.5], -2],
  ["nearest", "f64", [0.49999999999999994], 0],
  ["nearest", "f64", [-0], -0],
  ["nearest", "f64", [4503599627370495.5], 4503599627370496],
  ["nearest", "f64", [4503599627370497], 4503599627370497],
  ["nearest", "f64", [-1e300], -1e300],
  ["nearest", "f64", [-Infinity], -Infinity],
  ["nearest", "f64", [NaN], NaN],
  ["nearest", "f32", [8388607.5], 8388608],
  ["nearest", "f32", [-0.25], -0],
  ["not", "bool", [0], 1],
  ["not", "bool", [1], 0],
  ["highWord", "f64", [1], 0x3ff00000],
  ["highWord", "f64", [-0], MIN],
  ["highWord", "f64", [-2], -0x40000000],
  ["lowWord", "f64", [1 + 2 ** -52], 1],
  ["lowWord", "f64", [0.1], -0x66666666],
  ["bitsOf", "f32", [1], 0x3f800000],
  ["bitsOf", "f32", [-0], MIN],
  ["bitsOf", "f32", [tiny32], 1],
  ["fromBits", "i32", [0x3f800000], 1],
  ["fromBits", "i32", [1], tiny32],
  ["fromBits", "i32", [MIN], -0],
  ["fromBits", "i32", [-1], NaN],
  ["fromWords", "i32", [0x3ff00000, 1], 1 + 2 ** -52],
  ["fromWords", "i32", [0x3fb99999, -0x66666666], 0.1],
  ["fromWords", "i32", [MIN, 0], -0],
  ["fromWords", "i32", [0, -1], UMAX * tiny],
  ["add", "f64", [0.1, 0.2], 0.30000000000000004],
  ["add", "f64", [-0, -0], -0],
  ["add", "f64", [max, max], Infinity],
  ["add", "f32", [16777216, 1], 16777216],
  ["add", "f32", [max32, max32], Infinity],
  ["add", "i32", [MAX, 1], MIN],
  ["add", "u32", [UMAX, 2], 1],
  ["sub", "f64", [Infinity, Infinity], NaN],
  ["sub", "f32", [1, 5.960464477539063e-8], 0.9999999403953552],
  ["sub", "i32", [MIN, 1], MAX],
  ["sub", "i32", [0, 0], 0],
  ["sub", "u32", [0, 1], UMAX],
  ["mul", "f64", [0, -1], -0],
  ["mul", "f64", [tiny, 0.5], 0],
  ["mul", "f32", [3, Math.fround(0.1)], 0.30000001192092896],
  ["mul", "f32", [tiny32, 0.5], 0],
  ["mul", "i32", [65537, 65537], 131073],
  ["mul", "i32", [MAX, MAX], 1],
  ["mul", "i32", [0, -1], 0],
  ["mul", "u32", [UMAX, UMAX], 1],
  ["div", "f64", [1, -0], -Infinity],
  ["div", "f64", [0, 0], NaN],
  ["div", "f32", [1, 3], 0.3333333432674408],
  ["div", "i32", [-7, 2], -3],
  ["div", "i32", [7, 0], 0],
  ["div", "i32", [MIN, -1], MIN],
  ["div", "i32", [1, -2], 0],
  ["div", "u32", [UMAX, 2], MAX],
  ["div", "u32", [UMAX, 0], 0],
  ["rem", "f64", [-7, 2], -1],
  ["rem", "f64", [-4, 2], -0],
  ["rem", "f64", [1, 0], NaN],
  ["rem", "f64", [5, Infinity], 5],
  ["rem", "f32", [5.5, 2], 1.5],
  ["rem", "i32", [-7, 2], -1],
  ["rem", "i32", [-4, 2], 0],
  ["rem", "i32", [7, 0], 0],
  ["rem", "i32", [MIN, -1], 0],
  ["rem", "u32", [UMAX, 10], 5],
  ["rem", "u32", [7, 0], 0],
  ["min", "f64", [0, -0], -0],
  ["min", "f64", [-0, 0], -0],
  ["min", "f64", [NaN, 1], NaN],
  ["min", "f64", [1, NaN], NaN],
  ["min", "f32", [1, 2], 1],
  ["min", "i32", [MIN, MAX], MIN],
  ["min", "u32", [MAX + 1, 1], 1],
  ["max", "f64", [0, -0], 0],
  ["max", "f64", [-0, 0], 0],
  ["max", "f64", [NaN, 1], NaN],
  ["max", "f64", [1, NaN], NaN],
  ["max", "f32", [-0, 0], 0],
  ["max", "i32", [-1, 1], 1],
  ["max", "u32", [MAX + 1, 1], MAX + 1],
  ["and", "i32", [-1, 0x0f], 0x0f],
  ["and", "u32", [UMAX, 0x80000000], 0x80000000],
  ["and", "bool", [1, 0], 0],
  ["or", "i32", [MIN, 1], MIN + 1],
  ["or", "u32", [0x80000000, 1], 0x80000001],
  ["or", "bool", [1, 0], 1],
  ["xor", "i32", [-1, 1], -2],
  ["xor", "u32", [UMAX, 1], UMAX - 1],
  ["xor", "bool", [1, 1], 0],
  ["shl", "i32", [1, 31], MIN],
  ["shl", "i32", [1, 33], 2],
  ["shl", "i32", [1, -1], MIN],
  ["shl", "u32", [3, 31], 0x80000000],
  ["shl", "u32", [1, 32], 1],
  ["shr", "i32", [MIN, 31], -1],
  ["shr", "i32", [-8, 33], -4],
  ["shr", "u32", [UMAX, 31], 1],
  ["shr", "u32", [UMAX, 32], UMAX],
  ["lt", "f64", [NaN, 1], 0],
  ["lt", "f64", [-0, 0], 0],
  ["lt", "f32", [1, 2], 1],
  ["lt", "i32", [MIN, MAX], 1],
  ["lt", "u32", [1, UMAX], 1],
  ["lt", "bool", [0, 1], 1],
  ["lt", "bool", [1, 1], 0],
  ["le", "f64", [NaN, NaN], 0],
  ["le", "f64", [0, -0], 1],
  ["le", "f32", [2, 1], 0],
  ["le", "i32", [1, 1], 1],
  ["le", "u32", [UMAX, 0], 0],
  ["le", "bool", [1, 0], 0],
  ["le", "bool", [0, 0], 1],
  ["eq", "f64", [NaN, NaN], 0],
  ["eq", "f64", [0, -0], 1],
  ["eq", "f32", [1, 1], 1],
  ["eq", "i32", [MIN, MIN], 1],
  ["eq", "u32", [UMAX, 0], 0],
  ["eq", "bool", [0, 0], 1],
  ["ne", "f64", [NaN, NaN], 1],
  ["ne", "f64", [0, -0], 0],
  ["ne", "f32", [1, 2], 1],
  ["ne", "i32", [1, 1], 0],
  ["ne", "u32", [1, 2], 1],
  ["ne", "bool", [0, 1], 1],
];

function isUnary(op: UnaryOp | BinaryOp): op is UnaryOp {
  return (unaryOps as readonly string[]).includes(op);
}

describe("an operation yields the result that the vocabulary specifies", () => {
  test.each(
    rows.map(
      ([op, type, args, result]) =>
        [`${op} of ${type} (${args.map(show).join(", ")})`, op, type, args, result] as const,
    ),
  )("%s", (what, op, type, args, result) => {
    const forms = isUnary(op) ? unaryForms(op, type) : binaryForms(op, type);
    expect(agreed(compileAll(forms), args, what)).toBe(result);
  });

  test("every operation has a row for each type that it takes", () => {
    const covered = new Set(rows.map(([op, type]) => `${op} ${type}`));
    const all = types.flatMap((type) => [
      ...unaryOps.filter((op) => hasUnary(op, type)).map((op) => `${op} ${type}`),
      ...binaryOps.filter((op) => hasBinary(op, type)).map((op) => `${op} ${type}`),
    ]);
    expect([...covered].sort()).toEqual(all.sort());
  });
});

describe("a conversion yields the result that the vocabulary specifies", () => {
  test.each<[ScalarType, ScalarType, number, number]>([
    ["f64", "i32", NaN, 0],
    ["f64", "i32", 1e10, MAX],
    ["f64", "i32", -Infinity, MIN],
    ["f64", "i32", -2.9, -2],
    ["f64", "i32", -0.5, 0],
    ["f64", "i32", 2147483647.9, MAX],
    ["f64", "u32", NaN, 0],
    ["f64", "u32", -1, 0],
    ["f64", "u32", -0.5, 0],
    ["f64", "u32", 4294967295.5, UMAX],
    ["f64", "u32", Infinity, UMAX],
    ["f32", "i32", 2147483648, MAX],
    ["f32", "u32", 1.9375, 1],
    ["f64", "f32", 0.1, 0.10000000149011612],
    ["f64", "f32", 1e300, Infinity],
    ["f64", "f32", 1e-300, 0],
    ["f32", "f64", 0.10000000149011612, 0.10000000149011612],
    ["i32", "f32", 16777217, 16777216],
    ["u32", "f32", UMAX, 4294967296],
    ["i32", "f64", MIN, MIN],
    ["u32", "f64", UMAX, UMAX],
    ["i32", "u32", -1, UMAX],
    ["u32", "i32", UMAX, -1],
    ["f64", "bool", NaN, 1],
    ["f64", "bool", -0, 0],
    ["f32", "bool", 0.5, 1],
    ["i32", "bool", -1, 1],
    ["u32", "bool", 0, 0],
    ["bool", "f64", 1, 1],
    ["bool", "f32", 0, 0],
    ["bool", "i32", 1, 1],
    ["bool", "u32", 1, 1],
  ])("%s to %s of %d is %d", (from, to, x, result) => {
    const made = procedure("to", [["x", from]], (_, [operand]) => convert(to, operand!));
    expect(agreed(compileAll([made]), [x], "conversion")).toBe(result);
  });
});

test("constants keep the sign of zero, and integers have none", () => {
  const signs = procedure("signs", [], (block) => {
    const plus = block.let("plus", binary("div", f64(1), f64(0)));
    const minus = block.let("minus", binary("div", f64(1), f64(-0)));
    const integer = block.let("integer", binary("div", f64(1), convert("f64", i32(-0))));
    return binary("sub", binary("sub", plus, minus), binary("div", f64(7), integer));
  });
  expect(agreed(compileAll([signs]), [], "signs")).toBe(Infinity);
  const zeros = [
    procedure("zero", [], () => f64(-0)),
    procedure("zero", [], (block) => block.let("x", f64(-0))),
  ];
  expect(agreed(compileAll(zeros), [], "zero")).toBe(-0);
});

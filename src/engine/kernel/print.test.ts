import { expect, test } from "vitest";
import * as k from "./build.ts";
import { printExpr, printProcedure, printRoutine } from "./print.ts";
import type { Contract, Expr } from "./scalar.ts";
import { layOutAtCall } from "./sizes.ts";

const [x, y, i] = [k.local("f64", "x"), k.local("f64", "y"), k.local("i32", "i")];

test("a routine prints as text", () => {
  const block = k.makeBlock();
  const sum = block.let("sum", k.f64(0));
  block.comment("twice\nthe elements");
  block.for("i", k.i32(0), k.i32(3), (loop, i) => {
    loop.store("out", i, k.mul(k.load("f64", "a", i), k.f64(2)));
    loop.set(sum, k.add(sum, k.load("f64", "out", i)));
  });
  block.for("j", k.i32(1), k.add(k.local("i32", "n"), k.i32(1)), (loop) => loop.comment("nothing"), true);
  block.while(k.lt(k.f64(1), sum), (loop) => loop.set(sum, k.mul(sum, k.f64(0.5))));
  block.if(
    k.local("bool", "flag"),
    (then) => then.store("work space", k.i32(0), k.i32(1)),
    (otherwise) => otherwise.set(sum, k.neg(sum)),
  );
  const text = printRoutine({
    name: "double",
    inputs: [
      { kind: "buffer", buffer: { name: "a", type: "f64", size: 3 } },
      { kind: "scalar", name: "n", type: "i32" },
      { kind: "scalar", name: "flag", type: "bool" },
    ],
    outputs: [
      { kind: "buffer", buffer: { name: "out", type: "f64", size: 3 } },
      { kind: "scalar", value: k.add(sum, k.f64(1)) },
    ],
    temps: [{ name: "work space", type: "i32", size: 1, offset: 0 }],
    arenaBytes: 32,
    body: block.statements,
  });
  expect(text).toMatchInlineSnapshot(`
    "routine double(a: f64[3], n: i32, flag: bool) -> (out: f64[3], f64) {
      temp "work space": i32[1] at byte 0
      let sum: f64 = 0
      // twice the elements
      for i in 0..3 {
        out[i] = a[i] * 2
        sum = sum + out[i]
      }
      for j in reverse 1..(n + 1) {
        // nothing
      }
      while 1 < sum {
        sum = sum * 0.5
      }
      if flag {
        "work space"[0] = 1
      } else {
        sum = -sum
      }
      return sum + 1
    }"
  `);
});

test("sizes that calls compute print as expressions", () => {
  const n = k.local("i32", "n");
  const block = k.makeBlock();
  const place = (buffer: string): Contract["out"] => ({ buffer, offset: k.i32(0) });
  block.contract({
    name: "dot",
    type: "f64",
    out: place("out"),
    left: place("a"),
    right: place("t"),
    dims: [
      { role: "row", size: k.add(n, k.i32(1)), out: 2, left: n, right: 0 },
      { role: "sum", size: n, out: 0, left: 1, right: 1 },
    ],
    accumulate: true,
  });
  const rows = k.mul(k.add(n, k.i32(1)), n);
  const text = printRoutine({
    name: "product",
    inputs: [
      { kind: "scalar", name: "n", type: "i32" },
      { kind: "buffer", buffer: { name: "a", type: "f64", size: rows } },
    ],
    outputs: [{ kind: "buffer", buffer: { name: "out", type: "f64", size: k.mul(n, k.i32(2)) } }],
    ...layOutAtCall([
      { name: "t", type: "f64", size: n },
      { name: "u", type: "bool", size: 40 },
    ]),
    body: block.statements,
  });
  expect(text).toMatchInlineSnapshot(`
    "routine product(n: i32, a: f64[(n + 1) * n]) -> (out: f64[n * 2]) {
      temp t: f64[n] at byte 0
      temp u: bool[40] at byte ((n * 8 + 31) >> 5) << 5
      contract out[0] += a[0] · t[0] over row (n + 1) (out 2, a n), sum n (a 1, t 1)
    }"
  `);
});

test("a procedure prints as text", () => {
  const cube = k.procedure("cube", [["x", "f32"]], (block, [x]) =>
    k.mul(block.let("square", k.mul(x!, x!)), x!),
  );
  expect(printProcedure(cube)).toMatchInlineSnapshot(`
    "procedure cube(x: f32) -> f32 {
      let square: f32 = x * x
      return square * x
    }"
  `);
});

test.each<[string, Expr]>([
  ["x * y + x", k.add(k.mul(x, y), x)],
  ["x * (y + x)", k.mul(x, k.add(y, x))],
  ["x - (y - -1)", k.sub(x, k.sub(y, k.f64(-1)))],
  ["(x * y) / 2", k.div(k.mul(x, y), k.f64(2))],
  ["-(-x)", k.neg(k.neg(x))],
  ["-0", k.f64(-0)],
  ["!(x < y)", k.not(k.lt(x, y))],
  ["(x <= y) & (x != y)", k.and(k.le(x, y), k.ne(x, y))],
  ["x < y ? x : y", k.select(k.lt(x, y), x, y)],
  ["true", k.bool(true)],
  ["min(x, max(y, 1))", k.min(x, k.max(y, k.f64(1)))],
  ["(i + 1) << 2", k.shl(k.add(i, k.i32(1)), k.i32(2))],
  ["i >> 31", k.shr(i, k.i32(31))],
  ["(i % 3) * 2", k.mul(k.binary("rem", i, k.i32(3)), k.i32(2))],
  ["fromWords(highWord(x), lowWord(x) ^ 1)", k.fromWords(k.highWord(x), k.xor(k.lowWord(x), k.i32(1)))],
  ["f32(x)", k.convert("f32", x)],
  ["digits[i & 1]", k.tableAt({ name: "digits", type: "i32", values: [1, 2] }, k.and(i, k.i32(1)))],
  ['"odd name"["i\\n"]', k.load("f64", "odd name", k.local("i32", "i\n"))],
  [
    "f(x, nearest(y))",
    k.call(
      k.procedure(
        "f",
        [
          ["x", "f64"],
          ["y", "f64"],
        ],
        () => x,
      ),
      x,
      k.nearest(y),
    ),
  ],
])("%s", (text, expr) => {
  expect(printExpr(expr)).toBe(text);
});

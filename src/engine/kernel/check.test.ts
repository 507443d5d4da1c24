import { describe, expect, test } from "vitest";
import * as k from "./build.ts";
import { checkProcedure, checkRoutine } from "./check.ts";
import type { Contract, Expr, Procedure, Routine, SizeExpr, Stmt } from "./scalar.ts";

const x = k.local("f64", "x");
const at = (i: number): Expr => k.load("f64", "a", k.i32(i));

/** A routine of x and a[4] to out[4], with a body. */
function routine(fill: (block: k.Block) => void, more: Partial<Routine> = {}): Routine {
  const block = k.makeBlock();
  fill(block);
  return {
    name: "f",
    inputs: [
      { kind: "scalar", name: "x", type: "f64" },
      { kind: "buffer", buffer: { name: "a", type: "f64", size: 4 } },
    ],
    outputs: [{ kind: "buffer", buffer: { name: "out", type: "f64", size: 4 } }],
    temps: [{ name: "t", type: "i32", size: 2, offset: 0 }],
    arenaBytes: 32,
    body: block.statements,
    ...more,
  };
}

function withStmt(stmt: Stmt): Routine {
  return routine(() => {}, { body: [stmt] });
}

const n = k.local("i32", "n");

/** A routine of n, b[4] and a temporary `t` as it is described. */
function sized(
  {
    size = 1,
    offset = 0,
    arenaBytes = k.shl(n, k.i32(5)),
  }: { size?: SizeExpr; offset?: SizeExpr; arenaBytes?: SizeExpr },
  fill: (block: k.Block) => void = () => {},
): Routine {
  return routine(fill, {
    inputs: [
      { kind: "scalar", name: "n", type: "i32" },
      { kind: "buffer", buffer: { name: "b", type: "i32", size: 4 } },
    ],
    temps: [{ name: "t", type: "f64", size, offset }],
    arenaBytes,
  });
}

/** out += t · t over the given number of rows. */
function rows(count: Expr): Omit<Contract, "kind"> {
  const place = (buffer: string): Contract["out"] => ({ buffer, offset: k.i32(0) });
  const dims = [{ role: "row", size: count, out: 1, left: 1, right: 0 }] as const;
  return {
    name: "c",
    type: "f64",
    out: place("out"),
    left: place("t"),
    right: place("t"),
    dims,
    accumulate: true,
  };
}

test("sizes are numbers, or arithmetic on scalar inputs", () => {
  const offsets = [
    64,
    k.shl(n, k.i32(5)),
    k.mul(n, k.i32(96)),
    k.max(k.i32(0), k.sub(k.mul(k.i32(64), n), k.i32(32))),
  ];
  const sizes = [3, n, k.add(k.div(n, k.i32(2)), k.min(n, k.i32(7)))];
  for (const offset of offsets)
    for (const size of sizes)
      checkRoutine(sized({ size, offset, arenaBytes: k.mul(n, k.i32(800)) }, (b) => b.contract(rows(n))));
});

test("a product uses locals of its surroundings, which may change before and after", () => {
  checkRoutine(
    sized({}, (b) => {
      const m = b.let("m", k.div(n, k.i32(2)));
      b.contract(rows(m));
      b.set(m, k.i32(3));
    }),
  );
});

test("a product beyond a buffer is rejected, except in a loop without iterations", () => {
  const beyond = (iterations: number): Routine =>
    routine((block) =>
      block.for("step", k.i32(0), k.i32(iterations), (loop) => {
        const dims = [{ role: "row", size: 5, out: 0, left: 1, right: 0 }] as const;
        const place = (buffer: string): Contract["out"] => ({ buffer, offset: k.i32(0) });
        const operands = { out: place("out"), left: place("a"), right: place("a") };
        loop.contract({ name: "c", type: "f64", ...operands, dims, accumulate: true });
      }),
    );
  expect(() => checkRoutine(beyond(1))).toThrow("reaches element 4");
  expect(() => checkRoutine(beyond(0))).not.toThrow();
});

test("a valid routine passes", () => {
  const square = k.procedure("square", [["x", "f64"]], (_, [x]) => k.mul(x!, x!));
  const fine = routine((block) => {
    const y = block.let("y", k.call(square, x));
    block.comment("anything");
    block.for("i", k.i32(0), k.i32(4), (loop, i) => {
      loop.let("z", k.load("f64", "a", i));
      loop.set(y, k.add(y, k.local("f64", "z")));
      loop.store("out", i, k.select(k.lt(y, x), y, k.convert("f64", i)));
      loop.store("t", k.i32(0), i);
    });
    block.while(k.lt(y, k.f64(1)), (loop) => loop.set(y, k.mul(y, k.f64(2))));
    block.set(x, y);
  });
  expect(() => checkRoutine(fine)).not.toThrow();
});

test("a donated input may be written", () => {
  const overwriting = routine((block) => block.store("a", k.i32(0), x));
  expect(() => checkRoutine(overwriting, ["a"])).not.toThrow();
  expect(() => checkRoutine(overwriting, ["b"])).toThrow(/is an input and cannot be written/);
});

describe("a fault is found and its statement named", () => {
  test.each<[string, string, Routine]>([
    [
      "an undeclared local",
      'at "let y: f64 = z + x": local "z" is used before it is declared',
      routine((b) => b.let("y", k.add(k.local("f64", "z"), x))),
    ],
    [
      "a local used before its declaration",
      'at "x = y": local "y" is used before it is declared',
      routine((b) => {
        b.set(x, k.local("f64", "y"));
        b.let("y", k.f64(1));
      }),
    ],
    [
      "a local used out of scope",
      'at "x = y": local "y" is out of scope here',
      routine((b) => {
        b.if(k.lt(x, k.f64(0)), (then) => then.let("y", k.f64(1)));
        b.set(x, k.local("f64", "y"));
      }),
    ],
    [
      "a loop index used after its loop",
      'local "i" is out of scope here',
      routine((b) => {
        b.for("i", k.i32(0), k.i32(2), () => {});
        b.let("j", k.local("i32", "i"));
      }),
    ],
    [
      "a name declared twice",
      'at "let x: f64 = 1": local "x" is declared twice',
      routine((b) => b.let("x", k.f64(1))),
    ],
    [
      "a name declared twice in sibling scopes",
      'local "y" is declared twice',
      routine((b) =>
        b.if(
          k.lt(x, k.f64(0)),
          (then) => then.let("y", x),
          (otherwise) => otherwise.let("y", x),
        ),
      ),
    ],
    [
      "a set of an undeclared local",
      'at "y = 1": local "y" is used before',
      routine((b) => b.set(k.local("f64", "y"), k.f64(1))),
    ],
    [
      "a set of an index",
      '"i" is a loop index and cannot be set',
      routine((b) => b.for("i", k.i32(0), k.i32(2), (loop, i) => loop.set(i, k.i32(0)))),
    ],
    [
      "a set to another type",
      'the new value of "x", 1 is i32, not f64',
      withStmt({ kind: "set", name: "x", value: k.i32(1) }),
    ],
    [
      "a local read as another type",
      "x has type f64 but is declared i32",
      withStmt({ kind: "let", name: "y", value: k.local("i32", "x") }),
    ],
    ["an unknown buffer", 'there is no buffer "b"', routine((b) => b.let("y", k.load("f64", "b", k.i32(0))))],
    [
      "a load of another type",
      "a[0] has type f64 but is declared f32",
      routine((b) => b.let("y", k.load("f32", "a", k.i32(0)))),
    ],
    ["a float index", "index x is f64, not i32", routine((b) => b.let("y", k.load("f64", "a", x)))],
    ["an unsigned index", "index 1 is u32, not i32", routine((b) => b.store("out", k.constant("u32", 1), x))],
    [
      "a store to an input",
      'at "a[0] = x": buffer "a" is an input and cannot be written',
      routine((b) => b.store("a", k.i32(0), x)),
    ],
    [
      "a store of another type",
      'the new element of "t", x is f64, not i32',
      routine((b) => b.store("t", k.i32(0), x)),
    ],
    [
      "two types in an operation",
      'the right side of "add", 1 is i32, not f64',
      routine((b) => b.let("y", k.add(x, k.i32(1)))),
    ],
    ["an operation that a type lacks", 'there is no "and" of f64', routine((b) => b.let("y", k.and(x, x)))],
    [
      "a result of the wrong type",
      "x < x has type bool but is declared f64",
      withStmt({ kind: "let", name: "y", value: { kind: "binary", op: "lt", type: "f64", x, y: x } }),
    ],
    [
      "a unary operation that a type lacks",
      'there is no "sqrt" of i32',
      routine((b) => b.let("y", k.sqrt(k.i32(4)))),
    ],
    [
      "a unary result of the wrong type",
      "highWord(x) has type i32 but is declared f64",
      withStmt({ kind: "let", name: "y", value: { kind: "unary", op: "highWord", type: "f64", x } }),
    ],
    [
      "a condition that is not a bool",
      'at "if x": condition x is f64, not bool',
      routine((b) => b.if(x, () => {})),
    ],
    ["a while without a bool", "condition 1 is i32, not bool", routine((b) => b.while(k.i32(1), () => {}))],
    [
      "a select without a bool",
      "condition x is f64, not bool",
      routine((b) => b.let("y", k.select(x, x, x))),
    ],
    [
      "a select of two types",
      "the other side of a select, 1 is i32, not f64",
      routine((b) => b.let("y", k.select(k.bool(true), x, k.i32(1)))),
    ],
    [
      "a bound that is not int32",
      'at "for i in 0..x": bound x is f64, not i32',
      routine((b) => b.for("i", k.i32(0), x, () => {})),
    ],
    [
      "a constant outside of its type",
      "2147483648 is not a i32",
      routine((b) => b.let("y", k.i32(2147483648))),
    ],
    ["a fraction as an integer", "0.5 is not a u32", routine((b) => b.let("y", k.constant("u32", 0.5)))],
    ["a bool of 2", "2 is not a bool", routine((b) => b.let("y", k.constant("bool", 2)))],
    [
      "a table of another type",
      'table "t" of u32 holds -1',
      routine((b) => b.let("y", k.tableAt({ name: "t", type: "u32", values: [-1] }, k.i32(0)))),
    ],
    [
      "two buffers of one name",
      'buffer "a" is declared twice',
      routine(() => {}, { temps: [{ name: "a", type: "f64", size: 1, offset: 0 }] }),
    ],
    [
      "a size below zero",
      'buffer "t" has -1 elements',
      routine(() => {}, { temps: [{ name: "t", type: "f64", size: -1, offset: 0 }] }),
    ],
    [
      "a size that is not int32",
      'buffer "t" has x elements, which is f64, not i32',
      routine(() => {}, { temps: [{ name: "t", type: "f64", size: x, offset: 0 }] }),
    ],
    [
      "a size that is read from memory",
      'buffer "t" has b[0] elements, which has operations other than arithmetic',
      sized({ size: k.load("i32", "b", k.i32(0)) }),
    ],
    [
      "a size with bit operations",
      'buffer "t" has n & 3 elements, which has operations other',
      sized({ size: k.and(n, k.i32(3)) }),
    ],
    ["a size of a local that is no input", 'local "m" is used before', sized({ size: k.local("i32", "m") })],
    [
      "an input that is set although sizes depend on it",
      'sizes depend on "n", which therefore cannot be set',
      sized({ size: n }, (b) => b.set(n, k.i32(3))),
    ],
    [
      "a product with a float64 number of rows",
      "the size or stride of row f64(n) is f64, not i32",
      sized({}, (b) => b.contract(rows(k.convert("f64", n)))),
    ],
    [
      "a temporary that is not aligned",
      'buffer "t" does not start at a multiple of 32 bytes',
      sized({ size: 1, offset: 40 }),
    ],
    [
      "a temporary with an arbitrary offset",
      'buffer "t" does not start at a multiple of 32 bytes',
      sized({ size: 1, offset: k.mul(n, k.i32(16)) }),
    ],
    [
      "a temporary that ends outside",
      'buffer "t" ends at byte 72 of an arena of 64',
      sized({ size: 5, offset: 32, arenaBytes: 64 }),
    ],
    ["a negative place", 'buffer "t" has -32 bytes before it', sized({ size: 1, offset: -32 })],
    ["half a byte", "the arena has 0.5 bytes", sized({ size: 0, arenaBytes: 0.5 })],
    [
      "an output that uses an undeclared local",
      'output 0: local "y" is used before',
      routine(() => {}, { outputs: [{ kind: "scalar", value: k.local("f64", "y") }] }),
    ],
    [
      "a fault deep inside",
      'at "out[i] = a[0] + y"',
      routine((b) =>
        b.for("i", k.i32(0), k.i32(4), (loop, i) =>
          loop.if(k.bool(true), (then) => then.store("out", i, k.add(at(0), k.local("f64", "y")))),
        ),
      ),
    ],
  ])("%s", (_, message, faulty) => {
    expect(() => checkRoutine(faulty)).toThrow('internal: routine "f"');
    expect(() => checkRoutine(faulty)).toThrow(message);
  });

  test.each<[string, string, () => Procedure]>([
    [
      "a procedure that reads a buffer",
      'internal: procedure "p": result: there is no buffer "a"',
      () => k.procedure("p", [], () => at(0)),
    ],
    [
      "two parameters of one name",
      'local "x" is declared twice',
      () =>
        k.procedure(
          "p",
          [
            ["x", "f64"],
            ["x", "f64"],
          ],
          () => x,
        ),
    ],
    [
      "a call with too few arguments",
      "p takes 1 arguments, not 0",
      () => k.procedure("q", [], () => k.call(k.procedure("p", [["x", "f64"]], () => x))),
    ],
    [
      "an argument of the wrong type",
      'argument "x" of p, 1 is i32, not f64',
      () =>
        k.procedure("q", [], () =>
          k.call(
            k.procedure("p", [["x", "f64"]], () => x),
            k.i32(1),
          ),
        ),
    ],
    [
      "a fault in a called procedure",
      'procedure "p": result: local "y"',
      () => k.procedure("q", [], () => k.call(k.procedure("p", [], () => k.local("f64", "y")))),
    ],
    [
      "a procedure that calls itself",
      'procedure "p": calls itself',
      () => {
        const p = { name: "p", params: [], body: [], result: k.f64(0) };
        p.result = { kind: "call", type: "f64", procedure: p, args: [] } as Expr;
        return p;
      },
    ],
  ])("%s", (_, message, faulty) => {
    expect(() => checkProcedure(faulty())).toThrow(message);
  });

  test("nesting that would exhaust the stack", () => {
    let deep: Expr = x;
    for (let i = 0; i < 10_000; i++) deep = k.neg(deep);
    expect(() => checkRoutine(routine((b) => b.store("out", k.i32(0), deep)))).toThrow(
      /nested more than 500 levels deep/,
    );
    let body: Stmt[] = [];
    for (let i = 0; i < 10_000; i++)
      body = [{ kind: "if", condition: k.bool(true), then: body, otherwise: [] }];
    expect(() => checkRoutine(routine(() => {}, { body }))).toThrow(/nested more than 500 levels deep/);
  });
});

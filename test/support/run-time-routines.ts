// Routines as long as their calls say.
import * as k from "../../src/engine/kernel/build.ts";
import { exp64 } from "../../src/engine/kernel/math/index.ts";
import type {
  Buffer,
  Dim,
  Expr,
  Port,
  Routine,
  ScalarType,
  SizeExpr,
} from "../../src/engine/kernel/scalar.ts";
import { layOutAtCall, multiplySizes, sizeExpr } from "../../src/engine/kernel/sizes.ts";

export const n: Expr = k.local("i32", "n");
export const nInput: Port = { kind: "scalar", name: "n", type: "i32" };
export const port = (name: string, type: ScalarType, size: SizeExpr): Port & { readonly kind: "buffer" } => ({
  kind: "buffer",
  buffer: { name, type, size },
});

/** `out[i] = 2 a[n − 1 − i] + (a[i] < 16 ? 1 : 0)` by way of temporaries of two types, and the sum of it. */
export const reversed: Routine = (() => {
  const block = k.makeBlock();
  const temps: Buffer[] = [
    { name: "isSmall", type: "bool", size: n },
    { name: "few", type: "f32", size: 3 },
    { name: "twice", type: "f64", size: k.add(n, k.i32(1)) },
  ];
  block.forEach("i", k.i32(0), n, (loop, i) => {
    const x = loop.let("x", k.load("f64", "a", i));
    loop.store("isSmall", i, k.lt(x, k.f64(16)));
    loop.store("twice", i, k.mul(x, k.f64(2)));
  });
  block.for("f", k.i32(0), k.i32(3), (loop, f) => loop.store("few", f, k.convert("f32", f)));
  block.forEach("j", k.i32(0), n, (loop, j) => {
    const y = loop.let("y", k.load("f64", "twice", k.sub(k.sub(n, k.i32(1)), j)));
    const more = k.select(
      k.load("bool", "isSmall", j),
      k.convert("f64", k.load("f32", "few", k.i32(1))),
      k.f64(0),
    );
    loop.store("out", j, k.add(y, more));
  });
  const sum = block.reduce("sum", "add", k.f64(0), "r", k.i32(0), n, (_, r) => k.load("f64", "out", r));
  return {
    name: "reversed",
    inputs: [port("a", "f64", n), nInput],
    outputs: [port("out", "f64", n), { kind: "scalar", value: sum }],
    ...layOutAtCall(temps),
    body: block.statements,
  };
})();

/** Sums of what went before, one after the other, and `exp` of each. */
export const running: Routine = (() => {
  const block = k.makeBlock();
  const sum = block.let("sum", k.f64(0));
  block.for("i", k.i32(0), n, (loop, i) => {
    loop.set(sum, k.add(k.mul(sum, k.f64(0.5)), k.load("f64", "a", i)));
    loop.store("t", i, sum);
  });
  block.forEach("j", k.i32(0), n, (loop, j) =>
    loop.store("out", j, k.call(exp64, k.neg(k.load("f64", "t", j)))),
  );
  return {
    name: "running",
    inputs: [nInput, port("a", "f64", n)],
    outputs: [port("out", "f64", n)],
    ...layOutAtCall([{ name: "t", type: "f64", size: n }]),
    body: block.statements,
  };
})();

/** Products whose dims of these roles have `n` indices, the others 3 rows, 5 columns, 4 sums and 2 products. */
export function products(role: Dim["role"], accumulate: boolean): Routine {
  const count = (which: Dim["role"], other: number): SizeExpr => (which === role ? n : other);
  const times = (...sizes: readonly SizeExpr[]): SizeExpr => sizes.reduce(multiplySizes);
  const [batches, rows, columns, sums] = [
    count("batch", 2),
    count("row", 3),
    count("column", 5),
    count("sum", 4),
  ];
  const dims: readonly Dim[] = [
    {
      role: "batch",
      size: batches,
      out: times(rows, columns),
      left: times(rows, sums),
      right: times(sums, columns),
    },
    { role: "row", size: rows, out: columns, left: sums, right: 0 },
    { role: "column", size: columns, out: 1, left: 0, right: 1 },
    { role: "sum", size: sums, out: 0, left: 1, right: columns },
  ];
  const block = k.makeBlock();
  const at = (buffer: string): { buffer: string; offset: Expr } => ({ buffer, offset: k.i32(0) });
  const outSize = times(batches, rows, columns);
  block.forEach("i", k.i32(0), sizeExpr(outSize), (loop, i) => loop.store("out", i, k.convert("f64", i)));
  block.contract({
    name: "dot",
    type: "f64",
    out: at("out"),
    left: at("a"),
    right: at("b"),
    dims,
    accumulate,
  });
  return {
    name: "products",
    inputs: [
      port("a", "f64", times(batches, rows, sums)),
      port("b", "f64", times(batches, sums, columns)),
      nInput,
    ],
    outputs: [port("out", "f64", outSize)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

/**
 * `out[i, j] += Σ a[i, s] b[s, j]` with the run-time sizes `rows`, `columns` and `sums`. The options transpose
 * operands. With `runs`, the sum runs over two indices, of `runs` and of `sums / runs`.
 */
export function matrixProduct(
  transposed: { readonly left: boolean; readonly right: boolean },
  runs = 1,
): Routine {
  const [rows, columns, sums] = ["rows", "columns", "sums"].map((name) => k.local("i32", name)) as [
    Expr,
    Expr,
    Expr,
  ];
  const run = runs === 1 ? sums : k.div(sums, k.i32(runs));
  const [left, right]: [SizeExpr, SizeExpr] = [transposed.left ? rows : 1, transposed.right ? 1 : columns];
  const outer: Dim = {
    role: "sum",
    size: runs,
    out: 0,
    left: multiplySizes(run, left),
    right: multiplySizes(run, right),
  };
  const block = k.makeBlock();
  const at = (buffer: string): { buffer: string; offset: Expr } => ({ buffer, offset: k.i32(0) });
  const outSize = multiplySizes(rows, columns);
  block.forEach("i", k.i32(0), sizeExpr(outSize), (loop, i) =>
    loop.store("out", i, k.div(k.convert("f64", i), k.f64(7))),
  );
  block.contract({
    name: "dot",
    type: "f64",
    out: at("out"),
    left: at("a"),
    right: at("b"),
    dims: [
      { role: "row", size: rows, out: columns, left: transposed.left ? 1 : sums, right: 0 },
      { role: "column", size: columns, out: 1, left: 0, right: transposed.right ? sums : 1 },
      ...(runs === 1 ? [] : [outer]),
      { role: "sum", size: run, out: 0, left, right },
    ],
    accumulate: true,
  });
  const scalar = (name: string): Port => ({ kind: "scalar", name, type: "i32" });
  return {
    name: "matrixProduct",
    inputs: [
      port("a", "f64", multiplySizes(rows, sums)),
      port("b", "f64", multiplySizes(sums, columns)),
      ...["rows", "columns", "sums"].map(scalar),
    ],
    outputs: [port("out", "f64", outSize)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

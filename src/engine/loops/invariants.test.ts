import { expect, test } from "vitest";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { printHead } from "../kernel/print.ts";
import type { Expr, Stmt } from "../kernel/scalar.ts";
import type { LoopPassOptions } from "./options.ts";
import { withSteadyParts } from "./invariants.ts";

const [x, n] = [k.local("f64", "x"), k.local("i32", "n")];
const masked = (mask: Expr, value: Expr): Expr =>
  k.select(k.ne(mask, k.f64(0)), k.mul(mask, value), k.f64(0));

/** The statements of a block, inner ones included, one per line and indented by depth. */
function lines(write: (block: Block) => void, options: LoopPassOptions = {}): string[] {
  const block = k.makeBlock();
  write(block);
  const show = (stmts: readonly Stmt[], depth: number): string[] =>
    stmts.flatMap((stmt) => {
      const inner = stmt.kind === "for" ? stmt.body : stmt.kind === "if" ? stmt.then : [];
      return ["  ".repeat(depth) + printHead(stmt), ...show(inner, depth + 1)];
    });
  let count = 0;
  return show(
    withSteadyParts(block.statements, options, (hint) => `${hint}${++count}`),
    0,
  );
}

test("conditions are moved before the outermost loop in which they are invariant, each once", () => {
  expect(
    lines((block) =>
      block.for("i", k.i32(0), n, (outer, i) => {
        const a = outer.let("a", k.load("f64", "a", i));
        outer.for("j", k.i32(0), n, (inner, j) => {
          inner.store("y", j, k.add(masked(a, k.load("f64", "b", j)), masked(x, a)));
          inner.if(k.lt(j, i), (then) => then.store("z", j, masked(a, x)));
        });
      }),
    ),
  ).toEqual([
    "let holds2: bool = x != 0",
    "for i in 0..n",
    "  let a: f64 = a[i]",
    "  let holds1: bool = a != 0",
    "  for j in 0..n",
    "    y[j] = (holds1 ? a * b[j] : 0) + (holds2 ? x * a : 0)",
    "    if j < i",
    "      z[j] = holds1 ? a * x : 0",
  ]);
});

test("conditions that depend on locals or memory of the loop stay in it, as do those outside of loops", () => {
  const write = (block: Block): void => {
    block.store("y", k.i32(0), masked(x, x));
    block.for("i", k.i32(0), n, (loop, i) => {
      loop.store("y", i, masked(k.local("f64", "s"), x));
      loop.store("y", i, k.select(k.lt(i, n), x, k.f64(0)));
      loop.store("y", i, masked(k.load("f64", "a", k.i32(0)), x));
      loop.set(k.local("f64", "s"), x);
    });
  };
  expect(lines(write).join("\n")).not.toContain("holds");
});

test("products in indices are moved before the outermost loop in which they are invariant, nested ones too", () => {
  const j = k.local("i32", "j");
  const write = (block: Block): void =>
    block.for("i", k.i32(0), n, (outer, i) => {
      const row = k.mul(k.add(k.mul(n, k.local("i32", "m")), i), n);
      outer.for("j", k.i32(0), n, (inner) => {
        inner.store("y", k.add(row, j), k.load("f64", "a", k.add(k.mul(j, n), i)));
        inner.store(
          "z",
          k.add(row, j),
          k.load("f64", "a", k.convert("i32", k.load("f64", "b", k.add(row, j)))),
        );
      });
    });
  expect(lines(write)).toEqual([
    "let place2: i32 = n * m",
    "for i in 0..n",
    "  let place1: i32 = (place2 + i) * n",
    "  for j in 0..n",
    "    y[place1 + j] = a[j * n + i]",
    "    z[place1 + j] = a[i32(b[place1 + j])]",
  ]);
  expect(lines(write, { steadyPlaces: false })[1]).toContain("for j");
});

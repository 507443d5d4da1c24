// Random loops over elements of an array `a`, whose indices are polynomials of the sizes n and m, and their accesses one by one.
import * as k from "../../src/engine/kernel/build.ts";
import type { Expr, ForStmt, Stmt } from "../../src/engine/kernel/scalar.ts";
import { walkExpr } from "../../src/engine/kernel/walk.ts";
import type { LoopFacts } from "../../src/engine/loops/facts.ts";
import { factsOf } from "../../src/engine/loops/facts.ts";
import { must } from "../../src/engine/util/assert-never.ts";
import type { Choices } from "./random-choices.ts";

/** Values of integer locals by name. */
export type Numbers = ReadonlyMap<string, number>;

const operations: ReadonlyMap<string, (x: number, y: number) => number> = new Map([
  ["add", (x, y) => x + y],
  ["sub", (x, y) => x - y],
  ["mul", (x, y) => x * y],
  ["lt", (x, y) => Number(x < y)],
  ["le", (x, y) => Number(x <= y)],
  ["eq", (x, y) => Number(x === y)],
  ["ne", (x, y) => Number(x !== y)],
]);

/** Value of an int32 expression, or of a condition. */
export function valueOf(expr: Expr, at: Numbers): number {
  if (expr.kind === "const") return expr.value;
  if (expr.kind === "local") return at.get(expr.name)!;
  if (expr.kind === "unary") return 1 - valueOf(expr.x, at);
  if (expr.kind !== "binary") throw new Error(`no value of ${expr.kind}`);
  const [x, y] = [valueOf(expr.x, at), valueOf(expr.y, at)];
  return must(operations.get(expr.op), expr.op)(x, y);
}

/** Calls `note` for each element that statements read or write. */
export function run(
  block: readonly Stmt[],
  at: Numbers,
  note: (element: string, isStore: boolean) => void,
): void {
  const read = (expr: Expr): void =>
    walkExpr(expr, (x) => x.kind === "load" && note(`${x.buffer}[${valueOf(x.index, at)}]`, false));
  for (const stmt of block) {
    if (stmt.kind === "store") {
      read(stmt.value);
      note(`${stmt.buffer}[${valueOf(stmt.index, at)}]`, true);
    } else if (stmt.kind === "if") {
      run(valueOf(stmt.condition, at) === 1 ? stmt.then : stmt.otherwise, at, note);
    } else if (stmt.kind === "for") {
      const end = valueOf(stmt.to, at);
      for (let i = valueOf(stmt.from, at); i < end; i++)
        run(stmt.body, new Map([...at, [stmt.index, i]]), note);
    } else throw new Error(`cannot run ${stmt.kind}`);
  }
}

export const n: Expr = k.local("i32", "n");
export const m: Expr = k.local("i32", "m");

/** A loop whose body `write` fills; n and m are not negative. */
export function loopOf(write: (block: k.Block, i: Expr) => void): ForStmt {
  const block = k.makeBlock();
  block.for("i", k.i32(0), n, write);
  return block.statements[0] as ForStmt;
}

/** Facts about a loop over sizes n and m that are not negative. */
export function factsOfSizes(loop: ForStmt): LoopFacts {
  const natural = { low: 0, high: 1000 };
  const ranges = new Map([
    ["n", natural],
    ["m", natural],
  ]);
  return factsOf([loop], { changing: new Set(), ranges, offsets: new Set() });
}

/** Draws an index, bound or operand: a sum of multiples of indices, sizes and their products. */
function drawSum(choices: Choices, indices: readonly Expr[]): Expr {
  const factors = [...indices, n, m, k.i32(1), k.i32(2)];
  const term = (): Expr =>
    choices.below(3) > 0 ? choices.of(factors) : k.mul(choices.of(factors), choices.of(factors));
  let sum = choices.below(2) > 0 && indices.length > 0 ? choices.of(indices) : term();
  for (let rest = choices.below(3); rest > 0; rest--)
    sum = choices.below(3) > 0 ? k.add(sum, term()) : k.sub(sum, term());
  return sum;
}

/** Adds random stores, branches and inner loops to a block. */
export function drawBlock(choices: Choices, block: k.Block, indices: readonly Expr[]): void {
  for (let count = 1 + choices.below(2); count > 0; count--) {
    const kind = choices.below(4);
    if (kind === 0 && indices.length < 3)
      block.for(`j${indices.length}_${count}`, k.i32(choices.below(2)), choices.below(2) > 0 ? n : drawSum(choices, indices), (inner, j) =>
        drawBlock(choices, inner, [...indices, j])); // prettier-ignore
    else if (kind === 1) {
      const compare = choices.of([k.lt, k.le, k.eq, k.ne]);
      const condition = compare(drawSum(choices, indices), drawSum(choices, indices));
      block.if(
        condition,
        (then) => drawBlock(choices, then, indices),
        (otherwise) => drawBlock(choices, otherwise, indices),
      );
    } else {
      const index = drawSum(choices, indices);
      const read = choices.below(2) > 0 ? index : drawSum(choices, indices);
      block.store("a", index, k.add(k.load("f64", choices.of(["a", "b"]), read), k.f64(1)));
    }
  }
}

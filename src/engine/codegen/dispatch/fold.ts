import type { Block } from "../../kernel/build.ts";
import * as k from "../../kernel/build.ts";
import { expandBlock } from "../../kernel/expand.ts";
import type { Expr, Reduce, Stmt } from "../../kernel/scalar.ts";
import { reduceLanes } from "../../kernel/scalar.ts";
import { append } from "../../util/append.ts";

/**
 * Expands folds and products to plain loops with little code: the code of a fold has one copy of its body, and combines
 * lanes three times. `expandBlock` repeats the body for each lane. Shader compilers would take seconds for that,
 * because they inline all calls and a float64 addition is long.
 */
export function compactBlock(block: readonly Stmt[]): Stmt[] {
  return expandBlock(block, 0, compactFold);
}

/**
 * Plain statements of a fold: a loop over the lanes, which folds the values of one lane and combines lanes. The lanes
 * are computed in the order 0, 4, 2, 6, 1, 5, 3, 7. In that order, adjacent lanes are combined first, then adjacent
 * pairs, then both halves, as the fold is defined. Lanes without values hold the identity, which changes no bit.
 */
function compactFold(stmt: Reduce): Stmt[] {
  const { name, op, start } = stmt;
  const block = k.makeBlock();
  const begin = block.let(`${name}.from`, stmt.from);
  const end = block.let(`${name}.to`, stmt.to);
  const total = block.let(name, start);
  const waiting = [1, 2, 4].map((bit) => ({ bit, value: block.let(`${name}.held${bit}`, start) }));
  block.for(`${name}.turn`, k.i32(0), k.i32(reduceLanes), (turns, turn) => {
    const lane = turns.let(`${name}.lane`, reversedBits(turn));
    const count = k.sub(k.sub(end, begin), lane);
    const whole = k.shr(k.add(count, k.i32(reduceLanes - 1)), k.i32(3)); // negative without values
    turns.set(total, start);
    turns.for(`${name}.run`, k.i32(0), whole, (loop, run) => {
      const first = k.add(begin, lane);
      loop.let(stmt.index, k.add(first, k.mul(run, k.i32(reduceLanes))));
      append(loop.statements, stmt.body);
      loop.set(total, k.combine(op, total, stmt.value));
    });
    combineHeld(turns, turn, total, waiting, op);
  });
  return block.statements;
}

/**
 * Combines the lane in `total` with waiting lanes, level by level. If no lane waits at a level, which the bits of
 * `turn` tell, this one waits there.
 */
function combineHeld(
  block: Block,
  turn: Expr,
  total: Expr,
  waiting: readonly { readonly bit: number; readonly value: Expr }[],
  op: Reduce["op"],
): void {
  const [next, ...more] = waiting;
  if (next === undefined) return;
  block.if(
    k.eq(k.and(turn, k.i32(next.bit)), k.i32(0)),
    (then) => then.set(next.value, total),
    (otherwise) => {
      otherwise.set(total, k.combine(op, next.value, total));
      combineHeld(otherwise, turn, total, more, op);
    },
  );
}

/** The three low bits in reverse order. */
function reversedBits(x: Expr): Expr {
  const bit = (from: number, to: number): Expr => k.shl(k.and(k.shr(x, k.i32(from)), k.i32(1)), k.i32(to));
  return k.or(k.or(bit(0, 2), bit(1, 1)), bit(2, 0));
}

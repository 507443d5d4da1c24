// Divides long folds into two levels: eight threads fold the lanes of each fold, and another one combines them.
import * as k from "../../kernel/build.ts";
import type { Buffer, Expr, Reduce, Stmt } from "../../kernel/scalar.ts";
import { reduceLanes } from "../../kernel/scalar.ts";
import { constantSize } from "../../kernel/sizes.ts";
import { usesOf } from "../../kernel/uses.ts";
import type { IterationRange } from "../phases.ts";

/**
 * Number of values from which on a fold is divided. Number of points up to which more threads are of use, and number of
 * points up to which they matter more than anything else.
 */
const [longFold, fewPoints, fewestPoints] = [32, 2 ** 15, 64];

/** Statements of the two levels of a fold. */
export interface DividedFold {
  /** Range of the lanes, which becomes the last axis of the points of `folding`. */
  readonly lanes: IterationRange;
  /** Folds one lane and stores its value. */
  readonly folding: readonly Stmt[];
  /** Combines the lanes and runs the statements after the fold. */
  readonly combining: readonly Stmt[];
  /** Memory of the values of all lanes. */
  readonly memory: Buffer<number>;
}

/**
 * Divides the first fold of a body, which runs for each point of `extent`. `undefined` if the fold is short or there are
 * many points, or if the statements before it cannot run twice.
 */
export function dividedFold(
  body: readonly Stmt[],
  extent: readonly IterationRange[],
  fresh: (hint: string) => string,
): DividedFold | undefined {
  const at = body.findIndex(({ kind }) => kind === "reduce");
  const fold = body[at] as Reduce | undefined;
  if (fold === undefined) return undefined;
  const [points, count] = [pointsOf(extent), pointsOf([fold])];
  if (points === undefined || points > fewPoints || (count ?? longFold) < longFold) return undefined;
  // lanes of unequal length hide which elements they access, so that less can share the kernel
  const isEven = count !== undefined && count % reduceLanes === 0;
  if (!isEven && points > fewestPoints) return undefined;
  const before = body.slice(0, at).filter(({ kind }) => kind !== "comment");
  const { set } = usesOf(body);
  if (!before.every((stmt) => stmt.kind === "let" && !set.has(stmt.name))) return undefined;
  const { stored } = usesOf(fold.body);
  if ([...usesOf(before).loaded].some((buffer) => stored.has(buffer))) return undefined;
  const memory: Buffer<number> = {
    name: fresh(`${fold.name}.lanes`),
    type: fold.value.type,
    size: points * reduceLanes,
  };
  const first = k.mul(pointNumber(extent), k.i32(reduceLanes));
  const lanes: IterationRange = { index: fresh(`${fold.name}.lane`), from: k.i32(0), to: k.i32(reduceLanes) };
  const lane = k.local("i32", lanes.index);
  return {
    lanes,
    folding: [...before, ...laneStatements(fold, lane, memory.name, k.add(first, lane))],
    combining: [...before, combination(fold, memory.name, first), ...body.slice(at + 1)],
    memory,
  };
}

/** Number of points of ranges; `undefined` if it is not known. */
function pointsOf(extent: readonly IterationRange[]): number | undefined {
  return extent.reduce<number | undefined>((n, { from, to }) => {
    const [low, high] = [constantSize(from), constantSize(to)];
    return n === undefined || low === undefined || high === undefined
      ? undefined
      : n * Math.max(0, high - low);
  }, 1);
}

/** Number of a point, counted in the order of the ranges. */
function pointNumber(extent: readonly IterationRange[]): Expr {
  return extent.reduce<Expr>((sum, { index, from, to }) => {
    const size = constantSize(to)! - constantSize(from)!;
    return k.add(k.mul(sum, k.i32(size)), k.sub(k.local("i32", index), from));
  }, k.i32(0));
}

/** Folds the values of one lane, number `lane`, `lane` + 8, …, and stores the result. */
function laneStatements(fold: Reduce, lane: Expr, buffer: string, index: Expr): Stmt[] {
  const { name, op, start, from, to } = fold;
  const block = k.makeBlock();
  const begin = block.let(`${name}.begin`, k.add(from, lane));
  const known = pointsOf([fold]);
  const rest = k.add(k.sub(to, begin), k.i32(reduceLanes - 1));
  const turns =
    known !== undefined && known % reduceLanes === 0
      ? k.i32(known / reduceLanes)
      : block.let(`${name}.turns`, k.shr(rest, k.i32(3))); // not positive without values
  const total = block.let(`${name}.total`, start);
  block.for(`${name}.turn`, k.i32(0), turns, (loop, turn) => {
    loop.let(fold.index, k.add(begin, k.mul(turn, k.i32(reduceLanes))));
    loop.statements.push(...fold.body);
    loop.set(total, k.combine(op, total, fold.value));
  });
  block.store(buffer, index, total);
  return block.statements;
}

/** Declares the value of a fold: lane j combined with lane j + 4, then j + 2, then j + 1. */
function combination({ name, op, value }: Reduce, buffer: string, first: Expr): Stmt {
  const lane = (j: number): Expr => k.load(value.type, buffer, k.add(first, k.i32(j)));
  const combined = (j: number, half: number): Expr =>
    half === reduceLanes ? lane(j) : k.combine(op, combined(j, half * 2), combined(j + half, half * 2));
  return { kind: "let", name, value: combined(0, 1) };
}

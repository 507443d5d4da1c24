import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { sameExpr } from "../kernel/same-expr.ts";
import type { Expr } from "../kernel/scalar.ts";

// A set is an int32: 0 is the empty set, 1 … n are single columns, and larger numbers are nodes of a graph of unions.
// Node n + 1 + p is stored in the pool from index p on: the number of its members, at least two, then the members, which
// are sets. Members may occur twice.

/** Buffer, locals and sizes with which generated code computes unions of sets. */
export interface SetPool {
  /** Name of the buffer that stores the nodes. */
  readonly buffer: string;
  /** Number of elements of the buffer. Code counts the elements of further nodes but does not store them. */
  readonly capacity: number;
  /** Local with the number of elements used so far. */
  readonly top: Expr;
  /** Number of columns. */
  readonly columns: number;
  fresh(hint: string): string;
}

/** Value at which the counter of pool elements stops growing, so that it stays within int32. */
export const countLimit: number = 2 ** 30;

/** Expression for the set with the single column `first + index`. */
export function columnSet(index: Expr, first: number): Expr {
  return k.add(index, k.i32(first + 1));
}

/** True if a set is known to consist of one column. Other sets may be empty. */
function isColumn(set: Expr, columns: ReadonlySet<string>): boolean {
  return set.kind === "const" || (set.kind === "local" && columns.has(set.name));
}

/** Removes repeated sets and the constant empty set. */
export function distinct(sets: readonly Expr[]): Expr[] {
  const kept: Expr[] = [];
  for (const set of sets)
    if (!(set.kind === "const" && set.value === 0) && !kept.some((other) => sameExpr(other, set)))
      kept.push(set);
  return kept;
}

/**
 * Writes the union of sets, which are constants or locals, and returns it. `columns` are locals that hold single
 * columns.
 */
export function writeUnion(
  block: Block,
  sets: readonly Expr[],
  columns: ReadonlySet<string>,
  pool: SetPool,
): Expr {
  const [a, b] = sets;
  if (a === undefined) return k.i32(0);
  if (b === undefined) return a;
  if (sets.every((set) => isColumn(set, columns))) return writeColumns(block, sets, pool);
  return sets.length === 2 ? writePair(block, a, b, pool) : writeMany(block, sets, pool);
}

/** Writes the union of sets that are single columns. */
function writeColumns(block: Block, sets: readonly Expr[], pool: SetPool): Expr {
  const union = block.let(pool.fresh("union"), idOf(pool));
  writeNode(block, k.i32(sets.length), sets.length, pool, (inner) => {
    sets.forEach((set, i) => inner.store(pool.buffer, k.add(pool.top, k.i32(i + 1)), set));
  });
  return union;
}

/** Number of the set whose node is stored next. */
function idOf({ top, columns }: SetPool): Expr {
  return k.add(top, k.i32(columns + 1));
}

/**
 * Appends a node with `count` members, at most `most`, to the pool. `fill` writes the code that stores them, which runs
 * only if they fit.
 */
function writeNode(
  block: Block,
  count: Expr,
  most: number,
  pool: SetPool,
  fill: (block: Block) => void,
): void {
  const { top, buffer, capacity } = pool;
  block.if(k.lt(top, k.i32(capacity - most)), (inner) => {
    inner.store(buffer, top, count);
    fill(inner);
  });
  const next = k.add(top, k.add(count, k.i32(1)));
  block.set(top, k.select(k.lt(top, k.i32(countLimit)), next, top));
}

/**
 * Writes the union of two sets. It needs no new node if one is empty, both are equal, or one is among the first two
 * members of the other.
 */
function writePair(block: Block, a: Expr, b: Expr, pool: SetPool): Expr {
  const union = block.let(pool.fresh("union"), k.or(a, b)); // right if one is empty or both are equal
  const areBoth = k.and(k.and(k.ne(a, k.i32(0)), k.ne(b, k.i32(0))), k.ne(a, b));
  block.if(areBoth, (inner) => {
    inner.if(
      hasMember(a, b, pool),
      (then) => then.set(union, a),
      (other) =>
        other.if(
          hasMember(b, a, pool),
          (then) => then.set(union, b),
          (last) => {
            last.set(union, idOf(pool));
            writeNode(last, k.i32(2), 2, pool, (node) => {
              node.store(pool.buffer, k.add(pool.top, k.i32(1)), a);
              node.store(pool.buffer, k.add(pool.top, k.i32(2)), b);
            });
          },
        ),
    );
  });
  return union;
}

/**
 * Condition that a set is one of the first two members of a node. Because of it, loops that add one set repeatedly add
 * no nodes.
 */
function hasMember(node: Expr, set: Expr, { buffer, columns, capacity }: SetPool): Expr {
  const member = (i: number): Expr => {
    const index = k.sub(node, k.i32(columns - i));
    return k.load("i32", buffer, k.min(k.max(index, k.i32(0)), k.i32(capacity - 1)));
  };
  const isNode = k.gt(node, k.i32(columns));
  return k.and(isNode, k.or(k.eq(member(0), set), k.eq(member(1), set)));
}

/**
 * Writes the union of three or more sets. Its members are the set with the largest number and all others that differ
 * from it and are not empty. A single member needs no node.
 */
function writeMany(block: Block, sets: readonly Expr[], pool: SetPool): Expr {
  const largest = block.let(pool.fresh("largest"), sets.reduce(k.max));
  const others = sets.map((set) =>
    block.let(pool.fresh("other"), k.convert("i32", k.and(k.ne(set, k.i32(0)), k.ne(set, largest)))),
  );
  const count = block.let(pool.fresh("count"), others.reduce(k.add, k.i32(1)));
  const union = block.let(pool.fresh("union"), largest);
  block.if(k.gt(count, k.i32(1)), (inner) => {
    inner.set(union, idOf(pool));
    writeNode(inner, count, sets.length + 1, pool, (node) => {
      node.store(pool.buffer, k.add(pool.top, k.i32(1)), largest);
      const at = node.let(pool.fresh("at"), k.add(pool.top, k.i32(2)));
      sets.forEach((set, i) => {
        node.store(pool.buffer, at, set); // the next one overwrites it unless it counts
        node.set(at, k.add(at, others[i]!));
      });
    });
  });
  return union;
}

import type { Block } from "./build.ts";
import * as k from "./build.ts";
import { copyBlock } from "./copy.ts";
import type { Contract, Dim, Expr, BufferPointer, Reduce, Routine, SizeExpr, Stmt } from "./scalar.ts";
import { contractBlock, isFloat, reduceLanes } from "./scalar.ts";
import { constantSize, multiplySizes, sizeExpr } from "./sizes.ts";
import { blocksIn, checkDepth } from "./walk.ts";
import { append } from "../util/append.ts";

/**
 * Expands `reduce` and `contract` in a routine to plain loops. The expansion defines their meaning: a backend that
 * computes them differently must yield the same bits.
 */
export function expandRoutine(routine: Routine): Routine {
  return { ...routine, body: expandBlock(routine.body) };
}

/** Expands `reduce` and `contract` in a block to plain loops. `expandFold` writes a `reduce` as plain statements. */
export function expandBlock(
  block: readonly Stmt[],
  depth = 0,
  expandFold: (fold: Reduce) => readonly Stmt[] = expandReduce,
): Stmt[] {
  checkDepth(depth);
  const inner = (stmts: readonly Stmt[]): Stmt[] => expandBlock(stmts, depth + 1, expandFold);
  return block.flatMap((stmt): Stmt | Stmt[] => {
    switch (stmt.kind) {
      case "for":
      case "while":
        return { ...stmt, body: inner(stmt.body) };
      case "if":
        return { ...stmt, then: inner(stmt.then), otherwise: inner(stmt.otherwise) };
      case "reduce":
        return inner(expandFold(stmt));
      case "contract":
        return expandContract(stmt);
      case "let":
      case "set":
      case "store":
      case "comment":
        return stmt;
    }
  });
}

/**
 * Maximum number of expanded statements of a fold body that is repeated for each lane. Longer bodies are written once
 * per loop.
 */
const shortBody = 12;

/**
 * Number of statements of a block after expanding its folds, counted up to `most`. Nested folds count with their
 * copies, whose number could grow exponentially with the depth.
 */
function expandedSize(block: readonly Stmt[], most: number): number {
  let size = 0;
  for (const stmt of block) {
    if (size > most) return size;
    const inner = blocksIn(stmt).reduce((sum, one) => sum + expandedSize(one, most), 0);
    size += 1 + (stmt.kind === "reduce" && inner <= shortBody ? copiesOf(stmt) * (1 + inner) : inner);
  }
  return size;
}

/** Number of copies of the body of a fold that is written once per lane. */
function copiesOf(stmt: Reduce): number {
  const count = iterationsOf(stmt);
  return count !== undefined && count < reduceLanes ? count : 2 * reduceLanes - 1;
}

/** Number of iterations of a fold, if known. */
function iterationsOf({ from, to }: Reduce): number | undefined {
  return from.kind === "const" && to.kind === "const" ? Math.max(0, to.value - from.value) : undefined;
}

/** Plain statements that define a `reduce`. */
export function expandReduce(stmt: Reduce): Stmt[] {
  const { name, op, start, from, to } = stmt;
  const block = k.makeBlock();
  const count = iterationsOf(stmt);
  const isShort = expandedSize(stmt.body, shortBody) <= shortBody;
  if (count !== undefined && count < reduceLanes && isShort) {
    return foldFew(stmt, block, count);
  }
  const lanes = Array.from({ length: reduceLanes }, (_, j) => block.let(`${name}.lane${j}`, start));
  const begin = fixed(block, `${name}.from`, from);
  const end = fixed(block, `${name}.to`, to);
  const fold = (target: Block, lane: number, at: Expr, copy: string): void => {
    const value = bodyAt(target, stmt, at, copy);
    target.set(lanes[lane]!, k.combine(op, lanes[lane]!, value));
  };
  if (isShort) {
    const whole = block.let(`${name}.whole`, k.shr(k.max(k.i32(0), k.sub(end, begin)), k.i32(3)));
    block.for(`${name}.run`, k.i32(0), whole, (loop, run) => {
      const at = loop.let(`${name}.at`, k.add(begin, k.mul(run, k.i32(reduceLanes))));
      lanes.forEach((_, j) => fold(loop, j, j === 0 ? at : k.add(at, k.i32(j)), `.${j}`));
    });
    const rest = block.let(`${name}.rest`, k.add(begin, k.mul(whole, k.i32(reduceLanes))));
    lanes.slice(1).forEach((_, j) => {
      if (count !== undefined && j >= count % reduceLanes) return;
      const at = j === 0 ? rest : k.add(rest, k.i32(j));
      block.if(k.lt(at, end), (then) => fold(then, j, at, `.rest${j}`));
    });
  } else {
    block.for(stmt.index, begin, end, (loop, i) => {
      append(loop.statements, stmt.body);
      const value = loop.let(`${name}.value`, stmt.value);
      const lane = loop.let(`${name}.lane`, k.and(k.sub(i, begin), k.i32(reduceLanes - 1)));
      const choose = (target: Block, low: number, high: number): void => {
        if (high - low === 1) return target.set(lanes[low]!, k.combine(op, lanes[low]!, value));
        const middle = (low + high) / 2;
        target.if(
          k.lt(lane, k.i32(middle)),
          (then) => choose(then, low, middle),
          (otherwise) => choose(otherwise, middle, high),
        );
      };
      choose(loop, 0, reduceLanes);
    });
  }
  block.let(name, byHalves(lanes, stmt));
  return block.statements;
}

/** Expands a fold with fewer values than lanes: each value is one lane, and the remaining lanes are omitted. */
function foldFew(stmt: Reduce, block: Block, count: number): Stmt[] {
  const { name, op, start, from } = stmt;
  const lanes = Array.from({ length: reduceLanes }, (_, j) => {
    if (j >= count) return undefined;
    const value = bodyAt(block, stmt, k.i32((from as Expr & { value: number }).value + j), `.${j}`);
    return block.let(`${name}.lane${j}`, k.combine(op, start, value));
  });
  block.let(name, byHalves(lanes, stmt) ?? start);
  return block.statements;
}

/**
 * Combines lanes pairwise: each lane of the first half with the corresponding lane of the second half, repeatedly.
 * Missing lanes are skipped.
 */
function byHalves(lanes: readonly Expr[], stmt: Reduce): Expr;
function byHalves(lanes: readonly (Expr | undefined)[], stmt: Reduce): Expr | undefined;
function byHalves(lanes: readonly (Expr | undefined)[], stmt: Reduce): Expr | undefined {
  if (lanes.length === 1) return lanes[0];
  const half = lanes.length / 2;
  const combined = lanes.slice(0, half).map((x, j) => {
    const y = lanes[j + half];
    return x === undefined || y === undefined ? (x ?? y) : k.combine(stmt.op, x, y);
  });
  return byHalves(combined, stmt);
}

/** Writes the body of a fold for the index `at`. Its locals are renamed, so that several copies can be in one block. */
function bodyAt(block: Block, stmt: Reduce, at: Expr, copy: string): Expr {
  const { statements, results } = copyBlock(stmt.body, [stmt.value], copy, new Map([[stmt.index, at]]));
  append(block.statements, statements);
  return results[0]!;
}

/** Expression that can be read repeatedly without being evaluated again; declares the local `name` if necessary. */
function fixed(block: Block, name: string, x: Expr): Expr {
  return x.kind === "const" ? x : block.let(name, x);
}

/** Number of columns of a contraction that are computed together, each with its own sum. */
const tile = 4;

/** Returns plain loops for a `contract`. They define its results and their rounding. */
export function expandContract(stmt: Contract): Stmt[] {
  const { name, out, left, right, dims } = stmt;
  const block = k.makeBlock();
  const of = (...roles: readonly Dim["role"][]): Dim[] => dims.filter((dim) => roles.includes(dim.role));
  const sums = of("sum");
  const columns = of("column");
  const last = columns.at(-1);
  const total = constantSize(sums.reduce<SizeExpr>((n, dim) => multiplySizes(n, dim.size), 1));
  if (dims.some((dim) => dim.role !== "sum" && constantSize(dim.size) === 0)) return [];
  const base = (place: BufferPointer, part: string): Expr => fixed(block, `${name}.${part}`, place.offset);
  const begin = { out: base(out, "out"), left: base(left, "left"), right: base(right, "right") };

  loopDims(
    block,
    [...of("batch"), ...of("row"), ...columns.slice(0, -1)],
    `${name}.i`,
    begin,
    (row, at, copy) => {
      const columnsFrom = (inner: Block, from: OperandOffsets, width: number, suffix: string): void =>
        sumProducts(inner, stmt, sums, total, from, last, width, `${copy}${suffix}`);
      if (last === undefined) return columnsFrom(row, at, 1, "");
      const n = constantSize(last.size);
      const tiles = n === undefined ? k.div(sizeExpr(last.size), k.i32(tile)) : Math.floor(n / tile);
      if (tiles !== 0) {
        const wide: Dim = {
          ...last,
          size: tiles,
          out: multiplySizes(last.out, tile),
          right: multiplySizes(last.right, tile),
        };
        loopDims(row, [wide], `${name}.tile`, at, (inner, from) => columnsFrom(inner, from, tile, ""));
      }
      if (n !== undefined) {
        for (let column = n - (n % tile); column < n; column++)
          columnsFrom(row, moved(at, last, k.i32(column)), 1, `.${column}`);
      } else {
        const rest = k.mul(sizeExpr(tiles), k.i32(tile));
        row.for(`${name}.rest`, rest, sizeExpr(last.size), (inner, column) =>
          columnsFrom(inner, moved(at, last, column), 1, ".rest"),
        );
      }
    },
  );
  return block.statements;
}

export interface OperandOffsets {
  readonly out: Expr;
  readonly left: Expr;
  readonly right: Expr;
}

/** Offsets of the operands after `steps` further steps along a dim. */
function moved(at: OperandOffsets, dim: Dim, steps: Expr): OperandOffsets {
  const known = constantSize(steps) ?? steps;
  return {
    out: plus(at.out, multiplySizes(known, dim.out)),
    left: plus(at.left, multiplySizes(known, dim.left)),
    right: plus(at.right, multiplySizes(known, dim.right)),
  };
}

/** Writes nested loops over dims; `body` receives the operand offsets at their indices. */
function loopDims(
  block: Block,
  dims: readonly Dim[],
  prefix: string,
  at: OperandOffsets,
  body: (block: Block, at: OperandOffsets, copy: string) => void,
  depth = 0,
): void {
  const [dim, ...rest] = dims;
  if (dim === undefined) return body(block, at, "");
  if (constantSize(dim.size) === 1) return loopDims(block, rest, prefix, at, body, depth + 1);
  const name = `${prefix}${depth}`;
  block.for(name, k.i32(0), sizeExpr(dim.size), (loop, i) => {
    const step = (x: Expr, stride: SizeExpr, part: string): Expr => {
      const by = multiplySizes(i, stride);
      return by === 0 ? x : loop.let(`${name}.${part}`, k.add(x, sizeExpr(by)));
    };
    const next: OperandOffsets = {
      out: step(at.out, dim.out, "out"),
      left: step(at.left, dim.left, "left"),
      right: step(at.right, dim.right, "right"),
    };
    loopDims(loop, rest, prefix, next, body, depth + 1);
  });
}

/** Writes the sums of `width` neighbouring columns of a contraction, one local per sum. */
function sumProducts(
  block: Block,
  { name, type, out, left, right, accumulate }: Contract,
  sums: readonly Dim[],
  total: number | undefined,
  at: OperandOffsets,
  column: Dim | undefined,
  width: number,
  copy: string,
): void {
  const suffix = width === 1 ? copy || ".one" : copy;
  const zero = k.constant(type, 0);
  const lanes = Array.from({ length: width }, (_, t) => t);
  const place = (x: Expr, stride: SizeExpr, t: number): Expr => plus(x, multiplySizes(stride, t));
  const old = (t: number): Expr => k.load(type, out.buffer, place(at.out, column?.out ?? 0, t));
  const parts = lanes.map((t) => block.let(`${name}.sum${t}${suffix}`, zero));
  const isLong = total === undefined || total > contractBlock;
  const totals = isLong
    ? lanes.map((t) => block.let(`${name}.total${t}${suffix}`, accumulate ? old(t) : zero))
    : [];
  const products = (loop: Block, from: OperandOffsets): void => {
    const x = loop.let(`${name}.l${suffix}`, k.load(type, left.buffer, from.left));
    parts.forEach((sum, t) => {
      const y = k.load(type, right.buffer, place(from.right, column?.right ?? 0, t));
      loop.set(sum, isFloat(type) ? k.mulAdd(x, y, sum) : k.add(k.mul(x, y), sum));
    });
  };
  const flush = (target: Block): void =>
    parts.forEach((sum, t) => {
      target.set(totals[t]!, k.add(totals[t]!, sum));
      target.set(sum, zero);
    });
  if (!isLong) {
    loopDims(block, sums, `${name}.k${suffix}.`, at, products);
  } else {
    const count = block.let(`${name}.count${suffix}`, k.i32(0));
    loopDims(block, sums, `${name}.k${suffix}.`, at, (loop, from) => {
      products(loop, from);
      loop.set(count, k.add(count, k.i32(1)));
      loop.if(k.eq(count, k.i32(contractBlock)), (then) => {
        flush(then);
        then.set(count, k.i32(0));
      });
    });
    if (total === undefined || total % contractBlock > 0) flush(block);
  }
  lanes.forEach((t) => {
    const sum = isLong ? totals[t]! : accumulate ? k.add(old(t), parts[t]!) : parts[t]!;
    block.store(out.buffer, place(at.out, column?.out ?? 0, t), sum);
  });
}

function plus(x: Expr, n: SizeExpr): Expr {
  if (n === 0) return x;
  return x.kind === "const" && typeof n === "number" ? k.i32(x.value + n) : k.add(x, sizeExpr(n));
}

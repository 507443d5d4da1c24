// Products whose sizes are known only at run time, as vectorisable loops in which each loaded element serves several
// sums.
import type { Block } from "../../kernel/build.ts";
import * as k from "../../kernel/build.ts";
import { isFloat, contractBlock } from "../../kernel/scalar.ts";
import type { Contract, Dim, Expr, SizeExpr, Stmt } from "../../kernel/scalar.ts";
import { constantSize, multiplySizes, sizeExpr } from "../../kernel/sizes.ts";
import type { OperandOffsets } from "../../kernel/expand.ts";

/**
 * Number of rows that are computed together. They share each loaded vector of columns, and their additions overlap. In
 * float64, eight vectors of sums and two of columns stay in registers.
 */
const tileRows = 4;

/**
 * Rewrites a contraction whose columns are contiguous in `out` and in one operand as a vectorisable loop over these
 * columns. The sums have the same bits as those of the plain loops (`expandContract`). `undefined` if no columns are
 * contiguous.
 */
export function tileContract(stmt: Contract): Stmt[] | undefined {
  const turned = withDenseColumns(stmt);
  if (turned === undefined) return undefined;
  const { contract, columns } = turned;
  const rows = contract.dims.findLast(({ role }) => role === "row");
  const others = contract.dims.filter((dim) => dim.role !== "sum" && dim !== columns && dim !== rows);
  const { name, out, left, right } = contract;
  const block = k.makeBlock();
  const begin: OperandOffsets = {
    out: block.let(`${name}.out`, out.offset),
    left: block.let(`${name}.left`, left.offset),
    right: block.let(`${name}.right`, right.offset),
  };
  loopOver(block, others, `${name}.i`, begin, (inner, at) =>
    inner.forEach(`${name}.column`, k.i32(0), sizeExpr(columns.size), (loop, column) => {
      const from = { ...at, out: k.add(at.out, column), right: k.add(at.right, column) };
      writeRows(loop, contract, rows, from);
    }),
  );
  return block.statements;
}

/**
 * The contraction with contiguous columns. Swaps the operands if the rows are contiguous instead, since products
 * commute. `undefined` if neither are contiguous.
 */
function withDenseColumns(
  stmt: Contract,
): { readonly contract: Contract; readonly columns: Dim } | undefined {
  const isDense = (role: Dim["role"], operand: "left" | "right") => (dim: Dim) =>
    dim.role === role && constantSize(dim.out) === 1 && constantSize(dim[operand]) === 1;
  const columns = stmt.dims.find(isDense("column", "right"));
  if (columns !== undefined) return { contract: stmt, columns };
  const at = stmt.dims.findIndex(isDense("row", "left"));
  if (at < 0) return undefined;
  const roles = { batch: "batch", row: "column", column: "row", sum: "sum" } as const;
  const dims = stmt.dims.map((dim) => ({ ...dim, role: roles[dim.role], left: dim.right, right: dim.left }));
  return { contract: { ...stmt, left: stmt.right, right: stmt.left, dims }, columns: dims[at]! };
}

/** Writes nested loops over dims; `body` receives the operand offsets at the current indices. */
function loopOver(
  block: Block,
  [dim, ...rest]: readonly Dim[],
  prefix: string,
  at: OperandOffsets,
  body: (block: Block, at: OperandOffsets) => void,
  depth = 0,
): void {
  if (dim === undefined) return body(block, at);
  const name = `${prefix}${depth}`;
  block.for(name, k.i32(0), sizeExpr(dim.size), (loop, i) => {
    const next = {
      out: loop.let(`${name}.out`, moved(at.out, dim.out, i)),
      left: loop.let(`${name}.left`, moved(at.left, dim.left, i)),
      right: loop.let(`${name}.right`, moved(at.right, dim.right, i)),
    };
    loopOver(loop, rest, prefix, next, body, depth + 1);
  });
}

/** The offset `place`, moved by `steps` strides. */
function moved(place: Expr, stride: SizeExpr, steps: Expr): Expr {
  const distance = multiplySizes(stride, constantSize(steps) ?? steps);
  return constantSize(distance) === 0 ? place : k.add(place, sizeExpr(distance));
}

/**
 * Writes the computation of one column of the result, which begins at the addresses `at`: tiles of several rows, then
 * the remaining rows one by one. Without a dimension of rows, computes one element.
 */
function writeRows(block: Block, contract: Contract, rows: Dim | undefined, at: OperandOffsets): void {
  const { name } = contract;
  if (rows === undefined) return sumProducts(block, contract, [at], name);
  const tiles = block.let(`${name}.tiles`, k.div(sizeExpr(rows.size), k.i32(tileRows)));
  const rowsAt = (first: Expr, count: number): OperandOffsets[] =>
    Array.from({ length: count }, (_, r) => {
      const row = r === 0 ? first : k.add(first, k.i32(r));
      return { ...at, out: moved(at.out, rows.out, row), left: moved(at.left, rows.left, row) };
    });
  block.for(`${name}.tile`, k.i32(0), tiles, (loop, tile) => {
    const first = loop.let(`${name}.first`, k.mul(tile, k.i32(tileRows)));
    sumProducts(loop, contract, rowsAt(first, tileRows), `${name}.tile`);
  });
  block.for(`${name}.row`, k.mul(tiles, k.i32(tileRows)), sizeExpr(rows.size), (loop, row) =>
    sumProducts(loop, contract, rowsAt(row, 1), `${name}.row`),
  );
}

/** Writes code that computes the elements of `out` in some rows of one column. `rows` has the offsets of each row. */
function sumProducts(
  block: Block,
  contract: Contract,
  rows: readonly OperandOffsets[],
  prefix: string,
): void {
  const { type, out, left, right, accumulate } = contract;
  const lefts = rows.map((row, r) => block.let(`${prefix}.left${r}`, row.left));
  const column = rows[0]!.right;
  const zero = k.constant(type, 0);
  const totals = rows.map((row, r) =>
    block.let(`${prefix}.total${r}`, accumulate ? k.load(type, out.buffer, row.out) : zero),
  );
  eachBlockOfSums(block, contract, prefix, (loop, products) => {
    const parts = rows.map((_, r) => loop.let(`${prefix}.part${r}`, zero));
    products(loop, (inner, at) => {
      const y = inner.let(`${prefix}.y`, k.load(type, right.buffer, k.add(column, at.right)));
      lefts.forEach((start, r) => {
        const x = k.load(type, left.buffer, k.add(start, at.left));
        inner.set(parts[r]!, isFloat(type) ? k.mulAdd(x, y, parts[r]!) : k.add(k.mul(x, y), parts[r]!));
      });
    });
    parts.forEach((part, r) => loop.set(totals[r]!, k.add(totals[r]!, part)));
  });
  rows.forEach((row, r) => block.store(out.buffer, row.out, totals[r]!));
}

type Distances = Pick<OperandOffsets, "left" | "right">;
/** Writes loops over the summands of a block; `inner` writes the code for one summand at the given distances. */
type Products = (block: Block, inner: (block: Block, at: Distances) => void) => void;

/**
 * Writes loops over the summands in blocks of 256. The last block has the remaining summands. If no summands remain, it
 * adds 0, as the plain loops do.
 */
function eachBlockOfSums(
  block: Block,
  { dims }: Contract,
  prefix: string,
  body: (block: Block, products: Products) => void,
): void {
  const sums = dims.filter(({ role }) => role === "sum");
  const zero = k.i32(0);
  const last = sums.at(-1);
  if (last === undefined) return body(block, (loop, inner) => inner(loop, { left: zero, right: zero }));
  const outer = sums.slice(0, -1);
  const outerSize = outer.reduce<SizeExpr>((n, dim) => multiplySizes(n, dim.size), 1);
  const size = block.let(`${prefix}.sums`, sizeExpr(multiplySizes(outerSize, last.size)));
  const blocks = k.add(k.div(k.max(size, zero), k.i32(contractBlock)), k.i32(1));
  block.for(`${prefix}.block`, zero, blocks, (loop, number) => {
    const from = loop.let(`${prefix}.from`, k.mul(number, k.i32(contractBlock)));
    const to = loop.let(`${prefix}.to`, k.min(size, k.add(from, k.i32(contractBlock))));
    const along = (
      target: Block,
      start: Distances,
      first: Expr,
      end: Expr,
      inner: Parameters<Products>[1],
    ): void =>
      target.for(`${prefix}.k`, first, end, (innermost, i) =>
        inner(innermost, { left: moved(start.left, last.left, i), right: moved(start.right, last.right, i) }),
      );
    body(loop, (target, inner) => {
      if (outer.length === 0) return along(target, { left: zero, right: zero }, from, to, inner);
      // runs of the last index that the block intersects
      const runs = sizeExpr(last.size);
      const firstRun = k.div(from, runs);
      const endRun = k.div(k.add(to, k.sub(runs, k.i32(1))), runs);
      target.for(`${prefix}.run`, firstRun, endRun, (inRun, run) => {
        const start = offsetsOfRun(inRun, outer, run, `${prefix}.run`);
        const before = inRun.let(`${prefix}.before`, k.mul(run, runs));
        const first = inRun.let(`${prefix}.first`, k.max(zero, k.sub(from, before)));
        const end = inRun.let(`${prefix}.end`, k.min(runs, k.sub(to, before)));
        along(inRun, start, first, end, inner);
      });
    });
  });
}

/**
 * Operand offsets at a combined index of all summation axes but the innermost. The last of these axes varies fastest.
 */
function offsetsOfRun(block: Block, outer: readonly Dim[], run: Expr, prefix: string): Distances {
  let [rest, left, right]: [Expr, Expr, Expr] = [run, k.i32(0), k.i32(0)];
  outer.toReversed().forEach((dim, i) => {
    const isFirst = i === outer.length - 1;
    const index = isFirst
      ? rest
      : block.let(`${prefix}.index${i}`, k.binary("rem", rest, sizeExpr(dim.size)));
    if (!isFirst) rest = block.let(`${prefix}.rest${i}`, k.div(rest, sizeExpr(dim.size)));
    left = moved(left, dim.left, index);
    right = moved(right, dim.right, index);
  });
  return {
    left: block.let(`${prefix}.left`, left),
    right: block.let(`${prefix}.right`, right),
  };
}

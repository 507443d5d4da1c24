import type { FunctionBody } from "../../encode/body.ts";
import type { Integers } from "../../encode/integers.ts";
import { integersOf } from "../../encode/integers.ts";
import type { FunctionBuilder, ModuleBuilder } from "../../encode/module.ts";
import type { ValueType } from "../../encode/opcodes.ts";
import type { SummandStride } from "../../../../codegen/contract/operands.ts";
import type { VectorInstructions } from "./lanes.ts";
import { loadVector, storeVector, transpose, vectorPlace } from "./lanes.ts";
import type { SummandCount } from "./summands.ts";
import { repeatSums } from "./summands.ts";

/**
 * Specification of a function that computes tiles of `out`. All sums of a tile are kept in registers. Distances are in
 * bytes.
 */
export interface Tile extends SummandCount {
  readonly lanes: VectorInstructions;
  readonly rows: number;
  readonly columns: number;
  /** Offset in bytes of each row of the tile in the left operand. */
  readonly leftRows: readonly number[];
  readonly left: SummandStride;
  /** Bytes between columns of the right operand; differs from the scalar size only if its summands are contiguous. */
  readonly rightColumn: number;
  readonly right: SummandStride;
  readonly outRows: readonly number[];
  readonly outColumn: number;
  /**
   * Number of vectors per column, if the lanes of sums are summands; the tile then has one row. `undefined` if the
   * lanes are columns.
   */
  readonly across?: number;
  /** Number of scalars per summand in the right operand, if it is packed. Scalars after the columns are zero. */
  readonly padded?: number;
  /**
   * True if sums are stored to scratch memory as whole vectors before they are copied to `out` by lanes, because
   * engines only pair whole vectors.
   */
  readonly viaScratch: boolean;
  /**
   * Bytes by which the addresses advance from one tile to the next. `left` is `undefined` if the next tile begins where
   * this one stopped reading the left operand.
   */
  readonly step: { readonly left: number | undefined; readonly right: number; readonly out: number };
  /**
   * Selects how the sums of a tile are stored: `set` overwrites `out`, `add` adds to it, `either` decides by a
   * parameter of the function.
   */
  readonly store: "set" | "add" | "either";
}

/** Parameters of a function that computes tiles, in order. */
const tileParams = ["left", "right", "out", "tiles", "sums", "table", "add", "scratch"] as const;

/**
 * Adds the function `(left, right, out, tiles, sums, table, add, scratch)` that computes a column of tiles. The code
 * has the shape that V8's revectorizer widens. Pairs of vectors are at offsets 0 and 16 from one base, and all loads of
 * a tile of `out` precede its stores, which are adjacent.
 */
export function addTile(module: ModuleBuilder, name: string, tile: Tile): FunctionBuilder {
  const builder = module.function(name, {
    params: tileParams.map((): ValueType => "i32"),
    paramNames: tileParams,
  });
  const { body } = builder;
  const int = integersOf(body);
  const { lanes, rows, columns } = tile;
  const [left, right, out, tiles, sums, table, add, scratch] = [0, 1, 2, 3, 4, 5, 6, 7];
  const vectors = Math.ceil((tile.padded ?? columns) / lanes.count);
  const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const accumulators = indices(rows).map((i) =>
    indices(vectors).map((j) => body.local("v128", `sum${i}_${j}`)),
  );
  const walk = makeWalk(body, int, tile, { left, right, table });

  const outPlace = (i: number, j: number): Parameters<typeof loadVector>[2] =>
    vectorPlace(lanes, () => body.localGet(out), tile.outRows[i]!, j, columns, tile.outColumn);
  const eachSum = (visit: (i: number, j: number, local: number) => void): void =>
    accumulators.forEach((row, i) => row.forEach((local, j) => visit(i, j, local)));
  /** Visits the locals of the vectors of sums that contain a column of `out`. */
  const eachStored = (visit: (i: number, j: number, local: number) => void): void =>
    eachSum((i, j, local) => {
      if (j * lanes.count < columns) visit(i, j, local);
    });
  const throughScratch = (): void => {
    const at = (i: number, j: number): number => (i * vectors + j) * 16;
    eachSum((i, j, local) => {
      body.localGet(scratch);
      body.localGet(local);
      body.memory("v128.store", at(i, j));
    });
    eachStored((i, j, local) => {
      body.localGet(scratch);
      body.memory("v128.load", at(i, j));
      body.localSet(local);
    });
  };
  const addOld = (): void =>
    eachStored((i, j, local) => {
      loadVector(body, lanes, outPlace(i, j));
      body.localGet(local);
      body.op(lanes.add);
      body.localSet(local);
    });

  const transposes = tile.rightColumn !== lanes.bytes;
  const dots = tile.across === undefined ? undefined : makeDots(body, tile, walk, tile.across);
  const some =
    dots?.some ?? (transposes ? transposedSummands : plainSummands)(body, tile, walk, accumulators);
  int.repeat(tiles, int.get(tiles), () => {
    if (dots === undefined) eachSum((_i, _j, local) => setZero(body, local));
    else dots.start();
    walk.start();
    repeatSums(body, int, tile, sums, sumGroups(tile, transposes), rows * vectors <= 4 ? 8 : 1, some);
    dots?.finish(accumulators[0]!);
    if (tile.viaScratch) throughScratch();
    if (tile.store === "add") addOld();
    if (tile.store === "either") int.when(int.get(add), addOld);
    eachStored((i, j, local) => storeVector(body, lanes, outPlace(i, j), () => body.localGet(local)));
    walk.finish();
    int.advance(right, tile.step.right);
    int.advance(out, tile.step.out);
  });
  return builder;
}

function setZero(body: FunctionBody, local: number): void {
  body.v128Const(new Uint8Array(16));
  body.localSet(local);
}

/**
 * Numbers of summands per iteration of the loop, largest first. Without limit, V8 11 would load several summands at
 * once and run out of registers.
 */
function sumGroups(tile: Tile, transposes: boolean): readonly number[] {
  const { count } = tile.lanes;
  if (tile.across !== undefined) return tile.across === 1 ? [count, 1] : [count * tile.across, count, 1];
  if (!transposes || !hasSquares(tile)) return [1];
  return [count, 1];
}

/** Writers of code for the addresses of both operands while summands are iterated over. */
interface Addresses {
  /** Writes the code before the first summand of a tile. */
  readonly start: () => void;
  /** Writes the code before summand `k` of a group. */
  readonly at: (k: number) => void;
  /** Writes code after a group of summands. */
  readonly next: (count: number) => void;
  /** Writes code after the last summand of a tile. */
  readonly finish: () => void;
  /**
   * Pushes the address of the left operand, to which `leftOffset(k)` is added; `right` that of the right operand, to
   * which `rightOffset(k)` is added.
   */
  readonly left: () => void;
  readonly right: () => void;
  readonly leftOffset: (k: number) => number;
  readonly rightOffset: (k: number) => number;
}

function makeWalk(
  body: FunctionBody,
  int: Integers,
  tile: Tile,
  params: { readonly left: number; readonly right: number; readonly table: number },
): Addresses {
  const leftAt = body.local("i32", "left_at");
  const rightAt = body.local("i32", "right_at");
  const entry = body.local("i32", "entry");
  const { left, right } = tile;
  const usesTable = left.kind === "table" || right.kind === "table";
  const { get } = int;
  const fromTable = (walk: SummandStride, k: number, base: number, to: number): void => {
    if (walk.kind === "table") int.set(to, int.plus(get(base), int.load(get(entry), 8 * k + walk.entry)));
  };
  return {
    start() {
      if (left.kind === "stride") int.set(leftAt, get(params.left));
      if (right.kind === "stride") int.set(rightAt, get(params.right));
      if (usesTable) int.set(entry, get(params.table));
    },
    at(k) {
      fromTable(left, k, params.left, leftAt);
      fromTable(right, k, params.right, rightAt);
    },
    next(count) {
      if (left.kind === "stride") int.advance(leftAt, left.bytes * count);
      if (right.kind === "stride") int.advance(rightAt, right.bytes * count);
      if (usesTable) int.advance(entry, 8 * count);
    },
    finish() {
      if (tile.step.left === undefined) int.set(params.left, get(leftAt));
      else int.advance(params.left, tile.step.left);
    },
    left: get(leftAt),
    right: get(rightAt),
    leftOffset: (k) => (left.kind === "stride" ? left.bytes * k : 0),
    rightOffset: (k) => (right.kind === "stride" ? right.bytes * k : 0),
  };
}

/** Adds left[i, k] · (the vectors of right[k]) to the sums of all rows. */
function addProducts(
  body: FunctionBody,
  tile: Tile,
  walk: Addresses,
  accumulators: readonly (readonly number[])[],
  k: number,
  factor: number,
  vectors: readonly (readonly [column: number, vector: () => void])[],
): void {
  accumulators.forEach((row, i) => {
    walk.left();
    body.memory(tile.lanes.splat, tile.leftRows[i]! + walk.leftOffset(k));
    body.localTee(factor);
    for (const [n, [j, vector]] of vectors.entries()) {
      const sum = row[j]!;
      if (n > 0) body.localGet(factor);
      vector();
      tile.lanes.product(body);
      body.localGet(sum);
      tile.lanes.addProduct(body);
      body.localSet(sum);
    }
  });
}

/**
 * Returns a function that writes code for a given number of summands, if columns are contiguous in the right operand.
 */
function plainSummands(
  body: FunctionBody,
  tile: Tile,
  walk: Addresses,
  accumulators: readonly (readonly number[])[],
): (count: number) => void {
  const { lanes, columns } = tile;
  const factor = body.local("v128", "factor");
  const vectors = accumulators[0]!.map((_, j) => (tile.rows === 1 ? 0 : body.local("v128", `right${j}`)));
  return (count) => {
    for (let k = 0; k < count; k++) {
      walk.at(k);
      const load = (j: number): void =>
        loadVector(body, lanes, vectorPlace(lanes, walk.right, walk.rightOffset(k), j, tile.padded ?? columns, tile.rightColumn)); // prettier-ignore
      const values = vectors.map((vector, j) => {
        if (tile.rows === 1) return [j, () => load(j)] as const; // used once
        load(j);
        body.localSet(vector);
        return [j, () => body.localGet(vector)] as const;
      });
      addProducts(body, tile, walk, accumulators, k, factor, values);
    }
    if (count > 0) walk.next(count);
  };
}

/** True if the summands are contiguous in the right operand. */
function hasSquares({ right, lanes }: Tile): boolean {
  return right.kind === "stride" && right.bytes === lanes.bytes;
}

/**
 * Returns a function that writes code for a given number of summands, if the columns are not contiguous in the right
 * operand. Contiguous summands are read as squares of scalars, which are transposed.
 */
function transposedSummands(
  body: FunctionBody,
  tile: Tile,
  walk: Addresses,
  accumulators: readonly (readonly number[])[],
): (count: number) => void {
  const { lanes, columns, rightColumn } = tile;
  const factor = body.local("v128", "factor");
  const square = Array.from({ length: lanes.count }, (_, i) => body.local("v128", `square${i}`));
  const spare = Array.from({ length: lanes.count }, (_, i) => body.local("v128", `spare${i}`));
  const groups = accumulators[0]!.length;
  const isSquare = hasSquares(tile);
  return (count) => {
    for (let j = 0; j < groups; j++) {
      const first = j * lanes.count;
      const whole = isSquare ? count - (count % lanes.count) : 0;
      for (let start = 0; start < whole; start += lanes.count) {
        square.forEach((local, c) => {
          // A column that does not exist is read as the last one, and its result is not stored.
          walk.right();
          body.memory("v128.load", Math.min(first + c, columns - 1) * rightColumn + walk.rightOffset(start));
          body.localSet(local);
        });
        transpose(body, lanes, square, spare);
        square.forEach((vector, k) => {
          walk.at(start + k);
          addProducts(body, tile, walk, accumulators, start + k, factor, [[j, () => body.localGet(vector)]]); // prettier-ignore
        });
      }
      for (let k = whole; k < count; k++) {
        walk.at(k);
        const place = vectorPlace(lanes, walk.right, walk.rightOffset(k), j, columns, rightColumn);
        loadVector(body, lanes, place);
        body.localSet(square[0]!);
        addProducts(body, tile, walk, accumulators, k, factor, [[j, () => body.localGet(square[0]!)]]); // prettier-ignore
      }
    }
    if (count > 0) walk.next(count);
  };
}

/**
 * Returns writers of code for sums whose lanes are summands: both operands are read by vectors, and the lanes are added
 * up at the end.
 */
function makeDots(
  body: FunctionBody,
  tile: Tile,
  walk: Addresses,
  across: number,
): {
  readonly start: () => void;
  readonly some: (count: number) => void;
  readonly finish: (sums: readonly number[]) => void;
} {
  const { lanes, columns, rightColumn } = tile;
  const factor = body.local("v128", "factor");
  const parts = Array.from({ length: columns }, (_, c) =>
    Array.from({ length: across }, (_, a) => body.local("v128", `part${c}_${a}`)),
  );
  const square = Array.from({ length: lanes.count }, (_, i) => body.local("v128", `square${i}`));
  const spare = Array.from({ length: lanes.count }, (_, i) => body.local("v128", `spare${i}`));
  const at = (address: () => void, offset: number, valid: number): Parameters<typeof loadVector>[2] => ({
    address,
    offset,
    valid,
    stride: lanes.bytes,
  });
  const add = (x: number, y: number): void => {
    body.localGet(x);
    body.localGet(y);
    body.op(lanes.add);
    body.localSet(x);
  };
  return {
    start: () => parts.flat().forEach((local) => setZero(body, local)),
    some(count) {
      for (let k = 0; k < count; k += lanes.count) {
        const valid = Math.min(lanes.count, count - k);
        loadVector(body, lanes, at(walk.left, walk.leftOffset(k), valid));
        body.localSet(factor);
        parts.forEach((part, c) => {
          const sum = part[(k / lanes.count) % across]!;
          body.localGet(factor);
          loadVector(body, lanes, at(walk.right, c * rightColumn + walk.rightOffset(k), valid));
          lanes.product(body);
          body.localGet(sum);
          lanes.addProduct(body);
          body.localSet(sum);
        });
      }
      walk.next(count);
    },
    finish(sums) {
      for (const part of parts)
        for (let half = across / 2; half >= 1; half /= 2)
          for (let a = 0; a < half; a++) add(part[a]!, part[a + half]!);
      sums.forEach((sum, j) => {
        square.forEach((local, i) => {
          const part = parts[j * lanes.count + i]?.[0];
          if (part === undefined) return setZero(body, local);
          body.localGet(part);
          body.localSet(local);
        });
        transpose(body, lanes, square, spare);
        for (let half = lanes.count / 2; half >= 1; half /= 2)
          for (let i = 0; i < half; i++) add(square[i]!, square[i + half]!);
        body.localGet(square[0]!);
        body.localSet(sum);
      });
    },
  };
}

import type { SummandStride } from "../../../../codegen/contract/operands.ts";
import type { FunctionBody } from "../../encode/body.ts";
import type { Integers } from "../../encode/integers.ts";
import { integersOf } from "../../encode/integers.ts";
import type { FunctionBuilder, ModuleBuilder } from "../../encode/module.ts";
import type { ValueType } from "../../encode/opcodes.ts";
import type { VectorInstructions, VectorAddress } from "./lanes.ts";
import { loadVector, storeVector, transpose, vectorPlace } from "./lanes.ts";
import type { SummandCount } from "./summands.ts";
import { repeatSums } from "./summands.ts";

/**
 * Specification of a function that packs an operand into panels. For each summand in turn, the columns of a panel (or
 * rows, for the left operand) are stored contiguously.
 */
export interface Pack extends SummandCount {
  readonly lanes: VectorInstructions;
  /**
   * Number of columns of a panel. `padded` is the number of scalars per summand in the packed panel, in which zeros
   * follow the columns.
   */
  readonly columns: number;
  readonly padded: number;
  /** Bytes between the columns of a panel; "table" if a table holds the byte offset of each column, in 4 bytes each. */
  readonly column: number | "table";
  readonly walk: SummandStride;
  /** True if each aligned group of summands that fills a vector is contiguous. */
  readonly sideBySide: boolean;
  /**
   * True if columns whose byte offsets come from a table are contiguous whenever the first and the last column are as
   * far apart as in a contiguous panel.
   */
  readonly runs: boolean;
}

const packParams = ["source", "target", "panels", "sums", "table", "columns"] as const;

/** State of the code generator for a packing function: its parameters and locals. */
interface Packer {
  readonly body: FunctionBody;
  readonly int: Integers;
  readonly pack: Pack;
  readonly source: number;
  readonly target: number;
  readonly panels: number;
  readonly sums: number;
  readonly table: number;
  readonly columnTable: number;
  /**
   * Locals with addresses: start of the panel in the operand (`start`), current summand (`at`), and its table entry
   * (`entry`).
   */
  readonly start: number;
  readonly at: number;
  readonly entry: number;
  /**
   * Number of vectors that one summand occupies in the packed panel. `group` is the number of summands packed at once.
   */
  readonly vectors: number;
  readonly group: number;
  /**
   * Locals with the byte offsets of the columns of a panel, one per column; empty unless a table holds these offsets.
   */
  readonly places: readonly number[];
  readonly vector: number;
  readonly square: readonly number[];
  readonly spare: readonly number[];
}

/** Adds the function `(source, target, panels, sums, table, columns)` that packs neighbouring panels. */
export function addPack(module: ModuleBuilder, name: string, pack: Pack): FunctionBuilder {
  const builder = module.function(name, {
    params: packParams.map((): ValueType => "i32"),
    paramNames: packParams,
  });
  const packer = openPacker(builder.body, pack);
  if (pack.column === pack.lanes.bytes && pack.walk.kind === "stride") writeAcross(packer, pack.walk.bytes);
  else packer.int.repeat(packer.panels, packer.int.get(packer.panels), () => writePanel(packer));
  return builder;
}

function openPacker(body: FunctionBody, pack: Pack): Packer {
  const { lanes, columns, padded, column } = pack;
  const [source, target, panels, sums, table, columnTable] = [0, 1, 2, 3, 4, 5];
  const start = body.local("i32", "start");
  const at = body.local("i32", "at");
  const entry = body.local("i32", "entry");
  const places =
    column === "table" ? Array.from({ length: columns }, (_, c) => body.local("i32", `column${c}`)) : [];
  const vector = body.local("v128", "vector");
  const square = Array.from({ length: lanes.count }, (_, i) => body.local("v128", `square${i}`));
  const spare = Array.from({ length: lanes.count }, (_, i) => body.local("v128", `spare${i}`));
  const vectors = Math.ceil(padded / lanes.count);
  const group = padded > mostScalarsOfEight ? 4 : 8;
  const params = { source, target, panels, sums, table, columnTable };
  return {
    body,
    int: integersOf(body),
    pack,
    ...params,
    start,
    at,
    entry,
    vectors,
    group,
    places,
    vector,
    square,
    spare,
  };
}

/**
 * Maximum number of scalars per summand in a packed panel for which eight summands are packed at once. With more
 * scalars, four at once are enough.
 */
const mostScalarsOfEight = 8;
/** Maximum constant number of summands for which packing is unrolled. */
const unrolledSums = 8;

/** Packs a few summands of every panel, then the next few of every panel, so that the operand is read sequentially. */
function writeAcross(packer: Packer, step: number): void {
  const { body, int, pack, group, source, target, panels, sums, at } = packer;
  const { get } = int;
  const { lanes, columns, padded } = pack;
  const panelBytes = body.local("i32", "panel_bytes");
  const row = body.local("i32", "row");
  const panelsLeft = body.local("i32", "panels_left");
  int.set(panelBytes, int.times(get(sums), padded * lanes.bytes));
  int.set(row, get(target));
  repeatSums(body, int, pack, sums, [group, 1], group, (count) => {
    int.set(at, get(source));
    int.set(target, get(row));
    int.repeat(panelsLeft, get(panels), () => {
      for (let k = 0; k < count; k++) copyVectors(packer, k);
      int.advance(at, columns * lanes.bytes);
      int.advance(target, get(panelBytes));
    });
    int.advance(source, step * count);
    int.advance(row, count * padded * lanes.bytes);
  });
}

/** Packs one panel and advances to the next. */
function writePanel(packer: Packer): void {
  const { int, pack, places, source, start, columnTable } = packer;
  const { get } = int;
  const { lanes, columns, column } = pack;
  int.set(start, get(source));
  if (column !== "table") {
    if (column === lanes.bytes) packSums(packer, packer.group, singly(packer, copyVectors));
    else packApart(packer);
    int.advance(source, column * columns);
    return;
  }
  places.forEach((place, c) => int.set(place, int.load(get(columnTable), 4 * c)));
  if (pack.runs) {
    const [first, last] = [places[0]!, places.at(-1)!];
    const isRun = int.equal(int.minus(get(last), get(first)), (columns - 1) * lanes.bytes);
    const along = (): void => {
      int.set(start, int.plus(get(source), get(first)));
      packSums(packer, packer.group, singly(packer, copyVectors));
    };
    int.when(isRun, along, () => packApart(packer));
  } else {
    packApart(packer);
  }
  int.advance(columnTable, 4 * columns);
}

/** Packs all summands of a panel, `group` at a time; `step` writes code for the given number of summands. */
function packSums(
  { body, int, pack, ...packer }: Packer,
  group: number,
  step: (count: number) => void,
): void {
  if (pack.walk.kind === "stride") int.set(packer.at, int.get(packer.start));
  else int.set(packer.entry, int.get(packer.table));
  repeatSums(body, int, pack, packer.sums, [group, 1], unrolledSums, step);
}

/** Writes code that packs a panel whose columns are not contiguous. */
function packApart(packer: Packer): void {
  const { lanes, sideBySide } = packer.pack;
  const byScalars = singly(packer, copyScalars);
  if (!sideBySide) return packSums(packer, packer.group, byScalars);
  return packSums(packer, lanes.count, (count) => {
    if (count < lanes.count) return byScalars(count);
    transposeSquares(packer);
    next(packer, count);
  });
}

function singly(packer: Packer, copy: (packer: Packer, k: number) => void): (count: number) => void {
  return (count) => {
    for (let k = 0; k < count; k++) copy(packer, k);
    next(packer, count);
  };
}

/** Advances the addresses by a number of summands. */
function next({ int, pack, at, entry, target }: Packer, count: number): void {
  if (pack.walk.kind === "stride") int.advance(at, pack.walk.bytes * count);
  else int.advance(entry, 8 * count);
  int.advance(target, count * pack.padded * pack.lanes.bytes);
}

/** Computes the address of summand `k` of a group. Writes no code unless a table holds the distances of summands. */
function findSum({ int, pack, at, start, entry }: Packer, k: number): void {
  const { walk } = pack;
  if (walk.kind === "table")
    int.set(at, int.plus(int.get(start), int.load(int.get(entry), 8 * k + walk.entry)));
}

function sumOffset({ pack: { walk } }: Packer, k: number): number {
  return walk.kind === "stride" ? k * walk.bytes : 0;
}

/** Pushes the address of a column on the stack, less the returned offset. */
function columnAddress({ int, pack, at, places }: Packer, c: number): number {
  if (pack.column !== "table") {
    int.put(int.get(at));
    return c * pack.column;
  }
  int.put(int.plus(int.get(at), int.get(places[c]!)));
  return 0;
}

function targetPlace({ int, pack, target }: Packer, k: number, j: number): VectorAddress {
  const { lanes, padded } = pack;
  return vectorPlace(lanes, int.get(target), k * padded * lanes.bytes, j, padded, lanes.bytes);
}

const zeros = new Uint8Array(16);

/** Copies summand `k` of a panel whose columns are contiguous, vector by vector. */
function copyVectors(packer: Packer, k: number): void {
  const { body, int, pack, vectors, vector, at } = packer;
  const { lanes, columns } = pack;
  findSum(packer, k);
  for (let j = 0; j < vectors; j++) {
    const place = vectorPlace(lanes, int.get(at), sumOffset(packer, k), j, columns, lanes.bytes);
    if (j * lanes.count < columns) loadVector(body, lanes, place);
    else body.v128Const(zeros);
    body.localSet(vector);
    storeVector(body, lanes, targetPlace(packer, k, j), int.get(vector));
  }
}

/**
 * Copies a group of summands, one per lane of a vector, that are contiguous in each column, by transposing squares of
 * scalars.
 */
function transposeSquares(packer: Packer): void {
  const { body, int, pack, vectors, square, spare } = packer;
  const { lanes, columns } = pack;
  findSum(packer, 0);
  for (let j = 0; j < vectors; j++) {
    square.forEach((local, i) => {
      const c = j * lanes.count + i;
      if (c < columns) body.memory("v128.load", columnAddress(packer, c));
      else body.v128Const(zeros);
      body.localSet(local);
    });
    transpose(body, lanes, square, spare);
    square.forEach((local, k) => storeVector(body, lanes, targetPlace(packer, k, j), int.get(local)));
  }
}

/** Copies summand `k` of a panel whose columns are not contiguous, scalar by scalar. */
function copyScalars(packer: Packer, k: number): void {
  const { body, pack, target } = packer;
  const { lanes, columns, padded } = pack;
  const type = lanes.bytes === 8 ? "i64" : "i32";
  findSum(packer, k);
  for (let c = 0; c < padded; c++) {
    body.localGet(target);
    if (c < columns) body.memory(`${type}.load`, columnAddress(packer, c) + sumOffset(packer, k));
    else if (type === "i64") body.i64Const(0n);
    else body.i32Const(0);
    body.memory(`${type}.store`, (k * padded + c) * lanes.bytes);
  }
}

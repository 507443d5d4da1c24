import type { FunctionBuilder, ModuleBuilder } from "../../encode/module.ts";
import type { ValueType } from "../../encode/opcodes.ts";
import type { Walk } from "../../../../codegen/contract/operands.ts";
import type { Count } from "./emit.ts";
import { advance, repeat, repeatSums, setSum } from "./emit.ts";
import type { Lanes } from "./lanes.ts";
import { loadVector, storeVector, transpose, vectorPlace } from "./lanes.ts";

/** Panels of an operand: the columns of one panel (or the rows of the left operand) side by side, summand after summand. */
export interface Pack extends Count {
  readonly lanes: Lanes;
  /** Columns of a panel, and the scalars that they take in the packed panel; those too many are zero. */
  readonly columns: number;
  readonly padded: number;
  /** From column to column in bytes, or "table": the distances are told by a table of 4 bytes a column. */
  readonly column: number | "table";
  readonly walk: Walk;
  /** Whether each aligned group of as many summands as a vector has lanes lies side by side. */
  readonly sideBySide: boolean;
  /** Whether columns that a table tells lie side by side where the last one is as far from the first as then it must be. */
  readonly runs: boolean;
}

const packParams = ["source", "target", "panels", "sums", "table", "columns"] as const;

/** Adds the function `(source, target, panels, sums, table, columns)` that packs neighbouring panels. */
export function addPack(module: ModuleBuilder, name: string, pack: Pack): FunctionBuilder {
  const builder = module.function(name, {
    params: packParams.map((): ValueType => "i32"),
    paramNames: packParams,
  });
  const { body } = builder;
  const { lanes, columns, padded, column, walk } = pack;
  const [source, target, panels, sums, table, columnTable] = [0, 1, 2, 3, 4, 5];
  const start = body.local("i32", "start"); // of the panel
  const at = body.local("i32", "at");
  const entry = body.local("i32", "entry");
  const vectors = Math.ceil(padded / lanes.count);
  const isTable = column === "table";
  const places = isTable ? Array.from({ length: columns }, (_, c) => body.local("i32", `column${c}`)) : [];
  const columnStride = isTable ? 0 : column;

  /** Puts the address of a column on the stack; to be had with `columnOffset`. */
  const columnAddress = (c: number): void => {
    body.localGet(at);
    if (!isTable) return;
    body.localGet(places[c] ?? 0);
    body.op("i32.add");
  };
  const columnOffset = (c: number): number => c * columnStride;
  const sumOffset = (k: number): number => (walk.kind === "stride" ? k * walk.bytes : 0);
  const find = (k: number): void => {
    if (walk.kind === "stride") return;
    body.localGet(start);
    body.localGet(entry);
    body.memory("i32.load", 8 * k + walk.entry);
    body.op("i32.add");
    body.localSet(at);
  };
  const targetPlace = (k: number, j: number): Parameters<typeof storeVector>[2] =>
    vectorPlace(lanes, () => body.localGet(target), k * padded * lanes.bytes, j, padded, lanes.bytes);

  const vector = body.local("v128", "vector");
  const square = Array.from({ length: lanes.count }, (_, i) => body.local("v128", `square${i}`));
  const spare = Array.from({ length: lanes.count }, (_, i) => body.local("v128", `spare${i}`));

  /** Columns side by side. */
  const copyVectors = (k: number): void => {
    find(k);
    for (let j = 0; j < vectors; j++) {
      if (j * lanes.count < columns)
        loadVector(
          body,
          lanes,
          vectorPlace(lanes, () => body.localGet(at), sumOffset(k), j, columns, lanes.bytes),
        );
      else body.v128Const(new Uint8Array(16));
      body.localSet(vector);
      storeVector(body, lanes, targetPlace(k, j), () => body.localGet(vector));
    }
  };
  /** Summands side by side. */
  const transposeSquares = (): void => {
    find(0);
    for (let j = 0; j < vectors; j++) {
      square.forEach((local, i) => {
        const c = j * lanes.count + i;
        if (c < columns) {
          columnAddress(c);
          body.memory("v128.load", columnOffset(c));
        } else {
          body.v128Const(new Uint8Array(16));
        }
        body.localSet(local);
      });
      transpose(body, lanes, square, spare);
      square.forEach((local, k) => storeVector(body, lanes, targetPlace(k, j), () => body.localGet(local)));
    }
  };
  const copyScalars = (k: number): void => {
    find(k);
    const type = lanes.bytes === 8 ? "i64" : "i32";
    for (let c = 0; c < padded; c++) {
      body.localGet(target);
      if (c < columns) {
        columnAddress(c);
        body.memory(`${type}.load`, columnOffset(c) + sumOffset(k));
      } else if (type === "i64") {
        body.i64Const(0n);
      } else {
        body.i32Const(0);
      }
      body.memory(`${type}.store`, (k * padded + c) * lanes.bytes);
    }
  };
  const next = (count: number): void => {
    if (walk.kind === "stride") advance(body, at, walk.bytes * count);
    else advance(body, entry, 8 * count);
    advance(body, target, count * padded * lanes.bytes);
  };

  const singly =
    (copy: (k: number) => void) =>
    (count: number): void => {
      for (let k = 0; k < count; k++) copy(k);
      next(count);
    };
  const fillWith = (group: number, some: (count: number) => void): void => {
    if (walk.kind === "stride") {
      body.localGet(start);
      body.localSet(at);
    } else {
      body.localGet(table);
      body.localSet(entry);
    }
    repeatSums(body, pack, sums, [group, 1], 8, some);
  };
  const group = padded > 8 ? 4 : 8;
  const byVectors = (): void => fillWith(group, singly(copyVectors));
  const byScalars = (): void => fillWith(group, singly(copyScalars));
  const bySquares = (): void =>
    fillWith(lanes.count, (count) => {
      if (count < lanes.count) return singly(copyScalars)(count);
      transposeSquares();
      next(count);
    });
  const apart = pack.sideBySide ? bySquares : byScalars;

  if (column === lanes.bytes && walk.kind === "stride") {
    // Some summands of all panels, and then the next: memory is read from end to end.
    const panelBytes = body.local("i32", "panel_bytes");
    const row = body.local("i32", "row");
    const panelsLeft = body.local("i32", "panels_left");
    body.localGet(sums);
    body.i32Const(padded * lanes.bytes);
    body.op("i32.mul");
    body.localSet(panelBytes);
    body.localGet(target);
    body.localSet(row);
    repeatSums(body, pack, sums, [group, 1], group, (count) => {
      body.localGet(source);
      body.localSet(at);
      body.localGet(row);
      body.localSet(target);
      repeat(
        body,
        panelsLeft,
        () => body.localGet(panels),
        false,
        () => {
          for (let k = 0; k < count; k++) copyVectors(k);
          advance(body, at, columns * lanes.bytes);
          setSum(body, target, target, [panelBytes, 1]);
        },
      );
      advance(body, source, walk.bytes * count);
      advance(body, row, count * padded * lanes.bytes);
    });
    return builder;
  }

  const panel = (): void => {
    body.localGet(source);
    body.localSet(start);
    if (!isTable) {
      if (column === lanes.bytes) byVectors();
      else apart();
      advance(body, source, columnStride * columns);
      return;
    }
    places.forEach((place, c) => {
      body.localGet(columnTable);
      body.memory("i32.load", 4 * c);
      body.localSet(place);
    });
    if (pack.runs) {
      body.localGet(places.at(-1) ?? 0);
      body.localGet(places[0] ?? 0);
      body.op("i32.sub");
      body.i32Const((columns - 1) * lanes.bytes);
      body.op("i32.eq");
      body.if();
      body.localGet(source);
      body.localGet(places[0] ?? 0);
      body.op("i32.add");
      body.localSet(start);
      byVectors();
      body.else();
    }
    apart();
    if (pack.runs) body.end();
    advance(body, columnTable, 4 * columns);
  };
  repeat(body, panels, () => body.localGet(panels), false, panel);
  return builder;
}

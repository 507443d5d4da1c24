// WGSL of products in tiles: workgroups load parts of both operands to their memory, threads add products in registers.
import type { ProductTile, TileDim } from "../../../codegen/dispatch/tile.ts";
import { workgroupSize } from "../../../codegen/dispatch/kernels.ts";
import { contractBlock } from "../../../kernel/scalar.ts";
import type { WgslFunction } from "./statement.ts";
import { evaluated, indentedLines } from "./statement.ts";

/** Threads along each side of a tile. */
const side = Math.sqrt(workgroupSize);

/** Arrays of a workgroup that hold the parts of the operands. All tiles of a kernel share them. */
const parts = ["left_part", "right_part"] as const;

/** Declarations of the arrays that tiles need. */
export function tileDeclarations(tiles: readonly ProductTile[]): string[] {
  if (tiles.length === 0) return [];
  const size = Math.max(...tiles.map(({ width, depth }) => width * depth));
  return parts.map((name) => `var<workgroup> ${name}: array<f32, ${size}>;`);
}

/** Names of the values that the lines of one tile share. */
interface TileNames {
  readonly row0: string;
  readonly column0: string;
  /** First row and first column of the thread's block. */
  readonly row: string;
  readonly column: string;
  /** Offsets of the batch in the operands, and its first point. */
  readonly out: string;
  readonly left: string;
  readonly right: string;
  readonly point: string;
  readonly isInside: string;
}

/** Operand of a product, or the points of its result. */
type OffsetKey = "out" | "left" | "right" | "step";

/**
 * Lines that compute and store tile number `block`. `after` has the lines of the statements that follow for a point of the
 * result, whose number is in the given local.
 */
export function tileLines(
  tile: ProductTile,
  block: string,
  scope: WgslFunction,
  after: ((point: string) => readonly string[]) | undefined,
): string[] {
  const names = tileNames(scope);
  return [
    ...positionLines(tile, block, names, scope),
    ...sumLines(tile, names, scope),
    ...storedLines(tile, names, scope),
    ...(after === undefined ? [] : afterLines(tile, names, scope, after)),
  ];
}

function tileNames({ takeName }: WgslFunction): TileNames {
  const [row0, column0, row, column] = ["row0", "column0", "row", "column"].map(takeName) as [string, string, string, string]; // prettier-ignore
  const [out, left, right, point] = ["out", "left", "right", "point"].map(takeName) as [string, string, string, string]; // prettier-ignore
  return { row0, column0, row, column, out, left, right, point, isInside: takeName("inside") };
}

/** Digits of a number in the sizes of dims, as int32 locals, outermost first. */
function digitLines(
  dims: readonly TileDim[],
  number: string,
  { takeName }: WgslFunction,
): { readonly lines: string[]; readonly digits: readonly string[] } {
  const lines: string[] = [];
  let rest = number;
  const digits = dims.toReversed().map(({ size }, i) => {
    const digit = takeName("digit");
    const isOutermost = i === dims.length - 1;
    lines.push(`let ${digit} = i32(${isOutermost ? rest : `${rest} % ${size}u`});`);
    if (isOutermost) return digit;
    const next = takeName("rest");
    lines.push(`let ${next} = ${rest} / ${size}u;`);
    rest = next;
    return digit;
  });
  return { lines, digits: digits.toReversed() };
}

function offsetText(dims: readonly TileDim[], digits: readonly string[], key: OffsetKey): string {
  const terms = dims.flatMap((dim, i) => (dim[key] === 0 ? [] : [dim[key] === 1 ? digits[i]! : `${digits[i]!} * ${dim[key]}i`])); // prettier-ignore
  return terms.length === 0 ? "0i" : terms.join(" + ");
}

function positionLines(
  { product, batches, width, block: size, rowCount, columnCount }: ProductTile,
  block: string,
  { row0, column0, row, column, out, left, right, point, isInside }: TileNames,
  scope: WgslFunction,
): string[] {
  const [down, across] = [Math.ceil(rowCount / width), Math.ceil(columnCount / width)];
  const batch = digitLines(batches, `(${block} / ${down * across}u)`, scope);
  const starts = [product.out, product.left, product.right].map(({ offset }) => evaluated(offset, scope));
  const keys = ["out", "left", "right"] as const;
  return [
    ...batch.lines,
    ...starts.flatMap(({ before }) => before),
    ...[out, left, right].map((name, i) => `let ${name} = ${starts[i]!.code} + ${offsetText(batches, batch.digits, keys[i]!)};`), // prettier-ignore
    `let ${point} = ${offsetText(batches, batch.digits, "step")};`,
    `let ${row0} = ((${block} / ${across}u) % ${down}u) * ${width}u;`,
    `let ${column0} = (${block} % ${across}u) * ${width}u;`,
    `let ${row} = ${row0} + (thread / ${side}u) * ${size}u;`,
    `let ${column} = ${column0} + (thread % ${side}u) * ${size}u;`,
    `let ${isInside} = ${row0} + ${width}u <= ${rowCount}u && ${column0} + ${width}u <= ${columnCount}u;`,
  ];
}

/** Lines that add up the products. The sums are in vectors `sum0`, `sum1`, …, one per row of the block. */
function sumLines(tile: ProductTile, names: TileNames, scope: WgslFunction): string[] {
  const { sumCount, depth, block, product } = tile;
  const isLong = sumCount > contractBlock;
  const whole = sumCount - (sumCount % depth);
  const k = scope.takeName("k");
  const flush = isLong ? flushLines(block, scope) : [];
  const chunk = (count: number): string[] => [
    "workgroupBarrier();",
    ...productLines(tile, count, scope),
    "workgroupBarrier();",
  ];
  const old = isLong && product.accumulate ? oldLines(tile, names, scope, "total") : [];
  const zero = zeroText(block, scope);
  const starts = range(block).flatMap((i) => [
    `var sum${i} = ${zero};`,
    ...(isLong ? [`var total${i} = ${zero};`] : []),
  ]);
  return [
    ...starts,
    ...old,
    ...(whole === 0
      ? []
      : [
          `for (var ${k} = 0u; ${k} < ${whole}u; ${k} += ${depth}u) {`,
          ...indentedLines([
            `if (${names.isInside}) {`,
            ...indentedLines(loadLines(tile, names, k, depth, false, scope)),
            "} else {",
            ...indentedLines(loadLines(tile, names, k, depth, true, scope)),
            "}",
            ...chunk(depth),
            ...(isLong
              ? [`if ((${k} + ${depth}u) % ${contractBlock}u == 0u) {`, ...indentedLines(flush), "}"]
              : []),
          ]),
          "}",
        ]),
    ...(whole === sumCount
      ? []
      : [...loadLines(tile, names, `${whole}u`, sumCount - whole, true, scope), ...chunk(sumCount - whole)]),
    ...(sumCount % contractBlock > 0 ? flush : []),
  ];
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function flushLines(block: number, scope: WgslFunction): string[] {
  return range(block).flatMap((i) => [
    `total${i} = ${roundedText(`total${i} + sum${i}`, block, scope)};`,
    `sum${i} = ${zeroText(block, scope)};`,
  ]);
}

/** Start of a sum. A constant 0 would be folded away, and a sum of products that are all −0 would be −0. */
function zeroText(block: number, scope: WgslFunction): string {
  return roundedText(`vec${block}f()`, block, scope);
}

function roundedText(code: string, block: number, { dialect, helper }: WgslFunction): string {
  return dialect.isExact ? `${helper(`rounded${block}`)}(${code})` : code;
}

/** Lines that add `count` products, whose factors are in the workgroup's memory, to each sum. */
function productLines({ block, width }: ProductTile, count: number, scope: WgslFunction): string[] {
  const { takeName } = scope;
  const [k, at, row] = [takeName("k"), takeName("at"), takeName("row")];
  const [left, right] = parts;
  const items = range(block).map((j) => `${right}[${at} + ${j}u]`);
  return [
    `for (var ${k} = 0u; ${k} < ${count}u; ${k}++) {`,
    ...indentedLines([
      `let ${at} = ${k} * ${width}u + (thread % ${side}u) * ${block}u;`,
      `let ${row} = ${k} * ${width}u + (thread / ${side}u) * ${block}u;`,
      `let factors = vec${block}f(${items.join(", ")});`,
      ...range(block).map((i) => {
        const product = roundedText(`${left}[${row} + ${i}u] * factors`, block, scope);
        return `sum${i} = ${roundedText(`${product} + sum${i}`, block, scope)};`;
      }),
    ]),
    "}",
  ];
}

/** Lines that copy `count` columns of the left and rows of the right operand, from index `k` on. */
function loadLines(
  tile: ProductTile,
  names: TileNames,
  k: string,
  count: number,
  isChecked: boolean,
  scope: WgslFunction,
): string[] {
  const { rows, columns, rowCount, columnCount, product } = tile;
  return [
    ...partLines(tile, { key: "left", dims: rows, first: names.row0, total: rowCount, start: names.left, buffer: product.left.buffer, part: parts[0] }, k, count, isChecked, scope), // prettier-ignore
    ...partLines(tile, { key: "right", dims: columns, first: names.column0, total: columnCount, start: names.right, buffer: product.right.buffer, part: parts[1] }, k, count, isChecked, scope), // prettier-ignore
  ];
}

/** One operand of a tile: its rows or columns, and its part in the workgroup's memory. */
interface TileOperand {
  readonly key: "left" | "right";
  readonly dims: readonly TileDim[];
  readonly first: string;
  readonly total: number;
  readonly start: string;
  readonly buffer: string;
  readonly part: string;
}

/** Lines that copy the part of one operand. Adjacent threads read adjacent elements where strides are 1. */
function partLines(
  { sums, width }: ProductTile,
  { key, dims, first, total, start, buffer, part }: TileOperand,
  k: string,
  count: number,
  isChecked: boolean,
  scope: WgslFunction,
): string[] {
  const { takeName } = scope;
  const [item, line, turn, index] = [takeName("item"), takeName("line"), takeName("turn"), takeName("index")];
  const isAlongSum = sums.at(-1)?.[key] === 1;
  const [fast, slow] = isAlongSum ? [turn, line] : [line, turn];
  const split = isAlongSum ? count : width;
  const at = digitLines(dims, index, scope);
  const sum = digitLines(sums, `(${k} + ${turn})`, scope);
  const address = `u32(${start} + ${offsetText(dims, at.digits, key)} + ${offsetText(sums, sum.digits, key)})`;
  const value = `bitcast<f32>(arena[${scope.base(buffer)} + ${address}])`;
  const store = [...at.lines, ...sum.lines, `${part}[${turn} * ${width}u + ${line}] = ${value};`];
  return [
    `for (var ${item} = thread; ${item} < ${width * count}u; ${item} += ${workgroupSize}u) {`,
    ...indentedLines([
      `let ${fast} = ${item} % ${split}u;`,
      `let ${slow} = ${item} / ${split}u;`,
      `let ${index} = ${first} + ${line};`,
      ...(isChecked ? [`if (${index} < ${total}u) {`, ...indentedLines(store), "}"] : store),
    ]),
    "}",
  ];
}

/** Address of each result of the thread's block, and the condition that it exists. */
function resultLines(
  { block, rows, columns, rowCount, columnCount }: ProductTile,
  { row, column, out }: TileNames,
  scope: WgslFunction,
  each: (i: number, j: number, address: string) => string,
): string[] {
  const axis = (
    dims: readonly TileDim[],
    first: string,
  ): { readonly lines: string[]; readonly offsets: string[] } => {
    const made = range(block).map((i) => {
      const digits = digitLines(dims, `(${first} + ${i}u)`, scope);
      const offset = scope.takeName("offset");
      return {
        offset,
        lines: [...digits.lines, `let ${offset} = ${offsetText(dims, digits.digits, "out")};`],
      };
    });
    return { lines: made.flatMap(({ lines }) => lines), offsets: made.map(({ offset }) => offset) };
  };
  const [down, across] = [axis(rows, row), axis(columns, column)];
  const results = range(block).flatMap((i) => [
    `if (${row} + ${i}u < ${rowCount}u) {`,
    ...indentedLines(
      range(block).map(
        (j) =>
          `if (${column} + ${j}u < ${columnCount}u) { ${each(i, j, `u32(${out} + ${down.offsets[i]!} + ${across.offsets[j]!})`)} }`,
      ),
    ),
    "}",
  ]);
  return ["{", ...indentedLines([...down.lines, ...across.lines, ...results]), "}"];
}

const component = (i: number): string => "xyzw"[i]!;

/** Lines that set vectors to the elements that the result has before the product. */
function oldLines(tile: ProductTile, names: TileNames, scope: WgslFunction, vector: string): string[] {
  const base = scope.base(tile.product.out.buffer);
  return resultLines(
    tile,
    names,
    scope,
    (i, j, address) => `${vector}${i}.${component(j)} = bitcast<f32>(arena[${base} + ${address}]);`,
  );
}

function storedLines(tile: ProductTile, names: TileNames, scope: WgslFunction): string[] {
  const { block, product, sumCount } = tile;
  const isLong = sumCount > contractBlock;
  const base = scope.base(product.out.buffer);
  const adds = !isLong && product.accumulate;
  const old = adds
    ? [
        ...range(block).map((i) => `var old${i} = vec${block}f();`),
        ...oldLines(tile, names, scope, "old"),
        ...range(block).map((i) => `sum${i} = ${roundedText(`old${i} + sum${i}`, block, scope)};`),
      ]
    : [];
  const result = isLong ? "total" : "sum";
  return [
    ...old,
    ...resultLines(
      tile,
      names,
      scope,
      (i, j, address) => `arena[${base} + ${address}] = bitcast<u32>(${result}${i}.${component(j)});`,
    ),
  ];
}

/** Lines that run the statements after the product for each result of the thread's block. */
function afterLines(
  { block, rows, columns, rowCount, columnCount }: ProductTile,
  { row, column, point }: TileNames,
  scope: WgslFunction,
  after: (point: string) => readonly string[],
): string[] {
  const { takeName } = scope;
  const [item, i, j, number] = [takeName("item"), takeName("row"), takeName("column"), takeName("number")];
  const [down, across] = [digitLines(rows, i, scope), digitLines(columns, j, scope)];
  const sum = `${point} + ${offsetText(rows, down.digits, "step")} + ${offsetText(columns, across.digits, "step")}`;
  return [
    `for (var ${item} = 0u; ${item} < ${block * block}u; ${item}++) {`,
    ...indentedLines([
      `let ${i} = ${row} + ${item} / ${block}u;`,
      `let ${j} = ${column} + ${item} % ${block}u;`,
      `if (${i} < ${rowCount}u && ${j} < ${columnCount}u) {`,
      ...indentedLines([...down.lines, ...across.lines, `let ${number} = u32(${sum});`, ...after(number)]),
      "}",
    ]),
    "}",
  ];
}

import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import { isIntegerIn } from "../../../engine/ir/plain-number.ts";
import { floatsOf } from "./entries.ts";
import { SparseMatrix } from "./sparse-matrix.ts";

/** Fields of the first line of a Matrix Market file. */
interface MarketHeader {
  readonly isDense: boolean;
  readonly field: string;
  readonly symmetry: string;
}

/** Entries read so far. `count` is their number; the arrays are allocated for all entries. */
interface EntryList {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
  count: number;
}

/**
 * Reads a matrix from the text of a Matrix Market file. Supported are `coordinate` and `array` files with `real`,
 * `double`, `integer` or `pattern` entries (a pattern has ones), which are `general`, `symmetric` or `skew-symmetric`.
 * Both triangles of a symmetric matrix are returned, and repeated entries are added. Zeros of an `array` file are left
 * out.
 *
 * @throws DownhillError `data`, with the line, for text that is not such a file, and for complex matrices.
 * @example
 * const text = "%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n1 1 4\n2 1 -1\n";
 * readMatrixMarket(text).toDense().tolist(); // [[4, -1], [-1, 0]]
 */
export function readMatrixMarket(text: string): SparseMatrix {
  if (arguments.length > 1) refuseExtra("readMatrixMarket", arguments, 1);
  if (typeof text !== "string")
    throw new DownhillError("data", `readMatrixMarket: expects the text of a file; got ${typeof text}.`);
  const lines = new LineReader(text);
  const header = readHeader(lines);
  const sizes = lines.nextNumbers(header.isDense ? 2 : 3, "the sizes");
  const [rows, columns] = [sizes[0]!, sizes[1]!];
  if (!sizes.every((n) => isIntegerIn(n)))
    throw lines.error(`the sizes must be integers from 0; got ${sizes.join(" ")}`);
  if (header.symmetry !== "general" && rows !== columns)
    throw lines.error(`a ${header.symmetry} matrix must be square; got ${rows} × ${columns}`);
  const isPlain = header.symmetry === "general";
  const count = header.isDense ? rows * columns : (isPlain ? 1 : 2) * sizes[2]!;
  const list: EntryList = {
    rows: new Int32Array(count),
    columns: new Int32Array(count),
    values: new Float64Array(count),
    count: 0,
  };
  if (header.isDense) readArray(lines, header, rows, columns, list);
  else readEntries(lines, header, rows, columns, sizes[2]!, list);
  lines.expectEnd();
  return SparseMatrix.fromCoo({
    shape: [rows, columns],
    rows: list.rows.slice(0, list.count),
    columns: list.columns.slice(0, list.count),
    values: list.values.slice(0, list.count),
  });
}

/** Reads the lines of a text that are neither comments nor empty. */
class LineReader {
  readonly #text: string;
  #at = 0;
  /** Number of the line that was read last, from 1. */
  #line = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next line, even if it is a comment; `undefined` at the end. */
  nextLine(): string | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const end = this.#text.indexOf("\n", this.#at);
    const line = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 1;
    this.#line++;
    return line;
  }

  #nextContent(): string | undefined {
    for (let line = this.nextLine(); line !== undefined; line = this.nextLine()) {
      const content = line.trim();
      if (content !== "" && !content.startsWith("%")) return content;
    }
    return undefined;
  }

  /** Reads the numbers of the next line, and checks that there are `count`. The caller checks their range. */
  nextNumbers(count: number, what: string): number[] {
    const content = this.#nextContent();
    if (content === undefined) throw this.error(`the text ends before ${what}`);
    const words = content.split(/\s+/);
    if (words.length !== count)
      throw this.error(`${what} must be ${count} ${count === 1 ? "number" : "numbers"}; got "${content}"`);
    return words.map((word) => {
      const value = parseNumber(word);
      if (value === undefined) throw this.error(`"${word}" is not a number`);
      return value;
    });
  }

  expectEnd(): void {
    const content = this.#nextContent();
    if (content !== undefined) throw this.error(`there are more entries than the sizes state: "${content}"`);
  }

  error(problem: string): DownhillError {
    return new DownhillError("data", `readMatrixMarket: line ${this.#line}: ${problem}.`);
  }
}

/** Parses a number as written by C or Fortran; `undefined` for other words. */
function parseNumber(word: string): number | undefined {
  const value = Number(word);
  if (!Number.isNaN(value)) return value;
  const lower = word.toLowerCase();
  if (/^[+-]?nan$/.test(lower)) return NaN;
  if (/^[+-]?inf(inity)?$/.test(lower)) return lower.startsWith("-") ? -Infinity : Infinity;
  const fortran = Number(lower.replace("d", "e"));
  return /^[+-]?[\d.]+d[+-]?\d+$/.test(lower) && !Number.isNaN(fortran) ? fortran : undefined;
}

function readHeader(lines: LineReader): MarketHeader {
  const words = (lines.nextLine() ?? "").trim().toLowerCase().split(/\s+/);
  const [banner, object, format = "", field = "", symmetry = ""] = words;
  if (banner !== "%%matrixmarket" || object !== "matrix")
    throw lines.error(`the text must begin with "%%MatrixMarket matrix"`);
  const allowed = (kind: string, word: string, choices: readonly string[]): void => {
    if (!choices.includes(word))
      throw lines.error(`the ${kind} "${word}" is not supported; expected ${choices.join(", ")}`);
  };
  allowed("format", format, ["coordinate", "array"]);
  allowed("field", field, ["real", "double", "integer", ...(format === "array" ? [] : ["pattern"])]);
  allowed("symmetry", symmetry, ["general", "symmetric", "skew-symmetric"]);
  return { isDense: format === "array", field, symmetry };
}

function append(list: EntryList, header: MarketHeader, row: number, column: number, value: number): void {
  list.rows[list.count] = row;
  list.columns[list.count] = column;
  list.values[list.count++] = value;
  if (header.symmetry === "general" || row === column) return;
  list.rows[list.count] = column;
  list.columns[list.count] = row;
  list.values[list.count++] = header.symmetry === "symmetric" ? value : -value;
}

function readEntries(
  lines: LineReader,
  header: MarketHeader,
  rows: number,
  columns: number,
  count: number,
  list: EntryList,
): void {
  const words = header.field === "pattern" ? 2 : 3;
  for (let n = 0; n < count; n++) {
    const [row, column, value = 1] = lines.nextNumbers(words, `entry ${n + 1} of ${count}`);
    if (!isIndex(row!, rows) || !isIndex(column!, columns))
      throw lines.error(
        `(${row}, ${column}) is outside the ${rows} × ${columns} matrix; positions begin at 1`,
      );
    append(list, header, row! - 1, column! - 1, value);
  }
}

function isIndex(place: number, size: number): boolean {
  return Number.isInteger(place) && place >= 1 && place <= size;
}

/** Reads a dense matrix by columns. If it is symmetric, the text has only its lower triangle. */
function readArray(
  lines: LineReader,
  header: MarketHeader,
  rows: number,
  columns: number,
  list: EntryList,
): void {
  const skipped = header.symmetry === "skew-symmetric" ? 1 : 0;
  for (let j = 0; j < columns; j++)
    for (let i = header.symmetry === "general" ? 0 : j + skipped; i < rows; i++) {
      const [value] = lines.nextNumbers(1, `element (${i + 1}, ${j + 1})`);
      if (value !== 0) append(list, header, i, j, value!);
    }
}

/** Options of `writeMatrixMarket`. */
export interface WriteMatrixMarketOptions {
  /** True to write only the lower triangle of a symmetric matrix. Default: true if the matrix is symmetric. */
  readonly symmetric?: boolean;
  /** Text of a comment, with one or more lines. Default: none. */
  readonly comment?: string;
}

/**
 * Writes a matrix as the text of a Matrix Market file (`coordinate real`), with all digits of the values.
 *
 * @throws DownhillError `range` if `symmetric` is true and the matrix is not symmetric, `trace` for a traced matrix.
 * @example
 * const matrix = SparseMatrix.fromCoo({ shape: [1, 2], rows: [0], columns: [1], values: [0.5] });
 * writeMatrixMarket(matrix); // "%%MatrixMarket matrix coordinate real general\n1 2 1\n1 2 0.5\n"
 */
export function writeMatrixMarket(matrix: SparseMatrix, options: WriteMatrixMarketOptions = {}): string {
  if (arguments.length > 2) refuseExtra("writeMatrixMarket", arguments, 2);
  checkOptions("writeMatrixMarket", options, ["symmetric", "comment"]);
  const { pattern } = matrix;
  const values = floatsOf(matrix.values, "writeMatrixMarket");
  const isSymmetric = options.symmetric === false ? false : hasEqualHalves(matrix, values);
  if (options.symmetric === true && !isSymmetric)
    throw new DownhillError("range", "writeMatrixMarket: the matrix is not symmetric. Leave out the option.");
  const lines = [`%%MatrixMarket matrix coordinate real ${isSymmetric ? "symmetric" : "general"}`];
  if (options.comment !== undefined)
    lines.push(...options.comment.split("\n").map((line) => `% ${line}`.trimEnd()));
  const body: string[] = [];
  for (let i = 0; i < pattern.shape[0]; i++)
    for (let p = pattern.rowPointers[i]!; p < pattern.rowPointers[i + 1]!; p++) {
      const j = pattern.columns[p]!;
      if (!isSymmetric || j <= i) body.push(`${i + 1} ${j + 1} ${textOf(values[p]!)}`);
    }
  lines.push(`${pattern.shape[0]} ${pattern.shape[1]} ${body.length}`);
  return `${lines.concat(body).join("\n")}\n`;
}

function textOf(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

function hasEqualHalves({ pattern }: SparseMatrix, values: Float64Array): boolean {
  const { pattern: turned, from } = pattern.transposed;
  return turned === pattern && from.every((p, q) => Object.is(values[p], values[q]));
}

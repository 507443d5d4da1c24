import { readJsonLinesFile, readParquetFile, type Table } from "../../training/io/index.ts";
import { readTableByParts } from "../../training/io/table-stream.ts";
import { optionError } from "./words.ts";

/** Options for reading a table. */
export interface TableRequest {
  readonly header: "auto" | boolean;
  readonly decimal: "auto" | "." | ",";
  /** Columns to read as text. */
  readonly text?: readonly string[];
  /**
   * Columns to read from Parquet or JSON Lines; others may hold values that a table cannot, such as lists. Default:
   * all. Separated text is always read in full.
   */
  readonly columns?: readonly string[] | undefined;
}

/**
 * Reads the table in a file and keeps missing values. The extension selects Parquet (`.parquet`) or JSON Lines
 * (`.jsonl`, `.ndjson`), else the file is separated text. JSON Lines and separated text may be gzipped (`.gz`).
 *
 * @throws DownhillError `option` for options of separated text that do not apply to the file; other errors as thrown by
 *   the readers.
 */
export async function readAnyTable(
  file: string,
  { header, decimal, text = [], columns }: TableRequest,
): Promise<Table> {
  const kind = /\.parquet$/i.test(file)
    ? "Parquet"
    : /\.(?:jsonl|ndjson)(?:\.gz)?$/i.test(file)
      ? "JSON Lines"
      : undefined;
  if (kind === undefined) return readTableByParts(file, { header, decimal, text, missing: "keep" });
  for (const [option, isGiven] of [
    ["--no-header", header === false],
    ["--decimal", decimal !== "auto"],
  ] as const)
    if (isGiven)
      throw optionError(`${option} is for separated text (CSV), and ${file} is ${kind} by its name.`);
  const read = kind === "Parquet" ? readParquetFile : readJsonLinesFile;
  return read(file, { text, missing: "keep", ...(columns === undefined ? {} : { columns }) });
}

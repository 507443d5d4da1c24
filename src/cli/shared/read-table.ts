import { readJsonLinesFile, readParquetFile, readTableFile, type Table } from "../../training/io/index.ts";
import { optionError } from "./words.ts";

/** How a command reads a table. */
export interface TableRequest {
  readonly header: "auto" | boolean;
  readonly decimal: "auto" | "." | ",";
  /** Columns to take as text. */
  readonly text?: readonly string[];
  /** The columns that are needed, of a file that may have others which are no cells of a table. Default: all. */
  readonly columns?: readonly string[] | undefined;
}

/**
 * The table in a file, missing values kept: by the end of its name Parquet (`.parquet`) or JSON Lines (`.jsonl`, `.ndjson`),
 * else separated text, the latter two gzip or not.
 *
 * @throws DownhillError `option` for options of separated text that mean nothing for the file; else as the readers.
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
  if (kind === undefined) return readTableFile(file, { header, decimal, text, missing: "keep" });
  for (const [option, isGiven] of [
    ["--no-header", header === false],
    ["--decimal", decimal !== "auto"],
  ] as const)
    if (isGiven)
      throw optionError(`${option} is for separated text (CSV), and ${file} is ${kind} by its name.`);
  const read = kind === "Parquet" ? readParquetFile : readJsonLinesFile;
  return read(file, { text, missing: "keep", ...(columns === undefined ? {} : { columns }) });
}

import { readJsonLinesFile, readTableFile, type ReadTableOptions, type Table } from "../../io/index.ts";
import { optionError } from "./words.ts";

/** How a command reads a table. */
export interface TableRequest {
  readonly header: "auto" | boolean;
  readonly decimal: "auto" | "." | ",";
  /** Columns to take as text. */
  readonly text?: readonly string[];
}

/**
 * The table in a file, missing values kept: by the end of its name JSON Lines (`.jsonl`, `.ndjson`), else separated text,
 * gzip or not.
 *
 * @throws DownhillError `option` for options of separated text that mean nothing for the file; else as the readers.
 */
export async function readAnyTable(
  file: string,
  { header, decimal, text = [] }: TableRequest,
): Promise<Table> {
  if (!/\.(?:jsonl|ndjson)(?:\.gz)?$/i.test(file)) {
    const options: ReadTableOptions = { header, decimal, text, missing: "keep" };
    return readTableFile(file, options);
  }
  for (const [option, isGiven] of [
    ["--no-header", header === false],
    ["--decimal", decimal !== "auto"],
  ] as const)
    if (isGiven)
      throw optionError(`${option} is for separated text (CSV), and ${file} is JSON Lines by its name.`);
  return readJsonLinesFile(file, { text, missing: "keep" });
}

import { DownhillError } from "../../engine/errors/index.ts";

/** A file that hyparquet reads in parts. */
export interface AsyncBuffer {
  readonly byteLength: number;
  readonly slice: (start: number, end?: number) => ArrayBuffer | Promise<ArrayBuffer>;
}

/** An element of the schema, as returned by hyparquet. */
export interface ParquetElement {
  readonly name: string;
  readonly type?: string | undefined;
  readonly repetition_type?: string | undefined;
}

/** Metadata at the end of a Parquet file; only the fields that are used here. */
export interface ParquetMetadata {
  readonly num_rows: bigint;
  readonly row_groups: readonly {
    readonly num_rows: bigint;
    readonly columns: readonly {
      readonly file_path?: string | undefined;
      readonly meta_data?:
        | {
            readonly path_in_schema: readonly string[];
            readonly codec: string;
            readonly num_values: bigint;
            readonly total_compressed_size: bigint;
            readonly data_page_offset: bigint;
            readonly dictionary_page_offset?: bigint | undefined;
          }
        | undefined;
    }[];
  }[];
}

/** Values of a column, as returned by hyparquet for each page. */
export interface ParquetValues {
  readonly columnData: ArrayLike<unknown>;
  readonly rowStart: number;
}

/** A column, or a group of columns. */
export interface ParquetChild {
  readonly element: ParquetElement;
  readonly children: readonly unknown[];
}

/** The functions of hyparquet that are used here. */
export interface Hyparquet {
  readonly parquetMetadata: (bytes: Uint8Array, options: { readonly geoparquet: boolean }) => unknown;
  readonly parquetSchema: (metadata: never) => { readonly children: readonly ParquetChild[] };
  readonly parquetRead: (options: never) => Promise<void>;
  readonly snappyUncompress: (packed: Uint8Array, into: Uint8Array) => unknown;
}

const functions = ["parquetMetadata", "parquetSchema", "parquetRead", "snappyUncompress"] as const;

/**
 * Returns hyparquet: the given module, otherwise the installed one.
 *
 * @throws DownhillError `option`, with the command to install it, if it is missing or is another module.
 */
export async function loadHyparquet(operation: string, given: unknown): Promise<Hyparquet> {
  const module: unknown = given ?? (await importHyparquet(operation));
  const has = (name: string): boolean =>
    typeof module === "object" &&
    module !== null &&
    typeof (module as Record<string, unknown>)[name] === "function";
  const missing = functions.find((name) => !has(name));
  if (missing === undefined) return module as Hyparquet;
  throw new DownhillError(
    "option",
    `${operation}: hyparquet has no function ${missing}. It must be the module of version 1.31 or newer, as in hyparquet: await import("hyparquet").`,
  );
}

async function importHyparquet(operation: string): Promise<unknown> {
  const name = "hyparquet"; // a variable, so that bundlers do not resolve it in programs that do not read Parquet
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  } catch (cause) {
    const install = "Parquet is read through hyparquet, which is not installed. Write npm install hyparquet";
    const bundled = `; in a bundle for browsers also hyparquet: await import("hyparquet") among the options`;
    throw new DownhillError("option", `${operation}: ${install}${bundled}.`, { cause });
  }
}

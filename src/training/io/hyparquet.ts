import { DownhillError } from "../../engine/errors/index.ts";

/** A file of which hyparquet reads parts. */
export interface AsyncBuffer {
  readonly byteLength: number;
  readonly slice: (start: number, end?: number) => ArrayBuffer | Promise<ArrayBuffer>;
}

/** A part of the schema, as hyparquet tells of it. */
export interface ParquetElement {
  readonly name: string;
  readonly type?: string | undefined;
  readonly repetition_type?: string | undefined;
}

/** What the end of a Parquet file says, as far as it is looked at here. */
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

/** A column's values as they come from hyparquet, page by page. */
export interface ParquetValues {
  readonly columnData: ArrayLike<unknown>;
  readonly rowStart: number;
}

/** A column, or a group of columns. */
export interface ParquetChild {
  readonly element: ParquetElement;
  readonly children: readonly unknown[];
}

/** The part of hyparquet that is used here. */
export interface Hyparquet {
  readonly parquetMetadata: (bytes: Uint8Array, options: { readonly geoparquet: boolean }) => unknown;
  readonly parquetSchema: (metadata: never) => { readonly children: readonly ParquetChild[] };
  readonly parquetRead: (options: never) => Promise<void>;
  readonly snappyUncompress: (packed: Uint8Array, into: Uint8Array) => unknown;
}

const functions = ["parquetMetadata", "parquetSchema", "parquetRead", "snappyUncompress"] as const;

/**
 * hyparquet, as it was given, or else as it is installed.
 *
 * @throws DownhillError `option`, with what to install, if it is not there, or is another module.
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
  const name = "hyparquet"; // not in the call, so that bundlers do not look for it where Parquet is not read
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  } catch (cause) {
    const install = "Parquet is read through hyparquet, which is not installed. Write npm install hyparquet";
    const bundled = `; in a bundle for browsers also hyparquet: await import("hyparquet") among the options`;
    throw new DownhillError("option", `${operation}: ${install}${bundled}.`, { cause });
  }
}

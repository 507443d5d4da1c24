import "../../numeric/array/missing-methods.ts";
import "../../numeric/array/readers.ts";

export { type StreamArrayOptions, streamIdx, streamNpy } from "./array-stream.ts";
export type { ByteSource } from "./byte-source.ts";
export type { TableColumn } from "./column-builder.ts";
export { columnOf, readTable, type ReadTableOptions, type Table } from "./csv.ts";
export {
  readFileBytes,
  readFileText,
  readIdxFile,
  readJsonLinesFile,
  readNpyFile,
  readNpzFile,
  readTableFile,
  writeNpyFile,
  writeNpzFile,
} from "./files.ts";
export { gunzip, isGzip, type UnpackOptions } from "./gzip.ts";
export { type IdxArray, readIdx, type ReadIdxOptions } from "./idx.ts";
export {
  readJsonLines,
  type ReadValuesOptions,
  streamJsonLines,
  type StreamJsonLinesOptions,
} from "./json-lines.ts";
export type { NpyData } from "./npy-header.ts";
export { type NpyArray, type NpySource, readNpy, type ReadNpyOptions, writeNpy } from "./npy.ts";
export {
  type NpySourcesByName,
  readNpz,
  type ReadNpzOptions,
  writeNpz,
  type WriteNpzOptions,
} from "./npz.ts";
export {
  readParquet,
  readParquetFile,
  type ReadParquetOptions,
  streamParquet,
  type StreamParquetOptions,
} from "./parquet.ts";
export { streamTable, type StreamTableOptions } from "./table-stream.ts";
export { type EventFile, type EventFileOptions, openEventFile, type Scalars } from "./event-file.ts";
export type { FileOperations, WritableFile } from "./file-operations.ts";
export {
  readSafetensors,
  type ReadSafetensorsOptions,
  type Safetensors,
  type NestedTensors,
  type TensorsByName,
  writeSafetensors,
  type WriteSafetensorsOptions,
} from "./safetensors.ts";
export { fromNamedTensors } from "./parameter-names.ts";
export { readSafetensorsFile, writeSafetensorsFile } from "./safetensors-files.ts";
export type { StoredFloat } from "./stored-numbers.ts";

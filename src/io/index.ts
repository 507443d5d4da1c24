export type { TableColumn } from "./column-builder.ts";
export { columnOf, readTable, type ReadTableOptions, type Table } from "./csv.ts";
export { readFileBytes, readFileText, readIdxFile, readTableFile } from "./files.ts";
export { gunzip, isGzip } from "./gzip.ts";
export { type IdxArray, readIdx, type ReadIdxOptions } from "./idx.ts";

// Writes src/training/io/testdata/parquet: tables by other Parquet writers, DuckDB and Arrow for Rust. The tests read
// the files and need neither writer. To write the files again:
//
//   npm install --prefix FOLDER @duckdb/node-api@1.5.6-r.1 parquet-wasm@0.8.0 apache-arrow@21.2.0
//   node test/foreign-parquet.mjs FOLDER
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const out = fileURLToPath(new URL("../src/training/io/testdata/parquet", import.meta.url));
mkdirSync(out, { recursive: true });
const load = createRequire(join(process.argv[2] ?? ".", "package.json"));

const { DuckDBInstance } = load("@duckdb/node-api");
const connection = await (await DuckDBInstance.create(":memory:")).connect();
await connection.run(`create table trees as select
  i::bigint as id,
  (i % 7) / 4.0::double as x,
  case when i % 10 = 3 then null else (i % 5)::float / 2 end as f,
  (i % 100)::integer as n,
  (i % 50 - 25)::smallint as s,
  (i * 4000000000)::ubigint as large,
  case when i % 4 = 1 then null else ['oak', 'ash', 'beech'][1 + i % 3] end as species,
  'tree ' || (i % 300) as name,
  i % 2 = 0 as felled,
  date '1969-12-30' + (i % 5)::integer as day,
  timestamp '2024-02-29 12:00:00.5' + interval (i % 3) hour as seen,
  time '01:02:03' + interval (i % 2) minute as time,
  (i % 1000)::decimal(9, 2) / 4 as price,
  (['a', 'b'][1 + i % 2])::enum('a', 'b') as kind
  from range(2500) r(i)`);
for (const codec of ["snappy", "zstd"]) {
  const options = `format parquet, codec '${codec}', row_group_size 2048`;
  await connection.run(`copy trees to '${out}/duckdb-${codec}.parquet' (${options})`);
}
// values that tables have no cells for, and further supported types
await connection.run(`copy (select
  i::integer as x,
  [i, i + 1] as list,
  {a: i, b: 'z'} as pair,
  map {'k': i} as map,
  interval (i) day as span,
  ('00000000-0000-0000-0000-00000000000' || (i % 10))::uuid as uuid,
  i::hugeint as huge,
  timestamptz '2024-01-01 00:00:00+02' as moment,
  to_json({a: i}) as json
  from range(40) r(i)) to '${out}/duckdb-nested.parquet' (format parquet)`);

const arrow = load("apache-arrow");
const parquet = load("parquet-wasm");
const column = (type, cell) => arrow.vectorFromArray(Array.from({ length: 1000 }, (_, i) => cell(i)), type); // prettier-ignore
const table = new arrow.Table({
  id: column(new arrow.Int64(), BigInt),
  x: column(new arrow.Float64(), (i) => (i % 7) / 4),
  f: column(new arrow.Float32(), (i) => (i % 10 === 3 ? null : (i % 5) / 2)),
  n: column(new arrow.Int32(), (i) => i % 100),
  species: column(new arrow.Utf8(), (i) => (i % 4 === 1 ? null : ["oak", "ash", "beech"][i % 3])),
  felled: column(new arrow.Bool(), (i) => i % 2 === 0),
  day: column(new arrow.DateDay(), (i) => new Date(86_400_000 * ((i % 5) - 2))),
  seen: column(new arrow.TimestampMicrosecond(), (i) => new Date(1_709_208_000_500 + 3_600_000 * (i % 3))),
});
for (const [name, codec, version] of [
  ["snappy-v1", parquet.Compression.SNAPPY, parquet.WriterVersion.V1],
  ["gzip-v2", parquet.Compression.GZIP, parquet.WriterVersion.V2],
]) {
  const options = new parquet.WriterPropertiesBuilder()
    .setCompression(codec)
    .setWriterVersion(version)
    .setMaxRowGroupSize(400)
    .build();
  const copy = parquet.Table.fromIPCStream(arrow.tableToIPC(table, "stream"));
  writeFileSync(join(out, `arrow-${name}.parquet`), parquet.writeParquet(copy, options));
}

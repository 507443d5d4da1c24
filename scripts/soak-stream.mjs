// Trains a linear model over data that are larger than the allowed memory, in one epoch: from a generator, through a
// worker thread, from an NPY file and from a CSV file, each of the size that is asked for. The largest resident memory of
// the process, as the system counts it, has to stay below the bound, and the model has to have learnt.
//
// Usage: node scripts/soak-stream.mjs [--megabytes 4096] [--bound 300] [--growth N] [--sources generator,worker,npy,csv]
//                                     [--loop fit|own] [--json] [--dist FOLDER]             after npm run build
//
// `--bound` is in MB for the whole process; `--growth` in MB beyond what it took when the first tenth had been read.
// `--loop own` steps by hand over the same batches, to tell the memory of the data from that of `fit`.
import { spawnSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const features = 63;
const rowsAtOnce = 1024;
const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "4096" },
    bound: { type: "string", default: "300" },
    growth: { type: "string", default: "Infinity" },
    sources: { type: "string", default: "generator,worker,npy,csv" },
    dist: { type: "string", default: fileURLToPath(new URL("../dist", import.meta.url)) },
    json: { type: "boolean", default: false },
    loop: { type: "string", default: "fit" },
    child: { type: "string" },
  },
});
const bytes = Number(options.megabytes) * 2 ** 20;
const load = (/** @type {string} */ name) => import(pathToFileURL(join(resolve(options.dist), name)).href);

/** The weights that the data are made with: −1, −0.9, … */
const truth = Float32Array.from({ length: features }, (_, i) => ((i % 21) - 10) / 10);

/**
 * Rows of `features` numbers and the sum of their products with the truth. One array serves all parts.
 *
 * @param {number} count rows
 */
async function* rows(count) {
  const { bits, foldIn, key } = await load("random/index.js");
  const part = new Float32Array(rowsAtOnce * (features + 1));
  const words = rowsAtOnce * features;
  const noise = bits(key(1), words).data(); // drawn once and changed from part to part: drawing 4 GB would take the most time
  for (let first = 0, number = 0; first < count; first += rowsAtOnce, number++) {
    const n = Math.min(rowsAtOnce, count - first);
    const [mask] = foldIn(key(2), number);
    for (let row = 0, from = 0; row < n; row++) {
      const to = row * (features + 1);
      let y = 0;
      for (let i = 0; i < features; i++, from++) {
        const x = ((noise[from] ^ mask) >>> 8) * 2 ** -23 - 1;
        part[to + i] = x;
        y += x * (truth[i] ?? 0);
      }
      part[to + features] = y;
    }
    yield {
      name: "generator",
      shape: [n, features + 1],
      dtype: "float32",
      data: part.subarray(0, n * (features + 1)),
    };
  }
}

/** @param {AsyncIterable<{ shape: readonly number[], data: Float32Array | Float64Array }>} parts rows with the target last */
async function* examples(parts) {
  for await (const { shape, data } of parts) {
    const n = shape[0] ?? 0;
    const [x, y] = [new Float32Array(n * features), new Float32Array(n)];
    for (let row = 0; row < n; row++) {
      const from = row * (features + 1);
      x.set(data.subarray(from, from + features), row * features);
      y[row] = data[from + features] ?? NaN;
    }
    yield { x: { shape: [n, features], dtype: "float32", data: x }, y };
  }
}

/** Writes the file that a source reads, and returns how many rows it has. */
async function write(/** @type {string} */ kind, /** @type {string} */ path) {
  const { writeNpy } = await load("io/index.js");
  const out = createWriteStream(path, { highWaterMark: 1 << 22 });
  const put = async (/** @type {string | Uint8Array} */ piece) => {
    if (!out.write(piece)) await new Promise((drained) => out.once("drain", () => drained(undefined)));
  };
  let count = Math.ceil(bytes / (4 * (features + 1)));
  if (kind === "npy") {
    const header = Buffer.from(writeNpy({ shape: [0, features + 1], data: new Float32Array(0) })).toString(
      "latin1",
    );
    const shape = `(${count}, ${features + 1})`;
    await put(
      Buffer.from(
        header
          .replace(/\(0, \d+\)(.*?) {1,20}\n$/s, (_, rest) => shape.concat(rest))
          .padEnd(127)
          .concat("\n"),
        "latin1",
      ),
    );
    for await (const { data } of rows(count)) await put(new Uint8Array(data.slice().buffer));
  } else {
    await put(`${Array.from({ length: features }, (_, i) => `x${i}`).join(",")},y\n`);
    const perRow = 7 * (features + 1); // about; the file ends where it is large enough
    count = 0;
    for await (const { shape, data } of rows(Math.ceil((2 * bytes) / perRow))) {
      let text = "";
      for (let row = 0; row < (shape[0] ?? 0); row++) {
        const line = data.subarray(row * (features + 1), (row + 1) * (features + 1));
        text += `${Array.from(line, (v) => v.toFixed(3)).join(",")}\n`;
      }
      await put(text);
      count += shape[0] ?? 0;
      if (out.bytesWritten >= bytes) break;
    }
  }
  await new Promise((ended) => out.end(ended));
  return count;
}

/** Trains on one source in this process and prints what it took. */
async function train(/** @type {string} */ kind, /** @type {string} */ path) {
  const [{ grad, jit, matmul, mean, mul, square, sub, zeros }, { dataset }, { fit }, { sgd }, io] =
    await Promise.all([
      load("index.js"),
      load("data/index.js"),
      load("train/index.js"),
      load("optim/index.js"),
      load("io/index.js"),
    ]);
  const generated = Math.ceil(bytes / (4 * (features + 1)));
  const source = {
    generator: () => examples(rows(generated)),
    worker: () => examples(rows(generated)),
    npy: () => examples(io.streamNpy(path, { rows: rowsAtOnce })),
    csv: () => examples(tables(io.streamTable(path, { rows: rowsAtOnce }))),
  }[kind];
  const batches = dataset(source, { chunks: true }).batch(512);
  const worker = "data:text/javascript,export const map = (batch) => batch;";
  const data = kind === "worker" ? batches.prefetch({ ahead: 4, worker }) : batches.prefetch({ ahead: 2 });
  const loss = (/** @type {any} */ { w }, /** @type {any} */ { x, y }) => mean(square(sub(matmul(x, w), y)));
  const learningRate = 0.3;
  const total = kind === "csv" ? statSync(path).size / (7 * (features + 1)) : generated;

  let items = 0;
  let steps = 0;
  let early = 0;
  let largest = 0;
  const note = (/** @type {number} */ count) => {
    items += count;
    if (++steps % 20 !== 0) return;
    const { rss } = process.memoryUsage();
    if (items < total / 10) early = Math.max(early, rss);
    largest = Math.max(largest, rss);
  };
  const start = performance.now();
  let params = { w: zeros([features], { dtype: "float32" }) };
  if (options.loop === "fit") {
    const run = fit({ params, loss, data, optimizer: sgd({ learningRate }), epochs: 1, every: "step" });
    for await (const event of run) if (event.kind === "step") note(event.items);
    ({ params } = await run);
  } else {
    const step = jit((/** @type {any} */ p, /** @type {any} */ batch) => ({
      w: sub(p.w, mul(grad(loss)(p, batch).w, learningRate)),
    }));
    for await (const batch of data.epoch(0)) {
      params = step(params, batch);
      note(batch.y.shape[0]);
      if (steps % 20 === 0) await new Promise((next) => setImmediate(next)); // as fit pauses
    }
  }
  const error = Math.max(...params.w.sub(truth).abs().data());
  const { maxRSS } = process.resourceUsage();
  const result = {
    source: kind,
    megabytes: Math.round((path === "" ? generated * 4 * (features + 1) : statSync(path).size) / 2 ** 20),
    items,
    seconds: (performance.now() - start) / 1000,
    peak: Math.round(maxRSS / 1024),
    growth: Math.round((largest - early) / 2 ** 20),
    error,
  };
  console.log(JSON.stringify(result));
}

/** The columns of tables side by side, as rows. */
async function* tables(/** @type {AsyncIterable<any>} */ parts) {
  for await (const { columns, rows: height } of parts) {
    const data = new Float64Array(height * columns.length);
    columns.forEach((/** @type {any} */ column, /** @type {number} */ i) => {
      for (let row = 0; row < height; row++) data[row * columns.length + i] = column.values[row];
    });
    yield { shape: [height, columns.length], data };
  }
}

if (options.child !== undefined) {
  const [kind = "", path = ""] = options.child.split("=");
  await train(kind, path);
} else {
  const folder = mkdtempSync(join(tmpdir(), "downhill-soak-"));
  let ok = true;
  try {
    for (const kind of options.sources.split(",")) {
      const path = kind === "npy" || kind === "csv" ? join(folder, `data.${kind}`) : "";
      const count = path === "" ? Math.ceil(bytes / (4 * (features + 1))) : await write(kind, path);
      // a process of its own, so that its peak is that of this source alone
      const child = spawnSync(
        process.execPath,
        [
          fileURLToPath(import.meta.url),
          "--child",
          `${kind}=${path}`,
          "--megabytes",
          options.megabytes,
          "--dist",
          options.dist,
          "--loop",
          options.loop,
        ],
        { encoding: "utf8" },
      );
      if (child.status !== 0) throw new Error(`${kind}: the run failed (${child.status}): ${child.stderr}`);
      const result = JSON.parse(child.stdout);
      const kept =
        result.peak < Number(options.bound) &&
        result.growth < Number(options.growth) &&
        result.items === count &&
        result.error < 0.02;
      ok &&= kept;
      if (options.json) console.log(JSON.stringify({ ...result, kept }));
      else {
        console.log(
          `${kind.padEnd(10)} ${result.megabytes} MB, ${result.items} rows in ${result.seconds.toFixed(0)} s: ` +
            `peak ${result.peak} MB, grew by ${result.growth} MB, weights to ${result.error.toExponential(1)}: ` +
            (kept ? "as promised" : "NOT as promised"),
        );
      }
      if (path !== "") rmSync(path);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = ok ? 0 : 1;
}

// Counts what a start takes: modules and bytes that the engine loads, functions that it compiles because they run, and
// calls. Counts do not depend on the load of the machine, so that they show the effect of a change where times cannot.
// Also prints the CPU time, the minimum of several processes.
//
// Usage: node bench/counts.mjs [--dist DIST] [--only ROW …] [--times N]     N processes for the CPU time; 0 for none
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { digitsMlp } from "./models/dense.mjs";
import { randomLeaf } from "./data.mjs";
import { leavesOf, makeStep } from "./training.mjs";

const { values: options } = parseArgs({
  options: {
    dist: { type: "string", default: fileURLToPath(new URL("../dist", import.meta.url)) },
    only: { type: "string", multiple: true, default: [] },
    times: { type: "string", default: "10" },
    count: { type: "string" }, // for the processes that this program starts
    time: { type: "string" },
  },
});
const dist = resolve(options.dist);
const load = (path) => import(pathToFileURL(join(dist, path)).href);

/** The gradient of a network of `count` layers of 16 units, called once. */
const layers = (count) => ({
  title: `first call of a gradient through ${count} layers`,
  loads: ["index.js"],
  run({ add, grad, jit, matmul, sum, tanh, tensor }) {
    const leaf = (seed, shape) => tensor(Float32Array.from(randomLeaf(seed, shape, 1).values)).reshape(shape);
    const parameters = Array.from({ length: count }, (_, i) => ({ w: leaf(i, [16, 16]), b: leaf(-i, [16]) }));
    const loss = (all, x) => sum(all.reduce((h, { w, b }) => tanh(add(matmul(h, w), b)), x));
    const gradient = jit(grad(loss));
    const x = leaf(7, [8, 16]);
    return () => gradient(parameters, x);
  },
});

const loops = Array.from(
  { length: 12 },
  (_, i) => `
  let a${i} = 0;
  for (let k = 0; k < x.length; k++) a${i} += Math.sin(x[k] * ${i + 1} + s) * Math.exp(-x[k]);
  if (a${i} > 3) a${i} = 3;
  s += a${i} / ${i + 2};`,
);

/**
 * The rows. A row imports the modules `loads`, then calls `run` with their exports, and then what `run` returns. Only this
 * last call counts, or, without `run`, the import.
 */
const rows = {
  import: { title: 'import "downhill"', loads: ["index.js"] },
  help: { title: "downhill --help", loads: ["cli/main.js"], words: ["--help"] },
  "first-step": {
    title: `first step of SGD on ${digitsMlp.title}`,
    loads: ["index.js", "nn/index.js", "optim/index.js"],
    run(library) {
      const rule = { name: "sgd", learningRate: 0.05 };
      const leaves = leavesOf(digitsMlp, "downhill");
      return () => makeStep(library, "downhill", digitsMlp, rule, leaves).step();
    },
  },
  plain: {
    title: "first call of a plain function of fifty lines",
    loads: ["index.js", "plain/index.js"],
    run: ({ compile, grad }) => {
      const text = `export function f(x: Float64Array) {\n  "use ad";\n  let s = 0;${loops.join("")}\n  return s;\n}`;
      return async () => grad((await compile(text)).f)(Float64Array.of(1, 2, 3));
    },
  },
  "layers-32": layers(32),
  "layers-128": layers(128),
  "layers-256": layers(256),
};

if (options.count !== undefined) console.log(JSON.stringify(await countRow(rows[options.count])));
else if (options.time !== undefined) console.log(JSON.stringify(await timeRow(rows[options.time])));
else printRows();

function printRows() {
  const unknown = options.only.find((name) => !Object.hasOwn(rows, name));
  if (unknown !== undefined) {
    console.error(`--only ${unknown}: the rows are ${Object.keys(rows).join(", ")}`);
    process.exitCode = 2;
    return;
  }
  for (const [name, { title, run }] of Object.entries(rows)) {
    if (options.only.length > 0 && !options.only.includes(name)) continue;
    const { modules, bytes, functions, calls } = child("--count", name);
    const loaded = `${modules} modules, ${Math.round(bytes / 1000)} kB`;
    const ran = `${functions} functions compiled, ${calls} calls`;
    const times = Array.from({ length: Number(options.times) }, () => child("--time", name));
    const time = times.length > 0 ? `, ${Math.min(...times).toFixed(1)} ms of CPU` : "";
    console.log(`${name}: ${title}: ${run === undefined ? `${loaded}, ` : ""}${ran}${time}`);
  }
}

/** Runs a row in a process of its own. */
function child(mode, name) {
  const self = fileURLToPath(import.meta.url);
  const { stdout, stderr, status } = spawnSync(process.execPath, [self, "--dist", dist, mode, name], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1));
}

/** Imports the modules of a row and returns their exports. */
async function loadRow({ loads, words = [] }) {
  process.argv.splice(2, Infinity, ...words);
  const exports = await Promise.all(loads.map(load));
  return Object.assign({}, ...exports);
}

async function timeRow(row) {
  let before = process.cpuUsage();
  const library = await loadRow(row);
  if (row.run !== undefined) {
    const call = row.run(library);
    before = process.cpuUsage();
    await call();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function countRow(row) {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  const library = await loadRow(row);
  if (row.run !== undefined) {
    const call = row.run(library);
    await session.post("Profiler.takePreciseCoverage"); // the next coverage counts from here on
    await call();
  }
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const own = result.filter(({ url }) => url.startsWith(pathToFileURL(dist).href));
  const bytes = own.map(({ url }) => readFileSync(fileURLToPath(url)).length);
  const counts = own.flatMap(({ functions }) => functions.map(({ ranges }) => ranges[0].count));
  return {
    modules: own.length,
    bytes: total(bytes),
    functions: counts.filter((count) => count > 0).length,
    calls: total(counts),
  };
}

function total(values) {
  return values.reduce((all, value) => all + value, 0);
}

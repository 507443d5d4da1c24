// Loads the library of a contestant into this process. A library without the requested feature throws `Absent`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Reason why a contestant is missing. */
export class Absent extends Error {}

/** The library of a contestant in a mode with a number of threads. */
export async function load({ contestant, mode, threads, dist }) {
  switch (contestant) {
    case "downhill":
    case "before":
      return downhill(mode, threads, dist);
    case "jax-js":
      return jaxJs();
    case "tfjs-wasm":
      return tfjs("wasm");
    case "tfjs-cpu":
      return tfjs("cpu");
    case "javascript":
      return {};
    default:
      throw new Error(`no contestant is called ${contestant}`);
  }
}

/**
 * Loads a built package: the exports of `downhill`, `downhill/nn`, `downhill/optim` and, if present, `downhill/plain`.
 * `downhill/linalg` is under `linalg`, because its names clash with others.
 */
async function downhill(mode, threads, dist) {
  const parts = ["index.js", "nn/index.js", "optim/index.js"].map((part) => join(dist, part));
  if (!parts.every(existsSync)) throw new Absent(`${dist} is no build of downhill: run \`npm run build\``);
  const plain = join(dist, "plain/index.js");
  if (existsSync(plain)) parts.push(plain);
  const modules = await Promise.all(parts.map((part) => import(pathToFileURL(part).href)));
  const library = Object.assign({}, ...modules);
  const linalg = join(dist, "linalg/index.js");
  if (existsSync(linalg)) library.linalg = await import(pathToFileURL(linalg).href);
  setThreads(library, threads);
  if (mode === "turbo") {
    if (library.enableTurbo === undefined) throw new Absent("this build has no enableTurbo");
    const { enabled, reason } = library.enableTurbo();
    if (!enabled) throw new Absent(reason);
  }
  return library;
}

/** Sets the number of threads. A build without threads refuses the option, and runs on one thread anyway. */
function setThreads({ configure }, threads) {
  try {
    configure({ threads });
  } catch (error) {
    if (threads > 1) throw new Absent(`this build has no threads (${error.message})`);
  }
}

/** jax-js on its WebAssembly device, the faster of its two devices in Node. */
async function jaxJs() {
  if (globalThis.Float16Array === undefined) throw new Absent("its jit needs Float16Array: Node 24");
  const jax = await importInstalled("@jax-js/jax");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return jax;
}

/** TensorFlow.js with one of its backends. It has no threads in Node. */
async function tfjs(backend) {
  const tf = await importInstalled("@tensorflow/tfjs");
  if (backend === "wasm") {
    const wasm = await importInstalled("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(fileURLToPath(new URL(".", import.meta.resolve("@tensorflow/tfjs-backend-wasm"))));
    wasm.setThreadsCount(1);
  }
  tf.enableProdMode(); // without its checks and its banner
  await tf.setBackend(backend);
  await tf.ready();
  return tf;
}

async function importInstalled(name) {
  try {
    return await import(name);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Absent(`${name} is not installed: run \`npm --prefix bench ci\``);
  }
}

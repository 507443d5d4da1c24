// The contestants, each loaded once and only if a row asks for it.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Names of the contestants, downhill first: the ratios of the table are against it. */
export const contestants = ["downhill", "jax-js", "tfjs-cpu", "tfjs-wasm"];

const dist = new URL("../dist/", import.meta.url);

/** The built package of this clone. */
export async function downhill() {
  if (!existsSync(fileURLToPath(new URL("index.js", dist)))) {
    throw new Error("dist/ is missing: run `npm run build` in the root of the repository");
  }
  const parts = ["index.js", "nn/index.js", "optim/index.js"];
  return Object.assign({}, ...(await Promise.all(parts.map((part) => import(new URL(part, dist))))));
}

/** jax-js on its WebAssembly device, the quicker of the two that it has in Node. */
export async function jaxJs() {
  const jax = await import("@jax-js/jax");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return jax;
}

/** TensorFlow.js with one of its backends; `enter` makes that backend the current one again. */
export async function tfjs(backend) {
  const tf = await import("@tensorflow/tfjs");
  if (backend === "wasm") {
    const wasm = await import("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(fileURLToPath(new URL(".", import.meta.resolve("@tensorflow/tfjs-backend-wasm"))));
    wasm.setThreadsCount(1);
  }
  tf.enableProdMode(); // without its checks and its banner
  await tf.setBackend(backend);
  await tf.ready();
  return { tf, enter: () => tf.setBackend(backend) };
}

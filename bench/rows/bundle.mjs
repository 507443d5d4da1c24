// Not a time but a size: what a page has to load to differentiate one function.
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL("..", import.meta.url));

const programs = {
  downhill: `
    import { grad, sin } from "../dist/index.js";
    console.log(grad((x, y) => x.mul(y).add(sin(x)))(2, 3).item());`,
  "jax-js": `
    import { grad, init, defaultDevice, numpy as np } from "@jax-js/jax";
    await init("wasm"); defaultDevice("wasm");
    console.log(grad((x, y) => x.ref.mul(y).add(np.sin(x)))(np.array(2), np.array(3)).js());`,
  "tfjs-cpu": `
    import * as tf from "@tensorflow/tfjs-core";
    import "@tensorflow/tfjs-backend-cpu";
    console.log(tf.grads((x, y) => tf.add(tf.mul(x, y), tf.sin(x)))([tf.scalar(2), tf.scalar(3)])[0].dataSync()[0]);`,
};

export const name = "bundle";
export const title = "gradient of x·y + sin x bundled for a browser, minified and compressed, in bytes";

export async function measure(wanted) {
  const rows = [];
  for (const [contestant, contents] of Object.entries(programs)) {
    if (!wanted(contestant)) continue;
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: here },
      bundle: true,
      write: false,
      minify: true,
      format: "esm",
      platform: "browser",
      logLevel: "silent",
    });
    const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
    const rest = { threads: 1, unit: "B", median: bytes, best: bytes, node: process.version };
    rows.push({ row: name, contestant, mode: "gzip", ...rest });
  }
  return rows;
}

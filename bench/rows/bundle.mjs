// A size instead of a time: the bytes that a page has to load.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

export const group = "Bundles for a browser";

const here = fileURLToPath(new URL("..", import.meta.url));

const gradientOnly = {
  downhill: `
    import { exp, grad, log, sin, sqrt, tanh } from "downhill/core";
    console.log(grad((x) => sin(tanh(exp(log(sqrt(x))))))(2).item());`,
  "jax-js": `
    import { defaultDevice, grad, init, numpy as np } from "@jax-js/jax";
    await init("wasm"); defaultDevice("wasm");
    console.log(grad((x) => np.sin(np.tanh(np.exp(np.log(np.sqrt(x))))))(np.array(2)).js());`,
  tfjs: `
    import * as tf from "@tensorflow/tfjs-core";
    import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
    import "@tensorflow/tfjs-backend-cpu";
    console.log(tf.grad((x) => tf.sin(tf.tanh(tf.exp(tf.log(tf.sqrt(x))))))(tf.scalar(2)).dataSync()[0]);`,
};

const compiled = {
  downhill: `
    import { adam, applyUpdates, grad, jit, mul, sgd } from "downhill/core";
    const slope = jit(grad((x) => mul(x, x)));
    for (const optimizer of [sgd({ learningRate: 0.1 }), adam({ learningRate: 0.1 })]) {
      let x = 1, s = optimizer.init(x);
      const { updates, state } = optimizer.update(slope(x), s, x);
      console.log(applyUpdates(x, updates).item());
    }`,
  "jax-js": `
    import { defaultDevice, grad, init, jit, numpy as np } from "@jax-js/jax";
    await init("wasm"); defaultDevice("wasm");
    const slope = jit(grad((x) => np.square(x)));
    console.log(np.array(1).sub(slope(np.array(1)).mul(0.1)).js());`,
  tfjs: `
    import * as tf from "@tensorflow/tfjs-core";
    import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
    import "@tensorflow/tfjs-backend-cpu";
    for (const optimizer of [tf.train.sgd(0.1), tf.train.adam(0.1)]) {
      const x = tf.variable(tf.scalar(1));
      optimizer.minimize(() => tf.square(x));
      console.log(x.dataSync()[0]);
    }`,
};

/** Hides Node from a bundle for a page. */
const pageLike = "delete globalThis.process; globalThis.window = globalThis; globalThis.document = {};";

/** Size of a program's bundle as a page would load it, after a test run of the bundle. */
async function bytesOf(contents, dist) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    logLevel: "silent",
    ...(dist === undefined ? {} : { alias: { "downhill/core": join(dist, "core/index.js") } }),
  });
  const [{ contents: code }] = outputFiles;
  const input = `${pageLike}\n${new TextDecoder().decode(code)}`;
  const ran = spawnSync(process.execPath, ["--input-type=module"], { input, encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`the bundle does not run: ${/^\w*Error: .*/m.exec(ran.stderr)?.[0]}`);
  return { value: gzipSync(code, { level: 9 }).length };
}

const size = (name, title, programs) => ({
  name,
  title: `${title}, minified and compressed by gzip`,
  unit: "B",
  kind: "once",
  loads: false,
  oneNode: true,
  skips: ["tfjs-wasm"], // its other backend is the smaller one
  modes: ["plain"],
  threads: [1],
  programs: Object.fromEntries(
    Object.entries(programs).map(([contestant, contents]) => [
      contestant,
      (_, entrant) => {
        return bytesOf(contents, entrant.dist);
      },
    ]),
  ),
});

export const rows = [
  size("bundle-gradient", "the gradient of a composition of five functions", gradientOnly),
  size(
    "bundle-compiled",
    "compiled gradients and the optimisers SGD and Adam, where the library has some",
    compiled,
  ),
];

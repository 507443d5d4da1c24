// Measures downhill, jax-js and TensorFlow.js on their WebGPU devices in Node, beside downhill on WebAssembly. It is not a
// row of the bench, because it needs a GPU. On a software device the ratios say something about the processor, nothing
// about graphics cards.
//
// Usage, in the root: npm run build && npm run webgpu && node bench/webgpu.mjs [--size 512] [--rounds 7] [--only NAME …]
//
// jax-js and TensorFlow.js are those of this folder (npm --prefix bench ci). Without them their lines say so.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const names = ["downhill-wasm", "downhill-webgpu", "downhill-reproducible", "jax-js-webgpu", "tfjs-webgpu"];
const { values } = parseArgs({
  options: {
    size: { type: "string", default: "512" },
    rounds: { type: "string", default: "7" },
    only: { type: "string", multiple: true, default: names },
    contestant: { type: "string" },
  },
});
const size = Number(values.size);
const rounds = Number(values.rounds);

/** @param {number} count @param {number} seed */
function numbers(count, seed) {
  let x = seed;
  return Float32Array.from(
    { length: count },
    () => (x = (Math.imul(x, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5,
  );
}

const batch = 32;
const widths = [784, 128, 10];
const data = {
  a: numbers(size * size, 1),
  b: numbers(size * size, 2),
  x: numbers(batch * widths[0], 3),
  w1: numbers(widths[0] * widths[1], 4).map((v) => v * 0.1),
  w2: numbers(widths[1] * widths[2], 5).map((v) => v * 0.1),
};

/** Work of a contestant: the sum of a product, and the loss of a training step of an MLP. Both are read. */
const contestants = {
  "downhill-wasm": () => downhill(false),
  "downhill-webgpu": () => downhill(true),
  "downhill-reproducible": () => downhill(true, true), // with the bits of the interpreter, which is the default
  async "jax-js-webgpu"() {
    await putGpuOfNode();
    const { init, defaultDevice, numpy: np, jit, valueAndGrad } = await import("@jax-js/jax");
    await init();
    defaultDevice("webgpu");
    const array = (of, shape) => np.array(of).reshape(shape);
    const [a, b] = [array(data.a, [size, size]), array(data.b, [size, size])];
    const x = array(data.x, [batch, widths[0]]);
    const loss = ([w1, w2], xs) => np.mean(np.square(np.matmul(np.tanh(np.matmul(xs, w1)), w2)));
    const step = jit(valueAndGrad(loss));
    let params = [array(data.w1, widths.slice(0, 2)), array(data.w2, widths.slice(1))];
    return {
      product: async () => (await np.sum(np.matmul(a.ref, b.ref)).data())[0],
      async step() {
        const [value, slopes] = step([params[0].ref, params[1].ref], x.ref);
        params = params.map((w, i) => w.sub(slopes[i].mul(0.1)));
        return (await value.data())[0];
      },
    };
  },
  async "tfjs-webgpu"() {
    await putGpuOfNode();
    const tf = await import("@tensorflow/tfjs");
    await import("@tensorflow/tfjs-backend-webgpu");
    if (!(await tf.setBackend("webgpu"))) throw new Error("its backend does not start in Node");
    await tf.ready();
    const [a, b] = [tf.tensor2d(data.a, [size, size]), tf.tensor2d(data.b, [size, size])];
    const x = tf.tensor2d(data.x, [batch, widths[0]]);
    const params = [
      tf.variable(tf.tensor2d(data.w1, widths.slice(0, 2))),
      tf.variable(tf.tensor2d(data.w2, widths.slice(1))),
    ];
    const loss = () =>
      params[1] && tf.mean(tf.square(tf.matMul(tf.tanh(tf.matMul(x, params[0])), params[1])));
    const optimizer = tf.train.sgd(0.1);
    return {
      product: async () => (await tf.tidy(() => tf.sum(tf.matMul(a, b))).data())[0],
      step: async () => (await optimizer.minimize(loss, true, params).data())[0],
    };
  },
};

async function downhill(isOnGpu, reproducible = false) {
  const load = (part) => import(pathToFileURL(join(root, "dist", part)).href);
  const [{ jit, matmul, tanh, tensor, valueAndGrad }, { openWebGpu }] = await Promise.all(
    ["index.js", "webgpu/index.js"].map(load),
  );
  const options = isOnGpu ? { device: await openWebGpu({ reproducible }) } : {};
  const array = (of, shape) => tensor(of, { shape });
  const place = isOnGpu ? jit((y) => y.add(0), options) : (y) => y;
  const [a, b] = [array(data.a, [size, size]), array(data.b, [size, size])].map((y) => place(y));
  const x = array(data.x, [batch, widths[0]]);
  const loss = (w1, w2) => {
    const y = matmul(tanh(matmul(x, w1)), w2);
    return y.mul(y).mean();
  };
  const product = jit((p, q) => matmul(p, q).sum(), options);
  const train = (w1, w2) => {
    const [value, [s1, s2]] = valueAndGrad(loss, { argnums: [0, 1] })(w1, w2);
    return [value, w1.sub(s1.mul(0.1)), w2.sub(s2.mul(0.1))];
  };
  const step = jit(train, { ...options, donate: [0, 1] });
  let params = [array(data.w1, widths.slice(0, 2)), array(data.w2, widths.slice(1))];
  return {
    product: async () => (await product(a, b).read())[0],
    async step() {
      const [value, ...next] = step(...params);
      params = next;
      return (await value.read())[0];
    },
    counts: options.device && (() => options.device.stats()),
  };
}

/** Puts the WebGPU of Node where libraries for browsers look for it. */
async function putGpuOfNode() {
  const { create, globals } = await import(pathToFileURL(join(root, "node_modules/webgpu/index.js")).href);
  Object.assign(globalThis, globals);
  const navigator = { gpu: create([]), userAgent: "node", hardwareConcurrency: 1 };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
}

/** Median milliseconds of the rounds, the result of the first one, and counts per round, if there are any. */
async function measure(work, counts = () => ({})) {
  const first = await work();
  const before = counts();
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  const after = counts();
  const perRound = Object.fromEntries(
    Object.entries(after).map(([name, n]) => [name, (n - before[name]) / rounds]),
  );
  return { ms: times.sort((p, q) => p - q)[rounds >> 1], first, perRound };
}

if (values.contestant !== undefined) {
  const { product, step, counts } = await contestants[values.contestant]();
  const result = { product: await measure(product, counts), step: await measure(step, counts) };
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
} else {
  const results = new Map();
  for (const name of values.only) {
    const words = [
      fileURLToPath(import.meta.url),
      "--contestant",
      name,
      "--size",
      values.size,
      "--rounds",
      values.rounds,
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
    const last = stdout.split("\n").at(-1);
    if (status === 0 && last.startsWith("{")) results.set(name, JSON.parse(last));
    else console.log(`${name}: absent (${/Error.*/.exec(stderr)?.[0] ?? `exit code ${status}`})`);
  }
  const reference = results.get("downhill-wasm") ?? results.values().next().value;
  for (const row of ["product", "step"]) {
    console.log(
      row === "product"
        ? `sum of a product of ${size}, read`
        : "training step of 784-128-10, batch of 32, loss read",
    );
    for (const [name, result] of results) {
      const { ms, first, perRound } = result[row];
      const error = Math.abs(first - reference[row].first) / Math.max(1e-30, Math.abs(reference[row].first));
      const note = error > 1e-2 ? `  WRONG: ${first} instead of ${reference[row].first}` : "";
      console.log(
        `  ${name.padEnd(22)} ${ms.toPrecision(3).padStart(8)} ms  ${(ms / reference[row].ms).toFixed(2)}x${note}`,
      );
      if ("dispatches" in perRound)
        console.log(
          `    per round: ${perRound.dispatches} dispatches of 3 bindings, ${perRound.submissions} submissions, ${perRound.bytesUploaded} bytes up, ` +
            `${perRound.bytesRead} bytes down, ${perRound.bytesAllocated} bytes allocated, ${perRound.bindGroups} bind groups`,
        );
    }
    const [short, exact] = ["downhill-webgpu", "downhill-reproducible"].map(
      (name) => results.get(name)?.[row].ms,
    );
    if (short !== undefined && exact !== undefined)
      console.log(
        `  the bits of the interpreter (reproducible) take ${(exact / short).toFixed(2)} of the time`,
      );
  }
  console.log("ratios of processors where the device is software, such as Mesa's llvmpipe or SwiftShader");
}

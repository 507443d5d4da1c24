import { rosenbrockOf, rosenbrockOfJax, rosenbrockOfTfjs } from "./small.mjs";

export const group = "Memory";

/** Time limits of a contestant for all calls of a row, in seconds. */
const timeLimits = { calls: 60, shapes: 150 };

const alone = {
  limit: timeLimits.shapes + 60,
  kind: "once",
  unit: "MB",
  modes: ["plain"],
  threads: [1],
  nodeFlags: ["--expose-gc"],
};
/** Bytes held by the process after garbage collection. */
async function held() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve)); // finalizers
  }
  return process.memoryUsage().rss;
}

/**
 * Growth of the process in MB during the second half of the calls. In the first half engines grow too: their young
 * generation reaches its size only after some 500,000 calls.
 *
 * @throws Error if the calls take too long
 */
async function growth(count, seconds, call) {
  const end = performance.now() + seconds * 1000;
  const settled = count / 2;
  let before = 0;
  for (let i = 0; i < count; i++) {
    if (i === settled) before = await held();
    call(i);
    if (i % 100 !== 99 || performance.now() < end) continue;
    const grown = ((await held()) - before) / 2 ** 20;
    throw new Error(
      `not done in ${seconds} s: ${(i + 1).toLocaleString("en")} of ${count.toLocaleString("en")} calls` +
        (i < settled ? "" : `, grown by ${grown.toFixed(1)} MB`),
    );
  }
  return { value: ((await held()) - before) / 2 ** 20 };
}

const numbersOf = (n, i) => Float32Array.from({ length: n }, (_, k) => ((i + k) % 16) / 16);

/** A million calls in the full run. */
const manyCalls = {
  ...alone,
  name: "memory-calls",
  title:
    "growth in the second half of 1,000,000 compiled gradients of Rosenbrock's function of 10 changing variables (10,000 with --quick)",
  programs: {
    downhill: (dh, { quick }) => {
      const f = dh.jit(dh.grad(rosenbrockOf(dh)));
      return growth(quick ? 10_000 : 1_000_000, timeLimits.calls, (i) =>
        f(Float64Array.from(numbersOf(10, i))).data(),
      );
    },
    "jax-js": (jax, { quick }) => {
      const f = jax.jit(jax.grad(rosenbrockOfJax(jax)));
      return growth(quick ? 10_000 : 1_000_000, timeLimits.calls, (i) =>
        f(jax.numpy.array(numbersOf(10, i))).dataSync(),
      );
    },
    tfjs: (tf, { quick }) => {
      const f = tf.grad(rosenbrockOfTfjs(tf));
      return growth(quick ? 10_000 : 1_000_000, timeLimits.calls, (i) =>
        tf.tidy(() => f(tf.tensor1d(numbersOf(10, i))).dataSync()),
      );
    },
  },
};

/** Every pair of 1 to 100 rows and columns once, small and large ones mixed. */
const shapeOf = (i) => [1 + (i % 100), 1 + ((37 * i + Math.floor(i / 100)) % 100)];

const manyShapes = {
  ...alone,
  name: "memory-shapes",
  title:
    "growth in the second half of compiled gradients of a sum of x·tanh x of matrices of 10,000 shapes, each once (of 100 with --quick)",
  programs: {
    downhill: ({ grad, jit, mul, sum, tanh, tensor }, { quick }) => {
      const f = jit(grad((x) => sum(mul(x, tanh(x)))));
      return growth(quick ? 100 : 10_000, timeLimits.shapes, (i) => {
        const [rows, columns] = shapeOf(i);
        return f(tensor(numbersOf(rows * columns, i)).reshape([rows, columns])).data();
      });
    },
    "jax-js": ({ grad, jit, numpy: np }, { quick }) => {
      const f = jit(grad((x) => x.ref.mul(np.tanh(x)).sum()));
      return growth(quick ? 100 : 10_000, timeLimits.shapes, (i) => {
        const shape = shapeOf(i);
        return f(np.array(numbersOf(shape[0] * shape[1], i), { shape })).dataSync();
      });
    },
    tfjs: (tf, { quick }) => {
      const f = tf.grad((x) => x.mul(x.tanh()).sum());
      return growth(quick ? 100 : 10_000, timeLimits.shapes, (i) => {
        const shape = shapeOf(i);
        return tf.tidy(() => f(tf.tensor(numbersOf(shape[0] * shape[1], i), shape)).dataSync());
      });
    },
  },
};

export const rows = [manyCalls, manyShapes];

import { digest, numbers } from "../data.mjs";
import { jaxAdam } from "../training.mjs";

export const group = "Large arrays";

const count = 1_000_000;
const span = 4;

/** Evenly spaced in [-4, 4). */
const points = (Type) => Type.from({ length: count }, (_, i) => (i / count - 0.5) * 2 * span);

const curve = (x) => Math.tanh(x) * Math.exp(-x * x) + Math.sin(x);
const slope = (x) => {
  const t = Math.tanh(x);
  return Math.exp(-x * x) * (1 - t * t - 2 * x * t) + Math.cos(x);
};

/** `tanh(x)·exp(−x²) + sin(x)` of a million numbers, or its derivative at each of them. */
function elementwise(dtype, what) {
  const Type = dtype === "float64" ? Float64Array : Float32Array;
  const isGradient = what === "gradient";
  const byHand = isGradient ? slope : curve;
  return {
    name: `elementwise-${dtype === "float64" ? "f64" : "f32"}-${what}`,
    title: `tanh(x)·exp(-x²) + sin(x) of ${count.toLocaleString("en")} numbers, ${isGradient ? "gradient of the sum" : "forward"}, ${dtype}`,
    unit: "ns",
    work: count,
    kind: "speed",
    tolerance: dtype === "float64" ? 1e-10 : 1e-5,
    lacks: dtype === "float64" ? { tfjs: "no float64" } : {},
    programs: {
      downhill: ({ add, exp, grad, jit, mul, neg, sin, sum, tanh, tensor }) => {
        const f = (x) => add(mul(tanh(x), exp(neg(mul(x, x)))), sin(x));
        const x = tensor(points(Type));
        const g = jit(isGradient ? grad((y) => sum(f(y))) : f);
        return { step: () => g(x), check: () => digest(g(x).data()) };
      },
      "jax-js": ({ grad, jit, numpy: np }) => {
        const f = (x) =>
          np
            .tanh(x.ref)
            .mul(np.exp(np.negative(np.square(x.ref))))
            .add(np.sin(x));
        const x = np.array(points(Type), { dtype });
        const g = jit(isGradient ? grad((y) => f(y).sum()) : f);
        return {
          step: async () => (await g(x.ref).blockUntilReady()).dispose(),
          check: () => digest(g(x.ref).dataSync()),
        };
      },
      ...(dtype === "float64"
        ? {}
        : {
            tfjs: (tf) => {
              const f = (x) => x.tanh().mul(x.square().neg().exp()).add(x.sin());
              const x = tf.tensor1d(points(Type));
              const g = isGradient ? tf.grad((y) => f(y).sum()) : f;
              const run = () => tf.tidy(() => g(x));
              const check = () => tf.tidy(() => digest(run().dataSync()));
              return { step: () => run().dispose(), check };
            },
          }),
      javascript: () => {
        const [x, y] = [points(Type), new Type(count)];
        const step = () => {
          for (let i = 0; i < count; i++) y[i] = byHand(x[i]);
        };
        const check = () => {
          step();
          return digest(y);
        };
        return { step, check };
      },
    },
  };
}

const learningRate = 0.001;
const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

const adamUpdate = {
  name: "adam-update",
  title: `an update of ${count.toLocaleString("en")} float32 parameters by Adam, gradients given`,
  unit: "ns",
  work: count,
  kind: "speed",
  tolerance: 1e-4,
  programs: {
    downhill: ({ adam, applyUpdates, jit, tensor }) => {
      const optimizer = adam({ learningRate });
      const update = jit(
        (p, s, g) => {
          const { updates, state } = optimizer.update(g, s, p);
          return [applyUpdates(p, updates), state];
        },
        { donate: [0, 1] },
      );
      const g = tensor(numbers(52, count, 1));
      let [p, s] = [];
      const step = () => {
        [p, s] = update(p, s, g);
      };
      const check = () => {
        p = tensor(numbers(51, count, 1));
        s = optimizer.init(p);
        step();
        step();
        return digest(p.data());
      };
      return { step, check };
    },
    "jax-js": async (jax) => {
      const { jit, numpy: np } = jax;
      const update = jit(jaxAdam(jax, { learningRate }));
      const g = np.array(numbers(52, count, 1));
      let [p, s] = [];
      const step = async () => {
        [p, s] = update(p, s, g.ref);
        await jax.blockUntilReady([p, s]);
      };
      const check = async () => {
        jax.tree.dispose([p, s]);
        p = np.array(numbers(51, count, 1));
        s = {
          count: np.array(0, { dtype: "float32" }),
          mean: np.zeros([count]),
          square: np.zeros([count]),
        };
        await step();
        await step();
        return digest(p.ref.dataSync());
      };
      return { step, check };
    },
    tfjs: (tf) => {
      let optimizer;
      const p = tf.variable(tf.zeros([count]), true, "p");
      const g = tf.tensor1d(numbers(52, count, 1));
      const step = () => tf.tidy(() => optimizer.applyGradients({ p: g }));
      const check = () => {
        optimizer?.dispose();
        optimizer = tf.train.adam(learningRate, beta1, beta2, epsilon);
        tf.tidy(() => p.assign(tf.tensor1d(numbers(51, count, 1))));
        step();
        step();
        return digest(p.dataSync());
      };
      return { step, check };
    },
    javascript: () => {
      const [p, g] = [numbers(51, count, 1), numbers(52, count, 1)];
      const [m, v] = [new Float32Array(count), new Float32Array(count)];
      let t = 0;
      const step = () => {
        t++;
        const [off1, off2] = [1 - beta1 ** t, Math.sqrt(1 - beta2 ** t)];
        for (let i = 0; i < count; i++) {
          const d = g[i];
          m[i] = beta1 * m[i] + (1 - beta1) * d;
          v[i] = beta2 * v[i] + (1 - beta2) * d * d;
          p[i] -= (learningRate * (m[i] / off1)) / (Math.sqrt(v[i]) / off2 + epsilon);
        }
      };
      const check = () => {
        p.set(numbers(51, count, 1));
        m.fill(0);
        v.fill(0);
        t = 0;
        step();
        step();
        return digest(p);
      };
      return { step, check };
    },
  },
};

const [items, features] = [1024, 256];

/**
 * Ways to end the life of a large, unused result. PyTorch frees memory as soon as Python drops the tensor; `using` does
 * so here. A result left to the garbage collector is moved out of kernel memory before the next call.
 */
const ends = [
  { suffix: "", says: "", end: (x) => x[Symbol.dispose]?.() },
  { suffix: "-collected", says: ", the result left to the garbage collector", end: (x) => x },
];

const layerNormGelu = ends.map(({ suffix, says, end }) => ({
  name: `layer-norm-gelu-gradient${suffix}`,
  title: `gelu of a layer norm of [${items}, ${features}], gradient of the sum, float32${says}`,
  unit: "ns",
  work: items * features,
  kind: "speed",
  tolerance: 1e-4,
  programs: {
    downhill: ({ gelu, grad, jit, layerNorm, scaleInit, sum, tensor }) => {
      const x = tensor(numbers(61, items * features)).reshape([items, features]);
      const g = jit(grad((y, params) => sum(gelu(layerNorm(params, y)))));
      const params = scaleInit(features);
      return { step: () => end(g(x, params)), check: () => digest(g(x, params).data()) };
    },
  },
}));

const [words, wordFeatures, wordCount] = [5000, 64, 2048];

const embeddingGradient = ends.map(({ suffix, says, end }) => ({
  name: `embedding-gradient${suffix}`,
  title: `gradient in a table ${words}x${wordFeatures} of the sum of squares of ${wordCount} of its rows, float32${says}`,
  unit: "us",
  kind: "speed",
  tolerance: 1e-5,
  programs: {
    downhill: ({ grad, jit, square, sum, take, tensor }) => {
      const table = tensor(numbers(62, words * wordFeatures)).reshape([words, wordFeatures]);
      const places = tensor(Int32Array.from({ length: wordCount }, (_, i) => (i * 7919) % words));
      const g = jit(grad((t, at) => sum(square(take(t, at, { axis: 0 })))));
      return { step: () => end(g(table, places)), check: () => digest(g(table, places).data()) };
    },
    javascript: () => {
      const table = numbers(62, words * wordFeatures);
      const out = new Float32Array(table.length);
      const step = () => {
        out.fill(0);
        for (let i = 0; i < wordCount; i++) {
          const from = ((i * 7919) % words) * wordFeatures;
          for (let j = from; j < from + wordFeatures; j++) out[j] += 2 * table[j];
        }
      };
      const check = () => {
        step();
        return digest(out);
      };
      return { step, check };
    },
  },
}));

const copied = 28_000_000; // bytes that an update by Adam reads and writes

const copy = {
  name: "copy-bandwidth",
  title: "memory copied by TypedArray.set, as many bytes read and written as an update by Adam",
  unit: "GB/s",
  work: copied,
  kind: "speed",
  programs: {
    javascript: () => {
      const [from, to] = [new Float32Array(copied / 8).fill(1), new Float32Array(copied / 8)];
      return { step: () => to.set(from) };
    },
  },
};

export const rows = [
  elementwise("float32", "forward"),
  elementwise("float32", "gradient"),
  elementwise("float64", "forward"),
  elementwise("float64", "gradient"),
  ...layerNormGelu,
  ...embeddingGradient,
  adamUpdate,
  copy,
];

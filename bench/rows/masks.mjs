// Gradients through masks: unselected branches must not contribute, at no cost. The relu network is a row of training
// (mlp-784-128-10).
import { digest, numbers } from "../data.mjs";

export const group = "Masks";

const count = 262_144;

/** A function of one array of numbers, its mean, and the hand-written slope of the function. */
function curve(name, title, { by, slope }) {
  const make = (how) => ({
    name: `${name}-${how}`,
    title: `${title} of ${count.toLocaleString("en")} numbers, gradient of the mean, float32, ${how === "jit" ? "compiled" : "eager"}`,
    unit: "ns",
    work: count,
    kind: "speed",
    tolerance: 1e-5,
    programs: {
      downhill: (d) => {
        const x = d.tensor(numbers(71, count, 2));
        const gradient = d.grad((y) => d.mean(by(d, y)));
        const g = how === "jit" ? d.jit(gradient) : gradient;
        return { step: () => g(x), check: () => digest(g(x).data()) };
      },
      javascript: () => {
        const [x, y] = [numbers(71, count, 2), new Float32Array(count)];
        const step = () => {
          for (let i = 0; i < count; i++) y[i] = slope(x[i]) / count;
        };
        const check = () => {
          step();
          return digest(y);
        };
        return { step, check };
      },
    },
  });
  return [make("jit"), make("eager")];
}

const [images, queries, features] = [8, 64, 32];

/** Causal attention, in which query i sees keys 0 … i: the gradient with respect to queries, keys and values. */
const attention = {
  name: "masked-attention",
  title: `attention with a mask, ${images} times ${queries} queries and keys of ${features} features, gradient, compiled`,
  unit: "calls/s",
  kind: "speed",
  tolerance: 1e-4,
  programs: {
    downhill: ({ add, grad, jit, matmul, mean, softmax, square, tensor, transpose, where }) => {
      const [q, k, v] = [72, 73, 74].map((seed) =>
        tensor(numbers(seed, images * queries * features, 1)).reshape([images, queries, features]),
      );
      const sees = tensor(Array.from({ length: queries }, (_, i) => Array.from({ length: queries }, (__, j) => j <= i))); // prettier-ignore
      const loss = (query, key, value) => {
        const scores = matmul(query, transpose(key, [0, 2, 1])).mul(1 / Math.sqrt(features));
        return mean(square(matmul(softmax(where(sees, scores, -1e9)), value)));
      };
      const g = jit(grad(loss, { argnums: [0, 1, 2] }));
      return {
        step: () => g(q, k, v),
        check: () => {
          const [dq, dk, dv] = g(q, k, v);
          return digest(add(add(dq, dk), dv).data());
        },
      };
    },
  },
};

export const rows = [
  ...curve("huber", "the Huber loss", {
    by: ({ abs, less, mul, square, sub, where }, x) => {
      const size = abs(x);
      return where(less(size, 1), mul(square(x), 0.5), sub(size, 0.5));
    },
    slope: (x) => Math.max(-1, Math.min(1, x)),
  }),
  ...curve("clip-exp", "exp(x) clipped to [0.5, 2]", {
    by: ({ clip, exp }, x) => clip(exp(x), 0.5, 2),
    slope: (x) => {
      const y = Math.exp(x);
      return y < 0.5 || y > 2 ? 0 : y;
    },
  }),
  ...curve("where-sqrt", "√x where x is positive, else 0,", {
    by: ({ greater, sqrt, where }, x) => where(greater(x, 0), sqrt(x), 0),
    slope: (x) => (x > 0 ? 0.5 / Math.sqrt(x) : 0),
  }),
  attention,
];

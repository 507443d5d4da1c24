import { downhill, jaxJs, tfjs } from "../libraries.mjs";

/** A start that is no minimum, the same for everyone. */
const start = (n) => Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1) + i / (10 * n));

/** A gradient that is used: a step that depends on every element of it. */
const total = (values) => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
};

const tensorflow = (n, backend) => ({
  contestant: `tfjs-${backend}`,
  mode: "eager",
  prepare: async () => {
    const { tf, enter } = await tfjs(backend);
    const gradient = tf.grad((x) => {
      const [head, tail] = [x.slice([0], [n - 1]), x.slice([1], [n - 1])];
      return tail.sub(head.square()).square().mul(100).add(tf.sub(1, head).square()).sum();
    });
    const point = start(n);
    return { step: () => total(tf.tidy(() => gradient(tf.tensor1d(point)).dataSync())), enter };
  },
});

const rosenbrock = (n) => ({
  name: `rosenbrock-${n}`,
  title: `gradient of Rosenbrock's function of ${n} variables`,
  tolerance: 1e-4,
  entries: [
    ...["eager", "jit"].map((mode) => ({
      contestant: "downhill",
      mode,
      prepare: async () => {
        const { add, grad, jit, mul, slice, square, sub, sum } = await downhill();
        const gradient = grad((x) => {
          const [head, tail] = [slice(x, [0, n - 1]), slice(x, [1, n])];
          return sum(add(mul(100, square(sub(tail, square(head)))), square(sub(1, head))));
        });
        const f = mode === "jit" ? jit(gradient) : gradient;
        const point = Float64Array.from(start(n));
        return { step: () => total(f(point).data()) };
      },
    })),
    ...["eager", "jit"].map((mode) => ({
      contestant: "jax-js",
      mode,
      prepare: async () => {
        const { grad, jit, numpy: np } = await jaxJs();
        const gradient = grad((x) => {
          const [head, tail] = [x.ref.slice([0, n - 1]), x.slice([1, n])];
          const bend = tail.sub(np.square(head.ref));
          return np
            .square(bend)
            .mul(100)
            .add(np.square(np.subtract(1, head)))
            .sum();
        });
        const f = mode === "jit" ? jit(gradient) : gradient;
        const point = start(n);
        return { step: () => total(f(np.array(point)).dataSync()) };
      },
    })),
    tensorflow(n, "cpu"),
    tensorflow(n, "wasm"),
  ],
});

export const rows = [rosenbrock(10), rosenbrock(1000)];

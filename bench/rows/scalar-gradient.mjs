import { downhill, jaxJs, tfjs } from "../libraries.mjs";

// The point moves at every call: a library that bakes numbers into its programs has to show it.
const points = Array.from({ length: 64 }, (_, i) => [2 + i / 64, 3 - i / 64]);

/** A step that hands the next point to `f`, which returns both derivatives. */
const moving = (f) => {
  let i = 0;
  return () => {
    const [x, y] = points[i++ % points.length];
    const [dx, dy] = f(x, y);
    return dx + 2 * dy;
  };
};

const tensorflow = (backend) => ({
  contestant: `tfjs-${backend}`,
  mode: "eager",
  prepare: async () => {
    const { tf, enter } = await tfjs(backend);
    const gradient = tf.grads((x, y) => x.mul(y).add(tf.sin(x)));
    const step = moving((x, y) =>
      tf.tidy(() => gradient([tf.scalar(x), tf.scalar(y)]).map((d) => d.dataSync()[0])),
    );
    return { step, enter };
  },
});

export const row = {
  name: "scalar-gradient",
  title: "gradient of x·y + sin x in both arguments, from numbers to numbers",
  tolerance: 1e-5,
  entries: [
    ...["eager", "jit"].map((mode) => ({
      contestant: "downhill",
      mode,
      prepare: async () => {
        const { grad, jit, sin } = await downhill();
        const gradient = grad((x, y) => x.mul(y).add(sin(x)), { argnums: [0, 1] });
        const f = mode === "jit" ? jit(gradient) : gradient;
        return { step: moving((x, y) => f(x, y).map((d) => d.item())) };
      },
    })),
    ...["eager", "jit"].map((mode) => ({
      contestant: "jax-js",
      mode,
      prepare: async () => {
        const { grad, jit, numpy: np } = await jaxJs();
        const gradient = grad((x, y) => x.ref.mul(y).add(np.sin(x)), { argnums: [0, 1] });
        const f = mode === "jit" ? jit(gradient) : gradient;
        return { step: moving((x, y) => f(np.array(x), np.array(y)).map((d) => d.js())) };
      },
    })),
    tensorflow("cpu"),
    tensorflow("wasm"),
  ],
};

import { digest } from "../data.mjs";

export const group = "Small problems";

// The point moves at every call, which costs a library that compiles numbers into its programs.
const places = Array.from({ length: 64 }, (_, i) => [2 + i / 64, 3 - i / 64]);

/** A step that passes the next point to `f`, which returns both derivatives as numbers. */
function moving(f) {
  let i = 0;
  const step = () => {
    const [x, y] = places[i++ % places.length];
    const [dx, dy] = f(x, y);
    return dx + 2 * dy;
  };
  const check = () => {
    i = 0;
    return [step(), step(), step()];
  };
  return { step, check };
}

function scalarGradient(how) {
  const compiled = how === "jit";
  return {
    name: `scalar-gradient-${how}`,
    title: `gradient of x·y + sin x in both arguments, from numbers to numbers, ${compiled ? "compiled" : "eager"}`,
    unit: "calls/s",
    kind: "speed",
    tolerance: 1e-5,
    lacks: compiled ? { tfjs: "no jit" } : {},
    programs: {
      downhill: ({ grad, jit, sin }) => {
        const gradient = grad((x, y) => x.mul(y).add(sin(x)), { argnums: [0, 1] });
        const f = compiled ? jit(gradient) : gradient;
        return moving((x, y) => {
          const [dx, dy] = f(x, y);
          return [dx.item(), dy.item()];
        });
      },
      "jax-js": ({ grad, jit, numpy: np }) => {
        const gradient = grad((x, y) => x.ref.mul(y).add(np.sin(x)), { argnums: [0, 1] });
        const f = compiled ? jit(gradient) : gradient;
        return moving((x, y) => f(np.array(x), np.array(y)).map((d) => d.js()));
      },
      ...(compiled
        ? {}
        : {
            tfjs: (tf) => {
              const gradient = tf.grads((x, y) => x.mul(y).add(tf.sin(x)));
              return moving((x, y) =>
                tf.tidy(() => gradient([tf.scalar(x), tf.scalar(y)]).map((d) => d.dataSync()[0])),
              );
            },
          }),
      javascript: () => moving((x, y) => [y + Math.cos(x), x]),
    },
  };
}

/** A starting point away from the minimum, exact in float32. */
const start = (n) => Float32Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.25 : 1) + (i % 8) / 16);

/** A step that passes the next point to `f`. The point moves at every call, and is reset at each check. */
function movingPoint(x, f) {
  const first = x[0];
  let i = 0;
  const step = () => {
    x[0] = first + (i++ % 64) / 64;
    return f(x);
  };
  const check = () => {
    i = 0;
    return digest(step());
  };
  return { step, check };
}

/** The hand-written gradient of Rosenbrock's function, `Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²`. */
export function rosenbrockByHand(x) {
  const n = x.length;
  const gradient = new Float64Array(n);
  for (let i = 0; i < n - 1; i++) {
    const head = x[i];
    const bend = x[i + 1] - head * head;
    gradient[i] += -400 * head * bend - 2 * (1 - head);
    gradient[i + 1] += 200 * bend;
  }
  return gradient;
}

/** Rosenbrock's function in downhill, for one vector of any length. */
export const rosenbrockOf =
  ({ add, mul, slice, square, sub, sum }) =>
  (x) => {
    const n = x.shape[0];
    const [head, tail] = [slice(x, [0, n - 1]), slice(x, [1, n])];
    return sum(add(mul(100, square(sub(tail, square(head)))), square(sub(1, head))));
  };

/** The same in jax-js. */
export const rosenbrockOfJax =
  ({ numpy: np }) =>
  (x) => {
    const n = x.shape[0];
    const [head, tail] = [x.ref.slice([0, n - 1]), x.slice([1, n])];
    const bend = tail.sub(np.square(head.ref));
    return np
      .square(bend)
      .mul(100)
      .add(np.square(np.subtract(1, head)))
      .sum();
  };

/** The same in TensorFlow.js. */
export const rosenbrockOfTfjs = (tf) => (x) => {
  const n = x.shape[0];
  const [head, tail] = [x.slice([0], [n - 1]), x.slice([1], [n - 1])];
  return tail.sub(head.square()).square().mul(100).add(tf.sub(1, head).square()).sum();
};

/** Row of a function from an array to an array of numbers, as external optimisers need it. */
const rosenbrock = (n) => ({
  name: `rosenbrock-${n}`,
  title: `gradient of Rosenbrock's function of ${n.toLocaleString("en")} variables, from array to array`,
  unit: "us",
  kind: "speed",
  tolerance: 1e-4,
  programs: {
    downhill: (dh) => {
      const f = dh.jit(dh.grad(rosenbrockOf(dh)));
      return movingPoint(Float64Array.from(start(n)), (x) => f(x).data({ donate: true }));
    },
    "jax-js": (jax) => {
      const f = jax.jit(jax.grad(rosenbrockOfJax(jax)));
      return movingPoint(start(n), (x) => f(jax.numpy.array(x)).dataSync());
    },
    tfjs: (tf) => {
      const gradient = tf.grad(rosenbrockOfTfjs(tf));
      return movingPoint(start(n), (x) => tf.tidy(() => gradient(tf.tensor1d(x)).dataSync()));
    },
    javascript: () => movingPoint(Float64Array.from(start(n)), rosenbrockByHand),
  },
});

export const rows = [
  scalarGradient("jit"),
  scalarGradient("eager"),
  ...[2, 10, 100, 1000, 100_000].map(rosenbrock),
];

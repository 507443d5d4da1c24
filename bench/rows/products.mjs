import { digest, numbers } from "../data.mjs";

export const group = "Products of matrices";

/**
 * A row for the product `[m, k] · [k, n]`.
 *
 * @returns {import("../measure.mjs").Row}
 */
function product(name, [m, k, n], dtype = "float32") {
  const isDouble = dtype === "float64";
  const data = () => {
    const both = [numbers(41, m * k, 1 / Math.sqrt(k)), numbers(42, k * n, 1)];
    return isDouble ? both.map((x) => Float64Array.from(x)) : both;
  };
  const shapes = [
    [m, k],
    [k, n],
  ];
  return {
    name,
    title: `product of a ${m}x${k} and a ${k}x${n} matrix, ${dtype}`,
    unit: "GFLOP/s",
    work: 2 * m * k * n,
    kind: "speed",
    tolerance: isDouble ? 1e-9 : 1e-4,
    lacks: isDouble ? { tfjs: "no float64" } : {},
    programs: {
      downhill: ({ jit, matmul, tensor }) => {
        const [a, b] = data().map((x, i) => tensor(x).reshape(shapes[i]));
        const f = jit(matmul);
        return { step: () => f(a, b), check: () => digest(f(a, b).data()) };
      },
      "jax-js": ({ jit, numpy: np }) => {
        const [a, b] = data().map((x, i) => np.array(x, { shape: shapes[i], dtype }));
        const f = jit(np.matmul);
        const step = async () => (await f(a.ref, b.ref).blockUntilReady()).dispose();
        return { step, check: () => digest(f(a.ref, b.ref).dataSync()) };
      },
      ...(isDouble
        ? {}
        : {
            tfjs: (tf) => {
              const [a, b] = data().map((x, i) => tf.tensor(x, shapes[i]));
              return {
                step: () => tf.matMul(a, b).dispose(),
                check: () => tf.tidy(() => digest(tf.matMul(a, b).dataSync())),
              };
            },
          }),
    },
  };
}

const square = (n) => [n, n, n];

export const rows = [
  product("matmul-512", square(512)),
  product("matmul-1024", square(1024)),
  product("matmul-510", square(510)),
  product("matmul-511", square(511)),
  product("matmul-513", square(513)),
  product("matmul-64x784x128", [64, 784, 128]),
  product("matmul-64x128x10", [64, 128, 10]),
  product("matvec-1024", [1024, 1024, 1]),
  product("matmul-f64-512", square(512), "float64"),
];

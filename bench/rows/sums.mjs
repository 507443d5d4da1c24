export const group = "Long sums";

const alone = { kind: "once", unit: "ulp", modes: ["plain"], threads: [1] };

/** Error of a result in ulps of float32. */
function ulps(value, exact) {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(exact))), -126);
  return { value: Math.abs(value - exact) / 2 ** (exponent - 23) };
}

const many = 40_000_000;
const sumOfOnes = {
  ...alone,
  name: "sum-of-ones",
  title: `error of the sum of ${many.toLocaleString("en")} float32 ones`,
  programs: {
    downhill: ({ jit, sum, tensor }) =>
      ulps(jit((x) => sum(x))(tensor(new Float32Array(many).fill(1))).item(), many),
    "jax-js": ({ jit, numpy: np }) =>
      ulps(jit((x) => x.sum())(np.array(new Float32Array(many).fill(1))).js(), many),
    tfjs: (tf) => ulps(tf.sum(tf.tensor1d(new Float32Array(many).fill(1))).dataSync()[0], many),
  },
};

const million = 1_000_000;
const tenth = Math.fround(0.1);
const meanOfTenths = {
  ...alone,
  name: "mean-of-tenths",
  title: `error of the mean of ${million.toLocaleString("en")} times 0.1, float32`,
  programs: {
    downhill: ({ jit, mean, tensor }) =>
      ulps(jit((x) => mean(x))(tensor(new Float32Array(million).fill(0.1))).item(), tenth),
    "jax-js": ({ jit, numpy: np }) =>
      ulps(jit((x) => np.mean(x))(np.array(new Float32Array(million).fill(0.1))).js(), tenth),
    tfjs: (tf) => ulps(tf.mean(tf.tensor1d(new Float32Array(million).fill(0.1))).dataSync()[0], tenth),
  },
};

export const rows = [sumOfOnes, meanOfTenths];

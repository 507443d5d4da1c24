// A network trained from scratch, in loops: two interleaved spirals, one hidden layer, hand-written Adam.
import { valueAndGrad } from "downhill";

type Network = { inner: number[][]; bias: number[]; outer: number[]; offset: number };

function logit(net: Network, x: number, y: number): number {
  let sum = net.offset;
  for (let k = 0; k < net.bias.length; k++) {
    sum += net.outer[k]! * Math.tanh(net.inner[k]![0]! * x + net.inner[k]![1]! * y + net.bias[k]!);
  }
  return sum;
}

/** The mean cross-entropy. */
function loss(net: Network, xs: Float64Array, ys: Float64Array, labels: Float64Array): number {
  "use ad";
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const z = logit(net, xs[i]!, ys[i]!);
    sum += Math.max(z, 0) - z * labels[i]! + Math.log1p(Math.exp(-Math.abs(z)));
  }
  return sum / labels.length;
}

const n = 120;
const labels = Float64Array.from({ length: n }, (_, i) => i % 2);
const turn = (i: number): number => 0.5 + (5 * i) / n + Math.PI * (i % 2);
const radius = (i: number): number => 0.3 + (1.7 * i) / n;
const xs = labels.map((_, i) => radius(i) * Math.cos(turn(i)));
const ys = labels.map((_, i) => radius(i) * Math.sin(turn(i)));

const hidden = 24;
const wave = (i: number): number => Math.sin(12.9898 * i + 1); // distinct initial values
const net: Network = {
  inner: Array.from({ length: hidden }, (_, k) => [2 * wave(3 * k), 2 * wave(3 * k + 1)]),
  bias: Array.from({ length: hidden }, (_, k) => wave(3 * k + 2)),
  outer: Array.from({ length: hidden }, (_, k) => 0.5 * wave(7 * k)),
  offset: 0,
};

const gradient = valueAndGrad(loss);
const rows = [...net.inner, net.bias, net.outer];
const moments = rows.map((row) => row.map(() => ({ first: 0, second: 0 })));
let value = Infinity;
for (let step = 1; step <= 1500; step++) {
  const [now, g] = gradient(net, xs, ys, labels);
  value = now;
  [...g.inner, g.bias, g.outer].forEach((row, i) => {
    row.forEach((slope, j) => {
      const moment = moments[i]![j]!;
      moment.first += 0.1 * (slope - moment.first);
      moment.second += 0.001 * (slope ** 2 - moment.second);
      const size = Math.sqrt(moment.second / (1 - 0.999 ** step)) + 1e-8;
      rows[i]![j]! -= (0.03 * moment.first) / (1 - 0.9 ** step) / size;
    });
  });
  net.offset -= 0.1 * g.offset;
}
const right = labels.reduce(
  (count, label, i) => count + Number(logit(net, xs[i]!, ys[i]!) > 0 === label > 0),
  0,
);
console.log(`loss ${value.toFixed(4)}, ${right} of ${n} on the right side`);

if (right < n - 2) throw new Error("the spirals are not told apart");

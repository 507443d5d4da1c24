// The mean of time-shifted curves by soft dynamic time warping (Cuturi and Blondel, ICML 2017): a bump keeps its
// height, whereas the ordinary mean is low and wide.
import { minimize } from "downhill/optim";

const softness = 0.05;

function softMin(a: number, b: number, c: number): number {
  const low = Math.min(a, b, c);
  const sum =
    Math.exp((low - a) / softness) + Math.exp((low - b) / softness) + Math.exp((low - c) / softness);
  return low - softness * Math.log(sum);
}

/** Distance between two curves under a soft minimum over their alignments. */
function softDtw(x: Float64Array, y: Float64Array): number {
  const width = y.length + 1;
  const cost = new Float64Array((x.length + 1) * width).fill(1e6);
  cost[0] = 0;
  for (let i = 1; i <= x.length; i++) {
    for (let j = 1; j <= y.length; j++) {
      const before = softMin(
        cost[(i - 1) * width + j - 1]!,
        cost[(i - 1) * width + j]!,
        cost[i * width + j - 1]!,
      );
      cost[i * width + j] = (x[i - 1]! - y[j - 1]!) ** 2 + before;
    }
  }
  return cost[cost.length - 1]!;
}

function apart(mean: Float64Array, first: Float64Array, second: Float64Array): number {
  "use ad";
  return softDtw(mean, first) + softDtw(mean, second);
}

const bump = (centre: number): Float64Array =>
  Float64Array.from({ length: 24 }, (_, i) => Math.exp(-(((i - centre) / 2) ** 2)));
const [first, second] = [bump(7), bump(15)];
const plainMean = first.map((x, i) => (x + second[i]!) / 2);
const { params: mean } = minimize(apart, plainMean, { args: [first, second], maxIterations: 200 });

const draw = (curve: Float64Array): string =>
  Array.from(curve, (x) => "▁▂▃▄▅▆▇█"[Math.round(Math.max(0, Math.min(1, x)) * 7)]).join("");
for (const [name, curve] of Object.entries({ first, second, "plain mean": plainMean, "soft-DTW": mean })) {
  console.log(`${name.padEnd(10)} ${draw(curve)}`);
}

if (Math.max(...mean) < 0.8) throw new Error("the bump is lost");

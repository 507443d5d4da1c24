// A smooth curve through noisy points: values at knots, joined by Catmull-Rom cubics, with a penalty on curvature.
import { minimize } from "downhill/optim";

/** The curve at t, in units of knots. */
function curve(knots: Float64Array, t: number): number {
  const last = knots.length - 1;
  const i = Math.min(Math.max(Math.floor(t), 0), last - 1);
  const u = t - i;
  const before = knots[Math.max(i - 1, 0)]!;
  const behind = knots[Math.min(i + 2, last)]!;
  const [a, b] = [knots[i]!, knots[i + 1]!];
  const bend = 2 * before - 5 * a + 4 * b - behind;
  return a + 0.5 * u * (b - before + u * (bend + u * (3 * (a - b) + behind - before)));
}

function cost(knots: Float64Array, ts: Float64Array, ys: Float64Array, stiffness: number): number {
  "use ad";
  let sum = 0;
  for (let i = 0; i < ts.length; i++) sum += (curve(knots, ts[i]!) - ys[i]!) ** 2;
  for (let i = 1; i < knots.length - 1; i++) {
    sum += stiffness * (knots[i - 1]! - 2 * knots[i]! + knots[i + 1]!) ** 2;
  }
  return sum;
}

const truth = (t: number): number => Math.sin(t / 2) + t / 10;
const ts = Float64Array.from({ length: 80 }, (_, i) => i / 8);
const ys = ts.map((t, i) => truth(t) + 0.2 * Math.sin(91 * i ** 2));
const errorOf = (knots: Float64Array): number =>
  Math.sqrt(ts.reduce((sum, t) => sum + (curve(knots, t) - truth(t)) ** 2, 0) / ts.length);

for (const stiffness of [0, 1, 100]) {
  const { params: knots } = minimize(cost, new Float64Array(11), { args: [ts, ys, stiffness] });
  const error = errorOf(knots);
  console.log(`stiffness ${String(stiffness).padStart(3)}: ${error.toFixed(4)} from the truth`);
  if (stiffness === 1 && error > 0.1) throw new Error("the curve is not smooth");
}

// Supplies a network of 14 buses at least cost: optimal power flow with voltages, reactive power and the limits of lines.
// The multipliers of the power balance are the prices of energy at the buses. Data: the IEEE test case with the costs and
// limits of PGLib-OPF (CC BY 4.0), per unit of 100 MW.
import { add, concatenate, cos, mul, sin, square, sub, sum, take, tensor, transpose } from "downhill";
import { atMost, equality, minimize } from "downhill/optim";

// bus: real and reactive demand
const demand = [
  [0, 0], [0.217, 0.127], [0.942, 0.19], [0.478, -0.039], [0.076, 0.016], [0.112, 0.075], [0, 0],
  [0, 0], [0.295, 0.166], [0.09, 0.058], [0.035, 0.018], [0.061, 0.016], [0.135, 0.058], [0.149, 0.05],
]; // prettier-ignore
// generator: bus, cost in $/h, most real power, least and most reactive power; three of them only hold voltages
const generators = [
  [1, 792.0951, 3.4, 0, 0.1],
  [2, 2326.9494, 0.59, -0.3, 0.3],
  [3, 0, 0, 0, 0.4],
  [6, 0, 0, -0.06, 0.24],
  [8, 0, 0, -0.06, 0.24],
];
// line: from, to, resistance, reactance, charging, turns ratio of the transformer, most apparent power
const lines = [
  [1, 2, 0.01938, 0.05917, 0.0528, 1, 4.72],
  [1, 5, 0.05403, 0.22304, 0.0492, 1, 1.28],
  [2, 3, 0.04699, 0.19797, 0.0438, 1, 1.45],
  [2, 4, 0.05811, 0.17632, 0.034, 1, 1.58],
  [2, 5, 0.05695, 0.17388, 0.0346, 1, 1.61],
  [3, 4, 0.06701, 0.17103, 0.0128, 1, 1.6],
  [4, 5, 0.01335, 0.04211, 0, 1, 6.64],
  [4, 7, 0, 0.20912, 0, 0.978, 1.41],
  [4, 9, 0, 0.55618, 0, 0.969, 0.53],
  [5, 6, 0, 0.25202, 0, 0.932, 1.17],
  [6, 11, 0.09498, 0.1989, 0, 1, 1.34],
  [6, 12, 0.12291, 0.25581, 0, 1, 1.04],
  [6, 13, 0.06615, 0.13027, 0, 1, 2.01],
  [7, 8, 0, 0.17615, 0, 1, 1.67],
  [7, 9, 0, 0.11001, 0, 1, 2.67],
  [9, 10, 0.03181, 0.0845, 0, 1, 3.25],
  [9, 14, 0.12711, 0.27038, 0, 1, 0.99],
  [10, 11, 0.08205, 0.19207, 0, 1, 1.41],
  [12, 13, 0.22092, 0.19988, 0, 1, 0.99],
  [13, 14, 0.17093, 0.34802, 0, 1, 0.76],
];
const shunt = 0.19; // of a capacitor at bus 9

// the admittance matrix of the network
const n = demand.length;
const [g, b] = [0, 1].map(() => Array.from({ length: n }, () => new Array(n).fill(0)));
const put = (i, j, re, im) => {
  g[i][j] += re;
  b[i][j] += im;
};
put(8, 8, 0, shunt);
const ends = lines.map(([from, to, r, x, charging, ratio]) => {
  const [re, im] = [r / (r * r + x * x), -x / (r * r + x * x)];
  const [i, j] = [from - 1, to - 1];
  put(i, i, re / ratio ** 2, (im + charging / 2) / ratio ** 2);
  put(j, j, re, im + charging / 2);
  put(i, j, -re / ratio, -im / ratio);
  put(j, i, -re / ratio, -im / ratio);
  return { i, j, re, im, own: im + charging / 2, ratio };
});
const [conductance, susceptance] = [tensor(g), tensor(b)];
const column = (f) => tensor(ends.map(f));
const [first, second] = [
  tensor(Int32Array.from(ends, (e) => e.i)),
  tensor(Int32Array.from(ends, (e) => e.j)),
];

/** Real and reactive power that leave each bus into the network. */
const leaving = ({ angle, volt }) => {
  const turn = sub(angle.reshape([n, 1]), angle);
  const both = mul(volt.reshape([n, 1]), volt);
  const [c, s] = [cos(turn), sin(turn)];
  const real = sum(mul(both, add(mul(conductance, c), mul(susceptance, s))), { axis: 1 });
  const reactive = sum(mul(both, sub(mul(conductance, s), mul(susceptance, c))), { axis: 1 });
  return [real, reactive];
};
// one row per bus, one column per generator
const placement = transpose(tensor(generators.map(([bus]) => demand.map((_, i) => (i === bus - 1 ? 1 : 0)))));
const supplied = (power) => sum(mul(placement, power), { axis: 1 });
const balance = (p) => {
  const [real, reactive] = leaving(p);
  return concatenate([
    sub(
      add(
        real,
        demand.map(([d]) => d),
      ),
      supplied(p.real),
    ),
    sub(
      add(
        reactive,
        demand.map(([, d]) => d),
      ),
      supplied(p.reactive),
    ),
  ]);
};

/** Squared apparent power at both ends of the lines. */
const apparent = ({ angle, volt }) => {
  const end = (from, to, self) => {
    const turn = sub(take(angle, from), take(angle, to));
    const [vf, vt] = [take(volt, from), take(volt, to)];
    const [c, s] = [cos(turn), sin(turn)];
    const [re, im] = [column((e) => e.re), column((e) => e.im)];
    const both = mul(
      mul(vf, vt),
      column((e) => 1 / e.ratio),
    );
    const own = mul(square(vf), column(self));
    const real = sub(mul(own, re), mul(both, add(mul(re, c), mul(im, s))));
    const reactive = sub(
      mul(both, sub(mul(im, c), mul(re, s))),
      mul(
        own,
        column((e) => e.own),
      ),
    );
    return add(square(real), square(reactive));
  };
  return concatenate([end(first, second, (e) => 1 / e.ratio ** 2), end(second, first, () => 1)]);
};
const most = lines.map((line) => line[6] ** 2);

const flow = minimize(
  ({ real }) =>
    sum(
      mul(
        generators.map(([, cost]) => cost),
        real,
      ),
    ),
  {
    angle: new Float64Array(n),
    volt: new Float64Array(n).fill(1),
    real: new Float64Array(generators.length),
    reactive: new Float64Array(generators.length),
  },
  {
    low: {
      angle: [0, ...new Array(n - 1).fill(-Infinity)],
      volt: 0.94,
      real: 0,
      reactive: generators.map(([, , , low]) => low),
    },
    high: {
      angle: [0, ...new Array(n - 1).fill(Infinity)],
      volt: 1.06,
      real: generators.map(([, , high]) => high),
      reactive: generators.map(([, , , , high]) => high),
    },
    constraints: [
      equality(balance, 0, { name: "balance" }),
      atMost(apparent, [...most, ...most], { name: "lines" }),
    ],
  },
);
if (flow.reason !== "solved") throw new Error(flow.message);
const prices = flow.multipliers.constraints[0].tolist().slice(0, n);
const losses = flow.params.real.tolist().reduce((a, p) => a + p, 0) - demand.reduce((a, [p]) => a + p, 0);
console.log(
  `${flow.value.toFixed(4)} $/h after ${flow.iterations} iterations, losses of ${(100 * losses).toFixed(2)} MW`,
);
console.log(`prices in $/MWh: ${prices.map((price) => (price / 100).toFixed(2)).join(" ")}`);
// the optimum of PGLib-OPF's table
if (Math.abs(flow.value - 2178.0804) > 1e-3) throw new Error("this is not the least cost");
// the first generator has power left, so that its cost is the price at its bus
if (Math.abs(prices[0] - generators[0][1]) > 1e-3) throw new Error("the price is not the marginal cost");

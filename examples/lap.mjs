// Finds the fastest lap of a race car: the line on the track and the speed along it, within the grip of the tyres and the
// power of the engine. The multipliers of the grip show where more of it would gain most.
import { add, concatenate, div, mul, slice, sqrt, square, sub, sum, tensor } from "downhill";
import { atMost, minimize } from "downhill/optim";

const n = 60; // points of the track
const halfWidth = 6; // metres
const grip = 14; // largest acceleration in any direction, m/s²
const power = 160; // of the engine per mass, W/kg

// the centre line, and the direction across the track at each point
const turns = Array.from({ length: n }, (_, i) => (2 * Math.PI * i) / n);
const centre = turns.map((t) => {
  const radius = 130 * (1 + 0.28 * Math.cos(3 * t) + 0.1 * Math.sin(2 * t));
  return [radius * Math.cos(t), radius * Math.sin(t)];
});
const across = centre.map((_, i) => {
  const [from, to] = [centre[(i + n - 1) % n], centre[(i + 1) % n]];
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const size = Math.hypot(dx, dy);
  return [-dy / size, dx / size];
});
const part = (list, k) => tensor(list.map((pair) => pair[k]));
const [cx, cy, ax, ay] = [part(centre, 0), part(centre, 1), part(across, 0), part(across, 1)];

/** The values at the next points of the closed track. */
const next = (v) => concatenate([slice(v, [1]), slice(v, [0, 1])]);
const before = (v) => concatenate([slice(v, [-1]), slice(v, [0, -1])]);

// parameters: the distance from the centre line in half widths, and the squared speed in units of 1000 m²/s²
const line = ({ side }) => [add(cx, mul(halfWidth, mul(side, ax))), add(cy, mul(halfWidth, mul(side, ay)))];
const distances = (p) => {
  const [x, y] = line(p);
  return sqrt(add(square(sub(next(x), x)), square(sub(next(y), y))));
};
const squaredSpeed = ({ energy }) => mul(1000, energy);
const speed = (p) => sqrt(squaredSpeed(p));
const time = (p) => sum(div(mul(2, distances(p)), add(speed(p), next(speed(p)))));

/** Acceleration along the line, from each point to the next. */
const thrust = (p) => div(sub(next(squaredSpeed(p)), squaredSpeed(p)), mul(2, distances(p)));
/** Curvature at each point: of the circle through it and its neighbours. */
const curvature = (p) => {
  const [x, y] = line(p);
  const [ux, uy] = [sub(x, before(x)), sub(y, before(y))];
  const [vx, vy] = [next(ux), next(uy)];
  const chord = sqrt(add(square(add(ux, vx)), square(add(uy, vy))));
  const d = distances(p);
  return div(mul(2, sub(mul(ux, vy), mul(uy, vx))), mul(mul(before(d), d), chord));
};
const force = (p) => div(add(square(mul(curvature(p), squaredSpeed(p))), square(thrust(p))), grip ** 2);
const work = (p) => div(mul(thrust(p), speed(p)), power);

const constraints = [atMost(force, 1, { name: "grip" }), atMost(work, 1, { name: "power" })];
const start = { side: new Float64Array(n), energy: new Float64Array(n).fill(0.3) };
const lap = (width) =>
  minimize(time, start, {
    constraints,
    low: { side: -width, energy: 0.05 },
    high: { side: width, energy: 10 },
  });

const [middle, best] = [lap(0), lap(1)];
for (const { reason, message } of [middle, best]) if (reason !== "solved") throw new Error(message);
const speeds = best.params.energy.tolist().map((e) => Math.sqrt(1000 * e) * 3.6);
console.log(
  `${best.value.toFixed(3)} s from ${Math.min(...speeds).toFixed(0)} to ${Math.max(...speeds).toFixed(0)} km/h, ${middle.value.toFixed(3)} s along the centre; ` +
    `${best.iterations} iterations`,
);
const worth = best.multipliers.constraints[0].tolist();
const most = worth.indexOf(Math.max(...worth));
console.log(`more grip gains most at point ${most} of ${n}, with ${speeds[most].toFixed(0)} km/h`);
if (!(best.value < 0.97 * middle.value)) throw new Error("the line gains too little");
if (best.violation > 1e-8) throw new Error("the car slides");
// where a limit holds nothing back, its multiplier is 0; elsewhere the limit is reached
const used = force(best.params).tolist();
if (worth.some((value, i) => Math.abs(value * (1 - used[i])) > 1e-6))
  throw new Error("grip is left where it has a price");

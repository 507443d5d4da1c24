// Programs of newcomers with ten more backgrounds.
import type { NewcomerProgram } from "./newcomers.ts";

export const moreBackgroundNewcomers: Readonly<Record<string, NewcomerProgram>> = {
  "colour calibration": {
    text: `type RGB = [number, number, number];
type Lab = { L: number; a: number; b: number };
const WHITE: RGB = [0.9505, 1, 1.089];
const toLinear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const f = (t: number) => (t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29);
const M: readonly RGB[] = [
  [0.4124, 0.3576, 0.1805],
  [0.2126, 0.7152, 0.0722],
  [0.0193, 0.1192, 0.9505],
];
function toLab(rgb: RGB): Lab {
  const linear = rgb.map(toLinear);
  const [x, y, z] = M.map((row, i) => f(row.reduce((s, m, j) => s + m * linear[j], 0) / WHITE[i]));
  return { L: 116 * y - 16, a: 500 * (x - y), b: 200 * (y - z) };
}
export function meanDeltaE(correction: { gain: RGB; gamma: number; matrix: RGB[] }, patches: { name: string; measured: RGB; wanted: RGB }[]): number {
  "use ad";
  const { gain, gamma, matrix } = correction;
  const errors = patches.map(({ measured, wanted }) => {
    const scaled = measured.map((c, i) => gain[i] * Math.max(c, 1e-6) ** gamma);
    const mixed = matrix.map((row) => row[0] * scaled[0] + row[1] * scaled[1] + row[2] * scaled[2]) as RGB;
    const [p, q] = [toLab(mixed), toLab(wanted)];
    return Math.sqrt((p.L - q.L) ** 2 + (p.a - q.a) ** 2 + (p.b - q.b) ** 2);
  });
  return errors.reduce((sum, e) => sum + e, 0) / errors.length;
}`,
    args: [
      { gain: [1.1, 0.9, 1], gamma: 1.1, matrix: [[1, 0.05, 0], [0, 1, 0.02], [0.01, 0, 1]] },
      [
        { name: "red", measured: [0.7, 0.2, 0.1], wanted: [0.8, 0.15, 0.1] },
        { name: "grey", measured: [0.4, 0.42, 0.5], wanted: [0.5, 0.5, 0.5] },
      ],
    ], // prettier-ignore
  },
  "a Kalman filter": {
    text: `interface Noise { process: number; measurement: number }
class Kalman {
  x = 0;
  v = 0;
  p: [number, number, number] = [1, 0, 1];
  constructor(private readonly noise: Noise, private readonly dt = 0.1) {}
  predict(): void {
    const { dt } = this;
    this.x += dt * this.v;
    const [a, b, c] = this.p;
    this.p = [a + 2 * dt * b + dt * dt * c, b + dt * c, c + this.noise.process];
  }
  update(z: number): number {
    const [a, b, c] = this.p;
    const s = a + this.noise.measurement;
    const innovation = z - this.x;
    const k1 = a / s;
    const k2 = b / s;
    this.x += k1 * innovation;
    this.v += k2 * innovation;
    this.p = [(1 - k1) * a, (1 - k1) * b, c - k2 * b];
    return -0.5 * (Math.log(2 * Math.PI * s) + (innovation * innovation) / s);
  }
}
export function logLikelihood(noise: Noise, measurements: number[]): number {
  "use ad";
  const filter = new Kalman(noise);
  let total = 0;
  for (const z of measurements) {
    filter.predict();
    total += filter.update(z);
  }
  return total;
}`,
    args: [{ process: 0.1, measurement: 0.5 }, [0.1, 0.3, 0.2, 0.7, 0.9]],
  },
  "raymarching distance functions": {
    text: `type Vec3 = { x: number; y: number; z: number };
type Shape =
  | { type: "sphere"; centre: Vec3; radius: number }
  | { type: "box"; centre: Vec3; size: Vec3 }
  | { type: "plane"; height: number };
const vec = (x: number, y: number, z: number): Vec3 => ({ x, y, z });
const sub = (a: Vec3, b: Vec3) => vec(a.x - b.x, a.y - b.y, a.z - b.z);
const length = (v: Vec3) => Math.sqrt(v.x ** 2 + v.y ** 2 + v.z ** 2);
function distance(p: Vec3, shape: Shape): number {
  switch (shape.type) {
    case "sphere":
      return length(sub(p, shape.centre)) - shape.radius;
    case "box": {
      const d = sub(p, shape.centre);
      const q = vec(Math.abs(d.x) - shape.size.x, Math.abs(d.y) - shape.size.y, Math.abs(d.z) - shape.size.z);
      return length(vec(Math.max(q.x, 0), Math.max(q.y, 0), Math.max(q.z, 0))) + Math.min(Math.max(q.x, q.y, q.z), 0);
    }
    case "plane":
      return p.y - shape.height;
  }
}
const smoothMin = (a: number, b: number, k = 0.2) => {
  const h = Math.max(k - Math.abs(a - b), 0) / k;
  return Math.min(a, b) - (h * h * k) / 4;
};
export function depth(radius: number, origin: Vec3, direction: Vec3): number {
  "use ad";
  const scene: Shape[] = [
    { type: "sphere", centre: vec(0, 0, 5), radius },
    { type: "box", centre: vec(1, 0, 6), size: vec(1, 0.5, 0.5) },
    { type: "plane", height: -1 },
  ];
  let t = 0;
  for (let i = 0; i < 40; i++) {
    const p = vec(origin.x + t * direction.x, origin.y + t * direction.y, origin.z + t * direction.z);
    let d = Infinity;
    for (const shape of scene) d = d === Infinity ? distance(p, shape) : smoothMin(d, distance(p, shape));
    if (d < 1e-10) break;
    t += d;
    if (t > 100) return 100;
  }
  return t;
}`,
    args: [1.2, { x: 0, y: 0.2, z: 0 }, { x: 0.1, y: 0, z: 0.995 }],
    wrt: [0, 1],
  },
  "an optical ray trace": {
    text: `const MATERIALS = new Map<string, number>([["air", 1], ["BK7", 1.5168], ["SF5", 1.6727]]);
interface Surface { curvature: number; distance: number; glass: "air" | "BK7" | "SF5" }
interface Ray { y: number; angle: number }
const index = (glass: Surface["glass"]): number => MATERIALS.get(glass) ?? 1;
function trace(ray: Ray, surfaces: Surface[]): Ray {
  let { y, angle } = ray;
  let n = 1;
  for (const { curvature, distance, glass } of surfaces) {
    const m = index(glass);
    const sag = curvature === 0 ? 0 : (1 - Math.sqrt(Math.max(0, 1 - (curvature * y) ** 2))) / curvature;
    y += Math.tan(angle) * sag;
    const normal = Math.asin(curvature * y);
    const refracted = Math.asin((n / m) * Math.sin(angle + normal));
    angle = refracted - normal;
    y += Math.tan(angle) * (distance - sag);
    n = m;
  }
  return { y, angle };
}
export function spotSize(curvatures: number[], heights: number[]): number {
  "use ad";
  const surfaces: Surface[] = [
    { curvature: curvatures[0], distance: 0.6, glass: "BK7" },
    { curvature: curvatures[1], distance: 0.25, glass: "SF5" },
    { curvature: curvatures[2], distance: 9.7, glass: "air" },
  ];
  const ends = heights.map((y) => trace({ y, angle: 0 }, surfaces).y);
  const mean = ends.reduce((a, b) => a + b, 0) / ends.length;
  return Math.sqrt(ends.reduce((sum, y) => sum + (y - mean) ** 2, 0) / ends.length);
}`,
    args: [
      [0.16, -0.22, -0.07],
      [0.2, 0.6, 1],
    ],
  },
  "a spring network": {
    text: `class Spring {
  readonly stiffness: number;
  constructor(readonly from: number, readonly to: number, readonly rest: number, stiffness = 10) {
    this.stiffness = stiffness;
  }
  energy(positions: number[][]): number {
    const [a, b] = [positions[this.from], positions[this.to]];
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    return 0.5 * this.stiffness * (length - this.rest) ** 2;
  }
}
const springs = [new Spring(0, 1, 1), new Spring(1, 2, 1.2), new Spring(0, 2, 0.8, 5)];
export function potential(flat: Float64Array, masses: number[], gravity = 9.81): number {
  "use ad";
  const positions: number[][] = [];
  for (let i = 0; i < masses.length; i++) positions.push([flat[2 * i], flat[2 * i + 1]]);
  let energy = 0;
  for (const spring of springs) energy += spring.energy(positions);
  positions.forEach((p, i) => {
    energy += masses[i] * gravity * p[1];
  });
  return energy;
}`,
    args: [Float64Array.of(0, 0, 1, 0.5, 0.3, 1), [1, 2, 0.5]],
  },
  "an A/B test": {
    text: `namespace Stats {
  export const PRIOR = { alpha: 1, beta: 1 } as const;
  export const EPS = 1e-12;
  export function logit(p: number): number { return Math.log((p + EPS) / (1 - p + EPS)); }
  export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
}
type Variant = "control" | "treatment";
interface Counts { visitors: number; conversions: number }
export function negativeLogPosterior(theta: { base: number; lift: number }, data: Record<Variant, Counts>): number {
  "use ad";
  const rate: Record<Variant, number> = {
    control: Stats.sigmoid(theta.base),
    treatment: Stats.sigmoid(theta.base + theta.lift),
  };
  let logp = 0;
  for (const variant of ["control", "treatment"] as const) {
    const { visitors, conversions } = data[variant];
    const p = rate[variant];
    logp += conversions * Math.log(p) + (visitors - conversions) * Math.log1p(-p);
    logp += Stats.PRIOR.alpha * Math.log(p + Stats.EPS);
  }
  return -(logp - 0.5 * (theta.lift / 0.5) ** 2) + Stats.logit(0.5);
}`,
    args: [
      { base: -2, lift: 0.3 },
      { control: { visitors: 1000, conversions: 110 }, treatment: { visitors: 980, conversions: 140 } },
    ],
  },
  "a chemical equilibrium": {
    text: `const species = ["H", "OH", "HA", "A"] as const;
type Species = (typeof species)[number];
type Concentrations = Record<Species, number>;
const charges: Record<string, number> = { H: 1, OH: -1, HA: 0, A: -1 };
interface Constants { pKw: number; pKa: number; total: number }
function concentrations(pH: number, { pKw, pKa, total }: Constants): Concentrations {
  const H = 10 ** -pH;
  const Ka = 10 ** -pKa;
  return { H, OH: 10 ** -pKw / H, HA: (total * H) / (H + Ka), A: (total * Ka) / (H + Ka) };
}
function imbalance(pH: number, constants: Constants): number {
  const c = concentrations(pH, constants);
  let sum = 0;
  for (const s of species) sum += charges[s] * c[s];
  return sum;
}
export function equilibriumPh(constants: Constants): number {
  "use ad";
  let [lo, hi] = [0, 14];
  for (let i = 0; i < 30; i++) {
    const mid = (lo + hi) / 2;
    if (imbalance(mid, constants) > 0) lo = mid;
    else hi = mid;
  }
  let pH = (lo + hi) / 2;
  for (let i = 0; i < 4; i++) {
    const h = 1e-4;
    const slope = (imbalance(pH + h, constants) - imbalance(pH - h, constants)) / (2 * h);
    pH -= imbalance(pH, constants) / slope;
  }
  return pH;
}`,
    args: [{ pKw: 14, pKa: 4.76, total: 0.1 }],
  },
  "PID tuning": {
    text: `interface Gains { kp: number; ki: number; kd: number }
const createController = ({ kp, ki, kd }: Gains, limit: number) => {
  return (error: number, integral: number, previous: number, dt: number) => {
    const derivative = (error - previous) / dt;
    const output = kp * error + ki * integral + kd * derivative;
    return Math.max(-limit, Math.min(limit, output));
  };
};
const plants = {
  motor: (y: number, v: number, u: number) => u - 0.8 * v,
  pendulum: (y: number, v: number, u: number) => u - 0.1 * v - Math.sin(y),
};
type Plant = keyof typeof plants;
export function cost(gains: Gains, { plant = "motor", setpoint = 1, steps = 60, dt = 0.05 }: { plant?: Plant; setpoint?: number; steps?: number; dt?: number } = {}): number {
  "use ad";
  const controller = createController(gains, 5);
  let y = 0, v = 0, integral = 0;
  let previous = setpoint - y;
  let iae = 0;
  for (let k = 0; k < steps; ++k) {
    const error = setpoint - y;
    integral += error * dt;
    const u = controller(error, integral, previous, dt);
    previous = error;
    const acceleration = plants[plant](y, v, u);
    v += acceleration * dt;
    y += v * dt;
    iae += Math.abs(error) * dt + 0.001 * u ** 2;
  }
  return iae;
}`,
    args: [
      { kp: 2, ki: 0.5, kd: 0.4 },
      { plant: "pendulum", setpoint: 0.9, steps: 40, dt: 0.05 },
    ],
  },
  "a map projection": {
    text: `const RAD = Math.PI / 180;
type LonLat = { lon: number; lat: number };
type XY = [number, number];
abstract class Projection {
  static readonly names = ["mercator", "lambert"];
}
const projections: Record<"mercator" | "lambert", (p: LonLat, lat0: number) => XY> = {
  mercator: ({ lon, lat }) => [lon * RAD, Math.log(Math.tan(Math.PI / 4 + (lat * RAD) / 2))],
  lambert: ({ lon, lat }, lat0) => {
    const n = Math.sin(lat0 * RAD);
    const rho = Math.sqrt(1 + n * n - 2 * n * Math.sin(lat * RAD)) / n;
    const rho0 = Math.sqrt(1 - n * n) / n;
    return [rho * Math.sin(n * lon * RAD), rho0 - rho * Math.cos(n * lon * RAD)];
  },
};
export function distortion(lat0: number, points: LonLat[], kind: "mercator" | "lambert"): number {
  "use ad";
  const project = (p: LonLat): XY => projections[kind](p, lat0);
  const h = 1e-3;
  let total = 0;
  for (const p of points) {
    const [x, y] = project(p);
    const [ex, ey] = project({ ...p, lon: p.lon + h });
    const [nx, ny] = project({ ...p, lat: p.lat + h });
    const east = Math.hypot(ex - x, ey - y) / (h * RAD * Math.cos(p.lat * RAD));
    const north = Math.hypot(nx - x, ny - y) / (h * RAD);
    total += Math.log(east / north) ** 2 + Math.log(east * north) ** 2;
  }
  return Math.sqrt(total / points.length);
}`,
    args: [
      45,
      [
        { lon: 3, lat: 40 },
        { lon: 10, lat: 52 },
      ],
      "lambert",
    ],
  },
  "a portfolio": {
    text: `export interface Asset { ticker: string; expected: number; volatility: number }
interface Config { riskAversion: number; maxWeight?: number; turnoverCost: number | null }
const defaults: Required<Omit<Config, "turnoverCost">> = { riskAversion: 3, maxWeight: 0.6 };
const softmax = (z: number[]): number[] => {
  const m = Math.max(...z);
  const e = z.map((v) => Math.exp(v - m));
  const total = e.reduce((a, b) => a + b);
  return e.map((v) => v / total);
};
export const objective = (logits: number[], assets: Asset[], correlation: number[][], previous: number[], config: Partial<Config> = {}): number => {
  "use ad";
  const { riskAversion, maxWeight, turnoverCost = 0.01 } = { ...defaults, ...config };
  const w = softmax(logits);
  const expected = assets.reduce((sum, asset, i) => sum + w[i] * asset.expected, 0);
  let variance = 0;
  for (const [i, a] of assets.entries()) {
    for (const [j, b] of assets.entries()) variance += w[i] * w[j] * a.volatility * b.volatility * correlation[i][j];
  }
  const turnover = w.map((x, i) => Math.abs(x - previous[i])).reduce((a, b) => a + b, 0);
  const excess = w.filter((x) => x > maxWeight).reduce((sum, x) => sum + (x - maxWeight) ** 2, 0);
  return -(expected - 0.5 * riskAversion * variance) + (turnoverCost ?? 0) * turnover + 10 * excess;
};`,
    args: [
      [0.2, 1.5, -0.4],
      [
        { ticker: "A", expected: 0.05, volatility: 0.1 },
        { ticker: "B", expected: 0.08, volatility: 0.2 },
        { ticker: "C", expected: 0.11, volatility: 0.3 },
      ],
      [[1, 0.2, 0.1], [0.2, 1, 0.4], [0.1, 0.4, 1]],
      [0.3, 0.4, 0.3],
    ], // prettier-ignore
  },
};

// Twenty-four functions of finance, robotics, inference, graphics and dynamic programming, as their trades write them. What they and
// their derivatives are was computed by PyTorch (`test/testdata/practice/practice.py`).

export type Vec2 = readonly [number, number];
export type Vec3 = readonly [number, number, number];
export type Quaternion = readonly [number, number, number, number];
/** Real and imaginary part. */
type Complex = readonly [number, number];

export interface Coupon {
  readonly time: number;
  readonly amount: number;
}

/** Yield of a bond, continuously compounded, by Newton's method, and its duration. */
export function bondYield(price: number, coupons: readonly Coupon[]): { yield: number; duration: number } {
  "use ad";
  let rate = 0.05;
  let change = 0;
  let rounds = 0;
  do {
    let value = -price;
    let slope = 0;
    for (const { time, amount } of coupons) {
      const now = amount * Math.exp(-rate * time);
      value += now;
      slope -= time * now;
    }
    change = value / slope;
    rate -= change;
    rounds++;
  } while (Math.abs(change) > 1e-13 && rounds < 50);
  let duration = 0;
  for (const { time, amount } of coupons) duration += (time * amount * Math.exp(-rate * time)) / price;
  return { yield: rate, duration };
}

/** Discount factors at 1, 2, … years from par swap rates. */
export function bootstrap(swaps: number[]): number[] {
  "use ad";
  const factors = new Array<number>(swaps.length).fill(0);
  let annuity = 0;
  for (let i = 0; i < swaps.length; ++i) {
    factors[i] = (1 - swaps[i]! * annuity) / (1 + swaps[i]!);
    annuity += factors[i]!;
  }
  return factors;
}

const multiply = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const subtract = (x: Complex, y: Complex): Complex => [x[0] - y[0], x[1] - y[1]];
const scale = (k: number, [a, b]: Complex): Complex => [k * a, k * b];
const expOf = ([a, b]: Complex): Complex => [Math.exp(a) * Math.cos(b), Math.exp(a) * Math.sin(b)];
const logOf = ([a, b]: Complex): Complex => [Math.log(Math.hypot(a, b)), Math.atan2(b, a)];
function divide(x: Complex, [c, d]: Complex): Complex {
  return scale(1 / (c * c + d * d), multiply(x, [c, -d]));
}
function sqrtOf(z: Complex): Complex {
  const size = Math.sqrt(Math.hypot(z[0], z[1]));
  const angle = Math.atan2(z[1], z[0]) / 2;
  return [size * Math.cos(angle), size * Math.sin(angle)];
}

export interface Heston {
  readonly start: number;
  readonly longRun: number;
  readonly speed: number;
  readonly volatility: number;
  readonly correlation: number;
}

/** Price of a call under Heston's model, by the integral of its characteristic function (Gatheral's form of it). */
export function hestonCall(model: Heston, spot: number, strike: number, years: number): number {
  "use ad";
  const { start, longRun, speed, volatility: eta, correlation: rho } = model;
  const logMoney = Math.log(spot / strike);
  const part = (u: number, j: 0 | 1): number => {
    const alpha: Complex = [-0.5 * u * u, (j === 1 ? 0.5 : -0.5) * u];
    const beta: Complex = [speed - rho * eta * j, -rho * eta * u];
    const gamma = (eta * eta) / 2;
    const d = sqrtOf(subtract(multiply(beta, beta), scale(4 * gamma, alpha)));
    const minus = scale(1 / (2 * gamma), subtract(beta, d));
    const plus = scale(1 / (2 * gamma), subtract(beta, scale(-1, d)));
    const g = divide(minus, plus);
    const decay = expOf(scale(-years, d));
    const one: Complex = [1, 0];
    const last = subtract(one, multiply(g, decay));
    const D = multiply(minus, divide(subtract(one, decay), last));
    const C = scale(
      speed,
      subtract(scale(years, minus), scale(1 / gamma, logOf(divide(last, subtract(one, g))))),
    );
    const [re, im] = expOf([C[0] * longRun + D[0] * start, C[1] * longRun + D[1] * start + u * logMoney]);
    return divide([re, im], [0, u])[0];
  };
  const [n, width] = [64, 0.75];
  let [first, second] = [0, 0];
  for (let i = 0; i < n; i++) {
    const u = (i + 0.5) * width;
    first += part(u, 1) * width;
    second += part(u, 0) * width;
  }
  return spot * (0.5 + first / Math.PI) - strike * (0.5 + second / Math.PI);
}

/** Price of an option on the mean of a path, which dies when the path falls to a barrier; a mean of given random paths. */
export function asianBarrier(
  market: { spot: number; rate: number; sigma: number },
  contract: { strike: number; barrier: number; years: number },
  normals: number[][],
): number {
  "use ad";
  let payoffs = 0;
  nextPath: for (const shocks of normals) {
    const dt = contract.years / shocks.length;
    const drift = (market.rate - 0.5 * market.sigma ** 2) * dt;
    let price = market.spot;
    let sum = 0;
    for (const z of shocks) {
      price *= Math.exp(drift + market.sigma * Math.sqrt(dt) * z);
      if (price <= contract.barrier) continue nextPath;
      sum += price;
    }
    const gain = sum / shocks.length - contract.strike;
    if (gain > 0) payoffs += gain;
  }
  return (Math.exp(-market.rate * contract.years) * payoffs) / normals.length;
}

function hamilton([a, b, c, d]: Quaternion, [e, f, g, h]: Quaternion): Quaternion {
  return [
    a * e - b * f - c * g - d * h,
    a * f + b * e + c * h - d * g,
    a * g - b * h + c * e + d * f,
    a * h + b * g - c * f + d * e,
  ];
}

function unit(q: Quaternion): Quaternion {
  const norm = Math.sqrt(q[0] ** 2 + q[1] ** 2 + q[2] ** 2 + q[3] ** 2);
  return [q[0] / norm, q[1] / norm, q[2] / norm, q[3] / norm];
}

/** Squared angle between where a gyroscope's readings turn a body and where it should look. */
export function attitude(
  rates: number[][],
  from: Quaternion,
  to: Quaternion,
  bias: Vec3,
  dt: number,
): number {
  "use ad";
  let q = unit(from);
  for (const rate of rates) {
    const wx = rate[0]! - bias[0];
    const wy = rate[1]! - bias[1];
    const wz = rate[2]! - bias[2];
    const angle = Math.hypot(wx, wy, wz) * dt;
    // a short turn is no division by its angle
    const k = angle < 1e-8 ? dt / 2 : (Math.sin(angle / 2) / angle) * dt;
    q = unit(hamilton(q, [Math.cos(angle / 2), k * wx, k * wy, k * wz]));
  }
  const [w, x, y, z] = hamilton([to[0], -to[1], -to[2], -to[3]], q);
  const turn = 2 * Math.atan2(Math.sqrt(x * x + y * y + z * z), Math.abs(w));
  return turn ** 2;
}

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly move: readonly [dx: number, dy: number, dtheta: number];
  readonly weight: number;
}

/** Error of a graph of poses (x, y, θ) after measured moves between them, with angles wrapped to ±π and Huber's loss. */
export function poseGraph(poses: number[][], edges: readonly Edge[], delta: number): number {
  "use ad";
  const wrap = (angle: number): number => {
    let a = angle;
    while (a > Math.PI) a -= 2 * Math.PI;
    while (a < -Math.PI) a += 2 * Math.PI;
    return a;
  };
  let total = 0;
  for (const edge of edges) {
    const a = poses[edge.from]!;
    const b = poses[edge.to]!;
    const c = Math.cos(a[2]!);
    const s = Math.sin(a[2]!);
    const dx = b[0]! - a[0]!;
    const dy = b[1]! - a[1]!;
    const [mx, my, mt] = edge.move;
    const error = Math.sqrt(
      (c * dx + s * dy - mx) ** 2 + (c * dy - s * dx - my) ** 2 + wrap(b[2]! - a[2]! - mt) ** 2 + 1e-12,
    );
    total += edge.weight * (error <= delta ? 0.5 * error ** 2 : delta * (error - 0.5 * delta));
  }
  return total;
}

export interface Control {
  steer: number;
  throttle: number;
}

/** What driving along costs: effort, distance to a goal, nearness of obstacles. Steering and speed are limited. */
export function drive(controls: Control[], goal: Vec2, obstacles: { at: Vec2; radius: number }[]): number {
  "use ad";
  const car = { x: 0, y: 0, heading: 0, speed: 1 };
  const dt = 0.2;
  let cost = 0;
  for (let k = 0; k < controls.length; k += 1) {
    const { steer, throttle } = controls[k]!;
    const limited = Math.max(-0.6, Math.min(0.6, steer));
    car.heading += ((car.speed * Math.tan(limited)) / 1.5) * dt;
    car.speed += throttle * dt;
    if (car.speed < 0) {
      car.speed = 0;
    } else if (car.speed > 3) {
      car.speed = 3;
    }
    car.x += car.speed * Math.cos(car.heading) * dt;
    car.y += car.speed * Math.sin(car.heading) * dt;
    cost += 0.01 * (steer * steer + throttle * throttle);
    for (const { at, radius } of obstacles) {
      const gap = Math.hypot(car.x - at[0], car.y - at[1]) - radius;
      if (gap >= 0.5) continue;
      cost += 5 * (0.5 - gap) ** 2;
    }
  }
  return cost + (car.x - goal[0]) ** 2 + (car.y - goal[1]) ** 2 + 0.1 * car.speed ** 2;
}

/** Angular accelerations of an arm of two links under torques: mass matrix, Coriolis terms and gravity. */
export function armDynamics(
  state: { q: [number, number]; v: [number, number] },
  torque: [number, number],
  link: { mass: number; length: number; inertia: number }[],
): [number, number] {
  "use ad";
  const [a, b] = link as [(typeof link)[0], (typeof link)[0]];
  const g = 9.81;
  const [c2, s2] = [Math.cos(state.q[1]), Math.sin(state.q[1])];
  const [ra, rb] = [a.length / 2, b.length / 2];
  const m12 = b.inertia + b.mass * (rb ** 2 + a.length * rb * c2);
  const mass: [[number, number], [number, number]] = [
    [
      a.inertia + b.inertia + a.mass * ra ** 2 + b.mass * (a.length ** 2 + rb ** 2 + 2 * a.length * rb * c2),
      m12,
    ],
    [m12, b.inertia + b.mass * rb ** 2],
  ];
  const h = b.mass * a.length * rb * s2;
  const bias: [number, number] = [
    -h * state.v[1] * (2 * state.v[0] + state.v[1]) +
      (a.mass * ra + b.mass * a.length) * g * Math.cos(state.q[0]) +
      b.mass * rb * g * Math.cos(state.q[0] + state.q[1]),
    h * state.v[0] ** 2 + b.mass * rb * g * Math.cos(state.q[0] + state.q[1]),
  ];
  const right = torque.map((t, i) => t - bias[i]!);
  const det = mass[0][0] * mass[1][1] - mass[0][1] * mass[1][0];
  return [
    (mass[1][1] * right[0]! - mass[0][1] * right[1]!) / det,
    (mass[0][0] * right[1]! - mass[1][0] * right[0]!) / det,
  ];
}

export interface Schools {
  readonly mean: number;
  readonly logSpread: number;
  readonly raw: Float64Array;
}

/** Log-posterior of effects in schools (Rubin, 1981), not centred; the spread has a half-Cauchy prior. */
export function schools(p: Schools, effects: Float64Array, errors: Float64Array): number {
  "use ad";
  if (effects.length !== errors.length) throw new RangeError("an error for each effect");
  const spread = Math.exp(p.logSpread);
  let log = -0.5 * (p.mean / 5) ** 2 - Math.log1p((spread / 5) ** 2) + p.logSpread;
  effects.forEach((effect, i) => {
    const theta = p.mean + spread * p.raw[i]!;
    log -= 0.5 * p.raw[i]! ** 2;
    log -= 0.5 * ((effect - theta) / errors[i]!) ** 2 + Math.log(errors[i]!);
  });
  return log;
}

export interface Game {
  readonly winner: number;
  readonly loser: number;
  readonly atHome: boolean;
  readonly draw: boolean;
}

/** Log-likelihood of games under ratings of players, with a bonus at home and draws (Davidson, 1970), less a penalty. */
export function ratings(strength: number[], home: number, draws: number, games: Game[]): number {
  "use ad";
  let log = 0;
  for (let g = 0; g < games.length; g++) {
    const { winner, loser, atHome, draw } = games[g]!;
    const first = Math.exp(strength[winner]! + (atHome ? home : 0));
    const second = Math.exp(strength[loser]! + (!atHome && !draw ? home : 0));
    const both = Math.exp(draws) * Math.sqrt(first * second);
    log += Math.log((draw ? both : first) / (first + second + both));
  }
  for (const s of strength) log -= 0.05 * s * s;
  return log;
}

/** A lower triangular matrix whose product with its transpose is `a`. */
function choleskyOf(a: number[][]): number[][] {
  const n = a.length;
  const l = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i]![j]!;
      for (let k = 0; k < j; k++) sum -= l[i]![k]! * l[j]![k]!;
      if (i === j) {
        if (sum <= 0) throw new Error("the matrix is not positive definite");
        l[i]![i] = Math.sqrt(sum);
      } else {
        l[i]![j] = sum / l[j]![j]!;
      }
    }
  }
  return l;
}

/** Mean and covariance of a projectile with drag a step on, by the unscented transform, reduced to one number. */
export function unscented(mean: number[], covariance: number[][], drag: number, dt: number): number {
  "use ad";
  const n = mean.length;
  const move = (s: number[]): number[] => {
    const speed = Math.sqrt(s[2]! ** 2 + s[3]! ** 2);
    return [
      s[0]! + dt * s[2]!,
      s[1]! + dt * s[3]!,
      s[2]! - dt * drag * speed * s[2]!,
      s[3]! - dt * (9.81 + drag * speed * s[3]!),
    ];
  };
  const kappa = 1;
  const root = choleskyOf(covariance.map((row) => row.map((x) => x * (n + kappa))));
  const points: number[][] = Array.from({ length: 2 * n + 1 }, () => mean.slice());
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      points[1 + j]![i]! += root[i]![j]!;
      points[1 + n + j]![i]! -= root[i]![j]!;
    }
  }
  const moved = points.map((point) => move(point));
  const weight = (k: number): number => (k === 0 ? kappa : 0.5) / (n + kappa);
  const center = new Float64Array(n);
  for (const [k, point] of moved.entries()) {
    for (let i = 0; i < n; i++) center[i]! += weight(k) * point[i]!;
  }
  let spread = 0;
  for (const [k, point] of moved.entries()) {
    for (let i = 0; i < n; i++) spread += weight(k) * (i + 1) * (point[i]! - center[i]!) ** 2;
  }
  return spread + center.reduce((sum, x) => sum + Math.sin(x), 0);
}

/** Log of the partition function of a ring of spins, by products of 2 × 2 matrices that are scaled as they grow. */
export function spinRing(couplings: number[], fields: number[], temperature: number): number {
  "use ad";
  let product: [[number, number], [number, number]] = [
    [1, 0],
    [0, 1],
  ];
  let log = 0;
  const n = couplings.length;
  for (let i = 0; i < n; i++) {
    const next = (i + 1) % n;
    const j = couplings[i]! / temperature;
    const h = (fields[i]! + fields[next]!) / (2 * temperature);
    const up = Math.exp(j + h);
    const down = Math.exp(j - h);
    const across = Math.exp(-j + (fields[i]! - fields[next]!) / (2 * temperature));
    const back = Math.exp(-j - (fields[i]! - fields[next]!) / (2 * temperature));
    const [[a, b], [c, d]] = product;
    product = [
      [a * up + b * back, a * across + b * down],
      [c * up + d * back, c * across + d * down],
    ];
    const size = Math.max(product[0][0], product[0][1], product[1][0], product[1][1]);
    if (size > 100) {
      log += Math.log(size);
      product = [
        [product[0][0] / size, product[0][1] / size],
        [product[1][0] / size, product[1][1] / size],
      ];
    }
  }
  return log + Math.log(product[0][0] + product[1][1]);
}

/** Kinds of solids. */
const BALL = 0;
const BOX = 1;
const TORUS = 2;

export interface Solid {
  readonly kind: number;
  readonly at: Vec3;
  readonly size: number;
}

function distanceTo(solid: Solid, [px, py, pz]: Vec3): number {
  const x = px - solid.at[0];
  const y = py - solid.at[1];
  const z = pz - solid.at[2];
  switch (solid.kind) {
    case BALL:
      return Math.sqrt(x * x + y * y + z * z) - solid.size;
    case BOX: {
      const [dx, dy, dz] = [Math.abs(x) - solid.size, Math.abs(y) - solid.size, Math.abs(z) - solid.size];
      const outside = Math.sqrt(Math.max(dx, 0) ** 2 + Math.max(dy, 0) ** 2 + Math.max(dz, 0) ** 2 + 1e-9);
      return outside + Math.min(Math.max(dx, dy, dz), 0) - 0.05;
    }
    case TORUS: {
      const around = Math.sqrt(x * x + z * z) - solid.size;
      return Math.sqrt(around * around + y * y) - 0.25 * solid.size;
    }
    default:
      throw new Error("no such solid");
  }
}

/** Depth at which a ray meets a scene of solids that flow into each other, by sphere tracing; 20 where it meets none. */
export function trace(solids: readonly Solid[], origin: Vec3, direction: Vec3, smooth: number): number {
  "use ad";
  const length = Math.hypot(...direction);
  const toward: Vec3 = [direction[0] / length, direction[1] / length, direction[2] / length];
  const scene = (p: Vec3): number => {
    let nearest = 10;
    for (const solid of solids) {
      const d = distanceTo(solid, p);
      const h = Math.max(smooth - Math.abs(nearest - d), 0) / smooth;
      nearest = Math.min(nearest, d) - (h * h * smooth) / 4;
    }
    return nearest;
  };
  let t = 0;
  for (let step = 0; step < 200; step++) {
    const p: Vec3 = [origin[0] + t * toward[0], origin[1] + t * toward[1], origin[2] + t * toward[2]];
    const d = scene(p);
    if (d < 1e-13) return t;
    t += d;
    if (t > 20) break;
  }
  return 20;
}

/** Squared distance of an image from another after exposure, a curve for tones, saturation and sRGB's transfer function. */
export function grade(
  look: { exposure: number; contrast: number; saturation: number; tint: [number, number, number] },
  image: number[][],
  target: number[][],
  curve: number,
): number {
  "use ad";
  const encode = (x: number): number => (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);
  let error = 0;
  for (let i = 0; i < image.length; i++) {
    const pixel = image[i]!.map((c, k) => c * 2 ** look.exposure * look.tint[k]!);
    for (let k = 0; k < 3; k++) {
      let c = pixel[k]!;
      switch (curve) {
        // @ts-expect-error: what comes next is for both
        case 2:
          c *= 1.2;
        // falls through
        case 1:
          c = (c * (2.51 * c + 0.03)) / (c * (2.43 * c + 0.59) + 0.14);
          break;
        default:
          c = c / (1 + c);
      }
      pixel[k] = 0.18 * (c / 0.18) ** look.contrast;
    }
    const [r, g, b] = pixel as [number, number, number];
    const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    pixel.forEach((c, k) => {
      error += (encode(Math.max(0, luma + look.saturation * (c - luma))) - target[i]![k]!) ** 2;
    });
  }
  return error;
}

/** Share of pixels of a soft triangle that differ from a picture: each pixel by its distances from the edges. */
export function softTriangle(corners: [Vec2, Vec2, Vec2], sharpness: number, picture: number[][]): number {
  "use ad";
  const edge = (a: Vec2, b: Vec2, x: number, y: number): number => {
    const [ux, uy] = [b[0] - a[0], b[1] - a[1]];
    return (ux * (y - a[1]) - uy * (x - a[0])) / Math.hypot(ux, uy);
  };
  const sigmoid = (x: number): number => {
    if (x >= 0) return 1 / (1 + Math.exp(-x));
    const e = Math.exp(x);
    return e / (1 + e);
  };
  const [height, width] = [picture.length, picture[0]!.length];
  let off = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const x = (column + 0.5) / width;
      const y = (row + 0.5) / height;
      let inside = 1;
      for (let k = 0; k < 3; k++) {
        inside *= sigmoid(sharpness * edge(corners[k]!, corners[(k + 1) % 3]!, x, y));
      }
      off += (inside - picture[row]![column]!) ** 2;
    }
  return off / (width * height);
}

/** Errors of points seen by a camera: a rotation vector (Rodrigues), a shift, a focal length and radial distortion. */
export function reproject(
  camera: { rotation: Vec3; shift: Vec3; focal: number; k1: number; k2: number },
  points: Vec3[],
  seen: Vec2[],
): Vec2[] {
  "use ad";
  const [rx, ry, rz] = camera.rotation;
  const theta2 = rx * rx + ry * ry + rz * rz;
  let [a, b, c] = [1, 1, 0.5];
  if (theta2 > 1e-12) {
    const theta = Math.sqrt(theta2);
    a = Math.cos(theta);
    b = Math.sin(theta) / theta;
    c = (1 - a) / theta2;
  }
  return points.map(([x, y, z], i): Vec2 => {
    const dot = rx * x + ry * y + rz * z;
    const px = a * x + b * (ry * z - rz * y) + c * dot * rx + camera.shift[0];
    const py = a * y + b * (rz * x - rx * z) + c * dot * ry + camera.shift[1];
    const pz = a * z + b * (rx * y - ry * x) + c * dot * rz + camera.shift[2];
    const [u, v] = [px / pz, py / pz];
    const r2 = u * u + v * v;
    const f = camera.focal * (1 + r2 * (camera.k1 + camera.k2 * r2));
    return [f * u - seen[i]![0], f * v - seen[i]![1]];
  });
}

function logAdd(a: number, b: number): number {
  if (a === -Infinity) return b;
  if (b === -Infinity) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/** Connectionist temporal classification (Graves et al., 2006): −log of all alignments of labels; label 0 is the blank. */
export function ctc(logits: number[][], labels: number[]): number {
  "use ad";
  const states = 2 * labels.length + 1;
  const labelOf = (s: number): number => (s % 2 === 0 ? 0 : labels[(s - 1) / 2]!);
  let alpha = new Array<number>(states).fill(-Infinity);
  for (let t = 0; t < logits.length; t++) {
    const row = logits[t]!;
    const top = Math.max(...row);
    let sum = 0;
    for (const x of row) sum += Math.exp(x - top);
    const norm = top + Math.log(sum);
    const next = new Array<number>(states).fill(-Infinity);
    for (let s = 0; s < states; s++) {
      let best = alpha[s]!;
      if (t === 0) {
        best = s < 2 ? 0 : -Infinity;
      } else {
        if (s > 0) best = logAdd(best, alpha[s - 1]!);
        if (s > 1 && s % 2 === 1 && labelOf(s) !== labelOf(s - 2)) best = logAdd(best, alpha[s - 2]!);
      }
      next[s] = best + row[labelOf(s)]! - norm;
    }
    alpha = next;
  }
  return -logAdd(alpha[states - 1]!, alpha[states - 2]!);
}

/** Most value that fits, with a soft maximum: two rows of the table change places. */
export function softKnapsack(
  values: Float64Array,
  weights: Int32Array,
  capacity: number,
  warmth: number,
): number {
  "use ad";
  let before = new Float64Array(capacity + 1);
  let now = new Float64Array(capacity + 1);
  for (let item = 0; item < values.length; item++) {
    for (let c = 0; c <= capacity; c++) {
      if (weights[item]! > c) {
        now[c] = before[c]!;
        continue;
      }
      const take = before[c - weights[item]!]! + values[item]!;
      const leave = before[c]!;
      const m = Math.max(take, leave);
      now[c] = m + warmth * Math.log(Math.exp((take - m) / warmth) + Math.exp((leave - m) / warmth));
    }
    const swap = before;
    before = now;
    now = swap;
  }
  return before[capacity]!;
}

/** Cost of the best order of a chain of products, as a smooth minimum; `dims[i]` need be no whole numbers. */
export function chainOrder(dims: number[], warmth: number): number {
  "use ad";
  const n = dims.length - 1;
  const cost: number[][] = Array.from({ length: n }, () => Array.from({ length: n }, () => 0));
  for (let span = 1; span < n; span++) {
    for (let i = 0; i + span < n; i++) {
      const j = i + span;
      let least = Infinity;
      for (let k = i; k < j; k++) {
        const total = cost[i]![k]! + cost[k + 1]![j]! + dims[i]! * dims[k + 1]! * dims[j + 1]!;
        if (total < least) least = total;
      }
      let sum = 0;
      for (let k = i; k < j; k++) {
        const total = cost[i]![k]! + cost[k + 1]![j]! + dims[i]! * dims[k + 1]! * dims[j + 1]!;
        sum += Math.exp((least - total) / warmth);
      }
      cost[i]![j] = least - warmth * Math.log(sum);
    }
  }
  return cost[0]![n - 1]!;
}

/** Weighted distance of two sequences by insertions, removals, replacements and exchanges of neighbours. */
export function editDistance(
  costs: { insert: number; remove: number; replace: number; exchange: number },
  a: number[],
  b: number[],
): number {
  "use ad";
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (__, j) =>
      j === 0 ? i * costs.remove : i === 0 ? j * costs.insert : 0,
    ),
  );
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const gap = Math.abs(a[i - 1]! - b[j - 1]!);
      const same = gap < 0.05;
      let best = table[i - 1]![j - 1]! + (same ? 0 : costs.replace * gap);
      best = Math.min(best, table[i - 1]![j]! + costs.remove, table[i]![j - 1]! + costs.insert);
      const crossed =
        i > 1 && j > 1 && Math.abs(a[i - 1]! - b[j - 2]!) < 0.05 && Math.abs(a[i - 2]! - b[j - 1]!) < 0.05;
      if (crossed) best = Math.min(best, table[i - 2]![j - 2]! + costs.exchange);
      table[i]![j] = best;
    }
  }
  return table[a.length]![b.length]!;
}

/** Integral of a peaked function by Simpson's rule, refined where it is rough, with a stack of intervals. */
export function adaptiveSimpson(center: number, width: number, tolerance: number): number {
  "use ad";
  const f = (x: number): number => 1 / (1 + ((x - center) / width) ** 2) + Math.sin(3 * x);
  const simpson = (a: number, b: number): number => ((b - a) / 6) * (f(a) + 4 * f((a + b) / 2) + f(b));
  const from = new Float64Array(64);
  const to = new Float64Array(64);
  let depth = 1;
  to[0] = 1;
  let integral = 0;
  while (depth > 0) {
    depth--;
    const [a, b] = [from[depth]!, to[depth]!];
    const m = (a + b) / 2;
    const [whole, left, right] = [simpson(a, b), simpson(a, m), simpson(m, b)];
    if (Math.abs(left + right - whole) < 15 * tolerance * (b - a) || depth > 60) {
      integral += left + right + (left + right - whole) / 15;
      continue;
    }
    from[depth] = a;
    to[depth++] = m;
    from[depth] = m;
    to[depth++] = b;
  }
  return integral;
}

function timesMatrix(a: number[][], b: number[][]): number[][] {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));
}

/** Trace of exp(a), by a Padé approximant, scaling and squaring; the system is solved with pivots. */
export function traceOfExp(a: number[][]): number {
  "use ad";
  const n = a.length;
  let norm = 0;
  for (const row of a) norm = Math.max(norm, row.reduce((sum, x) => sum + Math.abs(x), 0)); // prettier-ignore
  let squarings = 0;
  while (norm > 0.5) {
    norm /= 2;
    squarings++;
  }
  const x = a.map((row) => row.map((value) => value / 2 ** squarings));
  let power: number[][] = x.map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
  const up = power.map((row) => row.slice());
  const down = power.map((row) => [...row]);
  let c = 1;
  for (let k = 1; k <= 6; k++) {
    c *= (6 - k + 1) / (k * (2 * 6 - k + 1));
    power = timesMatrix(power, x);
    const sign = k % 2 === 0 ? 1 : -1;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        up[i]![j]! += c * power[i]![j]!;
        down[i]![j]! += sign * c * power[i]![j]!;
      }
    }
  }
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(down[i]![k]!) > Math.abs(down[pivot]![k]!)) pivot = i;
    if (pivot !== k) {
      [down[k], down[pivot]] = [down[pivot]!, down[k]!];
      [up[k], up[pivot]] = [up[pivot]!, up[k]!];
    }
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = down[i]![k]! / down[k]![k]!;
      for (let j = 0; j < n; j++) {
        down[i]![j]! -= factor * down[k]![j]!;
        up[i]![j]! -= factor * up[k]![j]!;
      }
    }
  }
  let result = up.map((row, i) => row.map((value) => value / down[i]![i]!));
  for (let k = 0; k < squarings; k++) result = timesMatrix(result, result);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += result[i]![i]!;
  return sum;
}

type State = [number, number];

/** Where a van der Pol oscillator is after some time: Bogacki and Shampine's pair, steps that fail are taken again. */
export function oscillator(mu: number, start: State, time: number, tolerance: number): State {
  "use ad";
  const slope = ([x, v]: State): State => [v, mu * (1 - x * x) * v - x];
  const along = (s: State, h: number, k: State): State => [s[0] + h * k[0], s[1] + h * k[1]];
  let s: State = start;
  let t = 0;
  let h = 0.1;
  let k1 = slope(s);
  while (t < time) {
    if (t + h > time) h = time - t;
    const k2 = slope(along(s, h / 2, k1));
    const k3 = slope(along(s, 0.75 * h, k2));
    const next: State = [
      s[0] + (h / 9) * (2 * k1[0] + 3 * k2[0] + 4 * k3[0]),
      s[1] + (h / 9) * (2 * k1[1] + 3 * k2[1] + 4 * k3[1]),
    ];
    const k4 = slope(next);
    let error = 0;
    for (let i = 0; i < 2; i++) {
      const e = h * ((-5 / 72) * k1[i]! + k2[i]! / 12 + k3[i]! / 9 - k4[i]! / 8);
      error = Math.max(error, Math.abs(e) / (tolerance * (1 + Math.abs(next[i]!))));
    }
    if (error <= 1) {
      t += h;
      s = next;
      k1 = k4;
    }
    h *= Math.min(4, Math.max(0.25, 0.9 * (error + 1e-10) ** (-1 / 3)));
  }
  return s;
}

/** Squared errors of forecasts by Holt's and Winters' method: level, trend and seasons that go round. */
export function seasons(
  smoothing: { level: number; trend: number; season: number },
  series: number[],
  period: number,
): number {
  "use ad";
  const { level: alpha, trend: beta, season: gamma } = smoothing;
  let level = 0;
  for (let i = 0; i < period; i++) level += series[i]! / period;
  const seasonal = Array.from({ length: period }, (_, i) => series[i]! / level);
  let trend = 0;
  let sse = 0;
  for (let t = period; t < series.length; t++) {
    const at = t % period;
    const seen = series[t]!;
    const forecast = (level + trend) * seasonal[at]!;
    sse += (seen - forecast) ** 2;
    const last = level;
    level = alpha * (seen / seasonal[at]!) + (1 - alpha) * (level + trend);
    trend = beta * (level - last) + (1 - beta) * trend;
    seasonal[at] = gamma * (seen / level) + (1 - gamma) * seasonal[at]!;
  }
  return sse;
}

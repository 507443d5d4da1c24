// Functions from many fields, with the usual loops, branches, records and arrays of each field.

/** A stock option: prices in money, rate and volatility per year. */
export interface Option {
  readonly spot: number;
  readonly strike: number;
  readonly rate: number;
  readonly volatility: number;
  readonly years: number;
}

/** Price of an American put by a binomial tree (Cox, Ross and Rubinstein, 1979), whose leaves are overwritten level by level. */
export function binomialTree(option: Option, steps: number): number {
  "use ad";
  const { spot, strike, rate, volatility, years } = option;
  const dt = years / steps;
  const up = Math.exp(volatility * Math.sqrt(dt));
  const down = 1 / up;
  const chance = (Math.exp(rate * dt) - down) / (up - down);
  const discount = Math.exp(-rate * dt);
  const value = new Float64Array(steps + 1);
  for (let i = 0; i <= steps; i++) value[i] = Math.max(strike - spot * up ** (2 * i - steps), 0);
  for (let level = steps - 1; level >= 0; level--) {
    for (let i = 0; i <= level; i++) {
      const kept = discount * (chance * value[i + 1]! + (1 - chance) * value[i]!);
      const exercised = strike - spot * up ** (2 * i - level);
      value[i] = exercised > kept ? exercised : kept;
    }
  }
  return value[0]!;
}

/** Solves a tridiagonal system by Thomas' algorithm; the right side becomes the solution. */
function solveTridiagonal(lower: number, diagonal: number, upper: number, right: Float64Array): void {
  const n = right.length;
  const factors = new Float64Array(n);
  let pivot = diagonal;
  right[0] = right[0]! / pivot;
  for (let i = 1; i < n; i++) {
    factors[i] = upper / pivot;
    pivot = diagonal - lower * factors[i]!;
    right[i] = (right[i]! - lower * right[i - 1]!) / pivot;
  }
  for (let i = n - 2; i >= 0; i--) right[i] = right[i]! - factors[i + 1]! * right[i + 1]!;
}

/** A European call on a grid of logarithms of prices, by the rule of Crank and Nicolson. */
export function crankNicolson(option: Option, points: number, steps: number): number {
  "use ad";
  const width = 2;
  const dx = (2 * width) / (points + 1);
  const dt = option.years / steps;
  const half = 0.5 * option.volatility ** 2;
  const drift = option.rate - half;
  const lower = (half / dx - 0.5 * drift) / dx;
  const upper = (half / dx + 0.5 * drift) / dx;
  const diagonal = -(2 * half) / (dx * dx) - option.rate;
  let value = new Float64Array(points);
  let next = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    const price = option.spot * Math.exp(-width + (i + 1) * dx);
    value[i] = Math.max(price - option.strike, 0);
  }
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < points; i++) {
      const below = i > 0 ? value[i - 1]! : 0;
      const above = i < points - 1 ? value[i + 1]! : option.spot * Math.exp(width) - option.strike;
      next[i] = value[i]! + 0.5 * dt * (lower * below + diagonal * value[i]! + upper * above);
    }
    next[points - 1] = next[points - 1]! + 0.5 * dt * upper * (option.spot * Math.exp(width) - option.strike);
    solveTridiagonal(-0.5 * dt * lower, 1 - 0.5 * dt * diagonal, -0.5 * dt * upper, next);
    const swapped = value;
    value = next;
    next = swapped;
  }
  return value[(points - 1) / 2]!;
}

/** Noise of an object with constant velocity, and of its observation. */
export interface Noise {
  readonly process: number;
  readonly measurement: number;
}

/** Negative log-likelihood of observed positions, by a Kalman filter over position and speed. */
export function kalman(noise: Noise, seen: readonly number[], dt: number): number {
  "use ad";
  let state = { position: 0, speed: 0 };
  let [pp, ps, ss] = [1, 0, 1];
  let total = 0;
  for (const z of seen) {
    // predict
    const moved = { position: state.position + dt * state.speed, speed: state.speed };
    const q = noise.process * noise.process;
    const a = pp + 2 * dt * ps + dt * dt * ss + (q * dt ** 3) / 3;
    const b = ps + dt * ss + (q * dt ** 2) / 2;
    const c = ss + q * dt;
    // correct
    const innovation = z - moved.position;
    const spread = a + noise.measurement ** 2;
    total += 0.5 * (Math.log(2 * Math.PI * spread) + (innovation * innovation) / spread);
    const [gain, slope] = [a / spread, b / spread];
    state = {
      position: moved.position + gain * innovation,
      speed: moved.speed + slope * innovation,
    };
    [pp, ps, ss] = [(1 - gain) * a, (1 - gain) * b, c - slope * b];
  }
  return total;
}

/** Log-likelihood of a series under a hidden Markov model with Gaussian emissions, by scaled forward probabilities. */
export function hiddenMarkov(transitions: number[][], means: number[], series: readonly number[]): number {
  "use ad";
  const n = means.length;
  const chances = new Array<number>(n * n).fill(0);
  for (let i = 0; i < n; i++) {
    const row = transitions[i]!;
    let sum = 0;
    for (let j = 0; j < n; j++) sum += Math.exp(row[j]!);
    for (let j = 0; j < n; j++) chances[i * n + j] = Math.exp(row[j]!) / sum;
  }
  const forward = Array.from({ length: n }, () => 1 / n);
  let total = 0;
  for (let t = 0; t < series.length; t++) {
    const next = new Array<number>(n).fill(0);
    let scale = 0;
    for (let j = 0; j < n; j++) {
      let reached = 0;
      for (let i = 0; i < n; i++) reached += forward[i]! * chances[i * n + j]!;
      next[j] = reached * Math.exp(-0.5 * (series[t]! - means[j]!) ** 2);
      scale += next[j]!;
    }
    for (let j = 0; j < n; j++) forward[j] = next[j]! / scale;
    total += Math.log(scale);
  }
  return total;
}

/** Negative log-likelihood of labels in a chain of scores: a conditional random field. */
export function randomField(scores: number[][], steps: number[][], labels: readonly number[]): number {
  "use ad";
  const kinds = steps.length;
  const alpha = scores[0]!.slice();
  let gold = scores[0]![labels[0]!]!;
  for (let t = 1; t < labels.length; t++) {
    const next = new Float64Array(kinds);
    for (let j = 0; j < kinds; j++) {
      let most = -Infinity;
      for (let i = 0; i < kinds; i++) most = Math.max(most, alpha[i]! + steps[i]![j]!);
      let sum = 0;
      for (let i = 0; i < kinds; i++) sum += Math.exp(alpha[i]! + steps[i]![j]! - most);
      next[j] = most + Math.log(sum) + scores[t]![j]!;
    }
    for (let j = 0; j < kinds; j++) alpha[j] = next[j]!;
    gold += steps[labels[t - 1]!]![labels[t]!]! + scores[t]![labels[t]!]!;
  }
  let total = 0;
  for (const a of alpha) total += Math.exp(a);
  return Math.log(total) - gold;
}

/** Squared distance of a planar arm's hand from its target, with a penalty on bent joints. */
export function armReach(
  angles: number[],
  lengths: readonly number[],
  goal: readonly [number, number],
): number {
  "use ad";
  let [x, y, heading] = [0, 0, 0];
  let effort = 0;
  for (let i = 0; i < angles.length; i++) {
    heading += angles[i]!;
    x += lengths[i]! * Math.cos(heading);
    y += lengths[i]! * Math.sin(heading);
    effort += Math.abs(angles[i]!) > 1 ? (Math.abs(angles[i]!) - 1) ** 2 : 0;
  }
  const [gx, gy] = goal;
  return Math.hypot(x - gx, y - gy) ** 2 + 0.1 * effort;
}

/** Cost of balancing a pole on a cart by a linear policy. */
export function cartPole(policy: Float64Array, steps: number): number {
  "use ad";
  const [gravity, cartMass, poleMass, halfLength, dt] = [9.8, 1, 0.1, 0.5, 0.02];
  let s = { x: 0, v: 0, angle: 0.1, spin: 0 };
  let cost = 0;
  for (let step = 0; step < steps; step++) {
    const wish = policy[0]! * s.x + policy[1]! * s.v + policy[2]! * s.angle + policy[3]! * s.spin;
    const force = 10 * Math.tanh(wish);
    const mass = cartMass + poleMass;
    const [sin, cos] = [Math.sin(s.angle), Math.cos(s.angle)];
    const pushed = (force + poleMass * halfLength * s.spin ** 2 * sin) / mass;
    const turning = (gravity * sin - cos * pushed) / (halfLength * (4 / 3 - (poleMass * cos ** 2) / mass));
    const slide = pushed - (poleMass * halfLength * turning * cos) / mass;
    s = { x: s.x + dt * s.v, v: s.v + dt * slide, angle: s.angle + dt * s.spin, spin: s.spin + dt * turning };
    if (Math.abs(s.angle) > 0.6) {
      cost += 10 * (steps - step);
      break;
    }
    cost += s.angle ** 2 + 0.1 * s.x ** 2 + 0.001 * force ** 2;
  }
  return cost;
}

/** A spring between two points, by their numbers. */
export interface Spring {
  readonly from: number;
  readonly to: number;
  readonly rest: number;
  readonly stiffness: number;
}

/** Energy of springs and weights. Slack springs exert no force. */
export function springEnergy(points: { x: number; y: number }[], springs: readonly Spring[]): number {
  "use ad";
  let energy = 0;
  for (const { from, to, rest, stiffness } of springs) {
    const [p, q] = [points[from]!, points[to]!];
    const length = Math.hypot(p.x - q.x, p.y - q.y);
    if (length <= rest) continue;
    energy += 0.5 * stiffness * (length - rest) ** 2;
  }
  for (const point of points) energy += 9.81 * point.y;
  return energy;
}

export interface Sphere {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly radius: number;
  readonly shine: number;
}

/** Brightness of a small picture of spheres: the nearest sphere on each ray, shaded by the angle of the light. */
export function shading(spheres: readonly Sphere[], light: readonly [number, number, number]): number {
  "use ad";
  const norm = Math.sqrt(light[0] ** 2 + light[1] ** 2 + light[2] ** 2);
  let total = 0;
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 4; column++) {
      const [ox, oy] = [(column - 1.5) / 3, (row - 1.5) / 3];
      let nearest = Infinity;
      let brightness = 0.1;
      for (const s of spheres) {
        const [cx, cy] = [ox - s.x, oy - s.y];
        const inside = s.radius * s.radius - cx * cx - cy * cy;
        if (inside <= 0) continue;
        const depth = s.z - Math.sqrt(inside);
        if (depth >= nearest) continue;
        nearest = depth;
        const lit = (cx * light[0] + cy * light[1] + (depth - s.z) * light[2]) / (s.radius * norm);
        brightness = 0.1 + Math.max(lit, 0) + s.shine * Math.max(lit, 0) ** 8;
      }
      total += brightness * (1 + 0.1 * column);
    }
  }
  return total;
}

/** Length of a Catmull-Rom curve through points, with `pieces` segments between two points. */
export function curveLength(xs: number[], ys: number[], pieces: number): number {
  "use ad";
  const spline = (a: number, b: number, c: number, d: number, t: number): number =>
    0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2 + (3 * b - a - 3 * c + d) * t ** 3);
  let length = 0;
  for (let i = 0; i + 3 < xs.length; i++) {
    let [x, y] = [xs[i + 1]!, ys[i + 1]!];
    for (let k = 1; k <= pieces; k++) {
      const t = k / pieces;
      const nextX = spline(xs[i]!, xs[i + 1]!, xs[i + 2]!, xs[i + 3]!, t);
      const nextY = spline(ys[i]!, ys[i + 1]!, ys[i + 2]!, ys[i + 3]!, t);
      length += Math.hypot(nextX - x, nextY - y);
      [x, y] = [nextX, nextY];
    }
  }
  return length;
}

/** Rates of hares and lynxes. */
export interface Rates {
  readonly births: number;
  readonly hunts: number;
  readonly gains: number;
  readonly deaths: number;
}

function huntingRates(hares: number, lynxes: number, r: Rates): [number, number] {
  return [r.births * hares - r.hunts * hares * lynxes, r.gains * hares * lynxes - r.deaths * lynxes];
}

/**
 * Squared distance between a Lotka-Volterra model of hares and lynxes, integrated by Heun's method, and the counts of
 * both.
 */
export function lotkaVolterra(r: Rates, counts: number[][]): number {
  "use ad";
  const dt = 0.1;
  let [hares, lynxes] = [counts[0]![0]!, counts[0]![1]!];
  let total = 0;
  for (let year = 1; year < counts.length; year++) {
    for (let k = 0; k < 10; k++) {
      const [dh, dl] = huntingRates(hares, lynxes, r);
      const [eh, el] = huntingRates(hares + dt * dh, lynxes + dt * dl, r);
      hares += 0.5 * dt * (dh + eh);
      lynxes += 0.5 * dt * (dl + el);
    }
    total += (hares - counts[year]![0]!) ** 2 + (lynxes - counts[year]![1]!) ** 2;
  }
  return total;
}

/**
 * Time after the peak of an epidemic, and its infected share. The state consists of susceptible, infected and recovered
 * shares.
 */
export function epidemicPeak(infection: number, recovery: number, share: number): number {
  "use ad";
  let [susceptible, infected] = [1 - share, share];
  let rise = 0;
  let days = 0;
  do {
    const fresh = infection * susceptible * infected;
    rise = fresh - recovery * infected;
    susceptible -= 0.25 * fresh;
    infected += 0.25 * rise;
    days++;
  } while (rise > 0 && days < 400);
  return infected + 0.001 * days;
}

/** Squared error of a controller with a saturated actuator. Its integral stops during saturation. */
export function controller(gains: { p: number; i: number; d: number }, steps: number): number {
  "use ad";
  let [level, speed, integral, last] = [0, 0, 0, 1];
  let cost = 0;
  for (let k = 0; k < steps; k++) {
    const error = 1 - level;
    const wish = gains.p * error + gains.i * integral + gains.d * (error - last) * 10;
    last = error;
    let drive = wish;
    if (wish > 2) drive = 2;
    else if (wish < -2) drive = -2;
    else integral += 0.1 * error;
    speed += 0.1 * (drive - speed - level);
    level += 0.1 * speed;
    if (k < 3) continue;
    cost += error * error;
  }
  return cost;
}

/** Solves a x = b by Gauss-Seidel sweeps until a sweep changes little, and returns a weighted sum of the solution. */
export function gaussSeidel(a: number[][], b: number[], most: number): number {
  "use ad";
  const n = b.length;
  const x = new Float64Array(n);
  for (let sweep = 0; sweep < most; sweep++) {
    let change = 0;
    for (let i = 0; i < n; i++) {
      const row = a[i]!;
      let rest = b[i]!;
      for (let j = 0; j < n; j++) if (j !== i) rest -= row[j]! * x[j]!;
      const next = rest / row[i]!;
      change += Math.abs(next - x[i]!);
      x[i] = next;
    }
    if (change < 1e-13) break;
  }
  let total = 0;
  for (let i = 0; i < n; i++) total += (i + 1) * x[i]!;
  return total;
}

/** Negative log-density of a Gaussian process: the covariance is factored in place. */
export function gaussianProcess(scale: number, width: number, xs: number[], ys: readonly number[]): number {
  "use ad";
  const n = xs.length;
  const k = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      k[i * n + j] = scale * Math.exp(-0.5 * ((xs[i]! - xs[j]!) / width) ** 2) + (i === j ? 0.05 : 0);
    }
  }
  let logs = 0;
  for (let j = 0; j < n; j++) {
    for (let p = 0; p < j; p++) {
      for (let i = j; i < n; i++) k[i * n + j]! -= k[i * n + p]! * k[j * n + p]!;
    }
    const root = Math.sqrt(k[j * n + j]!);
    for (let i = j; i < n; i++) k[i * n + j]! /= root;
    logs += Math.log(root);
  }
  const z = Float64Array.from(ys);
  let fit = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) z[i]! -= k[i * n + j]! * z[j]!;
    z[i]! /= k[i * n + i]!;
    fit += z[i]! ** 2;
  }
  return logs + 0.5 * fit + 0.5 * n * Math.log(2 * Math.PI);
}

/** The last unknown of a linear system, by elimination with row swaps. */
export function eliminate(matrix: number[][], right: number[]): number {
  "use ad";
  const n = right.length;
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[i * n + j] = matrix[i]![j]!;
  const b = right.slice();
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[pivot * n + k]!)) pivot = i;
    if (a[pivot * n + k] === 0) throw new Error("the matrix is singular");
    if (pivot !== k) {
      for (let j = 0; j < n; j++) {
        const kept = a[k * n + j]!;
        a[k * n + j] = a[pivot * n + j]!;
        a[pivot * n + j] = kept;
      }
      const kept = b[k]!;
      b[k] = b[pivot]!;
      b[pivot] = kept;
    }
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k]! / a[k * n + k]!;
      for (let j = k; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!;
      b[i]! -= factor * b[k]!;
    }
  }
  return b[n - 1]! / a[n * n - 1]!;
}

/** Power at one frequency of a signal whose length is a power of two, by the Cooley-Tukey transform. */
export function spectrum(signal: Float64Array, frequency: number): number {
  "use ad";
  const n = signal.length;
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  // digits in reverse
  let place = 0;
  for (let i = 0; i < n; i++) {
    re[place] = signal[i]!;
    let bit = n / 2;
    while (bit >= 1 && place >= bit) {
      place -= bit;
      bit /= 2;
    }
    place += bit;
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < half; k++) {
        const angle = (-2 * Math.PI * k) / size;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const [p, q] = [start + k, start + k + half];
        const [tr, ti] = [c * re[q]! - s * im[q]!, c * im[q]! + s * re[q]!];
        re[q] = re[p]! - tr;
        im[q] = im[p]! - ti;
        re[p] = re[p]! + tr;
        im[p] = im[p]! + ti;
      }
    }
  }
  return re[frequency]! ** 2 + im[frequency]! ** 2;
}

/** Mean of the middle half of numbers, after insertion sort. */
export function middleMean(xs: number[]): number {
  "use ad";
  const sorted = xs.slice();
  for (let i = 1; i < sorted.length; i++) {
    const x = sorted[i]!;
    let j = i - 1;
    while (j >= 0 && sorted[j]! > x) {
      sorted[j + 1] = sorted[j]!;
      j--;
    }
    sorted[j + 1] = x;
  }
  const quarter = Math.floor(sorted.length / 4);
  let total = 0;
  for (let i = quarter; i < sorted.length - quarter; i++) total += sorted[i]! ** 2;
  return total / (sorted.length - 2 * quarter);
}

/** A lamp that warms up, burns and cools down. A `switch` selects the phase. */
export function lamp(power: number, loss: number, steps: number): number {
  "use ad";
  let [phase, heat, light] = [0, 0, 0];
  for (let k = 0; k < steps; k++) {
    switch (phase) {
      case 0:
        heat += power - loss * heat;
        if (heat > 1) phase = 1;
        break;
      case 1:
        light += heat ** 2;
        heat += 0.2 * power - loss * heat;
        if (k % 7 === 6) phase = 2;
        break;
      case 2:
      default:
        heat *= (1 - loss) ** 2;
        if (heat < 0.5) phase = 0;
    }
  }
  return light + 0.01 * heat;
}

/** Largest eigenvalue of a symmetric matrix, by repeated products and Rayleigh's quotient. */
export function eigenvalue(matrix: number[][], iterations: number): number {
  "use ad";
  const n = matrix.length;
  const v = new Array<number>(n).fill(1);
  let quotient = 0;
  for (let k = 0; k < iterations; k++) {
    const w = new Array<number>(n).fill(0);
    let [dot, norm] = [0, 0];
    for (let i = 0; i < n; i++) {
      const row = matrix[i]!;
      for (let j = 0; j < n; j++) w[i]! += row[j]! * v[j]!;
      dot += v[i]! * w[i]!;
      norm += w[i]! * w[i]!;
    }
    let square = 0;
    for (let i = 0; i < n; i++) square += v[i]! * v[i]!;
    quotient = dot / square;
    for (let i = 0; i < n; i++) v[i] = w[i]! / Math.sqrt(norm);
  }
  return quotient;
}

/**
 * Value of a portfolio to a risk-averse investor. The holdings are a list of records, and one more that is uncorrelated
 * with them.
 */
export function portfolio(
  holdings: { weight: number; mean: number; risk: number }[],
  options: { aversion: number; floor: number },
): { worth: number; share: number } {
  "use ad";
  let [mean, variance, sum] = [0, 0, 0];
  for (let i = 0; i < holdings.length; i++) {
    const h = holdings[i]!;
    if (h.weight < options.floor) continue;
    sum += h.weight;
    mean += h.weight * h.mean;
    for (let j = 0; j < holdings.length; j++) {
      const other = holdings[j]!;
      if (other.weight < options.floor) continue;
      variance += h.weight * other.weight * h.risk * other.risk * (i === j ? 1 : 0.3);
    }
  }
  const worth = mean / sum - (0.5 * options.aversion * variance) / (sum * sum);
  return { worth, share: sum };
}

// Posteriors, filters, partition functions and forecasts.

export interface Schools {
  readonly mean: number;
  readonly logSpread: number;
  readonly raw: Float64Array;
}

/** Log-posterior of the eight-schools model (Rubin, 1981), not centred. The spread has a half-Cauchy prior. */
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

/** Mean and covariance of a projectile with drag after one step, by the unscented transform, reduced to one number. */
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

/** Squared errors of forecasts by the Holt-Winters method: level, trend and periodic seasons. */
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

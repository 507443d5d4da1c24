// Bonds, swaps and options.

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

/**
 * Price of an Asian barrier option: an option on the mean of a path that expires when the path falls to a barrier. It
 * averages over given random paths.
 */
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

// An American put by a binomial tree (Cox, Ross, Rubinstein 1979), and its greeks: derivatives through the early
// exercise. The price of a tree is piecewise linear in the spot, so gamma, its second derivative, is 0 in each piece.
import { valueAndGrad } from "downhill";

type Market = { spot: number; volatility: number; rate: number; years: number };

function put({ spot, volatility, rate, years }: Market, strike: number, steps: number): number {
  "use ad";
  const dt = years / steps;
  const up = Math.exp(volatility * Math.sqrt(dt));
  const discount = Math.exp(-rate * dt);
  const p = (1 / discount - 1 / up) / (up - 1 / up);
  const values = new Float64Array(steps + 1);
  for (let i = 0; i <= steps; i++) values[i] = Math.max(strike - spot * up ** (2 * i - steps), 0);
  for (let step = steps - 1; step >= 0; step--) {
    for (let i = 0; i <= step; i++) {
      const held = discount * (p * values[i + 1]! + (1 - p) * values[i]!);
      values[i] = Math.max(held, strike - spot * up ** (2 * i - step));
    }
  }
  return values[0]!;
}

const market = { spot: 100, volatility: 0.2, rate: 0.05, years: 1 };
const [price, greeks] = valueAndGrad(put)(market, 105, 200);
console.log(`price ${price.toFixed(4)}`);
console.log(`delta ${greeks.spot.toFixed(4)}, vega ${greeks.volatility.toFixed(3)}`);
console.log(`rho ${greeks.rate.toFixed(3)}, theta ${(-greeks.years).toFixed(3)}`);

// finite differences
for (const name of ["spot", "volatility", "rate", "years"] as const) {
  const h = 1e-6 * market[name];
  const [above, below] = [h, -h].map((d) => put({ ...market, [name]: market[name] + d }, 105, 200));
  const difference = (above! - below!) / (2 * h);
  if (Math.abs(difference - greeks[name]) > 1e-4 * Math.abs(difference)) throw new Error(`${name} is wrong`);
}

// Chooses the portfolio of least risk for a wanted return. The multiplier of the return is the price of one more unit.
import { matmul, mul, square, sub, sum, tensor } from "downhill";
import { atLeast, equality, solver } from "downhill/optim";

const returns = tensor([0.05, 0.08, 0.12, 0.07]);
// square root of the covariance: factors of the market, of technology and of energy, and one of each share
const exposure = tensor([
  [0.02, 0.09, 0.14, 0.06],
  [0.0, 0.04, 0.16, 0.0],
  [0.01, 0.05, -0.02, 0.13],
]);
const own = tensor([0.01, 0.05, 0.08, 0.06]);

const variance = (w) => sum(square(matmul(exposure, w))).add(sum(square(mul(own, w))));
const whole = equality((w) => sum(w), 1, { name: "whole" });
const gain = atLeast((w, wanted) => sub(sum(mul(returns, w)), wanted), 0, { name: "return" });
const least = solver((w, _wanted) => variance(w), { constraints: [whole, gain], low: 0 });

const risk = (wanted) => least([0.25, 0.25, 0.25, 0.25], wanted);
for (const wanted of [0.06, 0.08, 0.1]) {
  const { params, value, multipliers, reason } = risk(wanted);
  if (reason !== "solved") throw new Error(`return ${wanted}: ${reason}`);
  const shares = params.tolist().map((w) => `${(100 * w).toFixed(1).padStart(5)} %`);
  const price = -multipliers.constraints[1].item();
  console.log(
    `return ${100 * wanted} %: ${shares.join(" ")}, risk ${(100 * Math.sqrt(value)).toFixed(2)} %, price ${price.toFixed(3)}`,
  );
  const step = 1e-4;
  const difference = (risk(wanted + step).value - risk(wanted - step).value) / (2 * step);
  if (Math.abs(difference - price) > 1e-3) throw new Error("the price is not the slope of the variance");
}

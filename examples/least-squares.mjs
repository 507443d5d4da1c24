// Fits a decay to noisy measurements: parameters with standard errors, and the reason why the search stopped.
import { add, exp, mul, sub, tensor } from "downhill";
import { leastSquares } from "downhill/optim";

const t = tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
const y = tensor([5.02, 3.82, 2.97, 2.41, 1.95, 1.65, 1.47, 1.32, 1.2, 1.15]);
const model = ({ size, rate, floor }) => add(mul(size, exp(mul(rate, t).neg())), floor);

const fit = leastSquares(
  (p) => sub(model(p), y),
  { size: 1, rate: 1, floor: 0 },
  { low: { size: 0, rate: 0, floor: 0 } },
);
for (const name of ["size", "rate", "floor"]) {
  const [value, error] = [fit.params[name].item(), fit.standardErrors[name].item()];
  console.log(`${name.padEnd(5)} = ${value.toFixed(3)} ± ${error.toFixed(3)}`);
}
console.log(`${fit.message} ${fit.iterations} iterations, Σ r² = ${fit.sumOfSquares.toExponential(2)}`);
if (!fit.converged || Math.abs(fit.params.rate.item() - 0.36) > 0.02)
  throw new Error("the fit is not what it was");

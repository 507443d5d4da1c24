// Fits Michaelis-Menten kinetics with an inhibitor to measured reaction rates: parameters with their errors.
import { fitCurve } from "downhill/optim";

type Parameters = { top: number; half: number; inhibition: number };

function rate(x: { substrate: number; inhibitor: number }, p: Parameters): number {
  "use ad";
  const half = p.half * (1 + x.inhibitor / p.inhibition);
  return (p.top * x.substrate) / (half + x.substrate);
}

const substrate = [0.2, 0.5, 1, 2, 4, 8, 0.2, 0.5, 1, 2, 4, 8];
const inhibitor = [0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3];
const measured = [0.905, 1.745, 2.49, 3.4, 3.95, 4.47, 0.39, 0.82, 1.44, 2.2, 3.09, 3.77];

const { params, standardErrors, rSquared } = fitCurve(rate, { substrate, inhibitor }, measured, {
  parameters: ["top", "half", "inhibition"],
});
for (const name of ["top", "half", "inhibition"] as const) {
  console.log(`${name.padEnd(10)} = ${params[name].toFixed(3)} ± ${standardErrors[name].toFixed(3)}`);
}
console.log(`R² = ${rSquared.toFixed(5)}`);

const isNear = (value: number, truth: number, error: number): boolean => Math.abs(value - truth) < 4 * error;
if (!isNear(params.top, 5, standardErrors.top) || !isNear(params.inhibition, 2, standardErrors.inhibition))
  throw new Error("the fit is not what it was");

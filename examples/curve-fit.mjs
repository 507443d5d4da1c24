// Fits trend and season of CO2 in the air to 741 months without start values. The fitted frequency of the season is
// once per year.
import { add, mul, sin, square, sub } from "downhill";
import { co2 } from "downhill/data";
import { fitCurve } from "downhill/optim";

const { year, co2: ppm } = co2();

// level, slope and bend in 1990; amplitude, frequency and phase of the season
const model = (t, { level, slope, bend, size, frequency, phase }) => {
  const since = sub(t, 1990);
  const trend = add(add(level, mul(slope, since)), mul(bend, square(since)));
  return add(trend, mul(size, sin(add(mul(2 * Math.PI, mul(frequency, since)), phase))));
};
const parameters = ["level", "slope", "bend", "size", "frequency", "phase"];
const fit = fitCurve(model, year, ppm, { parameters });

for (const name of parameters) {
  const [value, error] = [fit.params[name], fit.standardErrors[name]];
  console.log(`${name.padEnd(9)} = ${value.toPrecision(5)} ± ${error.toPrecision(2)}`);
}
const { value, low, high } = fit.predict([2030]);
const band = `${low.at(0).item().toFixed(1)} to ${high.at(0).item().toFixed(1)}`;
console.log(
  `R² = ${fit.rSquared.toFixed(4)}; January 2030: ${value.at(0).item().toFixed(1)} ppm (${band}), if all goes on as before`,
);

if (Math.abs(fit.params.frequency - 1) > 0.001 || fit.rSquared < 0.998)
  throw new Error("the fit is not what it was");

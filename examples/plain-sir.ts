// Calibrates an epidemic model (contact rate, duration of illness, initial cases) with case counts of twelve weeks.
import { leastSquares } from "downhill/optim";

const people = 10_000;
const stepsADay = 4;

/** New cases of each week by the SIR model, in Euler steps. */
function weekly(p: { contacts: number; days: number; first: number }, weeks: number): Float64Array {
  "use ad";
  const cases = new Float64Array(weeks);
  let susceptible = people - p.first;
  let infected = p.first;
  for (let week = 0; week < weeks; week++) {
    for (let step = 0; step < 7 * stepsADay; step++) {
      const caught = (p.contacts * susceptible * infected) / people / stepsADay;
      susceptible -= caught;
      infected += caught - infected / p.days / stepsADay;
      cases[week]! += caught;
    }
  }
  return cases;
}

const reported = [31, 82, 216, 535, 1147, 1826, 1836, 1207, 620, 286, 126, 55];

function misfit(p: { contacts: number; days: number; first: number }): Float64Array {
  "use ad";
  const cases = weekly(p, reported.length);
  for (let week = 0; week < reported.length; week++) {
    cases[week] = (cases[week]! - reported[week]!) / Math.sqrt(reported[week]!); // Poisson noise
  }
  return cases;
}

const { params: found, sumOfSquares } = leastSquares(misfit, { contacts: 0.4, days: 6, first: 20 });
console.log(
  `a contagion every ${(1 / found.contacts).toFixed(2)} days, ill for ${found.days.toFixed(2)} days`,
);
console.log(`R₀ = ${(found.contacts * found.days).toFixed(2)}, ${found.first.toFixed(1)} infected at first`);
console.log(`sum of squares ${sumOfSquares.toFixed(2)} for ${reported.length} weeks`);

const reproduction = found.contacts * found.days;
if (!(reproduction > 1.9 && reproduction < 2.1)) throw new Error("no such epidemic");

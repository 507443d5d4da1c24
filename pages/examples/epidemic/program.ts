/** R₀ from the cases of three weeks, executed by a test. */
export const program = `import { concatenate, div, mul, neg, sub } from "downhill";
import { fitCurve, odeint } from "downhill/optim";

const people = 100_000;
const recovery = 1 / 5; // a day: infectious for five days
const day = Array.from({ length: 16 }, (_, i) => i + 1);
const cases = [12, 17, 20, 30, 37, 55, 68, 99, 124, 175, 222, 317, 405, 560, 720, 970];

const change = (now, _, r0) => {
  const infections = mul(mul(r0, recovery), mul(now.susceptible, now.infected));
  return { susceptible: neg(infections), infected: sub(infections, mul(recovery, now.infected)) };
};
const model = (days, { r0, first }) => {
  const begin = div(first, people);
  const start = { susceptible: sub(1, begin), infected: begin };
  const { susceptible } = odeint(change, start, concatenate([[0], days]), { args: [r0] });
  return mul(people, sub(susceptible.slice(0, -1), susceptible.slice(1)));
};

const fit = fitCurve(model, day, cases, { parameters: ["r0", "first"], start: { r0: 2, first: 10 } });
for (const [name, value] of Object.entries(fit.params))
  console.log(\`\${name} = \${value.toFixed(3)} ± \${fit.standardErrors[name].toFixed(3)}\`);`;

/** Expected output of the program. */
export const printed = `r0 = 2.506 ± 0.012
first = 19.712 ± 0.774`;

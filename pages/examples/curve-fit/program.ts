/** The fit in a dozen lines, executed by a test. */
export const program = `import { add, exp, mul, neg } from "downhill";
import { fitCurve } from "downhill/optim";

const t = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const y = [5.1, 3.1, 2.3, 1.6, 1.4, 1.2, 1.1, 0.9, 1.1];
const model = (time, { a, k, c }) => add(mul(a, exp(neg(mul(k, time)))), c);

const fit = fitCurve(model, t, y, { parameters: ["a", "k", "c"] });
for (const [name, value] of Object.entries(fit.params))
  console.log(\`\${name} = \${value.toFixed(3)} ± \${fit.standardErrors[name].toFixed(3)}\`);
const { value, low, high } = fit.predict([10]);
console.log([value, low, high].map((of) => of.item().toFixed(2)).join(" "));`;

/** Expected output of the program. */
export const printed = `a = 4.082 ± 0.103
k = 0.611 ± 0.038
c = 0.989 ± 0.060
1.00 0.86 1.14`;

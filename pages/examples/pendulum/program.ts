/** Length and damping from a dozen angles, executed by a test. */
export const program = `import { concatenate, div, mul, neg, sin, sub } from "downhill";
import { fitCurve, odeint } from "downhill/optim";

const t = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5];
const measured = [0.27, -0.88, -0.66, 0.43, 0.8, 0, -0.7, -0.37, 0.45, 0.58];

const motion = (now, _, length, damping) => ({
  angle: now.speed,
  speed: sub(neg(mul(div(9.81, length), sin(now.angle))), mul(damping, now.speed)),
});
const model = (times, { length, damping, angle }) => {
  const all = concatenate([[0], times]);
  return odeint(motion, { angle, speed: 0 }, all, { args: [length, damping] }).angle.slice(1);
};

const fit = fitCurve(model, t, measured, {
  parameters: ["length", "damping", "angle"],
  start: { length: 1, damping: 0.2, angle: 1 },
});
for (const [name, value] of Object.entries(fit.params))
  console.log(\`\${name} = \${value.toFixed(3)} ± \${fit.standardErrors[name].toFixed(3)}\`);`;

/** Expected output of the program. */
export const printed = `length = 1.287 ± 0.014
damping = 0.166 ± 0.034
angle = 1.027 ± 0.054`;

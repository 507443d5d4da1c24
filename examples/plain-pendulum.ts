// Identifies length and damping of a pendulum from its motion, by Runge-Kutta steps of its equation.
import { minimize } from "downhill/optim";

type Pendulum = { length: number; damping: number };
const dt = 0.02; // seconds

/** Angle and speed one step later, by the fourth-order Runge-Kutta method. */
function step([angle, speed]: [number, number], p: Pendulum): [number, number] {
  const turn = (a: number, s: number): number => (-9.81 / p.length) * Math.sin(a) - p.damping * s;
  const a1 = turn(angle, speed);
  const s2 = speed + (dt / 2) * a1;
  const a2 = turn(angle + (dt / 2) * speed, s2);
  const s3 = speed + (dt / 2) * a2;
  const a3 = turn(angle + (dt / 2) * s2, s3);
  const s4 = speed + dt * a3;
  const a4 = turn(angle + dt * s3, s4);
  return [angle + (dt / 6) * (speed + 2 * s2 + 2 * s3 + s4), speed + (dt / 6) * (a1 + 2 * a2 + 2 * a3 + a4)];
}

function misfit(p: Pendulum, observed: Float64Array): number {
  "use ad";
  let state: [number, number] = [1.2, 0];
  let sum = 0;
  for (let i = 0; i < observed.length; i++) {
    sum += (state[0] - observed[i]!) ** 2;
    state = step(state, p);
  }
  return sum;
}

// three seconds of motion of a pendulum that is 1.3 m long
let state: [number, number] = [1.2, 0];
const observed = Float64Array.from({ length: 150 }, (_, i) => {
  const [angle] = state;
  state = step(state, { length: 1.3, damping: 0.15 });
  return angle + 0.01 * Math.sin(37 * i ** 2); // camera shake
});

const { params: found, value } = minimize(misfit, { length: 1.1, damping: 0 }, { args: [observed] });
console.log(`length ${found.length.toFixed(3)} m, damping ${found.damping.toFixed(3)} per second`);
console.log(`${Math.sqrt(value / observed.length).toFixed(4)} rad are left`);

if (Math.abs(found.length - 1.3) > 0.01 || Math.abs(found.damping - 0.15) > 0.01)
  throw new Error("the pendulum is another one");

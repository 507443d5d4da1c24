// Finds the push after which a damped pendulum is at a given angle half a second later: gradient descent through a
// simulation of 1,000 Runge-Kutta steps. The loop stays a loop, in the derivative too.
import { jit, scan, sin, tensor, valueAndGrad } from "downhill";

const dt = 0.0005;
const acceleration = (angle, speed) => sin(angle).mul(-9.81).sub(speed.mul(0.5));

/** One step of the classical fourth-order Runge-Kutta method. */
const step = ({ angle, speed }) => {
  const k1 = { angle: speed, speed: acceleration(angle, speed) };
  const at = (k, h) => ({ angle: angle.add(k.angle.mul(h)), speed: speed.add(k.speed.mul(h)) });
  const slope = (s) => ({ angle: s.speed, speed: acceleration(s.angle, s.speed) });
  const k2 = slope(at(k1, dt / 2));
  const k3 = slope(at(k2, dt / 2));
  const k4 = slope(at(k3, dt));
  const mix = (name) =>
    k1[name]
      .add(k2[name].mul(2))
      .add(k3[name].mul(2))
      .add(k4[name])
      .mul(dt / 6);
  return [{ angle: angle.add(mix("angle")), speed: speed.add(mix("speed")) }, null];
};

const target = 0.5;
const miss = (speed) => {
  const [end] = scan(step, { angle: tensor(0), speed }, null, { length: 1000 });
  return end.angle.sub(target).square();
};
const missAndSlope = jit(valueAndGrad(miss));

let speed = 0;
for (let i = 0; i < 25; i++) {
  const [error, slope] = missAndSlope(speed);
  if (i % 5 === 0)
    console.log(`push to ${speed.toFixed(4)} rad/s: misses by ${Math.sqrt(error.item()).toFixed(6)} rad`);
  speed -= 4 * slope.item();
}
const left = Math.sqrt(missAndSlope(speed)[0].item());
console.log(`push to ${speed.toFixed(4)} rad/s: misses by ${left.toExponential(1)} rad`);
if (!(left < 1e-3)) throw new Error("the pendulum missed");

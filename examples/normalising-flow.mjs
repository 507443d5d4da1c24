// A normalising flow: a density learnt from samples, as a chain of invertible maps to a normal distribution (Dinh,
// Sohl-Dickstein and Bengio, Density estimation using Real NVP, ICLR 2017). The data are two half-moons, drawn within
// the compiled step.
import {
  add,
  concatenate,
  cos,
  exp,
  jit,
  mean,
  mul,
  scan,
  sin,
  sub,
  tanh,
  valueAndGrad,
  where,
  zeros,
} from "downhill";
import { independent, normal } from "downhill/distributions";
import { mlp } from "downhill/nn";
import { adam, applyUpdates, cosineDecay } from "downhill/optim";
import { foldIn, key, keys, split, normal as drawNormal, uniform } from "downhill/random";

/** Points [n, 2] on two half circles, with noise. */
function moons(k, n) {
  const [forAngle, forSide, forNoise] = split(k, 3);
  const angle = uniform(forAngle, [n, 1], { maxval: Math.PI });
  const isUpper = uniform(forSide, [n, 1]).less(0.5);
  const x = where(isUpper, cos(angle), sub(1, cos(angle)));
  const y = where(isUpper, sin(angle), sub(0.5, sin(angle)));
  return add(concatenate([x, y], { axis: 1 }), drawNormal(forNoise, [n, 2]).mul(0.1));
}

// each map shifts and scales one coordinate, depending on the other
const maps = Array.from({ length: 6 }, () => mlp([1, 32, 32, 2], { activation: tanh, dtype: "float64" }));
const base = independent(normal({ loc: zeros([2]), scale: 1 }), 1);

/** The logarithm of the density at points [n, 2]. */
function logDensity(params, points) {
  let [still, moved] = [points.at(null, [0]), points.at(null, [1])];
  let logStretch = 0;
  maps.forEach((map, i) => {
    const out = map.apply(params[i], still);
    const [stretch, shift] = [tanh(out.at(null, [0])), out.at(null, [1])];
    moved = add(mul(moved, exp(stretch)), shift);
    logStretch = add(logStretch, stretch.at(null, 0));
    [still, moved] = [moved, still];
  });
  return add(base.logProb(concatenate([still, moved], { axis: 1 })), logStretch);
}

const surprise = (params, points) => mean(logDensity(params, points)).neg();
const steps = 600;
const optimizer = adam({ learningRate: cosineDecay({ from: 0.005, steps }) });
const train = jit((start, k) =>
  scan(
    ([params, state], each) => {
      const [value, gradients] = valueAndGrad(surprise)(params, moons(each, 128));
      const { updates, state: next } = optimizer.update(gradients, state, params);
      return [[applyUpdates(params, updates), next], value];
    },
    [start, optimizer.init(start)],
    keys(k, steps),
  ),
);
const first = maps.map((map, i) => map.init(foldIn(key(0), i)));
const [[params], values] = train(first, key(1));
for (const step of [1, 100, 300, steps])
  console.log(
    `step ${step}: ${values
      .at(step - 1)
      .item()
      .toFixed(3)} nats a point`,
  );
const unseen = surprise(params, moons(key(2), 4000)).item();
console.log(`points that it has not seen: ${unseen.toFixed(3)} nats`);
if (!(unseen < 1.2)) throw new Error("the flow has not learned");

// A race of optimisers to the bottom of Rosenbrock's valley, and a slice through the loss of a small network with the
// path of its training. Uses downhill/landscapes as a library; landscapeSvg(result) and landscapeHtml(result) would
// draw either.
import { tensor } from "downhill";
import { findLandscape, landscape, race } from "downhill/landscapes";
import { meanSquaredError, mlp, tanh } from "downhill/nn";
import { adam, lbfgs, sgd } from "downhill/optim";
import { key } from "downhill/random";
import { fit } from "downhill/train";

const { runs } = race(
  findLandscape("rosenbrock"),
  {
    "gradient descent": sgd({ learningRate: 0.002 }),
    momentum: sgd({ learningRate: 0.001, momentum: 0.95 }),
    Adam: adam({ learningRate: 0.1 }),
    "L-BFGS": lbfgs({ maxIterations: 1, lineSearch: "strong-wolfe" }),
  },
  { steps: 5000, tolerances: [1e-2, 1e-8] },
);
for (const { name, stepsTo } of runs) {
  const [near, nearer] = stepsTo.map((t) => (t === null ? "never" : `${t} steps`));
  console.log(`${name.padEnd(16)}  to 0.01: ${near}, to 1e-8: ${nearer}`);
}
const steps = Object.fromEntries(runs.map(({ name, stepsTo }) => [name, stepsTo[1] ?? Infinity]));
if (!(steps["L-BFGS"] < 60 && steps["L-BFGS"] < steps.Adam && steps.momentum < steps["gradient descent"])) {
  throw new Error(`L-BFGS should be first, and momentum before gradient descent: ${JSON.stringify(steps)}`);
}

// A network of 1-8-1 that learns a sine. Its parameters are saved after each epoch.
const x = tensor(Array.from({ length: 40 }, (_, i) => [i / 10 - 2]));
const y = x.mul(1.5).sin();
const model = mlp([1, 8, 1], { activation: tanh, dtype: "float64" });
const loss = (params) => meanSquaredError(model.apply(params, x), y);
const path = [model.init(key(1))];
const run = fit({
  params: path[0],
  loss,
  data: [{ x, y }],
  optimizer: adam({ learningRate: 0.02 }),
  epochs: 200,
});
for await (const { epoch, params } of run) if (epoch % 10 === 0) path.push(params);

const slice = landscape(loss, path.at(-1), { directions: "pca", path, resolution: 9 });
const [first, second] = slice.explained.map((part) => `${(100 * part).toFixed(0)} %`);
console.log(`loss from ${slice.path[0].loss.toFixed(3)} to ${slice.centre.toFixed(5)}`);
console.log(`the plane of the picture holds ${first} and ${second} of the variance of the path`);
if (slice.centre > 0.05 * slice.path[0].loss) throw new Error("the network should learn the sine");
if (slice.explained[0] + slice.explained[1] < 0.8)
  throw new Error("two directions should hold most of the path");

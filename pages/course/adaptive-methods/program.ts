/** Three adaptive methods in ten lines, executed by a test. */
export const program = `import { tensor } from "downhill";
import { adagrad, adam, applyUpdates, rmsprop } from "downhill/optim";

for (const make of [adagrad, rmsprop, adam]) {
  const { init, update } = make({ learningRate: 0.1 });
  let [x, state] = [tensor([-3, 2]), init(tensor([-3, 2]))];
  for (let t = 0; t < 100; t++) {
    const gradient = x.mul([1, 25]);
    const { updates, state: next } = update(gradient, state, x);
    [x, state] = [applyUpdates(x, updates), next];
  }
  console.log(make.name, x.tolist().map((z) => z.toFixed(3)).join(" "));
}`;

/** Expected output of the program. */
export const printed = `adagrad -1.395 0.551
rmsprop -0.000 0.000
adam -0.019 -0.008`;

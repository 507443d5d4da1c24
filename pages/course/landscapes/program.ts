/** Four simultaneous starts in ten lines, executed by a test. */
export const program = `import { grad, jit, tensor, vmap } from "downhill";

const f = (p) => {
  const [x, y] = [p.at(0), p.at(1)];
  return x.square().add(y).sub(11).square().add(x.add(y.square()).sub(7).square());
};
const step = jit(vmap((p) => p.sub(grad(f)(p).mul(0.01))));
let points = tensor([[1, 1], [-1, 1], [-1, -1], [1, -1]]);
for (let t = 0; t < 200; t++) points = step(points);
for (const [x, y] of points.tolist()) console.log(x.toFixed(3), y.toFixed(3));`;

/** Expected output of the program. */
export const printed = `3.000 2.000
-2.805 3.131
-3.779 -3.283
3.584 -1.848`;

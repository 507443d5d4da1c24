// Newton's method on Rosenbrock's valley: gradient and Hessian by automatic differentiation, compiled once.
import { grad, hessian, jit, sum, tensor } from "downhill";

const rosenbrock = (p) => {
  const [x, y] = [p.at(0), p.at(1)];
  return sum(y.sub(x.mul(x)).square().mul(100).add(x.neg().add(1).square()));
};
const gradient = jit(grad(rosenbrock));
const curvature = jit(hessian(rosenbrock));

let p = tensor([-1.2, 1]);
for (let step = 0; step < 10; step++) {
  const [gx, gy] = gradient(p).tolist();
  const [[a, b], [, d]] = curvature(p).tolist();
  const determinant = a * d - b * b;
  p = p.sub([(d * gx - b * gy) / determinant, (a * gy - b * gx) / determinant]);
  console.log(step + 1, p.tolist(), rosenbrock(p).item());
}
if (Math.abs(p.at(0).item() - 1) > 1e-9) throw new Error("Newton's method did not find (1, 1)");

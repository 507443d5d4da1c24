// The derivative of x·y + sin x by each of the transforms, and a check that they agree.
import { grad, hessian, jacfwd, jvp, sin, valueAndGrad, vjp } from "downhill";

const f = (x, y) => x.mul(y).add(sin(x));

console.log("value and gradient", valueAndGrad(f, { argnums: [0, 1] })(2, 3));
console.log("forward, dx = 1   ", jvp(f, [2, 3], [1, 0]));
const [value, pullback] = vjp(f, 2, 3);
console.log("reverse           ", value, pullback(1));
console.log("second, in x      ", grad(grad(f))(2, 3));
console.log("all second ones   ", hessian((p) => f(p.at(0), p.at(1)))([2, 3]).tolist());
console.log("as a Jacobian     ", jacfwd((p) => f(p.at(0), p.at(1)))([2, 3]).tolist());

// A custom primitive: one record with its type, derivative and kernel. It then works in grad, jvp, vmap, jit and all of
// their nestings.
import { bind1, definePrimitive, grad, hessian, jit, kernel, mul, neg, sub, tensor, vmap } from "downhill";

/** x · (1 − x), the logistic map. */
const logisticMap = definePrimitive({
  name: "logisticMap",
  typeOf: ([x]) => [x],
  derivative: { kind: "smooth", jvp: ([dx], [x]) => [dx && mul(dx, sub(1, mul(2, x)))] },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([x]) => kernel.mul(x, kernel.sub(kernel.constant(x.type, 1), x)),
  },
});
const f = (x) => bind1(logisticMap, [x], {});

console.log("f(0.25)   ", f(tensor(0.25)));
console.log("f'(0.25)  ", jit(grad(f))(0.25));
console.log("f''(0.25) ", hessian(f)(0.25));
console.log("of a batch", vmap(grad((x) => neg(f(x))))([0, 0.5, 1]));

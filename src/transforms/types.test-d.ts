// The types that users meet, checked by the compiler alone: this file is never run.
import { matmul, sin, tensor } from "../array/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { jit } from "../runtime/jit.ts";
import { grad, valueAndGrad } from "./grad.ts";
import { hessian, hvp, jacfwd, jacrev } from "./jacobian.ts";
import { jvp, linearize, linearTranspose, vjp } from "./linearize.ts";
import { scan } from "./scan.ts";
import { vmap } from "./vmap.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only where both types are the same. */
function same<A>() {
  return <B>(_: B, __: Equal<A, B>): void => undefined;
}

interface Layer {
  readonly w: Tensor;
  readonly b: Tensor;
}
interface Params {
  readonly layers: readonly Layer[];
  readonly scale: Tensor;
}
interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}
declare const params: Params;
declare const batch: Batch;
const loss = (p: Params, { x, y }: Batch): Tensor =>
  p.layers
    .reduce((h, { w, b }) => matmul(h, w).add(b), x.mul(p.scale))
    .sub(y)
    .square()
    .mean();

// Gradients have the type of what they are taken in: interfaces, nested, readonly.
same<Params>()(grad(loss)(params, batch), true);
same<[value: Tensor, grads: Params]>()(valueAndGrad(loss)(params, batch), true);
same<Batch>()(grad(loss, { argnums: 1 })(params, batch), true);

// What stands for a tensor may be given, the result holds tensors.
same<Layer>()(grad((p: Layer) => p.w.mul(p.b).sum())({ w: [[1, 2]], b: 3 }), true);
same<[Tensor, Tensor]>()(grad((p: [Tensor, Tensor]) => p[0].mul(p[1]))([1, 2]), true);

// Arguments need no annotation.
same<Tensor>()(grad((x, y) => x.mul(y).add(sin(x)))(2, 3), true);
same<Tensor>()(grad((x) => x.square().sum())([1, 2, 3]), true);
same<Tensor>()(grad((x) => x.square().sum())(new Float32Array(3)), true);
const both = grad((x: Tensor, y: Tensor) => x.mul(y), { argnums: [0, 1] })(2, 3);
same<Tensor>()(both[0], true);
same<2>()(both.length, true);
same<Tensor>()(grad(grad((x) => x.mul(x)))(2), true);

// Auxiliary results keep their type.
const withAux = (p: Layer): [Tensor, { readonly h: Tensor }] => [p.w.sum(), { h: p.b }];
same<[grads: Layer, aux: { readonly h: Tensor }]>()(grad(withAux, { hasAux: true })({ w: 1, b: 2 }), true);
same<readonly [Tensor, { readonly h: Tensor }]>()(
  valueAndGrad(withAux, { hasAux: true })({ w: 1, b: 2 })[0],
  true,
);

// The other transforms.
const model = (p: Layer, x: Tensor): { readonly out: Tensor } => ({ out: x.mul(p.w).add(p.b) });
const pushed = jvp(model, [{ w: 1, b: 2 }, 3], [{ w: 1, b: 0 }, 0]);
same<{ readonly out: Tensor }>()(pushed[0], true);
same<{ readonly out: Tensor }>()(pushed[1], true);
same<[p: Layer, x: Tensor]>()(vjp(model, { w: 1, b: 2 }, 3)[1]({ out: 1 }), true);
same<{ readonly out: Tensor }>()(linearize(model, { w: 1, b: 2 }, 3)[1]({ w: 0, b: 1 }, 0), true);
same<Layer>()(linearTranspose((p: Layer) => p.w.add(p.b), { w: 0, b: 0 })(1), true);
same<{ readonly out: Tensor }>()(vmap(model, { inAxes: [null, 0] })({ w: 1, b: 2 }, [1, 2, 3]), true);
same<{ readonly out: Tensor }>()(jit(model)({ w: 1, b: 2 }, 3), true);
same<Tensor>()(jit((x, y) => x.add(y))(1, 2), true);
same<Tensor>()(vmap((x) => x.sum())([[1, 2]]), true);
same<Tensor>()(jacfwd((x) => x.mul(x))([1, 2]), true);
same<{ readonly out: Layer }>()(jacrev(model)({ w: 1, b: 2 }, tensor(3)), true);
same<Tensor>()(hessian((x) => x.mul(x).sum())([1, 2]), true);
same<Layer>()(
  hvp((p: Layer) => p.w.mul(p.b), { w: 1, b: 2 }, { w: 1, b: 0 }),
  true,
);
same<[carry: Layer, ys: Tensor]>()(
  scan((c: Layer, x: Tensor) => [{ w: c.w.add(x), b: c.b }, c.w] as const, { w: 0, b: 0 }, [1, 2, 3]),
  true,
);

// Wrong uses do not compile.
// @ts-expect-error a string is no tensor
grad((x) => x.mul(x))("2");
// @ts-expect-error operators do not work on tensors
grad((x) => x * x)(2);
// @ts-expect-error the structure lacks b
grad((p: Layer) => p.w.mul(p.b))({ w: 1 });
// @ts-expect-error c is not part of the structure
grad((p: Layer) => p.w.mul(p.b))({ w: 1, b: 2, c: 3 });
// @ts-expect-error a function that returns nothing has no gradient
grad((x: Tensor): void => void x.mul(x))(2);
// @ts-expect-error the option is called argnums
grad((x: Tensor) => x.mul(x), { argnum: 0 });
// @ts-expect-error there is no method multiply
grad((x) => x.multiply(x))(2);
// @ts-expect-error a tangent for each argument
jvp(model, [{ w: 1, b: 2 }, 3], [{ w: 1, b: 0 }]);
// @ts-expect-error tensors are immutable
tensor(1).type = tensor(2).type;

// Arguments need no annotation in these either.
same<Tensor>()(jvp((x) => x.mul(2), [1], [1])[1], true);
same<Tensor>()(vjp((x) => x.mul(2), 1)[0], true);
same<Tensor>()(vjp((x) => sin(x), 1)[1](1)[0], true);
same<Tensor>()(linearize((x, y) => x.mul(y), 1, 2)[1](1, 0), true);
same<Tensor>()(scan((c, x) => [c.add(x), c], 0, [1, 2, 3])[1], true);
same<Tensor>()(scan((c) => [c.mul(2), null], 1, null, { length: 3 })[0], true);

// A pullback gives tensors, also for functions that take what stands for one.
same<Tensor>()(vjp(sin, 1)[1](1)[0], true);
same<[p: Layer, x: Tensor]>()(vjp((p: Layer, x: Tensor) => p.w.mul(x), { w: 1, b: 2 }, 3)[1](1), true);

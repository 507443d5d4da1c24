import { tensor } from "downhill";
import type { Tensor } from "downhill";
import { sgd } from "downhill/optim";
import { fit } from "./fit.ts";

const data = [{ x: tensor([1, 2]) }];
const common = { data, optimizer: sgd({ learningRate: 0.1 }), epochs: 1 };

// Parameters are tensors at every level of nesting.
void fit({
  ...common,
  params: { w: tensor(1), layers: [{ b: tensor(2) }] },
  loss: (p, { x }) => p.w.mul(x).sum(),
});
void fit({ ...common, params: [tensor(1), tensor(2)], loss: ([a], { x }) => a!.mul(x).sum() });
void fit({ ...common, params: tensor(1), loss: (p, { x }) => p.mul(x).sum() });

// Inside the loss a number would be a tensor, which contradicts its type.
// @ts-expect-error -- write tensor(3)
void fit({ ...common, params: { n: 3 }, loss: (p, { x }) => x.mul(p.n).sum() });
// @ts-expect-error -- write tensor([1, 2])
void fit({ ...common, params: { w: tensor(1), list: [1, 2] }, loss: (p, { x }) => p.w.mul(x).sum() });

// A helper that is generic in the parameters needs no cast.
export function train<P>(
  params: P,
  loss: (p: P, batch: { readonly x: Tensor }) => Tensor,
): PromiseLike<unknown> {
  return fit({ ...common, params, loss });
}

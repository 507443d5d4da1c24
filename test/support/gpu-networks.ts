// Training steps of networks of several kinds, for comparisons of devices. Sizes are small, because a software device
// takes long to compile.
import {
  add,
  arange,
  argmax,
  concatenate,
  conv,
  einsum,
  equal,
  exp,
  log,
  matmul,
  maxPool,
  oneHot,
  relu,
  repeat,
  scan,
  segmentSum,
  sigmoid,
  slice,
  softmax,
  sqrt,
  take,
  tanh,
  tensor,
  type Tensor,
  tril,
  valueAndGrad,
  where,
} from "downhill";
import { solveTriangular } from "downhill/linalg";
import { gruCell, gruInit } from "downhill/nn";
import type { Optimizer } from "downhill/optim";
import { adagrad, adam, applyUpdates, cosineDecay, exponentialDecay, rmsprop, sgd } from "downhill/optim";
import { key, normal } from "downhill/random";

const f32 = { dtype: "float32" } as const;
type Params = Readonly<Record<string, Tensor>>;

/** A network with its loss on fixed data, and its optimiser. */
export interface NetworkCase {
  readonly params: () => Params;
  readonly loss: (params: Params) => Tensor;
  readonly optimizer: Optimizer<Params, unknown>;
}

const draw = (seed: number, ...shape: number[]): Tensor => normal(key(seed), shape, f32).mul(0.5);
const meanSquare = (x: Tensor): Tensor => x.mul(x).mean();
const asOptimizer = (given: unknown): Optimizer<Params, unknown> => given as Optimizer<Params, unknown>;

const image = draw(1, 2, 3, 8, 8);
const double = (x: Tensor): Tensor => repeat(repeat(x, 2, { axis: 2 }), 2, { axis: 3 });
const words = draw(2, 5, 3, 4);
const points = draw(3, 12, 4);
const sources = tensor([0, 1, 2, 3, 4, 0, 2, 5, 5, 1], { dtype: "int32" });
const targets = tensor([1, 2, 3, 4, 5, 2, 0, 0, 3, 5], { dtype: "int32" });
const nodes = draw(4, 6, 5);

/** The networks by name. */
export const networks: Readonly<Record<string, NetworkCase>> = {
  "U-Net with upsampling and a skip connection": {
    params: () => ({ down: draw(10, 4, 3, 3, 3), deep: draw(11, 6, 4, 3, 3), up: draw(12, 3, 10, 3, 3) }),
    loss({ down, deep, up }) {
      const high = relu(conv(image, down!, { padding: "same" }));
      const low = relu(conv(maxPool(high, 2), deep!, { padding: "same" }));
      const joined = concatenate([high, double(low)], { axis: 1 });
      return meanSquare(conv(joined, up!, { padding: "same" }).sub(image));
    },
    optimizer: asOptimizer(sgd({ learningRate: 0.05, momentum: 0.9 })),
  },
  "GRU with attention": {
    params: () => ({ ...(gruInit(key(20), 4, 6, f32) as object), query: draw(21, 6), head: draw(22, 6, 2) }),
    loss({ query, head, ...cell }) {
      const [, states] = scan(
        (h: Tensor, x: Tensor): [Tensor, Tensor] => {
          const next = gruCell(cell as never, x, h);
          return [next, next];
        },
        draw(23, 3, 6),
        words,
      );
      const weights = softmax(matmul(states, query!), { axis: 0 });
      return meanSquare(matmul(states.mul(weights.reshape([5, 3, 1])).sum(0), head!).sub(1));
    },
    optimizer: asOptimizer(rmsprop({ learningRate: 0.01, momentum: 0.5 })),
  },
  "mixture of experts with one-hot routing": {
    params: () => ({ gate: draw(30, 4, 3), experts: draw(31, 3, 4, 5), out: draw(32, 5, 2) }),
    loss({ gate, experts, out }) {
      const scores = softmax(matmul(points, gate!));
      const route = oneHot(argmax(scores, { axis: 1 }), 3, f32).mul(scores);
      const hidden = tanh(einsum("ni,eio->neo", points, experts!));
      return meanSquare(
        matmul(einsum("ne,neo->no", route, hidden), out!).sub(slice(points, [0, 12], [0, 2])),
      );
    },
    optimizer: asOptimizer(adam({ learningRate: cosineDecay({ from: 0.01, steps: 10 }) })),
  },
  "normalising flow with triangular solutions": {
    params: () => ({ lower: draw(40, 4, 4), scale: draw(41, 4), shift: draw(42, 4) }),
    loss({ lower, scale, shift }) {
      const factor = add(tril(lower!, { k: -1 }), exp(scale!).mul(equal(arange(0, 4, 1, { dtype: "int32" }).reshape([4, 1]), arange(0, 4, 1, { dtype: "int32" })).astype("float32"))); // prettier-ignore
      const z = solveTriangular(factor, points.sub(shift!).transpose());
      return z.mul(z).sum(0).mul(0.5).mean().add(scale!.sum());
    },
    optimizer: asOptimizer(adagrad({ learningRate: 0.1 })),
  },
  "graph network with sums over segments": {
    params: () => ({ message: draw(50, 10, 6), update: draw(51, 11, 5), readout: draw(52, 5) }),
    loss({ message, update, readout }) {
      let h = nodes;
      for (let layer = 0; layer < 2; layer++) {
        const pairs = concatenate([take(h, sources), take(h, targets)], { axis: 1 });
        const sums = segmentSum(relu(matmul(pairs, message!)), targets, { size: 6 });
        h = tanh(matmul(concatenate([h, sums], { axis: 1 }), update!)).add(h);
      }
      return log(meanSquare(matmul(h, readout!).sub(1)).add(1));
    },
    optimizer: asOptimizer(adam({ learningRate: exponentialDecay({ from: 0.02, factor: 0.9, every: 5 }) })),
  },
  "bodies that attract each other, through a scan": {
    params: () => ({ position: draw(60, 5, 2), velocity: draw(61, 5, 2), mass: draw(62, 5) }),
    loss({ position, velocity, mass }) {
      const force = (x: Tensor): Tensor => {
        const d = x.reshape([1, 5, 2]).sub(x.reshape([5, 1, 2]));
        const r2 = d.mul(d).sum(2).add(0.1);
        const near = where(
          r2.less(0.2),
          0.5,
          sigmoid(mass!)
            .reshape([1, 5])
            .div(r2.mul(sqrt(r2))),
        );
        return d.mul(near.reshape([5, 5, 1])).sum(1);
      };
      const [[x]] = scan(
        ([x0, v0]: [Tensor, Tensor]): [[Tensor, Tensor], null] => {
          const half = v0.add(force(x0).mul(0.05));
          const x1 = x0.add(half.mul(0.1));
          return [[x1, half.add(force(x1).mul(0.05))], null];
        },
        [position!, velocity!],
        null,
        { length: 8 },
      );
      return meanSquare(x);
    },
    optimizer: asOptimizer(sgd({ learningRate: 0.1 })),
  },
};

/** A training step of a network on lists of arrays, and its first arguments: parameters and states. */
export function trainingStep({ params, loss, optimizer }: NetworkCase): {
  readonly step: (state: readonly [Params, unknown]) => [Tensor, [Params, unknown]];
  readonly first: readonly [Params, unknown];
} {
  const start = params();
  return {
    step([given, state]) {
      const [value, slopes] = valueAndGrad(loss as never)(given as never) as unknown as [Tensor, Params];
      const { updates, state: next } = optimizer.update(slopes, state, given);
      return [value, [applyUpdates(given as never, updates as never) as Params, next]];
    },
    first: [start, optimizer.init(start)],
  };
}

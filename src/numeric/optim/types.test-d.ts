// Types of optimisers and searches, checked by the compiler.
import { jit, square, sub, sum, type Tensor, tensor } from "downhill";
import {
  adam,
  type AdamState,
  chain,
  clipByGlobalNorm,
  fitCurve,
  leastSquares,
  lookahead,
  type LookaheadState,
  minimize,
  type MinimizeResult,
  type Optimizer,
  sgd,
} from "downhill/optim";

interface Layer {
  readonly w: Tensor;
  readonly b: Tensor;
}
/** True if two types are assignable to each other. */
function same<A>(): <B>(_: B, equal: [A, B] extends [B, A] ? true : false) => void {
  return () => undefined;
}
function accept<T>(_: T): void {}
const layer: Layer = { w: tensor([1]), b: tensor(0) };

// Trees of a state have the type of the parameters, and an update the type of the gradients.
const rule = adam();
const state = rule.init(layer);
same<Layer>()(state.mean, true);
same<Layer | null>()(state.maxMeanSquare, true);
same<Layer>()(rule.update(layer, state, layer).updates, true);
accept<Optimizer<Layer, AdamState<Layer>>>(rule);

// A chain knows the states of its links, and accepts parameters of every type.
const links = chain(clipByGlobalNorm(1), sgd(), lookahead());
same<LookaheadState>()(links.init(layer)[2], true);
same<null>()(links.init(layer)[0], true);
same<Layer>()(links.update(layer, links.init(layer), layer).updates, true);
accept<Optimizer<Layer, ReturnType<typeof links.init>>>(links);

// A search returns the structure that it is given.
same<MinimizeResult<Tensor>>()(
  minimize((x) => sum(square(x)), [1, 2]),
  true,
);
same<Layer>()(minimize((p: Layer) => sum(square(sub(p.w, p.b))), { w: [1, 2], b: 0 }).params, true);
accept<Layer>(
  minimize(
    jit((p: Layer) => sum(square(p.w))),
    { w: [1, 2], b: 0 },
  ).params,
);
same<Layer>()(leastSquares((p: Layer) => sub(p.w, p.b), { w: [1, 2], b: 0 }).standardErrors, true);

// Searches for functions of plain numbers return plain numbers.
interface Line {
  readonly slope: number;
  offsets: number[];
}
declare const line: Line;
declare const distance: (p: Line, xs: Float64Array) => number;
declare const xs: Float64Array;
same<MinimizeResult<{ readonly slope: number; offsets: number[] }>>()(
  minimize(distance, line, { args: [xs] }),
  true,
);
same<number>()(minimize((x: number) => x * x, 1).params, true);
same<number[]>()(leastSquares((p: Line) => [p.slope], line).residuals, true);
same<number[]>()(leastSquares((p: Line) => [p.slope], line).standardErrors.offsets, true);
same<number[]>()(
  fitCurve((x: number, { a }: { a: number }) => a * x, [1, 2], [1, 2], { parameters: ["a"] }).fitted,
  true,
);
same<Tensor>()(fitCurve((x, { a }) => a.mul(x), [1, 2], [1, 2], { parameters: ["a"] }).fitted, true);
// @ts-expect-error the data are an array of numbers
minimize(distance, line, { args: ["1"] });

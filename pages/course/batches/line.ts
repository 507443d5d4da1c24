// The data of the chapter, a straight line with noise, and runs on it by batches of any size.
import { add, grad, jit, mean, mul, scan, square, sub, sum, take, type Tensor, tensor, vmap } from "downhill";
import { applyUpdates, sgd } from "downhill/optim";
import * as random from "downhill/random";
import type { Landscape, Point } from "../../../src/pictures/landscapes/landscape.ts";
import type { MapBox } from "../../live/contour-map.ts";

/** Items with what is asked about them. */
export interface Items {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** How many items there are: a power of two, so that batches of powers of two fill an epoch. */
export const itemCount = 128;

const truth: Point = [1.5, -1]; // slope and intercept
const noise = 0.8; // standard deviation

/** Points around a line: x evenly between 0 and 3, y with Gaussian noise. */
export const items: Items = /* @__PURE__ */ (() => {
  const [forX, forY] = [random.foldIn(random.key(6), 1), random.foldIn(random.key(6), 2)];
  const x = random.uniform(forX, [itemCount], { maxval: 3, dtype: "float64" });
  const y = add(
    add(mul(x, truth[0]!), truth[1]!),
    mul(random.normal(forY, [itemCount], { dtype: "float64" }), noise),
  );
  return { x, y };
})();

/** How far a line, `[slope, intercept]`, is off at each item. */
function residuals(line: Tensor, { x, y }: Items): Tensor {
  return sub(add(mul(line.at(0), x), line.at(1)), y);
}

/** Whether the loss of a batch is the sum over its items, as in the notes, or their mean, as in PyTorch. */
export type Convention = "sum" | "mean";

/** The squared error of a line, over a batch. */
export function loss(line: Tensor, batch: Items, convention: Convention = "mean"): Tensor {
  const errors = square(residuals(line, batch));
  return convention === "sum" ? sum(errors) : mean(errors);
}

/** The loss of all items as a landscape of slope and intercept. */
export const lossLandscape: Pick<Landscape, "value" | "coordinates" | "saddles" | "lowest"> = {
  value: (line) => loss(line, items),
  coordinates: ["slope", "intercept"],
  saddles: [],
  lowest: undefined,
};

/** What the map of the loss shows. */
export const lossBox: MapBox = [
  [-1, 3],
  [-3, 2],
];

/** Where runs begin. */
export const lineStart: Point = [-0.5, 1.5];

/** The line with the least loss, by the formulas of linear regression. */
export const bestLine: Point = /* @__PURE__ */ (() => {
  const [meanX, meanY] = [mean(items.x), mean(items.y)];
  const fromMean = sub(items.x, meanX);
  const slope = sum(mul(fromMean, items.y)).item() / sum(square(fromMean)).item();
  return [slope, meanY.item() - slope * meanX.item()];
})();

/** The loss of {@link bestLine}, in the mean. */
export const leastLoss: number = /* @__PURE__ */ loss(
  tensor([...bestLine], { dtype: "float64" }),
  items,
).item();

/** How often a run goes through all items, unless {@link leastSteps} need more. */
export const epochsOfRun = 20;

/** How many steps every run makes, however large its batches. */
export const leastSteps = 80;

/** How many steps a run makes. */
function stepsOf(batchSize: number): number {
  return Math.max(leastSteps, (epochsOfRun * itemCount) / batchSize);
}

/** A run by batches. Entry t of a list is the state after t steps. */
export interface BatchRun {
  readonly name: string;
  readonly batchSize: number;
  readonly points: readonly Point[];
  /** The mean loss of all items there. */
  readonly values: readonly number[];
  /** Whether its numbers end, or it is above its start at some time in its last epoch. */
  readonly isLost: boolean;
}

/** The sizes that batches may have. */
export const batchSizes: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128];

type Run = (start: Tensor, rate: Tensor, places: Tensor) => readonly [points: Tensor, values: Tensor];

function compile(convention: Convention): Run {
  const slopeOf = grad((line: Tensor, batch: Items) => loss(line, batch, convention));
  return jit((start: Tensor, rate: Tensor, places: Tensor) => {
    const { init, update } = sgd({ learningRate: rate });
    const [, points] = scan(
      ({ line, state }, batch: Tensor) => {
        const slope = slopeOf(line, { x: take(items.x, batch), y: take(items.y, batch) });
        const { updates, state: next } = update(slope, state, line);
        return [{ line: applyUpdates(line, updates), state: next }, line] as const;
      },
      { line: start, state: init(start) },
      places,
    );
    return [points, vmap((line: Tensor) => loss(line, items))(points)] as const;
  });
}

const run: Readonly<Record<Convention, Run>> = /* @__PURE__ */ (() => ({
  sum: compile("sum"),
  mean: compile("mean"),
}))();

const orders = new Map<string, Tensor>(); // by size and seed; a few as long as a page is open

/** The places of the items of each batch, in an order that is new in each epoch, and a last row that no step uses. */
function placesOf(batchSize: number, seed: number): Tensor {
  const name = `${batchSize} ${seed}`;
  const found = orders.get(name);
  if (found !== undefined) return found;
  const rows = stepsOf(batchSize) + 1;
  const epochs = Array.from({ length: Math.ceil((rows * batchSize) / itemCount) }, (_, epoch) =>
    Array.from(random.permutation(random.foldIn(random.key(seed), epoch), itemCount).data(), Number),
  );
  const all = Int32Array.from(epochs.flat().slice(0, rows * batchSize));
  const places = tensor(all, { dtype: "int32", shape: [rows, batchSize] });
  orders.set(name, places);
  return places;
}

function highest(heights: readonly number[]): number {
  return heights.reduce((most, height) => Math.max(most, height), -Infinity);
}

/** Gradient descent by batches of a size, each item once an epoch, in an order drawn from the seed. */
export function runBatches(
  batchSize: number,
  rate: number,
  { seed = 1, convention = "mean" }: { readonly seed?: number; readonly convention?: Convention } = {},
): BatchRun {
  const [points, values] = run[convention](
    tensor([...lineStart], { dtype: "float64" }),
    tensor(rate, { dtype: "float64" }),
    placesOf(batchSize, seed),
  );
  const heights = values.tolist() as number[];
  const broken = heights.findIndex((value) => !Number.isFinite(value));
  const end = broken < 0 ? heights.length : Math.max(1, broken);
  const name =
    batchSize === itemCount
      ? "all items (GD)"
      : batchSize === 1
        ? "one item (SGD)"
        : `mini-batches of ${batchSize}`;
  return {
    name,
    batchSize,
    points: (points.tolist() as number[][]).slice(0, end),
    values: heights.slice(0, end),
    isLost: broken >= 0 || highest(heights.slice(-Math.ceil(itemCount / batchSize))) > heights[0]!,
  };
}

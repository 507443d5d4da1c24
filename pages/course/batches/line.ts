// The data of the chapter, a straight line with noise, and runs on it with any batch size.
import { add, grad, mean, mul, scan, square, sub, sum, take, type Tensor, tensor, vmap } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { applyUpdates, sgd } from "downhill/optim";
import * as random from "downhill/random";
import type { Landscape, Point } from "../../../src/pictures/landscapes/landscape.ts";
import type { MapBox } from "../../live/contour-map.ts";

/** Inputs and targets of the items. */
export interface Items {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Number of items: a power of two, so that batches of powers of two fill an epoch. */
export const itemCount = 128;

const truth: Point = [1.5, -1]; // slope and intercept
const noise = 0.8; // standard deviation

/** Points around a line: x evenly distributed between 0 and 3, y with Gaussian noise. */
export const items: Items = /* @__PURE__ */ (() => {
  const [forX, forY] = [random.foldIn(random.key(6), 1), random.foldIn(random.key(6), 2)];
  const x = random.uniform(forX, [itemCount], { maxval: 3, dtype: "float64" });
  const y = add(
    add(mul(x, truth[0]!), truth[1]!),
    mul(random.normal(forY, [itemCount], { dtype: "float64" }), noise),
  );
  return { x, y };
})();

/** Residuals of the line `[slope, intercept]` at each item. */
function residuals(line: Tensor, { x, y }: Items): Tensor {
  return sub(add(mul(line.at(0), x), line.at(1)), y);
}

/** Loss of a batch: the sum over its items, as in the notes, or their mean, as in PyTorch. */
export type Convention = "sum" | "mean";

/** Squared error of a line over a batch. */
export function loss(line: Tensor, batch: Items, convention: Convention = "mean"): Tensor {
  const errors = square(residuals(line, batch));
  return convention === "sum" ? sum(errors) : mean(errors);
}

/** A data set of the chapter: the default one, or one supplied by the reader. */
export interface LineData {
  readonly items: Items;
  /** Number of items. */
  readonly count: number;
  /** The least-squares line, `[slope, intercept]`, from the formulas of linear regression, and its mean loss. */
  readonly best: Point;
  readonly leastLoss: number;
  /** Start of the runs. */
  readonly start: Point;
  /** Region shown by the map of the loss. */
  readonly box: MapBox;
  /** The loss over all items as a function of slope and intercept. */
  readonly landscape: Pick<Landscape, "value" | "coordinates" | "saddles" | "lowest">;
}

/**
 * Creates a data set.
 *
 * @param around the line around which start and map are placed; default: the best line
 */
function lineData(of: Items, around?: Point): LineData {
  const [meanX, meanY] = [mean(of.x), mean(of.y)];
  const fromMean = sub(of.x, meanX);
  const slope = sum(mul(fromMean, of.y)).item() / sum(square(fromMean)).item();
  const best = [slope, meanY.item() - slope * meanX.item()] as const;
  const [a, b] = around ?? best;
  return {
    items: of,
    count: of.x.shape[0]!,
    best,
    leastLoss: loss(tensor([...best], { dtype: "float64" }), of).item(),
    start: [a! - 2, b! + 2.5],
    box: [
      [a! - 2.5, a! + 1.5],
      [b! - 2, b! + 3],
    ],
    landscape: {
      value: (line) => loss(line, of),
      coordinates: ["slope", "intercept"],
      saddles: [],
      lowest: undefined,
    },
  };
}

/** Creates a data set from numbers. */
export function dataOf({ x, y }: { readonly x: readonly number[]; readonly y: readonly number[] }): LineData {
  const [xs, ys] = [x, y].map((column) => tensor([...column], { dtype: "float64" })) as [Tensor, Tensor];
  return lineData({ x: xs, y: ys });
}

/** The default data set of the chapter. */
export const ownData: LineData = /* @__PURE__ */ lineData(items, truth);
export const { best: bestLine, leastLoss, start: lineStart } = ownData;

/** Number of epochs of a run, unless {@link leastSteps} requires more. */
export const epochsOfRun = 20;

/** Minimum number of steps of a run, for any batch size. */
export const leastSteps = 80;

/** Number of steps of a run. */
function stepsOf(batchSize: number, count: number): number {
  return Math.max(leastSteps, Math.ceil((epochsOfRun * count) / batchSize));
}

/** A run with batches. Entry t of a list is the state after t steps. */
export interface BatchRun {
  readonly name: string;
  readonly batchSize: number;
  readonly points: readonly Point[];
  /** Mean loss over all items at each point. */
  readonly values: readonly number[];
  /** True if the run became non-finite, or was above its start at some time in its last epoch. */
  readonly isLost: boolean;
}

/** Available batch sizes. */
export const batchSizes: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128];

type Run = (
  start: Tensor,
  rate: Tensor,
  places: Tensor,
  of: Items,
) => readonly [points: Tensor, values: Tensor];

function compile(convention: Convention): Run {
  const slopeOf = grad((line: Tensor, batch: Items) => loss(line, batch, convention));
  return jit((start: Tensor, rate: Tensor, places: Tensor, of: Items) => {
    const { init, update } = sgd({ learningRate: rate });
    const [, points] = scan(
      ({ line, state }, batch: Tensor) => {
        const slope = slopeOf(line, { x: take(of.x, batch), y: take(of.y, batch) });
        const { updates, state: next } = update(slope, state, line);
        return [{ line: applyUpdates(line, updates), state: next }, line] as const;
      },
      { line: start, state: init(start) },
      places,
    );
    return [points, vmap((line: Tensor) => loss(line, of))(points)] as const;
  });
}

const run: Readonly<Record<Convention, Run>> = /* @__PURE__ */ (() => ({
  sum: compile("sum"),
  mean: compile("mean"),
}))();

const orders = new Map<string, Tensor>(); // cache by size, seed and number of items; it has few entries

/** Item indices of each batch, shuffled anew in each epoch, with an extra last row that no step uses. */
function placesOf(batchSize: number, seed: number, count: number): Tensor {
  const name = `${batchSize} ${seed} ${count}`;
  const found = orders.get(name);
  if (found !== undefined) return found;
  const rows = stepsOf(batchSize, count) + 1;
  const epochs = Array.from({ length: Math.ceil((rows * batchSize) / count) }, (_, epoch) =>
    Array.from(random.permutation(random.foldIn(random.key(seed), epoch), count).data(), Number),
  );
  const all = Int32Array.from(epochs.flat().slice(0, rows * batchSize));
  const places = tensor(all, { dtype: "int32", shape: [rows, batchSize] });
  orders.set(name, places);
  return places;
}

function highest(heights: readonly number[]): number {
  return heights.reduce((most, height) => Math.max(most, height), -Infinity);
}

/**
 * Runs gradient descent with batches of one size. Each epoch visits each item once, in an order drawn from the seed.
 */
export function runBatches(
  batchSize: number,
  rate: number,
  {
    seed = 1,
    convention = "mean",
    data = ownData,
  }: { readonly seed?: number; readonly convention?: Convention; readonly data?: LineData } = {},
): BatchRun {
  const { count } = data;
  const [points, values] = run[convention](
    tensor([...data.start], { dtype: "float64" }),
    tensor(rate, { dtype: "float64" }),
    placesOf(batchSize, seed, count),
    data.items,
  );
  const heights = values.tolist() as number[];
  const broken = heights.findIndex((value) => !Number.isFinite(value));
  const end = broken < 0 ? heights.length : Math.max(1, broken);
  const name =
    batchSize === count
      ? "all items (GD)"
      : batchSize === 1
        ? "one item (SGD)"
        : `mini-batches of ${batchSize}`;
  return {
    name,
    batchSize,
    points: (points.tolist() as number[][]).slice(0, end),
    values: heights.slice(0, end),
    isLost: broken >= 0 || highest(heights.slice(-Math.ceil(count / batchSize))) > heights[0]!,
  };
}

// Distributions built from other distributions.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { broadcastShapes, range, sameShape } from "../../engine/util/shape.ts";
import { indices } from "../array/create.ts";
import { add, equal, logicalNot, mul, square, sub, where } from "../array/elementwise.ts";
import { logsumexp, sum } from "../array/reduce.ts";
import { expandDims, reshape } from "../array/shape.ts";
import { splitKey } from "../random/keys.ts";
import { Bijector } from "./bijectors.ts";
import { categories, logCategories, type ProbsOrLogits } from "./discrete.ts";
import { Distribution, makeClass } from "./distribution.ts";
import { real } from "./domains.ts";

type AnyDistribution = Distribution<unknown>;

const recordOf: typeof Bijector.recordOf = (bijector) => Bijector.recordOf(bijector);

/** Sums over the last `axes` axes. */
function sumLast(x: Tensor, axes: number): Tensor {
  return axes === 0 ? x : sum(x, { axis: range(x.ndim - axes, x.ndim) });
}

function checkDistribution(
  operation: string,
  what: string,
  given: unknown,
): asserts given is AnyDistribution {
  if (given instanceof Distribution) return;
  throw new DownhillError(
    "option",
    `${operation}: ${what} must be a distribution, such as normal({ loc: 0, scale: 1 }).`,
  );
}

/** The parameter of `independent`: a distribution whose last batch axes become part of an event. */
export interface IndependentParams {
  readonly baseDistribution: AnyDistribution;
}

const independents = /* @__PURE__ */ new Map<
  number,
  (params: IndependentParams) => Distribution<IndependentParams>
>();

/**
 * Makes the last batch axes of a distribution (default one) part of an event; log densities are summed over them.
 * @throws DownhillError `shape` if the batch has too few axes.
 * @example
 * independent(normal({ loc: [0, 0, 0], scale: 1 })).eventShape; // [3]
 */
export function independent(
  baseDistribution: AnyDistribution,
  reinterpretedBatchNdims: number = 1,
): Distribution<IndependentParams> {
  if (arguments.length > 2) refuseExtra("independent", arguments, 2);
  checkDistribution("independent", "the first argument", baseDistribution);
  const axes = reinterpretedBatchNdims;
  const batch = baseDistribution.batchShape;
  if (!Number.isInteger(axes) || axes < 0 || axes > batch.length)
    throw new DownhillError(
      "shape",
      `independent: ${axes} axes cannot be taken from a batch of shape ${showShape(batch)}.`,
    );
  let make = independents.get(axes);
  if (make === undefined) independents.set(axes, (make = makeIndependent(axes)));
  return make({ baseDistribution });
}

function makeIndependent(axes: number): (params: IndependentParams) => Distribution<IndependentParams> {
  return makeClass<IndependentParams>({
    name: "independent",
    parameters: { baseDistribution: { domain: real, axes } },
    reparameterised: ({ baseDistribution }) => baseDistribution.reparameterised,
    eventShape: ({ baseDistribution: d }) => [
      ...d.batchShape.slice(d.batchShape.length - axes),
      ...d.eventShape,
    ],
    sample: ({ baseDistribution: d }, { key, shape }) =>
      d.sample(key, shape.slice(0, shape.length - (d.batchShape.length - axes))),
    logProb: ({ baseDistribution: d }, x) => sumLast(d.logProb(x), axes),
    mean: ({ baseDistribution: d }) => d.mean(),
    variance: ({ baseDistribution: d }) => d.variance(),
    entropy: ({ baseDistribution: d }) => sumLast(d.entropy(), axes),
  });
}

/** Parameters of a mixture. */
export interface MixtureParams {
  readonly mixtureDistribution: Distribution<ProbsOrLogits>;
  readonly componentDistribution: AnyDistribution;
}

/**
 * A mixture of distributions of one family: the categorical `mixtureDistribution` chooses along the last batch axis of
 * `componentDistribution`.
 * @throws DownhillError `option` unless the two arguments are a categorical and any other distribution. `shape` if the
 * numbers of components and categories differ, or the batch shapes.
 * @example
 * const d = mixture(categorical({ probs: [1, 1] }), normal({ loc: [-1, 1], scale: 0.5 }));
 * d.mean(); // 0
 */
export function mixture(
  mixtureDistribution: Distribution<ProbsOrLogits>,
  componentDistribution: AnyDistribution,
): Distribution<MixtureParams> {
  if (arguments.length > 2) refuseExtra("mixture", arguments, 2);
  checkDistribution("mixture", "the first argument", mixtureDistribution);
  checkDistribution("mixture", "the second argument", componentDistribution);
  if (mixtureDistribution.name !== "categorical")
    throw new DownhillError(
      "option",
      `mixture: the first argument must be a categorical distribution, got ${mixtureDistribution.name}.`,
    );
  const chosen = logCategories(mixtureDistribution.params).shape.at(-1)!;
  const n = componentDistribution.batchShape.at(-1);
  if (n !== chosen)
    throw new DownhillError(
      "shape",
      `mixture: ${chosen} categories choose among the last axis of a batch of shape ${showShape(componentDistribution.batchShape)}.`,
    );
  const made = makeMixture({ mixtureDistribution, componentDistribution });
  const components = componentDistribution.batchShape.slice(0, -1);
  checkBatch("mixture", made.batchShape, mixtureDistribution.batchShape);
  checkBatch("mixture", made.batchShape, components);
  return made;
}

/**
 * Throws if the distribution `part` has another batch shape than the combined one, because its samples would be shared
 * along an axis. A part without batch axes passes.
 *
 * @throws DownhillError `shape`
 */
function checkBatch(operation: string, whole: readonly number[], part: readonly number[]): void {
  if (part.length === 0 || sameShape(whole, part)) return;
  throw new DownhillError(
    "shape",
    `${operation}: the batch is ${showShape(whole)}, but one of its distributions has ${showShape(part)}. Give its parameters the batch shape.`,
  );
}

/** Probabilities of the components, with one axis of size 1 appended per event axis. */
function weights({ mixtureDistribution, componentDistribution }: MixtureParams): Tensor {
  const p = categories(mixtureDistribution.params);
  return reshape(p, [...p.shape, ...componentDistribution.eventShape.map(() => 1)]);
}

/** Returns the sum of x over the components of a mixture, weighted by their probabilities. */
function overComponents(p: MixtureParams, x: Tensor): Tensor {
  const behind = p.componentDistribution.eventShape.length;
  return sum(mul(weights(p), x), { axis: x.ndim - 1 - behind });
}

const makeMixture: (params: MixtureParams) => Distribution<MixtureParams> =
  /* @__PURE__ */ makeClass<MixtureParams>({
    name: "mixture",
    parameters: {
      mixtureDistribution: { domain: real },
      componentDistribution: { domain: real, axes: 1 },
    },
    reparameterised: () => false,
    eventShape: ({ componentDistribution }) => componentDistribution.eventShape,
    sample({ mixtureDistribution, componentDistribution: d }, { key, shape }) {
      const [keyOfPlace, keyOfEvent] = splitKey(key);
      const behind = d.eventShape.length;
      const lead = shape.slice(0, shape.length - (d.batchShape.length - 1));
      const events = d.sample(keyOfEvent, lead);
      const own = mixtureDistribution.batchShape.length;
      const places = mixtureDistribution.sample(keyOfPlace, shape.slice(0, shape.length - own));
      const isChosen = equal(expandDims(places, -1), indices([d.batchShape.at(-1)!], 0));
      const mask = reshape(isChosen, [...isChosen.shape, ...new Array<number>(behind).fill(1)]);
      return sum(where(mask, events, 0), { axis: events.ndim - 1 - behind }).astype(events.dtype);
    },
    logProb({ mixtureDistribution, componentDistribution: d }, x) {
      const logs = d.logProb(expandDims(x, x.ndim - d.eventShape.length));
      return logsumexp(add(logs, logCategories(mixtureDistribution.params)), { axis: -1 });
    },
    mean: (p) => overComponents(p, p.componentDistribution.mean()),
    variance(p) {
      const each = p.componentDistribution.mean();
      const squares = overComponents(p, add(p.componentDistribution.variance(), square(each)));
      return sub(squares, square(overComponents(p, each)));
    },
    cdf(p, x) {
      const each = p.componentDistribution.cdf(expandDims(x, x.ndim));
      return sum(mul(categories(p.mixtureDistribution.params), each), { axis: -1 });
    },
  });

/** Parameters of a transformed distribution. */
export interface TransformedParams {
  readonly baseDistribution: AnyDistribution;
  readonly transforms: readonly Bijector[];
}

/**
 * The distribution of an event of `baseDistribution` after applying `transforms` in sequence. If events are scalars,
 * functions of vectors make the last batch axis part of the event.
 * @throws DownhillError `option` for an argument that is not a distribution or bijector, `shape` if the transforms do
 * not fit the batch.
 *
 * @example
 * const d = transformed(normal({ loc: 0, scale: 1 }), [affine({ loc: 1, scale: 2 }), expTransform()]);
 * d.logProb(2); // -2.317002…
 */
export function transformed(
  baseDistribution: AnyDistribution,
  transforms: Bijector | readonly Bijector[],
): Distribution<TransformedParams> {
  if (arguments.length > 2) refuseExtra("transformed", arguments, 2);
  checkDistribution("transformed", "the first argument", baseDistribution);
  const list = transforms instanceof Bijector ? [transforms] : transforms;
  if (!Array.isArray(list) || !list.every((each) => each instanceof Bijector))
    throw new DownhillError(
      "option",
      "transformed: the transforms must be bijectors, such as tanhTransform().",
    );
  const isOfVectors = list.some((each) => recordOf(each).axes === 1);
  const isNumber = baseDistribution.eventShape.length === 0;
  const base: AnyDistribution = isOfVectors && isNumber ? independent(baseDistribution) : baseDistribution;
  const made = makeTransformed({ baseDistribution: base, transforms: list });
  checkBatch("transformed", made.batchShape, base.batchShape);
  return made;
}

const makeTransformed: (params: TransformedParams) => Distribution<TransformedParams> =
  /* @__PURE__ */ makeClass<TransformedParams>({
    name: "transformed",
    parameters: { baseDistribution: { domain: real }, transforms: { domain: real } },
    reparameterised: ({ baseDistribution }) => baseDistribution.reparameterised,
    eventShape({ baseDistribution, transforms }) {
      const event = baseDistribution.eventShape;
      const growth = transforms.reduce((total, each) => total + (recordOf(each).growth ?? 0), 0);
      return event.length === 0 ? event : [...event.slice(0, -1), event.at(-1)! + growth];
    },
    batchShape({ baseDistribution, transforms }) {
      const axes = baseDistribution.eventShape.length;
      const shapes = transforms.flatMap(({ params }) =>
        Object.values(params).map(({ shape }) => shape.slice(0, Math.max(0, shape.length - axes))),
      );
      const all = broadcastShapes(baseDistribution.batchShape, ...shapes);
      if (all !== undefined) return all;
      throw new DownhillError("shape", "transformed: the transforms do not broadcast to the batch.");
    },
    sample(p, { key, shape }) {
      const own = p.baseDistribution.batchShape.length;
      const x = p.baseDistribution.sample(key, shape.slice(0, shape.length - own));
      return p.transforms.reduce((y, each) => each.forward(y), x);
    },
    logProb({ baseDistribution, transforms }, y) {
      const axes = baseDistribution.eventShape.length;
      let x = y;
      let dets: Tensor | undefined;
      for (const each of transforms.toReversed()) {
        x = each.inverse(x);
        const det = sumLast(each.logDet(x), axes - recordOf(each).axes);
        dets = dets === undefined ? det : add(dets, det);
      }
      const logs = baseDistribution.logProb(x);
      return dets === undefined ? logs : sub(logs, dets);
    },
    cdf({ baseDistribution, transforms }, y) {
      let x = y;
      let falling: Tensor | undefined;
      for (const each of transforms.toReversed()) {
        x = each.inverse(x);
        const next = recordOf(each).isFalling?.(each.params);
        if (next !== undefined)
          falling = falling === undefined ? next : where(next, logicalNot(falling), falling);
      }
      const below = baseDistribution.cdf(x);
      return falling === undefined ? below : where(falling, sub(1, below), below);
    },
  });

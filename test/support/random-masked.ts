// Random functions of a vector that mask elements of infinite slope. Masked elements contribute nothing to derivatives
// (docs/masks.md), so derivatives do not change if those elements are moved to where slopes are finite.
import type { Tensor } from "downhill";
import * as d from "downhill";
import { seeded } from "./sampling.ts";

type OfVector = (x: Tensor) => Tensor;
type Pick = <T>(list: readonly T[]) => T;
type Vessel = (f: OfVector, pick: Pick) => OfVector;

/** Functions from positive to positive numbers whose value or slope at 0 is infinite or NaN. */
const singular: readonly OfVector[] = [
  (x) => d.sqrt(x),
  (x) => d.square(d.log(x)).add(0.2),
  (x) => d.pow(x, 1.5).div(x),
  (x) => d.reciprocal(x),
  (x) => d.div(2, d.sqrt(x)),
  (x) => d.square(x.mul(d.log(x))).add(0.1),
  (x) => d.cbrt(x).add(x),
  (x) => d.pow(x, x),
  (x) => d.div(x.add(1), x.mul(2)),
  (x) => d.hypot(x, x.mul(0.5)),
];

const conditional: Vessel = (f, pick) => {
  const isFirst = pick([true, false]);
  const other = pick<OfVector>([(x) => x.mul(2), (x) => d.onesLike(x), (x) => d.log(x), f]);
  const [first, second] = isFirst ? [f, other] : [other, f];
  const flag = pick([true, false]);
  return (x) => d.cond(d.equal(flag ? 1 : 0, 1), first, second, x);
};

const custom: Vessel = (f) =>
  d.customJvp(
    (x: Tensor) => f(x),
    (primals, tangents) => d.jvp(f, primals, tangents),
  ) as OfVector;

/** Ways to apply an elementwise function to a vector. */
const vessels: readonly Vessel[] = [
  (f) => f,
  (f) => (x) => d.jit((y: Tensor) => f(y))(x),
  (f) => (x) => d.jit((y: Tensor): [Tensor, Tensor] => [d.log(y), f(y)])(x)[1],
  (f) => (x) => d.checkpoint((y: Tensor) => f(y))(x),
  conditional,
  custom,
  (f) => (x) => d.vmap((y: Tensor) => f(y))(x),
  (f) => (x) => d.scan((c: Tensor, y: Tensor) => [c.add(1), f(y)], d.tensor(0), x)[1],
  (f) => (x) => d.scan((c: Tensor) => [f(c), null], x, d.tensor([1]))[0],
  (f) => (x) => d.foriLoop(0, 2, (i, y: Tensor) => d.where(d.equal(i, 0), f(y), y), x),
  (f) => (x) => d.flip(f(d.flip(x))),
  (f) => (x) => d.concatenate([f(x.slice(0, 2)), f(x.slice(2))]),
  (f) => (x) => f(d.stack([x, x.mul(2)])).mean({ axis: 0 }),
];

/** Selections of the elements `kept`, of which there is at least one. */
const selections: readonly ((kept: readonly boolean[]) => OfVector)[] = [
  (kept) => (x) => d.where(d.tensor(kept), x, 0),
  (kept) => (x) => d.where(d.tensor(kept), x, d.square(x)).mul(d.tensor(kept).astype("float64")).slice(kept.indexOf(true), kept.indexOf(true) + 1), // prettier-ignore
  (kept) => (x) => d.take(x, d.tensor(kept.flatMap((isKept, i) => (isKept ? [i, i] : [])), { dtype: "int32" })), // prettier-ignore
  (kept) => (x) => x.at(kept.indexOf(true)),
];

interface MaskedFunction {
  /** The function, with masked elements where slopes are infinite. */
  readonly f: OfVector;
  readonly point: readonly number[];
  /** The function, with masked elements where slopes are finite. */
  readonly safe: OfVector;
  readonly safePoint: readonly number[];
}

/** The function of a seed, from a vector to a scalar. */
function maskedFunction(seed: number): MaskedFunction {
  const random = seeded(seed);
  const pick: Pick = (list) => list[Math.floor(random() * list.length)]!;
  const size = pick([3, 4, 5]);
  const kept = Array.from({ length: size }, () => random() < 0.5);
  kept[Math.floor(random() * size)] = true;
  const weights = Array.from({ length: size }, () => 0.5 + random());
  const isSelectedFirst = pick([true, false]);
  const layers = Array.from({ length: pick([1, 1, 2, 3]) }, () => pick(vessels)(pick(singular), pick));
  const leave = pick(selections)(kept);
  const functionWith =
    (constant: number): OfVector =>
    (x) => {
      const mask = d.tensor(kept);
      const start = isSelectedFirst ? d.where(mask, d.square(x), constant) : x;
      const out = layers.reduce((y, layer) => layer(y), start);
      const smooth = d.where(mask, d.sin(x), 0).mul(x).sum();
      return leave(out.mul(weights)).sum().add(smooth);
    };
  const pointWith = (masked: number): number[] => kept.map((isKept, i) => (isKept ? 0.4 + 0.3 * i : masked));
  return { f: functionWith(0), point: pointWith(0), safe: functionWith(0.7), safePoint: pointWith(0.7) };
}

type Derive = (f: OfVector, x: Tensor, direction: Tensor) => Tensor;

const along =
  (f: OfVector, direction: Tensor): OfVector =>
  (x) =>
    d.jvp(f, [x], [direction])[1];

/** Derivatives that masked elements do not reach. */
const derivatives: Readonly<Record<string, Derive>> = {
  grad: (f, x) => d.grad(f)(x),
  "jit of grad": (f, x) => d.jit(d.grad(f))(x),
  "vmap of grad": (f, x) =>
    d
      .vmap(d.grad(f))(d.stack([x, x]))
      .at(1),
  "grad of vmap": (f, x) =>
    d
      .grad((xs: Tensor) => d.vmap(f)(xs).sum())(d.stack([x, x]))
      .at(1),
  "grad of checkpoint": (f, x) => d.grad(d.checkpoint(f))(x),
  jvp: (f, x, direction) => along(f, direction)(x),
  "jit of jvp": (f, x, direction) => d.jit(along(f, direction))(x),
  linearize: (f, x, direction) => d.linearize(f, x)[1](direction),
  jacfwd: (f, x) => d.jacfwd(f)(x),
  hessian: (f, x) => d.hessian(f)(x),
  "reverse over reverse": (f, x) => d.jacrev(d.grad(f))(x),
  "reverse over forward": (f, x, direction) => d.grad(along(f, direction))(x),
  "forward over reverse": (f, x, direction) => along(d.grad(f), direction)(x),
  "forward over forward": (f, x, direction) => along(along(f, direction), direction)(x),
  "forward over forward over reverse": (f, x, direction) => along(along(d.grad(f), direction), direction)(x),
  "reverse over forward over forward": (f, x, direction) => d.grad(along(along(f, direction), direction))(x),
  taylor: (f, x, direction) => d.taylor(f, { order: 3 })(x, direction).slice(1),
  "taylor of grad": (f, x, direction) => d.taylor(d.grad(f), { order: 2 })(x, direction).slice(1),
  "jit of taylor": (f, x, direction) =>
    d
      .jit((y: Tensor) => d.taylor(f, { order: 2 })(y, direction))(x)
      .slice(1),
};

const bound = 1e-9;

/** First fault of the derivatives of the function of a seed; draws `count` kinds of derivative. */
export function maskedFault(seed: number, count: number): string | undefined {
  const { f, point, safe, safePoint } = maskedFunction(seed);
  const [x, y] = [d.tensor(point, { dtype: "float64" }), d.tensor(safePoint, { dtype: "float64" })];
  const direction = d.tensor(
    point.map((_, i) => 0.6 - 0.35 * i),
    { dtype: "float64" },
  );
  const all = Object.entries(derivatives);
  for (let i = 0; i < count; i++) {
    const [name, derive] = all[(seed * count + i) % all.length]!;
    const [have, want] = [derive(f, x, direction).data(), derive(safe, y, direction).data()];
    for (let k = 0; k < want.length; k++) {
      if (Math.abs(have[k]! - want[k]!) <= bound * (1 + Math.abs(want[k]!))) continue;
      return `${name} of seed ${seed}: element ${k} is ${have[k]}, not ${want[k]}`;
    }
  }
  return undefined;
}

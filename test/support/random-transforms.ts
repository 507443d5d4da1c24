// The transforms that random programs are put through, alone and one upon another.
import type { Tensor } from "downhill";
import * as d from "downhill";
import { jit, jvp, linearize, vjp, vmap } from "downhill";

export type Function = (...xs: Tensor[]) => Tensor[];

export interface Transformed {
  readonly g: Function;
  readonly point: readonly Tensor[];
}

/** A transform of a function of a recipe; `given` has a point, a direction, and cotangents. */
export type Transform = (f: Function, given: Given) => Transformed;

export interface Given {
  readonly point: readonly Tensor[];
  readonly tangents: readonly Tensor[];
  readonly cotangents: readonly Tensor[];
  /** Three points, stacked. */
  readonly batch: readonly Tensor[];
}

export const push =
  (f: Function, { tangents }: Given): Function =>
  (...xs) =>
    jvp(f, xs, tangents)[1];
export const pull =
  (f: Function, { cotangents }: Given): Function =>
  (...xs) =>
    vjp(f, ...xs)[1](cotangents);
export const batched =
  (f: Function): Function =>
  (...xs) =>
    vmap((...items: Tensor[]) => f(...items))(...xs);
export const jitted = (f: Function): Function => jit((...xs: Tensor[]) => f(...xs));
const ofBatch = (given: Given): Given => ({
  ...given,
  point: given.batch,
  tangents: given.tangents.map((x) => d.stack([x, x.mul(0.5), x.mul(-1.5)])),
  cotangents: given.cotangents.map((x) => d.stack([x, x.mul(-0.5), x.mul(2)])),
});

export const transforms: Readonly<Record<string, Transform>> = {
  "as it is": (f, { point }) => ({ g: f, point }),
  jvp: (f, given) => ({ g: push(f, given), point: given.point }),
  vjp: (f, given) => ({ g: pull(f, given), point: given.point }),
  vmap: (f, { batch }) => ({ g: batched(f), point: batch }),
  "jvp of vjp": (f, given) => ({ g: push(pull(f, given), given), point: given.point }),
  "vjp of jvp": (f, given) => ({ g: pull(push(f, given), given), point: given.point }),
  "vjp of vjp": (f, given) => ({ g: pull(pull(f, given), given), point: given.point }),
  "jvp of jvp": (f, given) => ({ g: push(push(f, given), given), point: given.point }),
  "vmap of vjp": (f, given) => ({ g: batched(pull(f, given)), point: given.batch }),
  "vmap of jvp": (f, given) => ({ g: batched(push(f, given)), point: given.batch }),
  "vjp of vmap": (f, given) => ({ g: pull(batched(f), ofBatch(given)), point: given.batch }),
  "jvp of vmap": (f, given) => ({ g: push(batched(f), ofBatch(given)), point: given.batch }),
  linearize: (f, { point, tangents }) => ({
    g: (...xs) => linearize(f, ...xs)[1](...tangents),
    point,
  }),
  "vjp of jit": (f, given) => ({ g: pull(jitted(f), given), point: given.point }),
  "vmap of jit of vjp": (f, given) => ({ g: batched(jitted(pull(f, given))), point: given.batch }),
  "vjp of checkpoint": (f, given) => ({
    g: pull((...xs) => d.checkpoint((...ys: Tensor[]) => f(...ys))(...xs), given),
    point: given.point,
  }),
};

/** True for a derivative of a derivative or of a batch, or a batch of derivatives. Those programs are longer. */
export const isTwice = (name: string): boolean => / of [vj]/.test(name);

/** To draw from: first ones twice as often as those of second order. */
export const transformNames: readonly string[] = Object.keys(transforms).flatMap((name) =>
  isTwice(name) ? [name] : [name, name],
);

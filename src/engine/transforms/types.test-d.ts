// The types that users meet, checked by the compiler alone: this file is never run.
import { less, logicalAnd, matmul, sin, tensor, where } from "../../numeric/array/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { type KeyWords, split } from "../../numeric/random/index.ts";
import { jit } from "../runtime/jit.ts";
import { checkpoint } from "./checkpoint.ts";
import { cond } from "./cond.ts";
import { customJvp } from "./custom.ts";
import { grad, valueAndGrad } from "./grad.ts";
import { hessian, hvp, jacfwd, type Jacobian, jacrev } from "./jacobian.ts";
import { jvp, linearize, linearTranspose, vjp } from "./linearize.ts";
import { scan } from "./scan.ts";
import { vmap } from "./vmap.ts";
import { foriLoop, whileLoop } from "./while-loop.ts";

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
same<[Tensor, Tensor]>()(grad((p: [Tensor, Tensor]) => p[0].mul(p[1]))([tensor(1), 2]), true);

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

declare const layer: Layer;

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
// What a compiled function takes may be numbers: derivatives in it are tensors.
const compiled = jit((p: Layer, x: Tensor) => x.mul(p.w).add(p.b));
const inLayer: Layer = grad(compiled)({ w: 1, b: 2 }, 3);
const inBoth: readonly [Layer, Tensor] = valueAndGrad(checkpoint(compiled), { argnums: [0, 1] })(
  { w: 1, b: 2 },
  3,
)[1];
const inTurn: Layer = jit(grad(jit((p: Layer) => p.w)))(hvp(jit((p: Layer) => p.w), layer, { w: 1, b: 0 })); // prettier-ignore
const back: readonly [Layer, Tensor] = vjp(compiled, { w: 1, b: 2 }, 3)[1](1);
void [inLayer, inBoth, inTurn, back];
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

// What a step gives may be written `as const`, though the carry is declared with lists that change.
declare const pair2: [Tensor, Tensor];
same<[Tensor, Tensor]>()(
  scan((c: [Tensor, Tensor], x: Tensor) => [[c[1], x], c[0]] as const, pair2, [1, 2])[0],
  true,
);
same<{ w: Tensor; b: Tensor[] }>()(
  scan((c: { w: Tensor; b: Tensor[] }, x: Tensor) => [{ w: x, b: [c.w, x] }, null] as const, { w: 0, b: pair2 }, [1, 2])[0], // prettier-ignore
  true,
);
same<[Tensor, Tensor]>()(
  foriLoop(0, 3, (i, c: [Tensor, Tensor]) => [c[1], i] as const, pair2),
  true,
);
same<[Tensor, Tensor]>()(
  whileLoop(
    (c: [Tensor, Tensor]) => less(c[0], 3),
    (c) => [c[1], c[0]] as const,
    pair2,
  ),
  true,
);
// @ts-expect-error a member is missing
scan((c: [Tensor, Tensor], x: Tensor) => [[c[1]], x] as const, pair2, [1, 2]);

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

// A plain boolean is a boolean, not a tensor, except in what loops and branches carry.
const norm = (p: Layer, x: Tensor, training: boolean): Tensor => (training ? x.mul(p.w) : x.sub(p.b)).sum();
same<Tensor>()(jit(norm)({ w: 1, b: 2 }, [1, 2], false), true);
same<Layer>()(grad(norm)({ w: 1, b: 2 }, [1, 2], true), true);
same<boolean>()(jit((x: Tensor, flag: boolean) => ({ x, flag: !flag }))(1, true).flag, true);
same<Tensor>()(vmap((x: Tensor, flag?: boolean) => (flag === true ? x : x.neg()))([1, 2]), true);
const named = customJvp(
  (x: Tensor, flag: boolean) => (flag ? x : x.neg()),
  ([x, flag], [dx]) => [flag ? x : x.neg(), dx],
);
same<Tensor>()(named(1, true), true);
interface Search {
  readonly i: Tensor;
  readonly done: Tensor;
}
same<Search>()(
  whileLoop(
    ({ done }: Search) => done,
    (c) => c,
    { i: 0, done: false },
  ),
  true,
);
same<Tensor>()(
  foriLoop(0, 3, (_, c) => c, false),
  true,
);
same<[carry: Search, ys: null]>()(
  scan((c: Search) => [c, null] as const, { i: 0, done: false }, null, { length: 2 }),
  true,
);
same<Tensor>()(
  cond(
    true,
    (x: Tensor, flag: Tensor) => where(flag, x, 0),
    (x: Tensor) => x,
    2,
    true,
  ),
  true,
);
where(true, logicalAnd(true, [false]), tensor(false));
// @ts-expect-error a parameter that is a Tensor takes no plain boolean
jit((x, flag) => where(flag, x, 0))(1, true);
// @ts-expect-error nor does one inside a structure
grad((p: Layer) => p.w.mul(p.b))({ w: 1, b: true });
// @ts-expect-error nor does arithmetic
sin(true);
// @ts-expect-error what a loop carries is no plain boolean inside
whileLoop(({ done }: { readonly done: boolean }) => done, (c) => c, { done: false }); // prettier-ignore

// Inside a transformed function there are no plain numbers, and the compiler says what to write instead.
type Says<P, Text extends string> = [P] extends [`${string}${Text}${string}`] ? true : false;
const counted = (o: { readonly x: Tensor; readonly n: number }): Tensor => (o.n === 3 ? o.x : o.x.neg());
const gradCounted = grad(counted);
type OfN = Parameters<typeof gradCounted>[0]["n"];
const says: [Says<OfN, "declare it Tensor">, Says<OfN, "staticArgnums">] = [true, true];
void says;
// @ts-expect-error n would be a Tensor
gradCounted({ x: 1, n: 3 });
// @ts-expect-error
jit(counted)({ x: 1, n: 3 });
// @ts-expect-error
vjp(counted, { x: 1, n: 3 });
// @ts-expect-error
grad((x: Tensor, n: number) => x.mul(n))(1, 3);
// @ts-expect-error
grad((o: { readonly x: Tensor; readonly sizes: readonly number[] }) => o.x)({ x: 1, sizes: [1, 2] });
// @ts-expect-error
scan((c: { n: number }, x: Tensor) => [c, x] as const, { n: 0 }, [1, 2]);
grad((o: { readonly x: Tensor; readonly n?: Tensor | number }) => o.x)({ x: 1, n: 3 });
same<Tensor>()(jit((x: Tensor, n: number) => x.mul(n), { staticArgnums: 1 })([1, 2], 3), true);
jit((n: number, x: Tensor, o: { readonly n: number }) => x.mul(n + o.n), { staticArgnums: [0, 2] })(1, 2, {
  n: 3,
});
// @ts-expect-error only the second one is static
jit((x: number, n: number) => tensor(x + n), { staticArgnums: 1 })(1, 2);

// A list of numbers alone is one vector, so that it does not stand for a list of tensors.
const both2 = (p: readonly [Tensor, Tensor]): Tensor => p[0].mul(p[1]);
grad(both2)([tensor(2), 3]);
grad(both2)([2, new Float64Array([1])]);
grad((ws: Tensor[]) => ws[0]!)([1, tensor(2)]);
grad((ws: Tensor[]) => ws[0]!)([]);
grad((p: [Tensor, Layer]) => p[0])([1, { w: 1, b: 2 }]);
grad((p: [Tensor, string]) => p[0])([1, "relu"]);
// @ts-expect-error
grad(both2)([2, 3]);
// @ts-expect-error
grad((ws: Tensor[]) => ws[0]!)([1, 2]);
// @ts-expect-error
grad((p: { readonly ws: readonly Tensor[] }) => p.ws[0]!)({ ws: [[1], [2]] });
// @ts-expect-error
scan((c: readonly [Tensor, Tensor], x: Tensor) => [c, x] as const, [0, 1], [1, 2]);
// @ts-expect-error
jvp(both2, [[2, 3]], [[tensor(1), 0]]);

// `argnums` says what the derivative is taken in.
const layerAt = (x: Tensor, p: Layer, ...rest: Tensor[]): Tensor => x.mul(p.w).add(rest[0]!);
same<Layer>()(jacfwd(layerAt, { argnums: 1 })(1, { w: 1, b: 2 }, 3), true);
same<Layer>()(jacrev(layerAt, { argnums: 1 })(1, { w: 1, b: 2 }, 3, 4), true);
same<Jacobian<Layer, Layer>>()(hessian(layerAt, { argnums: 1 })(1, { w: 1, b: 2 }, 3), true);
same<{ readonly out: Tensor }>()(jacfwd(model, { argnums: 1 })({ w: 1, b: 2 }, 3), true);
same<readonly [Tensor, Layer]>()(jacrev(layerAt, { argnums: [0, 1] })(1, { w: 1, b: 2 }, 3), true);
same<{ readonly out: readonly [Tensor, Layer] }>()(
  jacfwd(model, { argnums: [1, 0] })({ w: 1, b: 2 }, 3),
  true,
);
const [[inXX]] = hessian((x: Tensor, y: Tensor) => x.mul(y), { argnums: [0, 1] })(1, 2);
same<Tensor>()(inXX, true);
same<Layer>()(jacrev((p: Layer, flag: boolean) => (flag ? p.w : p.b))({ w: 1, b: 2 }, true), true);
const aux2 = (x: Tensor, p: Layer): [Tensor, string] => [x.mul(p.w), "aux"];
same<[grads: Layer, aux: string]>()(grad(aux2, { argnums: 1, hasAux: true })(1, { w: 1, b: 2 }), true);
same<[value: readonly [Tensor, string], grads: readonly [Layer, Tensor]]>()(
  valueAndGrad(aux2, { argnums: [1, 0], hasAux: true })(1, { w: 1, b: 2 }),
  true,
);
same<readonly [Batch, Params]>()(grad(loss, { argnums: [1, 0] })(params, batch), true);

// Helpers that know nothing of the parameters need no cast.
function descend<P, R extends unknown[]>(f: (p: P, ...rest: R) => Tensor, p: P, ...rest: R): P {
  jit(f)(p, ...rest);
  jvp(f, [p, ...rest], [p, ...rest]);
  hvp((q: P) => f(q, ...rest), p, p);
  return grad(f)(p, ...rest);
}
function pairwise<P>(f: (p: readonly [P, P], o: { readonly p: P; readonly x: Tensor }) => Tensor, p: P): P {
  return valueAndGrad(f)([p, p], { p, x: 1 })[1][0];
}
function walk<P>(step: (p: P) => P, p: P): P {
  return scan((c: P) => [step(c), null] as const, p, null, { length: 3 })[0];
}
void [descend, pairwise, walk];

// Axes of a batch are trees.
vmap(model, { inAxes: [{ w: null, b: 0 }, 0], outAxes: { out: 1 } })({ w: 1, b: [2] }, [3]);
// @ts-expect-error an axis is a number
vmap(model, { inAxes: [{ w: "0", b: 0 }, 0] });
// @ts-expect-error a result cannot be the same for every item
vmap(model, { outAxes: null });

// Keys come in the number that was asked for.
declare const key: KeyWords;
same<[KeyWords, KeyWords, KeyWords]>()(split(key, 3), true);
same<[Tensor, Tensor]>()(split(tensor(key)), true);
same<KeyWords[]>()(split(key, params.layers.length), true);

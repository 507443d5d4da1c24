// The types of functions of plain numbers, checked by the compiler alone: this file is never run.
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { jit } from "../../../engine/runtime/jit.ts";
import { checkpoint } from "../../../engine/transforms/checkpoint.ts";
import { grad, valueAndGrad } from "../../../engine/transforms/grad.ts";
import { hessian, hvp, jacfwd, jacrev } from "../../../engine/transforms/jacobian.ts";
import { jvp, linearize, vjp } from "../../../engine/transforms/linearize.ts";
import { vmap } from "../../../engine/transforms/vmap.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only where both types are the same. */
function same<A>() {
  return <B>(_: B, __: Equal<A, B>): void => undefined;
}

interface Model {
  readonly w: number[];
  b: number;
  z?: Float32Array;
}
declare const model: Model;
declare const loss: (p: Model, xs: Float64Array, flag: boolean) => number;
declare const xs: Float64Array;
declare const square: (x: number) => number;

// Gradients have the type of what they are taken in.
same<{ readonly w: number[]; b: number; z?: Float32Array }>()(grad(loss)(model, xs, true), true);
same<Float64Array>()(grad(loss, { argnums: 1 })(model, xs, true), true);
same<[Model, Float64Array]>()(grad(loss, { argnums: [0, 1] })(model, xs, true), true);
same<[value: number, grads: Model]>()(valueAndGrad(loss)(model, xs, true), true);
same<number>()(grad(square)(3), true);
same<number>()(grad(grad(square))(3), true);
same<number[]>()(grad((x: number[]) => x[0]! * x[1]!)([1, 2]), true);
same<readonly [number, number]>()(grad((p: readonly [number, number]) => p[0] * p[1])([1, 2]), true);
same<{ x: number; y: number }[]>()(
  grad((ps: { x: number; y: number }[]) => ps[0]!.x)([{ x: 1, y: 2 }]),
  true,
);
same<[grads: number, aux: number[]]>()(
  grad((x: number): [number, number[]] => [x * x, [x]], { hasAux: true })(2),
  true,
);

// The other transforms.
const pairOf = (x: number, ys: Float64Array): { s: number; t: number[] } => ({ s: x, t: [ys[0]!] });
same<{ s: number; t: number[] }>()(jvp(pairOf, [1, xs], [1, xs])[1], true);
same<[x: number, ys: Float64Array]>()(vjp(pairOf, 1, xs)[1]({ s: 1, t: [1] }), true);
same<{ s: number; t: number[] }>()(linearize(pairOf, 1, xs)[1](1, xs), true);
same<{ s: number; t: number[] }>()(jit(pairOf)(1, xs), true);
same<Model>()(grad(checkpoint(loss))(model, xs, true), true);
same<{ s: number[]; t: number[][] }>()(vmap(pairOf, { inAxes: [0, null] })([1, 2], xs), true);
same<number[]>()(vmap(square)([1, 2]), true);
same<number[]>()(vmap(grad(square))(xs), true);
same<number[][]>()(vmap(vmap(square))([[1, 2]]), true);
same<Model>()(
  hvp((p: Model) => p.b, model, model),
  true,
);
same<number[][]>()(hessian((x: number[]) => x[0]!)([1, 2]), true);
same<Float64Array[]>()(hessian((x: Float64Array) => x[0]!)(xs), true);

// A Jacobian has the shape of the result, then that of the argument.
same<number[][]>()(jacfwd((x: number[]) => [x[0]!])([1, 2]), true);
same<{ s: number; t: number[] }>()(jacrev(pairOf)(1, xs), true);
same<{ s: Float64Array; t: Float64Array[] }>()(jacrev(pairOf, { argnums: 1 })(1, xs), true);
same<{ s: readonly [number, Float64Array]; t: readonly [number[], Float64Array[]] }>()(
  jacrev(pairOf, { argnums: [0, 1] })(1, xs),
  true,
);
same<{ w: number[][]; b: number[] }>()(
  jacfwd((p: { w: number[]; b: number }) => [p.b, p.w[0]!])({ w: [1], b: 2 }),
  true,
);

// Optional parameters and fields stay optional.
declare const fitted: (x: number, k?: number, o?: { rate?: number; steps: number }) => number;
declare const point: { a?: number; w: number[] };
declare const ofPoint: (p?: { a?: number; w: number[] }) => number;
type Fitted = Parameters<typeof fitted>;
const gradOfFitted = grad(fitted);
const both: Equal<Parameters<typeof gradOfFitted>, Fitted> = true;
void both;
same<number>()(gradOfFitted(1), true);
same<[value: number, grads: number]>()(valueAndGrad(fitted)(1, 2), true);
same<number>()(grad(fitted, { argnums: 1 })(1, 2), true);
same<[number, number]>()(grad(fitted, { argnums: [0, 1] })(1, 2), true);
same<{ a?: number; w: number[] }>()(grad(ofPoint)(point), true);
same<{ a?: number; w: number[] }>()(jacrev(ofPoint)(point), true);
same<number>()(jit(fitted)(1), true);
same<number[]>()(vmap(fitted)([1, 2]), true);
same<number[]>()(vmap(fitted, { inAxes: [0, 0, null] })([1, 2], [3, 4], { steps: 2 }), true);
const cotangents: Fitted = vjp(fitted, 1)[1](1);
same<number | undefined>()(cotangents[1], true);
same<number>()(jvp(fitted, [1], [1])[1], true);
// @ts-expect-error the first one is required
grad(fitted)();
// @ts-expect-error and so is this field of an optional argument
grad(fitted)(1, 2, { rate: 1 });

// Functions over tensors stay what they were, and arguments without a type are tensors.
same<Tensor>()(grad((x, y) => x.mul(y))(1, 2), true);
same<Tensor>()(jit((x) => x.mul(2))(1), true);
same<Tensor>()(vmap((x) => x.mul(2))([1]), true);

// Wrong uses do not compile.
// @ts-expect-error a tensor is no plain number, and item() cuts the derivative off
grad((x: Tensor) => x.item());
// @ts-expect-error nor is one within a record
grad((p: { readonly x: Tensor; readonly n: number }) => p.n);
// @ts-expect-error strings have no derivative
grad((x: number) => String(x));
// @ts-expect-error and any string is no argument, only one of several literals is
grad((x: number, name: string) => x * name.length);
// @ts-expect-error operators do not work on tensors
grad((x) => x * x)(2);
// @ts-expect-error the structure lacks b
grad(loss)({ w: [1] }, xs, true);
// @ts-expect-error any is not plain
grad((x: any) => x * x)(2); // oxlint-disable-line typescript/no-explicit-any

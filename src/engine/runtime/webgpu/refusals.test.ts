// Programs that a GPU must refuse. Each error has a code, and names the operation or the input, and the repair.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  arange,
  broadcastTo,
  checkpoint,
  cond,
  DownhillError,
  full,
  grad,
  hessian,
  jit,
  jvp,
  less,
  linspace,
  matmul,
  nonzero,
  ones,
  scan,
  stack,
  take,
  tensor,
  unique,
  valueAndGrad,
  vjp,
  vmap,
  where,
  whileLoop,
  zeros,
} from "downhill";
import { dataset } from "downhill/data";
import { fft } from "downhill/fft";
import { writeNpy } from "downhill/io";
import { inv } from "downhill/linalg";
import { compile } from "downhill/plain";
import { meanSquaredError } from "downhill/nn";
import { minimize, sgd } from "downhill/optim";
import { key, normal } from "downhill/random";
import { checkGrads } from "downhill/testing";
import { fit } from "downhill/train";
import type { WebGpu } from "downhill/webgpu";
import { openWebGpu } from "downhill/webgpu";
import { gpuOfNode, gpuThatCanBeLost, testOnGpu } from "../../../../test/support/webgpu.ts";
import type { ErrorCode } from "../../errors/index.ts";
import { engine } from "../engine.ts";

const f32 = { dtype: "float32" } as const;
const x = tensor([1, 2, 3], f32);
const square = (a: Tensor): Tensor => a.mul(a);

let gpu: WebGpu;
/** A GPU with little memory, a closed one, and one that was lost. */
let small: WebGpu;
let closed: WebGpu;
let lost: WebGpu;
/** An array and a scalar in the memory of `gpu`, and arrays of the closed and the lost one. */
let y: Tensor;
let total: Tensor;
let ofClosed: Tensor;
let ofLost: Tensor;

beforeAll(async () => {
  if (gpuOfNode === undefined) return;
  gpu = await openWebGpu({ gpu: gpuOfNode });
  small = await openWebGpu({ gpu: gpuOfNode, memoryBudget: 2 ** 16 });
  closed = await openWebGpu({ gpu: gpuOfNode });
  const losable = gpuThatCanBeLost([0]);
  lost = await openWebGpu({ gpu: losable.gpu });
  y = jit(square, { device: gpu })(x);
  total = jit((a: Tensor) => a.sum(), { device: gpu })(x);
  ofClosed = jit(square, { device: closed })(x);
  closed.close();
  ofLost = jit(square, { device: lost })(x);
  losable.start();
  await ofLost.read().catch(() => {}); // this submission loses the device
});
afterAll(() => {
  for (const device of [gpu, small, lost]) device?.close();
  engine.copies = undefined; // other test files in this process use one device
});

const on = <A extends Tensor[], T>(f: (...args: A) => T, device = gpu): ((...args: A) => T) =>
  jit(f, { device });
const fitOf = (w: Tensor, device?: WebGpu, batch = x): unknown =>
  fit({
    params: { w },
    loss: (p: { w: Tensor }, batch: Tensor) => meanSquaredError(p.w, batch),
    data: [batch],
    optimizer: sgd({ learningRate: 0.1 }),
    epochs: 1,
    ...(device === undefined ? {} : { device }),
  });

interface Refusal {
  readonly run: () => unknown;
  readonly code: ErrorCode;
  /** Beginning of the message: the operation. */
  readonly begins: string;
  /** The input, and the repair. */
  readonly names: readonly (string | RegExp)[];
}

const refusal = (
  run: () => unknown,
  code: ErrorCode,
  begins: string,
  ...names: (string | RegExp)[]
): Refusal => ({
  run,
  code,
  begins,
  names,
});

const toFloat32 = '{ dtype: "float32" }';
const toHost = "pass tensor(await x.read())";
const reading = "Write await x.read().";
const opening = "Open another with openWebGpu().";

/** An operation on the processor that meets the array. */
const eager = (operation: string, run: () => unknown): Refusal =>
  refusal(
    run,
    "device",
    `${operation}: an operand (`,
    / elements? of \w+\) is in the memory of the GPU/,
    "jit(f, { device })",
    toHost,
  );

const ofTypes: Readonly<Record<string, Refusal>> = {
  "an array of float64": refusal(() => on(square)(tensor([1, 2])), "dtype", "square: ", "float64", "argument 0 (f64[2])", toFloat32), // prettier-ignore
  "a list of numbers": refusal(() => on(square)([1, 2] as never), "dtype", "square: ", "argument 0 (f64[2])", toFloat32), // prettier-ignore
  "a Float64Array": refusal(() => on(square)(new Float64Array(3) as never), "dtype", "square: ", "argument 0", toFloat32), // prettier-ignore
  "an array of float64 in an object": refusal(
    () => jit((_: number, p: { w: Tensor[] }) => square(p.w[1]!), { device: gpu, staticArgnums: 0 })(3 as never, { w: [x, tensor([1, 2])] }), // prettier-ignore
    "dtype",
    "f: ",
    "argument 1.w[1] (f64[2])",
    toFloat32, // prettier-ignore
  ),
  "a captured array of float64": refusal(() => on((a: Tensor) => a.mul(tensor([1, 2, 3])))(x), "dtype", "f: ", "a tensor from outside of the function (f64[3])", toFloat32), // prettier-ignore
  "one of two operands of float64": refusal(() => on((a: Tensor, b: Tensor) => a.add(b))(x, tensor([1, 2, 3])), "dtype", "f: ", "argument 1", toFloat32), // prettier-ignore
  "a conversion to float64": refusal(() => on((a: Tensor) => a.astype("float64").sum())(x), "dtype", "f: ", "the result of astype (f64[3])", toFloat32), // prettier-ignore
  "zeros of float64": refusal(() => on((a: Tensor) => zeros([3]).add(a))(x), "dtype", "f: ", "the result of full (f64[3])", toFloat32), // prettier-ignore
  "a linspace of float64": refusal(() => on((a: Tensor) => linspace(0, 1, 3).mul(a))(x), "dtype", "f: ", "(f64[3])", toFloat32), // prettier-ignore
  "random numbers of float64": refusal(() => on((a: Tensor) => normal(key(1), [3]).mul(a))(x), "dtype", "f: ", "randomNormal", toFloat32), // prettier-ignore
  "a gradient with respect to float64": refusal(() => on(grad((a: Tensor) => square(a).sum()))(tensor([1, 2])), "dtype", "", "argument 0 (f64[2])", toFloat32), // prettier-ignore
  int64: refusal(() => on((a: Tensor) => a.astype("int64" as never))(x), "dtype", "astype: ", "int64", "Use float64, float32, int32, uint32 or bool"), // prettier-ignore
  "a bigint": refusal(() => on(square)(10n as never), "tree", "jit", "bigint", "Pass numbers"),
  "a BigInt64Array": refusal(() => on(square)(new BigInt64Array(2) as never), "tree", "jit", "BigInt64Array", "Pass numbers"), // prettier-ignore
  "training with parameters of float64": refusal(() => fitOf(tensor([1, 2, 3]), gpu), "dtype", "fit: ", "params.w", toFloat32), // prettier-ignore
};

const ofEager: Readonly<Record<string, Refusal>> = {
  addition: eager("add", () => y.add(1)),
  "a sum": eager("sum", () => y.sum()),
  "a product of matrices": eager("matmul, dot or einsum", () => matmul(y, y)),
  "a conversion": eager("astype", () => y.astype("float64")),
  "a stack": eager("concatenateMany", () => stack([y, y])),
  "an element": eager("take", () => y.at(0)),
  "an index": eager("take", () => take(x, on((a: Tensor) => a.astype("int32"))(x))),
  "where": eager("where", () => where(less(x, 2), y, 0)), // prettier-ignore
  "a branch": eager("cond", () => cond(on((a: Tensor) => less(a.sum(), 2))(x), square, square, x)),
  "a scan": eager("scan", () => scan((c: Tensor, a: Tensor) => [c.add(a), c] as [Tensor, Tensor], tensor(0, f32), y)), // prettier-ignore
  "a loop": eager("whileLoop", () => whileLoop((s: Tensor) => less(s.sum(), 100), square, y)),
  "a Fourier transform": eager("fourier", () => fft(y)),
  "an inverse": eager("inv", () => inv(on((a: Tensor) => broadcastTo(a, [3, 3]))(x))),
  "a function for the processor": eager("square", () => jit(square)(y)),
  "a captured tensor of a function for the processor": eager("f", () => jit((a: Tensor) => a.mul(y))(x)),
  grad: eager("mul", () => grad((a: Tensor) => square(a).sum())(y)),
  valueAndGrad: eager("mul", () => valueAndGrad((a: Tensor) => square(a).sum())(y)),
  "grad of a captured tensor": eager("mul", () => grad((a: Tensor) => a.mul(y).sum())(x)),
  jvp: eager("mul", () => jvp(square, [y], [x])),
  vjp: eager("mul", () => vjp(square, y)),
  vmap: eager("mul", () => vmap(square)(y)),
  hessian: eager("mul", () => hessian((a: Tensor) => square(a).sum())(y)),
  "a checkpoint": eager("checkpoint", () => checkpoint(square)(y)),
  "a check of derivatives": eager("mul", () => checkGrads((a: Tensor) => square(a).sum(), [y])),
  "an optimiser": eager("mul", () => { const { update, init } = sgd({ learningRate: 1 }); return update({ y }, init({ y }), { y }); }), // prettier-ignore
};

const ofReads: Readonly<Record<string, Refusal>> = {
  item: refusal(() => total.item(), "device", "item: this f32[] is on the GPU", reading),
  data: refusal(() => y.data(), "device", "data: this f32[3] is on the GPU", reading),
  tolist: refusal(() => y.tolist(), "device", "tolist: this f32[3] is on the GPU", reading),
  JSON: refusal(() => JSON.stringify(y), "device", "tolist: this f32[3] is on the GPU", reading),
  "a data set": refusal(() => dataset({ x: y }), "device", "dataset: x: this f32[3]", reading),
  "a file": refusal(() => writeNpy(y), "device", "writeNpy: this f32[3]", reading),
  "a minimiser": refusal(() => minimize((a: Tensor) => square(a).sum(), y), "device", "", "f32[3]", reading),
  "a size": refusal(() => zeros([total as never]), "shape", "zeros: f32[] in shape", "plain numbers"),
};

/** Plain functions, which compute with float64 numbers and may throw. */
const plain = async (name: "cube" | "first" | "half"): Promise<(a: Tensor) => Tensor> =>
  (await functions)[name];
const functions = compile<Record<"cube" | "first" | "half", (a: Tensor) => Tensor>>(`
  export function cube(a: number[]) { "use ad"; return a[0] ** 3; }
  export function first(a: number[], i = 7) { "use ad"; return a[i]; }
  export function half(x: number) { "use ad"; if (x > 1) throw new Error("large"); return x / 2; }
`);
const ofPlain: Readonly<Record<string, Refusal>> = {
  "a plain function of an array": refusal(() => plain("cube").then((g) => on((a: Tensor) => g(a))(x)), "dtype", "f: ", "the result of astype (f64[3])", "A plain function computes in float64", "write it as a function of tensors"), // prettier-ignore
  "a plain function of a float64 array": refusal(() => plain("first").then((g) => on((a: Tensor) => g(a))(tensor([1, 2]))), "dtype", "f: ", "argument 0 (f64[2])", "A plain function"), // prettier-ignore
  "a plain function that may throw": refusal(() => plain("half").then((g) => on((a: Tensor) => g(a.sum()))(x)), "device", "f: a plain function in it may fail", "Run it on the processor."), // prettier-ignore
};

const ofTraces: Readonly<Record<string, Refusal>> = {
  "item of a traced value": refusal(() => on((a: Tensor) => a.mul(a.sum().item()))(x), "trace", "item: ", "where("), // prettier-ignore
  "an if on a value": refusal(() => on((a: Tensor) => ((a.sum() as never as number) > 0 ? a : a.neg()))(x), "trace", "A tensor cannot be used with JavaScript's operators", "where("), // prettier-ignore
  nonzero: refusal(() => on((a: Tensor) => nonzero(a))(x), "trace", "nonzero: the length of the result depends on values", "{ size: 10 }"), // prettier-ignore
  unique: refusal(() => on((a: Tensor) => unique(a))(x), "trace", "unique: the length of the result depends on values", "{ size: 10 }"), // prettier-ignore
  "a size that depends on values": refusal(() => on((a: Tensor) => arange(0, a.sum() as never, 1, f32))(x), "range", "arange: ", "staticArgnums"), // prettier-ignore
  "an async function": refusal(() => on(async (a: Tensor) => a.mul(2))(x), "trace", "jit: the function is async", "await the data first"), // prettier-ignore
  "a function for the GPU inside grad": refusal(() => grad((a: Tensor) => on(square)(a).sum())(x), "device", "jit(square): a function jitted for the GPU", "jit(grad(f), { device })"), // prettier-ignore
  "a function for the GPU inside vmap": refusal(() => vmap(on(square))(x), "device", "jit(square): ", "Put jit outermost"), // prettier-ignore
  "a function for the GPU inside jit": refusal(() => jit((a: Tensor) => on(square)(a))(x), "device", "jit(square): ", "Put jit outermost"), // prettier-ignore
};

const ofDevices: Readonly<Record<string, Refusal>> = {
  "a tensor of another GPU": refusal(() => on(square, small)(y), "device", "square: an operand (3 elements of f32) is in the memory of another device, the GPU", "Compute on one device", toHost), // prettier-ignore
  "a captured tensor of another GPU": refusal(() => on((a: Tensor) => a.mul(y), small)(x), "device", "f: an operand (3 elements of f32) is in the memory of another device", toHost), // prettier-ignore
  "a call of a closed GPU": refusal(() => on(square, closed)(x), "device", "square: the GPU was closed.", opening), // prettier-ignore
  "warming for a closed GPU": refusal(() => jit((a: Tensor) => a.mul(77), { device: closed }).warm(x), "device", "warm(f): the GPU was closed.", opening), // prettier-ignore
  "a read from a closed GPU": refusal(() => ofClosed.read(), "device", "read: the GPU was closed.", opening),
  "a tensor of a closed GPU": refusal(() => on(square)(ofClosed), "device", "square: an operand (3 elements of f32) is lost: the GPU was closed.", opening), // prettier-ignore
  "a call of a lost GPU": refusal(() => on(square, lost)(x), "device", "square: the GPU was lost (destroyed", opening), // prettier-ignore
  "warming for a lost GPU": refusal(() => jit((a: Tensor) => a.mul(77), { device: lost }).warm(x), "device", "warm(f): the GPU was lost", opening), // prettier-ignore
  "a read from a lost GPU": refusal(() => ofLost.read(), "device", "read: the GPU was lost", opening),
  "a tensor of a lost GPU": refusal(() => on(square)(ofLost), "device", "square: an operand (3 elements of f32) is lost: the GPU was lost", opening), // prettier-ignore
  "training with parameters on another GPU": refusal(() => fitOf(y, small), "device", "fit: params.w is f32[3] in the memory of another device, the GPU", toHost), // prettier-ignore
  "training with a batch on another GPU": refusal(() => fitOf(x, small, y), "device", "fit: batch is f32[3] in the memory of another device, the GPU", toHost), // prettier-ignore
  "training on a closed GPU": refusal(() => fitOf(x, closed), "device", "", "the GPU was closed", opening),
  "a promise of a GPU": refusal(() => jit(square, { device: Promise.resolve(gpu) as never }), "option", "jit: device must be a device", "await it first"), // prettier-ignore
  "the name of a device": refusal(() => jit(square, { device: "gpu" as never }), "option", "jit: device must be a device", "await openWebGpu()"), // prettier-ignore
  "an entry point that is none": refusal(() => openWebGpu({ gpu: {} as never }), "option", "openWebGpu: gpu must be a WebGPU entry point", "navigator.gpu"), // prettier-ignore
};

const ofMemory: Readonly<Record<string, Refusal>> = {
  "an argument beyond the budget": refusal(() => on(square, small)(zeros([20_000], f32)), "oom", "square: 80000 bytes do not fit", /donate.*using.*await x\.read\(\).*memoryBudget/), // prettier-ignore
  "a captured tensor beyond the budget": refusal(() => on((a: Tensor) => full([20_000], 1, f32).add(broadcastTo(a.sum(), [20_000])), small)(x), "oom", "f: 80000 bytes", /donate.*using.*await x\.read\(\)/), // prettier-ignore
  "intermediate values beyond the budget": refusal(() => on((a: Tensor) => matmul(a, a.transpose()).exp().sum(0).sum(), small)(ones([150, 3], f32)), "oom", "f: ", /do not fit.*donate.*using.*await x\.read\(\)/), // prettier-ignore
  "a result of 3 GiB": refusal(() => on((a: Tensor) => broadcastTo(a.reshape([3, 1]), [3, 2 ** 28]).add(1))(x), "oom", "f: 3221225472 bytes", /donate.*using.*await x\.read\(\)/), // prettier-ignore
  "a budget of one byte": refusal(() => openWebGpu({ memoryBudget: 1 }), "range", "openWebGpu: memoryBudget", "at least 65536"), // prettier-ignore
  "a donated tensor that is also another argument": refusal(() => { const z = on(square)(x); return jit((a: Tensor, b: Tensor) => a.add(b), { device: gpu, donate: [0, 1] })(z, z); }, "donated", "jit: leaf 0", "Pass a copy"), // prettier-ignore
  "a tensor that was donated": refusal(() => { const z = on(square)(x); jit(square, { device: gpu, donate: 0 })(z); return on(square)(z); }, "donated", "square: an argument was donated", "leave donate out"), // prettier-ignore
  "a read of a tensor that was donated": refusal(() => { const z = on(square)(x); jit(square, { device: gpu, donate: 0 })(z); return z.read(); }, "donated", "read: this f32[3] was donated", "leave donate out"), // prettier-ignore
  "a tensor that was released": refusal(() => { const z = on(square)(x); z[Symbol.dispose](); return on(square)(z); }, "donated", "square: ", "using"), // prettier-ignore
};

const all = Object.entries({
  dtypes: ofTypes,
  "operations on the processor": ofEager,
  reads: ofReads,
  "plain functions": ofPlain,
  tracing: ofTraces,
  devices: ofDevices,
  memory: ofMemory,
}).flatMap(([group, table]) =>
  Object.entries(table).map(([name, entry]) => [`${group}: ${name}`, entry] as const),
);

testOnGpu.each(all)("programs are refused: %s", async (_, { run, code, begins, names }) => {
  const problem: unknown = await Promise.resolve()
    .then(run)
    .catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(DownhillError);
  const { code: found, message } = problem as DownhillError;
  expect(found, message).toBe(code);
  expect(message.startsWith(begins), message).toBe(true);
  for (const part of names) expect(message).toMatch(part);
});

test("more than fifty programs are refused", () => {
  expect(all.length).toBeGreaterThan(50);
});

// Frequent mistakes of newcomers and their messages: the operation, the wrong value, and the repair.
import {
  add,
  arange,
  concatenate,
  cond,
  DownhillError,
  foriLoop,
  full,
  grad,
  hessian,
  hvp,
  jit,
  matmul,
  mean,
  mul,
  scan,
  square,
  stack,
  sub,
  sum,
  tensor,
  zeros,
} from "downhill";
import type { Tensor } from "downhill";
import { sgd } from "downhill/optim";
import { fit } from "downhill/train";
import { expect, test } from "vitest";

type Anything = (...words: unknown[]) => unknown;
/** Removes the types of a function. */
const free = (f: unknown): Anything => f as Anything;
/** Removes the types of a transform. */
const freed = (f: unknown): ((g: unknown) => Anything) => f as (g: unknown) => Anything;

const messageOf = async (action: () => unknown): Promise<string> => {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    expect((error as Error).stack).toMatch(/^.*\n +at .*error-texts\.test\.ts/);
    return (error as Error).message;
  }
  return "no error";
};

const f64 = (...shape: number[]): unknown => zeros(shape);
const row = (x: unknown): never => mul(x as never, x as never) as never;

test.each<[string, () => unknown, string]>([
  [
    "concatenate: ranks",
    () => free(concatenate)([f64(2), f64(1, 2)]),
    "concatenate: the first array is f64[2] and number 1 (from 0) is f64[1,2]: they must have the same number of axes. Insert one with expandDims, or use stack for a new axis.",
  ],
  [
    "concatenate: sizes that fit along another axis",
    () => free(concatenate)([f64(2, 2), f64(2, 3)]),
    "concatenate: the first array is f64[2,2] and number 1 (from 0) is f64[2,3]: along axis 0 they must have equal sizes in axis 1. They fit along another axis: { axis: 1 }.",
  ],
  [
    "concatenate: sizes that fit along none",
    () => free(concatenate)([f64(2, 2), f64(3, 3)], { axis: 1 }),
    "concatenate: the first array is f64[2,2] and number 1 (from 0) is f64[3,3]: along axis 1 they must have equal sizes in axis 0.",
  ],
  [
    "concatenate: scalars",
    () => concatenate([1, 2]),
    "concatenate: a scalar has no axis to be joined along. Use stack, which makes one.",
  ],
  [
    "stack: shapes",
    () => free(stack)([f64(2), f64(2), f64(3)]),
    "stack: the first array is f64[2] and number 2 (from 0) is f64[3]; they must have the same shape. To join arrays along an axis that they have, use concatenate.",
  ],
  [
    "reshape: two open sizes",
    () => tensor([1, 2, 3, 4]).reshape([-1, -1]),
    "reshape: [-1,-1] leaves several sizes open, and 4 elements can be divided in more than one way. Only one size may be −1.",
  ],
  [
    "tensor: what is missing",
    () => free(tensor)([1, null]),
    "tensor: element [1] of the array is null, not a number. Use a number there, or NaN for a missing value.",
  ],
  [
    "tensor: a text deep inside",
    () => free(tensor)([[1, 2], [3, "4"]]), // prettier-ignore
    'tensor: element [1,1] of the array is the string "4", not a number. Convert it first, as with Number(…).',
  ],
  [
    "tensor: tensors",
    () => free(tensor)([tensor(1), tensor(2)]),
    "tensor: element [0] of the array is a tensor, not a number. To combine tensors, use stack([x, y]).",
  ],
  [
    "tensor: another typed array",
    () => free(tensor)(new Int16Array(2)),
    "tensor: an object of class Int16Array is not a tensor. Pass a tensor, a number, an array of numbers or a typed array. Convert it, as in Float64Array.from(x, Number).",
  ],
  [
    "full: a tensor",
    () => free(full)([2], tensor(3)),
    "full: the value must be a plain number, got f64[]. Write broadcastTo(value, shape).",
  ],
  ["full: a text", () => free(full)([2], "3"), 'full: the value must be a plain number, got "3".'],
  ["full: nothing", () => free(full)([2]), "full: the value must be a plain number, got undefined."],
  ...(["hessian", "hvp"] as const).map((name): [string, () => unknown, string] => [
    `${name} of a vector`,
    () => (name === "hvp" ? hvp(row, [1, 2], [1, 2]) : hessian(row)([1, 2])),
    `${name}: the function returned f64[2], and a gradient needs a scalar. Take a sum or mean of it, or use jacrev for all derivatives, jacfwd(jacrev(f)) for all second derivatives.`,
  ]),
  [
    "a size that is traced",
    () => freed(jit)((n: unknown) => free(zeros)([n]))(3),
    "zeros: f64[] in shape [f64[]] is not a size. Sizes are plain numbers, known when the function is traced: close over the number, or name the argument in jit's staticArgnums.",
  ],
  [
    "a size that is a tensor",
    () => free(zeros)([tensor(3)]),
    "zeros: f64[] in shape [f64[]] is not a size. Sizes are plain numbers: write n.item().",
  ],
  [
    "a bound that is traced",
    () => freed(jit)((n: unknown) => free(arange)(n))(3),
    "arange: needs finite numbers and a step other than 0, got 0, f64[], 1. Sizes are plain numbers, known when the function is traced: close over the number, or name the argument in jit's staticArgnums.",
  ],
  [
    "PyTorch's name of an axis",
    () => free(sum)([1, 2], { dim: 0 }),
    'sum: unknown option "dim". Did you mean "axis"?',
  ],
  [
    "cond without a function",
    () => free(cond)(tensor(true), 1, 2),
    "cond: expects a function, got number. Write cond(less(x, 0), (x) => …, (x) => …, x), with a function for either side.",
  ],
  [
    "foriLoop without its lower bound",
    () => free(foriLoop)(3, row, 0),
    "foriLoop: expects a function, got number. Write foriLoop(0, 10, (i, x) => …, start).",
  ],
  [
    "scan with the carry first",
    () => free(scan)(tensor(0), row, [1, 2]),
    "scan: expects a function, got a tensor. Write scan((carry, x) => [carry, y], start, xs).",
  ],
])("%s", async (_, action, message) => {
  expect(await messageOf(action)).toBe(message);
});

type Parameters = Record<string, never>;

test.each<[string, (p: Parameters) => unknown]>([
  ["read", (p) => matmul([1, 2], p["wieght"]!).sum()],
  ["read behind a dot", (p) => matmul([1, 2], (p as { wieght: never }).wieght).sum()],
  ["taken apart", ({ wieght, bias }) => add(matmul([1, 2], wieght!), bias!).sum()],
])("a misspelt key of the parameters: the nearest key is named where it is %s", async (_, f) => {
  const params = { weight: tensor([1, 2]), bias: tensor(0) };
  const hint =
    /^matmul: undefined is not a tensor\. .* Did you mean weight\? It is a key of the arguments, but wieght is not\.$/;
  for (const transform of [grad, jit]) {
    expect(await messageOf(() => freed(transform)(f)(params))).toMatch(hint);
  }
  const data = [{ x: tensor([1, 2]) }];
  const run = (): unknown =>
    free(fit)({ params, loss: f, data, optimizer: sgd({ learningRate: 1 }), epochs: 1 });
  expect(await messageOf(run)).toMatch(hint);
});

test("a method of a misspelt key of the parameters: the nearest key is named, at the user's line", async () => {
  const f = (p: { wieght: Tensor }): Tensor => p.wieght.mul(2).sum();
  const params = { weight: tensor([1, 2]), bias: tensor(0) };
  for (const transform of [grad, jit]) {
    let error: Error | undefined;
    try {
      freed(transform)(f)(params);
    } catch (caught) {
      error = caught as Error;
    }
    expect(error?.message).toMatch(
      /^(grad|f): the arguments have no wieght, of which mul was asked\. Did you mean weight\?$/,
    );
    expect(error?.stack?.split("\n")[1]).toContain("error-texts.test.ts");
    expect(error?.cause).toBeInstanceOf(TypeError);
  }
});

test("a method of something else that is undefined stays the engine's error", async () => {
  const elsewhere: { other?: Tensor } = {};
  const f = (p: { weight: Tensor }): Tensor => p.weight.mul(elsewhere.other!.mul(2));
  expect(() => grad(f)({ weight: tensor(1) })).toThrow(TypeError);
});

const options = {
  params: { w: tensor([1, 2]) },
  data: [{ x: tensor([[1e5, 2], [3, 4e5], [5, 6]]), y: tensor([1, 2, 3]) }], // prettier-ignore
  optimizer: sgd({ learningRate: 1 }),
  epochs: 9,
};
type Batch = (typeof options.data)[number];
const errors = ({ w }: { w: never }, { x, y }: Batch): ReturnType<typeof square> =>
  square(sub(matmul(x, w), y));

test.each<[string, unknown, string]>([
  [
    "a loss for each item",
    errors,
    'fit: the loss is f64[3], but must be a scalar. Return its mean, or its sum with reduction: "sum".',
  ],
  [
    "one among metrics",
    (p: never, b: Batch) => ({ loss: errors(p, b) }),
    'fit: the loss is f64[3], but must be a scalar. Return its mean, or its sum with reduction: "sum".',
  ],
  [
    "nothing",
    () => undefined,
    "fit: the loss must return a scalar tensor, or { loss, metrics, modelState } with scalars by name as metrics. It returned nothing: did it forget to return its result?",
  ],
  [
    "a plain number",
    () => 3,
    "fit: the loss must return a scalar tensor, or { loss, metrics, modelState } with scalars by name as metrics. It returned the plain number 3, which does not depend on the parameters: compute with tensors throughout.",
  ],
])("fit: a loss that returns %s", async (_, loss, message) => {
  expect(await messageOf(() => free(fit)({ ...options, loss }))).toBe(message);
});

test("fit: a run that diverges in a product names what users call it", async () => {
  const loss = ({ w }: { w: never }, { x }: Batch): unknown =>
    mean(matmul(mul(x, 1e300), matmul(mul(x, 1e300), w)));
  const text = await messageOf(() => free(fit)({ ...options, data: [{ x: full([2, 2], 1), y: 0 }], loss }));
  expect(text).toContain("The first such number comes from matmul, dot or einsum: its value became Infinity");
  expect(text).toContain("The factors of a product have grown too large.");
  expect(text).not.toContain("dotGeneral");
});

test("fit without await says so where its result is read", async () => {
  const loss = (p: never, b: Batch): unknown => mean(errors(p, b));
  const run = free(fit)({
    ...options,
    loss,
    optimizer: sgd({ learningRate: 1e-12 }),
  }) as PromiseLike<unknown>;
  expect(await messageOf(() => (run as never as { params: unknown }).params)).toBe(
    "fit: params is available when the run is over. Write await, as in const { params } = await fit(…). The value so far is latest.params of the run.",
  );
  expect(await messageOf(() => (run as never as { catch: unknown }).catch)).toBe(
    "fit: a run has no catch. Write await fit(…) inside of try, or Promise.resolve(run).catch(…).",
  );
  expect(Object.keys(run)).toEqual(["latest", "then"]);
  expect(Object.keys((await run) as object)).toContain("params");
});
